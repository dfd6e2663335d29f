/* SPDX-License-Identifier: GPL-2.0 */
/*
 * --space NAME[=CAPACITY], of device add and device set
 */
#ifndef BUFTRACK_SPACES_H
#define BUFTRACK_SPACES_H

#include <stdbool.h>
#include <libbuftrack.h>

struct args;

/**
 * struct space_list - spaces to add
 * @nr: how many
 * @spaces: their names, as given, and capacities, 0 where unknown
 */
struct space_list {
	unsigned int nr;
	struct {
		const char *name;
		uint64_t capacity;
	} spaces[BUFTRACK_MAX_SPACES];
};

/**
 * spaces_option() - take one --space
 * @args: its value, which is cut at the '=', and for the complaint
 * @list: where to put it
 * @needs_capacity: whether it must have one
 *
 * Return: 0, or OPTIONS_BAD: it has complained.
 */
int spaces_option(const struct args *args, struct space_list *list,
		  bool needs_capacity);

/* spaces_add() - add them; returns 0, or how the command ends: it has said why */
int spaces_add(struct buftrack_device *device, const struct space_list *list);

#endif /* BUFTRACK_SPACES_H */
