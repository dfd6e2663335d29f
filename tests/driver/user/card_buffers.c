// SPDX-License-Identifier: GPL-2.0
/* Buffers of graphics cards: their owners, and their end when the owner exits */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>
#include "card.h"
#include "fixture.h"

#define NR_PROCESSES 3
#define NR_BUFFERS 16

/* Shared between a test and a process that uses a card */
struct work {
	const struct card *card;
	struct checkpoint ready, go;
	unsigned int seed;
	pid_t pid;
	__u64 bytes;
	__u64 buffers;
	__u32 name;
	int dma_buf;
	int file; /* inherited from the test, to be closed */
};

static struct work *work_on(const struct card *card)
{
	struct work *w = shared_memory(sizeof(*w));

	w->card = card;
	checkpoint_init(&w->ready);
	checkpoint_init(&w->go);
	return w;
}

static void wait_here(struct work *w)
{
	checkpoint_reach(&w->ready);
	checkpoint_wait(&w->go);
}

/* A test that runs on every card */
#define CARD_TEST(_name)                                                     \
	static void _name(const struct card *card);                          \
	static void _name##_run(const void *arg)                             \
	{                                                                    \
		int node = card_node(arg);                                   \
                                                                             \
		_name(arg);                                                  \
		check_no_wrong_reports(node);                                \
		close(node);                                                 \
	}                                                                    \
	__attribute__((constructor)) static void _name##_add(void)           \
	{                                                                    \
		int i;                                                       \
                                                                             \
		for (i = 0; i < NR_CARDS; i++)                               \
			test_addf(AREA, _name##_run, cards[i], #_name "_%s", \
				  cards[i]->module);                         \
	}                                                                    \
	static void _name(const struct card *card)

CARD_TEST(device_name_is_the_pci_address_of)
{
	struct buftrack_device_info info;
	char address[32];

	CHECK(card_find(card, &info));
	card_address(card, address, sizeof(address));
	CHECK_STR(info.name, address);
}

CARD_TEST(buffer_is_live_until_freed_on)
{
	int node = card_node(card), fd = card_open(card);
	__u64 me = client_of(node, getpid());
	struct dumb dumb = dumb_mib(fd);
	__u64 allocs;

	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_LIVE_BYTES),
		 dumb.size);
	allocs = client_counter(node, me, BUFTRACK_COUNTER_ALLOCS);
	dumb_destroy(fd, &dumb);
	/* virtio-gpu frees after its host has answered */
	WAIT_UNTIL(!client_counter(node, me, BUFTRACK_COUNTER_LIVE_BUFFERS));
	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_FREES), allocs);
	close(fd);
}

/* An object keeps its identity when its handle changes */
TEST(buffer_with_a_renamed_handle_is_live_until_freed)
{
	int node = card_node(&virtio_gpu), fd = card_open(&virtio_gpu);
	__u64 me = client_of(node, getpid());
	struct dumb dumb = dumb_mib(fd), renamed = dumb;

	renamed.handle += 100;
	if (!dumb_rename(fd, &dumb, renamed.handle))
		test_skip("this kernel renames no handles");
	CHECK(drmModeDestroyDumbBuffer(fd, dumb.handle));
	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_ALLOCS), 1);
	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
	dumb_destroy(fd, &renamed);
	WAIT_UNTIL(!client_counter(node, me, BUFTRACK_COUNTER_LIVE_BUFFERS));
	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_FREES), 1);
	check_no_wrong_reports(node);
	close(fd);
	close(node);
}

static void leak(void *arg)
{
	struct work *w = arg;
	int fd;

	prctl(PR_SET_NAME, "leaker");
	fd = card_open(w->card);
	dumb_mib(fd);
	dumb_mib(fd);
	wait_here(w);
}

/* Returns the client's number */
static __u64 check_leaker(int node, pid_t pid)
{
	__u64 number = client_of(node, pid);
	struct buftrack_records query = { .space = BUFTRACK_ANY_SPACE,
					  .states = BUFTRACK_RECORD_STATE_LIVE,
					  .client = number };
	struct listing l = list(node, query, 16);
	__u32 i;

	CHECK_EQ(l.nr, 2);
	for (i = 0; i < l.nr; i++) {
		CHECK_EQ(l.records[i].pid, pid);
		CHECK_EQ(l.records[i].size, MIB);
		CHECK_STR(l.records[i].comm, "leaker");
	}
	return number;
}

static void check_gone(int node, __u64 client)
{
	WAIT_UNTIL(
		!(client_state(node, client) & BUFTRACK_CLIENT_STATE_OPEN) &&
		!client_counter(node, client, BUFTRACK_COUNTER_LIVE_BUFFERS));
	CHECK_EQ(client_counter(node, client, BUFTRACK_COUNTER_LIVE_BYTES), 0);
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 0);
}

CARD_TEST(leaked_buffers_are_freed_at_process_exit_on)
{
	int node = card_node(card);
	struct work *w = work_on(card);
	pid_t pid = start(leak, w);
	__u64 client;

	checkpoint_wait(&w->ready);
	client = check_leaker(node, pid);
	checkpoint_reach(&w->go);
	finish(pid);
	check_gone(node, client);
}

CARD_TEST(killed_process_leaves_no_buffers_on)
{
	int node = card_node(card);
	struct work *w = work_on(card);
	pid_t pid = start(leak, w);
	__u64 client;

	checkpoint_wait(&w->ready);
	client = check_leaker(node, pid);
	end(pid, SIGKILL);
	check_gone(node, client);
}

static void create_some(void *arg)
{
	struct work *w = arg;
	struct dumb buffers[NR_BUFFERS] = {};
	int fd = card_open(w->card), round, i;

	w->pid = getpid();
	srand(w->seed);
	for (round = 0; round < 5; round++) {
		for (i = 0; i < NR_BUFFERS; i++) {
			if (buffers[i].handle) {
				dumb_destroy(fd, &buffers[i]);
				w->bytes -= buffers[i].size;
				w->buffers--;
				buffers[i].handle = 0;
			} else if (rand() % 2) {
				buffers[i] = dumb_create(fd, 64 + rand() % 128,
							 64 + rand() % 128);
				w->bytes += buffers[i].size;
				w->buffers++;
			}
		}
		wait_here(w);
	}
}

CARD_TEST(several_processes_own_their_buffers_on)
{
	struct work *w[NR_PROCESSES];
	int node = card_node(card), i, round;
	pid_t pids[NR_PROCESSES];

	for (i = 0; i < NR_PROCESSES; i++) {
		w[i] = work_on(card);
		w[i]->seed = i;
		pids[i] = start(create_some, w[i]);
	}
	for (round = 0; round < 5; round++) {
		for (i = 0; i < NR_PROCESSES; i++) {
			__u64 client;

			checkpoint_wait(&w[i]->ready);
			client = client_of(node, pids[i]);
			WAIT_UNTIL(
				client_counter(node, client,
					       BUFTRACK_COUNTER_LIVE_BUFFERS) ==
				w[i]->buffers);
			CHECK_EQ(client_counter(node, client,
						BUFTRACK_COUNTER_LIVE_BYTES),
				 w[i]->bytes);
		}
		for (i = 0; i < NR_PROCESSES; i++)
			checkpoint_reach(&w[i]->go);
	}
	for (i = 0; i < NR_PROCESSES; i++)
		finish(pids[i]);
}

CARD_TEST(clients_match_debugfs_on)
{
	char path[96], line[256], comm[32];
	int node = card_node(card), fd = card_open(card), n = 0, pid;
	struct buftrack_client_info info;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/debug/dri/%d/clients",
		 card_minor(card));
	file = fopen(path, "r");
	CHECK(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%31s %d", comm, &pid) == 2) {
			CHECK(find_client(node, pid, &info));
			n++;
		}
	fclose(file);
	CHECK_EQ(n, 1);
	CHECK_EQ(device_info(node).nr_clients, 2);
	close(fd);
}

CARD_TEST(export_outlives_its_file_on)
{
	int node = card_node(card), fd = card_open(card);
	__u64 me = client_of(node, getpid());
	struct dumb dumb = dumb_mib(fd);
	int dma_buf;

	if (!card_exports(fd))
		test_skip("this driver does not export");
	dma_buf = dumb_export(fd, &dumb);
	CHECK_EQ(space_counter(node, "EXPORTED", BUFTRACK_COUNTER_LIVE_BYTES),
		 MIB);
	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_LIVE_BUFFERS), 2);
	/* The memory is that of the object */
	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_LIVE_BYTES), MIB);
	close(fd);
	WAIT_UNTIL(!(client_state(node, me) & BUFTRACK_CLIENT_STATE_OPEN));
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 2);
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_ORPHANED_BYTES), MIB);
	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_LIVE_BUFFERS), 2);
	close(dma_buf);
	WAIT_UNTIL(!device_counter(node, BUFTRACK_COUNTER_ORPHANED_BUFFERS));
	CHECK_EQ(space_counter(node, "EXPORTED", BUFTRACK_COUNTER_LIVE_BUFFERS),
		 0);
}

static void import_and_leave(void *arg)
{
	struct work *w = arg;
	int fd = card_open(w->card);
	__u32 handle;

	close(w->file);
	/* Importing an object of the same device only adds a handle */
	CHECK_SYS(drmPrimeFDToHandle(fd, w->dma_buf, &handle));
	close(w->dma_buf);
	wait_here(w);
}

CARD_TEST(import_of_own_object_is_no_new_buffer_on)
{
	int node = card_node(card), fd = card_open(card);
	struct work *w = work_on(card);
	__u64 me = client_of(node, getpid());
	struct dumb dumb = dumb_mib(fd);
	pid_t pid;

	if (!card_exports(fd))
		test_skip("this driver does not export");
	w->file = fd;
	w->dma_buf = dumb_export(fd, &dumb);
	pid = start(import_and_leave, w);
	checkpoint_wait(&w->ready);
	CHECK_EQ(client_counter(node, client_of(node, pid),
				BUFTRACK_COUNTER_LIVE_BUFFERS),
		 0);
	close(w->dma_buf);
	close(fd);
	/* The handle of the other process keeps the object */
	WAIT_UNTIL(!(client_state(node, me) & BUFTRACK_CLIENT_STATE_OPEN));
	CHECK(space_counter(node, card->space,
			    BUFTRACK_COUNTER_ORPHANED_BUFFERS));
	checkpoint_reach(&w->go);
	finish(pid);
	WAIT_UNTIL(!device_counter(node, BUFTRACK_COUNTER_ORPHANED_BUFFERS));
}

static void open_name(void *arg)
{
	struct work *w = arg;
	struct drm_gem_open open = { .name = w->name };
	int fd = card_open(w->card);

	close(w->file);
	CHECK_SYS(drmIoctl(fd, DRM_IOCTL_GEM_OPEN, &open));
	CHECK_EQ(open.size, MIB);
	wait_here(w);
}

CARD_TEST(object_shared_by_name_stays_with_its_creator_on)
{
	int node = card_node(card), fd = card_open(card);
	__u64 me = client_of(node, getpid());
	struct work *w = work_on(card);
	struct dumb dumb = dumb_mib(fd);
	pid_t pid;

	w->file = fd;
	w->name = dumb_name(fd, &dumb);
	pid = start(open_name, w);
	checkpoint_wait(&w->ready);
	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
	CHECK_EQ(client_counter(node, client_of(node, pid),
				BUFTRACK_COUNTER_LIVE_BUFFERS),
		 0);
	dumb_destroy(fd, &dumb);
	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
	close(fd);
	WAIT_UNTIL(device_counter(node, BUFTRACK_COUNTER_ORPHANED_BUFFERS) ==
		   1);
	end(pid, SIGKILL);
	WAIT_UNTIL(!device_counter(node, BUFTRACK_COUNTER_ORPHANED_BUFFERS));
}

/* Returns the number of named objects in debugfs, and the sum of their sizes */
static unsigned int named_objects(int minor, __u64 *bytes)
{
	unsigned int name, n = 0;
	char path[96], line[256];
	unsigned long size;
	FILE *file;

	*bytes = 0;
	snprintf(path, sizeof(path), "/sys/kernel/debug/dri/%d/gem_names",
		 minor);
	file = fopen(path, "r");
	CHECK(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%u %lu", &name, &size) == 2) {
			*bytes += size;
			n++;
		}
	fclose(file);
	return n;
}

CARD_TEST(number_and_size_of_objects_match_debugfs_on)
{
	int node = card_node(card), fd = card_open(card), i;
	__u64 me = client_of(node, getpid()), bytes;
	int minor = card_minor(card);
	struct dumb dumb;

	for (i = 1; i <= 8; i++) {
		dumb = dumb_create(fd, 100 * i, 100);
		dumb_name(fd, &dumb);
		CHECK_EQ(named_objects(minor, &bytes), i);
		CHECK_EQ(client_counter(node, me,
					BUFTRACK_COUNTER_LIVE_BUFFERS),
			 i);
		CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_LIVE_BYTES),
			 bytes);
	}
	close(fd);
	WAIT_UNTIL(!client_counter(node, me, BUFTRACK_COUNTER_LIVE_BUFFERS));
	CHECK_EQ(named_objects(minor, &bytes), 0);
}

TEST(import_from_another_card_is_in_the_imported_space)
{
	static const struct card vgem = { "vgem", "vgem", "GEM", NULL };
	int fd = card_open(&virtio_gpu), other = card_open(&vgem);
	int from = card_node(&virtio_gpu), to;
	struct dumb dumb = dumb_mib(fd);
	int dma_buf = dumb_export(fd, &dumb);
	__u32 handle;
	__u64 me;

	CHECK_SYS(drmPrimeFDToHandle(other, dma_buf, &handle));
	to = card_node(&vgem);
	me = client_of(to, getpid());
	CHECK_EQ(space_counter(to, "IMPORTED", BUFTRACK_COUNTER_LIVE_BYTES),
		 MIB);
	CHECK_EQ(client_counter(to, me, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
	CHECK_EQ(client_counter(to, me, BUFTRACK_COUNTER_LIVE_BYTES), 0);
	CHECK_EQ(space_counter(from, "EXPORTED", BUFTRACK_COUNTER_LIVE_BYTES),
		 MIB);
	close(dma_buf);
	close(fd);
	CHECK_EQ(space_counter(from, "EXPORTED", BUFTRACK_COUNTER_LIVE_BYTES),
		 MIB);
	drmCloseBufferHandle(other, handle);
	WAIT_UNTIL(
		!space_counter(to, "IMPORTED", BUFTRACK_COUNTER_LIVE_BUFFERS));
	WAIT_UNTIL(!space_counter(from, "EXPORTED",
				  BUFTRACK_COUNTER_LIVE_BUFFERS));
	check_no_wrong_reports(from);
	check_no_wrong_reports(to);
	close(other);
}

TEST(counters_of_all_cards_are_conserved)
{
	int i, node;

	for (i = 0; i < NR_CARDS; i++) {
		node = card_node(cards[i]);
		check_device_conservation(node);
		close(node);
	}
}
