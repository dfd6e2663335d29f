// SPDX-License-Identifier: GPL-2.0
/*
 * A module that misbehaves on request, to test that the test machine notices: echo
 * WHAT > /sys/module/complain/parameters/about
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static DEFINE_SPINLOCK(first);
static DEFINE_SPINLOCK(second);

static void warn(void)
{
	WARN_ON(1);
}

/*
 * Leaks all its allocations; there are so many that stale pointers cannot hide all
 * of them.
 */
static void leak(void)
{
	int i;

	for (i = 0; i < 8; i++) {
		char *forgotten = kmalloc(100, GFP_KERNEL);

		if (forgotten)
			WRITE_ONCE(forgotten[0], 1);
	}
}

static void use_after_free(void)
{
	char *gone = kmalloc(100, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(gone);
	kfree(gone);
	WRITE_ONCE(gone[3], 1);
}

static void lock_both(spinlock_t *a, spinlock_t *b)
{
	spin_lock(a);
	spin_lock(b);
	spin_unlock(b);
	spin_unlock(a);
}

static void lock_in_both_orders(void)
{
	lock_both(&first, &second);
	lock_both(&second, &first);
}

static void shift_too_far(void)
{
	int bits = 40;

	OPTIMIZER_HIDE_VAR(bits);
	pr_info("%d\n", 1 << bits);
}

static void crash(void)
{
	WRITE_ONCE(*(int *)NULL, 1);
}

static const struct {
	const char *word;
	void (*act)(void);
} acts[] = {
	{ "warn", warn },
	{ "leak", leak },
	{ "use_after_free", use_after_free },
	{ "locks", lock_in_both_orders },
	{ "shift", shift_too_far },
	{ "crash", crash },
};

static int about_set(const char *word, const struct kernel_param *kp)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(acts); i++) {
		if (sysfs_streq(word, acts[i].word)) {
			acts[i].act();
			return 0;
		}
	}
	return -EINVAL;
}

static const struct kernel_param_ops about_ops = { .set = about_set };
module_param_cb(about, &about_ops, NULL, 0200);
MODULE_PARM_DESC(about, "complaint that the kernel shall make now");

MODULE_DESCRIPTION("Misbehaves on request, for tests of the test machine");
MODULE_LICENSE("GPL");
