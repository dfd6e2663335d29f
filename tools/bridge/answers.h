/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is told to who asks, as the old server did
 */
#ifndef BUFTRACK_BRIDGE_ANSWERS_H
#define BUFTRACK_BRIDGE_ANSWERS_H

#include "connection.h"

/**
 * answer() - answer a QUERY or a DEVICE_INFO_QUERY
 * @connection: who asks
 * @message: the question
 *
 * Return: 0, or -1: the connection must end.
 */
int answer(struct connection *connection, const struct wire_message *message);

#endif /* BUFTRACK_BRIDGE_ANSWERS_H */
