// SPDX-License-Identifier: GPL-2.0
/*
 * Many processes make random calls, valid and invalid, on devices that come and go, and
 * some are killed: every error is a documented one, counters stay consistent, and
 * nothing is left at the end.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "helper.h"
#include "memory.h"
#include "op.h"

#define CALLERS 4
#define KILLED 2
#define CALLS 2500
#define CALLS_PER_REMOVAL 200
#define DEVICES 4
#define SLOTS 4
#define FIELD_BYTES 65536

static const int documented[] = {
	0,	ENOTTY, EINVAL, E2BIG,	EOPNOTSUPP, EFAULT,	  EBADF,
	EPERM,	ENOENT, ENODEV, EEXIST, EBUSY,	    ENAMETOOLONG, EILSEQ,
	ERANGE, EDQUOT, ENFILE, EUSERS, ENOSPC,	    ENOMEM,	  EINTR,
};

static void check_documented(const struct op *op, int err)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(documented); i++)
		if (documented[i] == err)
			return;
	test_failed(__FILE__, __LINE__, "%s: %s is not documented", op->name,
		    strerrorname_np(err));
}

/**
 * struct caller - a process that makes random calls
 * @seed: seed of its random numbers
 * @forever: it runs until it is killed
 * @fds: its files, or -1: the control node, then nodes of devices
 * @field: memory for pointers, followed by unmapped memory
 * @done: shared: number of its successful calls
 * @made: shared: number of calls of all callers
 */
struct caller {
	unsigned int seed;
	bool forever;
	int fds[SLOTS];
	char *field;
	__u64 *done;
	__u64 *made;
};

static unsigned int below(struct caller *h, unsigned int n)
{
	return rand_r(&h->seed) % n;
}

static void reopen(struct caller *h)
{
	static const int flags[] = { O_RDWR, O_RDWR, O_RDWR, O_RDONLY,
				     O_WRONLY };
	unsigned int slot = below(h, SLOTS);

	if (h->fds[slot] >= 0)
		close(h->fds[slot]);
	h->fds[slot] = -1;
	if (!slot)
		h->fds[slot] = open_control(O_RDWR);
	else
		try_open_node(below(h, DEVICES + 2),
			      flags[below(h, ARRAY_SIZE(flags))],
			      &h->fds[slot]);
}

static __u64 some_pointer(struct caller *h)
{
	switch (below(h, 8)) {
	case 0:
		return user_ptr(
			bad_pointers[below(h, nr_bad_pointers)].pointer);
	case 1:
		return user_ptr(h->field + FIELD_BYTES - below(h, 4096));
	default:
		return user_ptr(h->field + below(h, 4096));
	}
}

static bool is_pointer(const struct op *op, unsigned int byte)
{
	const struct field *field;

	for_each_field(field, op->pointer) if (byte - field->offset <
					       field->size) return true;
	return false;
}

/* Pointers lead to memory that this process can lose */
static void corrupt(struct caller *h, const struct op *op, char *argument)
{
	const struct field *field;
	unsigned int n = below(h, 5), byte;
	__u64 pointer;

	for_each_field(field, op->pointer)
	{
		pointer = some_pointer(h);
		memcpy(argument + field->offset, &pointer, sizeof(pointer));
	}
	/* Leaves two of five arguments unchanged */
	for (; n > 1; n--) {
		byte = below(h, op->size);
		if (!is_pointer(op, byte))
			argument[byte] ^= 1 << below(h, 8);
	}
}

static void call_random(struct caller *h)
{
	const struct op *op = &ops[below(h, nr_ops)];
	int fd = h->fds[op->device ? 1 + below(h, SLOTS - 1) : 0];
	char *argument = h->field + FIELD_BYTES - 4096;
	const struct fixture f = { .device = below(h, DEVICES) };
	int err;

	if (!below(h, 16))
		fd = h->fds[below(h, SLOTS)];
	if (fd < 0)
		return reopen(h);
	memset(argument, 0, MAX_ARGUMENT);
	op->fill(&f, argument);
	corrupt(h, op, argument);
	/* Only replace_devices() forces a removal, so that devices last a while */
	if (op->cmd == BUFTRACK_IOCTL_DEVICE_REMOVE)
		((struct buftrack_device_remove *)argument)->flags &=
			~BUFTRACK_DEVICE_REMOVE_FORCE;
	err = do_ioctl(fd, op->cmd, argument);
	__atomic_add_fetch(h->made, 1, __ATOMIC_RELAXED);
	check_documented(op, err);
	*h->done += !err;
}

static void caller(void *arg)
{
	struct caller *h = arg;
	unsigned int i;

	h->field = memory_before(FIELD_BYTES, NOTHING);
	for (i = 0; i < SLOTS; i++)
		h->fds[i] = -1;
	for (i = 0; i < FIELD_BYTES / sizeof(struct buftrack_report) - 200;
	     i++) {
		struct buftrack_report one = BUFFER(below(h, 64) << 6, 64);

		if (below(h, 2))
			one = FREE(.address = below(h, 64) << 6);
		memcpy(h->field + i * sizeof(one), &one, sizeof(one));
	}
	for (i = 0; i < CALLS || h->forever; i++) {
		if (!below(h, 24))
			reopen(h);
		call_random(h);
	}
}

static __u32 add_target(int control, unsigned int number)
{
	char name[16];
	__u32 device;
	__u32 space;
	int fd;

	snprintf(name, sizeof(name), "stress:%u", number);
	device = add_device(control, name, 0);
	if (!try_open_node(device, O_RDWR, &fd)) {
		try_add_space(fd, "DRAM", 0, &space);
		close(fd);
	}
	return device;
}

/* State that the processes share */
struct shared {
	volatile bool stop;
	__u64 made;
	__u64 done[CALLERS + KILLED];
};

/* Counts calls instead of time, so that on a slow machine devices last as long */
static void replace_devices(void *arg)
{
	struct shared *s = arg;
	int control = open_control(O_RDWR), err;
	unsigned int seed = 99, number;
	__u64 next = 0;

	while (!s->stop) {
		if (__atomic_load_n(&s->made, __ATOMIC_RELAXED) < next) {
			usleep(1000);
			continue;
		}
		next += CALLS_PER_REMOVAL;
		number = rand_r(&seed) % DEVICES;
		err = remove_device(control, number,
				    BUFTRACK_DEVICE_REMOVE_FORCE);
		CHECK(!err || err == ENOENT);
		add_target(control, number);
	}
}

static void watch(void *arg)
{
	const struct shared *s = arg;
	int control = open_control(O_RDONLY), fd;
	struct buftrack_device_info info;
	__u32 after = 0;

	while (!s->stop) {
		if (!next_device(control, after, &info)) {
			after = 0;
			continue;
		}
		after = info.device + 1;
		if (!try_open_node(info.device, O_RDONLY, &fd)) {
			check_device_conservation(fd);
			close(fd);
		}
	}
}

static void remove_all(int control)
{
	struct buftrack_device_info info;
	int fd;

	while (next_device(control, 0, &info)) {
		CHECK_OK(try_open_node(info.device, O_RDONLY, &fd));
		check_invariants(fd);
		close(fd);
		CHECK_OK(remove_device(control, info.device,
				       BUFTRACK_DEVICE_REMOVE_FORCE));
	}
}

TEST(random_ioctls_break_nothing)
{
	struct caller callers[CALLERS + KILLED];
	struct shared *s = shared_memory(sizeof(*s));
	pid_t pids[CALLERS + KILLED], replacer, watcher;
	int control = open_control(O_RDWR);
	unsigned int i;

	for (i = 0; i < DEVICES; i++)
		add_target(control, i);
	for (i = 0; i < CALLERS + KILLED; i++) {
		callers[i] = (struct caller){ .seed = i + 1,
					      .forever = i >= CALLERS,
					      .done = &s->done[i],
					      .made = &s->made };
		pids[i] = start(caller, &callers[i]);
	}
	replacer = start(replace_devices, s);
	watcher = start(watch, s);
	for (i = 0; i < CALLERS; i++) {
		finish(pids[i]);
		/* Otherwise the test covered little */
		CHECK(s->done[i] > CALLS / 8);
	}
	for (; i < CALLERS + KILLED; i++)
		end(pids[i], SIGKILL);
	s->stop = true;
	finish(replacer);
	finish(watcher);
	remove_all(control);
}
