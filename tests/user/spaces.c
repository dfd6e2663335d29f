// SPDX-License-Identifier: GPL-2.0
/* The spaces of a device */
#include <stdio.h>
#include "helper.h"
#include "fixture.h"

static int try_add(int fd, const char *name, __u64 capacity,
		   struct buftrack_space_add *add)
{
	*add = (struct buftrack_space_add){ .capacity = capacity };
	strncpy(add->name, name, sizeof(add->name) - 1);
	return CALL(fd, SPACE_ADD, add);
}

static int space_info(int fd, __u32 space, struct buftrack_space_info *info)
{
	*info = (struct buftrack_space_info){ .space = space };
	return CALL(fd, SPACE_INFO, info);
}

static __u64 capacity(int fd, __u32 space)
{
	struct buftrack_space_info info;

	CHECK_OK(space_info(fd, space, &info));
	return info.capacity;
}

DEVICE_TEST(spaces_are_numbered_from_0)
{
	struct buftrack_space_info info;
	struct buftrack_space_add add;

	CHECK_OK(try_add(f->fd, "L1", 0x1000, &add));
	CHECK_EQ(add.space, 1);
	CHECK_EQ(add.created, 1);
	CHECK_OK(try_add(f->fd, "TRACE", 0, &add));
	CHECK_EQ(add.space, 2);
	CHECK_EQ(device_info(f->fd).nr_spaces, 3);
	CHECK_OK(space_info(f->fd, 1, &info));
	CHECK_STR(info.name, "L1");
	CHECK_EQ(info.capacity, 0x1000);
	CHECK_EQ(info.space, 1);
}

DEVICE_TEST(adding_a_space_again_finds_it)
{
	struct buftrack_space_add add;

	CHECK_OK(try_add(f->fd, "L1", 0, &add));
	CHECK_OK(try_add(fixture_open(f), "DRAM", 0, &add));
	CHECK_EQ(add.space, 0);
	CHECK_EQ(add.created, 0);
	CHECK_EQ(device_info(f->fd).nr_spaces, 2);
}

DEVICE_TEST(unknown_capacity_can_become_known)
{
	struct buftrack_space_add add;

	CHECK_EQ(capacity(f->fd, 0), 0);
	CHECK_OK(try_add(f->fd, "DRAM", 4096, &add));
	CHECK_EQ(capacity(f->fd, 0), 4096);
	CHECK_OK(try_add(f->fd, "DRAM", 4096, &add));
	CHECK_OK(try_add(f->fd, "DRAM", 0, &add));
	CHECK_EQ(add.space, 0);
	CHECK_EQ(capacity(f->fd, 0), 4096);
}

DEVICE_TEST(conflicting_capacity_is_eexist)
{
	struct buftrack_space_add add;

	CHECK_OK(try_add(f->fd, "DRAM", 4096, &add));
	CHECK_ERR(try_add(f->fd, "DRAM", 4097, &add), EEXIST);
	CHECK_ERR(try_add(f->fd, "DRAM", ~0ULL, &add), EEXIST);
	CHECK_EQ(capacity(f->fd, 0), 4096);
}

static __u32 properties(int fd, __u32 space)
{
	struct buftrack_space_info info;

	CHECK_OK(space_info(fd, space, &info));
	return info.properties;
}

DEVICE_TEST(aperture_is_no_memory)
{
	__u64 values[BUFTRACK_NR_COUNTERS];
	__u32 space;

	CHECK_OK(try_add_aperture(f->fd, "WINDOW", &space));
	CHECK_EQ(properties(f->fd, space), BUFTRACK_SPACE_APERTURE);
	CHECK_EQ(properties(f->fd, 0), 0);
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(f->fd, ALLOC(.space = space, .size = 32)),
		 BUFTRACK_VERDICT_OK);
	CHECK_OK(counters(f->fd, BUFTRACK_SCOPE_SPACE, space, values));
	CHECK_EQ(values[BUFTRACK_COUNTER_LIVE_BYTES], 32);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 2);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_LIVE_BYTES), 16);
	CHECK_EQ(client_counter(f->fd, 1, BUFTRACK_COUNTER_LIVE_BYTES), 16);
}

/* A reporter need not know what the device's driver or owner has declared */
DEVICE_TEST(aperture_is_found_without_the_flag)
{
	struct buftrack_space_add add;
	__u32 space;

	CHECK_OK(try_add_aperture(f->fd, "WINDOW", &space));
	CHECK_OK(try_add(f->fd, "WINDOW", 0, &add));
	CHECK_EQ(add.space, space);
	CHECK_OK(try_add_aperture(f->fd, "WINDOW", &space));
	CHECK_EQ(properties(f->fd, space), BUFTRACK_SPACE_APERTURE);
}

DEVICE_TEST(memory_cannot_become_an_aperture)
{
	__u32 space;

	CHECK_ERR(try_add_aperture(f->fd, "DRAM", &space), EEXIST);
	CHECK_EQ(properties(f->fd, 0), 0);
}

DEVICE_TEST(more_than_64_spaces_are_enospc)
{
	struct buftrack_space_add add;
	char name[16];
	__u32 i;

	for (i = 1; i < BUFTRACK_MAX_SPACES; i++) {
		snprintf(name, sizeof(name), "S%u", i);
		CHECK_OK(try_add(f->fd, name, i, &add));
		CHECK_EQ(add.space, i);
	}
	CHECK_ERR(try_add(f->fd, "S64", 0, &add), ENOSPC);
	CHECK_EQ(device_info(f->fd).nr_spaces, BUFTRACK_MAX_SPACES);
	CHECK_OK(try_add(f->fd, "S63", 0, &add));
	CHECK_EQ(verdict_of(f->fd, ALLOC(.space = 63, .size = 1)),
		 BUFTRACK_VERDICT_OK);
	CHECK_ERR(try_report(f->fd, ALLOC(.space = 64, .size = 1)), ENOENT);
}

DEVICE_TEST(unknown_space_is_enoent)
{
	static const __u32 numbers[] = { 1, 63, 64, 65, 0x7fffffff, 0xffffffff };
	struct buftrack_space_info info;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		CHECK_ERR(space_info(f->fd, numbers[i], &info), ENOENT);
}

DEVICE_TEST(next_returns_the_lowest_space_from_a_number)
{
	struct buftrack_space_info info = { .flags = BUFTRACK_LOOKUP_NEXT };

	add_space(f->fd, "L1");
	CHECK_OK(CALL(f->fd, SPACE_INFO, &info));
	CHECK_EQ(info.space, 0);
	info.space++;
	CHECK_OK(CALL(f->fd, SPACE_INFO, &info));
	CHECK_EQ(info.space, 1);
	info.space++;
	CHECK_ERR(CALL(f->fd, SPACE_INFO, &info), ENOENT);
}

struct racer {
	const struct fixture *f;
	pthread_barrier_t *barrier;
	__u32 created;
};

#define RACE_SPACES 20

static void *add_spaces(void *arg)
{
	struct racer *racer = arg;
	struct buftrack_space_add add;
	char name[16];
	__u32 i;

	for (i = 1; i <= RACE_SPACES; i++) {
		snprintf(name, sizeof(name), "S%u", i);
		pthread_barrier_wait(racer->barrier);
		CHECK_OK(try_add(racer->f->fd, name, 0, &add));
		CHECK_EQ(add.space, i);
		racer->created += add.created;
	}
	return NULL;
}

DEVICE_TEST(space_added_concurrently_is_created_once)
{
	pthread_barrier_t barrier;
	struct racer a = { f, &barrier, 0 }, b = a;
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 2);
	thread = start_thread(add_spaces, &a);
	add_spaces(&b);
	finish_thread(thread);
	CHECK_EQ(a.created + b.created, RACE_SPACES);
	CHECK_EQ(device_info(f->fd).nr_spaces, RACE_SPACES + 1);
}

DEVICE_TEST(spaces_have_separate_counters)
{
	__u64 first[BUFTRACK_NR_COUNTERS], second[BUFTRACK_NR_COUNTERS];
	__u32 space = add_space(f->fd, "L1");

	/* The same address in another space is another buffer */
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(f->fd, ALLOC(.space = space, .address = 0x1000,
					 .size = 32, .span = 32)),
		 BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_DOUBLE_FREE);
	CHECK_OK(counters(f->fd, BUFTRACK_SCOPE_SPACE, 0, first));
	CHECK_OK(counters(f->fd, BUFTRACK_SCOPE_SPACE, space, second));
	CHECK_EQ(first[BUFTRACK_COUNTER_LIVE_BYTES], 0);
	CHECK_EQ(first[BUFTRACK_COUNTER_DOUBLE_FREES], 1);
	CHECK_EQ(second[BUFTRACK_COUNTER_LIVE_BYTES], 32);
	CHECK_EQ(second[BUFTRACK_COUNTER_DOUBLE_FREES], 0);
}
