// SPDX-License-Identifier: GPL-2.0
/* Visibility of addresses, ids and sites of another user's buffers */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "helper.h"
#include "event_reader.h"
#include "identity.h"

#define REDACTED BUFTRACK_RECORD_STATE_REDACTED

/*
 * Clients of Alice: client 1 has a live buffer and one that was freed twice, client 2
 * has ended and left one. Each value occurs once.
 */
static int report_as_alice(const struct fixture *f)
{
	struct buftrack_declare declaration = { .first_id = 0xa11ce };
	int fd = fixture_open_as(f, ALICE), left;

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
	left = fixture_open_as(f, ALICE);
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

/* Fields that everyone sees */
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

DEVICE_TEST(another_user_sees_no_addresses_ids_and_sites)
{
	report_as_alice(f);
	check_all(fixture_open_as(f, BOB), false);
}

DEVICE_TEST(the_same_user_sees_addresses_ids_and_sites)
{
	report_as_alice(f);
	check_all(fixture_open_as(f, ALICE), true);
}

static int open_with(const struct fixture *f, uid_t uid, __u64 caps)
{
	return open_node_as(uid, caps, f->device, O_RDONLY | O_NONBLOCK);
}

#define CAROL 1003

/* A file of BOB whose client claims to report for ALICE, and has a buffer */
static int relay_as_bob(const struct fixture *f)
{
	struct buftrack_declare declaration = {
		.flags = BUFTRACK_DECLARE_CLAIMED_UID,
		.claimed_uid = ALICE,
	};
	int fd = fixture_open_as(f, BOB);

	CHECK_OK(CALL(fd, DECLARE, &declaration));
	CHECK_OK(try_report(fd, BUFFER(0x7000, 16)));
	return fd;
}

/* Whether the first listed record hides its address */
static __u32 redacted_of(int fd)
{
	return list_all(fd, 0).records->state & REDACTED;
}

DEVICE_TEST(claimed_user_sees_a_relays_buffers)
{
	int relay = relay_as_bob(f);
	struct buftrack_client_info info;

	CHECK_OK(client_info(f->fd, 1, &info));
	CHECK(info.state & BUFTRACK_CLIENT_STATE_CLAIMED_UID);
	CHECK_EQ(info.claimed_uid, ALICE);
	CHECK_EQ(info.uid, BOB);
	CHECK_EQ(redacted_of(fixture_open_as(f, ALICE)), 0);
	CHECK_EQ(redacted_of(relay), 0);
	CHECK_EQ(redacted_of(fixture_open_as(f, CAROL)), REDACTED);
}

DEVICE_TEST(claiming_a_user_shows_nothing_of_that_user)
{
	report_as_alice(f);
	check_records(relay_as_bob(f), false);
}

/* What a user of 0 would give away by accident */
DEVICE_TEST(claiming_no_user_shows_root_without_capabilities_nothing)
{
	int fd = fixture_open_as(f, BOB);

	CHECK_OK(try_report(fd, BUFFER(0x7000, 16)));
	CHECK_EQ(client_state(f->fd, 1), BUFTRACK_CLIENT_STATE_OPEN);
	CHECK_EQ(redacted_of(open_with(f, 0, 0)), REDACTED);
}

DEVICE_TEST(claimed_uid_without_its_flag_is_invalid)
{
	struct buftrack_declare declaration = { .claimed_uid = ALICE };
	__u64 client;

	CHECK_ERR(CALL(f->fd, DECLARE, &declaration), EINVAL);
	CHECK_OK(declare(f->fd, 0, &client));
	CHECK_EQ(client, 1);
}

/* The namespace has user 0 only, who is BOB outside */
static void claim_in_namespace(void *arg)
{
	const struct fixture *f = arg;
	struct buftrack_declare declaration = {
		.flags = BUFTRACK_DECLARE_CLAIMED_UID,
		.claimed_uid = ALICE,
	};
	int fd;

	become_namespace_root(BOB);
	fd = fixture_open(f);
	CHECK_ERR(CALL(fd, DECLARE, &declaration), EINVAL);
	declaration.claimed_uid = 0;
	CHECK_OK(CALL(fd, DECLARE, &declaration));
	CHECK_OK(try_report(fd, BUFFER(0x7000, 16)));
}

DEVICE_TEST(claimed_uid_is_of_the_openers_user_namespace)
{
	struct buftrack_client_info info;

	in_child(claim_in_namespace, f);
	CHECK_OK(client_info(f->fd, 1, &info));
	CHECK_EQ(info.claimed_uid, BOB);
	CHECK_EQ(redacted_of(open_with(f, 0, 0)), REDACTED);
}

DEVICE_TEST(cap_perfmon_sees_addresses_ids_and_sites)
{
	report_as_alice(f);
	check_all(open_with(f, BOB, CAP(PERFMON)), true);
}

DEVICE_TEST(cap_sys_admin_sees_addresses_ids_and_sites)
{
	report_as_alice(f);
	check_all(open_with(f, BOB, CAP(SYS_ADMIN)), true);
}

DEVICE_TEST(other_capabilities_see_none)
{
	report_as_alice(f);
	check_all(open_with(f, BOB, ALL_CAPS & ~CAP(SYS_ADMIN) & ~CAP(PERFMON)),
		  false);
}

DEVICE_TEST(root_without_these_capabilities_sees_none)
{
	report_as_alice(f);
	check_all(open_with(f, 0, ALL_CAPS & ~CAP(SYS_ADMIN) & ~CAP(PERFMON)),
		  false);
}

TEST(user_who_registered_the_device_sees_none)
{
	struct fixture own = { .control = open_control_as(BOB, 0) };

	own.device =
		add_device(own.control, "bobs", BUFTRACK_DEVICE_ADD_TEMPORARY);
	own.fd = fixture_open_as(&own, BOB);
	add_space(own.fd, "DRAM");
	report_as_alice(&own);
	check_all(own.fd, false);
	CHECK_OK(set_enabled(own.fd, true));
}

static void look_as_namespace_root(void *arg)
{
	const struct fixture *f = arg;
	struct listing l;
	int fd;

	become_namespace_root(BOB);
	fd = open_reader(f);
	l = list_all(fd, 0);
	CHECK_EQ(l.nr, 3);
	while (l.nr--) {
		CHECK(l.records[l.nr].state & REDACTED);
		CHECK_EQ(l.records[l.nr].address, 0);
	}
	CHECK_EQ(next_event(fd).report.address, 0);
}

DEVICE_TEST(root_of_a_user_namespace_sees_none)
{
	report_as_alice(f);
	in_child(look_as_namespace_root, f);
}

DEVICE_TEST(root_sees_users_but_users_do_not_see_root)
{
	CHECK_OK(try_report(f->fd, BUFFER(0x1000, 16)));
	CHECK(list_all(fixture_open_as(f, BOB), 0).records[0].state & REDACTED);
	CHECK_EQ(list_all(fixture_open(f), 0).records[0].address, 0x1000);
}

/* Reading through a file that another user opened */
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

DEVICE_TEST(inherited_file_of_root_shows_all)
{
	report_as_alice(f);
	in_child_as(BOB, look, &(struct look){ open_reader(f), true });
}

static void open_and_become(void *arg)
{
	const struct fixture *f = arg;
	struct look l = { open_reader(f), true };

	become_user(BOB);
	look(&l);
	l = (struct look){ open_reader(f), false };
	look(&l);
}

DEVICE_TEST(file_opened_before_setuid_keeps_its_view)
{
	report_as_alice(f);
	in_child(open_and_become, f);
}

struct delivery {
	const struct fixture *f;
	int sockets[2];
};

static void send_reader(void *arg)
{
	const struct delivery *d = arg;

	send_file(d->sockets[1], open_reader(d->f));
}

DEVICE_TEST(file_opened_by_a_user_shows_root_no_more)
{
	struct delivery d = { .f = f };

	report_as_alice(f);
	CHECK_SYS(socketpair(AF_UNIX, SOCK_STREAM, 0, d.sockets));
	in_child_as(BOB, send_reader, &d);
	look(&(struct look){ receive_file(d.sockets[0]), false });
	in_child(send_reader, &d);
	in_child_as(BOB, look,
		    &(struct look){ receive_file(d.sockets[0]), true });
}

/* In the shared domain an event can name buffers of several users */
static void report_in_shared_domain(const struct fixture *f)
{
	int alice = open_node_as(ALICE, CAP(SYS_ADMIN), f->device, O_RDWR);
	int bob = open_node_as(BOB, CAP(SYS_ADMIN), f->device, O_RDWR);
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

DEVICE_TEST(each_record_of_an_event_is_redacted_for_its_owner)
{
	report_in_shared_domain(f);
	check_shared(fixture_open_as(f, ALICE), true, false);
	check_shared(fixture_open_as(f, BOB), false, true);
	check_shared(fixture_open_as(f, 1003), false, false);
	check_shared(open_reader(f), true, true);
}

static void look_at_totals(void *arg)
{
	const struct fixture *f = arg;
	__u64 values[BUFTRACK_NR_COUNTERS];
	int fd = open_node(f->device, O_RDONLY);

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

DEVICE_TEST(totals_are_visible_to_all)
{
	report_as_alice(f);
	in_child_as(BOB, look_at_totals, f);
}

DEVICE_TEST(redacted_records_match_filters_on_visible_fields)
{
	struct buftrack_records query = { .space = BUFTRACK_ANY_SPACE };
	int fd = fixture_open_as(f, BOB);

	report_as_alice(f);
	query.client = 1;
	query.min_size = 17;
	CHECK_EQ(list(fd, query, 8).nr, 1);
}

static void check_write_only(const struct fixture *f)
{
	int fd = open_node(f->device, O_WRONLY | O_NONBLOCK);
	struct buftrack_event event;

	CHECK_ERR(-try_read(fd, &event, sizeof(event)), EBADF);
}

DEVICE_TEST(events_require_a_file_open_for_reading)
{
	report_as_alice(f);
	check_write_only(f);
}

/* One read of both events: fields of the first must not show in the second */
DEVICE_TEST(own_event_reveals_nothing_of_the_next)
{
	int alice = fixture_open_as(f, ALICE), bob = fixture_open_as(f, BOB);
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
