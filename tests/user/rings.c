// SPDX-License-Identifier: GPL-2.0
/* Rings: creating, mapping, the order of their reports, and when these are judged */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "event_reader.h"
#include "helper.h"
#include "identity.h"
#include "ring.h"

#define ENTRIES 64

static __u64 allocs(const struct fixture *f)
{
	return device_counter(f->fd, BUFTRACK_COUNTER_ALLOCS);
}

DEVICE_TEST(number_of_entries_is_a_power_of_two_and_bounded)
{
	struct buftrack_ring info;
	int fd = fixture_open(f);

	CHECK_ERR(try_ring(fd, 0, &info), EINVAL);
	CHECK_ERR(try_ring(fd, BUFTRACK_RING_MAX_ENTRIES + 1, &info), EINVAL);
	CHECK_ERR(try_ring(fd, 0xffffffff, &info), EINVAL);
	CHECK_EQ(device_info(f->fd).nr_clients, 0);
	CHECK_OK(try_ring(fd, 1, &info));
	CHECK_EQ(info.entries & (info.entries - 1), 0);
	CHECK(info.entry_size >= sizeof(struct buftrack_ring_entry));
	CHECK_OK(try_ring(fd, 65, &info));
	CHECK_EQ(info.entries, 128);
	CHECK_OK(try_ring(fd, BUFTRACK_RING_MAX_ENTRIES, &info));
	CHECK_EQ(info.entries, BUFTRACK_RING_MAX_ENTRIES);
	CHECK_EQ(device_info(f->fd).nr_clients, 1);
}

DEVICE_TEST(file_has_a_bound_on_rings)
{
	struct buftrack_ring info;
	unsigned int i;

	for (i = 0; i < BUFTRACK_MAX_RINGS; i++)
		CHECK_OK(try_ring(f->fd, 1, &info));
	CHECK_ERR(try_ring(f->fd, 1, &info), ENOSPC);
	CHECK_OK(try_ring(fixture_open(f), 1, &info));
}

DEVICE_TEST(user_has_a_bound_on_memory_of_rings)
{
	struct buftrack_ring info;
	int fds[2], i;

	set_parameter("ring_bytes_per_user", "16384");
	for (i = 0; i < 2; i++)
		fds[i] = fixture_open_as(f, ALICE);
	CHECK_OK(try_ring(fds[0], ENTRIES, &info));
	CHECK_OK(try_ring(fds[1], ENTRIES, &info));
	CHECK_ERR(try_ring(fds[0], ENTRIES, &info), EDQUOT);
	CHECK_ERR(try_ring(fds[1], ENTRIES, &info), EDQUOT);
	/* Another user and an administrator have room */
	CHECK_OK(try_ring(fixture_open_as(f, BOB), ENTRIES, &info));
	CHECK_OK(try_ring(f->fd, BUFTRACK_RING_MAX_ENTRIES, &info));
	close(fds[0]);
	CHECK_OK(try_ring(fds[1], ENTRIES, &info));
}

DEVICE_TEST(ring_of_a_removed_device_is_enodev)
{
	struct ring r = ring_create(f->fd, ENTRIES);
	struct buftrack_ring info;

	ring_report(&r, BUFFER(0x1000, 16));
	CHECK_OK(remove_device(f->control, f->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_REMOVED_BUFFERS), 1);
	ring_report(&r, BUFFER(0x2000, 16));
	CHECK_ERR(drain(f->fd, 0), ENODEV);
	CHECK_ERR(drain(f->fd, BUFTRACK_DRAIN_ASYNC), ENODEV);
	CHECK_ERR(try_ring(f->fd, 1, &info), ENODEV);
	CHECK_EQ(allocs(f), 1);
}

static int try_map(int fd, size_t length, int prot, int flags, off_t offset)
{
	void *map = mmap(NULL, length, prot, flags, fd, offset);

	if (map == MAP_FAILED)
		return errno;
	munmap(map, length);
	return 0;
}

DEVICE_TEST(only_a_ring_can_be_mapped_shared_and_not_executable)
{
	const int rw = PROT_READ | PROT_WRITE;
	size_t page = sysconf(_SC_PAGESIZE);
	struct buftrack_ring info;
	char *map;

	CHECK_ERR(try_map(f->fd, page, rw, MAP_SHARED, 0), EINVAL);
	CHECK_OK(try_ring(f->fd, ENTRIES, &info));
	CHECK_OK(try_ring(f->fd, ENTRIES, &info));
	CHECK_ERR(try_map(f->fd, info.length, rw, MAP_PRIVATE, info.offset),
		  EINVAL);
	CHECK_ERR(try_map(f->fd, info.length, rw | PROT_EXEC, MAP_SHARED,
			  info.offset),
		  EINVAL);
	CHECK_ERR(try_map(f->fd, info.length + page, rw, MAP_SHARED,
			  info.offset),
		  EINVAL);
	CHECK_ERR(try_map(f->fd, page, rw, MAP_SHARED, info.offset + page),
		  EINVAL);
	CHECK_ERR(try_map(f->fd, page, rw, MAP_SHARED, 2 * info.offset),
		  EINVAL);
	CHECK_ERR(try_map(open_node(f->device, O_RDONLY), page, PROT_READ,
			  MAP_SHARED, 0),
		  EINVAL);
	CHECK_OK(try_map(f->fd, page, PROT_READ, MAP_SHARED, 0));
	map = (char *)CHECK_SYS(
		mmap(NULL, info.length, rw, MAP_SHARED, f->fd, info.offset));
	CHECK_EQ(mprotect(map, page, PROT_EXEC), -1ULL);
	CHECK_EQ(errno, EACCES);
	CHECK_EQ(madvise(map, info.length, MADV_DOFORK), -1ULL);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(madvise(map, info.length, MADV_DODUMP), -1ULL);
	CHECK_EQ(errno, EINVAL);
	CHECK(mremap(map, info.length, 2 * info.length, MREMAP_MAYMOVE) ==
	      MAP_FAILED);
}

/* The asker: returns once it has seen what was published before */
struct asker {
	const char *name;
	void (*ask)(const struct fixture *f, int other);
};

static void ask_counters(const struct fixture *f, int other)
{
	(void)f;
	CHECK_EQ(device_counter(other, BUFTRACK_COUNTER_ALLOCS), 1);
	CHECK_EQ(device_counter(other, BUFTRACK_COUNTER_DOUBLE_FREES), 1);
}

static void ask_device_info(const struct fixture *f, int other)
{
	(void)f;
	CHECK_EQ(device_info(other).nr_records, 1);
}

static void ask_control(const struct fixture *f, int other)
{
	struct buftrack_device_info info = { .device = f->device };

	(void)other;
	CHECK_OK(CALL(f->control, DEVICE_INFO, &info));
	CHECK_EQ(info.nr_records, 1);
}

static void ask_records(const struct fixture *f, int other)
{
	struct listing l = list_all(other, 0);

	(void)f;
	CHECK_EQ(l.nr, 1);
	CHECK(l.records[0].state & BUFTRACK_RECORD_STATE_FREED);
}

static void ask_events(const struct fixture *f, int other)
{
	(void)f;
	CHECK_EQ(next_event(other).verdict, BUFTRACK_VERDICT_DOUBLE_FREE);
}

static void ask_poll(const struct fixture *f, int other)
{
	struct pollfd poll_fd = { .fd = other, .events = POLLIN };

	(void)f;
	CHECK_EQ(poll(&poll_fd, 1, 0), 1);
	CHECK_EQ(poll_fd.revents, POLLIN);
}

static void ask_sysfs(const struct fixture *f, int other)
{
	char path[80], text[32];

	(void)other;
	snprintf(path, sizeof(path),
		 "/sys/class/buftrack/buftrack%u/wrong_frees", f->device);
	read_file(path, text, sizeof(text));
	CHECK_EQ(atoi(text), 1);
}

static void ask_removal(const struct fixture *f, int other)
{
	CHECK_OK(remove_device(f->control, f->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	CHECK_EQ(device_counter(other, BUFTRACK_COUNTER_FREES), 1);
}

/* What a synchronous report of the same file sees */
static void ask_report(const struct fixture *f, int other)
{
	(void)other;
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_DOUBLE_FREE);
}

static void ask_batch(const struct fixture *f, int other)
{
	const struct buftrack_report r = FREE(.address = 0x1000);
	__u8 verdict;

	(void)other;
	CHECK_OK(batch(f->fd, &r, 1, &verdict, NULL));
	CHECK_EQ(verdict, BUFTRACK_VERDICT_DOUBLE_FREE);
}

static void ask_disable(const struct fixture *f, int other)
{
	CHECK_OK(set_enabled(f->fd, false));
	CHECK_EQ(device_counter(other, BUFTRACK_COUNTER_DISABLED_REPORTS), 0);
	CHECK_EQ(device_counter(other, BUFTRACK_COUNTER_FREES), 1);
}

static void ask_reset(const struct fixture *f, int other)
{
	CHECK_OK(reset_device(f->fd));
	CHECK_EQ(device_counter(other, BUFTRACK_COUNTER_FREES), 0);
	CHECK_EQ(device_counter(other, BUFTRACK_COUNTER_FREED_RECORDS), 1);
}

static void ask_drain(const struct fixture *f, int other)
{
	(void)other;
	CHECK_OK(drain(f->fd, 0));
}

static const struct asker askers[] = {
	{ "counters", ask_counters }, { "device_info", ask_device_info },
	{ "control", ask_control },   { "records", ask_records },
	{ "events", ask_events },     { "poll", ask_poll },
	{ "sysfs", ask_sysfs },	      { "removal", ask_removal },
	{ "report", ask_report },     { "batch", ask_batch },
	{ "disable", ask_disable },   { "reset", ask_reset },
	{ "drain", ask_drain },
};

static void published_reports_are_seen_by(const void *arg)
{
	const struct asker *asker = arg;
	struct fixture f;
	struct ring r;
	int other;

	fixture_setup(&f);
	other = open_reader(&f);
	r = ring_create(f.fd, ENTRIES);
	ring_report(&r, BUFFER(0x1000, 16));
	ring_report(&r, FREE(.address = 0x1000));
	ring_report(&r, FREE(.address = 0x1000));
	asker->ask(&f, other);
	CHECK_EQ(*ring_tail(&r), 3);
	close(other);
	fixture_teardown(&f);
}

__attribute__((constructor)) static void add_askers(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(askers); i++)
		test_addf(AREA, published_reports_are_seen_by, &askers[i],
			  "published_reports_are_seen_by_%s", askers[i].name);
}

DEVICE_TEST(lost_ioctl_comes_after_published_reports)
{
	struct ring r = ring_create(f->fd, ENTRIES);

	ring_report(&r, BUFFER(0x1000, 16));
	CHECK_OK(lost(f->fd, 1));
	CHECK(list_all(f->fd, 0).records[0].state &
	      BUFTRACK_RECORD_STATE_DOUBTFUL);
}

DEVICE_TEST(unpublished_entry_does_not_exist)
{
	struct ring r = ring_create(f->fd, ENTRIES);

	ring_write(&r, BUFFER(0x1000, 16));
	CHECK_EQ(allocs(f), 0);
	ring_publish(&r);
	CHECK_EQ(allocs(f), 1);
}

DEVICE_TEST(entries_have_every_operation)
{
	struct ring r = ring_create(f->fd, ENTRIES);

	CHECK_EQ(r.info.ops, 1 << BUFTRACK_OP_ALLOC | 1 << BUFTRACK_OP_FREE |
				     1 << BUFTRACK_OP_USE);
	ring_report(&r, ALLOC(.address = 0x1000, .size = 16, .id = 7));
	ring_report(&r, FREE(.address = 0x1000, .id = 7));
	ring_report(&r, USE(.address = 0x1000, .id = 7));
	CHECK_EQ(next_event(open_reader(f)).verdict,
		 BUFTRACK_VERDICT_USE_AFTER_FREE);
}

#define THREADS 8
#define ROUNDS 2000

/* Allocs and frees of one buffer alternate between the rings */
DEVICE_TEST(reports_of_all_rings_are_judged_in_the_order_of_their_making)
{
	struct ring rings[THREADS];
	unsigned int i;

	for (i = 0; i < THREADS; i++)
		rings[i] = ring_create(f->fd, 16);
	for (i = 0; i < ROUNDS; i++) {
		struct ring *r = &rings[rand() % THREADS];

		if (i % 100 == 0)
			CHECK_OK(drain(f->fd, 0));
		if (r->next - *ring_tail(r) == r->info.entries)
			CHECK_OK(drain(f->fd, 0));
		ring_report(r, i % 2 ? FREE(.address = 0x1000) :
				       BUFFER(0x1000, 16));
	}
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_FREES), ROUNDS / 2);
	CHECK_EQ(skip_events(open_reader(f)), 0);
}

struct relay {
	struct ring ring;
	__u32 *turn;
	__u32 me;
};

/* Each thread reports when the one before it has published */
static void *take_turns(void *arg)
{
	struct relay *r = arg;
	__u32 i;

	for (i = r->me; i < ROUNDS; i += THREADS) {
		while (__atomic_load_n(r->turn, __ATOMIC_ACQUIRE) != i)
			sched_yield();
		if (r->ring.next - *ring_tail(&r->ring) == r->ring.info.entries)
			CHECK_OK(drain(r->ring.fd, 0));
		ring_report(&r->ring, i % 2 ? FREE(.address = 0x1000) :
					      BUFFER(0x1000, 16));
		__atomic_store_n(r->turn, i + 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

DEVICE_TEST(free_is_never_judged_before_the_alloc_of_another_thread)
{
	struct relay relays[THREADS];
	pthread_t threads[THREADS];
	__u32 turn = 0, i;

	for (i = 0; i < THREADS; i++) {
		relays[i].ring = ring_create(f->fd, 16);
		relays[i].turn = &turn;
		relays[i].me = i;
	}
	for (i = 0; i < THREADS; i++)
		threads[i] = start_thread(take_turns, &relays[i]);
	/* Drain while they report */
	while (__atomic_load_n(&turn, __ATOMIC_RELAXED) < ROUNDS)
		check_device_conservation(f->fd);
	for (i = 0; i < THREADS; i++)
		finish_thread(threads[i]);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_FREES), ROUNDS / 2);
	CHECK_EQ(skip_events(open_reader(f)), 0);
}

DEVICE_TEST(more_reports_than_a_ring_holds_go_through_it)
{
	struct ring r = ring_create(f->fd, ENTRIES);
	__u32 i;

	for (i = 0; i < 10 * r.info.entries; i++) {
		if (i % r.info.entries == 0)
			CHECK_OK(drain(f->fd, 0));
		ring_report(&r, BUFFER((__u64)i << 12, 16));
	}
	CHECK_EQ(allocs(f), i);
}

DEVICE_TEST(published_reports_are_judged_when_the_file_is_released)
{
	int fd = fixture_open(f);
	struct ring r = ring_create(fd, ENTRIES);

	ring_report(&r, BUFFER(0x1000, 16));
	close(fd);
	/* The mapping keeps the file */
	CHECK_EQ(client_state(f->fd, 1), BUFTRACK_CLIENT_STATE_OPEN);
	ring_report(&r, BUFFER(0x2000, 16));
	munmap(r.map, r.info.length);
	CHECK_EQ(client_state(f->fd, 1), 0);
	CHECK_EQ(client_counter(f->fd, 1, BUFTRACK_COUNTER_REMAINING_BUFFERS),
		 2);
}

static void read_blocking(void *arg)
{
	struct buftrack_event event;

	CHECK_EQ(try_read(open_node(*(__u32 *)arg, O_RDONLY), &event,
			  sizeof(event)),
		 sizeof(event));
}

DEVICE_TEST(blocked_reader_sees_reports_of_a_producer_that_never_asks)
{
	struct ring r = ring_create(f->fd, ENTRIES);
	pid_t pid = start(read_blocking, &f->device);

	wait_for_state(pid, 'S');
	ring_report(&r, FREE(.address = 0x1000));
	finish(pid);
}

DEVICE_TEST(drains_happen_without_anyone_asking)
{
	struct ring r = ring_create(f->fd, ENTRIES);

	ring_report(&r, BUFFER(0x1000, 16));
	WAIT_UNTIL(__atomic_load_n(ring_tail(&r), __ATOMIC_ACQUIRE) == 1);
	ring_report(&r, BUFFER(0x2000, 16));
	CHECK_OK(drain(f->fd, BUFTRACK_DRAIN_ASYNC));
	WAIT_UNTIL(__atomic_load_n(ring_tail(&r), __ATOMIC_ACQUIRE) == 2);
	CHECK_OK(drain(fixture_open(f), 0));
	CHECK_OK(drain(fixture_open(f), BUFTRACK_DRAIN_ASYNC));
}

DEVICE_TEST(times_are_between_two_drains)
{
	struct ring r = ring_create(f->fd, ENTRIES);
	__u64 first = device_info(f->fd).now, second, third, allocated;

	second = device_info(f->fd).now;
	usleep(20000);
	ring_report(&r, BUFFER(0x1000, 16));
	usleep(20000);
	third = device_info(f->fd).now;
	allocated = list_all(f->fd, 0).records[0].allocated;
	CHECK(allocated >= first);
	CHECK(allocated < third);
	/* A counter has no relation to time */
	if (r.info.clock != BUFTRACK_RING_CLOCK_COUNTER)
		CHECK(allocated > second);
}

static void child_of_a_producer(void *arg)
{
	struct ring *r = arg;
	struct buftrack_ring info;
	unsigned char resident;

	/* The memory is not mapped here */
	CHECK_EQ(mincore(r->map, 1, &resident), -1ULL);
	CHECK_EQ(errno, ENOMEM);
	CHECK_ERR(try_map(r->fd, r->info.length, PROT_READ | PROT_WRITE,
			  MAP_SHARED, r->info.offset),
		  EPERM);
	CHECK_ERR(try_ring(r->fd, ENTRIES, &info), EPERM);
	/* The file can still be used, as the client of the parent */
	CHECK_EQ(verdict_of(r->fd, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_OK);
	CHECK_OK(drain(r->fd, 0));
}

DEVICE_TEST(child_gets_no_mapping_and_cannot_make_one)
{
	struct ring r = ring_create(f->fd, ENTRIES);

	ring_report(&r, BUFFER(0x1000, 16));
	in_child(child_of_a_producer, &r);
	CHECK_EQ(*ring_tail(&r), 1);
}

DEVICE_TEST(lost_reports_are_counted_and_note_a_gap)
{
	struct ring r = ring_create(f->fd, ENTRIES);

	ring_report(&r, BUFFER(0x1000, 16));
	*ring_lost(&r) = 3;
	/* One of them may have been the free of the buffer */
	ring_report(&r, BUFFER(0x1008, 16));
	ring_report(&r, FREE(.address = 0x1000));
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_LOST_REPORTS), 3);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_OVERLAPS), 0);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_SUPERSEDED), 1);
	CHECK_EQ(next_event(open_reader(f)).verdict,
		 BUFTRACK_VERDICT_UNKNOWN_GAP);
	*ring_lost(&r) = 4;
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_LOST_REPORTS), 4);
}

DEVICE_TEST(reports_after_a_loss_is_known_are_judged_as_usual)
{
	struct ring r = ring_create(f->fd, ENTRIES);

	*ring_lost(&r) = 1;
	CHECK_OK(drain(f->fd, 0));
	ring_report(&r, BUFFER(0x1000, 16));
	ring_report(&r, FREE(.address = 0x1000));
	ring_report(&r, FREE(.address = 0x1000));
	CHECK_EQ(next_event(open_reader(f)).verdict,
		 BUFTRACK_VERDICT_DOUBLE_FREE);
}
