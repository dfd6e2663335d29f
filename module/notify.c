// SPDX-License-Identifier: GPL-2.0
/* Notification of a report's verdict: tracepoints and readers of the event log */
#include "device.h"
#include "notify.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static_assert(ARRAY_SIZE(((struct trace_print_flags[]) { BT_VERDICT_NAMES })) ==
	      BUFTRACK_NR_VERDICTS);

/* The verdicts that the core logs as events */
static bool bt_notify_is_event(int verdict)
{
	return verdict != BUFTRACK_VERDICT_OK && verdict != BUFTRACK_VERDICT_DISABLED &&
	       verdict != BUFTRACK_VERDICT_UNTRACKED;
}

/**
 * bt_device_notify() - fire the tracepoints of a report and wake event readers
 * @dev: device of the report
 * @c: client that made it
 * @r: the report
 * @verdict: its verdict
 *
 * Context: any but NMI.
 */
void bt_device_notify(struct bt_device *dev, const struct bt_client *c,
		      const struct buftrack_report *r, int verdict)
{
	switch (r->op) {
	case BUFTRACK_OP_ALLOC:
		trace_buftrack_alloc(dev->number, c->number, r, verdict);
		break;
	case BUFTRACK_OP_FREE:
		trace_buftrack_free(dev->number, c->number, r, verdict);
		break;
	default:
		trace_buftrack_use(dev->number, c->number, r, verdict);
	}
	if (!bt_notify_is_event(verdict))
		return;
	trace_buftrack_wrong(dev->number, c->number, r, verdict);
	/* Pairs with the barrier of the waiter's set_current_state() */
	if (wq_has_sleeper(&dev->wait))
		irq_work_queue(&dev->wake);
}
