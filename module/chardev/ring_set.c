// SPDX-License-Identifier: GPL-2.0
/* The rings of one open file, and their memory */
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "../clock.h"
#include "../device.h"
#include "../reporter.h"
#include "../user.h"
#include "file.h"
#include "ring_set.h"

/* Offsets in the header page of a ring; the producer writes the first line only */
#define BT_RING_HEAD	0
#define BT_RING_LOST	4
#define BT_RING_TAIL	128

static_assert(sizeof(struct buftrack_ring_entry) == 64);
static_assert(BT_RING_STRIDE_PAGES >
	      2 + BUFTRACK_RING_MAX_ENTRIES / BT_RING_PAGE_ENTRIES);

static struct bt_ring_memory *bt_ring_memory_of(struct bt_ring *ring)
{
	return container_of(ring, struct bt_ring_memory, ring);
}

static u64 bt_ring_set_tsc(const struct bt_merge *m)
{
	return bt_tsc_read();
}

static u64 bt_ring_set_counter(const struct bt_merge *m)
{
	const struct bt_ring_set *set = container_of(m, struct bt_ring_set, merge);
	u64 ticks = READ_ONCE(*set->common);

	/* The heads are read after the counter */
	smp_rmb();
	return ticks;
}

static struct bt_ring_set *bt_ring_set_alloc(void)
{
	struct bt_ring_set *set = kzalloc(sizeof(*set), GFP_KERNEL_ACCOUNT);

	if (!set)
		return NULL;
	set->common = (u64 *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!set->common) {
		kfree(set);
		return NULL;
	}
	kref_init(&set->ref);
	mutex_init(&set->lock);
	set->merge.ordered = true;
	set->merge.ticks = bt_tsc_usable() ? bt_ring_set_tsc : bt_ring_set_counter;
	return set;
}

/**
 * bt_ring_memory_free() - free a ring
 * @m: the ring, or NULL
 */
void bt_ring_memory_free(struct bt_ring_memory *m)
{
	u32 i;

	if (!m)
		return;
	for (i = 0; i < m->nr_pages; i++)
		free_page((unsigned long)m->pages[i]);
	kfree(m);
}

static int bt_ring_memory_fill(struct bt_ring_memory *m, u32 nr_pages)
{
	while (m->nr_pages < nr_pages) {
		void *page = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);

		if (!page)
			return -ENOMEM;
		m->pages[m->nr_pages++] = page;
	}
	return 0;
}

/**
 * bt_ring_memory_alloc() - allocate a ring
 * @entries: least number of entries, at most BUFTRACK_RING_MAX_ENTRIES
 *
 * Return: the ring, for bt_ring_set_add() or bt_ring_memory_free(), or NULL: out of memory.
 */
struct bt_ring_memory *bt_ring_memory_alloc(u32 entries)
{
	u32 nr_entries = roundup_pow_of_two(max_t(u32, entries, BT_RING_PAGE_ENTRIES));
	u32 nr_pages = 1 + nr_entries / BT_RING_PAGE_ENTRIES;
	struct bt_ring_memory *m;

	m = kzalloc(struct_size(m, pages, nr_pages), GFP_KERNEL_ACCOUNT);
	if (!m)
		return NULL;
	if (bt_ring_memory_fill(m, nr_pages)) {
		bt_ring_memory_free(m);
		return NULL;
	}
	m->ring.head = m->pages[0] + BT_RING_HEAD;
	m->ring.lost = m->pages[0] + BT_RING_LOST;
	m->ring.tail = m->pages[0] + BT_RING_TAIL;
	m->ring.pages = m->pages + 1;
	m->ring.capacity = nr_entries;
	return m;
}

static void bt_ring_set_free(struct kref *ref)
{
	struct bt_ring_set *set = container_of(ref, struct bt_ring_set, ref);
	u32 i;

	for (i = 0; i < set->merge.nr; i++)
		bt_ring_memory_free(bt_ring_memory_of(set->merge.rings[i]));
	free_page((unsigned long)set->common);
	mem_cgroup_put(set->memcg);
	put_pid(set->tgid);
	mutex_destroy(&set->lock);
	kfree(set);
}

/**
 * bt_ring_set_put() - drop a reference
 * @set: the rings
 *
 * Context: may sleep.
 */
void bt_ring_set_put(struct bt_ring_set *set)
{
	kref_put(&set->ref, bt_ring_set_free);
}

/**
 * bt_ring_set_create() - prepare an empty set of rings for the calling process
 * @file: the file
 *
 * Context: may sleep.
 * Return: the set, for bt_ring_set_publish() or bt_ring_set_discard(), or NULL: out of
 * memory.
 */
struct bt_ring_set *bt_ring_set_create(const struct bt_file *file)
{
	struct bt_ring_set *set = bt_ring_set_alloc();

	if (!set)
		return NULL;
	set->dev = file->dev;
	set->serial = file->serial;
	set->tgid = get_pid(task_tgid(current));
	set->memcg = get_mem_cgroup_from_mm(current->mm);
	if (xa_reserve(&set->dev->rings, set->serial, GFP_KERNEL_ACCOUNT)) {
		bt_ring_set_put(set);
		return NULL;
	}
	return set;
}

/**
 * bt_ring_set_publish() - let the readers of the device find a set
 * @set: the set, from bt_ring_set_create(), with a ring
 *
 * Afterwards, bt_ring_set_discard() ends it.
 */
void bt_ring_set_publish(struct bt_ring_set *set)
{
	struct bt_device *dev = set->dev;

	xa_lock(&dev->rings);
	/* The entry is reserved: this cannot fail */
	__xa_store(&dev->rings, set->serial, set, 0);
	WRITE_ONCE(dev->last_rings, max(dev->last_rings, set->serial));
	xa_unlock(&dev->rings);
}

/**
 * bt_ring_set_discard() - drop the reference of the file
 * @set: the set; if it was published, it has @ended and no work uses it
 *
 * Context: may sleep.
 */
void bt_ring_set_discard(struct bt_ring_set *set)
{
	xa_erase(&set->dev->rings, set->serial);
	if (set->nr_pages)
		bt_user_uncharge_rings(set->reporter->user, set->nr_pages);
	bt_ring_set_put(set);
}

/**
 * bt_ring_set_next() - find the rings of an open file of a device
 * @dev: the device
 * @index: lowest number of the file; set to that of the one that is found
 *
 * Context: may sleep.
 * Return: the rings, for bt_ring_set_put(), or NULL: there are no more.
 */
struct bt_ring_set *bt_ring_set_next(struct bt_device *dev, unsigned long *index)
{
	struct bt_ring_set *set;

	/* Under the lock, the reference of the file cannot go */
	xa_lock(&dev->rings);
	set = xa_find(&dev->rings, index, ULONG_MAX, XA_PRESENT);
	if (set)
		kref_get(&set->ref);
	xa_unlock(&dev->rings);
	return set;
}

/**
 * bt_ring_set_add() - add a ring
 * @set: the rings; the caller serializes additions
 * @reporter: client of the file
 * @m: the ring, which the set owns on success
 *
 * Context: may sleep.
 * Return: 0, or -ENOSPC or -EDQUOT: a bound of the file or of its user is reached.
 */
int bt_ring_set_add(struct bt_ring_set *set, struct bt_reporter *reporter,
		    struct bt_ring_memory *m)
{
	int err;

	if (set->merge.nr == BT_MAX_RINGS)
		return -ENOSPC;
	err = bt_user_charge_rings(reporter->user, m->nr_pages);
	if (err)
		return err;
	mutex_lock(&set->lock);
	set->reporter = reporter;
	set->nr_pages += m->nr_pages;
	set->merge.rings[set->merge.nr] = &m->ring;
	/* Pairs with bt_ring_set_find() */
	smp_store_release(&set->merge.nr, set->merge.nr + 1);
	mutex_unlock(&set->lock);
	return 0;
}

static struct bt_ring_memory *bt_ring_set_find(struct bt_ring_set *set,
					       unsigned long index)
{
	unsigned long number = index / BT_RING_STRIDE_PAGES;

	/* Pairs with bt_ring_set_add_charged() */
	if (number >= smp_load_acquire(&set->merge.nr))
		return NULL;
	number = array_index_nospec(number, BT_MAX_RINGS);
	return bt_ring_memory_of(set->merge.rings[number]);
}

/**
 * bt_ring_set_pages() - how much can be mapped from a page of the file on
 * @set: the rings
 * @index: index of the page
 *
 * Return: number of pages, 0 if no ring starts there.
 */
unsigned long bt_ring_set_pages(struct bt_ring_set *set, unsigned long index)
{
	struct bt_ring_memory *m = bt_ring_set_find(set, index);

	return m && index % BT_RING_STRIDE_PAGES == 0 ? 1 + m->nr_pages : 0;
}

/**
 * bt_ring_set_page() - find a page of the file
 * @set: the rings
 * @index: index of the page
 *
 * Return: the page, or NULL.
 */
struct page *bt_ring_set_page(struct bt_ring_set *set, unsigned long index)
{
	struct bt_ring_memory *m = bt_ring_set_find(set, index);
	unsigned long at = index % BT_RING_STRIDE_PAGES;

	if (!m || at > m->nr_pages)
		return NULL;
	if (!at)
		return virt_to_page(set->common);
	return virt_to_page(m->pages[array_index_nospec(at - 1, m->nr_pages)]);
}

/**
 * bt_ring_set_describe() - fill in where the parts of the newest ring are
 * @set: the rings
 * @out: fields to fill in
 */
void bt_ring_set_describe(const struct bt_ring_set *set, struct buftrack_ring *out)
{
	u32 number = set->merge.nr - 1;
	const struct bt_ring_memory *m = bt_ring_memory_of(set->merge.rings[number]);

	out->entries = m->ring.capacity;
	out->entry_size = sizeof(struct buftrack_ring_entry);
	out->offset = (u64)number * BT_RING_STRIDE_PAGES * PAGE_SIZE;
	out->length = (1 + m->nr_pages) * PAGE_SIZE;
	out->clock = set->merge.ticks == bt_ring_set_tsc ? BUFTRACK_RING_CLOCK_TSC :
							   BUFTRACK_RING_CLOCK_COUNTER;
	out->counter_at = 0;
	out->head_at = PAGE_SIZE + BT_RING_HEAD;
	out->lost_at = PAGE_SIZE + BT_RING_LOST;
	out->tail_at = PAGE_SIZE + BT_RING_TAIL;
	out->entries_at = 2 * PAGE_SIZE;
}

/**
 * bt_ring_set_check_clock() - notice that the clock can no longer order the reports
 * @set: the rings, whose lock is held
 */
void bt_ring_set_check_clock(struct bt_ring_set *set)
{
	lockdep_assert_held(&set->lock);
	if (set->merge.ticks == bt_ring_set_tsc && !bt_tsc_usable())
		set->merge.ordered = false;
}
