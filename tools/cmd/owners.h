/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a record or an event does not say itself: names of spaces, and what its
 * client claims
 */
#ifndef BUFTRACK_OWNERS_H
#define BUFTRACK_OWNERS_H

#include <stdbool.h>
#include <libbuftrack.h>

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

#endif /* BUFTRACK_OWNERS_H */
