/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Looking up devices, clients, spaces and kernel stacks
 *
 * Running out of memory ends the command.
 */
#ifndef BUFTRACK_LOOKUP_H
#define BUFTRACK_LOOKUP_H

#include <stdbool.h>
#include <stdio.h>
#include <libbuftrack.h>

#include "../util/err.h"

/* open_control() - open the control node; NULL after an error message */
struct buftrack_control *open_control(int flags);

/**
 * find_device() - look up a device
 * @control: the control node
 * @word: name, number or node path of the device
 *
 * Return: its status, or NULL after an error message.
 */
struct buftrack_device_status *find_device(struct buftrack_control *control,
					   const char *word);

/* may_be_gone() - true if errno says that a device was removed */
bool may_be_gone(void);

/* fail_device() - fail_errno() with the number and name of a device */
int fail_device(enum err_request request,
		const struct buftrack_device_status *status);

/* A function for a device: returns 0, or an exit status after a message */
typedef int device_function(struct buftrack_device *device,
			    const struct buftrack_device_status *status,
			    void *context);

/**
 * each_device() - call a function for one device, or for all
 * @word: device as for find_device(); NULL: all devices
 * @function: the function, called until it does not return 0
 * @context: its third argument
 *
 * With all devices, one that is removed before its turn is skipped.
 *
 * Return: 0, or an exit status after an error message.
 */
int each_device(const char *word, device_function *function, void *context);

/**
 * change_device() - call a function for one device, whose node is open for writing
 * @word: device as for find_device(); NULL: the only device there is
 * @function: the function
 * @context: its third argument
 *
 * Return: what @function returned, or an exit status after an error message.
 */
int change_device(const char *word, device_function *function, void *context);

/* The name of all processes outside the reader's pid namespace */
#define OTHER "other"

#define HOW_TO_SEE "showing them requires root or CAP_PERFMON"

/**
 * struct owner - properties of a client that its records do not carry
 * @number: number of the client
 * @claimed_pid: pid that it declared, 0: none
 * @exited: the process that opened it has exited, though the file is open
 * @shared: it reports into the device's shared domain
 * @claimed_name: name that it declared
 */
struct owner {
	uint64_t number;
	unsigned int claimed_pid;
	bool exited;
	bool shared;
	char claimed_name[BUFTRACK_CLAIMED_NAME_SIZE];
};

/**
 * find_owner() - look up a client; it is read from the kernel once
 * @owners: cache of one device, for drop_owners()
 * @device: the device
 * @number: number of the client
 *
 * Return: the client. If the kernel does not know it, only the number is set.
 */
const struct owner *find_owner(void **owners, struct buftrack_device *device,
			       uint64_t number);
void drop_owners(void **owners);

/* has_driver() - true if a kernel driver registered the device */
bool has_driver(const struct buftrack_device_status *status);

/* claim_text() - the claim of a client: "pid 12 'llama'", or "-" without one */
#define CLAIM_TEXT (BUFTRACK_CLAIMED_NAME_SIZE + 24)
const char *claim_text(unsigned int pid, const char *name,
		       char text[CLAIM_TEXT]);

/* The names of a device's spaces, by number; "" if unknown */
typedef char space_names[BUFTRACK_MAX_SPACES][BUFTRACK_SPACE_NAME_SIZE];

/* read_spaces() - read the names; returns 0, or an exit status after a message */
int read_spaces(space_names names, struct buftrack_device *device);

/* space_name() - the name of a space, or "#3" if it is unknown */
const char *space_name(const space_names names, unsigned int space,
		       char text[BUFTRACK_SPACE_NAME_SIZE]);

/* copy_name() - copy a name, cut to fit, with a NUL at the end */
void copy_name(char *to, const char *from, size_t size);

/**
 * struct stack - a kernel stack
 * @site: number of the stack, unique on the machine
 * @frames: one line per frame, innermost first; NULL: the kernel does not know it
 * @named: a printed table shows the site
 */
struct stack {
	uint64_t site;
	char *frames;
	bool named;
};

/**
 * struct stacks - cache of kernel stacks, for all devices
 * @tree: tree of struct stack
 * @nr: number of stacks
 * @refused: the reader may not see stacks, or the module has none
 */
struct stacks {
	void *tree;
	unsigned int nr;
	bool refused;
};

/**
 * find_stack() - look up the kernel stack of a driver's site; it is read once
 * @stacks: the cache, for drop_stacks()
 * @device: any device
 * @site: the site; 0: none
 *
 * Return: the stack, or NULL if it is unknown.
 */
struct stack *find_stack(struct stacks *stacks, struct buftrack_device *device,
			 uint64_t site);
void drop_stacks(struct stacks *stacks);

/* print_stack() - print @indent and a frame on each line; @stack may be NULL */
void print_stack(FILE *out, const char *indent, const struct stack *stack);

/* print_named_stacks() - print the stacks that are @named, by site */
void print_named_stacks(const struct stacks *stacks);

#endif /* BUFTRACK_LOOKUP_H */
