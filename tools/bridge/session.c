// SPDX-License-Identifier: GPL-2.0
/*
 * Requests of a peer
 */
#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "internal.h"

/* Most processes that may use the socket of a peer, itself included */
#define MAX_MEMBERS 64

static void log_about(const struct member *member, enum cause cause,
		      const char *text)
{
	identity_log(&member->identity, member->session->bridge, cause, "%s",
		     text);
}

static struct client *new_client(struct member *member, int32_t id)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->id = id;
	client->user = member->session->user;
	client->claimed = member->claimed;
	LL_PREPEND(member->clients, client);
	return client;
}

/* get_client() - the client for a device, which moves to the front of the list */
static struct client *get_client(struct member *member, int32_t id)
{
	struct client *client = member->clients;

	if (client && client->id == id)
		return client;
	LL_SEARCH_SCALAR(member->clients, client, id, id);
	if (!client)
		return new_client(member, id);
	LL_DELETE(member->clients, client);
	LL_PREPEND(member->clients, client);
	return client;
}

static uint32_t keep_count(void *context, uint32_t place,
			   const struct address_count *count)
{
	struct member *member = context;

	return fdstore_keep_count(&member->session->slot, member->claimed,
				  place, count);
}

static struct addresses *get_addresses(struct member *member)
{
	struct address_pool *pool = &member->session->user->addresses;

	if (member->addresses)
		return member->addresses;
	member->addresses =
		addresses_new(pool, pool->all->max / CONNECTION_SHARE);
	if (member->addresses)
		addresses_watch(member->addresses, keep_count, member);
	return member->addresses;
}

/* free_member() - end its clients, and free it */
static void free_member(struct member *member)
{
	struct session *session = member->session;
	struct client *client, *next;

	LL_FOREACH_SAFE(member->clients, client, next)
	{
		fdstore_drop_client(&session->slot, session->bridge, client);
		client_close(client);
		free(client);
	}
	if (member->addresses && !session->bridge->is_ending)
		addresses_unwatch(member->addresses);
	addresses_free(member->addresses);
	DL_DELETE2(*identity_members(&member->identity), member, peer_prev,
		   peer_next);
	LL_DELETE(session->members, member);
	session->nr_members--;
	identity_put(&member->identity);
	free(member);
}

/* make_room() - end the child that has not reported for the longest time */
static void make_room(struct session *session)
{
	struct member *member, *oldest = NULL;

	if (session->nr_members < MAX_MEMBERS)
		return;
	LL_FOREACH(session->members, member)
	if (member->claimed)
		oldest = member;
	free_member(oldest);
}

static struct member *new_member(struct session *session, int32_t claimed)
{
	struct member *member = calloc(1, sizeof(*member));

	if (!member)
		return NULL;
	make_room(session);
	member->session = session;
	member->claimed = claimed;
	if (claimed)
		identity_get_child(&member->identity, &session->identity,
				   claimed);
	else
		identity_copy(&member->identity, &session->identity);
	LL_PREPEND(session->members, member);
	DL_APPEND2(*identity_members(&member->identity), member, peer_prev,
		   peer_next);
	session->nr_members++;
	return member;
}

/* get_member() - a process; 0 is the peer. It moves to the front of the list */
static struct member *get_member(struct session *session, int32_t claimed)
{
	struct member *member = session->members;

	if (member && member->claimed == claimed)
		return member;
	LL_SEARCH_SCALAR(session->members, member, claimed, claimed);
	if (!member)
		return new_member(session, claimed);
	LL_DELETE(session->members, member);
	LL_PREPEND(session->members, member);
	return member;
}

/* sender() - the process that has sent a message, or NULL when out of memory */
static struct member *sender(struct session *session,
			     const struct wire_message *message)
{
	struct identity *peer = &session->identity;
	struct member *member;

	if (!identity_is_own_pid(peer, message->pid))
		return get_member(session, message->pid);
	if (!peer->claimed)
		peer->claimed = message->pid;
	member = get_member(session, 0);
	if (member)
		member->identity.claimed = peer->claimed;
	return member;
}

static void flush_member(struct member *member)
{
	struct session *session = member->session;
	struct client *client;

	LL_FOREACH(member->clients, client)
	{
		client_flush(client);
		fdstore_keep_client(&session->slot, session->bridge,
				    session->fd, &session->identity, client);
	}
}

void session_flush(struct session *session)
{
	bool was_kept = session->slot.serial;
	struct member *member;

	LL_FOREACH(session->members, member)
	flush_member(member);
	if (was_kept || !session->slot.serial)
		return;
	LL_FOREACH(session->members, member)
	if (member->addresses)
		addresses_watch(member->addresses, keep_count, member);
}

/* begin_report() - the client for a report, or NULL when out of memory */
static struct client *begin_report(struct member *member,
				   const struct wire_message *message)
{
	identity_note_report(&member->identity);
	if (!member->claimed)
		member->session->identity.is_late = member->identity.is_late;
	return get_client(member, message->device);
}

static int lose(struct member *member, const struct wire_message *message)
{
	struct client *client = begin_report(member, message);

	if (!client)
		return -1;
	client_lose(client, member->session->bridge, &member->identity);
	return 0;
}

static int report(struct member *member, const struct wire_message *message,
		  unsigned int op, enum space space, uint64_t size)
{
	struct client *client = begin_report(member, message);
	struct buftrack_report report = {
		.op = op,
		.address = message->address,
		.size = size,
	};

	if (!client)
		return -1;
	if (client_report(client, member->session->bridge, &member->identity,
			  space, &report) &&
	    op == BUFTRACK_OP_ALLOC)
		addresses_note_lost(member->addresses, message->device,
				    message->address, space);
	return 0;
}

/*
 * report_larger() - handle a further reference that exceeds the buffer's known size
 *
 * The kernel's record keeps its size for its lifetime, so a record of the new size
 * replaces it.
 */
static int report_larger(struct member *member,
			 const struct wire_message *message, enum space space)
{
	if (report(member, message, BUFTRACK_OP_FREE, space, 0))
		return -1;
	return report(member, message, BUFTRACK_OP_ALLOC, space, message->size);
}

static enum address_alloc note_alloc(struct member *member,
				     const struct wire_message *message,
				     enum space space)
{
	struct addresses *addresses = get_addresses(member);
	enum address_alloc what = ADDRESS_NO_ROOM;

	if (addresses)
		what = addresses_note_alloc(addresses, message->device,
					    message->address, space,
					    message->size);
	if (what != ADDRESS_NO_ROOM)
		echo_alloc(member->session->bridge, message, space,
			   addresses_references(addresses, message->device,
						message->address, space));
	else
		log_about(
			member, CAUSE_ADDRESSES,
			"too many live buffers: further allocs count as lost reports: raise --max-addresses");
	return what;
}

/* An alloc of no valid size cannot be reported; it is a reference nevertheless. */
static int handle_alloc_in(struct member *member, struct wire_message *message,
			   enum space space)
{
	if (!device_fits(member->session->bridge, message->device, space,
			 message->size))
		message->size = 0;
	switch (note_alloc(member, message, space)) {
	case ADDRESS_FIRST:
		return report(member, message, BUFTRACK_OP_ALLOC, space,
			      message->size);
	case ADDRESS_LARGER:
		return report_larger(member, message, space);
	case ADDRESS_ALIAS:
		return begin_report(member, message) ? 0 : -1;
	case ADDRESS_EMPTY:
		log_about(
			member, CAUSE_SIZE,
			"an alloc of 0 bytes, or of a size above the space's capacity, counts as a lost report");
		return lose(member, message);
	default:
		identity_note_lost(&member->identity);
		return lose(member, message);
	}
}

static int handle_alloc(struct member *member, struct wire_message *message)
{
	if (message->buffer_type < ADDRESS_SPACES)
		return handle_alloc_in(member, message, message->buffer_type);
	log_about(member, CAUSE_TYPE,
		  "an alloc of an unknown buffer type counts as a lost report");
	identity_note_lost(&member->identity);
	return lose(member, message);
}

/* find_owner() - the same process on another connection, with the address live */
static struct member *find_owner(const struct member *member,
				 const struct wire_message *message, int space)
{
	const struct identity *identity = &member->identity;
	struct member *other;

	DL_FOREACH2(*identity_members(identity), other, peer_next)
	if (other != member && other->addresses &&
	    other->identity.claimed == identity->claimed &&
	    addresses_references(other->addresses, message->device,
				 message->address, space))
		return other;
	return NULL;
}

/*
 * may_be_forgotten() - true if the process may have allocated an unknown address, on any
 * of its connections, and the kernel knows of no gap
 */
static bool may_be_forgotten(const struct member *member, int32_t device)
{
	const struct identity *identity = &member->identity;
	struct member *other;
	struct client *client;

	LL_SEARCH_SCALAR(member->clients, client, id, device);
	if (client && client->has_gap)
		return false;
	if (identity_has_lost(identity))
		return true;
	DL_FOREACH2(*identity_members(identity), other, peer_next)
	if (other->addresses && addresses_has_dropped(other->addresses))
		return true;
	return false;
}

/* handle_free() - @space is ADDRESS_ANY_SPACE if the message names none */
static int handle_free(struct member *member,
		       const struct wire_message *message, int space)
{
	struct address_free what = { .space = -1 };
	struct member *owner = NULL;
	bool is_unknown;

	if (member->addresses)
		what = addresses_note_free(member->addresses, message->device,
					   message->address, space);
	is_unknown = what.space < 0;
	if (is_unknown)
		what.space = space;
	if (!what.was_live)
		owner = find_owner(member, message, space);
	if (owner) {
		int ret = handle_free(owner, message, space);

		flush_member(owner);
		return ret;
	}
	echo_free(member->session->bridge, message, &what);
	/* To report it for an unknown address would say that it was never allocated. */
	if (is_unknown && may_be_forgotten(member, message->device)) {
		log_about(
			member, CAUSE_FORGOTTEN,
			"frees of unknown addresses count as lost reports, since allocs were lost, or frees forgotten");
		return lose(member, message);
	}
	if (what.is_alias)
		return begin_report(member, message) ? 0 : -1;
	space = what.space < 0 ? SPACE_UNKNOWN : what.space;
	return report(member, message, BUFTRACK_OP_FREE, space,
		      what.was_alias ? 0 : message->size);
}

/* Unread answers of a peer, and of all connections of a user together */
#define OUTPUT_MAX 65536
#define USER_OUTPUT_MAX (64 * OUTPUT_MAX)

static size_t output_max(const struct user *user)
{
	size_t share = USER_OUTPUT_MAX / user->nr_connections;

	return share < OUTPUT_MAX ? share : OUTPUT_MAX;
}

static int handle_query(struct session *session,
			const struct wire_message *message, size_t size)
{
	struct wire_answer answer = { .device = message->device };
	uint8_t bytes[WIRE_MAX];

	session_flush(session);
	if (message->type == WIRE_QUERY)
		query_allocated(session->bridge, &answer);
	else
		query_device(session->bridge, &answer);
	wire_encode(&answer, size, bytes);
	if (!output_send(&session->output, session->fd, bytes, size,
			 output_max(session->user)))
		return 0;
	if (errno == ENOBUFS)
		identity_log(&session->identity, session->bridge, CAUSE_UNREAD,
			     "it does not read its answers and is cut off");
	return -1;
}

static int handle_dump(struct session *session, bool kernels_only)
{
	session_flush(session);
	query_dump(session->bridge, kernels_only);
	return 0;
}

/* readmit() - serve a refused connection, now late, if there is room again */
static bool readmit(struct session *session)
{
	struct user *user = session->user;

	if (!user_take_connection(user))
		return false;
	if (identity_get(&session->identity, session->bridge, session->fd)) {
		user_give_connection(user);
		return false;
	}
	user_give_refused(user);
	session->identity.is_late = true;
	session->is_refused = false;
	return true;
}

static int handle_report(struct session *session, struct wire_message *message)
{
	struct member *member;

	if (session->is_refused && !readmit(session)) {
		if (!session->has_lost)
			identity_note_refused(session->bridge, session->fd);
		session->has_lost = true;
		session->device = message->device;
		client_lose_refused(session->user, message->device, 1);
		return 0;
	}
	member = sender(session, message);
	if (!member)
		return -1;
	switch (message->type) {
	case WIRE_ALLOC:
		return handle_alloc(member, message);
	case WIRE_FREE:
		return handle_free(member, message, ADDRESS_ANY_SPACE);
	case WIRE_CB_ALLOC:
		return handle_alloc_in(member, message, SPACE_CB);
	case WIRE_CB_FREE:
		return handle_free(member, message, SPACE_CB);
	case WIRE_KERNEL_LOAD:
		return handle_alloc_in(member, message, SPACE_KERNEL);
	default:
		return handle_free(member, message, SPACE_KERNEL);
	}
}

int session_handle(struct session *session, const uint8_t *bytes, size_t size)
{
	struct wire_message message;

	wire_decode(bytes, &message);
	switch (message.type) {
	case WIRE_ALLOC:
	case WIRE_FREE:
	case WIRE_CB_ALLOC:
	case WIRE_CB_FREE:
	case WIRE_KERNEL_LOAD:
	case WIRE_KERNEL_UNLOAD:
		return handle_report(session, &message);
	case WIRE_QUERY:
	case WIRE_DEVICE_INFO_QUERY:
		return handle_query(session, &message, size);
	case WIRE_DUMP_REMAINING:
	case WIRE_DUMP_KERNELS:
		return handle_dump(session, message.type == WIRE_DUMP_KERNELS);
	default:
		identity_log(&session->identity, session->bridge, CAUSE_ANSWER,
			     "it sends an answer (type %u), ignored",
			     message.type);
		return 0;
	}
}

/* known_device() - the device in the first bytes of a message, or -1 */
static int32_t known_device(const uint8_t *bytes, size_t length,
			    struct wire_message *message)
{
	if (length < WIRE_HEAD)
		return -1;
	wire_decode(bytes, message);
	return message->device < WIRE_DEVICES ? message->device : -1;
}

void session_lose(struct session *session, const uint8_t *bytes, size_t length)
{
	struct member *member = session->members;
	struct wire_message message;
	struct client *client;
	int32_t device = known_device(bytes, length, &message);

	if (session->is_refused) {
		if (device >= 0)
			session->device = device;
		if (session->device >= 0)
			client_lose_refused(session->user, session->device, 1);
		return;
	}
	if (device >= 0) {
		member = sender(session, &message);
		if (member)
			get_client(member, device);
	}
	client = member ? member->clients : NULL;
	if (client)
		client_lose(client, session->bridge, &member->identity);
}

void session_close_clients(struct session *session)
{
	while (session->members)
		free_member(session->members);
}

bool session_has_process(const struct session *session,
			 const struct process *process)
{
	const struct member *member;

	LL_FOREACH(session->members, member)
	if (member->identity.process == process)
		return true;
	return session->identity.process == process;
}

void session_end_process(struct session *session, const struct process *process)
{
	struct member *member, *next;

	LL_FOREACH_SAFE(session->members, member, next)
	if (member->identity.process == process)
		free_member(member);
}

static bool restore_client(struct session *session,
			   const struct fdstore_file *file)
{
	struct member *member = get_member(session, file->claimed);
	struct client *client = member ? new_client(member, file->device) :
					 NULL;

	if (!client)
		return false;
	client->number = file->client;
	client->kept = file->client;
	client->device = device_get(session->bridge, file->device);
	client->file = buftrack_device_from_fd(file->fd);
	if (client->file)
		user_force_client(client->user);
	member->identity.has_reported = true;
	return client->file && client->device && get_addresses(member) &&
	       !fdstore_relearn(member->addresses, client);
}

static int restore_count(void *context, int32_t claimed,
			 const struct address_count *count)
{
	struct member *member = get_member(context, claimed);

	if (!member || !get_addresses(member))
		return -1;
	return addresses_set_count(member->addresses, count);
}

bool session_restore(struct session *session,
		     const struct fdstore_connection *kept)
{
	bool ok = true;

	session->slot = kept->slot;
	session->identity.is_late = kept->slot.page->is_late;
	session->identity.claimed = kept->slot.page->claimed;
	for (unsigned int i = 0; i < kept->nr_clients; i++)
		ok &= restore_client(session, &kept->clients[i]);
	return ok &&
	       !fdstore_restore_counts(&session->slot, restore_count, session);
}
