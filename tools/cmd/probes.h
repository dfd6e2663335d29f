/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The probes of the module: which drivers are covered, and which are not
 */
#ifndef BUFTRACK_PROBES_H
#define BUFTRACK_PROBES_H

#include <stdbool.h>
#include <libbuftrack.h>

/**
 * struct probes - the probes of the module
 * @list: the probes by adapter, @nr of them
 * @nr: number of probes
 * @failed: they could not be read, and a warning was printed
 */
struct probes {
	struct buftrack_probe **list;
	size_t nr;
	bool failed;
};

void probes_read(struct probes *probes);
void probes_free(struct probes *probes);

/* probes_print() - a table of the adapters whose modules are loaded, after their gaps */
void probes_print(const struct probes *probes);

struct json_object;

/* probes_json() - an array; null if the probes are unknown, which [] would hide */
struct json_object *probes_json(const struct probes *probes);

/* probes_cover_any() - whether any driver is covered */
bool probes_cover_any(const struct probes *probes);

/**
 * probes_check() - check that the known drivers that are loaded are covered
 * @probes: the probes
 *
 * Each gap is a line on standard error, which says what to do.
 *
 * Return: 0; EXIT_CONDITION: something is not covered; EXIT_FAILED: it is unknown.
 */
int probes_check(const struct probes *probes);

#endif /* BUFTRACK_PROBES_H */
