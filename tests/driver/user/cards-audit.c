// SPDX-License-Identifier: GPL-2.0
/*
 * The audit after each test of a real driver: no client is left but the drivers
 * themselves, nobody is blamed, and the kernel has not complained.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "card.h"

#define SETTLE_MS 5000

/* Taints that tell of trouble: bad page, oops, warning, soft lockup */
#define TROUBLE (1 << 5 | 1 << 7 | 1 << 9 | 1 << 14)

static unsigned long tainted;

static unsigned long trouble(void)
{
	char text[32];

	read_file("/proc/sys/kernel/tainted", text, sizeof(text));
	return strtoul(text, NULL, 10) & TROUBLE;
}

void audit_begin(void)
{
	tainted = trouble();
}

static bool has_clients(void)
{
	struct buftrack_device_info info = {};
	int control = open_control(O_RDONLY);
	bool has = false;
	__u32 number = 0;

	while (!has && next_device(control, number, &info)) {
		has = info.nr_clients > 1;
		number = info.device + 1;
	}
	close(control);
	return has;
}

static bool settles(void)
{
	unsigned int ms;

	for (ms = 0; ms < SETTLE_MS; ms++) {
		if (!has_clients())
			return true;
		usleep(1000);
	}
	printf("# clients are left\n");
	return false;
}

bool audit_passes(void)
{
	bool passes = settles();

	if (trouble() != tainted) {
		printf("# the kernel complained: tainted is %#lx\n", trouble());
		tainted = trouble();
		passes = false;
	}
	return passes;
}
