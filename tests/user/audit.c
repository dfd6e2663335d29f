// SPDX-License-Identifier: GPL-2.0
/*
 * The audit after each test: its processes are gone, so the module must keep
 * nothing of them, and the kernel must not have complained. It restores changed
 * parameters.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "abi.h"
#include "helper.h"
#include "module.h"

#define MAX_PARAMETERS 16
#define SETTLE_SECONDS 60

/* Taint flags that mean trouble: bad page, oops, warning, soft lockup */
#define BAD_TAINTS (1 << 5 | 1 << 7 | 1 << 9 | 1 << 14)

static struct {
	char name[64];
	char value[32];
} parameters[MAX_PARAMETERS];
static unsigned int nr_parameters;
static unsigned long tainted;
static struct buftrack_info before;

static unsigned long bad_taints(void)
{
	char text[32];

	read_file("/proc/sys/kernel/tainted", text, sizeof(text));
	return strtoul(text, NULL, 10) & BAD_TAINTS;
}

static void save_parameters(void)
{
	DIR *dir = opendir(PARAMETER_DIR);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		unsigned int i = nr_parameters;

		if (entry->d_name[0] == '.' || i == MAX_PARAMETERS)
			continue;
		snprintf(parameters[i].name, sizeof(parameters[i].name),
			 "%.63s", entry->d_name);
		get_parameter(entry->d_name, parameters[i].value,
			      sizeof(parameters[i].value));
		nr_parameters++;
	}
	if (dir)
		closedir(dir);
}

/* Parameters that are read only at load need a reload */
static bool restore_parameter(const char *name, const char *value)
{
	char path[128], now[sizeof(parameters[0].value)];
	struct stat stat_buffer;

	snprintf(path, sizeof(path), PARAMETER_DIR "/%.63s", name);
	if (stat(path, &stat_buffer))
		return false;
	get_parameter(name, now, sizeof(now));
	if (!strcmp(now, value))
		return true;
	if (stat_buffer.st_mode & 0200)
		set_parameter(name, value);
	return stat_buffer.st_mode & 0200;
}

static void restore_parameters(void)
{
	bool restored = true;
	unsigned int i;

	for (i = 0; i < nr_parameters; i++)
		restored &= restore_parameter(parameters[i].name,
					      parameters[i].value);
	if (restored)
		return;
	unload_module();
	if (load_module(""))
		printf("# the module cannot be loaded again\n");
}

static int read_info(struct buftrack_info *info)
{
	int fd = open(CONTROL_NODE, O_RDONLY), err;

	memset(info, 0, sizeof(*info));
	if (fd < 0)
		return errno;
	err = CALL(fd, INFO, info);
	close(fd);
	return err;
}

void audit_begin(void)
{
	int err = read_info(&before);

	if (err) {
		printf("Bail out! " CONTROL_NODE ": %s\n", strerror(err));
		exit(1);
	}
	save_parameters();
	tainted = bad_taints();
}

/* The kernel may close the last files of a test a little later */
static bool has_leftovers(void)
{
	__u64 deadline = now_ns() + SETTLE_SECONDS * 1000000000ULL;
	struct buftrack_info info;
	int err;

	do {
		err = read_info(&info);
		if (!err && info.nr_devices == before.nr_devices &&
		    info.nr_records == before.nr_records)
			return false;
		usleep(1000);
	} while (now_ns() < deadline);
	printf("# left behind: %d devices, %lld records (%s)\n",
	       (int)(info.nr_devices - before.nr_devices),
	       (long long)(info.nr_records - before.nr_records), strerror(err));
	return true;
}

/* Returns false if the test left something; the next test starts from the new state */
bool audit_passes(void)
{
	bool passes = !has_leftovers();

	if (bad_taints() != tainted) {
		printf("# the kernel complained: tainted is %#lx\n",
		       bad_taints());
		tainted = bad_taints();
		passes = false;
	}
	restore_parameters();
	if (!passes && read_info(&before))
		printf("# " CONTROL_NODE " is gone\n");
	return passes;
}
