// SPDX-License-Identifier: GPL-2.0
/*
 * The seed's trace: generate its events
 *
 * Each chip loads its weights, then decodes tokens: every step allocates some
 * activations and frees them, and some frees are wrong. Blocks are reused last in,
 * first out, each for one size only, so addresses repeat and blocks never overlap.
 */
#include <err.h>
#include <stdlib.h>

#include "seed.h"

/* Given numbers: of each chip, and of the first chip's hot address */
#define NR_REMAINING 381
#define NR_TRACE 4
#define NR_HOT 1112
#define HOT_OTHERS 960
#define HOT_SECONDS 40
#define HOT_REUSED 21

#define FIRST_ID 1000
#define NR_OLD 16
#define NR_LATE 18
#define BANKS 12
#define NR_CLASSES 8
#define MAX_BLOCKS 64
#define STEP 6
#define HOT_EVERY 8

static const unsigned int nr_allocs[NR_SPACES] = {
	[DRAM] = 49158 / NR_CHIPS,
	[L1] = 34250 / NR_CHIPS,
	[TRACE] = 8 / NR_CHIPS,
};

/* Wrong frees of each chip outside the hot address */
static const unsigned int nr_wrong[NR_CHIPS][NR_REASONS] = {
	[CHIP0] = { [SECOND] = 7, [SECOND_AFTER_REUSE] = 6, [OTHER_OBJECT] = 18 },
	[CHIP1] = { [SECOND] = 6, [SECOND_AFTER_REUSE] = 5, [OTHER_OBJECT] = 17 },
};

static const char *const runtimes[NR_CHIPS] = { "llama-0", "llama-1" };
static const char latecomer[] = "profiler-0";

/* Old buffers lie below the allocator's range, the hot address lies above it. */
static const uint64_t old_base[NR_SPACES] = { 0x20000, 0x19000, 0 };
static const uint64_t base[NR_SPACES] = { 0x4000000, 0x40000, 0x3f000000 };
#define HOT_ADDRESS UINT64_C(0x16a000)

struct pool {
	uint64_t next;
	unsigned int nr_free[NR_CLASSES];
	uint64_t blocks[NR_CLASSES][MAX_BLOCKS];
};

struct chip {
	struct pool pools[NR_SPACES];
	unsigned int left[NR_SPACES];
	unsigned int put_in[NR_REASONS];
	unsigned int nr_hot;
	struct buffer hot;
	uint64_t next_id;
	uint64_t at_first;
	struct buffer kept[NR_REMAINING];
	unsigned int nr_kept;
};

static struct chip chips[NR_CHIPS];

/* xorshift64*: the same numbers on every machine */
static uint64_t roll(uint64_t sides)
{
	static uint64_t state = 83416;

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return ((state * UINT64_C(2685821657736338717)) >> 32) % sides;
}

/* size_of_class() - larger in DRAM than in L1 */
static uint64_t size_of_class(unsigned int space, unsigned int class)
{
	return (UINT64_C(2048) << class) * (space == L1 ? 1 : BANKS);
}

/* A DRAM buffer is interleaved over the banks: its span is less than its size. */
static uint64_t span_of_class(unsigned int space, unsigned int class)
{
	return size_of_class(space, class) / (space == L1 ? 1 : BANKS);
}

static uint64_t take_block(struct pool *pool, unsigned int space,
			   unsigned int class)
{
	uint64_t address;

	if (pool->nr_free[class])
		return pool->blocks[class][--pool->nr_free[class]];
	address = pool->next;
	pool->next += span_of_class(space, class);
	return address;
}

static unsigned int class_of(const struct buffer *buffer)
{
	unsigned int class = 0;

	while (size_of_class(buffer->space, class) != buffer->size)
		class ++;
	return class;
}

static void give_block(struct pool *pool, const struct buffer *buffer)
{
	unsigned int class = class_of(buffer);

	if (pool->nr_free[class] == MAX_BLOCKS)
		errx(1, "too many free blocks");
	pool->blocks[class][pool->nr_free[class]++] = buffer->address;
}

static struct buffer allocate(unsigned int which, unsigned int space,
			      unsigned int class)
{
	struct chip *chip = &chips[which];
	struct buffer buffer = {
		.space = space,
		.address = take_block(&chip->pools[space], space, class),
		.size = size_of_class(space, class),
		.span = span_of_class(space, class),
		.id = chip->next_id++,
	};

	chip->left[space]--;
	emit_alloc(which, runtimes[which], &buffer);
	return buffer;
}

/* free_wrongly() - free a buffer by an id that should not be freed */
static void free_wrongly(unsigned int which, struct buffer buffer, uint64_t id,
			 enum reason reason)
{
	buffer.id = id;
	emit_free(which, runtimes[which], &buffer, reason);
}

static void release(unsigned int which, const struct buffer *buffer)
{
	emit_free(which, runtimes[which], buffer, RIGHT);
	give_block(&chips[which].pools[buffer->space], buffer);
}

/* due() - true if one of @total events, spread over @steps steps, is due now */
static int due(uint64_t total, uint64_t step, uint64_t steps)
{
	return total * (step + 1) / steps > total * step / steps;
}

/* Another object shares the buffer. It may free it before the owner does. */
static void free_by_other(unsigned int which, const struct buffer *buffer)
{
	free_wrongly(which, *buffer, chips[which].next_id++, OTHER_OBJECT);
}

static void free_hot(unsigned int which, const struct buffer *hot,
		     unsigned int nth)
{
	int other = due(HOT_OTHERS, nth, NR_HOT);

	if (other && nth % 2)
		free_by_other(which, hot);
	emit_free(which, runtimes[which], hot, RIGHT);
	if (other && !(nth % 2))
		free_by_other(which, hot);
	if (due(HOT_SECONDS, nth, NR_HOT))
		free_wrongly(which, *hot, hot->id, SECOND);
}

/* hot_step() - use the hot address once */
static void hot_step(unsigned int which)
{
	struct chip *chip = &chips[which];
	unsigned int nth = chip->nr_hot++;
	struct buffer before = chip->hot;

	chip->hot = (struct buffer){
		.space = L1,
		.address = HOT_ADDRESS,
		.size = 4096,
		.span = 4096,
		.id = chip->next_id++,
	};
	chip->left[L1]--;
	emit_alloc(which, runtimes[which], &chip->hot);
	if (due(HOT_REUSED, nth, NR_HOT))
		free_wrongly(which, before, before.id, SECOND_AFTER_REUSE);
	free_hot(which, &chip->hot, nth);
}

/* wanted() - true if another wrong free for this reason is due */
static int wanted(unsigned int which, enum reason reason)
{
	struct chip *chip = &chips[which];
	uint64_t total = nr_wrong[which][reason];
	uint64_t left = chip->left[DRAM] + chip->left[L1];
	uint64_t done = chip->at_first - left;

	/* Round up, so that the last one comes before the last allocation. */
	if (chip->put_in[reason] >=
	    (total * done + chip->at_first - 1) / chip->at_first)
		return 0;
	chip->put_in[reason]++;
	return 1;
}

/* room() - allocations left in a space, except those of the hot address */
static unsigned int room(const struct chip *chip, unsigned int space)
{
	unsigned int reserved = 0;

	if (chip == &chips[CHIP0] && space == L1)
		reserved = NR_HOT - chip->nr_hot;
	return chip->left[space] - reserved;
}

static void go_wrong(unsigned int which, const struct buffer *freed)
{
	struct buffer next;

	if (wanted(which, OTHER_OBJECT))
		free_by_other(which, freed);
	if (wanted(which, SECOND))
		free_wrongly(which, *freed, freed->id, SECOND);
	if (!room(&chips[which], freed->space) ||
	    !wanted(which, SECOND_AFTER_REUSE))
		return;
	next = allocate(which, freed->space, class_of(freed));
	if (next.address != freed->address)
		errx(1, "the block was not reused");
	free_wrongly(which, *freed, freed->id, SECOND_AFTER_REUSE);
	release(which, &next);
}

/* decode() - allocate and free in another order; false when none are left */
static int decode(unsigned int which)
{
	struct chip *chip = &chips[which];
	struct buffer buffers[STEP];
	unsigned int nr = 1 + roll(STEP), got = 0;

	while (got < nr) {
		unsigned int dram = room(chip, DRAM), l1 = room(chip, L1);

		if (!dram && !l1)
			break;
		buffers[got++] = allocate(which,
					  roll(dram + l1) < dram ? DRAM : L1,
					  roll(NR_CLASSES));
	}
	while (got) {
		unsigned int pick = roll(got);
		struct buffer freed = buffers[pick];

		buffers[pick] = buffers[--got];
		release(which, &freed);
		go_wrong(which, &freed);
	}
	return room(chip, DRAM) || room(chip, L1);
}

static void free_old(unsigned int which, const char *client, unsigned int nr,
		     uint64_t first_id, enum reason reason)
{
	for (unsigned int i = 0; i < nr; i++) {
		struct buffer old = {
			.space = i % 4 ? DRAM : L1,
			.address = old_base[i % 4 ? DRAM : L1] + i * 0x800,
			.id = first_id + i,
		};

		emit_free(which, client, &old, reason);
	}
}

static void keep(unsigned int which, unsigned int space, unsigned int class)
{
	struct chip *chip = &chips[which];

	chip->kept[chip->nr_kept++] = allocate(which, space, class);
}

/* load() - open the chip, free an earlier run's buffers, load the weights */
static void load(unsigned int which)
{
	struct chip *chip = &chips[which];
	unsigned int nr = NR_REMAINING / NR_CHIPS;

	chip->next_id = FIRST_ID;
	for (unsigned int space = 0; space < NR_SPACES; space++) {
		chip->left[space] = nr_allocs[space];
		chip->pools[space].next = base[space];
	}
	emit_open(which, runtimes[which], FIRST_ID, "");
	free_old(which, runtimes[which], NR_OLD, 100, BELOW_FIRST_ID);
	if (which == CHIP0)
		nr += NR_REMAINING % NR_CHIPS;
	while (chip->nr_kept < nr)
		keep(which, DRAM, NR_CLASSES - 1 - roll(3));
	chip->at_first = chip->left[DRAM] + chip->left[L1];
}

/* The commands of a decode step are recorded in TRACE. */
static void record_commands(unsigned int which)
{
	for (unsigned int i = 0; i < NR_TRACE; i++) {
		struct buffer buffer = allocate(which, TRACE, 4);

		release(which, &buffer);
	}
}

static void finish(unsigned int which)
{
	struct chip *chip = &chips[which];

	while (which == CHIP0 && chip->nr_hot < NR_HOT)
		hot_step(which);
	/* The last wrong frees come due only now. */
	for (unsigned int i = SECOND; i < NR_REASONS; i++)
		if (chip->put_in[i] != nr_wrong[which][i])
			errx(1, "%u of %u wrong frees were put in",
			     chip->put_in[i], nr_wrong[which][i]);
	for (unsigned int i = 0; i < chip->nr_kept; i++)
		emit_remaining(which, &chip->kept[i]);
	emit_close(which, runtimes[which]);
}

void run_workload(void)
{
	int more = 1;

	emit_head();
	for (unsigned int which = 0; which < NR_CHIPS; which++)
		load(which);
	for (unsigned int which = 0; which < NR_CHIPS; which++)
		record_commands(which);
	for (unsigned int step = 0; more; step++) {
		more = 0;
		for (unsigned int which = 0; which < NR_CHIPS; which++)
			more |= decode(which);
		if (!(step % HOT_EVERY) && chips[CHIP0].nr_hot < NR_HOT)
			hot_step(CHIP0);
		if (step == 1000) {
			emit_open(CHIP0, latecomer, 0, "late");
			free_old(CHIP0, latecomer, NR_LATE, 500, BEFORE_LATE);
			emit_close(CHIP0, latecomer);
		}
	}
	for (unsigned int which = 0; which < NR_CHIPS; which++)
		finish(which);
}
