// SPDX-License-Identifier: GPL-2.0
/*
 * The seed's trace: write its lines and count the expected results
 *
 * The results follow from the reason for each line, not from the tracker's rules.
 */
#include <inttypes.h>
#include <stdio.h>

#include "seed.h"

const char *const chip_names[] = { "chip0", "chip1" };
const char *const space_names[] = { "DRAM", "L1", "TRACE" };

struct expectation expected;
int silent;

static uint64_t clock_ns;

/* Expected counter of a wrong free */
static const int counter_of[NR_REASONS] = {
	[BELOW_FIRST_ID] = BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH,
	[BEFORE_LATE] = BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH,
	[SECOND] = BUFTRACK_COUNTER_DOUBLE_FREES,
	[SECOND_AFTER_REUSE] = BUFTRACK_COUNTER_STALE_FREES,
	[OTHER_OBJECT] = BUFTRACK_COUNTER_UNKNOWN_FREES_OTHER_ID,
};

static void put(const char *text)
{
	if (!silent)
		fputs(text, stdout);
}

static void put_number(const char *format, uint64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), format, number);
	put(text);
}

/* begin() - write the fields that all lines have */
static void begin(const char *client, const char *op, unsigned int chip)
{
	clock_ns += 1000;
	put_number("%" PRIu64, clock_ns);
	put(",");
	put(client);
	put(",");
	put(op);
	put(",");
	put(chip_names[chip]);
}

static void expect(unsigned int chip, unsigned int space, unsigned int counter,
		   uint64_t by)
{
	expected.chip[chip].counter[counter] += by;
	expected.space[chip][space].counter[counter] += by;
}

static void expect_peak(struct tally *tally)
{
	if (tally->counter[BUFTRACK_COUNTER_PEAK_BYTES] <
	    tally->counter[BUFTRACK_COUNTER_LIVE_BYTES])
		tally->counter[BUFTRACK_COUNTER_PEAK_BYTES] =
			tally->counter[BUFTRACK_COUNTER_LIVE_BYTES];
}

void emit_head(void)
{
	put("# Two chips, 83,416 allocations, 381 buffers that remain, 1,130 wrong frees\n");
	put("ts_ns,client,op,device,space,address,size,span,id,flags\n");
}

void emit_open(unsigned int chip, const char *client, uint64_t first_id,
	       const char *flags)
{
	begin(client, "open", chip);
	put(",,,,,");
	if (first_id)
		put_number("%" PRIu64, first_id);
	put(",");
	put(flags);
	put("\n");
}

void emit_alloc(unsigned int chip, const char *client,
		const struct buffer *buffer)
{
	begin(client, "alloc", chip);
	put(",");
	put(space_names[buffer->space]);
	put_number(",0x%" PRIx64, buffer->address);
	put_number(",%" PRIu64, buffer->size);
	put_number(",%" PRIu64, buffer->span);
	put_number(",%" PRIu64 ",\n", buffer->id);
	expect(chip, buffer->space, BUFTRACK_COUNTER_ALLOCS, 1);
	expect(chip, buffer->space, BUFTRACK_COUNTER_LIVE_BUFFERS, 1);
	expect(chip, buffer->space, BUFTRACK_COUNTER_LIVE_BYTES, buffer->size);
	expect_peak(&expected.chip[chip]);
	expect_peak(&expected.space[chip][buffer->space]);
}

void emit_free(unsigned int chip, const char *client,
	       const struct buffer *buffer, enum reason reason)
{
	begin(client, "free", chip);
	put(",");
	put(space_names[buffer->space]);
	put_number(",0x%" PRIx64, buffer->address);
	put_number(",,,%" PRIu64 ",\n", buffer->id);
	expected.reason[reason]++;
	if (reason != RIGHT) {
		expect(chip, buffer->space, counter_of[reason], 1);
		return;
	}
	expect(chip, buffer->space, BUFTRACK_COUNTER_FREES, 1);
	expect(chip, buffer->space, BUFTRACK_COUNTER_LIVE_BUFFERS, -1);
	expect(chip, buffer->space, BUFTRACK_COUNTER_LIVE_BYTES, -buffer->size);
}

/* emit_remaining() - count a buffer that is live when its client is closed */
void emit_remaining(unsigned int chip, const struct buffer *buffer)
{
	expect(chip, buffer->space, BUFTRACK_COUNTER_LIVE_BUFFERS, -1);
	expect(chip, buffer->space, BUFTRACK_COUNTER_LIVE_BYTES, -buffer->size);
	expect(chip, buffer->space, BUFTRACK_COUNTER_REMAINING_BUFFERS, 1);
	expect(chip, buffer->space, BUFTRACK_COUNTER_REMAINING_BYTES,
	       buffer->size);
}

void emit_close(unsigned int chip, const char *client)
{
	begin(client, "close", chip);
	put(",,,,,,\n");
}
