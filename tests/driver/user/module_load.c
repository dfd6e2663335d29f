// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading the sample driver and buftrack, in any order */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "module.h"
#include "modules.h"
#include "sample.h"

#define BUFFER_AT "address=0x1000 size=4096"

/* Environment variable: how often modules are reloaded under traffic */
#define ROUNDS "BUFTRACK_ROUNDS"
#define DEFAULT_ROUNDS 100

#define PAUSE_US 1000

TEST(driver_loaded_before_buftrack_is_late)
{
	int driver, fd, node;

	sample_reload();
	CHECK_OK(unload_module());
	driver = sample_open();
	cmd(driver, "add " CHIP);
	fd = sample_client(CHIP);
	cmd(fd, "alloc " BUFFER_AT);
	CHECK_OK(load_module(""));
	/* Its first report makes the device known */
	cmd(fd, "free address=0x1000");
	node = open_node(wait_for_device(CHIP), O_RDONLY);
	check_wrong(node, BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH, 1);
	CHECK(client_state(node, nth_client(node, 0)) &
	      BUFTRACK_CLIENT_STATE_LATE);
	cmd(fd, "alloc " BUFFER_AT);
	cmd(fd, "free address=0x1000");
	check_wrong(node, BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH, 1);
	cmd(fd, "free address=0x1000");
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_DOUBLE_FREES), 1);
	CHECK_STR(device_info(node).driver, SAMPLE);
	close(node);
	sample_unload();
	remove_all_devices();
}

TEST(later_device_of_a_driver_loaded_before_is_complete)
{
	int driver, node;

	sample_reload();
	CHECK_OK(unload_module());
	CHECK_OK(load_module(""));
	driver = sample_open();
	cmd(driver, "add " CHIP);
	cmd(driver, "open " CHIP);
	cmd(driver, "free address=0x1000");
	node = open_node(wait_for_device(CHIP), O_RDONLY);
	check_wrong(node, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER, 1);
	close(node);
	sample_unload();
	remove_all_devices();
}

SAMPLE_TEST(tracked_driver_can_be_unloaded)
{
	cmd(sample_client(CHIP), "alloc " BUFFER_AT);
	sample_unload();
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 0);
	CHECK_EQ(device_info(s->fd).nr_clients, 1);
	CHECK_OK(load(SAMPLE));
}

SAMPLE_TEST(reloaded_driver_keeps_its_device)
{
	int fd;

	sample_unload();
	CHECK_OK(load(SAMPLE));
	s->driver = sample_open();
	cmd(s->driver, "add " CHIP);
	CHECK_EQ(wait_for_device(CHIP), s->device);
	fd = sample_client(CHIP);
	cmd(fd, "alloc " BUFFER_AT);
	cmd(fd, "free address=0x9000");
	check_wrong(s->fd, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER, 1);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
}

TEST(buftrack_can_be_unloaded_before_the_driver)
{
	struct sample s;
	int fd;

	sample_up(&s);
	fd = sample_client(CHIP);
	cmd(fd, "alloc " BUFFER_AT);
	close(s.fd);
	close(s.control);
	CHECK_OK(unload_module());
	cmd(fd, "free address=0x1000");
	sample_unload();
	CHECK_OK(load_module(""));
}

/* Driver and device can disappear at any time; an open file keeps the driver loaded */
static void run_traffic(void *arg)
{
	(void)arg;
	for (;;) {
		int fd = open(SAMPLE_NODE, O_WRONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		try_cmd(fd, "add " CHIP);
		try_cmd(fd, "open " CHIP);
		try_cmd(fd, "alloc " BUFFER_AT);
		try_cmd(fd, "traffic 20");
		try_cmd(fd, "free address=0x1000 from=irq");
		try_cmd(fd, "end " CHIP);
		close(fd);
		usleep(PAUSE_US);
	}
}

static unsigned int rounds(void)
{
	const char *text = getenv(ROUNDS);

	return text ? strtoul(text, NULL, 10) : DEFAULT_ROUNDS;
}

static void retry_while_busy(int (*fn)(void))
{
	int err;

	do
		err = fn();
	while (err == EAGAIN || err == EBUSY);
	CHECK_OK(err);
}

static int load_driver(void)
{
	return load(SAMPLE);
}

static int unload_driver(void)
{
	return unload(SAMPLE);
}

static int load_buftrack(void)
{
	return load_module("");
}

/* Modules that are unloaded in each round, and loaded in the reverse order */
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

static void reload_buftrack(const struct order *order)
{
	retry_while_busy(unload_module);
	if (order->buftrack_first && order->driver_too) {
		retry_while_busy(unload_driver);
		retry_while_busy(load_driver);
	}
	retry_while_busy(load_buftrack);
}

static void reload_under_traffic(const void *arg)
{
	const struct order *order = arg;
	unsigned int i, n = rounds() / ARRAY_SIZE(orders) + 1;
	pid_t one, two;

	sample_reload();
	expedite_rcu();
	one = start(run_traffic, NULL);
	two = start(run_traffic, NULL);
	for (i = 0; i < n; i++) {
		test_keepalive();
		if (!order->buftrack_first)
			retry_while_busy(unload_driver);
		reload_buftrack(order);
		if (!order->buftrack_first)
			retry_while_busy(load_driver);
	}
	end(one, SIGKILL);
	end(two, SIGKILL);
	printf("# %u rounds\n", n);
	retry_while_busy(unload_driver);
	remove_all_devices();
}

__attribute__((constructor)) static void add_tests(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(orders); i++)
		test_addf(AREA, reload_under_traffic, &orders[i],
			  "reload_%s_under_traffic", orders[i].name);
}
