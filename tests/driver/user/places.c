// SPDX-License-Identifier: GPL-2.0
/* Where the buffers of cards are, and that they move: TTM's placements */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xf86drm.h>
#include "card.h"

/* More frame buffers of 3 MiB than fit into 16 MiB */
#define MANY 8

/* Bytes in use, as a manager of memory says in debugfs */
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

/* What is placed changes by itself now and then: both must say the same in the end */
static void check_usage(const struct card *card, const char *manager,
			const char *space)
{
	int node = card_node(card);

	WAIT_UNTIL(usage_of(card, manager) ==
		   space_counter(node, space, BUFTRACK_COUNTER_LIVE_BYTES));
	close(node);
}

TEST(memory_of_bochs_holds_what_debugfs_says)
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
	check_no_blame(node);
}

/* Its rings are read by nobody here, so that it keeps much of what it made */
TEST(memory_of_qxl_holds_what_debugfs_says)
{
	check_usage(&qxl, qxl.manager, "VRAM");
	check_usage(&qxl, "qxl_surf_mm", "PRIV");
	CHECK(space_counter(card_node(&qxl), "VRAM",
			    BUFTRACK_COUNTER_LIVE_BYTES) > 0);
	check_no_blame(card_node(&qxl));
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
	/* All have been moved in, and some out again */
	moves = client_counter(node, me, BUFTRACK_COUNTER_MOVES);
	CHECK(moves > MANY);
	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_ALLOCS),
		 MANY + moves);
	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_LIVE_BUFFERS), MANY);
	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_LIVE_BYTES),
		 MANY * dumb[0].size);
	close(fd);
	WAIT_UNTIL(!client_counter(node, me, BUFTRACK_COUNTER_LIVE_BUFFERS));
	check_no_blame(node);
}

TEST(a_move_is_counted_for_the_owner_of_the_buffer_on_bochs)
{
	check_moves(&bochs);
	check_usage(&bochs, bochs.manager, "VRAM");
}
