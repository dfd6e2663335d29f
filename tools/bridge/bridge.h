/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The bridge: the allocation server's socket, with the kernel's books behind it
 *
 * The files, from the socket to the kernel: listening.c (whose path it is),
 * server.c (accepting, signals, the loop), process.c (who is at the other end),
 * connection.c (bytes into messages, by sizing.c and wire.c), requests.c (what a
 * message asks for), addresses.c (in which space an address is), account.c (the
 * kernel's client of a connection on a device), device.c (which device that is,
 * by config.c and card.c), keeping.c, restoring.c and relearn.c (what
 * outlives a restart), answers.c and dump.c (what the books say), output.c
 * (what a peer has not read yet), log.c (what is told to the operator).
 */
#ifndef BUFTRACK_BRIDGE_H
#define BUFTRACK_BRIDGE_H

#include <libbuftrack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "../trace/addresses.h"
#include "log.h"
#include "sizing.h"
#include "wire.h"

/* What can be told of all verdicts that come of these messages */
#define ADDRESS_ONLY "address only: a free after reuse cannot be told apart"

/* So much is read from one peer before the others have their turn. */
#define TURN_BYTES 65536

/* After so long without a byte, bytes that can be a message are one. */
#define PAUSE_USEC 50000

/* One connection may not have all the room that there is for addresses. */
#define CONNECTION_SHARE 4

/* A peer that has stopped sending has so long to read its answers. */
#define LINGER_USEC 5000000

/* What has failed is tried again after so long. */
#define RETRY_USEC 1000000

/**
 * struct bridge_options - what the operator asks for
 * @socket: path of the socket
 * @mode: of the socket, or -1: as systemd has made it, or BRIDGE_MODE
 * @config: file that tells of devices, or NULL
 * @sysfs: where sysfs is
 * @max_connections: most connections at a time
 * @max_addresses: most addresses remembered, of all connections together
 */
struct bridge_options {
	const char *socket;
	int mode;
	const char *config;
	const char *sysfs;
	uint64_t max_connections;
	uint64_t max_addresses;
};

#define BRIDGE_SOCKET "/tmp/tt_allocation_server.sock"
#define BRIDGE_CONFIG "/etc/buftrack/bridge.json"
#define BRIDGE_MODE 0666
#define BRIDGE_CONNECTIONS 4096
#define BRIDGE_ADDRESSES 2097152

struct device;
struct process;
struct connection;
struct config;

/**
 * struct bridge - all of it
 * @options: what the operator asks for
 * @event: the loop
 * @listener: takes connections
 * @listening: when it began to, ns since boot
 * @config: what the operator tells of devices
 * @devices: those that were spoken of, by the programs' numbers
 * @processes: those at the other ends, by pid
 * @connections: all of them
 * @nr_connections: how many
 * @most_connections: how many there may be
 * @addresses: bound on the addresses of all connections
 * @keeps: connections are kept for the next bridge, should this one go
 * @serial: the last one's that is kept
 * @is_ending: it goes
 * @declaration: of a client, filled in anew for each
 * @log: what the operator is told
 * @dumps: how much is printed for those who ask
 * @input: what is read; what a connection had left comes before it
 */
struct bridge {
	const struct bridge_options *options;
	sd_event *event;
	sd_event_source *listener;
	uint64_t listening;
	struct config *config;
	struct device *devices[WIRE_DEVICES];
	struct process *processes;
	struct connection *connections;
	unsigned int nr_connections;
	unsigned int most_connections;
	struct address_pool addresses;
	bool keeps;
	uint64_t serial;
	bool is_ending;
	struct buftrack_declaration *declaration;
	struct log log;
	struct log dumps;
	uint8_t input[SIZING_MOST + TURN_BYTES];
};

/**
 * bridge_run() - be the allocation server until a signal ends it
 * @options: what the operator asks for
 *
 * Return: how the command ends.
 */
int bridge_run(const struct bridge_options *options);

/* server.c: a connection has gone, so there is room for another */
void bridge_resume_accepting(struct bridge *bridge);

/* now_boot() - ns since boot, the clock of the kernel's stamps */
uint64_t now_boot(void);

#endif /* BUFTRACK_BRIDGE_H */
