// SPDX-License-Identifier: GPL-2.0
/* A batch that runs long enough for something to happen during it */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include "long_batch.h"
#include "helper.h"

#define REPORT_SIZE 64
#define PIECE (1U << 20)
#define PIECES 1024

static void write_piece(char *piece)
{
	unsigned int i;

	for (i = 0; i < PIECE / REPORT_SIZE; i++) {
		struct buftrack_report r = BUFFER((i / 2) << 12, 16);

		if (i % 2)
			r = FREE(.address = (i / 2) << 12);
		memcpy(piece + i * REPORT_SIZE, &r, sizeof(r));
	}
}

/* Maps the same memory many times in a row */
static void *map_pieces(void)
{
	int fd = CHECK_SYS(memfd_create("reports", MFD_CLOEXEC));
	char *all = mmap(NULL, (size_t)PIECE * PIECES, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	unsigned int i;

	CHECK(all != MAP_FAILED);
	CHECK_SYS(ftruncate(fd, PIECE));
	for (i = 0; i < PIECES; i++)
		CHECK(mmap(all + (size_t)i * PIECE, PIECE,
			   PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
			   0) != MAP_FAILED);
	close(fd);
	write_piece(all);
	return all;
}

struct long_batch *long_batch_create(const struct fixture *f)
{
	struct long_batch *e = shared_memory(sizeof(*e));

	e->f = f;
	e->err = -1;
	e->batch = (struct buftrack_batch){
		.size = sizeof(e->batch),
		.reports = user_ptr(map_pieces()),
		.nr = PIECE / REPORT_SIZE * PIECES,
		.report_size = REPORT_SIZE,
	};
	return e;
}

void long_batch_run(void *long_batch)
{
	struct long_batch *e = long_batch;

	e->err = do_ioctl(fixture_open(e->f), BUFTRACK_IOCTL_BATCH, &e->batch);
}

static __u64 applied(const struct long_batch *e)
{
	__u64 values[BUFTRACK_NR_COUNTERS];

	if (counters(e->f->fd, BUFTRACK_SCOPE_CLIENT, 1, values))
		return 0;
	check_conservation(values);
	return values[BUFTRACK_COUNTER_ALLOCS] + values[BUFTRACK_COUNTER_FREES];
}

void long_batch_wait(const struct long_batch *e)
{
	WAIT_UNTIL(applied(e) > 1000);
}

void long_batch_check(const struct long_batch *e)
{
	CHECK(e->batch.done > 1000);
	CHECK(e->batch.done < e->batch.nr);
	CHECK_EQ(e->batch.done, applied(e));
	check_invariants(e->f->fd);
}
