/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A model of the tracker, written directly from its rules, with plain lists
 *
 * It shares only the names of the counters with the module, so a bug in one shows
 * as a difference.
 */
#ifndef BUFTRACK_TESTS_MODEL_H
#define BUFTRACK_TESTS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <libbuftrack.h>

#include "../../tools/trace/trace.h"

struct counts {
	uint64_t value[BUFTRACK_NR_COUNTERS];
};

struct record {
	struct record *next;
	struct client *owner;
	unsigned int space;
	uint64_t address;
	uint64_t size;
	uint64_t span;
	uint64_t id;
	uint64_t allocated;
	uint64_t freed;
	bool live;
};

struct domain {
	struct record *records;
	uint64_t gap;
	uint64_t evicted;
	uint64_t nr_freed;
};

struct client {
	struct client *next;
	uint64_t number;
	struct device *device;
	struct domain own;
	struct domain *domain;
	uint64_t first_id;
	bool late;
	bool open;
	struct counts counts;
};

struct space {
	const char *name;
	struct counts counts;
};

struct device {
	struct device *next;
	const char *name;
	bool enabled;
	unsigned int nr_spaces;
	struct space spaces[BUFTRACK_MAX_SPACES];
	struct client *clients;
	uint64_t nr_clients;
	uint64_t nr_records;
	struct domain shared;
	struct counts counts;
};

struct model {
	struct device *devices;
	uint64_t max_freed;
	uint64_t max_records;
	uint64_t now;
};

struct event {
	enum trace_op op;
	unsigned int space;
	uint64_t address;
	uint64_t size;
	uint64_t span;
	uint64_t id;
	bool refused;
};

struct device *model_device(struct model *model, const char *name);
unsigned int model_space(struct device *device, const char *name);
struct client *model_open(struct model *model, struct device *device,
			  uint64_t first_id, bool late, bool shared);
void model_close(struct model *model, struct client *client);
void model_gap(struct model *model, struct client *client);
void model_report(struct model *model, struct client *client,
		  const struct event *event);

#endif /* BUFTRACK_TESTS_MODEL_H */
