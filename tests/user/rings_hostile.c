// SPDX-License-Identifier: GPL-2.0
/* Rings whose producer writes garbage, at any time: all of it is bounded */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "event_reader.h"
#include "helper.h"
#include "ring.h"

#define ENTRIES 64

static __u64 nr_lost(const struct fixture *f)
{
	return device_counter(f->fd, BUFTRACK_COUNTER_LOST_REPORTS);
}

static __u64 nr_allocs(const struct fixture *f)
{
	return device_counter(f->fd, BUFTRACK_COUNTER_ALLOCS);
}

/* A head that makes no sense breaks its ring, and no other one */
static void check_head(__u32 head)
{
	struct ring good, bad;
	struct fixture f;

	fixture_setup(&f);
	bad = ring_create(f.fd, ENTRIES);
	good = ring_create(f.fd, ENTRIES);
	ring_report(&bad, BUFFER(0x1000, 16));
	CHECK_EQ(nr_allocs(&f), 1);
	*ring_head(&bad) = head;
	ring_report(&good, BUFFER(0x2000, 16));
	CHECK_EQ(nr_allocs(&f), 2);
	CHECK_EQ(nr_lost(&f), 1);
	/* It is ignored from then on */
	*ring_head(&bad) = 2;
	*ring_entry(&bad, 1) = *ring_entry(&bad, 0);
	CHECK_OK(drain(f.fd, 0));
	ring_report(&good, BUFFER(0x3000, 16));
	CHECK_EQ(nr_allocs(&f), 3);
	CHECK_EQ(nr_lost(&f), 1);
	fixture_teardown(&f);
}

TEST(head_outside_of_the_ring_breaks_it)
{
	static const __u32 heads[] = { 0, 0x80000000, 0x80000001, 0xffffffff,
				       ENTRIES + 2 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(heads); i++)
		check_head(heads[i]);
}

DEVICE_TEST(tail_and_counter_are_never_read_back)
{
	struct ring r = ring_create(f->fd, ENTRIES);
	__u32 i;

	for (i = 0; i < 3 * r.info.entries; i++) {
		ring_write(&r, BUFFER((__u64)i << 12, 16));
		ring_publish(&r);
		*ring_tail(&r) = rand();
		memset(r.map + r.info.counter_at, rand(), sizeof(__u64));
		CHECK_EQ(nr_allocs(f), i + 1);
	}
}

/* Applies a change to a valid entry; it must count as one lost report */
#define CHECK_INVALID(_change)                                     \
	do {                                                       \
		struct ring r = ring_create(f->fd, ENTRIES);       \
		struct buftrack_ring_entry *e = ring_entry(&r, 0); \
		__u64 before = nr_lost(f);                         \
                                                                   \
		ring_write(&r, BUFFER(0x1000, 16));                \
		_change;                                           \
		ring_publish(&r);                                  \
		CHECK_EQ(nr_lost(f), before + 1);                  \
	} while (0)

DEVICE_TEST(invalid_entry_counts_as_a_lost_report)
{
	CHECK_INVALID(e->op = 0);
	CHECK_INVALID(e->op = 0xffff);
	CHECK_INVALID(e->flags = 1);
	CHECK_INVALID(e->space = 1);
	CHECK_INVALID(e->space = 64);
	CHECK_INVALID(e->space = 0xffffffff);
	CHECK_INVALID(e->size = 0);
	CHECK_INVALID(e->span = -1ULL);
	CHECK_INVALID(e->reserved = 1);
	CHECK_INVALID(e->op = BUFTRACK_OP_FREE);
	CHECK_EQ(nr_allocs(f), 0);
}

DEVICE_TEST(garbage_stamps_delay_nothing)
{
	static const __u64 stamps[] = { 0, -1ULL, 1, -2ULL, 1ULL << 63, 5, 0 };
	struct ring rings[2] = { ring_create(f->fd, ENTRIES),
				 ring_create(f->fd, ENTRIES) };
	unsigned int i, n = 0;

	for (i = 0; i < 2 * ARRAY_SIZE(stamps); i++) {
		struct ring *r = &rings[i % 2];

		ring_write(r, BUFFER((__u64)i << 12, 16));
		ring_entry(r, r->next)->stamp = stamps[i / 2];
		ring_publish(r);
		if (i % 3 == 0)
			CHECK_EQ(nr_allocs(f), i + 1);
		n++;
	}
	CHECK_EQ(nr_allocs(f), n);
	CHECK_EQ(nr_lost(f), 0);
}

static void fill_with_garbage(const struct ring *r, unsigned int *seed)
{
	__u32 *words = (__u32 *)ring_entry(r, 0);
	__u32 i, nr = r->info.entries * r->info.entry_size / sizeof(*words);

	for (i = 0; i < nr; i++)
		words[i] = rand_r(seed) % 4 ? rand_r(seed) % 4U :
					      rand_r(seed) * 65537U;
}

DEVICE_TEST(random_entries_keep_the_invariants)
{
	struct ring r = ring_create(f->fd, ENTRIES);
	unsigned int seed = 1, i;

	for (i = 1; i <= 300; i++) {
		fill_with_garbage(&r, &seed);
		*ring_head(&r) = i * r.info.entries;
		check_device_conservation(f->fd);
	}
	CHECK_EQ(*ring_tail(&r), 300 * r.info.entries);
	CHECK(nr_lost(f) > 0);
}

struct scribbler {
	struct ring *rings;
	bool stop;
};

/* Changes everything that is mapped, while it is read */
static void *scribble(void *arg)
{
	struct scribbler *s = arg;
	unsigned int seed = 2, i;

	for (i = 0; !__atomic_load_n(&s->stop, __ATOMIC_RELAXED); i++) {
		struct ring *r = &s->rings[i % 4];

		fill_with_garbage(r, &seed);
		*ring_head(r) += rand_r(&seed) % r->info.entries;
		if (rand_r(&seed) % 64 == 0)
			*ring_lost(r) = rand_r(&seed);
		sched_yield();
	}
	return NULL;
}

DEVICE_TEST(contents_may_change_while_they_are_read)
{
	struct ring rings[4];
	struct scribbler s = { .rings = rings };
	unsigned int i, round;
	pthread_t thread;

	for (round = 0; round < 20; round++) {
		int fd = fixture_open(f);

		for (i = 0; i < 4; i++)
			rings[i] = ring_create(fd, ENTRIES);
		s.stop = false;
		thread = start_thread(scribble, &s);
		for (i = 0; i < 30; i++) {
			check_device_conservation(f->fd);
			CHECK_OK(drain(fd, 0));
		}
		__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
		finish_thread(thread);
		close(fd);
		for (i = 0; i < 4; i++)
			munmap(rings[i].map, rings[i].info.length);
	}
	CHECK_EQ(device_info(f->fd).nr_clients, 0);
}

/* Published entries outlive the mapping, and a part of it is enough */
DEVICE_TEST(mapping_can_be_cut_and_dropped)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct ring r = ring_create(f->fd, 4 * ENTRIES);

	ring_report(&r, BUFFER(0x1000, 16));
	CHECK_SYS(munmap(r.map + r.info.length - page, page));
	CHECK_SYS(madvise(r.map, r.info.length - page, MADV_DONTNEED));
	CHECK_EQ(*ring_head(&r), 1);
	ring_report(&r, BUFFER(0x2000, 16));
	CHECK_SYS(munmap(r.map, r.info.length - page));
	CHECK_EQ(nr_allocs(f), 2);
	r.map = (char *)CHECK_SYS(
		mmap(NULL, page, PROT_READ, MAP_SHARED, f->fd, r.info.offset));
	CHECK_SYS(munmap(r.map, page));
}

struct stopper {
	const struct fixture *f;
	struct checkpoint written;
};

static void stop_in_an_entry(void *arg)
{
	struct stopper *s = arg;
	struct ring r = ring_create(fixture_open(s->f), ENTRIES);

	ring_report(&r, BUFFER(0x1000, 16));
	ring_write(&r, BUFFER(0x2000, 16));
	checkpoint_reach(&s->written);
	raise(SIGSTOP);
	ring_publish(&r);
	ring_report(&r, BUFFER(0x3000, 16));
}

DEVICE_TEST(producer_that_stops_in_an_entry_holds_nobody_up)
{
	struct ring mine = ring_create(f->fd, ENTRIES);
	struct stopper s = { .f = f };
	pid_t pid;

	checkpoint_init(&s.written);
	pid = start(stop_in_an_entry, &s);
	checkpoint_wait(&s.written);
	wait_for_state(pid, 'T');
	CHECK_EQ(nr_allocs(f), 1);
	ring_report(&mine, BUFFER(0x1000, 16));
	CHECK_EQ(nr_allocs(f), 2);
	CHECK_SYS(kill(pid, SIGCONT));
	finish(pid);
	CHECK_EQ(nr_allocs(f), 4);
	CHECK_EQ(skip_events(open_reader(f)), 0);
}

static void produce_without_end(void *arg)
{
	struct ring r = ring_create(fixture_open(arg), ENTRIES);
	__u64 i;

	for (i = 0;; i++) {
		while (r.next - __atomic_load_n(ring_tail(&r),
						__ATOMIC_ACQUIRE) ==
		       r.info.entries)
			drain(r.fd, BUFTRACK_DRAIN_ASYNC);
		ring_report(&r, i % 2 ? FREE(.address = i) : BUFFER(i + 1, 16));
	}
}

DEVICE_TEST(readers_return_while_producers_never_pause)
{
	pid_t pids[3];
	__u64 before;
	int i;

	for (i = 0; i < 3; i++)
		pids[i] = start(produce_without_end, f);
	WAIT_UNTIL(nr_allocs(f) > 1000);
	for (i = 0; i < 200; i++) {
		before = nr_allocs(f);
		check_device_conservation(f->fd);
		CHECK(nr_allocs(f) >= before);
	}
	for (i = 0; i < 3; i++)
		end(pids[i], SIGKILL);
	CHECK_EQ(device_info(f->fd).nr_clients, 0);
}
