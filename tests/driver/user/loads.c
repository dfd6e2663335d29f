// SPDX-License-Identifier: GPL-2.0
/* The sample driver and buftrack, loaded and unloaded in any order */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "module.h"
#include "modules.h"
#include "sample.h"

#define BUFFER_AT "address=0x1000 size=4096"

/* How often modules come and go while there is traffic; the environment says it */
#define ROUNDS "BUFTRACK_ROUNDS"
#define DEFAULT_ROUNDS 100

#define PAUSE_US 1000

TEST(a_driver_that_was_there_before_is_late_and_not_blamed)
{
	int driver, fd, node;

	start_anew();
	CHECK_OK(unload_module());
	driver = sample_open();
	tell(driver, "add " CHIP);
	fd = sample_client(CHIP);
	tell(fd, "alloc " BUFFER_AT);
	CHECK_OK(load_module(""));
	/* It is known from the first thing on that it tells */
	tell(fd, "free address=0x1000");
	node = open_node(wait_for_device(CHIP), O_RDONLY);
	check_wrong(node, BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH, 1);
	CHECK(client_state(node, nth_client(node, 0)) &
	      BUFTRACK_CLIENT_STATE_LATE);
	tell(fd, "alloc " BUFFER_AT);
	tell(fd, "free address=0x1000");
	check_wrong(node, BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH, 1);
	tell(fd, "free address=0x1000");
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_DOUBLE_FREES), 1);
	CHECK_STR(device_info(node).driver, SAMPLE);
	close(node);
	sample_unload();
	forget_devices();
}

TEST(a_driver_that_was_there_before_is_known_for_devices_that_come_after)
{
	int driver, node;

	start_anew();
	CHECK_OK(unload_module());
	CHECK_OK(load_module(""));
	driver = sample_open();
	tell(driver, "add " CHIP);
	tell(driver, "open " CHIP);
	tell(driver, "free address=0x1000");
	node = open_node(wait_for_device(CHIP), O_RDONLY);
	check_wrong(node, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER, 1);
	close(node);
	sample_unload();
	forget_devices();
}

SAMPLE_TEST(buftrack_does_not_keep_a_driver_from_going)
{
	tell(sample_client(CHIP), "alloc " BUFFER_AT);
	sample_unload();
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 0);
	CHECK_EQ(device_info(s->fd).nr_clients, 1);
	CHECK_OK(load(SAMPLE));
}

SAMPLE_TEST(a_driver_that_comes_again_has_its_device_again)
{
	int fd;

	sample_unload();
	CHECK_OK(load(SAMPLE));
	s->driver = sample_open();
	tell(s->driver, "add " CHIP);
	CHECK_EQ(wait_for_device(CHIP), s->device);
	fd = sample_client(CHIP);
	tell(fd, "alloc " BUFFER_AT);
	tell(fd, "free address=0x9000");
	check_wrong(s->fd, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER, 1);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
}

TEST(a_driver_does_not_keep_buftrack_from_going)
{
	struct sample s;
	int fd;

	sample_up(&s);
	fd = sample_client(CHIP);
	tell(fd, "alloc " BUFFER_AT);
	close(s.fd);
	close(s.control);
	CHECK_OK(unload_module());
	tell(fd, "free address=0x1000");
	sample_unload();
	CHECK_OK(load_module(""));
}

/*
 * The driver may be gone, or its device, at any time. It can go only while nobody has
 * it open.
 */
static void talk(void *arg)
{
	(void)arg;
	for (;;) {
		int fd = open(SAMPLE_NODE, O_WRONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		try_tell(fd, "add " CHIP);
		try_tell(fd, "open " CHIP);
		try_tell(fd, "alloc " BUFFER_AT);
		try_tell(fd, "traffic 20");
		try_tell(fd, "free address=0x1000 from=irq");
		try_tell(fd, "end " CHIP);
		close(fd);
		usleep(PAUSE_US);
	}
}

static unsigned int rounds(void)
{
	const char *text = getenv(ROUNDS);

	return text ? strtoul(text, NULL, 10) : DEFAULT_ROUNDS;
}

static void change(bool loaded, int (*come)(void), int (*go)(void))
{
	int err;

	do
		err = loaded ? come() : go();
	while (err == EAGAIN || err == EBUSY);
	CHECK_OK(err);
}

static int driver_comes(void)
{
	return load(SAMPLE);
}

static int driver_goes(void)
{
	return unload(SAMPLE);
}

static int buftrack_comes(void)
{
	return load_module("");
}

/* What goes, and comes back, in each round; the first to go is the last to come */
struct order {
	const char *name;
	bool buftrack_first;
	bool driver_too;
};

static const struct order orders[] = {
	{ "buftrack", true, false },
	{ "buftrack_and_then_the_driver", true, true },
	{ "the_driver_and_then_buftrack", false, true },
};

static void buftrack_in_and_out(const struct order *order)
{
	change(false, buftrack_comes, unload_module);
	if (order->buftrack_first && order->driver_too) {
		change(false, driver_comes, driver_goes);
		change(true, driver_comes, driver_goes);
	}
	change(true, buftrack_comes, unload_module);
}

static void go_and_come(const void *arg)
{
	const struct order *order = arg;
	unsigned int i, n = rounds() / ARRAY_SIZE(orders) + 1;
	pid_t one, two;

	start_anew();
	hurry();
	one = start(talk, NULL);
	two = start(talk, NULL);
	for (i = 0; i < n; i++) {
		test_keepalive();
		if (!order->buftrack_first)
			change(false, driver_comes, driver_goes);
		buftrack_in_and_out(order);
		if (!order->buftrack_first)
			change(true, driver_comes, driver_goes);
	}
	end(one, SIGKILL);
	end(two, SIGKILL);
	printf("# %u times\n", n);
	change(false, driver_comes, driver_goes);
	forget_devices();
}

__attribute__((constructor)) static void add_tests(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(orders); i++)
		test_addf(AREA, go_and_come, &orders[i],
			  "%s_may_go_and_come_while_there_is_traffic",
			  orders[i].name);
}
