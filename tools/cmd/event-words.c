// SPDX-License-Identifier: GPL-2.0
/*
 * What is to be said of a verdict
 */
#include <libbuftrack.h>

#include "event-words.h"

static const struct words words[BUFTRACK_NR_VERDICTS] = {
	[BUFTRACK_VERDICT_DOUBLE_ALLOC] = {
		.meaning = "this very buffer is live already; the new one has taken the place of the old",
		.proof = "the old one is live in the books, and no report is known to be missing: either live memory was handed out twice, or a free was not reported",
		.advice = "see that every free is reported before the memory can be handed out again; if it is, the allocator is wrong",
		.target = "replaced",
	},
	[BUFTRACK_VERDICT_OVERLAP] = {
		.meaning = "two live buffers share addresses: what is written to one changes the other",
		.proof = "both are live, the extent of both was reported, and no report is known to be missing",
		.advice = "see whether a free of the older one is not reported; if none is due, the allocator handed out memory in use",
		.hit = "shared with",
	},
	[BUFTRACK_VERDICT_REFUSED_FREE] = {
		.meaning = "the driver would not free it, and it lives on",
		.proof = "it is live in the books, so it was no second free that the driver turned down",
		.advice = "look for what still holds it (a mapping, an export), or whether it is the caller's at all; freed by nobody, it is a leak",
		.target = "live",
	},
	[BUFTRACK_VERDICT_FOREIGN_FREE] = {
		.meaning = "it was live and another client's, and is freed now, while its owner may still use it",
		.proof = "both report into the device's shared domain, and the owner has not ended",
		.advice = "have the owner free it, or end before others clean up: what an owner has left behind anyone may free",
		.target = "owned",
	},
	[BUFTRACK_VERDICT_SIZE_MISMATCH] = {
		.meaning = "it is freed, but whoever freed it took it for another size",
		.proof = "both sizes were reported; the books go by that of the alloc",
		.advice = "compare how the two sites come to the size: rounding, or the handle of another buffer",
		.target = "allocated",
	},
	[BUFTRACK_VERDICT_DOUBLE_FREE] = {
		.meaning = "it was freed already; nothing else is live at its address, so this time it hit nothing",
		.proof = "complete: its alloc and its first free were reported, and no report is known to be missing since",
		.advice = "of the two sites that free it keep one, or have the first say that it did",
		.target = "allocated",
	},
	[BUFTRACK_VERDICT_STALE_FREE] = {
		.meaning = "it was freed already, and another buffer lives there now: an allocator that goes by the address would have taken that one away",
		.proof = "complete: its alloc, its first free and the alloc of the other were reported, and no report is known to be missing since",
		.advice = "stop the second free first of all: its caller kept a handle that was no longer its own, and the other buffer's owner will be the one who crashes",
		.target = "allocated",
		.hit = "would hit",
	},
	[BUFTRACK_VERDICT_INVALID_FREE] = {
		.meaning = "the address is inside of a live buffer, and not where that starts",
		.proof = "the buffer around it is live, and its extent was reported",
		.advice = "free it by the address that it was allocated at: this one was moved, or is a slice of it",
		.hit = "inside of",
	},
	[BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH] = {
		.meaning = "nothing is known of it: it is older than the client's reports",
		.proof = "none, and nobody is blamed: the client's reports begin later than the buffer",
		.advice = "to know, begin to report before the program allocates",
		.hit = "also there",
	},
	[BUFTRACK_VERDICT_UNKNOWN_GAP] = {
		.meaning = "it is not live in the books, but reports are missing that may explain it",
		.proof = "none, and nobody is blamed: its alloc may be among what is missing",
		.advice = "see lost_reports, disabled_reports and untracked_buffers of 'buftrack status' for what made the gap",
		.target = "was",
		.hit = "also there",
	},
	[BUFTRACK_VERDICT_UNKNOWN_EVICTED] = {
		.meaning = "nothing is known of it any more: its record may be among those that made place for others",
		.proof = "none, and nobody is blamed: freed records have been evicted",
		.advice = "to know, keep more of them: 'buftrack device set --freed-records'",
		.hit = "also there",
	},
	[BUFTRACK_VERDICT_UNKNOWN_OTHER_ID] = {
		.meaning = "no buffer of this id was allocated, but others were at this address: several objects free one buffer",
		.proof = "no report is known to be missing and no record was evicted: this object has allocated nothing here",
		.advice = "look for copies of the handle, or views of the buffer: one of them owns it, and the others must not free it",
		.hit = "is another's",
	},
	[BUFTRACK_VERDICT_UNKNOWN_NEVER] = {
		.meaning = "it was never allocated",
		.proof = "complete: the client has reported from its beginning on, no report is known to be missing, and no record was evicted",
		.advice = "look for a wild or cleared handle, or the wrong space or device; or is there an alloc that is not reported?",
	},
};

/* A module that is newer than this command may have others. */
static const struct words unforeseen = {
	.meaning = "this command is too old to know what it means",
	.proof = "the module knows: see its documentation",
	.advice = "use the command that came with the module",
	.target = "record",
	.hit = "also there",
};

const struct words *words_for(unsigned int verdict)
{
	if (verdict < BUFTRACK_NR_VERDICTS && words[verdict].meaning)
		return &words[verdict];
	return &unforeseen;
}
