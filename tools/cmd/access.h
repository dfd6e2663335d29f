/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What this reader is not shown
 */
#ifndef BUFTRACK_ACCESS_H
#define BUFTRACK_ACCESS_H

#include <stdbool.h>
#include <libbuftrack.h>

/* How one comes to see what is not shown */
#define HOW_TO_SEE "root sees them, and who has CAP_PERFMON"

/**
 * is_hidden() - whether the address, id and site of an event's report are not shown
 * @event: the event
 *
 * Records say so themselves. Of a report it follows from whose it is.
 */
bool is_hidden(const struct buftrack_event *event);

#endif /* BUFTRACK_ACCESS_H */
