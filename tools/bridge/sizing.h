/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long the messages of a connection are
 *
 * No message says so. But a request has nothing to say behind its head: the rest
 * of it, however long, is answers' fields, and zero. So the first byte there that
 * is not zero is the type of the next message, and where it lies is the size.
 * Two messages of 72 bytes are no message of 144 for that reason.
 *
 * As long as there is no second message, bytes alone tell the largest size only:
 * 72 bytes may be a message, or half of one. Then a pause in what comes decides,
 * for that one message; the bytes that follow can still prove it wrong.
 *
 * A client that leaves garbage in those fields is told by what can begin a
 * message: of the four sizes, the one is right whose every message begins so.
 */
#ifndef BUFTRACK_BRIDGE_SIZING_H
#define BUFTRACK_BRIDGE_SIZING_H

#include <stddef.h>
#include <stdint.h>

/* What is returned beside a size */
enum {
	SIZING_OPEN = 0,
	SIZING_NONSENSE = -1,
};

/* So many bytes are never left undecided. */
#define SIZING_MOST 1024

/**
 * sizing_decide() - the size of a connection's messages, from its bytes alone
 * @bytes: the first it sent
 * @length: how many
 *
 * Return: the size; or SIZING_OPEN: more must come, or nothing for a while; or
 * SIZING_NONSENSE.
 */
int sizing_decide(const uint8_t *bytes, size_t length);

/**
 * sizing_guess() - the same, when nothing more has come for a while
 *
 * Return: as above. If it is @length itself, the next bytes may prove it wrong.
 */
int sizing_guess(const uint8_t *bytes, size_t length);

#endif /* BUFTRACK_BRIDGE_SIZING_H */
