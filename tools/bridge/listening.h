/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The socket: whose path it is, and who may come
 */
#ifndef BUFTRACK_BRIDGE_LISTENING_H
#define BUFTRACK_BRIDGE_LISTENING_H

#include "bridge.h"

/**
 * listen_at() - a socket at a path of our own
 * @path: the path
 * @mode: of the socket
 *
 * What is there already is taken away if it is a socket of ours that nobody
 * listens at, and left alone otherwise.
 *
 * Return: the socket, or -1: it has said why.
 */
int listen_at(const char *path, mode_t mode);

/**
 * struct handed - files beside the socket that systemd has handed over
 * @fds: the files
 * @names: their names
 * @nr: how many
 */
struct handed {
	int *fds;
	char **names;
	unsigned int nr;
};

void handed_free(struct handed *handed);

/**
 * listen_as_told() - the socket that systemd has made
 * @mode: to set it to, or -1: as it is
 * @handed: to be filled in
 *
 * Return: the socket, -1: it has said why, or -2: there is none.
 */
int listen_as_told(int mode, struct handed *handed);

/* listen_no_more() - take the socket away that listen_at() has made */
void listen_no_more(int fd, const char *path);

#endif /* BUFTRACK_BRIDGE_LISTENING_H */
