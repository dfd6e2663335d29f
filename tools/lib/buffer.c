// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * buftrack_buffer: the record of one buffer
 */
#include "internal.h"

API uint64_t buftrack_buffer_client(const struct buftrack_buffer *buffer)
{
	return buffer->record.client;
}

API unsigned int buftrack_buffer_space(const struct buftrack_buffer *buffer)
{
	return buffer->record.space;
}

API unsigned int buftrack_buffer_state(const struct buftrack_buffer *buffer)
{
	return buffer->record.state;
}

API uint64_t buftrack_buffer_address(const struct buftrack_buffer *buffer)
{
	return buffer->record.address;
}

API uint64_t buftrack_buffer_size(const struct buftrack_buffer *buffer)
{
	return buffer->record.size;
}

API uint64_t buftrack_buffer_span(const struct buftrack_buffer *buffer)
{
	return buffer->record.span;
}

API uint64_t buftrack_buffer_id(const struct buftrack_buffer *buffer)
{
	return buffer->record.id;
}

API uint64_t buftrack_buffer_allocated(const struct buftrack_buffer *buffer)
{
	return buffer->record.allocated;
}

API uint64_t buftrack_buffer_ended(const struct buftrack_buffer *buffer)
{
	return buffer->record.ended;
}

API uint64_t buftrack_buffer_ended_by(const struct buftrack_buffer *buffer)
{
	return buffer->record.ended_by;
}

API uint64_t buftrack_buffer_site(const struct buftrack_buffer *buffer)
{
	return buffer->record.site;
}

API uint64_t buftrack_buffer_ended_site(const struct buftrack_buffer *buffer)
{
	return buffer->record.ended_site;
}

API unsigned int buftrack_buffer_repeats(const struct buftrack_buffer *buffer)
{
	return buffer->record.repeats;
}

API unsigned int buftrack_buffer_pid(const struct buftrack_buffer *buffer)
{
	return buffer->record.pid;
}

API const char *buftrack_buffer_comm(const struct buftrack_buffer *buffer)
{
	return buffer->record.comm;
}
