// SPDX-License-Identifier: GPL-2.0
/* /sys/class/buftrack/buftrack<n>/: one value per file */
#include <linux/device.h>
#include <linux/sysfs.h>
#include "../device.h"
#include "chardev.h"
#include "drain.h"

static void bt_sysfs_read_totals(struct device *d, struct bt_counters *counters)
{
	bt_drain_device(to_bt_device(d));
	bt_tracker_read_counters(to_bt_device(d)->tracker,
				 BUFTRACK_SCOPE_DEVICE, 0, counters);
}

static ssize_t name_show(struct device *d, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%s\n", to_bt_device(d)->name);
}
static DEVICE_ATTR_RO(name);

static ssize_t driver_show(struct device *d, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%s\n", bt_device_driver(to_bt_device(d)));
}
static DEVICE_ATTR_RO(driver);

static ssize_t enabled_show(struct device *d, struct device_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%d\n",
			  READ_ONCE(to_bt_device(d)->tracker->enabled));
}
static DEVICE_ATTR_RO(enabled);

static ssize_t live_bytes_show(struct device *d, struct device_attribute *attr,
			       char *buf)
{
	struct bt_counters counters;

	bt_sysfs_read_totals(d, &counters);
	return sysfs_emit(buf, "%llu\n", counters.v[BUFTRACK_COUNTER_LIVE_BYTES]);
}
static DEVICE_ATTR_RO(live_bytes);

/* Every verdict of a free except ok and disabled */
static const enum buftrack_counter bt_wrong_frees[] = {
	BUFTRACK_COUNTER_DOUBLE_FREES,
	BUFTRACK_COUNTER_STALE_FREES,
	BUFTRACK_COUNTER_FOREIGN_FREES,
	BUFTRACK_COUNTER_SIZE_MISMATCHES,
	BUFTRACK_COUNTER_REFUSED_FREES,
	BUFTRACK_COUNTER_INVALID_FREES,
	BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH,
	BUFTRACK_COUNTER_UNKNOWN_FREES_GAP,
	BUFTRACK_COUNTER_UNKNOWN_FREES_EVICTED,
	BUFTRACK_COUNTER_UNKNOWN_FREES_OTHER_ID,
	BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER,
};

/* Six verdicts are not wrong frees: ok, disabled, and those of allocs and uses */
static_assert(ARRAY_SIZE(bt_wrong_frees) == BUFTRACK_NR_VERDICTS - 6);

static ssize_t wrong_frees_show(struct device *d, struct device_attribute *attr,
				char *buf)
{
	struct bt_counters counters;
	u64 wrong = 0;
	u32 i;

	bt_sysfs_read_totals(d, &counters);
	for (i = 0; i < ARRAY_SIZE(bt_wrong_frees); i++)
		wrong += counters.v[bt_wrong_frees[i]];
	return sysfs_emit(buf, "%llu\n", wrong);
}
static DEVICE_ATTR_RO(wrong_frees);

static struct attribute *bt_device_attrs[] = {
	&dev_attr_name.attr,
	&dev_attr_driver.attr,
	&dev_attr_enabled.attr,
	&dev_attr_live_bytes.attr,
	&dev_attr_wrong_frees.attr,
	NULL
};

static const struct attribute_group bt_device_group = {
	.attrs = bt_device_attrs,
};

const struct attribute_group *bt_device_groups[] = {
	&bt_device_group,
	NULL
};
