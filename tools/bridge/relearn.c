// SPDX-License-Identifier: GPL-2.0
/*
 * In which spaces a client's addresses are, by the kernel's books
 *
 * The order matters where one address was in several spaces. The kernel's stamps
 * have it.
 */
#include <stdlib.h>

#include "relearn.h"

/* A buffer, and since when it is what it is */
struct known {
	uint64_t since;
	uint64_t address;
	enum space space;
	bool is_live;
};

struct list {
	struct known *known;
	size_t nr;
	size_t room;
};

static int compare(const void *a, const void *b)
{
	const struct known *left = a, *right = b;

	return left->since < right->since ? -1 : left->since > right->since;
}

/* space_of() - which of ours a space of the device is, or NR_SPACES */
static enum space space_of(struct buftrack_device *file, unsigned int number)
{
	for (enum space space = 0; space < ADDRESS_SPACES; space++) {
		struct buftrack_space *found = buftrack_device_find_space(
			file, bridge_space_name(space));
		bool is_it = found && buftrack_space_number(found) == number;

		buftrack_space_free(found);
		if (is_it)
			return space;
	}
	return NR_SPACES;
}

static int add(struct list *list, const struct buftrack_buffer *buffer,
	       enum space space)
{
	bool is_live = buftrack_buffer_state(buffer) &
		       BUFTRACK_RECORD_STATE_LIVE;

	if (list->nr == list->room) {
		size_t room = 2 * list->room + 64;
		struct known *more =
			reallocarray(list->known, room, sizeof(*more));

		if (!more)
			return -1;
		list->known = more;
		list->room = room;
	}
	list->known[list->nr++] = (struct known){
		.since = is_live ? buftrack_buffer_allocated(buffer) :
				   buftrack_buffer_ended(buffer),
		.address = buftrack_buffer_address(buffer),
		.space = space,
		.is_live = is_live,
	};
	return 0;
}

static int take_all(struct list *list, struct buftrack_device *file,
		    struct buftrack_listing *listing)
{
	enum space spaces[BUFTRACK_MAX_SPACES];
	const struct buftrack_buffer *buffer;
	int ret;

	for (unsigned int i = 0; i < BUFTRACK_MAX_SPACES; i++)
		spaces[i] = space_of(file, i);
	while ((ret = buftrack_listing_next(listing, &buffer)) > 0) {
		enum space space = spaces[buftrack_buffer_space(buffer)];

		if (space != NR_SPACES && add(list, buffer, space))
			return -1;
	}
	return ret;
}

static int read_books(struct list *list, const struct account *account)
{
	struct buftrack_filter *filter = buftrack_filter_new();
	struct buftrack_listing *listing = NULL;
	int ret = -1;

	if (filter) {
		buftrack_filter_set_client(filter, account->client);
		buftrack_filter_set_states(filter,
					   BUFTRACK_RECORD_STATE_LIVE |
						   BUFTRACK_RECORD_STATE_FREED);
		listing = buftrack_listing_new(account->file, filter);
	}
	if (listing)
		ret = take_all(list, account->file, listing);
	buftrack_listing_free(listing);
	buftrack_filter_free(filter);
	return ret;
}

int relearn(struct addresses *addresses, const struct account *account)
{
	struct list list = { .nr = 0 };
	int ret = read_books(&list, account);

	if (list.nr)
		qsort(list.known, list.nr, sizeof(*list.known), compare);
	for (size_t i = 0; i < list.nr && !ret; i++) {
		const struct known *known = &list.known[i];

		ret = addresses_note_alloc(addresses, account->id,
					   known->address, known->space);
		if (!ret && !known->is_live)
			addresses_note_free(addresses, account->id,
					    known->address);
	}
	free(list.known);
	return ret;
}
