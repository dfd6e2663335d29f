/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel stacks that sites of drivers stand for, each asked for once
 *
 * A number stands for one stack on the whole machine, so that one of these will do for
 * all devices. What the kernel tells of none stays a number.
 */
#ifndef BUFTRACK_STACKS_H
#define BUFTRACK_STACKS_H

#include <stdbool.h>
#include <stdio.h>
#include <libbuftrack.h>

/**
 * struct stack - a kernel stack
 * @site: the number that stands for it
 * @frames: lines, the innermost first; NULL: the kernel tells of none
 * @named: the site is in a table that was written
 */
struct stack {
	uint64_t site;
	char *frames;
	bool named;
};

/**
 * struct stacks - those that were asked for
 * @tree: of struct stack
 * @nr: how many
 * @refused: this user may not see any, or the module has none
 */
struct stacks {
	void *tree;
	unsigned int nr;
	bool refused;
};

/**
 * find_stack() - the stack that a site of a driver stands for
 * @stacks: for drop_stacks()
 * @device: whom to ask
 * @site: the site, 0: none
 *
 * Running out of memory ends the command.
 *
 * Return: it, or NULL: none is known.
 */
struct stack *find_stack(struct stacks *stacks, struct buftrack_device *device,
			 uint64_t site);
void drop_stacks(struct stacks *stacks);

/* put_stack() - a line for each frame, after @indent; takes NULL */
void put_stack(FILE *out, const char *indent, const struct stack *stack);

/* put_named_stacks() - those whose sites a table has, by their sites */
void put_named_stacks(const struct stacks *stacks);

#endif /* BUFTRACK_STACKS_H */
