/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints: buftrack:buftrack_alloc, buftrack_free, buftrack_use, buftrack_wrong */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM buftrack

#if !defined(BUFTRACK_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define BUFTRACK_TRACE_H

#include <linux/tracepoint.h>
#include <linux/buftrack.h>

#ifndef BT_VERDICT_NAMES
#define BT_VERDICT_NAMES						\
	EM(BUFTRACK_VERDICT_OK, "ok")					\
	EM(BUFTRACK_VERDICT_DISABLED, "disabled")			\
	EM(BUFTRACK_VERDICT_UNTRACKED, "untracked")			\
	EM(BUFTRACK_VERDICT_DOUBLE_ALLOC, "double_alloc")		\
	EM(BUFTRACK_VERDICT_OVERLAP, "overlap")				\
	EM(BUFTRACK_VERDICT_REFUSED_FREE, "refused_free")		\
	EM(BUFTRACK_VERDICT_FOREIGN_FREE, "foreign_free")		\
	EM(BUFTRACK_VERDICT_SIZE_MISMATCH, "size_mismatch")		\
	EM(BUFTRACK_VERDICT_DOUBLE_FREE, "double_free")			\
	EM(BUFTRACK_VERDICT_STALE_FREE, "stale_free")			\
	EM(BUFTRACK_VERDICT_INVALID_FREE, "invalid_free")		\
	EM(BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH, "unknown_free.pre_attach")\
	EM(BUFTRACK_VERDICT_UNKNOWN_GAP, "unknown_free.gap")		\
	EM(BUFTRACK_VERDICT_UNKNOWN_EVICTED, "unknown_free.evicted")	\
	EM(BUFTRACK_VERDICT_UNKNOWN_OTHER_ID, "unknown_free.other_id")	\
	EM(BUFTRACK_VERDICT_UNKNOWN_NEVER, "unknown_free.never")	\
	EMe(BUFTRACK_VERDICT_USE_AFTER_FREE, "use_after_free")
#endif

/* perf and trace-cmd parse the format file, which must have values, not names */
#undef EM
#undef EMe
#define EM(verdict, name)	TRACE_DEFINE_ENUM(verdict);
#define EMe(verdict, name)	TRACE_DEFINE_ENUM(verdict);
BT_VERDICT_NAMES
TRACE_DEFINE_ENUM(BUFTRACK_OP_ALLOC);
TRACE_DEFINE_ENUM(BUFTRACK_OP_FREE);
TRACE_DEFINE_ENUM(BUFTRACK_OP_USE);

/* From here on, the table of __print_symbolic() */
#undef EM
#undef EMe
#define EM(verdict, name)	{ verdict, name },
#define EMe(verdict, name)	{ verdict, name }

DECLARE_EVENT_CLASS(buftrack_report,
	TP_PROTO(u32 device, u64 client, const struct buftrack_report *r,
		 int verdict),
	TP_ARGS(device, client, r, verdict),
	TP_STRUCT__entry(
		__field(u32, device)
		__field(u32, space)
		__field(u64, client)
		__field(u64, address)
		__field(u64, size)
		__field(u64, span)
		__field(u64, id)
		__field(u64, site)
		__field(u32, op)
		__field(u32, flags)
		__field(u32, verdict)
	),
	TP_fast_assign(
		__entry->device = device;
		__entry->space = r->space;
		__entry->client = client;
		__entry->address = r->address;
		__entry->size = r->size;
		__entry->span = r->span;
		__entry->id = r->id;
		__entry->site = r->site;
		__entry->op = r->op;
		__entry->flags = r->flags;
		__entry->verdict = verdict;
	),
	TP_printk("device=%u client=%llu op=%s space=%u address=0x%llx size=%llu span=%llu id=0x%llx site=0x%llx flags=0x%x verdict=%s",
		  __entry->device, __entry->client,
		  __print_symbolic(__entry->op, { BUFTRACK_OP_ALLOC, "alloc" },
				   { BUFTRACK_OP_FREE, "free" },
				   { BUFTRACK_OP_USE, "use" }),
		  __entry->space, __entry->address, __entry->size,
		  __entry->span, __entry->id, __entry->site, __entry->flags,
		  __print_symbolic(__entry->verdict, BT_VERDICT_NAMES))
);

/* Every reported alloc, with its verdict */
DEFINE_EVENT(buftrack_report, buftrack_alloc,
	TP_PROTO(u32 device, u64 client, const struct buftrack_report *r,
		 int verdict),
	TP_ARGS(device, client, r, verdict)
);

/* Every reported free, with its verdict */
DEFINE_EVENT(buftrack_report, buftrack_free,
	TP_PROTO(u32 device, u64 client, const struct buftrack_report *r,
		 int verdict),
	TP_ARGS(device, client, r, verdict)
);

/* Every reported use, with its verdict */
DEFINE_EVENT(buftrack_report, buftrack_use,
	TP_PROTO(u32 device, u64 client, const struct buftrack_report *r,
		 int verdict),
	TP_ARGS(device, client, r, verdict)
);

/* Every wrong report, whatever its op; the event log has the same ones */
DEFINE_EVENT(buftrack_report, buftrack_wrong,
	TP_PROTO(u32 device, u64 client, const struct buftrack_report *r,
		 int verdict),
	TP_ARGS(device, client, r, verdict)
);

#endif /* BUFTRACK_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
