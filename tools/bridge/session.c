// SPDX-License-Identifier: GPL-2.0
/*
 * Requests of a peer
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "internal.h"

void session_log_end(struct session *session, const char *why)
{
	log_line(&session->bridge->log, "process %d (%s): %s",
		 session->identity.pid, session->identity.name, why);
}

/* log_once() - log something odd, the first time per session */
static void log_once(struct session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void log_once(struct session *session, const char *format, ...)
{
	char text[300];
	va_list args;

	if (session->was_logged)
		return;
	session->was_logged = true;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	session_log_end(session, text);
}

static struct client *new_client(struct session *session, int32_t id)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->id = id;
	LL_PREPEND(session->clients, client);
	return client;
}

/* get_client() - the client for a device, which moves to the front of the list */
static struct client *get_client(struct session *session, int32_t id)
{
	struct client *client = session->clients;

	if (client && client->id == id)
		return client;
	LL_SEARCH_SCALAR(session->clients, client, id, id);
	if (!client)
		return new_client(session, id);
	LL_DELETE(session->clients, client);
	LL_PREPEND(session->clients, client);
	return client;
}

static uint32_t keep_count(void *context, uint32_t place,
			   const struct address_count *count)
{
	struct session *session = context;

	return fdstore_keep_count(&session->slot, place, count);
}

static struct addresses *get_addresses(struct session *session)
{
	struct address_pool *pool = &session->bridge->addresses;

	if (session->addresses)
		return session->addresses;
	session->addresses = addresses_new(pool, pool->max / CONNECTION_SHARE);
	if (session->addresses)
		addresses_watch(session->addresses, keep_count, session);
	return session->addresses;
}

void session_flush(struct session *session)
{
	bool was_kept = session->slot.serial;
	struct client *client;

	LL_FOREACH(session->clients, client)
	{
		client_flush(client);
		fdstore_keep_client(&session->slot, session->bridge,
				    session->fd, &session->identity, client);
	}
	if (!was_kept && session->slot.serial && session->addresses)
		addresses_watch(session->addresses, keep_count, session);
}

/* begin_report() - the client for a report, or NULL when out of memory */
static struct client *begin_report(struct session *session,
				   const struct wire_message *message)
{
	struct identity *identity = &session->identity;

	identity_note_report(identity);
	if (!identity->claimed)
		identity->claimed = message->pid;
	else if (message->pid && message->pid != identity->claimed)
		log_once(session, "it claims to be process %d and process %d",
			 identity->claimed, message->pid);
	return get_client(session, message->device);
}

static int lose(struct session *session, const struct wire_message *message)
{
	struct client *client = begin_report(session, message);

	if (!client)
		return -1;
	client_lose(client, session->bridge, &session->identity);
	return 0;
}

static int report(struct session *session, const struct wire_message *message,
		  unsigned int op, enum space space, uint64_t size)
{
	struct client *client = begin_report(session, message);
	struct buftrack_report report = {
		.op = op,
		.address = message->address,
		.size = size,
	};

	if (!client)
		return -1;
	if (client_report(client, session->bridge, &session->identity, space,
			  &report) &&
	    op == BUFTRACK_OP_ALLOC)
		addresses_note_lost(session->addresses, message->device,
				    message->address, space);
	return 0;
}

/*
 * report_larger() - a further reference is larger than the buffer was known to be
 *
 * The kernel's record keeps its size for its lifetime, so a record of the new size
 * replaces it.
 */
static int report_larger(struct session *session,
			 const struct wire_message *message, enum space space)
{
	if (report(session, message, BUFTRACK_OP_FREE, space, 0))
		return -1;
	return report(session, message, BUFTRACK_OP_ALLOC, space,
		      message->size);
}

static enum address_alloc note_alloc(struct session *session,
				     const struct wire_message *message,
				     enum space space)
{
	struct addresses *addresses = get_addresses(session);
	enum address_alloc what = ADDRESS_NO_ROOM;

	if (addresses)
		what = addresses_note_alloc(addresses, message->device,
					    message->address, space,
					    message->size);
	if (what == ADDRESS_NO_ROOM)
		log_once(
			session,
			"too many live buffers: further allocs count as lost reports: raise --max-addresses");
	return what;
}

/* The kernel rejects an alloc of size 0; it is a reference nevertheless. */
static int handle_alloc_in(struct session *session,
			   const struct wire_message *message, enum space space)
{
	switch (note_alloc(session, message, space)) {
	case ADDRESS_FIRST:
		return report(session, message, BUFTRACK_OP_ALLOC, space,
			      message->size);
	case ADDRESS_LARGER:
		return report_larger(session, message, space);
	case ADDRESS_ALIAS:
		return begin_report(session, message) ? 0 : -1;
	case ADDRESS_EMPTY:
		log_once(session,
			 "an alloc of 0 bytes counts as a lost report");
		return lose(session, message);
	default:
		return lose(session, message);
	}
}

static int handle_alloc(struct session *session,
			const struct wire_message *message)
{
	if (message->buffer_type < ADDRESS_SPACES)
		return handle_alloc_in(session, message, message->buffer_type);
	log_once(session,
		 "an alloc of unknown buffer type %u counts as a lost report",
		 message->buffer_type);
	return lose(session, message);
}

/* handle_free() - @space is ADDRESS_ANY_SPACE if the message names none */
static int handle_free(struct session *session,
		       const struct wire_message *message, int space)
{
	struct address_free what = { .space = -1 };

	if (session->addresses)
		what = addresses_note_free(session->addresses, message->device,
					   message->address, space);
	if (what.is_alias)
		return begin_report(session, message) ? 0 : -1;
	if (what.space >= 0)
		space = what.space;
	else if (space == ADDRESS_ANY_SPACE)
		space = SPACE_UNKNOWN;
	return report(session, message, BUFTRACK_OP_FREE, space,
		      what.was_alias ? 0 : message->size);
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
	if (!output_send(&session->output, session->fd, bytes, size))
		return 0;
	if (errno == ENOBUFS)
		session_log_end(session,
				"it does not read its answers and is cut off");
	return -1;
}

static int handle_dump(struct session *session, bool kernels_only)
{
	session_flush(session);
	query_dump(session->bridge, kernels_only);
	return 0;
}

int session_handle(struct session *session, const uint8_t *bytes, size_t size)
{
	struct wire_message message;

	wire_decode(bytes, &message);
	switch (message.type) {
	case WIRE_ALLOC:
		return handle_alloc(session, &message);
	case WIRE_FREE:
		return handle_free(session, &message, ADDRESS_ANY_SPACE);
	case WIRE_CB_ALLOC:
		return handle_alloc_in(session, &message, SPACE_CB);
	case WIRE_CB_FREE:
		return handle_free(session, &message, SPACE_CB);
	case WIRE_KERNEL_LOAD:
		return handle_alloc_in(session, &message, SPACE_KERNEL);
	case WIRE_KERNEL_UNLOAD:
		return handle_free(session, &message, SPACE_KERNEL);
	case WIRE_QUERY:
	case WIRE_DEVICE_INFO_QUERY:
		return handle_query(session, &message, size);
	case WIRE_DUMP_REMAINING:
	case WIRE_DUMP_KERNELS:
		return handle_dump(session, message.type == WIRE_DUMP_KERNELS);
	default:
		log_once(session, "it sends an answer (type %u), ignored",
			 message.type);
		return 0;
	}
}

void session_lose(struct session *session, const uint8_t *bytes, size_t length)
{
	struct client *client = session->clients;
	struct wire_message message;

	if (length >= WIRE_HEAD) {
		wire_decode(bytes, &message);
		if (message.device >= 0 && message.device < WIRE_DEVICES)
			client = get_client(session, message.device);
	}
	if (client)
		client_lose(client, session->bridge, &session->identity);
}

void session_close_clients(struct session *session)
{
	struct client *client, *next;

	LL_FOREACH_SAFE(session->clients, client, next)
	{
		fdstore_drop_client(&session->slot, session->bridge, client);
		client_close(client);
		free(client);
	}
	session->clients = NULL;
	addresses_free(session->addresses);
	session->addresses = NULL;
}

static bool restore_client(struct session *session,
			   const struct fdstore_file *file)
{
	struct client *client = new_client(session, file->device);

	if (!client)
		return false;
	client->number = file->client;
	client->kept = file->client;
	client->device = device_get(session->bridge, file->device);
	client->file = buftrack_device_from_fd(file->fd);
	return client->file && client->device && get_addresses(session) &&
	       !fdstore_relearn(session->addresses, client);
}

static int restore_count(void *context, const struct address_count *count)
{
	struct session *session = context;

	return addresses_set_count(session->addresses, count);
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
