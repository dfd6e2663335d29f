// SPDX-License-Identifier: GPL-2.0
/*
 * What a message asks for
 */
#include <stdlib.h>
#include <utlist.h>

#include "answers.h"
#include "connection.h"
#include "dump.h"

static struct account *new_account(struct connection *connection, int32_t id)
{
	struct account *account = calloc(1, sizeof(*account));

	if (!account)
		return NULL;
	account->id = id;
	LL_PREPEND(connection->accounts, account);
	return account;
}

/* account_of() - the account for a device; what was used last is found first */
static struct account *account_of(struct connection *connection, int32_t id)
{
	struct account *account = connection->accounts;

	if (account && account->id == id)
		return account;
	LL_SEARCH_SCALAR(connection->accounts, account, id, id);
	if (!account)
		return new_account(connection, id);
	LL_DELETE(connection->accounts, account);
	LL_PREPEND(connection->accounts, account);
	return account;
}

void requests_flush(struct connection *connection)
{
	struct account *account;

	LL_FOREACH(connection->accounts, account)
	{
		account_flush(account);
		keep_account(connection, account);
	}
}

/* begin_report() - the account that a message is for, or NULL: out of memory */
static struct account *begin_report(struct connection *connection,
				    const struct wire_message *message)
{
	process_note_report(connection->process);
	if (!connection->holder.claimed)
		connection->holder.claimed = message->pid;
	else if (message->pid && message->pid != connection->holder.claimed)
		connection_tell(connection,
				"it says that it is process %d and %d",
				connection->holder.claimed, message->pid);
	return account_of(connection, message->device);
}

static int lose(struct connection *connection,
		const struct wire_message *message)
{
	struct account *account = begin_report(connection, message);

	if (!account)
		return -1;
	account_lose(account, connection->bridge, &connection->holder);
	return 0;
}

static int report(struct connection *connection,
		  const struct wire_message *message, unsigned int op,
		  enum space space)
{
	struct account *account = begin_report(connection, message);
	struct buftrack_report report = {
		.op = op,
		.address = message->address,
		.size = message->size,
	};

	if (!account)
		return -1;
	account_report(account, connection->bridge, &connection->holder, space,
		       &report);
	return 0;
}

/* The kernel knows no buffer without a size. */
static int report_alloc(struct connection *connection,
			const struct wire_message *message, enum space space)
{
	if (message->size)
		return report(connection, message, BUFTRACK_OP_ALLOC, space);
	connection_tell(connection,
			"it allocates 0 bytes, which counts as a lost report");
	return lose(connection, message);
}

static int note_alloc(struct connection *connection,
		      const struct wire_message *message)
{
	struct bridge *bridge = connection->bridge;

	if (!connection->addresses)
		connection->addresses =
			addresses_new(&bridge->addresses,
				      bridge->addresses.max / CONNECTION_SHARE);
	if (connection->addresses &&
	    !addresses_note_alloc(connection->addresses, message->device,
				  message->address, message->buffer_type))
		return 0;
	connection_tell(
		connection,
		"it has more buffers than can be remembered, and what it allocates counts as lost reports: raise --max-addresses");
	return -1;
}

static int take_alloc(struct connection *connection,
		      const struct wire_message *message)
{
	if (message->buffer_type >= ADDRESS_SPACES) {
		connection_tell(
			connection,
			"buffer type %u is none, which counts as a lost report",
			message->buffer_type);
		return lose(connection, message);
	}
	if (message->size && note_alloc(connection, message))
		return lose(connection, message);
	return report_alloc(connection, message, message->buffer_type);
}

static int take_free(struct connection *connection,
		     const struct wire_message *message)
{
	int space = -1;

	if (connection->addresses)
		space = addresses_note_free(connection->addresses,
					    message->device, message->address);
	return report(connection, message, BUFTRACK_OP_FREE,
		      space < 0 ? SPACE_UNKNOWN : (enum space)space);
}

int request_take(struct connection *connection,
		 const struct wire_message *message)
{
	switch (message->type) {
	case WIRE_ALLOC:
		return take_alloc(connection, message);
	case WIRE_FREE:
		return take_free(connection, message);
	case WIRE_CB_ALLOC:
		return report_alloc(connection, message, SPACE_CB);
	case WIRE_CB_FREE:
		return report(connection, message, BUFTRACK_OP_FREE, SPACE_CB);
	case WIRE_KERNEL_LOAD:
		return report_alloc(connection, message, SPACE_KERNEL);
	case WIRE_KERNEL_UNLOAD:
		return report(connection, message, BUFTRACK_OP_FREE,
			      SPACE_KERNEL);
	case WIRE_QUERY:
	case WIRE_DEVICE_INFO_QUERY:
		return answer(connection, message);
	case WIRE_DUMP_REMAINING:
	case WIRE_DUMP_KERNELS:
		requests_flush(connection);
		dump(connection->bridge, message->type == WIRE_DUMP_KERNELS);
		return 0;
	default:
		connection_tell(connection, "it sends an answer, type %u",
				message->type);
		return 0;
	}
}

void request_lose(struct connection *connection, const uint8_t *bytes,
		  size_t length)
{
	struct account *account = connection->accounts;
	struct wire_message message;

	if (length >= WIRE_HEAD) {
		wire_decode(bytes, &message);
		if (message.device >= 0 && message.device < WIRE_DEVICES)
			account = account_of(connection, message.device);
	}
	if (account)
		account_lose(account, connection->bridge, &connection->holder);
}
