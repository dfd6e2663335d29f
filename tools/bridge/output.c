// SPDX-License-Identifier: GPL-2.0
/*
 * What a peer has not read yet
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "output.h"

/* send_some() - how much the socket has taken, or -1: the peer is gone */
static ssize_t send_some(int fd, const uint8_t *bytes, size_t length)
{
	ssize_t sent;

	do {
		sent = send(fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	return sent;
}

static int keep(struct output *output, const uint8_t *bytes, size_t length)
{
	if (output->length + length > OUTPUT_MOST) {
		errno = ENOBUFS;
		return -1;
	}
	if (!output->bytes)
		output->bytes = malloc(OUTPUT_MOST);
	if (!output->bytes)
		return -1;
	memcpy(output->bytes + output->length, bytes, length);
	output->length += length;
	return 0;
}

int output_send(struct output *output, int fd, const uint8_t *bytes,
		size_t length)
{
	ssize_t sent = 0;

	if (!output->length)
		sent = send_some(fd, bytes, length);
	if (sent < 0)
		return -1;
	if ((size_t)sent == length)
		return 0;
	return keep(output, bytes + sent, length - sent);
}

int output_push(struct output *output, int fd)
{
	ssize_t sent;

	if (!output->length)
		return 0;
	sent = send_some(fd, output->bytes, output->length);
	if (sent < 0)
		return -1;
	output->length -= sent;
	memmove(output->bytes, output->bytes + sent, output->length);
	return 0;
}

void output_drop(struct output *output)
{
	free(output->bytes);
	output->bytes = NULL;
	output->length = 0;
}
