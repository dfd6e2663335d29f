// SPDX-License-Identifier: GPL-2.0
/* Unloading, removal, settings and resets against everything at once */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "course.h"
#include "helper.h"
#include "module.h"
#include "reader.h"

/* What the kernel says of a module that is in use */
#define IN_USE EAGAIN

static void reload(void)
{
	CHECK_OK(unload_module());
	CHECK_OK(load_module(""));
}

static void read_one(void *arg)
{
	struct buftrack_event event;

	CHECK_SYS(read(*(int *)arg, &event, sizeof(event)));
}

static void poll_one(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLIN };

	CHECK_SYS(poll(&p, 1, -1));
}

/* With nobody else holding a file */
static void check_refused_while(void (*wait)(void *arg))
{
	int control = open_control(O_RDWR), fd;
	pid_t pid;

	fd = open_node(add_device(control, "left", 0), O_RDONLY);
	pid = start(wait, &fd);
	wait_until_asleep(pid);
	close(fd);
	close(control);
	CHECK_ERR(unload_module(), IN_USE);
	end(pid, SIGKILL);
	reload();
}

TEST(unloading_while_a_reader_waits_is_refused)
{
	check_refused_while(read_one);
}

TEST(unloading_while_one_polls_is_refused)
{
	check_refused_while(poll_one);
}

TEST(unloading_in_mid_listing_is_refused)
{
	static struct course c;
	struct rig r;
	__u64 i;

	rig_up(&r);
	for (i = 0; i < 20; i++)
		CHECK_OK(try_report(r.fd, BUFFER(i << 12, 16)));
	close(r.control);
	CHECK_OK(course_begin(&c, r.fd, (struct buftrack_records){ .space = 0 },
			      0));
	CHECK_ERR(unload_module(), IN_USE);
	close(r.fd);
	reload();
}

/* Events, and clients and users that only events name */
TEST(unloading_takes_the_events)
{
	int control = open_control(O_RDWR), fd, i, round;

	for (round = 0; round < 5; round++) {
		fd = open_node(add_device(control, "left", 0), O_RDWR);
		add_space(fd, "DRAM");
		for (i = 0; i < 100; i++)
			do_wrong(fd, i);
		close(fd);
		close(control);
		reload();
		control = open_control(O_RDWR);
	}
	CHECK_EQ(info_of(control).nr_devices, 0);
	close(control);
}

TEST(unloading_while_an_attribute_is_open_is_fine)
{
	char text[64];
	struct rig r;
	int fd;

	rig_up(&r);
	snprintf(text, sizeof(text), "/sys/class/buftrack/buftrack%u/name",
		 r.device);
	fd = CHECK_SYS(open(text, O_RDONLY));
	CHECK(try_read(fd, text, sizeof(text)) > 0);
	rig_down(&r);
	reload();
	CHECK_ERR(-try_read(fd, text, sizeof(text)), ENODEV);
}

/* Open and use what there is, while the module comes and goes */
static void open_on(void *arg)
{
	volatile bool *stop = arg;
	struct buftrack_info info = {};
	int fd;

	while (!*stop) {
		fd = open(CONTROL_NODE, O_RDWR);
		if (fd < 0) {
			CHECK(errno == ENOENT || errno == ENXIO ||
			      errno == ENODEV);
			continue;
		}
		CHECK_OK(CALL(fd, INFO, &info));
		close(fd);
	}
}

TEST(module_can_come_and_go_while_others_open_it)
{
	int rounds = is_debug_kernel() ? 4 : 10, unloaded = 0, err;
	bool *stop = shared_memory(sizeof(*stop));
	pid_t pid = start(open_on, stop);

	while (unloaded < rounds) {
		err = unload_module();
		CHECK(!err || err == IN_USE);
		if (err)
			continue;
		unloaded++;
		CHECK_OK(load_module(""));
	}
	*stop = true;
	finish(pid);
}

/* Two that set everything, each to its own */
static const struct buftrack_device_set settings[2] = {
	{ .fields = 0x7f,
	  .enabled = 1,
	  .max_clients = 11,
	  .max_records = 12,
	  .max_freed = 13,
	  .max_closed = 14,
	  .max_remaining = 15,
	  .max_client_records = 16 },
	{ .fields = 0x7f,
	  .enabled = 0,
	  .max_clients = 21,
	  .max_records = 22,
	  .max_freed = 23,
	  .max_closed = 24,
	  .max_remaining = 25,
	  .max_client_records = 26 },
};

struct setter {
	const struct rig *r;
	const struct buftrack_device_set *set;
	__u32 nr;
	volatile bool *stop;
};

static bool is_set(const struct buftrack_device_info *info,
		   const struct buftrack_device_set *set)
{
	return !(info->state & BUFTRACK_DEVICE_STATE_ENABLED) ==
		       !set->enabled &&
	       info->max_clients == set->max_clients &&
	       info->max_records == set->max_records &&
	       info->max_freed == set->max_freed &&
	       info->max_closed == set->max_closed &&
	       info->max_remaining == set->max_remaining &&
	       info->max_client_records == set->max_client_records;
}

static void set_on(void *arg)
{
	const struct setter *s = arg;
	int fd = rig_open(s->r);
	__u32 i;

	for (i = 0; i < s->nr; i++)
		CHECK_OK(set_device(fd, *s->set));
}

RIG_TEST(two_who_set_at_once_leave_one_setting_and_no_mix)
{
	struct setter setters[2];
	struct buftrack_device_info info;
	pid_t pids[2];
	int i, status, running = 2;

	CHECK_OK(set_device(r->fd, settings[0]));
	for (i = 0; i < 2; i++) {
		setters[i] = (struct setter){ r, &settings[i],
					      is_debug_kernel() ? 2000 : 20000,
					      NULL };
		pids[i] = start(set_on, &setters[i]);
	}
	while (running) {
		info = device_info(r->fd);
		CHECK(is_set(&info, &settings[0]) ||
		      is_set(&info, &settings[1]));
		for (i = 0; i < 2; i++)
			if (pids[i] && waitpid(pids[i], &status, WNOHANG)) {
				CHECK_EQ(status, 0);
				pids[i] = 0;
				running--;
			}
	}
	info = device_info(r->fd);
	CHECK(is_set(&info, &settings[0]) || is_set(&info, &settings[1]));
	CHECK_OK(set_enabled(r->fd, true));
}

/*
 * Everything at once, on one device that is removed and registered again. Each
 * process does its part until it is told to stop; who removes counts the work that
 * was done in between.
 */
struct world {
	__u32 device;
	volatile bool stop;
	volatile __u64 work[8];
};

struct part {
	struct world *world;
	__u32 number;
};

/* Errors that come from the device having gone, or from its settings */
static bool is_expected(int err)
{
	return err == ENODEV || err == ENOENT || err == ENXIO ||
	       err == EUSERS || err == EBUSY || err == EINVAL;
}

static int open_world(const struct part *p, int flags)
{
	int fd = -1, err;

	while (!p->world->stop) {
		err = try_open_node(p->world->device, flags, &fd);
		if (!err)
			return fd;
		CHECK(is_expected(err));
	}
	return fd;
}

static void did(const struct part *p)
{
	p->world->work[p->number]++;
}

static void report_on(void *arg)
{
	const struct part *p = arg;
	unsigned int seed = p->number;
	int fd = -1, err;

	while (!p->world->stop) {
		__u64 at = (__u64)(rand_r(&seed) % 256) << 12;

		if (fd < 0 && (fd = open_world(p, O_RDWR)) < 0)
			break;
		err = try_report(fd, rand_r(&seed) % 2 ?
					     BUFFER(at, 64) :
					     FREE(.address = at + at % 3));
		did(p);
		if (!err && rand_r(&seed) % 500)
			continue;
		CHECK(!err || is_expected(err));
		close(fd);
		fd = -1;
	}
}

static void list_on(void *arg)
{
	const struct part *p = arg;
	struct buftrack_record records[50];
	struct buftrack_records q = { .space = BUFTRACK_ANY_SPACE,
				      .records = user_ptr(records),
				      .record_size = sizeof(records[0]) };
	int fd;

	while ((fd = open_world(p, O_RDONLY)) >= 0) {
		q.flags = BUFTRACK_RECORDS_BEGIN;
		do {
			q.nr = ARRAY_SIZE(records);
			CHECK_OK(CALL(fd, RECORDS, &q));
			check_device_conservation(fd);
			q.flags = 0;
			did(p);
		} while (!q.end);
		close(fd);
	}
}

/* To the end of each device; what is missing is what was dropped */
static void read_on(void *arg)
{
	const struct part *p = arg;
	struct buftrack_event events[4];
	__u64 sequence;
	ssize_t n, i;
	int fd;

	while ((fd = open_world(p, O_RDONLY)) >= 0) {
		sequence = 0;
		while ((n = CHECK_SYS(read(fd, events, sizeof(events)))) > 0) {
			for (i = 0; i < n / (ssize_t)EVENT_SIZE; i++) {
				sequence += events[i].dropped + 1;
				CHECK_EQ(events[i].sequence, sequence);
			}
			did(p);
		}
		close(fd);
	}
}

static void set_and_reset_on(void *arg)
{
	const struct part *p = arg;
	int fd, err, i;

	while ((fd = open_world(p, O_RDWR)) >= 0) {
		for (i = 0, err = 0; i < 20 && !err; i++) {
			err = set_device(fd, settings[(p->number + i) % 2]);
			if (!err)
				err = set_device(
					fd, (struct buftrack_device_set){
						    .fields = 0x7f,
						    .enabled = 1,
						    .max_clients = 64,
						    .max_records = 100 + i,
						    .max_freed = 20 + i,
						    .max_closed = i,
						    .max_remaining = 8 * i,
						    .max_client_records = 90 });
			if (!err && i % 4 == 0)
				err = reset_device(fd);
			did(p);
		}
		CHECK(!err || err == ENODEV);
		close(fd);
	}
}

static void look_on(void *arg)
{
	static const char *const names[] = { "name", "enabled", "live_bytes",
					     "wrong_frees" };
	const struct part *p = arg;
	char path[64], text[256];
	unsigned int i = 0;
	int fd;

	while (!p->world->stop) {
		snprintf(path, sizeof(path),
			 "/sys/class/buftrack/buftrack%u/%s", p->world->device,
			 names[i++ % ARRAY_SIZE(names)]);
		fd = open(path, O_RDONLY);
		if (fd < 0)
			continue;
		CHECK(read(fd, text, sizeof(text)) > 0 || errno == ENODEV);
		close(fd);
		did(p);
	}
}

static void (*const parts[])(void *arg) = {
	report_on, report_on,	     list_on,	       read_on,
	read_on,   set_and_reset_on, set_and_reset_on, look_on,
};

#define PARTS ARRAY_SIZE(parts)

/* Each has done something since; returns the least of it */
static bool all_worked(const struct world *w, const __u64 *since, __u64 least)
{
	unsigned int i;

	for (i = 0; i < PARTS; i++)
		if (w->work[i] < since[i] + least)
			return false;
	return true;
}

static int register_world(int control)
{
	int fd = open_node(add_device(control, "world", 0), O_RDWR);

	CHECK_EQ(add_space(fd, "DRAM"), 0);
	return fd;
}

/* What is left of a removed device adds up */
static void check_removed(int fd)
{
	__u64 values[BUFTRACK_NR_COUNTERS];
	struct buftrack_client_info info;
	__u64 after = 0;

	CHECK_OK(counters(fd, BUFTRACK_SCOPE_DEVICE, 0, values));
	check_conservation(values);
	CHECK_EQ(values[BUFTRACK_COUNTER_LIVE_BUFFERS], 0);
	CHECK_EQ(values[BUFTRACK_COUNTER_FREED_RECORDS], 0);
	CHECK_OK(counters(fd, BUFTRACK_SCOPE_SPACE, 0, values));
	check_conservation(values);
	while (next_client(fd, after, &info)) {
		after = info.client + 1;
		if (!counters(fd, BUFTRACK_SCOPE_CLIENT, info.client, values))
			check_conservation(values);
	}
}

static void run_round(struct world *w, int control, int fd)
{
	__u64 since[PARTS];
	unsigned int i;

	for (i = 0; i < PARTS; i++)
		since[i] = w->work[i];
	WAIT_UNTIL(all_worked(w, since, 2));
	check_device_conservation(fd);
	CHECK_OK(remove_device(control, w->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	check_removed(fd);
}

TEST(everything_at_once_adds_up_and_leaves_nothing)
{
	int control = open_control(O_RDWR), rounds, fd;
	struct world *w = shared_memory(sizeof(*w));
	struct part part[PARTS];
	pid_t pids[PARTS];
	unsigned int i;

	fd = register_world(control);
	for (i = 0; i < PARTS; i++) {
		part[i] = (struct part){ w, i };
		pids[i] = start(parts[i], &part[i]);
	}
	for (rounds = is_debug_kernel() ? 15 : 60; rounds; rounds--) {
		run_round(w, control, fd);
		close(fd);
		fd = register_world(control);
	}
	w->stop = true;
	CHECK_OK(remove_device(control, w->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	close(fd);
	for (i = 0; i < PARTS; i++)
		finish(pids[i]);
	close(control);
	reload();
}
