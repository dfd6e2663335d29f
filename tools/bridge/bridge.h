/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The bridge: a drop-in allocation server that reports to the kernel
 *
 * The files, each using only those before it:
 *
 *   output.c      log lines, dumps and answers, without waiting for a reader
 *   wire.c        the layout of a message
 *   framing.c     a byte stream into messages
 *   card.c        properties of a device, from the configuration and sysfs
 *   device.c      the kernel's device for a device number of a program
 *   user.c        the share of a user
 *   identity.c    the process at the other end of a socket
 *   client.c      the kernel's client for a connection on a device
 *   fdstore.c     connections kept across a restart
 *   query.c       answers and dumps, from the kernel's counters and records
 *   echo.c        lines of the original server, for --verbose
 *   session.c     requests of a peer
 *   connection.c  a peer's socket in the event loop
 *   server.c      listening, accepting, the event loop
 *
 * wire.h, framing.h, output.h and card.h are usable on their own; internal.h has the
 * rest.
 */
#ifndef BUFTRACK_BRIDGE_H
#define BUFTRACK_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>

/* Limit of all verdicts on reports of the allocation server's clients */
#define ADDRESS_ONLY "address only: a free after reuse cannot be told apart"

#define BRIDGE_SOCKET "/tmp/tt_allocation_server.sock"
#define BRIDGE_CONFIG "/etc/buftrack/bridge.json"
#define BRIDGE_MODE 0666
#define BRIDGE_CONNECTIONS 4096
#define BRIDGE_ADDRESSES 2097152

/**
 * struct bridge_options - command-line options
 * @socket: path of the socket
 * @mode: mode of the socket; -1 keeps systemd's, or BRIDGE_MODE
 * @config: configuration file, or NULL for BRIDGE_CONFIG if it exists
 * @sysfs: mount point of sysfs
 * @max_connections: limit on simultaneous connections
 * @max_addresses: limit on addresses remembered for all connections together
 * @verbose: print each alloc and free as the original server does
 */
struct bridge_options {
	const char *socket;
	int mode;
	const char *config;
	const char *sysfs;
	uint64_t max_connections;
	uint64_t max_addresses;
	bool verbose;
};

/**
 * bridge_run() - run the bridge until SIGTERM or SIGINT
 * @options: command-line options
 *
 * Return: exit status of the command.
 */
int bridge_run(const struct bridge_options *options);

#endif /* BUFTRACK_BRIDGE_H */
