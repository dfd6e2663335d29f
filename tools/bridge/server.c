// SPDX-License-Identifier: GPL-2.0
/*
 * The loop: taking connections, and ending
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "../util/err.h"
#include "config.h"
#include "connection.h"
#include "device.h"
#include "keeping.h"
#include "listening.h"

/* A connection takes its socket, a pidfd, and a client for each device it uses. */
#define FILES_EACH 3
#define FILES_BESIDE 64

/* So many are taken before those that are there have their turn. */
#define ACCEPT_AT_ONCE 64

uint64_t now_boot(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

/* raise_files() - as many files as connections may need, or as there may be */
static uint64_t raise_files(uint64_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 1024;
	limit.rlim_cur = limit.rlim_max;
	if (limit.rlim_max < wanted) {
		struct rlimit higher = { wanted, wanted };

		/* The hard limit is root's to raise. */
		if (!setrlimit(RLIMIT_NOFILE, &higher))
			return wanted;
	}
	setrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur;
}

static void bound_connections(struct bridge *bridge)
{
	uint64_t wanted = bridge->options->max_connections;
	uint64_t files = raise_files(wanted * FILES_EACH + FILES_BESIDE);
	uint64_t most = files > FILES_BESIDE + FILES_EACH ?
				(files - FILES_BESIDE) / FILES_EACH :
				1;

	if (most < wanted)
		log_line(
			&bridge->log,
			"%llu connections at most, of the %llu asked for: raise the limit of open files",
			(unsigned long long)most, (unsigned long long)wanted);
	bridge->most_connections = most < wanted ? most : wanted;
}

static void stop_accepting(struct bridge *bridge, const char *why)
{
	log_line(&bridge->log,
		 "no more connections for now, as %s: there are %u", why,
		 bridge->nr_connections);
	sd_event_source_set_enabled(bridge->listener, SD_EVENT_OFF);
}

void bridge_resume_accepting(struct bridge *bridge)
{
	if (bridge->listener)
		sd_event_source_set_enabled(bridge->listener, SD_EVENT_ON);
}

/* is_awaited() - whether somebody is at the door */
static bool is_awaited(int listener)
{
	struct pollfd poller = { .fd = listener, .events = POLLIN };

	return poll(&poller, 1, 0) == 1;
}

/* has_room() - whether one more can be taken, if there is one */
static bool has_room(struct bridge *bridge, int listener)
{
	if (bridge->nr_connections < bridge->most_connections)
		return true;
	if (!is_awaited(listener))
		return false;
	if (connections_make_room(bridge))
		return true;
	stop_accepting(bridge, "there may be no more");
	return false;
}

/* take_one() - false: there is none any more */
static bool take_one(struct bridge *bridge, int listener)
{
	int fd;

	if (!has_room(bridge, listener))
		return false;
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if ((errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		     errno == ENOBUFS) &&
		    bridge->nr_connections)
			stop_accepting(bridge, strerror(errno));
		return errno == EINTR || errno == ECONNABORTED;
	}
	if (connection_new(bridge, fd))
		log_line(&bridge->log, "a connection cannot be taken: %s",
			 strerror(errno));
	return true;
}

static int on_connection(sd_event_source *source, int fd, uint32_t events,
			 void *context)
{
	struct bridge *bridge = context;

	(void)source;
	(void)events;
	for (int i = 0; i < ACCEPT_AT_ONCE && take_one(bridge, fd); i++)
		;
	return 0;
}

/* handle_signals() - SIGTERM and SIGINT end the loop */
static int handle_signals(struct bridge *bridge)
{
	static const int ends[] = { SIGTERM, SIGINT };
	sigset_t set;
	int ret = 0;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	for (int i = 0; i < 2; i++)
		sigaddset(&set, ends[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 2 && ret >= 0; i++)
		ret = sd_event_add_signal(bridge->event, NULL, ends[i], NULL,
					  NULL);
	return ret;
}

static int set_up(struct bridge *bridge)
{
	int ret = sd_event_new(&bridge->event);

	if (ret >= 0)
		ret = handle_signals(bridge);
	if (ret >= 0)
		ret = sd_event_set_watchdog(bridge->event, true);
	bridge->declaration = buftrack_declaration_new();
	if (ret >= 0 && bridge->declaration)
		return 0;
	return fail("the event loop cannot be made: %s",
		    strerror(ret < 0 ? -ret : ENOMEM));
}

/* The module has to be there; without it every report would be lost. */
static int check_module(void)
{
	struct buftrack_control *control = buftrack_control_open(O_RDWR);

	if (!control)
		return fail_errno(REQ_OPEN_CONTROL, "/dev/buftrack/control");
	buftrack_control_close(control);
	return 0;
}

static int begin_listening(struct bridge *bridge, int fd, const char *where)
{
	int ret = sd_event_add_io(bridge->event, &bridge->listener, fd, EPOLLIN,
				  on_connection, bridge);
	char line[256];

	if (ret < 0)
		return fail("the event loop does not take the socket: %s",
			    strerror(-ret));
	bridge->listening = now_boot();
	snprintf(line, sizeof(line), "listening at %s; %s\n", where,
		 ADDRESS_ONLY);
	write_if_read(STDOUT_FILENO, line, strlen(line));
	sd_notify(0, "READY=1");
	return 0;
}

static int serve(struct bridge *bridge, int fd, const char *where)
{
	int ret = begin_listening(bridge, fd, where);

	if (ret)
		return ret;
	ret = sd_event_loop(bridge->event);
	sd_notify(0, "STOPPING=1");
	if (ret < 0)
		return fail("the event loop has failed: %s", strerror(-ret));
	return EXIT_OK;
}

/* take_over() - what systemd has handed over; returns as listen_as_told() does */
static int take_over(struct bridge *bridge)
{
	struct handed handed = { .nr = 0 };
	int fd = listen_as_told(bridge->options->mode, &handed);

	bridge->keeps = getenv("NOTIFY_SOCKET") != NULL;
	keep_restore(bridge, handed.fds, handed.names, handed.nr);
	handed_free(&handed);
	return fd;
}

static int listen_and_serve(struct bridge *bridge)
{
	const struct bridge_options *options = bridge->options;
	int fd = take_over(bridge), ret;

	if (fd >= 0)
		return serve(bridge, fd, "the socket of systemd");
	if (fd == -1)
		return EXIT_FAILED;
	fd = listen_at(options->socket,
		       options->mode < 0 ? BRIDGE_MODE : options->mode);
	if (fd < 0)
		return EXIT_FAILED;
	ret = serve(bridge, fd, options->socket);
	listen_no_more(fd, options->socket);
	return ret;
}

static void tear_down(struct bridge *bridge)
{
	bridge->is_ending = true;
	bridge->listener = sd_event_source_disable_unref(bridge->listener);
	connections_end_all(bridge);
	process_forget_all(bridge);
	devices_forget_all(bridge);
	buftrack_declaration_free(bridge->declaration);
	sd_event_unref(bridge->event);
	config_free(bridge->config);
	free(bridge);
}

int bridge_run(const struct bridge_options *options)
{
	struct bridge *bridge = calloc(1, sizeof(*bridge));
	int ret = EXIT_FAILED;

	if (!bridge)
		return fail("out of memory: free some and try again");
	bridge->options = options;
	bridge->addresses.max = options->max_addresses;
	bridge->config =
		config_read(options->config ? options->config : BRIDGE_CONFIG,
			    options->config != NULL);
	if (bridge->config && !check_module() && !set_up(bridge)) {
		bound_connections(bridge);
		ret = listen_and_serve(bridge);
	}
	tear_down(bridge);
	return ret;
}
