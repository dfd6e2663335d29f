// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel stacks that sites of drivers stand for
 */
#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>

#include "cmd.h"
#include "../util/err.h"
#include "stacks.h"
#include "../util/text.h"

static int compare_stacks(const void *a, const void *b)
{
	const struct stack *left = a, *right = b;

	return (left->site > right->site) - (left->site < right->site);
}

static void free_stack(void *pointer)
{
	struct stack *stack = pointer;

	free(stack->frames);
	free(stack);
}

/* Who is refused once is refused always: asking for the others costs for nothing. */
static char *ask(struct stacks *stacks, struct buftrack_device *device,
		 uint64_t site)
{
	char *frames;

	if (stacks->refused)
		return NULL;
	frames = buftrack_device_read_stack(device, site);
	if (!frames) {
		stacks->refused = errno == EPERM || errno == ENOTTY ||
				  errno == EOPNOTSUPP;
	} else if (!*frames) {
		free(frames);
		frames = NULL;
	}
	return frames;
}

static struct stack *add_stack(struct stacks *stacks,
			       struct buftrack_device *device, uint64_t site)
{
	struct stack *stack = xcalloc(1, sizeof(*stack));

	stack->site = site;
	stack->frames = ask(stacks, device, site);
	checked(tsearch(stack, &stacks->tree, compare_stacks));
	stacks->nr++;
	return stack;
}

struct stack *find_stack(struct stacks *stacks, struct buftrack_device *device,
			 uint64_t site)
{
	struct stack key = { .site = site }, **found, *stack;

	if (!site)
		return NULL;
	found = tfind(&key, &stacks->tree, compare_stacks);
	stack = found ? *found : add_stack(stacks, device, site);
	return stack->frames ? stack : NULL;
}

void drop_stacks(struct stacks *stacks)
{
	tdestroy(stacks->tree, free_stack);
	stacks->tree = NULL;
	stacks->nr = 0;
}

/* What is in the name of a module may be anything, but no order to a terminal. */
static void put_frame_byte(FILE *out, unsigned char c)
{
	putc(c < ' ' || c == 0x7f ? '?' : c, out);
}

void put_stack(FILE *out, const char *indent, const struct stack *stack)
{
	const char *at = stack ? stack->frames : "";

	while (*at) {
		fputs(indent, out);
		for (; *at && *at != '\n'; at++)
			put_frame_byte(out, *at);
		putc('\n', out);
		at += *at == '\n';
	}
}

static void put_named(const void *node, VISIT visit, void *context)
{
	const struct stack *stack = *(struct stack *const *)node;

	(void)context;
	if ((visit != postorder && visit != leaf) || !stack->named)
		return;
	printf("\n%sstack 0x%" PRIx64 "%s\n", bold(), stack->site, plain());
	put_stack(stdout, "  ", stack);
}

void put_named_stacks(const struct stacks *stacks)
{
	twalk_r(stacks->tree, put_named, NULL);
}
