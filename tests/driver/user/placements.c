// SPDX-License-Identifier: GPL-2.0
/* TTM placements: in which memory the buffers of cards are, and their moves */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xf86drm.h>
#include "card.h"

/* More 3 MiB frame buffers than fit into 16 MiB of video memory */
#define MANY 8

/* Bytes in use according to debugfs */
static __u64 usage_of(const struct card *card, const char *manager)
{
	char path[96], line[256];
	__u64 usage = ~0ULL;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/debug/dri/%d/%s",
		 card_minor(card), manager);
	file = fopen(path, "r");
	CHECK(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " usage: %llu", &usage) == 1)
			break;
	fclose(file);
	return usage;
}

/* The kernel moves buffers by itself now and then, so wait until both agree */
static void check_usage(const struct card *card, const char *manager,
			const char *space)
{
	int node = card_node(card);

	WAIT_UNTIL(usage_of(card, manager) ==
		   space_counter(node, space, BUFTRACK_COUNTER_LIVE_BYTES));
	close(node);
}

TEST(memory_usage_of_bochs_matches_debugfs)
{
	int fd = card_open(&bochs), node = card_node(&bochs);
	struct dumb dumb = dumb_create(fd, 1024, 768);

	check_usage(&bochs, bochs.manager, "VRAM");
	show(fd, &dumb);
	CHECK(space_counter(node, "VRAM", BUFTRACK_COUNTER_LIVE_BYTES) >=
	      dumb.size);
	check_usage(&bochs, bochs.manager, "VRAM");
	close(fd);
	check_usage(&bochs, bochs.manager, "VRAM");
	check_no_wrong_reports(node);
}

/* No host reads the rings of qxl here, so it keeps most of its buffers */
TEST(memory_usage_of_qxl_matches_debugfs)
{
	check_usage(&qxl, qxl.manager, "VRAM");
	check_usage(&qxl, "qxl_surf_mm", "PRIV");
	CHECK(space_counter(card_node(&qxl), "VRAM",
			    BUFTRACK_COUNTER_LIVE_BYTES) > 0);
	check_no_wrong_reports(card_node(&qxl));
}

static void check_moves(const struct card *card)
{
	int fd = card_open(card), node = card_node(card), i;
	__u64 me = client_of(node, getpid());
	struct dumb dumb[MANY];
	__u64 moves;

	for (i = 0; i < MANY; i++)
		dumb[i] = dumb_create(fd, 1024, 768);
	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_MOVES), 0);
	for (i = 0; i < MANY; i++)
		show(fd, &dumb[i]);
	/* All were moved to video memory, and some evicted again */
	moves = client_counter(node, me, BUFTRACK_COUNTER_MOVES);
	CHECK(moves > MANY);
	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_ALLOCS),
		 MANY + moves);
	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_LIVE_BUFFERS), MANY);
	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_LIVE_BYTES),
		 MANY * dumb[0].size);
	close(fd);
	WAIT_UNTIL(!client_counter(node, me, BUFTRACK_COUNTER_LIVE_BUFFERS));
	check_no_wrong_reports(node);
}

TEST(moves_count_for_the_owner_on_bochs)
{
	check_moves(&bochs);
	check_usage(&bochs, bochs.manager, "VRAM");
}
