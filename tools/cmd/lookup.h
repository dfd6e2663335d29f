/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Looking up devices, clients, spaces and kernel stacks
 */
#ifndef BUFTRACK_LOOKUP_H
#define BUFTRACK_LOOKUP_H

#include <stdbool.h>
#include <stdio.h>
#include <libbuftrack.h>

/* open_control() - the control node, or NULL: it has said why */
struct buftrack_control *open_control(int flags);

/**
 * find_device() - the device of a word
 * @control: the control node
 * @word: its name, its number, or the path of its node
 *
 * Return: how it stands, or NULL: it has said why.
 */
struct buftrack_device_status *find_device(struct buftrack_control *control,
					   const char *word);

/**
 * pick_device() - the one device that a verb is for
 * @control: the control node
 * @word: as above, or NULL: the only one there is
 *
 * Return: how it stands, or NULL: it has said why.
 */
struct buftrack_device_status *pick_device(struct buftrack_control *control,
					   const char *word);

/* open_device() - the node of a device, or NULL: it has said why */
struct buftrack_device *open_device(const struct buftrack_device_status *status,
				    int flags);

/**
 * each_device() - do something for the device of a word, or for all
 * @word: as for find_device(), NULL: all devices
 * @act: what to do: gets the device, how it stands, and @context; returns 0 to
 *	 go on
 * @context: for @act
 *
 * A device that goes away before its turn comes is passed over.
 *
 * Return: 0, or how the command ends: what @act returned, or it has said why.
 */
int each_device(const char *word,
		int (*act)(struct buftrack_device *device,
			   const struct buftrack_device_status *status,
			   void *context),
		void *context);

/* How processes outside of the reader's pid namespace are called, as one */
#define OTHER "other"

/* How one comes to see what is not shown */
#define HOW_TO_SEE "root sees them, and who has CAP_PERFMON"

/**
 * struct owner - what is known of a client beside its records
 * @number: its number
 * @claimed_pid: as declared, 0: none
 * @exited: the opener is gone, though the file is open
 * @shared: it reports into the device's shared domain
 * @claimed_name: as declared
 */
struct owner {
	uint64_t number;
	unsigned int claimed_pid;
	bool exited;
	bool shared;
	char claimed_name[BUFTRACK_CLAIMED_NAME_SIZE];
};

/**
 * find_owner() - what is known of a client, asked for once
 * @owners: of the device, for drop_owners()
 * @device: the device
 * @number: of the client
 *
 * Running out of memory ends the command.
 *
 * Return: what is known, or no more than the number.
 */
const struct owner *find_owner(void **owners, struct buftrack_device *device,
			       uint64_t number);
void drop_owners(void **owners);

/* has_driver() - whether a kernel driver announced the device */
bool has_driver(const struct buftrack_device_status *status);

/* claim_text() - what a client says of itself: "pid 12 'llama'", "-": nothing */
#define CLAIM_TEXT (BUFTRACK_CLAIMED_NAME_SIZE + 24)
const char *claim_text(unsigned int pid, const char *name,
		       char text[CLAIM_TEXT]);

/* The names of a device's spaces, by their numbers; "": not known */
typedef char space_names[BUFTRACK_MAX_SPACES][BUFTRACK_SPACE_NAME_SIZE];

/* name_spaces() - ask for them; returns 0, or how the command ends */
int name_spaces(space_names names, struct buftrack_device *device);

/* space_name() - "#3" if it is not known */
const char *space_name(const space_names names, unsigned int space,
		       char text[BUFTRACK_SPACE_NAME_SIZE]);

/* copy_name() - what fits of it, with a NUL at the end */
void copy_name(char *to, const char *from, size_t size);

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

/**
 * change_device() - do something to one device
 * @word: which, as for pick_device(); NULL: the only one
 * @change: does it; returns 0, or how the command ends: it has said why. Gets
 *	    the device, how it stands, and @context
 * @context: for @change
 *
 * Return: how the command ends.
 */
int change_device(const char *word,
		  int (*change)(struct buftrack_device *device,
				const struct buftrack_device_status *status,
				void *context),
		  void *context);

#endif /* BUFTRACK_LOOKUP_H */
