// SPDX-License-Identifier: GPL-2.0
/* Who may see what: addresses, ids and sites of another user's buffers */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "helper.h"
#include "reader.h"
#include "who.h"

#define REDACTED BUFTRACK_RECORD_STATE_REDACTED

/*
 * Clients of Alice: 1 has a live buffer and a freed one, that was freed again; 2
 * left one; each value is her own
 */
static int act_as_alice(const struct rig *r)
{
	struct buftrack_declare declaration = { .first_id = 0xa11ce };
	int fd = rig_open_as(r, ALICE), left;

	CHECK_OK(CALL(fd, DECLARE, &declaration));
	CHECK_OK(try_report(fd, ALLOC(.address = 0x1000, .size = 16, .span = 32,
				      .id = 0xa11ce1, .site = 0x51)));
	CHECK_OK(try_report(fd, ALLOC(.address = 0x2000, .size = 17, .span = 33,
				      .id = 0xa11ce2, .site = 0x52)));
	CHECK_OK(try_report(fd, FREE(.address = 0x2000, .id = 0xa11ce2,
				     .site = 0x53)));
	CHECK_EQ(verdict_of(fd, FREE(.address = 0x2000, .id = 0xa11ce2,
				     .site = 0x54)),
		 BUFTRACK_VERDICT_DOUBLE_FREE);
	left = rig_open_as(r, ALICE);
	CHECK_OK(try_report(left, ALLOC(.address = 0x3000, .size = 18,
					.id = 0xa11ce3, .site = 0x55)));
	close(left);
	return fd;
}

static void check_place(const struct buftrack_record *rec, bool seen,
			__u64 address, __u64 id, __u64 site, __u64 ended_site)
{
	CHECK_EQ(rec->state & REDACTED, seen ? 0 : REDACTED);
	CHECK_EQ(rec->address, seen ? address : 0);
	CHECK_EQ(rec->id, seen ? id : 0);
	CHECK_EQ(rec->site, seen ? site : 0);
	CHECK_EQ(rec->ended_site, seen ? ended_site : 0);
}

/* What is for everybody */
static void check_extent(const struct buftrack_record *rec, __u64 client,
			 __u64 size, __u64 span)
{
	CHECK_EQ(rec->client, client);
	CHECK_EQ(rec->size, size);
	CHECK_EQ(rec->span, span);
	CHECK_EQ(rec->pid, getpid());
	CHECK(rec->comm[0]);
	CHECK(rec->allocated);
	CHECK_EQ(!rec->ended, !!(rec->state & BUFTRACK_RECORD_STATE_LIVE));
}

static void check_records(int fd, bool seen)
{
	const struct buftrack_record *rec;

	rec = list_all(fd, BUFTRACK_RECORD_STATE_LIVE).records;
	check_extent(rec, 1, 16, 32);
	check_place(rec, seen, 0x1000, 0xa11ce1, 0x51, 0);
	rec = list_all(fd, BUFTRACK_RECORD_STATE_FREED).records;
	check_extent(rec, 1, 17, 33);
	check_place(rec, seen, 0x2000, 0xa11ce2, 0x52, 0x53);
	CHECK_EQ(rec->ended_by, 1);
	CHECK_EQ(rec->repeats, 1);
	rec = list_all(fd, BUFTRACK_RECORD_STATE_REMAINING).records;
	check_extent(rec, 2, 18, 0);
	check_place(rec, seen, 0x3000, 0xa11ce3, 0x55, 0);
}

static void check_client(int fd, bool seen)
{
	struct buftrack_client_info info;

	CHECK_OK(client_info(fd, 1, &info));
	CHECK_EQ(info.first_id, seen ? 0xa11ce : 0);
	CHECK_EQ(info.uid, ALICE);
	CHECK_EQ(info.pid, getpid());
	CHECK(info.comm[0] && info.start_time && info.opened);
}

static void check_event(int fd, bool seen)
{
	struct buftrack_event event = next_event(fd);

	CHECK_EQ(event.verdict, BUFTRACK_VERDICT_DOUBLE_FREE);
	CHECK_EQ(event.client, 1);
	CHECK_EQ(event.uid, ALICE);
	CHECK_EQ(event.pid, getpid());
	CHECK(event.comm[0]);
	CHECK_EQ(event.report.op, BUFTRACK_OP_FREE);
	CHECK_EQ(event.report.address, seen ? 0x2000 : 0);
	CHECK_EQ(event.report.id, seen ? 0xa11ce2 : 0);
	CHECK_EQ(event.report.site, seen ? 0x54 : 0);
	CHECK_EQ(event.target.state,
		 BUFTRACK_RECORD_STATE_FREED | (seen ? 0 : REDACTED));
	CHECK_EQ(event.target.address, seen ? 0x2000 : 0);
	CHECK_EQ(event.target.id, seen ? 0xa11ce2 : 0);
	CHECK_EQ(event.target.site, seen ? 0x52 : 0);
	CHECK_EQ(event.target.ended_site, seen ? 0x53 : 0);
	CHECK_EQ(event.target.size, 17);
	CHECK_EQ(event.target.span, 33);
	CHECK_EQ(event.target.pid, getpid());
	CHECK(event.target.comm[0]);
	check_no_event(fd);
}

static void check_all(int fd, bool seen)
{
	check_records(fd, seen);
	check_client(fd, seen);
	check_event(fd, seen);
}

RIG_TEST(another_user_sees_no_addresses_ids_and_sites)
{
	act_as_alice(r);
	check_all(rig_open_as(r, BOB), false);
}

RIG_TEST(the_same_user_sees_addresses_ids_and_sites)
{
	act_as_alice(r);
	check_all(rig_open_as(r, ALICE), true);
}

static int open_with(const struct rig *r, uid_t uid, __u64 caps)
{
	return open_node_as(uid, caps, r->device, O_RDONLY | O_NONBLOCK);
}

RIG_TEST(cap_perfmon_sees_addresses_ids_and_sites)
{
	act_as_alice(r);
	check_all(open_with(r, BOB, CAP(PERFMON)), true);
}

RIG_TEST(cap_sys_admin_sees_addresses_ids_and_sites)
{
	act_as_alice(r);
	check_all(open_with(r, BOB, CAP(SYS_ADMIN)), true);
}

RIG_TEST(other_capabilities_see_none)
{
	act_as_alice(r);
	check_all(open_with(r, BOB, ALL_CAPS & ~CAP(SYS_ADMIN) & ~CAP(PERFMON)),
		  false);
}

RIG_TEST(root_without_these_capabilities_sees_none)
{
	act_as_alice(r);
	check_all(open_with(r, 0, ALL_CAPS & ~CAP(SYS_ADMIN) & ~CAP(PERFMON)),
		  false);
}

TEST(who_registered_the_device_sees_none)
{
	struct rig own = { .control = open_control_as(BOB, 0) };

	own.device =
		add_device(own.control, "bobs", BUFTRACK_DEVICE_ADD_TEMPORARY);
	own.fd = rig_open_as(&own, BOB);
	add_space(own.fd, "DRAM");
	act_as_alice(&own);
	check_all(own.fd, false);
	CHECK_OK(set_enabled(own.fd, true));
}

static void look_as_namespace_root(void *arg)
{
	const struct rig *r = arg;
	struct listing l;
	int fd;

	become_namespace_root(BOB);
	fd = open_reader(r);
	l = list_all(fd, 0);
	CHECK_EQ(l.nr, 3);
	while (l.nr--) {
		CHECK(l.records[l.nr].state & REDACTED);
		CHECK_EQ(l.records[l.nr].address, 0);
	}
	CHECK_EQ(next_event(fd).report.address, 0);
}

RIG_TEST(root_of_a_user_namespace_sees_none)
{
	act_as_alice(r);
	in_child(look_as_namespace_root, r);
}

RIG_TEST(root_sees_what_users_do_and_users_not_what_root_does)
{
	CHECK_OK(try_report(r->fd, BUFFER(0x1000, 16)));
	CHECK(list_all(rig_open_as(r, BOB), 0).records[0].state & REDACTED);
	CHECK_EQ(list_all(rig_open(r), 0).records[0].address, 0x1000);
}

/* Who looks, with a file that somebody else opened */
struct look {
	int fd;
	bool seen;
};

static void look(void *arg)
{
	const struct look *look = arg;
	struct listing l = list_all(look->fd, BUFTRACK_RECORD_STATE_LIVE);
	struct buftrack_client_info info;

	CHECK_EQ(l.records[0].address, look->seen ? 0x1000 : 0);
	CHECK_OK(client_info(look->fd, 1, &info));
	CHECK_EQ(info.first_id, look->seen ? 0xa11ce : 0);
	CHECK_EQ(next_event(look->fd).report.address, look->seen ? 0x2000 : 0);
}

RIG_TEST(file_that_root_opened_sees_all_for_whom_it_was_inherited_by)
{
	act_as_alice(r);
	in_child_of(BOB, look, &(struct look){ open_reader(r), true });
}

static void open_and_become(void *arg)
{
	const struct rig *r = arg;
	struct look l = { open_reader(r), true };

	become_user(BOB);
	look(&l);
	l = (struct look){ open_reader(r), false };
	look(&l);
}

RIG_TEST(file_that_was_opened_before_setuid_sees_what_it_saw)
{
	act_as_alice(r);
	in_child(open_and_become, r);
}

struct delivery {
	const struct rig *r;
	int sockets[2];
};

static void send_reader(void *arg)
{
	const struct delivery *d = arg;

	send_file(d->sockets[1], open_reader(d->r));
}

RIG_TEST(file_that_a_user_opened_shows_root_no_more)
{
	struct delivery d = { .r = r };

	act_as_alice(r);
	CHECK_SYS(socketpair(AF_UNIX, SOCK_STREAM, 0, d.sockets));
	in_child_of(BOB, send_reader, &d);
	look(&(struct look){ receive_file(d.sockets[0]), false });
	in_child(send_reader, &d);
	in_child_of(BOB, look,
		    &(struct look){ receive_file(d.sockets[0]), true });
}

/* In the shared domain an event can be about buffers of several users */
static void act_in_shared_domain(const struct rig *r)
{
	int alice = open_node_as(ALICE, CAP(SYS_ADMIN), r->device, O_RDWR);
	int bob = open_node_as(BOB, CAP(SYS_ADMIN), r->device, O_RDWR);
	__u64 client;

	CHECK_OK(declare(alice, BUFTRACK_DECLARE_SHARED, &client));
	CHECK_OK(declare(bob, BUFTRACK_DECLARE_SHARED, &client));
	CHECK_OK(try_report(alice, ALLOC(.address = 0x1000, .size = 16,
					 .span = 64, .site = 1)));
	CHECK_EQ(verdict_of(bob, FREE(.address = 0x1010, .site = 2)),
		 BUFTRACK_VERDICT_INVALID_FREE);
	CHECK_EQ(verdict_of(bob, FREE(.address = 0x1000, .site = 3)),
		 BUFTRACK_VERDICT_FOREIGN_FREE);
}

static void check_shared(int fd, bool sees_alice, bool sees_bob)
{
	struct buftrack_event invalid = next_event(fd),
			      foreign = next_event(fd);

	CHECK_EQ(invalid.flags, sees_bob ? 0 : BUFTRACK_EVENT_REDACTED);
	CHECK_EQ(invalid.report.address, sees_bob ? 0x1010 : 0);
	CHECK_EQ(invalid.report.site, sees_bob ? 2 : 0);
	CHECK_EQ(invalid.hit.address, sees_alice ? 0x1000 : 0);
	CHECK_EQ(invalid.hit.site, sees_alice ? 1 : 0);
	CHECK_EQ(invalid.hit.state & REDACTED, sees_alice ? 0 : REDACTED);
	CHECK_EQ(invalid.target.client, 0);
	CHECK_EQ(foreign.flags, sees_bob ? 0 : BUFTRACK_EVENT_REDACTED);
	CHECK_EQ(foreign.report.site, sees_bob ? 3 : 0);
	CHECK_EQ(foreign.target.address, sees_alice ? 0x1000 : 0);
	CHECK_EQ(foreign.target.state & REDACTED, sees_alice ? 0 : REDACTED);
}

RIG_TEST(each_record_of_an_event_is_its_owners)
{
	act_in_shared_domain(r);
	check_shared(rig_open_as(r, ALICE), true, false);
	check_shared(rig_open_as(r, BOB), false, true);
	check_shared(rig_open_as(r, 1003), false, false);
	check_shared(open_reader(r), true, true);
}

static void look_at_totals(void *arg)
{
	const struct rig *r = arg;
	__u64 values[BUFTRACK_NR_COUNTERS];
	int fd = open_node(r->device, O_RDONLY);

	CHECK_OK(counters(fd, BUFTRACK_SCOPE_DEVICE, 0, values));
	CHECK_EQ(values[BUFTRACK_COUNTER_LIVE_BYTES], 16);
	CHECK_OK(counters(fd, BUFTRACK_SCOPE_SPACE, 0, values));
	CHECK_EQ(values[BUFTRACK_COUNTER_LIVE_BYTES], 16);
	CHECK_OK(counters(fd, BUFTRACK_SCOPE_CLIENT, 1, values));
	CHECK_EQ(values[BUFTRACK_COUNTER_LIVE_BYTES], 16);
	CHECK_EQ(values[BUFTRACK_COUNTER_DOUBLE_FREES], 1);
	CHECK_OK(counters(fd, BUFTRACK_SCOPE_CLIENT, 2, values));
	CHECK_EQ(values[BUFTRACK_COUNTER_REMAINING_BYTES], 18);
	CHECK_EQ(device_info(fd).nr_clients, 1);
	CHECK_EQ(info_of(open_control(O_RDONLY)).nr_devices, 1);
}

RIG_TEST(totals_and_who_holds_how_much_are_for_all)
{
	act_as_alice(r);
	in_child_of(BOB, look_at_totals, r);
}

RIG_TEST(filters_find_what_is_redacted_by_what_is_not)
{
	struct buftrack_records query = { .space = BUFTRACK_ANY_SPACE };
	int fd = rig_open_as(r, BOB);

	act_as_alice(r);
	query.client = 1;
	query.min_size = 17;
	CHECK_EQ(list(fd, query, 8).nr, 1);
}

static void check_write_only(const struct rig *r)
{
	int fd = open_node(r->device, O_WRONLY | O_NONBLOCK);
	struct buftrack_event event;

	CHECK_ERR(-try_read(fd, &event, sizeof(event)), EBADF);
}

RIG_TEST(events_want_a_file_open_for_reading)
{
	act_as_alice(r);
	check_write_only(r);
}

/* One read of both: what the first may show stays there */
RIG_TEST(own_event_shows_nothing_of_the_next_one)
{
	int alice = rig_open_as(r, ALICE), bob = rig_open_as(r, BOB);
	const int fds[] = { bob, alice };
	struct buftrack_event events[2];
	int i;

	for (i = 0; i < 2; i++) {
		CHECK_OK(try_report(fds[i], BUFFER(0x1000, 16)));
		CHECK_OK(try_report(fds[i], FREE(.address = 0x1000)));
		CHECK_EQ(verdict_of(fds[i], FREE(.address = 0x1000)),
			 BUFTRACK_VERDICT_DOUBLE_FREE);
	}
	CHECK_EQ(try_read(bob, events, sizeof(events)), sizeof(events));
	CHECK_EQ(events[0].target.address, 0x1000);
	CHECK_EQ(events[1].target.state,
		 BUFTRACK_RECORD_STATE_FREED | REDACTED);
	CHECK_EQ(events[1].target.address, 0);
	CHECK_EQ(events[1].report.address, 0);
}
