/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A connection: its bytes, its messages, its end
 */
#ifndef BUFTRACK_BRIDGE_CONNECTION_H
#define BUFTRACK_BRIDGE_CONNECTION_H

#include "account.h"
#include "bridge.h"
#include "keeping.h"
#include "output.h"
#include "process.h"

/**
 * struct connection - a connection
 * @prev: another one
 * @next: another one
 * @fd: its socket
 * @source: tells what there is to read
 * @pause: tells that nothing has come for a while
 * @process: at the other end
 * @holder: the same, for the kernel
 * @size: of its messages, 0: not known yet
 * @early: the first message was acted on before its size was certain
 * @held: bytes that are no whole message yet
 * @nr_held: how many
 * @addresses: where it has allocated what; NULL: nothing yet
 * @accounts: its clients
 * @keeping: how it outlives the bridge
 * @output: answers that it has not read
 * @is_ending: nothing more is read, answers only are sent
 * @told: the operator was told of something odd about it
 */
struct connection {
	struct connection *prev;
	struct connection *next;
	struct bridge *bridge;
	int fd;
	sd_event_source *source;
	sd_event_source *pause;
	struct process *process;
	struct holder holder;
	size_t size;
	bool early;
	uint8_t held[SIZING_MOST];
	size_t nr_held;
	struct addresses *addresses;
	struct account *accounts;
	struct keeping keeping;
	struct output output;
	bool is_ending;
	bool told;
};

/**
 * connection_new() - take a connection
 * @bridge: the bridge
 * @fd: its socket, which is the connection's from now on
 *
 * Return: 0, or -1 with errno: there is none, and the socket is closed.
 */
int connection_new(struct bridge *bridge, int fd);

/**
 * connection_again() - a connection that another bridge had taken
 * @bridge: the bridge
 * @fd: its socket, which is the connection's from now on
 *
 * Return: the connection, for connection_resume(), or NULL: the socket is closed.
 */
struct connection *connection_again(struct bridge *bridge, int fd);

/**
 * connection_resume() - go on with a connection
 * @connection: the connection
 * @is_whole: it is known where its stream is; if not, it ends
 */
void connection_resume(struct connection *connection, bool is_whole);

/* connections_end_of() - its process has ended: take what it sent, and end */
void connections_end_of(struct bridge *bridge, const struct process *process);

/* connections_end_all() - the bridge ends */
void connections_end_all(struct bridge *bridge);

/* connection_tell() - tell the operator something about it, once */
void connection_tell(struct connection *connection, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* connection_tell_end() - tell why it is cut off, whatever was told before */
void connection_tell_end(struct connection *connection, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * connections_make_room() - cut off the oldest one that has never said anything
 * @bridge: the bridge
 *
 * Return: false if all have.
 */
bool connections_make_room(struct bridge *bridge);

/**
 * request_take() - do what a message asks for
 * @connection: whose it is
 * @message: the message
 *
 * requests.c.
 *
 * Return: 0, or -1: the connection must end.
 */
int request_take(struct connection *connection,
		 const struct wire_message *message);

/* request_lose() - a message was cut off; all that came of it is @length bytes */
void request_lose(struct connection *connection, const uint8_t *bytes,
		  size_t length);

/* requests_flush() - make the reports of a connection that wait */
void requests_flush(struct connection *connection);

#endif /* BUFTRACK_BRIDGE_CONNECTION_H */
