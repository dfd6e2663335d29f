// SPDX-License-Identifier: GPL-2.0
/*
 * The audit after each card test: only the drivers' own clients are left, and the kernel
 * has not been tainted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "card.h"

#define SETTLE_MS 5000

/* Bad page, oops, warning, soft lockup */
#define TAINT_MASK (1 << 5 | 1 << 7 | 1 << 9 | 1 << 14)

static unsigned long known_taint;

static unsigned long read_taint(void)
{
	char text[32];

	read_file("/proc/sys/kernel/tainted", text, sizeof(text));
	return strtoul(text, NULL, 10) & TAINT_MASK;
}

void audit_begin(void)
{
	known_taint = read_taint();
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

static bool clients_have_ended(void)
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
	bool passes = clients_have_ended();

	if (read_taint() != known_taint) {
		printf("# the kernel is tainted: %#lx\n", read_taint());
		known_taint = read_taint();
		passes = false;
	}
	return passes;
}
