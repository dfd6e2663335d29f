// SPDX-License-Identifier: GPL-2.0
/* A producer that writes reports into a ring */
#include <sys/mman.h>
#include "ring.h"

int try_ring(int fd, __u32 entries, struct buftrack_ring *info)
{
	*info = (struct buftrack_ring){ .entries = entries };
	return CALL(fd, RING, info);
}

struct ring ring_create(int fd, __u32 entries)
{
	struct ring r = { .fd = fd };

	CHECK_OK(try_ring(fd, entries, &r.info));
	r.map = (char *)CHECK_SYS(mmap(NULL, r.info.length,
				       PROT_READ | PROT_WRITE, MAP_SHARED, fd,
				       r.info.offset));
	return r;
}

__u32 *ring_head(const struct ring *r)
{
	return (__u32 *)(r->map + r->info.head_at);
}

__u32 *ring_tail(const struct ring *r)
{
	return (__u32 *)(r->map + r->info.tail_at);
}

__u32 *ring_lost(const struct ring *r)
{
	return (__u32 *)(r->map + r->info.lost_at);
}

struct buftrack_ring_entry *ring_entry(const struct ring *r, __u32 position)
{
	__u32 index = position % r->info.entries;

	return (struct buftrack_ring_entry *)(r->map + r->info.entries_at +
					      index * r->info.entry_size);
}

__u64 ring_clock(const struct ring *r)
{
	__u32 low, high;

	if (r->info.clock == BUFTRACK_RING_CLOCK_COUNTER)
		return __atomic_fetch_add(
			(__u64 *)(r->map + r->info.counter_at), 1,
			__ATOMIC_SEQ_CST);
	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (__u64)high << 32 | low;
}

void ring_write(const struct ring *r, struct buftrack_report report)
{
	*ring_entry(r, r->next) = (struct buftrack_ring_entry){
		.stamp = ring_clock(r),
		.op = report.op,
		.flags = report.flags,
		.space = report.space,
		.address = report.address,
		.size = report.size,
		.span = report.span,
		.id = report.id,
		.site = report.site,
	};
}

void ring_publish(struct ring *r)
{
	__atomic_store_n(ring_head(r), ++r->next, __ATOMIC_RELEASE);
}

void ring_report(struct ring *r, struct buftrack_report report)
{
	CHECK(r->next - __atomic_load_n(ring_tail(r), __ATOMIC_ACQUIRE) <
	      r->info.entries);
	ring_write(r, report);
	ring_publish(r);
}

int drain(int fd, __u32 flags)
{
	struct buftrack_drain arg = { .flags = flags };

	return CALL(fd, DRAIN, &arg);
}
