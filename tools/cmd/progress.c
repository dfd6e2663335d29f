// SPDX-License-Identifier: GPL-2.0
/*
 * A progress bar on standard error, if that is a terminal
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

#define NS_PER_SEC UINT64_C(1000000000)

/* What takes no longer than this needs no bar. */
#define PATIENCE (NS_PER_SEC / 2)
#define INTERVAL (NS_PER_SEC / 10)

#define WIDTH 30

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

void progress_begin(struct progress *progress, uint64_t total)
{
	progress->wanted = isatty(STDERR_FILENO);
	progress->shown = false;
	progress->total = total;
	progress->began = now();
	progress->next = progress->began + PATIENCE;
}

static void draw(const struct progress *progress, uint64_t at, uint64_t done,
		 uint64_t elapsed, const char *what)
{
	double rate = done / ((double)elapsed / NS_PER_SEC);
	char bar[WIDTH + 1];
	unsigned int filled;

	if (!progress->total) {
		fprintf(stderr, "\r\033[K%" PRIu64 " %s, %.0f/s", done, what,
			rate);
		return;
	}
	filled = at >= progress->total ? WIDTH :
					 (double)at / progress->total * WIDTH;
	memset(bar, '.', WIDTH);
	memset(bar, '#', filled);
	bar[WIDTH] = '\0';
	fprintf(stderr, "\r\033[K[%s] %3.0f %%, %" PRIu64 " %s, %.0f/s", bar,
		100.0 * at / progress->total, done, what, rate);
}

void progress_show(struct progress *progress, uint64_t at, uint64_t done,
		   const char *what)
{
	uint64_t time;

	if (!progress->wanted)
		return;
	time = now();
	if (time < progress->next)
		return;
	draw(progress, at, done, time - progress->began, what);
	progress->shown = true;
	progress->next = time + INTERVAL;
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fprintf(stderr, "\r\033[K");
	progress->shown = false;
}
