// SPDX-License-Identifier: GPL-2.0
/*
 * Connections kept across a restart
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "internal.h"

#define NAME_SIZE 80

/* Offset of the counts behind the page, for any size of a page of memory */
#define COUNTS_OFFSET 65536

_Static_assert(sizeof(struct fdstore_page) <= COUNTS_OFFSET,
	       "the counts follow the page");

/* An unused place has @count 0 and the number of the next one in @address. */
struct kept_count {
	uint64_t address;
	uint64_t size;
	uint32_t device;
	uint32_t count;
	uint16_t space;
	uint16_t was_alias;
	int32_t claimed;
};

/* --- keeping */

static void store(uint64_t serial, const char *what, int fd)
{
	char state[128];

	snprintf(state, sizeof(state), "FDSTORE=1\nFDNAME=%" PRIu64 ".%s",
		 serial, what);
	sd_pid_notify_with_fds(0, 0, state, &fd, 1);
}

static void unstore(const char *name)
{
	char state[512];

	snprintf(state, sizeof(state), "FDSTOREREMOVE=1\nFDNAME=%s", name);
	sd_notify(0, state);
}

/* When the bridge itself ends, the files stay for the next one. */
static void unstore_part(const struct fdstore_slot *slot,
			 const struct bridge *bridge, const char *what)
{
	char name[NAME_SIZE + 32];

	if (bridge->is_ending)
		return;
	snprintf(name, sizeof(name), "%" PRIu64 ".%s", slot->serial, what);
	unstore(name);
}

static struct fdstore_page *map_page(int fd)
{
	void *page = mmap(NULL, sizeof(struct fdstore_page),
			  PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return page == MAP_FAILED ? NULL : page;
}

static void unmap_page(struct fdstore_page *page)
{
	if (page)
		munmap(page, sizeof(*page));
}

static struct fdstore_page *new_page(struct fdstore_slot *slot)
{
	slot->fd = memfd_create("buftrack-bridge", MFD_CLOEXEC);
	if (slot->fd < 0)
		return NULL;
	if (!ftruncate(slot->fd, sizeof(struct fdstore_page)))
		slot->page = map_page(slot->fd);
	if (!slot->page)
		close(slot->fd);
	return slot->page;
}

static void keep_connection(struct fdstore_slot *slot, struct bridge *bridge,
			    int socket, const struct identity *identity)
{
	if (!new_page(slot))
		return;
	*slot->page = (struct fdstore_page){
		.version = FDSTORE_VERSION,
		.is_busy = 1,
		.is_late = identity->is_late,
		.claimed = identity->claimed,
	};
	slot->serial = ++bridge->serial;
	store(slot->serial, "socket", socket);
	store(slot->serial, "state", slot->fd);
}

static const char *client_name(const struct client *client, char *name)
{
	snprintf(name, NAME_SIZE, "%d.%" PRIu64 ".%d", client->id, client->kept,
		 client->claimed);
	return name;
}

void fdstore_keep_client(struct fdstore_slot *slot, struct bridge *bridge,
			 int socket, const struct identity *identity,
			 struct client *client)
{
	char name[NAME_SIZE];

	if (!bridge->keeps || !client->file || client->kept == client->number)
		return;
	fdstore_drop_client(slot, bridge, client);
	if (!slot->serial)
		keep_connection(slot, bridge, socket, identity);
	if (!slot->serial)
		return;
	client->kept = client->number;
	store(slot->serial, client_name(client, name),
	      buftrack_device_fd(client->file));
}

void fdstore_mark_busy(struct fdstore_slot *slot)
{
	if (slot->serial)
		slot->page->is_busy = 1;
}

void fdstore_save(struct fdstore_slot *slot, const struct framing *framing)
{
	struct fdstore_page *page = slot->page;

	if (!slot->serial)
		return;
	page->size = framing->size;
	page->is_early = framing->is_early;
	page->nr_held = framing->nr_held;
	memcpy(page->held, framing->held, framing->nr_held);
	page->is_busy = 0;
}

void fdstore_drop_client(struct fdstore_slot *slot, const struct bridge *bridge,
			 struct client *client)
{
	char name[NAME_SIZE];

	if (client->kept)
		unstore_part(slot, bridge, client_name(client, name));
	client->kept = 0;
}

void fdstore_drop(struct fdstore_slot *slot, const struct bridge *bridge,
		  int socket)
{
	if (!slot->serial)
		return;
	/* The peer sees the end without waiting for systemd to close its file. */
	if (!bridge->is_ending)
		shutdown(socket, SHUT_RDWR);
	unstore_part(slot, bridge, "socket");
	unstore_part(slot, bridge, "state");
	unmap_page(slot->page);
	close(slot->fd);
	*slot = (struct fdstore_slot){ .serial = 0 };
}

/* --- counts */

static off_t count_offset(uint32_t place)
{
	return COUNTS_OFFSET +
	       (off_t)(place - 1) * (off_t)sizeof(struct kept_count);
}

static int read_count(const struct fdstore_slot *slot, uint32_t place,
		      struct kept_count *kept)
{
	return pread(slot->fd, kept, sizeof(*kept), count_offset(place)) ==
			       sizeof(*kept) ?
		       0 :
		       -1;
}

/* write_count() - @place, or 0 if it could not be written */
static uint32_t write_count(struct fdstore_slot *slot, uint32_t place,
			    const struct kept_count *kept)
{
	if (pwrite(slot->fd, kept, sizeof(*kept), count_offset(place)) ==
	    sizeof(*kept))
		return place;
	slot->page->is_incomplete = 1;
	return 0;
}

static uint32_t take_place(struct fdstore_slot *slot)
{
	uint32_t place = slot->unused;
	struct kept_count kept;

	if (!place)
		return ++slot->nr_counts;
	slot->unused = read_count(slot, place, &kept) ? 0 : kept.address;
	return place;
}

static void leave_place(struct fdstore_slot *slot, uint32_t place)
{
	const struct kept_count kept = { .address = slot->unused };

	slot->unused = write_count(slot, place, &kept);
}

uint32_t fdstore_keep_count(struct fdstore_slot *slot, int32_t claimed,
			    uint32_t place, const struct address_count *count)
{
	const struct kept_count kept = {
		.address = count->address,
		.size = count->size,
		.device = count->device,
		.count = count->count,
		.space = count->space,
		.was_alias = count->was_alias,
		.claimed = claimed,
	};

	if (!slot->serial)
		return 0;
	if (count->count)
		return write_count(slot, place ? place : take_place(slot),
				   &kept);
	if (place)
		leave_place(slot, place);
	return 0;
}

/* read_counts() - all kept counts; NULL when out of memory */
static struct kept_count *read_counts(const struct fdstore_slot *slot,
				      uint32_t *nr)
{
	off_t size = lseek(slot->fd, 0, SEEK_END) - COUNTS_OFFSET;
	struct kept_count *counts;

	*nr = size > 0 ? size / sizeof(*counts) : 0;
	counts = calloc(*nr + 1, sizeof(*counts));
	for (uint32_t i = 0; counts && i < *nr; i++)
		if (read_count(slot, i + 1, &counts[i]))
			counts[i].count = 0;
	return counts;
}

static int restore_count(const struct kept_count *kept,
			 int (*restore)(void *context, int32_t claimed,
					const struct address_count *count),
			 void *context)
{
	const struct address_count count = {
		.address = kept->address,
		.size = kept->size,
		.device = kept->device,
		.count = kept->count,
		.space = kept->space,
		.was_alias = kept->was_alias,
	};

	return kept->count ? restore(context, kept->claimed, &count) : 0;
}

int fdstore_restore_counts(struct fdstore_slot *slot,
			   int (*restore)(void *context, int32_t claimed,
					  const struct address_count *count),
			   void *context)
{
	uint32_t nr, was_busy = slot->page->is_busy;
	struct kept_count *counts = read_counts(slot, &nr);
	int ret = counts && !slot->page->is_incomplete ? 0 : -1;

	/* If the bridge dies meanwhile, the file is half rewritten. */
	slot->page->is_busy = 1;
	if (ftruncate(slot->fd, COUNTS_OFFSET))
		ret = -1;
	for (uint32_t i = 0; i < nr && !ret; i++)
		ret = restore_count(&counts[i], restore, context);
	slot->page->is_busy = was_busy;
	free(counts);
	return ret;
}

/* --- restoring */

static int parse_name(const char *name, struct fdstore_file *file)
{
	char what[16];
	int end = 0;

	if (sscanf(name, "%" SCNu64 ".%d.%" SCNu64 ".%d%n", &file->serial,
		   &file->device, &file->client, &file->claimed, &end) == 4 &&
	    end && !name[end]) {
		file->kind = FDSTORE_CLIENT;
		return file->device < 0 || file->device >= WIRE_DEVICES;
	}
	if (sscanf(name, "%" SCNu64 ".%15s", &file->serial, what) != 2)
		return -1;
	file->kind = strcmp(what, "socket") ? FDSTORE_STATE : FDSTORE_SOCKET;
	return 0;
}

/* By connection: its socket, its state, its clients */
static int compare_files(const void *a, const void *b)
{
	const struct fdstore_file *left = a, *right = b;

	if (left->serial != right->serial)
		return left->serial < right->serial ? -1 : 1;
	return (int)left->kind - (int)right->kind;
}

static unsigned int parse_files(struct fdstore_file *files, const int *fds,
				char *const *names, unsigned int nr)
{
	unsigned int nr_files = 0;

	for (unsigned int i = 0; i < nr; i++) {
		struct fdstore_file file = { .fd = fds[i] };

		if (parse_name(names[i], &file)) {
			unstore(names[i]);
			close(fds[i]);
			continue;
		}
		files[nr_files++] = file;
	}
	qsort(files, nr_files, sizeof(*files), compare_files);
	return nr_files;
}

/* discard() - remove files of an incomplete connection; its clients end */
static void discard(const struct fdstore_file *files, unsigned int nr)
{
	static const char *const kinds[] = { "socket", "state" };
	char name[NAME_SIZE];

	for (unsigned int i = 0; i < nr; i++) {
		if (files[i].kind == FDSTORE_CLIENT)
			snprintf(name, sizeof(name),
				 "%" PRIu64 ".%d.%" PRIu64 ".%d",
				 files[i].serial, files[i].device,
				 files[i].client, files[i].claimed);
		else
			snprintf(name, sizeof(name), "%" PRIu64 ".%s",
				 files[i].serial, kinds[files[i].kind]);
		unstore(name);
		close(files[i].fd);
	}
}

static bool is_valid(const struct fdstore_page *page)
{
	return page && page->version == FDSTORE_VERSION &&
	       page->nr_held <= FRAMING_MAX &&
	       (!page->size || wire_is_size(page->size));
}

static void
restore_connection(struct bridge *bridge, const struct fdstore_file *files,
		   unsigned int nr,
		   int (*restore)(struct bridge *bridge,
				  const struct fdstore_connection *kept))
{
	struct fdstore_connection kept = { .socket = files[0].fd };
	struct fdstore_page *page = NULL;

	if (nr > 2 && files[0].kind == FDSTORE_SOCKET &&
	    files[1].kind == FDSTORE_STATE)
		page = map_page(files[1].fd);
	if (!is_valid(page)) {
		unmap_page(page);
		discard(files, nr);
		return;
	}
	kept.slot = (struct fdstore_slot){
		.serial = files[0].serial,
		.page = page,
		.fd = files[1].fd,
	};
	kept.clients = files + 2;
	kept.nr_clients = nr - 2;
	if (!restore(bridge, &kept))
		return;
	unmap_page(page);
	discard(files + 1, nr - 1);
}

void fdstore_restore(struct bridge *bridge, const int *fds, char *const *names,
		     unsigned int nr,
		     int (*restore)(struct bridge *bridge,
				    const struct fdstore_connection *kept))
{
	struct fdstore_file *files = calloc(nr + 1, sizeof(*files));
	unsigned int nr_files, next;

	if (!files)
		return;
	nr_files = parse_files(files, fds, names, nr);
	for (unsigned int i = 0; i < nr_files; i = next) {
		for (next = i;
		     next < nr_files && files[next].serial == files[i].serial;)
			next++;
		if (bridge->serial < files[i].serial)
			bridge->serial = files[i].serial;
		restore_connection(bridge, files + i, next - i, restore);
	}
	free(files);
}

/* --- relearning: the kernel's stamps give the order of allocations and frees */

struct event {
	uint64_t stamp;
	uint64_t address;
	uint64_t size;
	enum space space;
	bool is_live;
};

struct history {
	struct event *events;
	size_t nr;
	size_t room;
};

static int compare_stamps(const void *a, const void *b)
{
	const struct event *left = a, *right = b;

	return left->stamp < right->stamp ? -1 : left->stamp > right->stamp;
}

/* find_space() - the space with a number on the device, or NR_SPACES */
static enum space find_space(struct buftrack_device *file, unsigned int number)
{
	for (enum space space = 0; space < SPACE_UNKNOWN; space++) {
		struct buftrack_space *found = buftrack_device_find_space(
			file, bridge_space_name(space));
		bool is_it = found && buftrack_space_number(found) == number;

		buftrack_space_free(found);
		if (is_it)
			return space;
	}
	return NR_SPACES;
}

static int add_event(struct history *history,
		     const struct buftrack_buffer *buffer, enum space space)
{
	bool is_live = buftrack_buffer_state(buffer) &
		       BUFTRACK_RECORD_STATE_LIVE;

	if (history->nr == history->room) {
		size_t room = 2 * history->room + 64;
		struct event *more =
			reallocarray(history->events, room, sizeof(*more));

		if (!more)
			return -1;
		history->events = more;
		history->room = room;
	}
	history->events[history->nr++] = (struct event){
		.stamp = is_live ? buftrack_buffer_allocated(buffer) :
				   buftrack_buffer_ended(buffer),
		.address = buftrack_buffer_address(buffer),
		.size = buftrack_buffer_size(buffer),
		.space = space,
		.is_live = is_live,
	};
	return 0;
}

static int add_records(struct history *history, struct buftrack_device *file,
		       struct buftrack_listing *listing)
{
	enum space spaces[BUFTRACK_MAX_SPACES];
	const struct buftrack_buffer *buffer;
	int ret;

	for (unsigned int i = 0; i < BUFTRACK_MAX_SPACES; i++)
		spaces[i] = find_space(file, i);
	while ((ret = buftrack_listing_next(listing, &buffer)) > 0) {
		enum space space = spaces[buftrack_buffer_space(buffer)];

		if (space != NR_SPACES && add_event(history, buffer, space))
			return -1;
	}
	return ret;
}

static int read_records(struct history *history, const struct client *client)
{
	struct buftrack_filter *filter = buftrack_filter_new();
	struct buftrack_listing *listing = NULL;
	int ret = -1;

	if (filter) {
		buftrack_filter_set_client(filter, client->number);
		buftrack_filter_set_states(filter,
					   BUFTRACK_RECORD_STATE_LIVE |
						   BUFTRACK_RECORD_STATE_FREED);
		listing = buftrack_listing_new(client->file, filter);
	}
	if (listing)
		ret = add_records(history, client->file, listing);
	buftrack_listing_free(listing);
	buftrack_filter_free(filter);
	return ret;
}

static int learn_event(struct addresses *addresses, unsigned int device,
		       const struct event *event)
{
	if (addresses_note_alloc(addresses, device, event->address,
				 event->space, event->size) == ADDRESS_NO_ROOM)
		return -1;
	if (!event->is_live)
		addresses_note_free(addresses, device, event->address,
				    event->space);
	return 0;
}

int fdstore_relearn(struct addresses *addresses, const struct client *client)
{
	struct history history = { .nr = 0 };
	int ret = read_records(&history, client);

	if (history.nr)
		qsort(history.events, history.nr, sizeof(*history.events),
		      compare_stamps);
	for (size_t i = 0; i < history.nr && !ret; i++)
		ret = learn_event(addresses, client->id, &history.events[i]);
	free(history.events);
	return ret;
}
