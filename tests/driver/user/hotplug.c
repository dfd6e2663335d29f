// SPDX-License-Identifier: GPL-2.0
/* Removing and re-adding drivers and devices, and buftrack itself, at run time */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xf86drm.h>
#include "card.h"
#include "module.h"
#include "modules.h"

/* Environment variable: how often modules are reloaded under traffic */
#define ROUNDS "BUFTRACK_ROUNDS"
#define DEFAULT_ROUNDS 100

/* Opening the card makes buftrack know a driver that was loaded before it */
static __u32 number_of(const struct card *card)
{
	struct buftrack_device_info info;

	close(card_open(card));
	WAIT_UNTIL(card_find(card, &info));
	return info.device;
}

static void retry_while_busy(int (*fn)(void))
{
	int err;

	do
		err = fn();
	while (err == EAGAIN || err == EBUSY);
	CHECK_OK(err);
}

static int load_buftrack(void)
{
	return load_module("");
}

/* Frees of buffers from before buftrack was loaded are not wrong frees */
static void check_late(const struct card *card)
{
	int fd = card_open(card), node;
	struct dumb before = dumb_mib(fd), after;
	__u64 me, late;

	retry_while_busy(unload_module);
	retry_while_busy(load_buftrack);
	after = dumb_mib(fd);
	node = card_node(card);
	me = client_of(node, getpid());
	CHECK(client_state(node, me) & BUFTRACK_CLIENT_STATE_LATE);
	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
	late = device_counter(node, BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH);
	dumb_destroy(fd, &before);
	WAIT_UNTIL(device_counter(node,
				  BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH) >
		   late);
	dumb_destroy(fd, &after);
	WAIT_UNTIL(!client_counter(node, me, BUFTRACK_COUNTER_LIVE_BUFFERS));
	close(fd);
	WAIT_UNTIL(!(client_state(node, me) & BUFTRACK_CLIENT_STATE_OPEN));
	check_no_wrong_reports(node);
	close(node);
}

static void late_test(const void *card)
{
	check_late(card);
}

TEST(probes_are_in_place_exactly_for_loaded_drivers)
{
	int control = open_control(O_RDONLY);
	struct buftrack_probe_info info = { .flags = BUFTRACK_LOOKUP_NEXT };
	unsigned int n = 0;

	while (!CALL(control, PROBE_INFO, &info)) {
		if (!strcmp(info.module, "drm") ||
		    !strcmp(info.module, "ttm")) {
			CHECK_EQ(info.state, BUFTRACK_PROBE_STATE_IN_PLACE);
			CHECK_EQ(info.missed, 0);
			n++;
		} else {
			CHECK_EQ(info.state, BUFTRACK_PROBE_STATE_WAITING);
		}
		info = (struct buftrack_probe_info){
			.flags = BUFTRACK_LOOKUP_NEXT, .probe = info.probe + 1
		};
	}
	CHECK(n >= 10);
	close(control);
}

static void bind(const char *address, const char *driver, bool bind)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/%s", driver,
		 bind ? "bind" : "unbind");
	write_file(path, address);
}

static void check_rebound(const struct card *card, __u32 number)
{
	int fd = card_open(card), node = card_node(card);
	struct dumb dumb = dumb_mib(fd);
	__u64 me = client_of(node, getpid());

	CHECK_EQ(device_info(node).device, number);
	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_LIVE_BYTES), MIB);
	dumb_destroy(fd, &dumb);
	WAIT_UNTIL(!client_counter(node, me, BUFTRACK_COUNTER_LIVE_BYTES));
	check_no_wrong_reports(node);
	close(fd);
	close(node);
}

static void check_reload(const void *arg)
{
	const struct card *card = arg;
	__u32 number = number_of(card);
	int node = card_node(card);

	CHECK_OK(unload(card->module));
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_LIVE_BUFFERS), 0);
	check_no_wrong_reports(node);
	CHECK(modprobe(card->module));
	check_rebound(card, number);
	close(node);
}

TEST(unbinding_a_card_ends_its_buffers_as_removed)
{
	__u32 number = number_of(&bochs);
	int node = card_node(&bochs), fd;
	char address[32];
	__u64 removed;

	card_address(&bochs, address, sizeof(address));
	fd = card_open(&bochs);
	dumb_mib(fd);
	removed = device_counter(node, BUFTRACK_COUNTER_REMOVED_BUFFERS);
	bind(address, "bochs-drm", false);
	CHECK(device_counter(node, BUFTRACK_COUNTER_REMOVED_BUFFERS) > removed);
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_LIVE_BUFFERS), 0);
	bind(address, "bochs-drm", true);
	check_rebound(&bochs, number);
	/*
	 * The file frees its buffer after the next bind, which is not a wrong free
	 */
	close(fd);
	WAIT_UNTIL(device_info(node).nr_clients == 1);
	check_no_wrong_reports(node);
	close(node);
}

TEST(unplugging_a_card_ends_its_buffers_and_keeps_its_number)
{
	__u32 number = number_of(&bochs);
	int node = card_node(&bochs), fd;
	char address[32], path[128];

	card_address(&bochs, address, sizeof(address));
	fd = card_open(&bochs);
	dumb_mib(fd);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/remove", address);
	write_file(path, "1");
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_LIVE_BUFFERS), 0);
	close(fd);
	write_file("/sys/bus/pci/rescan", "1");
	check_rebound(&bochs, number);
	check_no_wrong_reports(node);
	close(node);
}

static void create_forever(void *arg)
{
	int fd = card_open(arg);

	CHECK_SYS(nice(19));
	for (;;) {
		struct dumb dumb = dumb_create(fd, 64, 64);
		int dma_buf = card_exports(fd) ? dumb_export(fd, &dumb) : -1;

		dumb_destroy(fd, &dumb);
		close(dma_buf);
	}
}

TEST(buftrack_can_be_reloaded_while_cards_are_in_use)
{
	const char *text = getenv(ROUNDS);
	int i, n = text ? atoi(text) / 10 : DEFAULT_ROUNDS / 10, node;
	pid_t pids[NR_CARDS];

	expedite_rcu();
	for (i = 0; i < NR_CARDS; i++)
		pids[i] = start(create_forever, (void *)cards[i]);
	for (i = 0; i < n; i++) {
		test_keepalive();
		retry_while_busy(unload_module);
		retry_while_busy(load_buftrack);
	}
	printf("# %d rounds\n", n);
	for (i = 0; i < NR_CARDS; i++) {
		node = card_node(cards[i]);
		check_no_wrong_reports(node);
		close(node);
		end(pids[i], SIGKILL);
	}
}

__attribute__((constructor)) static void add_tests(void)
{
	int i;

	for (i = 0; i < NR_CARDS; i++)
		test_addf(AREA, late_test, cards[i],
			  "frees_of_earlier_buffers_are_no_wrong_frees_on_%s",
			  cards[i]->module);
	/* qxl crashes when it is unloaded, with or without buftrack */
	for (i = 1; i < NR_CARDS; i++)
		test_addf(AREA, check_reload, cards[i],
			  "reloaded_driver_keeps_its_device_on_%s",
			  cards[i]->module);
}
