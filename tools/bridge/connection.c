// SPDX-License-Identifier: GPL-2.0
/*
 * A connection: its bytes, its messages, its end
 *
 * One turn is one read. What comes of it is reported before the turn is over, so
 * that nothing waits in here for a peer to go on.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "connection.h"

static void tell(struct connection *connection, const char *format,
		 va_list args)
{
	const struct holder *holder = &connection->holder;
	char what[300];

	vsnprintf(what, sizeof(what), format, args);
	log_line(&connection->bridge->log, "process %d (%s): %s", holder->pid,
		 holder->name, what);
}

void connection_tell(struct connection *connection, const char *format, ...)
{
	va_list args;

	if (connection->told)
		return;
	connection->told = true;
	va_start(args, format);
	tell(connection, format, args);
	va_end(args);
}

void connection_tell_end(struct connection *connection, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(connection, format, args);
	va_end(args);
}

static void close_accounts(struct connection *connection)
{
	struct account *account, *next;

	LL_FOREACH_SAFE(connection->accounts, account, next)
	{
		keep_account_no_more(connection, account);
		account_close(account);
		free(account);
	}
	connection->accounts = NULL;
	addresses_free(connection->addresses);
	connection->addresses = NULL;
}

static void destroy(struct connection *connection)
{
	struct bridge *bridge = connection->bridge;

	close_accounts(connection);
	keep_no_more(connection);
	output_drop(&connection->output);
	sd_event_source_disable_unref(connection->source);
	sd_event_source_disable_unref(connection->pause);
	close(connection->fd);
	if (connection->process)
		process_leave(connection->process);
	DL_DELETE(bridge->connections, connection);
	bridge->nr_connections--;
	free(connection);
	bridge_resume_accepting(bridge);
}

static int nonsense(struct connection *connection)
{
	connection_tell_end(connection,
			    "it sends what no client does, and is cut off");
	request_lose(connection, NULL, 0);
	connection->nr_held = 0;
	return -1;
}

/* act() - do what the message at @bytes asks for */
static int act(struct connection *connection, const uint8_t *bytes)
{
	struct wire_message message;

	if (!wire_plausible(bytes, WIRE_HEAD))
		return nonsense(connection);
	wire_decode(bytes, &message);
	return request_take(connection, &message);
}

/* hold() - keep what is no whole message yet */
static int hold(struct connection *connection, const uint8_t *bytes,
		size_t length)
{
	if (length && !wire_plausible(bytes, length))
		return nonsense(connection);
	memmove(connection->held, bytes, length);
	connection->nr_held = length;
	return 0;
}

static int take_messages(struct connection *connection, const uint8_t *bytes,
			 size_t length)
{
	size_t size = connection->size;

	/* Whatever its size turned out to be, its head was acted on. */
	if (connection->early) {
		connection->early = false;
		bytes += size;
		length -= size;
	}
	for (; length >= size; bytes += size, length -= size)
		if (act(connection, bytes))
			return -1;
	return hold(connection, bytes, length);
}

static int await_pause(struct connection *connection)
{
	sd_event_source_set_time_relative(connection->pause, PAUSE_USEC);
	return sd_event_source_set_enabled(connection->pause, SD_EVENT_ONESHOT);
}

/* take() - all bytes that there are, what was held first among them */
static int take(struct connection *connection, const uint8_t *bytes,
		size_t length)
{
	int size;

	if (connection->size)
		return take_messages(connection, bytes, length);
	size = sizing_decide(bytes, length);
	if (size == SIZING_NONSENSE)
		return nonsense(connection);
	if (size == SIZING_OPEN) {
		await_pause(connection);
		return hold(connection, bytes, length);
	}
	sd_event_source_set_enabled(connection->pause, SD_EVENT_OFF);
	connection->size = size;
	return take_messages(connection, bytes, length);
}

/* guess() - nothing more has come: what is there may be a message */
static int guess(struct connection *connection)
{
	size_t length = connection->nr_held;
	int size, ret;

	if (connection->size || !length)
		return 0;
	size = sizing_guess(connection->held, length);
	if (size == SIZING_NONSENSE)
		return nonsense(connection);
	if (size == SIZING_OPEN)
		return 0;
	connection->size = size;
	if ((size_t)size < length)
		return take_messages(connection, connection->held, length);
	/* The next byte may say that this was the first half of a message. */
	ret = connection->early ? 0 : act(connection, connection->held);
	connection->early = true;
	connection->size = 0;
	return ret;
}

/* lose_rest() - half a message is a report that never arrived */
static void lose_rest(struct connection *connection)
{
	guess(connection);
	if (!connection->early && connection->nr_held)
		request_lose(connection, connection->held, connection->nr_held);
}

static void set_events(struct connection *connection)
{
	uint32_t events = connection->is_ending ? 0 : EPOLLIN;

	if (connection->output.length)
		events |= EPOLLOUT;
	sd_event_source_set_io_events(connection->source, events);
}

/* end() - nothing more comes; answers may still have to be read */
static void end(struct connection *connection)
{
	lose_rest(connection);
	close_accounts(connection);
	if (output_push(&connection->output, connection->fd) ||
	    !connection->output.length) {
		destroy(connection);
		return;
	}
	connection->is_ending = true;
	set_events(connection);
	sd_event_source_set_time_relative(connection->pause, LINGER_USEC);
	sd_event_source_set_enabled(connection->pause, SD_EVENT_ONESHOT);
}

static ssize_t nothing_came(struct connection *connection)
{
	if (errno != EAGAIN && errno != EINTR)
		return -2;
	keep_end(connection);
	return 0;
}

/*
 * read_some() - one turn
 *
 * Return: bytes that came, 0: none now, -1: the connection must end, -2: the peer
 * has said all.
 */
static ssize_t read_some(struct connection *connection, size_t most)
{
	uint8_t *input = connection->bridge->input;
	size_t held = connection->nr_held;
	ssize_t got;

	keep_begin(connection);
	got = recv(connection->fd, input + held, most, MSG_DONTWAIT);
	if (got < 0)
		return nothing_came(connection);
	if (!got)
		return -2;
	memcpy(input, connection->held, held);
	if (take(connection, input, held + got))
		return -1;
	requests_flush(connection);
	keep_end(connection);
	return got;
}

static int on_io(sd_event_source *source, int fd, uint32_t events,
		 void *context)
{
	struct connection *connection = context;
	ssize_t got = 0;

	(void)source;
	if (events & EPOLLOUT && output_push(&connection->output, fd))
		got = -1;
	else if (connection->is_ending)
		got = connection->output.length &&
				      !(events & (EPOLLERR | EPOLLHUP)) ?
			      0 :
			      -1;
	else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		got = read_some(connection, TURN_BYTES);
	if (got == -1)
		destroy(connection);
	else if (got == -2)
		end(connection);
	else
		set_events(connection);
	return 0;
}

static int on_pause(sd_event_source *source, uint64_t when, void *context)
{
	struct connection *connection = context;

	(void)source;
	(void)when;
	keep_begin(connection);
	if (connection->is_ending || guess(connection)) {
		destroy(connection);
		return 0;
	}
	requests_flush(connection);
	keep_end(connection);
	set_events(connection);
	return 0;
}

static int add_sources(struct connection *connection)
{
	sd_event *event = connection->bridge->event;
	int ret;

	ret = sd_event_add_io(event, &connection->source, connection->fd,
			      EPOLLIN, on_io, connection);
	if (ret >= 0)
		ret = sd_event_add_time_relative(event, &connection->pause,
						 CLOCK_MONOTONIC, PAUSE_USEC,
						 PAUSE_USEC / 10, on_pause,
						 connection);
	if (ret >= 0)
		ret = sd_event_source_set_enabled(connection->pause,
						  SD_EVENT_OFF);
	if (ret >= 0)
		return 0;
	errno = -ret;
	return -1;
}

static int meet_peer(struct connection *connection)
{
	struct process *process =
		process_of_peer(connection->bridge, connection->fd);

	if (!process)
		return -1;
	connection->process = process;
	connection->holder = (struct holder){
		.pid = process_pid(process),
		.name = process_name(process),
		.is_late = process_is_late(process),
	};
	return 0;
}

struct connection *connection_again(struct bridge *bridge, int fd)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection) {
		close(fd);
		return NULL;
	}
	connection->bridge = bridge;
	connection->fd = fd;
	DL_APPEND(bridge->connections, connection);
	bridge->nr_connections++;
	if (!meet_peer(connection) && !add_sources(connection))
		return connection;
	destroy(connection);
	return NULL;
}

/* is_silent() - nothing has ever come of it */
static bool is_silent(const struct connection *connection)
{
	return !connection->size && !connection->nr_held &&
	       !connection->is_ending;
}

bool connections_make_room(struct bridge *bridge)
{
	struct connection *connection;

	DL_FOREACH(bridge->connections, connection)
	{
		if (!is_silent(connection))
			continue;
		connection_tell_end(
			connection,
			"it has never said anything, and makes room for another");
		destroy(connection);
		return true;
	}
	return false;
}

/*
 * take_rest() - what was sent before the process ended
 *
 * As much as there is now: who has inherited the socket may go on for ever.
 */
static void take_rest(struct connection *connection)
{
	int left = 0;

	ioctl(connection->fd, FIONREAD, &left);
	while (left > 0) {
		size_t most = left < TURN_BYTES ? left : TURN_BYTES;
		ssize_t got = read_some(connection, most);

		if (got <= 0)
			return;
		left -= got;
	}
}

static void end_orphan(struct connection *connection)
{
	if (!connection->is_ending) {
		take_rest(connection);
		lose_rest(connection);
	}
	destroy(connection);
}

int connection_new(struct bridge *bridge, int fd)
{
	struct connection *connection = connection_again(bridge, fd);

	if (!connection)
		return -1;
	/* Who has inherited the socket is not who has connected. */
	if (process_is_over(connection->process))
		end_orphan(connection);
	return 0;
}

void connection_resume(struct connection *connection, bool is_whole)
{
	if (!is_whole) {
		connection_tell_end(
			connection,
			"the last bridge had not done with it, and it is cut off");
		request_lose(connection, NULL, 0);
		destroy(connection);
		return;
	}
	process_note_report(connection->process);
	if (process_is_over(connection->process))
		end_orphan(connection);
	else if (!connection->size && connection->nr_held)
		await_pause(connection);
}

void connections_end_of(struct bridge *bridge, const struct process *process)
{
	struct connection *connection, *next;

	DL_FOREACH_SAFE(bridge->connections, connection, next)
	{
		/* With the last of them the process itself goes. */
		if (connection->process == process)
			end_orphan(connection);
	}
}

void connections_end_all(struct bridge *bridge)
{
	struct connection *connection, *next;

	DL_FOREACH_SAFE(bridge->connections, connection, next)
	{
		destroy(connection);
	}
}
