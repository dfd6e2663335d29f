// SPDX-License-Identifier: GPL-2.0
/*
 * cli-roll SEED EVENTS [clean]
 *
 * Writes a random trace. It uses few keys, so they collide in every possible way:
 * overlapping spans, reused ids, clients that open and close, gaps, disabled tracking.
 * "clean" omits gaps and disabling, so records do not become doubtful. The same seed
 * gives the same trace everywhere.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

#define MAX_OPEN 6
#define NR_DEVICES 2

struct client {
	unsigned int word;
	unsigned int device;
};

static struct client open_clients[MAX_OPEN];
static unsigned int nr_open;
static unsigned int nr_words;
static uint64_t line;
static bool clean;

static void put_number(uint64_t number)
{
	switch (roll(3)) {
	case 0:
		printf("0x%" PRIx64, number);
		break;
	case 1:
		printf("00%" PRIu64, number);
		break;
	default:
		printf("%" PRIu64, number);
	}
}

static void put_head(const struct client *client, const char *op)
{
	if (!one_in(5))
		printf("%" PRIu64, line * 100);
	if (one_in(9))
		printf(",\"c%u\",%s,chip%u,", client->word, op, client->device);
	else
		printf(",c%u,%s,chip%u,", client->word, op, client->device);
}

/* Few addresses, some of them near 2^64 */
static uint64_t roll_address(void)
{
	uint64_t address = 16 * roll(24);

	return one_in(8) ? UINT64_MAX - 15 - address : address;
}

static void put_space(void)
{
	static const char *const spaces[] = { "DRAM", "L1", "TRACE" };

	fputs(spaces[roll(3)], stdout);
}

static void put_alloc(const struct client *client)
{
	uint64_t address = roll_address();
	uint64_t room = UINT64_MAX - address;
	uint64_t span = one_in(4) ? 0 : 1 + roll(80);
	uint64_t size = 1 + roll(64);

	if (span > room)
		span = room + 1;
	put_head(client, "alloc");
	put_space();
	putchar(',');
	put_number(address);
	putchar(',');
	/* Omit half of the spans; they default to the size. */
	if (span && one_in(2)) {
		put_number(span);
		printf(",,");
	} else {
		put_number(size);
		putchar(',');
		put_number(span);
		putchar(',');
	}
	if (one_in(3))
		put_number(roll(6));
	printf(",\n");
}

/* put_free() - write a free or a use, which have the same fields */
static void put_free(const struct client *client, const char *op)
{
	put_head(client, op);
	put_space();
	putchar(',');
	put_number(roll_address() + (one_in(6) ? roll(16) : 0));
	putchar(',');
	if (one_in(3))
		put_number(1 + roll(64));
	printf(",,");
	if (!one_in(3))
		put_number(roll(6));
	printf(",%s\n", *op == 'f' && one_in(10) ? "refused" : "");
}

static void put_open(void)
{
	static const char *const flags[] = {
		"", "late", "", "shared", "shared", "late|shared", "shared|late"
	};
	struct client *client = &open_clients[nr_open++];

	client->word = nr_words++;
	client->device = roll(NR_DEVICES);
	put_head(client, "open");
	printf(",,,,");
	if (one_in(4))
		put_number(roll(5));
	printf(",%s\n", flags[roll(7)]);
}

static void put_close(unsigned int which)
{
	put_head(&open_clients[which], "close");
	printf(",,,,,\n");
	open_clients[which] = open_clients[--nr_open];
}

static void put_switch(void)
{
	printf(",,%s,chip%d,,,,,,\n", one_in(3) ? "disable" : "enable",
	       (int)roll(NR_DEVICES));
}

static void put_event(void)
{
	unsigned int which;

	if (!nr_open || (nr_open < MAX_OPEN && one_in(60))) {
		put_open();
		return;
	}
	which = roll(nr_open);
	if (one_in(120)) {
		put_close(which);
	} else if (!clean && one_in(90)) {
		put_head(&open_clients[which], "gap");
		printf(",,,,,\n");
	} else if (!clean && one_in(60)) {
		put_switch();
	} else if (one_in(2)) {
		put_alloc(&open_clients[which]);
	} else {
		put_free(&open_clients[which], one_in(5) ? "use" : "free");
	}
}

int main(int argc, char **argv)
{
	uint64_t nr;

	if (argc < 3) {
		fprintf(stderr, "usage: cli-roll SEED EVENTS [clean]\n");
		return 2;
	}
	seed_random(strtoull(argv[1], NULL, 0));
	nr = strtoull(argv[2], NULL, 0);
	clean = argc > 3 && !strcmp(argv[3], "clean");
	printf("ts_ns,client,op,device,space,address,size,span,id,flags\n");
	for (line = 0; line < nr; line++)
		put_event();
	return 0;
}
