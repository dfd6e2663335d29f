// SPDX-License-Identifier: GPL-2.0
/*
 * What a record or an event does not say itself
 */
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "owners.h"
#include "../util/err.h"

void copy_name(char *to, const char *from, size_t size)
{
	size_t length = strnlen(from, size - 1);

	memcpy(to, from, length);
	to[length] = '\0';
}

static int compare_owners(const void *a, const void *b)
{
	const struct owner *left = a, *right = b;

	return (left->number > right->number) - (left->number < right->number);
}

static void ask(struct owner *owner, struct buftrack_device *device)
{
	struct buftrack_client *client;
	unsigned int state;

	client = buftrack_device_read_client(device, owner->number);
	if (!client)
		return;
	state = buftrack_client_state(client);
	owner->exited = (state & BUFTRACK_CLIENT_STATE_OPEN) &&
			(state & BUFTRACK_CLIENT_STATE_OPENER_EXITED);
	owner->shared = state & BUFTRACK_CLIENT_STATE_SHARED;
	owner->claimed_pid = buftrack_client_claimed_pid(client);
	copy_name(owner->claimed_name, buftrack_client_claimed_name(client),
		  sizeof(owner->claimed_name));
	buftrack_client_free(client);
}

const struct owner *find_owner(void **owners, struct buftrack_device *device,
			       uint64_t number)
{
	struct owner key = { .number = number }, *owner, **found;

	found = tfind(&key, owners, compare_owners);
	if (found)
		return *found;
	owner = xcalloc(1, sizeof(*owner));
	owner->number = number;
	checked(tsearch(owner, owners, compare_owners));
	ask(owner, device);
	return owner;
}

void drop_owners(void **owners)
{
	tdestroy(*owners, free);
	*owners = NULL;
}

bool has_driver(const struct buftrack_device_status *status)
{
	return strcmp(buftrack_device_status_driver(status), "user");
}

const char *claim_text(unsigned int pid, const char *name,
		       char text[CLAIM_TEXT])
{
	if (pid && *name)
		snprintf(text, CLAIM_TEXT, "pid %u '%s'", pid, name);
	else if (pid)
		snprintf(text, CLAIM_TEXT, "pid %u", pid);
	else if (*name)
		snprintf(text, CLAIM_TEXT, "'%s'", name);
	else
		snprintf(text, CLAIM_TEXT, "-");
	return text;
}

int name_spaces(space_names names, struct buftrack_device *device)
{
	struct buftrack_space *space;
	unsigned int from = 0;

	while ((space = buftrack_device_next_space(device, from))) {
		unsigned int number = buftrack_space_number(space);

		if (number < BUFTRACK_MAX_SPACES)
			copy_name(names[number], buftrack_space_name(space),
				  BUFTRACK_SPACE_NAME_SIZE);
		buftrack_space_free(space);
		from = number + 1;
	}
	return errno == ENOENT ? 0 : fail_errno(REQ_SPACE_INFO, "the spaces");
}

const char *space_name(const space_names names, unsigned int space,
		       char text[BUFTRACK_SPACE_NAME_SIZE])
{
	/* A space that came while the device was asked has no name here. */
	if (space < BUFTRACK_MAX_SPACES && *names[space])
		return names[space];
	snprintf(text, BUFTRACK_SPACE_NAME_SIZE, "#%u", space);
	return text;
}
