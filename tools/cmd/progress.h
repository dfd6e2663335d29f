/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A progress bar on standard error, if that is a terminal
 */
#ifndef BUFTRACK_PROGRESS_H
#define BUFTRACK_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct progress - how far something has come
 * @wanted: there is a terminal to show it on
 * @shown: there is a bar on it now
 * @total: where the end is, 0: nobody knows
 * @began: when, in ns
 * @next: when to draw again
 */
struct progress {
	bool wanted;
	bool shown;
	uint64_t total;
	uint64_t began;
	uint64_t next;
};

/* progress_begin() - @total is where the end is, 0 if nobody knows */
void progress_begin(struct progress *progress, uint64_t total);

/* progress_show() - draw the bar, if it is time to; @what counts @done things */
void progress_show(struct progress *progress, uint64_t at, uint64_t done,
		   const char *what);

/* progress_end() - take the bar away */
void progress_end(struct progress *progress);

#endif /* BUFTRACK_PROGRESS_H */
