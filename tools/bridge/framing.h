/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Split a byte stream into messages
 *
 * A message has one of four sizes and states none; all messages of a connection have
 * the same. A request is zero after its head: those fields are for answers. So the
 * first non-zero byte after the head is the type of the next message, and its offset
 * is the size: two messages of 72 bytes differ from one of 144.
 *
 * A single message does not reveal the size, unless it is the largest: 72 bytes may
 * be a message or half of one. After a pause they are taken for a message, and the
 * bytes that follow can still show that it was longer.
 *
 * If a client leaves garbage after the head, the size is the one at which every
 * message begins plausibly.
 */
#ifndef BUFTRACK_BRIDGE_FRAMING_H
#define BUFTRACK_BRIDGE_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More bytes than this always decide the size. */
#define FRAMING_MAX 1024

/* Results other than a size */
enum {
	FRAMING_UNDECIDED = 0,
	FRAMING_INVALID = -1,
	FRAMING_STOPPED = -2,
};

/**
 * framing_size() - find the size of messages from the first bytes of a stream
 * @bytes: the bytes
 * @length: number of bytes
 *
 * Return: the size; FRAMING_UNDECIDED if more bytes or a pause must decide;
 * FRAMING_INVALID if no client sends such bytes.
 */
int framing_size(const uint8_t *bytes, size_t length);

/**
 * framing_size_after_pause() - likewise, when no byte has come for a while
 * @bytes: the bytes
 * @length: number of bytes
 *
 * Return: as framing_size(). If it is @length, later bytes may prove it wrong.
 */
int framing_size_after_pause(const uint8_t *bytes, size_t length);

/**
 * struct framing - the position in a stream
 * @size: size of the messages, 0 while undecided
 * @is_early: the first message was delivered before its size was certain
 * @nr_held: number of bytes in @held
 * @held: bytes of an incomplete message
 */
struct framing {
	size_t size;
	bool is_early;
	size_t nr_held;
	uint8_t held[FRAMING_MAX];
};

/**
 * typedef framing_handler - receives a message
 * @context: passed through
 * @bytes: the message, at least its head
 * @size: size of the messages
 *
 * Return: 0, or -1 to stop.
 */
typedef int (*framing_handler)(void *context, const uint8_t *bytes,
			       size_t size);

/**
 * framing_feed() - deliver the complete messages and hold the rest
 * @framing: the position
 * @bytes: the held bytes followed by new ones
 * @length: number of bytes, at least 1
 * @handle: receives the messages
 * @context: passed to @handle
 *
 * Return: 0, FRAMING_INVALID, or FRAMING_STOPPED if @handle failed.
 */
int framing_feed(struct framing *framing, const uint8_t *bytes, size_t length,
		 framing_handler handle, void *context);

/* framing_pause() - likewise with the held bytes, when no byte has come for a while */
int framing_pause(struct framing *framing, framing_handler handle,
		  void *context);

/* framing_rest() - number of held bytes that no message was delivered for */
size_t framing_rest(const struct framing *framing);

#endif /* BUFTRACK_BRIDGE_FRAMING_H */
