// SPDX-License-Identifier: GPL-2.0
/*
 * A peer's socket in the event loop
 *
 * A turn is one read. Its reports are submitted before the turn ends, so nothing
 * waits here for a peer to continue.
 *
 * Users take turns, not connections, and the connections of a user take its turns in
 * order: however many flood the bridge, another user waits for one turn of theirs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "internal.h"

/* Silence after which held bytes may be taken for a message */
#define PAUSE_USEC 50000

/* Time that a peer has to read its answers after it stopped sending */
#define LINGER_USEC 5000000

/**
 * struct connection - a connection
 * @prev: previous connection
 * @next: next connection
 * @source: event source of the socket
 * @timer: event source for a pause or for lingering
 * @session: the peer's requests
 * @framing: position in its stream
 * @waiting_prev: previous connection of the user that waits for a turn; NULL if it does
 *	not wait
 * @waiting_next: next connection of the user that waits for a turn
 * @is_ending: nothing more is read, answers are still sent
 */
struct connection {
	struct connection *prev;
	struct connection *next;
	sd_event_source *source;
	sd_event_source *timer;
	struct session session;
	struct framing framing;
	struct connection *waiting_prev;
	struct connection *waiting_next;
	bool is_ending;
};

/* leave_share() - return the places of a connection that ends */
static void leave_share(struct session *session)
{
	struct user *user = session->user;

	if (!user)
		return;
	if (session->is_refused)
		user_give_refused(user);
	else
		user_give_connection(user);
	if (!--user->nr_connections)
		refusals_free(&user->refusals);
	user_put(user);
}

static void stop_waiting(struct connection *connection)
{
	struct user *user = connection->session.user;

	if (!connection->waiting_prev)
		return;
	DL_DELETE2(user->waiting, connection, waiting_prev, waiting_next);
	connection->waiting_prev = NULL;
	if (user->waiting)
		return;
	DL_DELETE(user->bridge->waiting, user);
	user->prev = NULL;
}

static void destroy(struct connection *connection)
{
	struct session *session = &connection->session;
	struct bridge *bridge = session->bridge;

	stop_waiting(connection);
	session_close_clients(session);
	fdstore_drop(&session->slot, bridge, session->fd);
	output_free(&session->output);
	sd_event_source_disable_unref(connection->source);
	sd_event_source_disable_unref(connection->timer);
	close(session->fd);
	identity_put(&session->identity);
	leave_share(session);
	DL_DELETE(bridge->connections, connection);
	free(connection);
}

static void start_timer(struct connection *connection, uint64_t usec)
{
	sd_event_source_set_time_relative(connection->timer, usec);
	sd_event_source_set_enabled(connection->timer, SD_EVENT_ONESHOT);
}

static int handle_message(void *context, const uint8_t *bytes, size_t size)
{
	struct connection *connection = context;

	return session_handle(&connection->session, bytes, size);
}

/* check_framing() - an invalid message is logged and counts as a lost report */
static int check_framing(struct connection *connection, int ret)
{
	if (ret == FRAMING_INVALID) {
		identity_log(&connection->session.identity,
			     connection->session.bridge, CAUSE_INVALID,
			     "it sends an invalid message and is cut off");
		session_lose(&connection->session, NULL, 0);
	}
	return ret;
}

static int handle_input(struct connection *connection, const uint8_t *bytes,
			size_t length)
{
	struct framing *framing = &connection->framing;
	bool was_undecided = !framing->size;
	int ret = framing_feed(framing, bytes, length, handle_message,
			       connection);

	if (!framing->size)
		start_timer(connection, PAUSE_USEC);
	else if (was_undecided)
		sd_event_source_set_enabled(connection->timer, SD_EVENT_OFF);
	return check_framing(connection, ret);
}

static int handle_pause(struct connection *connection)
{
	return check_framing(connection,
			     framing_pause(&connection->framing, handle_message,
					   connection));
}

/* lose_rest() - an incomplete message at the end is a lost report */
static void lose_rest(struct connection *connection)
{
	size_t length;

	handle_pause(connection);
	length = framing_rest(&connection->framing);
	if (length)
		session_lose(&connection->session, connection->framing.held,
			     length);
}

static void set_events(struct connection *connection)
{
	uint32_t events = connection->is_ending ? 0 : EPOLLIN;

	if (connection->session.output.length)
		events |= EPOLLOUT;
	sd_event_source_set_io_events(connection->source, events);
}

/* finish() - the peer has sent everything; it may still have answers to read */
static void finish(struct connection *connection)
{
	struct session *session = &connection->session;

	lose_rest(connection);
	session_close_clients(session);
	if (output_flush(&session->output, session->fd) ||
	    !session->output.length) {
		destroy(connection);
		return;
	}
	connection->is_ending = true;
	set_events(connection);
	start_timer(connection, LINGER_USEC);
}

/* Results of a turn other than a number of bytes */
enum {
	TURN_FAILED = -1,
	TURN_EOF = -2,
};

static ssize_t no_input(struct connection *connection)
{
	if (errno != EAGAIN && errno != EINTR)
		return TURN_EOF;
	fdstore_save(&connection->session.slot, &connection->framing);
	return 0;
}

/* read_turn() - read at most @max bytes, handle them, and return their number */
static ssize_t read_turn(struct connection *connection, size_t max)
{
	struct session *session = &connection->session;
	struct framing *framing = &connection->framing;
	uint8_t *input = session->bridge->input;
	size_t held = framing->nr_held;
	ssize_t got;

	fdstore_mark_busy(&session->slot);
	got = recv(session->fd, input + held, max, MSG_DONTWAIT);
	if (got < 0)
		return no_input(connection);
	if (!got)
		return TURN_EOF;
	memcpy(input, framing->held, held);
	if (handle_input(connection, input, held + got))
		return TURN_FAILED;
	session_flush(session);
	fdstore_save(&session->slot, framing);
	return got;
}

/* linger() - keep sending answers until all are read or the peer is gone */
static ssize_t linger(struct connection *connection, uint32_t events)
{
	if (connection->session.output.length &&
	    !(events & (EPOLLERR | EPOLLHUP)))
		return 0;
	return TURN_FAILED;
}

/* start_waiting() - wait for a turn; until then, no more events come */
static void start_waiting(struct connection *connection)
{
	struct user *user = connection->session.user;
	struct bridge *bridge = user->bridge;

	sd_event_source_set_enabled(connection->source, SD_EVENT_OFF);
	DL_APPEND2(user->waiting, connection, waiting_prev, waiting_next);
	if (user->prev)
		return;
	DL_APPEND(bridge->waiting, user);
	sd_event_source_set_enabled(bridge->turns, SD_EVENT_ONESHOT);
}

static void end_turn(struct connection *connection, ssize_t got)
{
	if (got == TURN_FAILED)
		destroy(connection);
	else if (got == TURN_EOF)
		finish(connection);
	else
		set_events(connection);
}

static int on_io(sd_event_source *source, int fd, uint32_t events,
		 void *context)
{
	struct connection *connection = context;
	ssize_t got = 0;

	(void)source;
	if (events & EPOLLOUT && output_flush(&connection->session.output, fd))
		got = TURN_FAILED;
	else if (connection->is_ending)
		got = linger(connection, events);
	else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		start_waiting(connection);
	end_turn(connection, got);
	return 0;
}

/* on_turn() - a turn of the user that has waited for the longest time */
static int on_turn(sd_event_source *source, uint64_t when, void *context)
{
	struct bridge *bridge = context;
	struct user *user = bridge->waiting;
	struct connection *connection;

	(void)when;
	if (!user)
		return 0;
	connection = user->waiting;
	stop_waiting(connection);
	if (user->prev) {
		DL_DELETE(bridge->waiting, user);
		DL_APPEND(bridge->waiting, user);
	}
	sd_event_source_set_enabled(connection->source, SD_EVENT_ON);
	end_turn(connection, read_turn(connection, TURN_BYTES));
	/* Enabled anew, it lets events come first that have waited for longer. */
	if (bridge->waiting)
		sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

/* A timer, since a deferred source would come before events that wait for longer */
int connections_start(struct bridge *bridge)
{
	int ret = sd_event_add_time_relative(bridge->event, &bridge->turns,
					     CLOCK_MONOTONIC, 0, 1, on_turn,
					     bridge);

	return ret < 0 ?
		       ret :
		       sd_event_source_set_enabled(bridge->turns, SD_EVENT_OFF);
}

static int on_timer(sd_event_source *source, uint64_t when, void *context)
{
	struct connection *connection = context;
	struct session *session = &connection->session;

	(void)source;
	(void)when;
	fdstore_mark_busy(&session->slot);
	if (connection->is_ending || handle_pause(connection)) {
		destroy(connection);
		return 0;
	}
	session_flush(session);
	fdstore_save(&session->slot, &connection->framing);
	set_events(connection);
	return 0;
}

static int add_sources(struct connection *connection)
{
	sd_event *event = connection->session.bridge->event;
	int ret;

	ret = sd_event_add_io(event, &connection->source,
			      connection->session.fd, EPOLLIN, on_io,
			      connection);
	if (ret >= 0)
		ret = sd_event_add_time_relative(event, &connection->timer,
						 CLOCK_MONOTONIC, PAUSE_USEC,
						 PAUSE_USEC / 10, on_timer,
						 connection);
	if (ret >= 0)
		ret = sd_event_source_set_enabled(connection->timer,
						  SD_EVENT_OFF);
	if (ret >= 0)
		return 0;
	errno = -ret;
	return -1;
}

/* log_refusal() - log the first of a row of connections of a process */
static void log_refusal(struct user *user, pid_t pid, const char *what)
{
	if (user->refused_pid == pid)
		return;
	user->refused_pid = pid;
	log_line(
		&user->bridge->log,
		"process %d: user %u has %llu connections and no room for more, so %s: raise --max-connections",
		pid, user->uid, (unsigned long long)user->nr_served, what);
}

/* take_share() - false if there is no place even for a refused connection */
static bool take_share(struct session *session, pid_t pid)
{
	struct user *user = session->user;

	if (user_take_connection(user))
		return true;
	session->is_refused = user_take_refused(user);
	log_refusal(user, pid,
		    session->is_refused ? "its reports count as lost" :
					  "it is cut off");
	return session->is_refused;
}

/* admit() - find the user of a socket, and a place for it */
static int admit(struct session *session, bool is_restored)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);
	struct user *user;

	if (getsockopt(session->fd, SOL_SOCKET, SO_PEERCRED, &peer, &length))
		return -1;
	user = user_get(session->bridge, peer.uid);
	if (!user)
		return -1;
	session->user = user;
	session->device = -1;
	if (is_restored) {
		user_force_connection(user);
	} else if (!take_share(session, peer.pid)) {
		session->user = NULL;
		user_put(user);
		errno = EDQUOT;
		return -1;
	}
	user->nr_connections++;
	session->identity = (struct identity){ .pid = peer.pid,
					       .uid = peer.uid,
					       .name = "refused" };
	return 0;
}

static struct connection *create(struct bridge *bridge, int fd,
				 bool is_restored)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	struct session *session;
	int error;

	if (!connection) {
		close(fd);
		errno = ENOMEM;
		return NULL;
	}
	session = &connection->session;
	session->bridge = bridge;
	session->fd = fd;
	DL_APPEND(bridge->connections, connection);
	if (!admit(session, is_restored) &&
	    (session->is_refused ||
	     !identity_get(&session->identity, bridge, fd)) &&
	    !add_sources(connection))
		return connection;
	error = errno;
	destroy(connection);
	errno = error;
	return NULL;
}

/*
 * read_rest() - read what has arrived; TURN_FAILED if the connection must end
 *
 * Another process that uses the socket may never stop.
 */
static ssize_t read_rest(struct connection *connection)
{
	int left = 0;

	ioctl(connection->session.fd, FIONREAD, &left);
	while (left > 0) {
		size_t max = left < TURN_BYTES ? left : TURN_BYTES;
		ssize_t got = read_turn(connection, max);

		if (got <= 0)
			return got;
		left -= got;
	}
	return 0;
}

/*
 * end_process() - handle what a process sent before it ended, then end its clients
 *
 * Its children may still use the socket, and die if it is closed.
 */
static void end_process(struct connection *connection,
			const struct process *process)
{
	struct session *session = &connection->session;

	if (connection->is_ending || read_rest(connection) == TURN_FAILED ||
	    handle_pause(connection)) {
		destroy(connection);
		return;
	}
	session_flush(session);
	/* Whatever follows half a message cannot be told from its other half. */
	if (framing_rest(&connection->framing)) {
		lose_rest(connection);
		destroy(connection);
		return;
	}
	session_end_process(session, process);
	fdstore_save(&session->slot, &connection->framing);
}

int connection_new(struct bridge *bridge, int fd)
{
	struct connection *connection = create(bridge, fd, false);

	if (!connection)
		return -1;
	if (!connection->session.is_refused &&
	    identity_has_ended(&connection->session.identity))
		end_process(connection, connection->session.identity.process);
	return 0;
}

int connection_restore(struct bridge *bridge,
		       const struct fdstore_connection *kept)
{
	struct connection *connection = create(bridge, kept->socket, true);
	const struct fdstore_page *page = kept->slot.page;
	struct framing *framing;
	struct session *session;

	if (!connection)
		return -1;
	session = &connection->session;
	framing = &connection->framing;
	framing->size = page->size;
	framing->is_early = page->is_early;
	framing->nr_held = page->nr_held;
	memcpy(framing->held, page->held, page->nr_held);
	if (!session_restore(session, kept) || page->is_busy) {
		identity_log(
			&session->identity, bridge, CAUSE_RESTART,
			"the previous bridge had not finished its input, so it is cut off");
		session_lose(session, NULL, 0);
		destroy(connection);
		return 0;
	}
	identity_note_report(&session->identity);
	if (identity_has_ended(&session->identity))
		end_process(connection, session->identity.process);
	else if (!framing->size && framing->nr_held)
		start_timer(connection, PAUSE_USEC);
	return 0;
}

void connections_end_process(struct bridge *bridge,
			     const struct process *process)
{
	struct connection *connection, *next;

	DL_FOREACH_SAFE(bridge->connections, connection, next)
	{
		if (session_has_process(&connection->session, process))
			end_process(connection, process);
	}
}

void connections_free(struct bridge *bridge)
{
	struct connection *connection, *next;

	DL_FOREACH_SAFE(bridge->connections, connection, next)
	{
		destroy(connection);
	}
}
