// SPDX-License-Identifier: GPL-2.0
/*
 * Fails each allocation of a call in turn, on kernels with fault injection: the call
 * must return ENOMEM and change nothing, or succeed without that allocation.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "helper.h"
#include "op.h"
#include "event_reader.h"
#include "identity.h"

#define FAIL_NTH "/proc/self/fail-nth"
#define DEBUGFS "/sys/kernel/debug/"

/* Stays open, because opening it allocates memory, too */
static int fault_fd;

static void set_fault(unsigned int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", nth);
	CHECK_SYS(pwrite(fault_fd, text, strlen(text), 0));
}

/* Returns whether the call ended before the allocation that was to fail */
static bool fault_is_pending(void)
{
	char text[16] = {};

	CHECK_SYS(pread(fault_fd, text, sizeof(text) - 1, 0));
	set_fault(0);
	return strtoul(text, NULL, 10) != 0;
}

/* Fail only allocations that may sleep, and log nothing */
static void configure_faults(void)
{
	write_file(DEBUGFS "failslab/ignore-gfp-wait", "N");
	write_file(DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N");
	write_file(DEBUGFS "fail_page_alloc/min-order", "0");
	write_file(DEBUGFS "failslab/verbose", "0");
	write_file(DEBUGFS "fail_page_alloc/verbose", "0");
	write_file(DEBUGFS "fail_usercopy/require-start", "1");
	write_file(DEBUGFS "fail_usercopy/require-end", "2");
}

struct attempt {
	const struct op *op;
	unsigned int nth;
	bool done;
};

/* Each attempt gets a new device in a new process, so that nothing keeps it open */
static void fail_one(void *arg)
{
	struct attempt *a = arg;
	char argument[MAX_ARGUMENT] = {};
	struct snapshot before;
	struct fixture f;
	int err;

	fault_fd = CHECK_SYS(open(FAIL_NTH, O_RDWR));
	fixture_setup(&f);
	op_populate(&f);
	a->op->fill(&f, argument);
	take_snapshot(&f, &before);
	set_fault(a->nth);
	err = do_ioctl(op_fd(a->op, &f), a->op->cmd, argument);
	a->done = fault_is_pending();
	CHECK(!err || (err == ENOMEM && !a->done));
	if (err)
		check_unchanged(&f, &before);
	fixture_teardown(&f);
}

static void fails_with_enomem_or_not_at_all(const void *arg)
{
	struct attempt *a = shared_memory(sizeof(*a));

	configure_faults();
	a->op = arg;
	while (!a->done) {
		a->nth++;
		in_child(fail_one, a);
	}
	printf("# %u allocations\n", a->nth - 1);
}

static void opening_fails_with_enomem(const void *arg)
{
	unsigned int nth;
	bool done = false;
	struct fixture f;
	int fd, err;

	(void)arg;
	configure_faults();
	fault_fd = CHECK_SYS(open(FAIL_NTH, O_RDWR));
	fixture_setup(&f);
	for (nth = 1; !done; nth++) {
		set_fault(nth);
		err = try_open_node(f.device, O_RDWR, &fd);
		done = fault_is_pending();
		CHECK(!err || err == ENOMEM);
		if (!err)
			close(fd);
	}
	fixture_teardown(&f);
}

/* The first client of a device and of a user allocates what later ones share */
static void fail_first_client(void *arg)
{
	struct attempt *a = arg;
	struct buftrack_declare declare = { .size = sizeof(declare) };
	struct snapshot before;
	struct fixture f;
	int fd, err;

	fault_fd = CHECK_SYS(open(FAIL_NTH, O_RDWR));
	fixture_setup(&f);
	fd = fixture_open_as(&f, ALICE);
	take_snapshot(&f, &before);
	set_fault(a->nth);
	err = do_ioctl(fd, BUFTRACK_IOCTL_DECLARE, &declare);
	a->done = fault_is_pending();
	CHECK(!err || (err == ENOMEM && !a->done));
	if (err) {
		check_unchanged(&f, &before);
		CHECK_EQ(become_client(fd), 1);
	}
	report_wrong(fd, 1);
	CHECK_EQ(next_event(fd).sequence, 1);
	fixture_teardown(&f);
}

static void first_client_fails_with_enomem(const void *arg)
{
	struct attempt *a = shared_memory(sizeof(*a));

	(void)arg;
	configure_faults();
	while (!a->done) {
		a->nth++;
		in_child(fail_first_client, a);
	}
	printf("# %u allocations\n", a->nth - 1);
}

static void reading_fails_with_enomem_and_loses_nothing(const void *arg)
{
	struct buftrack_event event;
	unsigned int nth, sequence = 0;
	bool done = false;
	struct fixture f;
	ssize_t n;
	int fd;

	(void)arg;
	configure_faults();
	fault_fd = CHECK_SYS(open(FAIL_NTH, O_RDWR));
	fixture_setup(&f);
	fd = open_reader(&f);
	for (nth = 1; !done; nth++) {
		report_wrong(f.fd, nth);
		set_fault(nth);
		n = try_read(fd, &event, sizeof(event));
		done = fault_is_pending();
		CHECK(n == (ssize_t)EVENT_SIZE || n == -ENOMEM);
		if (n < 0)
			event = next_event(fd);
		CHECK_EQ(event.sequence, ++sequence);
	}
	CHECK(sequence > 1);
	fixture_teardown(&f);
}

static void skip(const void *arg)
{
	(void)arg;
	test_skip("this kernel cannot inject allocation failures");
}

__attribute__((constructor)) static void add_tests(void)
{
	const struct op *op;

	if (access(FAIL_NTH, W_OK)) {
		test_add(AREA, "failed_allocations_change_nothing", skip, NULL);
		return;
	}
	for_each_op(op)
		test_addf(AREA, fails_with_enomem_or_not_at_all, op,
			  "%s_fails_with_enomem_or_not_at_all", op->name);
	test_add(AREA, "opening_fails_with_enomem", opening_fails_with_enomem,
		 NULL);
	test_add(AREA, "first_client_fails_with_enomem",
		 first_client_fails_with_enomem, NULL);
	test_add(AREA, "reading_fails_with_enomem_and_loses_nothing",
		 reading_fails_with_enomem_and_loses_nothing, NULL);
}
