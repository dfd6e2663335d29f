// SPDX-License-Identifier: GPL-2.0
/*
 * How long the messages of a connection are
 */
#include <stdbool.h>

#include "sizing.h"
#include "wire.h"

static const size_t sizes[] = { WIRE_V1, WIRE_V2, WIRE_V3, WIRE_V4 };

#define NR_SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* first_mark() - the first byte behind the head that is not zero, or @length */
static size_t first_mark(const uint8_t *bytes, size_t length)
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

/* fits() - whether, if messages are so long, each begins like one */
static bool fits(const uint8_t *bytes, size_t length, size_t size)
{
	for (size_t at = size; at < length; at += size)
		if (!begins_message(bytes, length, at))
			return false;
	return true;
}

/*
 * one_that_fits() - the smallest size that does
 *
 * What fits for 72 bytes fits for 144, too, with every other message. The other
 * way round it takes garbage that looks like a message.
 */
static int one_that_fits(const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < NR_SIZES; i++)
		if (fits(bytes, length, sizes[i]))
			return length < sizes[i] + WIRE_TELLING ? SIZING_OPEN :
								  (int)sizes[i];
	return SIZING_NONSENSE;
}

static int decide_by_mark(const uint8_t *bytes, size_t length, size_t mark)
{
	if (mark == length && length <= WIRE_MAX)
		return length == WIRE_MAX ? WIRE_MAX : SIZING_OPEN;
	if (mark == length)
		return SIZING_NONSENSE;
	if (wire_is_size(mark) && begins_message(bytes, length, mark))
		return length - mark >= WIRE_TELLING ? (int)mark : SIZING_OPEN;
	if (length >= SIZING_MOST)
		return SIZING_NONSENSE;
	return one_that_fits(bytes, length);
}

int sizing_decide(const uint8_t *bytes, size_t length)
{
	if (!length)
		return SIZING_OPEN;
	if (!wire_plausible(bytes, length))
		return SIZING_NONSENSE;
	if (length <= WIRE_HEAD)
		return SIZING_OPEN;
	return decide_by_mark(bytes, length, first_mark(bytes, length));
}

int sizing_guess(const uint8_t *bytes, size_t length)
{
	int size = sizing_decide(bytes, length);
	size_t mark;

	if (size != SIZING_OPEN || length < WIRE_V1)
		return size;
	mark = first_mark(bytes, length);
	if (mark < length && wire_is_size(mark) &&
	    begins_message(bytes, length, mark))
		return mark;
	for (size_t i = 0; i < NR_SIZES; i++)
		if (!(length % sizes[i]) && fits(bytes, length, sizes[i]))
			return sizes[i];
	return SIZING_OPEN;
}
