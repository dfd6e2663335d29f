/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keeping connections across a restart, by systemd's file descriptor store
 *
 * systemd holds a second reference to a connection's socket, to its clients' files
 * and to a page that says where in the stream the bridge is. If the bridge goes,
 * however it goes, the programs stay connected and their clients open, and the next
 * bridge goes on where the last one was. In which space an address is, it learns
 * from the kernel's books.
 *
 * Names in the store: SERIAL.socket, SERIAL.state, and SERIAL.DEVICE.CLIENT for each
 * client. keeping.c puts them there, restoring.c takes them out.
 */
#ifndef BUFTRACK_BRIDGE_KEEPING_H
#define BUFTRACK_BRIDGE_KEEPING_H

#include <stdint.h>

#include "sizing.h"

struct account;
struct bridge;
struct connection;

#define KEPT_VERSION 1

/**
 * struct kept - what the next bridge has to know of a connection
 * @version: KEPT_VERSION
 * @is_busy: something was read that is not reported yet: where the stream is, is
 *	     not known
 * @is_late: of its holder
 * @claimed: of its holder
 * @size: of its messages
 * @early: of the connection
 * @nr_held: bytes in @held
 * @held: those that are no whole message yet
 */
struct kept {
	uint32_t version;
	uint32_t is_busy;
	uint32_t is_late;
	int32_t claimed;
	uint32_t size;
	uint32_t early;
	uint32_t nr_held;
	uint8_t held[SIZING_MOST];
};

/**
 * struct keeping - how a connection is kept
 * @serial: its number in the store, 0: it is not kept
 * @kept: the page
 * @fd: of the page
 */
struct keeping {
	uint64_t serial;
	struct kept *kept;
	int fd;
};

/* keep_begin() - bytes are about to be read */
void keep_begin(struct connection *connection);

/* keep_account() - keep a client that is open, and with it its connection */
void keep_account(struct connection *connection, struct account *account);

/* keep_end() - all that was read is reported, or held */
void keep_end(struct connection *connection);

/* keep_account_no_more() - a client ends */
void keep_account_no_more(struct connection *connection,
			  struct account *account);

/* keep_no_more() - the connection ends */
void keep_no_more(struct connection *connection);

/* keep_map() - the page of a file, or NULL */
struct kept *keep_map(int fd);

/**
 * keep_restore() - take over what the last bridge had
 * @bridge: the bridge
 * @fds: files that systemd has handed over
 * @names: their names
 * @nr: how many
 */
void keep_restore(struct bridge *bridge, const int *fds, char *const *names,
		  unsigned int nr);

#endif /* BUFTRACK_BRIDGE_KEEPING_H */
