// SPDX-License-Identifier: GPL-2.0
/*
 * Listening, accepting, the event loop
 *
 * The socket is created under a temporary name, gets its mode, listens, and is then
 * linked to its path, which succeeds for one server only. Nobody can connect before
 * it is ready, and no live socket is taken for a stale one.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "../util/err.h"
#include "card.h"
#include "internal.h"

/*
 * Files per connection: its socket, a pidfd, a page in the store, clients of two
 * devices; and the socket of one that is refused
 */
#define FILES_PER_CONNECTION 6

/* Nodes of devices, as many clients that count lost reports, and the bridge's own */
#define OTHER_FILES (2 * WIRE_DEVICES + 64)

/* Files of users beyond those per connection, so that a single one has enough */
#define MIN_FILES 8

/* Pause in accepting when the machine is short of files or memory */
#define SHORTAGE_USEC 100000

/* One in CLIENTS_RESERVE of the clients that the module allows are not for users. */
#define CLIENTS_RESERVE 8

/* Connections accepted before the others have their turn */
#define ACCEPT_BATCH 64

/* --- listening */

static int set_address(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!*path || strlen(path) >= sizeof(address->sun_path))
		return fail(
			"--socket: '%s' is not a socket path: use 1 to %zu characters",
			path, sizeof(address->sun_path) - 1);
	strcpy(address->sun_path, path);
	return 0;
}

/* is_served() - true if a server listens at a path, even with a full backlog */
static bool is_served(const char *path)
{
	struct sockaddr_un address;
	bool refused;
	int fd;

	if (set_address(&address, path))
		return true;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return true;
	refused = connect(fd, (struct sockaddr *)&address, sizeof(address)) &&
		  errno == ECONNREFUSED;
	close(fd);
	return !refused;
}

/* remove_stale() - remove the socket of an earlier bridge, and nothing else */
static int remove_stale(const char *path)
{
	struct stat before, now;

	if (lstat(path, &before))
		return errno == ENOENT ? 0 :
					 fail("%s: %s", path, strerror(errno));
	if (before.st_uid != geteuid())
		return fail(
			"%s belongs to another user (%u): remove it, or choose another path with --socket",
			path, before.st_uid);
	if (!S_ISSOCK(before.st_mode))
		return fail(
			"%s exists and is not a socket: remove it, or choose another path with --socket",
			path);
	if (is_served(path))
		return fail(
			"%s: another server listens there: stop it, or choose another path with --socket",
			path);
	if (!lstat(path, &now) && now.st_ino == before.st_ino &&
	    now.st_dev == before.st_dev && unlink(path))
		return fail("%s: %s", path, strerror(errno));
	return 0;
}

/* make_listener() - a listening socket at a temporary path */
static int make_listener(const char *path, mode_t mode)
{
	struct sockaddr_un address;
	int fd, bound;
	mode_t mask;

	if (set_address(&address, path))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	unlink(path);
	mask = umask(0777 & ~mode);
	bound = bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (!bound && !listen(fd, SOMAXCONN))
		return fd;
	fail("%s: cannot create the socket: %s", path, strerror(errno));
	unlink(path);
	close(fd);
	return -1;
}

/* listen_at() - listen at a path; -1 with an error message printed */
static int listen_at(const char *path, mode_t mode)
{
	char temporary[sizeof(((struct sockaddr_un *)0)->sun_path) + 32];
	struct sockaddr_un address;
	int fd;

	if (set_address(&address, path) || remove_stale(path))
		return -1;
	snprintf(temporary, sizeof(temporary), "%s.%d", path, getpid());
	fd = make_listener(temporary, mode);
	if (fd < 0)
		return -1;
	if (link(temporary, path)) {
		fail("%s: %s", path,
		     errno == EEXIST ? "another server has just taken it" :
				       strerror(errno));
		close(fd);
		fd = -1;
	}
	unlink(temporary);
	return fd;
}

/* stop_listening() - remove our socket, but not one that replaced it */
static void stop_listening(int fd, const char *path)
{
	close(fd);
	if (!is_served(path))
		unlink(path);
}

/* --- files from systemd */

/* Return values of listen_by_systemd() beside a socket */
enum {
	LISTEN_FAILED = -1,
	LISTEN_NONE = -2,
};

static bool is_listener(int fd)
{
	return sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) > 0;
}

static int set_up_inherited(int fd, int mode)
{
	struct sockaddr_un address;
	socklen_t length = sizeof(address);

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (mode < 0)
		return 0;
	if (getsockname(fd, (struct sockaddr *)&address, &length) ||
	    chmod(address.sun_path, mode))
		return fail(
			"--mode: cannot change systemd's socket: set SocketMode= in buftrack-bridge.socket");
	return 0;
}

/* take_files() - restore connections from @nr files, and return the listener */
static int take_files(struct bridge *bridge, char **names, int nr)
{
	int *fds = calloc(nr, sizeof(*fds)), listener = LISTEN_NONE;
	char **kept = calloc(nr, sizeof(*kept));
	unsigned int nr_kept = 0;

	for (int i = 0; i < nr && fds && kept; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (listener == LISTEN_NONE && is_listener(fd)) {
			listener = set_up_inherited(fd, bridge->options->mode) ?
					   LISTEN_FAILED :
					   fd;
			continue;
		}
		fds[nr_kept] = fd;
		kept[nr_kept++] = names[i];
	}
	if (fds && kept)
		fdstore_restore(bridge, fds, kept, nr_kept, connection_restore);
	free(kept);
	free(fds);
	return listener;
}

/* listen_by_systemd() - take the listener and the kept connections from systemd */
static int listen_by_systemd(struct bridge *bridge)
{
	char **names = NULL;
	int nr = sd_listen_fds_with_names(1, &names), listener = LISTEN_NONE;

	bridge->keeps = getenv("NOTIFY_SOCKET") != NULL;
	if (nr > 0)
		listener = take_files(bridge, names, nr);
	for (int i = 0; i < nr; i++)
		free(names[i]);
	free(names);
	return listener;
}

/* --- accepting */

/* raise_file_limit() - return the limit on open files, raised if possible */
static uint64_t raise_file_limit(uint64_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 1024;
	limit.rlim_cur = limit.rlim_max;
	if (limit.rlim_max < wanted) {
		struct rlimit higher = { wanted, wanted };

		/* Only root may raise the hard limit. */
		if (!setrlimit(RLIMIT_NOFILE, &higher))
			return wanted;
	}
	setrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur;
}

/* read_bound() - a bound that the module sets, or UINT64_MAX if it is unknown */
static uint64_t read_bound(const char *sysfs, const char *parameter)
{
	unsigned long long bound;
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/module/buftrack/parameters/%s", sysfs,
		 parameter);
	file = fopen(path, "re");
	if (!file)
		return UINT64_MAX;
	if (fscanf(file, "%llu", &bound) != 1)
		bound = UINT64_MAX;
	fclose(file);
	return bound;
}

/* read_max_clients() - most clients on all devices, so that none of them gets full */
static uint64_t read_max_clients(const char *sysfs)
{
	uint64_t max = read_bound(sysfs, "clients_per_device");
	uint64_t users = read_bound(sysfs, "clients_per_user");

	/* It does not bound the clients of root. */
	if (geteuid() && users < max)
		max = users;
	return max - max / CLIENTS_RESERVE;
}

static void limit_connections(struct bridge *bridge)
{
	uint64_t wanted = bridge->options->max_connections;
	uint64_t files =
		raise_file_limit(wanted * FILES_PER_CONNECTION + OTHER_FILES);
	uint64_t max = files > OTHER_FILES + FILES_PER_CONNECTION ?
			       (files - OTHER_FILES) / FILES_PER_CONNECTION :
			       1;

	if (max < wanted)
		log_line(
			&bridge->log,
			"at most %llu connections instead of %llu: raise the limit on open files",
			(unsigned long long)max, (unsigned long long)wanted);
	bridge->served.max = max < wanted ? max : wanted;
	bridge->refused.max = bridge->served.max;
	bridge->files.max =
		bridge->served.max * (FILES_PER_CONNECTION - 1) + MIN_FILES;
	bridge->clients.max = read_max_clients(bridge->options->sysfs);
}

static int on_pause_end(sd_event_source *source, uint64_t when, void *context)
{
	struct bridge *bridge = context;

	(void)source;
	(void)when;
	return sd_event_source_set_enabled(bridge->listener, SD_EVENT_ON);
}

/* pause_accepting() - peers wait, but the event loop does not spin */
static void pause_accepting(struct bridge *bridge)
{
	bridge->pause = sd_event_source_disable_unref(bridge->pause);
	if (sd_event_add_time_relative(bridge->event, &bridge->pause,
				       CLOCK_MONOTONIC, SHORTAGE_USEC, 0,
				       on_pause_end, bridge) >= 0)
		sd_event_source_set_enabled(bridge->listener, SD_EVENT_OFF);
}

static void open_reserve(struct bridge *bridge)
{
	bridge->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* turn_away() - accept and close a connection, which must not wait in the backlog */
static bool turn_away(struct bridge *bridge, int listener)
{
	int fd;

	if (bridge->reserve < 0)
		return false;
	close(bridge->reserve);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	open_reserve(bridge);
	return fd >= 0;
}

static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM ||
	       error == ENOBUFS;
}

/* accept_one() - true if there may be more to accept */
static bool accept_one(struct bridge *bridge, int listener)
{
	int fd, error;

	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0) {
		bridge->is_short = false;
		/* A user without room has a line in the log. */
		if (connection_new(bridge, fd) && errno != EDQUOT)
			log_line(&bridge->log, "a connection is cut off: %s",
				 strerror(errno));
		return true;
	}
	error = errno;
	if (!is_shortage(error))
		return error == EINTR || error == ECONNABORTED;
	if (!bridge->is_short)
		log_line(&bridge->log, "new connections are cut off: %s",
			 strerror(error));
	bridge->is_short = true;
	if (turn_away(bridge, listener))
		return true;
	pause_accepting(bridge);
	return false;
}

static int on_connection(sd_event_source *source, int fd, uint32_t events,
			 void *context)
{
	struct bridge *bridge = context;

	(void)source;
	(void)events;
	for (int i = 0; i < ACCEPT_BATCH && accept_one(bridge, fd); i++)
		;
	return 0;
}

/* --- the event loop */

/* SIGTERM and SIGINT end the loop. */
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
	if (ret >= 0)
		ret = connections_start(bridge);
	bridge->declaration = buftrack_declaration_new();
	if (ret >= 0 && bridge->declaration)
		return 0;
	return fail("cannot create the event loop: %s",
		    strerror(ret < 0 ? -ret : ENOMEM));
}

/* Without the module every report would be lost. */
static int check_module(void)
{
	struct buftrack_control *control = buftrack_control_open(O_RDWR);

	if (!control)
		return fail_errno(REQ_OPEN_CONTROL, "/dev/buftrack/control");
	buftrack_control_close(control);
	return 0;
}

static int start_accepting(struct bridge *bridge, int fd, const char *where)
{
	int ret = sd_event_add_io(bridge->event, &bridge->listener, fd, EPOLLIN,
				  on_connection, bridge);
	char line[400];

	if (ret < 0)
		return fail("cannot add the socket to the event loop: %s",
			    strerror(-ret));
	bridge->listening = now_boot();
	snprintf(
		line, sizeof(line),
		"listening at %s; %s\n"
		"buftrack status shows the buffers, buftrack events --follow the wrong frees\n",
		where, ADDRESS_ONLY);
	write_nowait(STDOUT_FILENO, line, strlen(line));
	sd_notify(0, "READY=1");
	return 0;
}

/*
 * print_aliases() - print the totals of references that were counted and not
 * reported
 */
static void print_aliases(const struct bridge *bridge)
{
	const struct address_pool *pool = &bridge->addresses;
	char line[256];

	if (!pool->alias_allocs)
		return;
	snprintf(
		line, sizeof(line),
		"aliases: %llu allocs and %llu frees of further references to a live buffer\n",
		(unsigned long long)pool->alias_allocs,
		(unsigned long long)pool->alias_frees);
	write_nowait(STDOUT_FILENO, line, strlen(line));
}

static int serve(struct bridge *bridge, int fd, const char *where)
{
	int ret = start_accepting(bridge, fd, where);

	if (ret)
		return ret;
	ret = sd_event_loop(bridge->event);
	sd_notify(0, "STOPPING=1");
	print_aliases(bridge);
	if (ret < 0)
		return fail("the event loop failed: %s", strerror(-ret));
	return EXIT_OK;
}

static int listen_and_serve(struct bridge *bridge)
{
	const struct bridge_options *options = bridge->options;
	int fd = listen_by_systemd(bridge), ret;

	if (fd >= 0)
		return serve(bridge, fd, "the socket of systemd");
	if (fd == LISTEN_FAILED)
		return EXIT_FAILED;
	fd = listen_at(options->socket,
		       options->mode < 0 ? BRIDGE_MODE : options->mode);
	if (fd < 0)
		return EXIT_FAILED;
	ret = serve(bridge, fd, options->socket);
	stop_listening(fd, options->socket);
	return ret;
}

static void tear_down(struct bridge *bridge)
{
	bridge->is_ending = true;
	bridge->listener = sd_event_source_disable_unref(bridge->listener);
	bridge->pause = sd_event_source_disable_unref(bridge->pause);
	connections_free(bridge);
	refusals_free(&bridge->refusals);
	bridge->turns = sd_event_source_disable_unref(bridge->turns);
	processes_free(bridge);
	devices_free(bridge);
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
	bridge->process_ended = connections_end_process;
	bridge->addresses.max = options->max_addresses;
	bridge->config =
		config_read(options->config ? options->config : BRIDGE_CONFIG,
			    options->config != NULL);
	if (bridge->config && !check_module() && !set_up(bridge)) {
		limit_connections(bridge);
		open_reserve(bridge);
		ret = listen_and_serve(bridge);
	}
	tear_down(bridge);
	return ret;
}
