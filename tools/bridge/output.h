/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a peer has not read yet
 */
#ifndef BUFTRACK_BRIDGE_OUTPUT_H
#define BUFTRACK_BRIDGE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A peer that lets more than this pile up does not read. */
#define OUTPUT_MOST 65536

/**
 * struct output - bytes for a peer
 * @bytes: those that its socket had no room for, NULL: none ever
 * @length: how many
 */
struct output {
	uint8_t *bytes;
	size_t length;
};

/**
 * output_send() - send, or keep for later what does not go now
 * @output: what waits before it
 * @fd: the socket
 * @bytes: what to send
 * @length: how much
 *
 * Return: 0, or -1 with errno: the peer is gone, or (ENOBUFS) does not read.
 */
int output_send(struct output *output, int fd, const uint8_t *bytes,
		size_t length);

/* output_push() - send what waits, as far as it goes; returns likewise */
int output_push(struct output *output, int fd);

void output_drop(struct output *output);

#endif /* BUFTRACK_BRIDGE_OUTPUT_H */
