// SPDX-License-Identifier: GPL-2.0
/*
 * A program that reports its device buffers to buftrack
 *
 *   cc report.c $(pkg-config --cflags --libs libbuftrack) -o report
 *   ./report [DEVICE]
 *
 * Afterwards "buftrack events" shows the second free, and "buftrack remaining" the buffer
 * that was never freed. Without the module the program runs the same.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <libbuftrack.h>

#define KIB 1024

int main(int argc, char **argv)
{
	const char *device = argc > 1 ? argv[1] : "example";
	struct buftrack_reporter *reporter;
	int verdict;

	reporter = buftrack_attach(device, "DRAM", 1024 * KIB);
	if (!reporter)
		printf("reports are off: %s\n", strerror(errno));

	/* After the allocator returned; the last number is the buffer's own identity */
	buftrack_alloc(reporter, 0, 0x1000, 4 * KIB, 1);
	buftrack_alloc(reporter, 0, 0x2000, 8 * KIB, 2);

	/* Before the memory can be handed out again */
	buftrack_free(reporter, 0, 0x1000, 1);

	/* The verdict can keep the program from doing harm */
	verdict = buftrack_judge_free(reporter, 0, 0x1000, 1);
	if (verdict > BUFTRACK_VERDICT_OK)
		printf("not freed: %s, %s\n", buftrack_verdict_name(verdict),
		       buftrack_verdict_meaning(verdict));

	buftrack_detach(reporter);
	return 0;
}
