/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a connection has with a device: one client of the kernel's
 *
 * It is opened with the first report, and closed with the connection. Whatever
 * the kernel says to that, the program is not told, and the bridge goes on: what
 * could not be reported is counted, and told to the kernel as lost as soon as it
 * listens.
 */
#ifndef BUFTRACK_BRIDGE_ACCOUNT_H
#define BUFTRACK_BRIDGE_ACCOUNT_H

#include "bridge.h"
#include "device.h"
#include "holder.h"

/**
 * struct account - a connection's client on a device
 * @next: another one of the connection
 * @id: the program's number of the device
 * @device: the device, NULL: it could not be had yet
 * @file: the client; NULL: there is none now
 * @client: its number
 * @kept: that of the client that is kept for the next bridge, 0: none
 * @was_open: there was one before, so the next one is late
 * @waits: reports of it wait in its device
 * @lost: reports that the kernel was not told of
 * @retry: not to be opened before, by the loop's clock
 */
struct account {
	struct account *next;
	int32_t id;
	struct device *device;
	struct buftrack_device *file;
	uint64_t client;
	uint64_t kept;
	bool was_open;
	bool waits;
	uint64_t lost;
	uint64_t retry;
};

/**
 * account_report() - report something of a connection
 * @account: the account
 * @bridge: the bridge
 * @holder: whose it is
 * @space: in which space
 * @report: the report, but for its space
 */
void account_report(struct account *account, struct bridge *bridge,
		    const struct holder *holder, enum space space,
		    struct buftrack_report *report);

/* account_lose() - a report of it is known not to arrive */
void account_lose(struct account *account, struct bridge *bridge,
		  const struct holder *holder);

/* account_flush() - make the reports that wait */
void account_flush(struct account *account);

/* account_close() - its client ends */
void account_close(struct account *account);

#endif /* BUFTRACK_BRIDGE_ACCOUNT_H */
