// SPDX-License-Identifier: GPL-2.0
/*
 * Split a byte stream into messages
 */
#include <string.h>

#include "framing.h"
#include "wire.h"

static const size_t sizes[] = { WIRE_V1, WIRE_V2, WIRE_V3, WIRE_V4 };

#define NR_SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* find_mark() - offset of the first non-zero byte after the head, or @length */
static size_t find_mark(const uint8_t *bytes, size_t length)
{
	size_t at = WIRE_HEAD;

	while (at < length && !bytes[at])
		at++;
	return at < length ? at : length;
}

static bool begins_message(const uint8_t *bytes, size_t length, size_t at)
{
	return at < length && wire_plausible(bytes + at, length - at);
}

/* size_fits() - true if messages of @size all begin plausibly */
static bool size_fits(const uint8_t *bytes, size_t length, size_t size)
{
	for (size_t at = size; at < length; at += size)
		if (!begins_message(bytes, length, at))
			return false;
	return true;
}

/*
 * smallest_fit() - the smallest size that fits
 *
 * Messages of 72 bytes always fit 144, too. The reverse requires garbage that looks
 * like a message.
 */
static int smallest_fit(const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < NR_SIZES; i++)
		if (size_fits(bytes, length, sizes[i]))
			return length < sizes[i] + WIRE_DECISIVE ?
				       FRAMING_UNDECIDED :
				       (int)sizes[i];
	return FRAMING_INVALID;
}

static int size_by_mark(const uint8_t *bytes, size_t length, size_t mark)
{
	if (mark == length && length <= WIRE_MAX)
		return length == WIRE_MAX ? WIRE_MAX : FRAMING_UNDECIDED;
	if (mark == length)
		return FRAMING_INVALID;
	if (wire_is_size(mark) && begins_message(bytes, length, mark))
		return length - mark >= WIRE_DECISIVE ? (int)mark :
							FRAMING_UNDECIDED;
	if (length >= FRAMING_MAX)
		return FRAMING_INVALID;
	return smallest_fit(bytes, length);
}

int framing_size(const uint8_t *bytes, size_t length)
{
	if (!length)
		return FRAMING_UNDECIDED;
	if (!wire_plausible(bytes, length))
		return FRAMING_INVALID;
	if (length <= WIRE_HEAD)
		return FRAMING_UNDECIDED;
	return size_by_mark(bytes, length, find_mark(bytes, length));
}

int framing_size_after_pause(const uint8_t *bytes, size_t length)
{
	int size = framing_size(bytes, length);
	size_t mark;

	if (size != FRAMING_UNDECIDED || length < WIRE_V1)
		return size;
	mark = find_mark(bytes, length);
	if (mark < length && wire_is_size(mark) &&
	    begins_message(bytes, length, mark))
		return mark;
	for (size_t i = 0; i < NR_SIZES; i++)
		if (!(length % sizes[i]) && size_fits(bytes, length, sizes[i]))
			return sizes[i];
	return FRAMING_UNDECIDED;
}

static int invalid(struct framing *framing)
{
	framing->nr_held = 0;
	return FRAMING_INVALID;
}

static int hold(struct framing *framing, const uint8_t *bytes, size_t length)
{
	if (length && !wire_plausible(bytes, length))
		return invalid(framing);
	memmove(framing->held, bytes, length);
	framing->nr_held = length;
	return 0;
}

static int deliver(struct framing *framing, const uint8_t *bytes, size_t size,
		   framing_handler handle, void *context)
{
	if (!wire_plausible(bytes, WIRE_HEAD))
		return invalid(framing);
	return handle(context, bytes, size) ? FRAMING_STOPPED : 0;
}

static int deliver_all(struct framing *framing, const uint8_t *bytes,
		       size_t length, framing_handler handle, void *context)
{
	size_t size = framing->size;
	int ret;

	/* Whatever its size turned out to be, its head was delivered. */
	if (framing->is_early) {
		framing->is_early = false;
		bytes += size;
		length -= size;
	}
	for (; length >= size; bytes += size, length -= size) {
		ret = deliver(framing, bytes, size, handle, context);
		if (ret)
			return ret;
	}
	return hold(framing, bytes, length);
}

int framing_feed(struct framing *framing, const uint8_t *bytes, size_t length,
		 framing_handler handle, void *context)
{
	int size = framing->size;

	if (!size)
		size = framing_size(bytes, length);
	if (size == FRAMING_INVALID)
		return invalid(framing);
	if (size == FRAMING_UNDECIDED)
		return hold(framing, bytes, length);
	framing->size = size;
	return deliver_all(framing, bytes, length, handle, context);
}

int framing_pause(struct framing *framing, framing_handler handle,
		  void *context)
{
	size_t length = framing->nr_held;
	int size, ret = 0;

	if (framing->size || !length)
		return 0;
	size = framing_size_after_pause(framing->held, length);
	if (size == FRAMING_INVALID)
		return invalid(framing);
	if (size == FRAMING_UNDECIDED)
		return 0;
	if ((size_t)size < length) {
		framing->size = size;
		return deliver_all(framing, framing->held, length, handle,
				   context);
	}
	/* The next byte may show that this was the first half of a message. */
	if (!framing->is_early)
		ret = deliver(framing, framing->held, size, handle, context);
	framing->is_early = true;
	return ret;
}

size_t framing_rest(const struct framing *framing)
{
	return framing->is_early ? 0 : framing->nr_held;
}
