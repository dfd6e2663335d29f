/* SPDX-License-Identifier: GPL-2.0 */
/*
 * In which spaces a client's addresses are, by the kernel's books
 */
#ifndef BUFTRACK_BRIDGE_RELEARN_H
#define BUFTRACK_BRIDGE_RELEARN_H

#include "account.h"
#include "../trace/addresses.h"

/**
 * relearn() - remember a client's addresses as if its reports had come just now
 * @addresses: what is known
 * @account: the client
 *
 * Return: 0, or -1: they are not all known.
 */
int relearn(struct addresses *addresses, const struct account *account);

#endif /* BUFTRACK_BRIDGE_RELEARN_H */
