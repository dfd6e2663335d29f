// SPDX-License-Identifier: GPL-2.0
/*
 * What a connection has with a device: one client of the kernel's
 */
#include <errno.h>
#include <fcntl.h>

#include "account.h"

/* What the kernel takes at once. */
#define MOST_LOST UINT64_C(0xffffffff)

static int declare(struct account *account, const struct bridge *bridge,
		   const struct holder *holder)
{
	bool is_late = holder->is_late || account->was_open || account->lost;
	char name[BUFTRACK_CLAIMED_NAME_SIZE];

	holder_name(holder, name);
	buftrack_declaration_set_flags(bridge->declaration,
				       is_late ? BUFTRACK_DECLARE_LATE : 0);
	if (buftrack_declaration_claim(bridge->declaration, holder->pid, name))
		return -1;
	return buftrack_device_declare(account->file, bridge->declaration,
				       &account->client);
}

static int open_client(struct account *account, const struct bridge *bridge,
		       const struct holder *holder)
{
	account->file = buftrack_device_open(account->device->number, O_RDWR);
	if (!account->file)
		return -1;
	if (!declare(account, bridge, holder))
		return 0;
	buftrack_device_close(account->file);
	account->file = NULL;
	return -1;
}

static bool is_gone(int error)
{
	return error == ENODEV || error == ENOENT || error == ENXIO;
}

/* close_client() - there is none any more; what comes next is another one's */
static void close_client(struct account *account)
{
	buftrack_device_close(account->file);
	account->file = NULL;
	account->was_open = true;
}

static void tell_lost(struct account *account)
{
	while (account->file && account->lost) {
		uint64_t count = account->lost < MOST_LOST ? account->lost :
							     MOST_LOST;

		if (buftrack_device_report_lost(account->file, count)) {
			device_tell(account->device, "lost reports", errno);
			return;
		}
		account->lost -= count;
	}
}

/* find_client() - open a client, on a device that is registered if it is not */
static int find_client(struct account *account, struct bridge *bridge,
		       const struct holder *holder)
{
	account->device = device_get(bridge, account->id);
	if (!account->device)
		return -1;
	return open_client(account, bridge, holder);
}

/* try_to_open() - a device that was removed meanwhile is registered anew */
static int try_to_open(struct account *account, struct bridge *bridge,
		       const struct holder *holder)
{
	if (!find_client(account, bridge, holder))
		return 0;
	if (!account->device || !is_gone(errno))
		return -1;
	device_gone(account->device);
	return find_client(account, bridge, holder);
}

/* ready() - whether there is a client to report as */
static bool ready(struct account *account, struct bridge *bridge,
		  const struct holder *holder)
{
	uint64_t now;

	if (account->file)
		return true;
	sd_event_now(bridge->event, CLOCK_MONOTONIC, &now);
	if (now < account->retry)
		return false;
	if (!try_to_open(account, bridge, holder)) {
		tell_lost(account);
		return true;
	}
	account->retry = now + RETRY_USEC;
	/* Of a device that cannot be had, device_get() has told. */
	if (account->device)
		device_tell(account->device,
			    "a client cannot be had, so its reports are lost",
			    errno);
	return false;
}

/* lose() - the kernel would not have these */
static void lose(struct account *account, uint64_t count, int error)
{
	account->lost += count;
	device_tell(account->device, "reports are lost", error);
	if (is_gone(error)) {
		close_client(account);
		device_gone(account->device);
	} else {
		tell_lost(account);
	}
}

void account_flush(struct account *account)
{
	struct buftrack_reports *reports;
	unsigned int length;

	if (!account->waits)
		return;
	account->waits = false;
	reports = account->device->reports;
	length = buftrack_reports_length(reports);
	tell_lost(account);
	if (buftrack_device_submit(account->file, reports))
		lose(account, length - buftrack_reports_done(reports), errno);
	buftrack_reports_clear(reports);
}

void account_report(struct account *account, struct bridge *bridge,
		    const struct holder *holder, enum space space,
		    struct buftrack_report *report)
{
	if (!ready(account, bridge, holder)) {
		account->lost++;
		return;
	}
	if (device_space(account->device, space, &report->space)) {
		lose(account, 1, errno);
		return;
	}
	if (buftrack_reports_length(account->device->reports) == DEVICE_BATCH)
		account_flush(account);
	if (!account->file) {
		account->lost++;
		return;
	}
	buftrack_reports_add(account->device->reports, report);
	account->waits = true;
}

void account_lose(struct account *account, struct bridge *bridge,
		  const struct holder *holder)
{
	account_flush(account);
	account->lost++;
	if (ready(account, bridge, holder))
		tell_lost(account);
}

void account_close(struct account *account)
{
	account_flush(account);
	tell_lost(account);
	buftrack_device_close(account->file);
	account->file = NULL;
}
