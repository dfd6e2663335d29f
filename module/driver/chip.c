// SPDX-License-Identifier: GPL-2.0
/* What kernel drivers do, brought to the books, from where nothing may sleep */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/irq_work.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include "../device.h"
#include "../notify.h"
#include "../reporter.h"
#include "../stack.h"
#include "chip.h"

/* Devices that can come before a thread has time to prepare more */
#define BT_STOCK_DEVICES	4

/* Clients of drivers that can begin before more are prepared */
#define BT_STOCK_OPENINGS	32

/* Records that are ended where nothing may sleep; what is more is put off */
#define BT_ENDED_RECORDS	1024

/* Spare records that a driver's device should have, and has at the least */
#define BT_STOCK_RECORDS	1024
#define BT_LOW_RECORDS		512

/**
 * struct bt_binding - what makes a device one of a driver's
 * @link: in the table of chips, by @key; unhashed while no driver is bound
 * @all: in the list of chips
 * @key: the struct device that the driver is bound to, or was; NULL: none ever was
 * @dev: the device that it is
 * @driver: client that stands for the driver; it does not end before the device
 * @sure: all that was done since the driver was bound has been told
 * @leftovers: when the driver last let go, it had not ended all that it began
 * @ending: its driver has let go, and what it left is being ended
 * @unfinished: to end the rest of it was put off
 * @has_node: it is in the table of devices
 */
struct bt_binding {
	struct hlist_node link;
	struct list_head all;
	const struct device *key;
	struct bt_device *dev;
	struct bt_reporter *driver;
	bool sure;
	bool leftovers;
	bool ending;
	bool unfinished;
	bool has_node;
};

/**
 * struct bt_opening - a client of a driver
 * @reporter: the client; first, because it is freed as that
 * @link: in the table of openings, by @key
 * @ended: in the list of those that have ended, or that are prepared
 * @key: pointer that stands for it
 * @dev: the struct device on which it does
 * @chip: its device
 * @closing: it has ended, and what it left is being freed
 * @once: what bt_driver_once() is asked for has been done
 */
struct bt_opening {
	struct bt_reporter reporter;
	struct hlist_node link;
	struct list_head ended;
	const void *key;
	const struct device *dev;
	struct bt_binding *chip;
	bool closing;
	atomic_t once;
};

static_assert(!offsetof(struct bt_opening, reporter));

static DEFINE_RAW_SPINLOCK(chips_lock);	/* guards all of the tables and lists */
static DEFINE_HASHTABLE(chips, 6);
static DEFINE_HASHTABLE(openings, 10);
static LIST_HEAD(all_chips);
static LIST_HEAD(ended_openings);
static LIST_HEAD(spare_openings);
static unsigned int nr_spare_openings;
static struct bt_binding *stock[BT_STOCK_DEVICES];
static unsigned int nr_stock;
static siphash_key_t id_key;

static DEFINE_MUTEX(work_lock);	/* held while what was put off is done */
static void do_work(struct work_struct *work);
static DECLARE_WORK(work, do_work);

static void kick(struct irq_work *irq)
{
	schedule_work(&work);
}

static DEFINE_IRQ_WORK(kicker, kick);
static bool leaving;	/* nothing is put off any more */

/*
 * Allocating may sleep on a real-time kernel, whatever it is asked not to do, and with
 * interrupts off a raw lock may be held. Then there is what has been prepared.
 */
static bool may_allocate(void)
{
	return !IS_ENABLED(CONFIG_PREEMPT_RT) && !irqs_disabled();
}

static void put_off(void)
{
	if (!READ_ONCE(leaving))
		irq_work_queue(&kicker);
}

/**
 * bt_driver_id() - an identity of a kernel object that does not tell its address
 * @object: the object
 *
 * Context: any.
 * Return: the identity, never 0.
 */
u64 bt_driver_id(const void *object)
{
	return siphash_1u64((unsigned long)object, &id_key) ?: 1;
}

/* A device is known by the PCI function that it is, or is behind of */
static const char *name_of(struct device *dev)
{
	struct device *at = dev;

	while (at && !dev_is_pci(at))
		at = at->parent;
	return dev_name(at ?: dev);
}

static struct bt_binding *find_chip(const struct device *key)
{
	struct bt_binding *chip;

	hash_for_each_possible_rcu(chips, chip, link, (unsigned long)key,
				   lockdep_is_held(&chips_lock))
		if (chip->key == key)
			return chip;
	return NULL;
}

/* Of a name that is too long for a device's, the beginning counts */
static bool has_name(const struct bt_binding *chip, const char *name)
{
	return !strncmp(chip->dev->name, name, sizeof(chip->dev->name) - 1);
}

static struct bt_binding *find_chip_by_name(const char *name)
{
	struct bt_binding *chip;

	lockdep_assert_held(&chips_lock);
	list_for_each_entry(chip, &all_chips, all)
		if (has_name(chip, name))
			return chip;
	return NULL;
}

static struct bt_binding *take_from_stock(const char *name)
{
	struct bt_binding *chip = nr_stock ? stock[--nr_stock] : NULL;

	lockdep_assert_held(&chips_lock);
	/* If none is left, more are prepared, for what it tells next */
	put_off();
	if (!chip)
		return NULL;
	bt_pool_count(chip->dev->tracker, true);
	strscpy(chip->dev->name, name, sizeof(chip->dev->name));
	list_add_tail(&chip->all, &all_chips);
	return chip;
}

/* From its first binding on, a driver is a client of its device */
static int begin_driver(struct bt_binding *chip)
{
	struct bt_client *c = &chip->driver->client;

	c->late = !chip->sure;
	return c->number ? 0 : bt_client_begin(chip->dev->tracker, c, bt_clock());
}

static void bind_chip(struct bt_binding *chip, const struct bt_driver_event *e)
{
	lockdep_assert_held(&chips_lock);
	if (!hlist_unhashed(&chip->link))
		hlist_del_init_rcu(&chip->link);
	chip->key = e->dev;
	chip->sure = e->sure && e->op == BT_DEVICE_BEGIN && !chip->leftovers;
	chip->leftovers = false;
	WRITE_ONCE(chip->dev->tracker->has_driver, true);
	strscpy(chip->dev->driver, e->driver, sizeof(chip->dev->driver));
	strscpy(chip->driver->opener.comm, e->driver,
		sizeof(chip->driver->opener.comm));
	if (begin_driver(chip))
		return;
	hash_add_rcu(chips, &chip->link, (unsigned long)chip->key);
	put_off();
}

/*
 * Whether what is told says that a driver is bound. What is freed yet of what has ended
 * is no sign that it is back, and nothing is until that has ended.
 */
static bool is_bound(const struct bt_binding *chip, const struct bt_driver_event *e)
{
	return !chip->ending && !(e->op == BT_BUFFER_FREE && chip->key);
}

/* A driver is bound to a device, or was when this module was loaded */
static struct bt_binding *meet_chip(const struct bt_driver_event *e)
{
	const char *name = name_of(e->dev);
	struct bt_binding *chip = find_chip(e->dev);

	lockdep_assert_held(&chips_lock);
	if (chip && has_name(chip, name))
		return chip;
	/* One whose end nobody told of has left its memory to another */
	if (chip) {
		hlist_del_init_rcu(&chip->link);
		chip->ending = true;
		chip->unfinished = true;
	}
	chip = find_chip_by_name(name) ?: take_from_stock(name);
	if (chip && is_bound(chip, e))
		bind_chip(chip, e);
	return chip && !hlist_unhashed(&chip->link) ? chip : NULL;
}

static struct bt_binding *get_chip(const struct bt_driver_event *e)
{
	struct bt_binding *chip = find_chip(e->dev);
	unsigned long irq;

	if (chip && e->op != BT_DEVICE_BEGIN)
		return chip;
	raw_spin_lock_irqsave(&chips_lock, irq);
	chip = meet_chip(e);
	raw_spin_unlock_irqrestore(&chips_lock, irq);
	return chip;
}

/* @chip: its device, NULL: any */
static struct bt_opening *find_opening(const struct bt_binding *chip,
				       const struct device *dev, const void *key)
{
	struct bt_opening *o;

	hash_for_each_possible_rcu(openings, o, link, (unsigned long)key,
				   lockdep_is_held(&chips_lock))
		if (o->key == key && o->dev == dev && (!chip || o->chip == chip))
			return o;
	return NULL;
}

static struct bt_opening *create_opening(gfp_t gfp)
{
	struct bt_opening *o = kzalloc(sizeof(*o), gfp);

	if (!o)
		return NULL;
	if (bt_client_init(&o->reporter.client, true, gfp)) {
		kfree(o);
		return NULL;
	}
	INIT_LIST_HEAD(&o->ended);
	return o;
}

static void destroy_opening(struct bt_opening *o)
{
	bt_client_fini(&o->reporter.client);
	bt_reporter_free(&o->reporter);
}

static struct bt_opening *take_spare_opening(void)
{
	struct bt_opening *o;
	unsigned long irq;

	raw_spin_lock_irqsave(&chips_lock, irq);
	o = list_first_entry_or_null(&spare_openings, struct bt_opening, ended);
	if (o) {
		list_del_init(&o->ended);
		nr_spare_openings--;
	}
	raw_spin_unlock_irqrestore(&chips_lock, irq);
	put_off();
	return o;
}

static struct bt_opening *prepare_opening(struct bt_binding *chip,
					  const struct bt_driver_event *e)
{
	struct bt_opening *o = take_spare_opening();

	if (!o && may_allocate())
		o = create_opening(GFP_NOWAIT | __GFP_NOWARN);
	if (!o)
		return NULL;
	o->key = e->client;
	o->dev = e->dev;
	o->chip = chip;
	o->reporter.client.late = !chip->sure;
	bt_opener_stamp(&o->reporter.opener, current_euid());
	return o;
}

/* It has not begun; to free it is put off, too */
static void drop_opening(struct bt_opening *o)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&chips_lock, irq);
	list_add_tail(&o->ended, &ended_openings);
	raw_spin_unlock_irqrestore(&chips_lock, irq);
	put_off();
}

/* Of two that come at once for one pointer, one stays */
static struct bt_opening *begin_opening(struct bt_binding *chip,
					struct bt_opening *o)
{
	struct bt_opening *there = find_opening(chip, o->dev, o->key);

	lockdep_assert_held(&chips_lock);
	if (there || bt_client_begin(chip->dev->tracker, &o->reporter.client,
				     bt_clock()))
		return there;
	hash_add_rcu(openings, &o->link, (unsigned long)o->key);
	return o;
}

/* The opening that a client is; it begins if there is none */
static struct bt_opening *get_opening(struct bt_binding *chip,
				      const struct bt_driver_event *e)
{
	struct bt_opening *o, *begun;
	unsigned long irq;

	o = find_opening(chip, e->dev, e->client);
	if (o)
		return o;
	o = prepare_opening(chip, e);
	if (!o)
		return NULL;
	raw_spin_lock_irqsave(&chips_lock, irq);
	begun = begin_opening(chip, o);
	raw_spin_unlock_irqrestore(&chips_lock, irq);
	if (begun != o)
		drop_opening(o);
	return begun;
}

/*
 * Who does what a pointer stands for; what comes after its end is the driver's doing.
 * Where no client can begin any more, so is what no client has to be named for.
 */
static struct bt_client *get_client(struct bt_binding *chip,
				    const struct bt_driver_event *e)
{
	struct bt_opening *o = e->client ? get_opening(chip, e) : NULL;

	if (e->client && !o && !e->counted)
		return NULL;
	return o && !READ_ONCE(o->closing) ? &o->reporter.client :
					     &chip->driver->client;
}

/* Of what is not all told, nobody can say that something never was */
static void be_late(struct bt_binding *chip, struct bt_client *c)
{
	WRITE_ONCE(chip->sure, false);
	if (!READ_ONCE(c->late))
		WRITE_ONCE(c->late, true);
}

static void close_opening(struct bt_opening *o)
{
	lockdep_assert_held(&chips_lock);
	if (!o->closing)
		bt_client_end(o->chip->dev->tracker, &o->reporter.client,
			      bt_clock());
	WRITE_ONCE(o->closing, true);
}

/* The rest of its end is put off to where one can sleep */
static void end_opening(struct bt_opening *o)
{
	lockdep_assert_held(&chips_lock);
	close_opening(o);
	hlist_del_rcu(&o->link);
	list_add_tail(&o->ended, &ended_openings);
	put_off();
}

/* Its memory is another file's now */
static void end_closing(struct bt_opening *o)
{
	if (o->closing)
		end_opening(o);
}

/* A file may be open for longer than its device has a driver: @e has none, maybe */
static void end_client(const struct bt_driver_event *e,
		       void (*end)(struct bt_opening *o))
{
	struct bt_opening *o;
	struct hlist_node *next;
	unsigned long irq;

	raw_spin_lock_irqsave(&chips_lock, irq);
	hash_for_each_possible_safe(openings, o, next, link,
				    (unsigned long)e->client)
		if (o->key == e->client && (!e->dev || o->dev == e->dev) &&
		    (!e->number || o->reporter.client.number == e->number))
			end(o);
	raw_spin_unlock_irqrestore(&chips_lock, irq);
	put_off();
}

static void see_to_records(struct bt_tracker *t)
{
	unsigned int nr = READ_ONCE(t->pool.nr);

	if (nr >= BT_LOW_RECORDS)
		return;
	put_off();
	if (!nr && may_allocate())
		bt_pool_stock(t, 1, GFP_NOWAIT);
}

/* Of two spaces, the one that has what is freed; false: there is nothing to free */
static bool choose_space(const struct bt_driver_event *e, struct bt_device *dev,
			 struct buftrack_report *r)
{
	int other = bt_space_get(dev, e->or_space, 0);

	if (other < 0 || bt_shared_has_live(dev->tracker, r))
		return true;
	r->space = other;
	if (bt_shared_has_live(dev->tracker, r))
		return true;
	r->space = bt_space_get(dev, e->space, 0);
	return !e->if_live;
}

/* From a space that is not there, nothing is known to be moved */
static int report_move(const struct bt_driver_event *e, struct bt_device *dev,
		       struct bt_client *c, const struct buftrack_report *r)
{
	const struct buftrack_report from = {
		.space = bt_space_get(dev, e->from_space, 0),
		.address = e->from_address,
		.id = e->from_id,
	};

	return bt_report_move(dev->tracker, c, &from, r, bt_clock());
}

static void report(const struct bt_driver_event *e, struct bt_binding *chip)
{
	struct bt_device *dev = chip->dev;
	struct bt_client *c = get_client(chip, e);
	struct buftrack_report r = e->buffer;
	int space = bt_space_get(dev, e->space, e->capacity);
	int verdict;

	if (!c || space < 0) {
		bt_lost(dev->tracker, &chip->driver->client, 1, bt_clock());
		return;
	}
	if (!e->sure)
		be_late(chip, c);
	r.space = space;
	r.op = e->op == BT_BUFFER_FREE ? BUFTRACK_OP_FREE : BUFTRACK_OP_ALLOC;
	if (e->or_space && !choose_space(e, dev, &r))
		return;
	if (READ_ONCE(dev->stacks))
		r.site = bt_stack_save();
	see_to_records(dev->tracker);
	if (e->op == BT_BUFFER_MOVE)
		verdict = report_move(e, dev, c, &r);
	else
		verdict = bt_report(dev->tracker, c, &r, bt_clock(),
				    e->counted ? BT_AS_OWNER : 0, NULL);
	if (verdict >= 0)
		bt_device_notify(dev, c, &r, verdict);
}

static u64 removed_buffers(const struct bt_tracker *t)
{
	return READ_ONCE(t->total.v[BUFTRACK_COUNTER_REMOVED_BUFFERS]);
}

/* The driver has let go of a device; nothing of it is known until that has ended */
static void begin_end(struct bt_binding *chip)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&chips_lock, irq);
	if (!hlist_unhashed(&chip->link))
		hlist_del_init_rcu(&chip->link);
	chip->ending = true;
	put_off();
	raw_spin_unlock_irqrestore(&chips_lock, irq);
}

static void end_chip_at_once(struct bt_binding *chip)
{
	begin_end(chip);
	if (bt_shared_restart(chip->dev->tracker, BT_ENDED_RECORDS)) {
		WRITE_ONCE(chip->ending, false);
	} else {
		WRITE_ONCE(chip->unfinished, true);
		put_off();
	}
}

/* Returns whether it has left anything live */
static bool finish_end(struct bt_binding *chip)
{
	struct bt_tracker *t = chip->dev->tracker;
	u64 before = removed_buffers(t);

	lockdep_assert_held(&work_lock);
	WRITE_ONCE(chip->unfinished, false);
	while (!bt_shared_restart(t, BT_ENDED_RECORDS)) {
		bt_pool_trim(t);
		cond_resched();
	}
	WRITE_ONCE(chip->ending, false);
	return removed_buffers(t) != before;
}

static bool end_chip(struct bt_binding *chip)
{
	begin_end(chip);
	return finish_end(chip);
}

static bool has_openings(const struct bt_binding *chip)
{
	struct bt_opening *o;
	bool found = false;
	unsigned long irq;
	unsigned int i;

	raw_spin_lock_irqsave(&chips_lock, irq);
	hash_for_each(openings, i, o, link)
		found |= o->chip == chip;
	raw_spin_unlock_irqrestore(&chips_lock, irq);
	return found;
}

/**
 * bt_driver_tell() - bring something that a driver did to the books
 * @e: what it did
 *
 * Context: any but NMI.
 */
void bt_driver_tell(const struct bt_driver_event *e)
{
	struct bt_binding *chip = NULL;

	rcu_read_lock();
	if (e->op == BT_CLIENT_CLOSE || e->op == BT_CLIENT_END) {
		end_client(e, e->op == BT_CLIENT_END ? end_opening : close_opening);
		goto unlock;
	}
	chip = e->op == BT_DEVICE_END ? find_chip(e->dev) : get_chip(e);
	if (!chip)
		goto unlock;
	switch (e->op) {
	case BT_DEVICE_BEGIN:
		break;
	case BT_DEVICE_END:
		end_chip_at_once(chip);
		break;
	case BT_CLIENT_BEGIN:
		end_client(e, end_closing);
		get_client(chip, e);
		break;
	case BT_REPORT_LOST:
		bt_lost(chip->dev->tracker, &chip->driver->client, 1, bt_clock());
		break;
	default:
		report(e, chip);
	}
unlock:
	rcu_read_unlock();
}

/**
 * bt_driver_client() - number of a client of a driver, which no other has ever had
 * @e: an event of its device; but for a free that is done, the client begins
 * @client: pointer that stands for it
 *
 * For keys of what only that client can name.
 *
 * Context: any but NMI.
 * Return: the number, or 0: there is no such device or client.
 */
u64 bt_driver_client(const struct bt_driver_event *e, const void *client)
{
	bool begins = e->op != BT_BUFFER_FREE || e->buffer.flags;
	struct bt_driver_event at = *e;
	struct bt_opening *o = NULL;
	struct bt_binding *chip;
	u64 number;

	at.client = client;
	rcu_read_lock();
	chip = get_chip(e);
	if (chip)
		o = begins ? get_opening(chip, &at) :
			     find_opening(chip, e->dev, client);
	number = o ? o->reporter.client.number : 0;
	rcu_read_unlock();
	return number;
}

/* The opening that a pointer stands for, of whichever device, and not yet closed */
static struct bt_opening *find_open(const void *client)
{
	struct bt_opening *o;

	hash_for_each_possible_rcu(openings, o, link, (unsigned long)client)
		if (o->key == client && !READ_ONCE(o->closing))
			return o;
	return NULL;
}

/**
 * bt_driver_client_at() - number of the client that a pointer stands for
 * @client: the pointer
 *
 * Context: any but NMI.
 * Return: the number, or 0: it stands for none that is open.
 */
u64 bt_driver_client_at(const void *client)
{
	struct bt_opening *o;
	u64 number;

	rcu_read_lock();
	o = find_open(client);
	number = o ? o->reporter.client.number : 0;
	rcu_read_unlock();
	return number;
}

/**
 * bt_driver_once() - whether something is done for the first time for a client
 * @e: an event of its device
 * @client: pointer that stands for it
 *
 * For what a driver does to a client in ways that can meet.
 *
 * Context: any but NMI.
 * Return: true the first time, and if there is no such client.
 */
bool bt_driver_once(const struct bt_driver_event *e, const void *client)
{
	struct bt_opening *o;
	bool first;

	rcu_read_lock();
	o = find_opening(NULL, e->dev, client);
	first = !o || !atomic_xchg(&o->once, 1);
	rcu_read_unlock();
	return first;
}

/**
 * bt_driver_lost() - some of what drivers did was not told
 * @count: how often, at least
 *
 * Context: any but NMI.
 */
void bt_driver_lost(u64 count)
{
	struct bt_binding *chip;
	unsigned long irq;

	raw_spin_lock_irqsave(&chips_lock, irq);
	list_for_each_entry(chip, &all_chips, all)
		if (!hlist_unhashed(&chip->link))
			bt_lost(chip->dev->tracker, &chip->driver->client,
				count, bt_clock());
	raw_spin_unlock_irqrestore(&chips_lock, irq);
}

/**
 * bt_chip_end() - the driver of a device has let go of it
 * @dev: the struct device that it was bound to, or one in front of that
 *
 * Context: may sleep.
 */
void bt_chip_end(const struct device *dev)
{
	struct bt_binding *chip;
	unsigned long irq;

	mutex_lock(&work_lock);
	raw_spin_lock_irqsave(&chips_lock, irq);
	chip = find_chip(dev) ?: find_chip_by_name(dev_name(dev));
	raw_spin_unlock_irqrestore(&chips_lock, irq);
	/* What files have open yet may be freed when it has come again */
	if (chip)
		chip->leftovers = end_chip(chip) | has_openings(chip);
	mutex_unlock(&work_lock);
}

/* Names of modules have underscores only */
static bool is_name_of(const char *driver, const char *module)
{
	while (*driver && (*driver == '-' ? '_' : *driver) == *module) {
		driver++;
		module++;
	}
	return *driver == *module;
}

/**
 * bt_chips_end_of() - a driver is gone, and so is what it left
 * @module: name of its module
 *
 * Context: may sleep.
 */
void bt_chips_end_of(const char *module)
{
	struct bt_binding *chip;

	mutex_lock(&work_lock);
	/* Chips go under work_lock only, and new ones come at the end */
	list_for_each_entry(chip, &all_chips, all)
		if (is_name_of(chip->dev->driver, module))
			end_chip(chip);
	mutex_unlock(&work_lock);
}

/* What opened a driver's node before is freed when no probe can know of it */
static void reap_openings(void)
{
	struct bt_opening *o, *next;
	LIST_HEAD(ended);

	lockdep_assert_held(&work_lock);
	raw_spin_lock_irq(&chips_lock);
	list_splice_init(&ended_openings, &ended);
	raw_spin_unlock_irq(&chips_lock);
	if (list_empty(&ended))
		return;
	synchronize_rcu();
	list_for_each_entry_safe(o, next, &ended, ended) {
		struct bt_device *dev;

		if (!o->reporter.client.number) {
			destroy_opening(o);
			continue;
		}
		dev = o->chip->dev;
		bt_client_reap(dev->tracker, &o->reporter.client);
		bt_reporter_free_zombies(dev->tracker);
	}
}

static void free_driver(struct bt_binding *chip)
{
	struct bt_client *c = &chip->driver->client;

	if (!c->number) {
		bt_client_fini(c);
		bt_reporter_free(chip->driver);
		return;
	}
	bt_client_end(chip->dev->tracker, c, bt_clock());
	bt_client_reap(chip->dev->tracker, c);
	bt_reporter_free_zombies(chip->dev->tracker);
}

/**
 * bt_binding_create() - prepare a device to be a driver's
 * @dev: the device
 *
 * Context: may sleep.
 * Return: what it needs for that, for bt_binding_destroy(), or NULL: out of memory.
 */
struct bt_binding *bt_binding_create(struct bt_device *dev)
{
	struct bt_binding *chip = kzalloc(sizeof(*chip), GFP_KERNEL);

	if (!chip)
		return NULL;
	INIT_HLIST_NODE(&chip->link);
	INIT_LIST_HEAD(&chip->all);
	chip->dev = dev;
	chip->driver = kzalloc(sizeof(*chip->driver), GFP_KERNEL);
	if (!chip->driver)
		goto free;
	chip->driver->opener.uid = GLOBAL_ROOT_UID;
	if (bt_client_init(&chip->driver->client, true, GFP_KERNEL))
		goto free_driver;
	return chip;

free_driver:
	kfree(chip->driver);
free:
	kfree(chip);
	return NULL;
}

/**
 * bt_binding_offer() - drivers of this name may report into a device
 * @chip: what the device has for it
 */
void bt_binding_offer(struct bt_binding *chip)
{
	raw_spin_lock_irq(&chips_lock);
	chip->has_node = true;
	list_add_tail(&chip->all, &all_chips);
	raw_spin_unlock_irq(&chips_lock);
}

static void end_openings_of(struct bt_binding *chip)
{
	struct bt_opening *o;
	struct hlist_node *next;
	unsigned int i;

	lockdep_assert_held(&chips_lock);
	hash_for_each_safe(openings, i, next, o, link)
		if (o->chip == chip)
			end_opening(o);
}

/**
 * bt_binding_destroy() - no driver reports into a device any more
 * @chip: what the device has for it
 *
 * Context: may sleep.
 */
void bt_binding_destroy(struct bt_binding *chip)
{
	mutex_lock(&work_lock);
	raw_spin_lock_irq(&chips_lock);
	list_del_init(&chip->all);
	if (!hlist_unhashed(&chip->link))
		hlist_del_init_rcu(&chip->link);
	end_openings_of(chip);
	raw_spin_unlock_irq(&chips_lock);
	/* A probe may have found the chip, and begin a client of it yet */
	synchronize_rcu();
	raw_spin_lock_irq(&chips_lock);
	end_openings_of(chip);
	raw_spin_unlock_irq(&chips_lock);
	reap_openings();
	free_driver(chip);
	mutex_unlock(&work_lock);
	kfree(chip);
}

/* Give nodes to the devices that have come */
static void publish_chips(void)
{
	struct bt_binding *chip;

	lockdep_assert_held(&work_lock);
	list_for_each_entry(chip, &all_chips, all) {
		int err;

		if (chip->has_node)
			continue;
		err = bt_device_publish(chip->dev);
		chip->has_node = !err;
		if (err)
			pr_warn_once("%s has no node: error %d\n",
				     chip->dev->name, err);
		else
			pr_info("%s is /dev/buftrack/%u, driven by %s%s\n",
				chip->dev->name, chip->dev->number,
				chip->dev->driver,
				chip->sure ? "" : ", since before it was tracked");
	}
}

static void stock_records(void)
{
	struct bt_binding *chip;

	lockdep_assert_held(&work_lock);
	list_for_each_entry(chip, &all_chips, all) {
		struct bt_tracker *t = chip->dev->tracker;
		unsigned int nr = READ_ONCE(t->pool.nr);

		if (hlist_unhashed(&chip->link))
			bt_pool_trim(t);
		else if (nr < BT_STOCK_RECORDS)
			bt_pool_stock(t, BT_STOCK_RECORDS - nr, GFP_KERNEL);
	}
}

static void put_in_stock(struct bt_binding *chip)
{
	bt_pool_stock(chip->dev->tracker, BT_STOCK_RECORDS, GFP_KERNEL);
	bt_pool_count(chip->dev->tracker, false);
	raw_spin_lock_irq(&chips_lock);
	stock[nr_stock++] = chip;
	raw_spin_unlock_irq(&chips_lock);
}

/* One that was prepared while memory was short, or NULL */
static struct bt_binding *take_poor(void)
{
	struct bt_binding *chip = NULL;
	unsigned int i;

	raw_spin_lock_irq(&chips_lock);
	for (i = 0; !chip && i < nr_stock; i++) {
		if (stock[i]->dev->tracker->pool.nr >= BT_LOW_RECORDS)
			continue;
		chip = stock[i];
		stock[i] = stock[--nr_stock];
		bt_pool_count(chip->dev->tracker, true);
	}
	raw_spin_unlock_irq(&chips_lock);
	return chip;
}

static int stock_chips(void)
{
	struct bt_binding *poor = take_poor();

	lockdep_assert_held(&work_lock);
	if (poor)
		put_in_stock(poor);
	while (READ_ONCE(nr_stock) < BT_STOCK_DEVICES) {
		struct bt_device *dev = bt_device_prepare();

		if (!dev)
			return -ENOMEM;
		put_in_stock(dev->binding);
	}
	return 0;
}

static void stock_openings(void)
{
	lockdep_assert_held(&work_lock);
	while (READ_ONCE(nr_spare_openings) < BT_STOCK_OPENINGS) {
		struct bt_opening *o = create_opening(GFP_KERNEL);

		if (!o)
			return;
		raw_spin_lock_irq(&chips_lock);
		list_add(&o->ended, &spare_openings);
		nr_spare_openings++;
		raw_spin_unlock_irq(&chips_lock);
	}
}

static void drop_spare_openings(void)
{
	struct bt_opening *o, *next;

	list_for_each_entry_safe(o, next, &spare_openings, ended)
		destroy_opening(o);
}

static void finish_ends(void)
{
	struct bt_binding *chip;

	lockdep_assert_held(&work_lock);
	list_for_each_entry(chip, &all_chips, all)
		if (READ_ONCE(chip->unfinished))
			finish_end(chip);
}

static void do_work(struct work_struct *unused)
{
	mutex_lock(&work_lock);
	reap_openings();
	finish_ends();
	publish_chips();
	stock_chips();
	stock_openings();
	stock_records();
	mutex_unlock(&work_lock);
}

/**
 * bt_chips_init() - prepare for devices of drivers
 *
 * Return: 0 or a negative errno.
 */
int __init bt_chips_init(void)
{
	int err;

	get_random_bytes(&id_key, sizeof(id_key));
	mutex_lock(&work_lock);
	err = stock_chips();
	stock_openings();
	mutex_unlock(&work_lock);
	if (err)
		bt_chips_exit();
	return err;
}

/**
 * bt_chips_exit() - drivers tell nothing any more
 *
 * Devices that have no node, prepared ones among them, go; those with one go with
 * the table of devices.
 */
void bt_chips_exit(void)
{
	struct bt_binding *chip, *next;

	/* No probe is left, but what goes yet ends its clients */
	WRITE_ONCE(leaving, true);
	irq_work_sync(&kicker);
	cancel_work_sync(&work);
	list_for_each_entry_safe(chip, next, &all_chips, all)
		if (!chip->has_node)
			bt_device_discard(chip->dev);
	while (nr_stock) {
		struct bt_device *dev = stock[--nr_stock]->dev;

		bt_pool_count(dev->tracker, true);
		bt_device_discard(dev);
	}
	drop_spare_openings();
}
