// SPDX-License-Identifier: GPL-2.0
/* Limits per client, per user and per system keep one from starving the others */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "helper.h"
#include "module.h"
#include "event_reader.h"
#include "identity.h"

static void set_number(const char *parameter, __u64 value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", value);
	set_parameter(parameter, text);
}

static void bound_client_records(const struct fixture *f, __u64 value)
{
	CHECK_OK(set_device(
		f->fd, (struct buftrack_device_set){
			       .fields = BUFTRACK_DEVICE_SET_MAX_CLIENT_RECORDS,
			       .max_client_records = value,
		       }));
}

static __u32 alloc_at(int fd, __u64 i)
{
	return verdict_of(fd, BUFFER(i << 12, 16));
}

static __u32 free_at(int fd, __u64 i)
{
	return verdict_of(fd, FREE(.address = i << 12));
}

/* Returns the number of buffers a client can allocate, starting at @from */
static __u64 alloc_until_refused(int fd, __u64 from, __u64 most)
{
	__u64 i;

	for (i = 0; i < most && alloc_at(fd, from + i) == BUFTRACK_VERDICT_OK;
	     i++)
		;
	return i;
}

DEVICE_TEST(alloc_over_max_client_records_is_untracked)
{
	int other = fixture_open(f);

	bound_client_records(f, 5);
	CHECK_EQ(alloc_until_refused(f->fd, 0, 100), 5);
	CHECK_EQ(alloc_until_refused(other, 0, 100), 5);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_UNTRACKED_BUFFERS), 2);
	CHECK(client_state(f->fd, 1) & BUFTRACK_CLIENT_STATE_HAD_GAP);
	CHECK_EQ(device_info(f->fd).nr_records, 10);
	bound_client_records(f, 6);
	CHECK_EQ(alloc_until_refused(f->fd, 5, 100), 1);
}

DEVICE_TEST(freed_records_are_recycled_within_max_client_records)
{
	bound_client_records(f, 3);
	CHECK_EQ(alloc_until_refused(f->fd, 0, 3), 3);
	CHECK_EQ(free_at(f->fd, 0), BUFTRACK_VERDICT_OK);
	CHECK_EQ(free_at(f->fd, 1), BUFTRACK_VERDICT_OK);
	CHECK_EQ(device_info(f->fd).nr_records, 3);
	CHECK_EQ(alloc_until_refused(f->fd, 10, 3), 2);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_EVICTED_RECORDS), 2);
	CHECK_EQ(device_info(f->fd).nr_records, 3);
}

DEVICE_TEST(replacing_alloc_needs_no_new_record)
{
	bound_client_records(f, 2);
	CHECK_EQ(alloc_until_refused(f->fd, 0, 2), 2);
	CHECK_EQ(alloc_at(f->fd, 1), BUFTRACK_VERDICT_DOUBLE_ALLOC);
	CHECK_EQ(free_at(f->fd, 0), BUFTRACK_VERDICT_OK);
	CHECK_EQ(alloc_at(f->fd, 0), BUFTRACK_VERDICT_OK);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_EVICTED_RECORDS), 0);
}

DEVICE_TEST(max_client_records_does_not_limit_the_shared_domain)
{
	__u64 client;

	bound_client_records(f, 2);
	CHECK_OK(declare(f->fd, BUFTRACK_DECLARE_SHARED, &client));
	CHECK_EQ(alloc_until_refused(f->fd, 0, 10), 10);
}

DEVICE_TEST(lowering_max_client_records_drops_nothing)
{
	CHECK_EQ(alloc_until_refused(f->fd, 0, 10), 10);
	bound_client_records(f, 4);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 10);
	CHECK_EQ(alloc_until_refused(f->fd, 10, 10), 0);
}

TEST(records_per_client_parameter_is_clamped)
{
	static const struct {
		const char *value;
		__u64 want;
	} cases[] = { { "7", 7 }, { "0", 1 }, { "99999999999", 1ULL << 32 } };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture f;

		set_parameter("records_per_client", cases[i].value);
		fixture_setup(&f);
		CHECK_EQ(device_info(f.fd).max_client_records, cases[i].want);
		fixture_teardown(&f);
	}
}

/* Two devices, for limits that cover all devices */
struct device_pair {
	struct fixture a, b;
};

static void pair_setup(struct device_pair *p)
{
	fixture_setup(&p->a);
	p->b.control = p->a.control;
	p->b.device = add_device(p->a.control, "second",
				 BUFTRACK_DEVICE_ADD_TEMPORARY);
	p->b.fd = fixture_open(&p->b);
	add_space(p->b.fd, "DRAM");
}

static void pair_teardown(struct device_pair *p)
{
	check_invariants(p->b.fd);
	close(p->b.fd);
	fixture_teardown(&p->a);
}

#define PAIR_TEST(_name)                                 \
	static void _name##_pair(struct device_pair *p); \
	TEST(_name)                                      \
	{                                                \
		struct device_pair p;                    \
                                                         \
		pair_setup(&p);                          \
		_name##_pair(&p);                        \
		pair_teardown(&p);                       \
	}                                                \
	static void _name##_pair(struct device_pair *p)

PAIR_TEST(records_of_a_user_are_counted_across_clients_and_devices)
{
	int first, second;

	set_number("records_per_user", 10);
	first = fixture_open_as(&p->a, ALICE);
	second = fixture_open_as(&p->b, ALICE);
	CHECK_EQ(alloc_until_refused(first, 0, 6), 6);
	CHECK_EQ(alloc_until_refused(second, 0, 100), 4);
	CHECK_EQ(alloc_at(first, 6), BUFTRACK_VERDICT_UNTRACKED);
	CHECK_EQ(client_counter(p->a.fd, 1, BUFTRACK_COUNTER_UNTRACKED_BUFFERS),
		 1);
}

PAIR_TEST(user_at_its_record_limit_does_not_block_others)
{
	int alice, bob, root;

	set_number("records_per_user", 10);
	alice = fixture_open_as(&p->a, ALICE);
	CHECK_EQ(alloc_until_refused(alice, 0, 100), 10);
	bob = fixture_open_as(&p->a, BOB);
	CHECK_EQ(alloc_until_refused(bob, 0, 100), 10);
	root = fixture_open(&p->a);
	CHECK_EQ(alloc_until_refused(root, 0, 100), 100);
}

PAIR_TEST(root_without_cap_sys_admin_has_user_limits)
{
	int root;

	set_number("records_per_user", 10);
	root = open_node_as(0, ALL_CAPS & ~CAP(SYS_ADMIN), p->a.device, O_RDWR);
	CHECK_EQ(alloc_until_refused(root, 0, 100), 10);
}

PAIR_TEST(user_limits_are_those_of_the_opener)
{
	int alice;

	set_number("records_per_user", 10);
	alice = fixture_open_as(&p->a, ALICE);
	/* Root uses the file that Alice opened */
	CHECK_EQ(alloc_until_refused(alice, 0, 100), 10);
	alice = open_node_as(ALICE, CAP(SYS_ADMIN), p->a.device, O_RDWR);
	CHECK_EQ(alloc_until_refused(alice, 0, 100), 100);
}

PAIR_TEST(freed_records_are_recycled_within_records_per_user)
{
	int alice, other;

	set_number("records_per_user", 4);
	alice = fixture_open_as(&p->a, ALICE);
	other = fixture_open_as(&p->b, ALICE);
	CHECK_EQ(alloc_until_refused(alice, 0, 4), 4);
	CHECK_EQ(free_at(alice, 0), BUFTRACK_VERDICT_OK);
	/* A freed record still counts, and only its own domain can evict it */
	CHECK_EQ(alloc_at(other, 0), BUFTRACK_VERDICT_UNTRACKED);
	CHECK_EQ(alloc_at(alice, 10), BUFTRACK_VERDICT_OK);
	CHECK_EQ(client_counter(p->a.fd, 1, BUFTRACK_COUNTER_EVICTED_RECORDS),
		 1);
	CHECK_EQ(alloc_at(alice, 11), BUFTRACK_VERDICT_UNTRACKED);
}

/* Every way in which a record can be dropped */
static void drop_records(const struct fixture *f, uid_t uid)
{
	int fd = fixture_open_as(f, uid);
	__u64 i;

	for (i = 0; i < 6; i++)
		CHECK_EQ(alloc_at(fd, i), BUFTRACK_VERDICT_OK);
	CHECK_EQ(alloc_at(fd, 0), BUFTRACK_VERDICT_DOUBLE_ALLOC);
	CHECK_EQ(free_at(fd, 0), BUFTRACK_VERDICT_OK);
	CHECK_EQ(alloc_at(fd, 0), BUFTRACK_VERDICT_OK);
	for (i = 1; i < 5; i++)
		CHECK_EQ(free_at(fd, i), BUFTRACK_VERDICT_OK);
	CHECK_EQ(alloc_at(fd, 7), BUFTRACK_VERDICT_OK);
	CHECK_OK(lost(fd, 1));
	CHECK_EQ(alloc_at(fd, 7), BUFTRACK_VERDICT_OK);
	close(fd);
}

PAIR_TEST(dropped_records_are_no_longer_counted)
{
	int fd, keeper;

	set_number("records_per_user", 10);
	CHECK_OK(set_device(p->a.fd,
			    (struct buftrack_device_set){
				    .fields = BUFTRACK_DEVICE_SET_MAX_FREED,
				    .max_freed = 2 }));
	/* An open client keeps the account of the user, so that errors add up */
	keeper = fixture_open_as(&p->b, ALICE);
	become_client(keeper);
	for (fd = 0; fd < 20; fd++)
		drop_records(&p->a, ALICE);
	fd = fixture_open_as(&p->a, ALICE);
	CHECK_EQ(alloc_until_refused(fd, 0, 100), 10);
	close(fd);
	CHECK_EQ(alloc_until_refused(keeper, 0, 100), 10);
}

PAIR_TEST(records_of_a_removed_device_are_no_longer_counted)
{
	int keeper, fd;

	set_number("records_per_user", 10);
	keeper = fixture_open_as(&p->a, ALICE);
	become_client(keeper);
	fd = fixture_open_as(&p->b, ALICE);
	CHECK_EQ(alloc_until_refused(fd, 0, 7), 7);
	CHECK_OK(remove_device(p->b.control, p->b.device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	close(fd);
	CHECK_EQ(alloc_until_refused(keeper, 0, 100), 10);
}

PAIR_TEST(clients_of_a_user_are_counted_across_devices)
{
	int fds[5], i;
	__u64 client;

	set_number("clients_per_user", 3);
	for (i = 0; i < 5; i++)
		fds[i] = fixture_open_as(i % 2 ? &p->a : &p->b, ALICE);
	for (i = 0; i < 3; i++)
		become_client(fds[i]);
	CHECK_ERR(declare(fds[3], 0, &client), EUSERS);
	CHECK_ERR(try_report(fds[4], BUFFER(0x1000, 16)), EUSERS);
	CHECK_ERR(lost(fds[3], 1), EUSERS);
	CHECK_EQ(device_info(p->a.fd).nr_clients, 1);
	CHECK_EQ(device_info(p->b.fd).nr_clients, 2);
	close(fds[0]);
	CHECK_OK(declare(fds[3], 0, &client));
	CHECK_ERR(declare(fds[4], 0, &client), EUSERS);
}

PAIR_TEST(user_at_its_client_limit_does_not_block_others)
{
	__u64 client;

	set_number("clients_per_user", 1);
	become_client(fixture_open_as(&p->a, ALICE));
	CHECK_ERR(declare(fixture_open_as(&p->a, ALICE), 0, &client), EUSERS);
	become_client(fixture_open_as(&p->a, BOB));
	CHECK_ERR(declare(fixture_open_as(&p->a, BOB), 0, &client), EUSERS);
	become_client(fixture_open(&p->a));
	become_client(fixture_open(&p->a));
	become_client(open_node_as(ALICE, CAP(SYS_ADMIN), p->a.device, O_RDWR));
}

/* Enough users that some share a hash bucket */
PAIR_TEST(users_in_one_hash_bucket_are_distinct)
{
	uid_t uid;

	set_number("clients_per_user", 1);
	for (uid = 3000; uid < 3200; uid++)
		become_client(fixture_open_as(&p->a, uid));
}

PAIR_TEST(newest_client_of_a_user_sets_its_record_limit)
{
	int first, second;

	set_number("records_per_user", 3);
	first = fixture_open_as(&p->a, ALICE);
	CHECK_EQ(alloc_until_refused(first, 0, 100), 3);
	set_number("records_per_user", 5);
	second = fixture_open_as(&p->b, ALICE);
	CHECK_EQ(alloc_until_refused(second, 0, 100), 2);
	CHECK_EQ(free_at(second, 0), BUFTRACK_VERDICT_OK);
	set_number("records_per_user", 2);
	become_client(fixture_open_as(&p->b, ALICE));
	CHECK_EQ(alloc_at(first, 50), BUFTRACK_VERDICT_UNTRACKED);
}

PAIR_TEST(limit_of_0_clients_does_not_bind_root)
{
	__u64 client;

	set_number("clients_per_user", 0);
	CHECK_ERR(declare(fixture_open_as(&p->a, ALICE), 0, &client), EUSERS);
	become_client(fixture_open(&p->a));
	set_number("clients_per_user", 1);
	become_client(fixture_open_as(&p->a, ALICE));
}

static void bound_clients(const struct fixture *f, __u32 max)
{
	CHECK_OK(set_device(f->fd,
			    (struct buftrack_device_set){
				    .fields = BUFTRACK_DEVICE_SET_MAX_CLIENTS,
				    .max_clients = max }));
}

/* Clients that the device refused do not count for the user */
PAIR_TEST(refused_clients_are_not_counted)
{
	int first, fd, i;
	__u64 client;

	set_number("clients_per_user", 3);
	first = fixture_open_as(&p->a, ALICE);
	become_client(first);
	bound_clients(&p->a, 1);
	fd = fixture_open_as(&p->a, ALICE);
	for (i = 0; i < 10; i++)
		CHECK_ERR(declare(fd, 0, &client), EUSERS);
	bound_clients(&p->a, 10);
	CHECK_OK(declare(fd, 0, &client));
	CHECK_OK(declare(fixture_open_as(&p->b, ALICE), 0, &client));
	CHECK_ERR(declare(fixture_open_as(&p->b, ALICE), 0, &client), EUSERS);
}

/* The account of a user lives as long as its open and logged clients */
PAIR_TEST(user_accounts_come_and_go)
{
	int round, fd;

	set_number("clients_per_user", 1);
	for (round = 0; round < 50; round++) {
		fd = fixture_open_as(round % 2 ? &p->a : &p->b,
				     2000 + round % 7);
		CHECK_EQ(alloc_at(fd, 1), BUFTRACK_VERDICT_OK);
		close(fd);
		if (round % 10 == 9)
			CHECK_OK(reset_device(p->a.fd));
	}
}

static int try_space(int fd, __u32 number)
{
	char name[16];
	__u32 space;

	snprintf(name, sizeof(name), "S%u", number);
	return try_add_space(fd, name, 0, &space);
}

DEVICE_TEST(more_than_16_spaces_on_anothers_device_are_edquot)
{
	int alice = fixture_open_as(f, ALICE), bob = fixture_open_as(f, BOB);
	__u32 i;

	for (i = 0; i < 16; i++)
		CHECK_OK(try_space(alice, i));
	CHECK_ERR(try_space(alice, 16), EDQUOT);
	CHECK_ERR(try_space(fixture_open_as(f, ALICE), 16), EDQUOT);
	/* An existing space is not a new one */
	CHECK_OK(try_space(alice, 3));
	CHECK_OK(try_space(bob, 16));
	CHECK_OK(try_space(alice, 16));
	CHECK_EQ(device_info(f->fd).nr_spaces, 18);
	for (i = 17; i < 63; i++)
		CHECK_OK(try_space(f->fd, i));
	CHECK_ERR(try_space(f->fd, 63), ENOSPC);
}

/* Other users together leave some spaces to the user who registered the device */
DEVICE_TEST(more_than_48_spaces_of_others_are_edquot)
{
	__u32 i;

	for (i = 0; i < 48; i++)
		CHECK_OK(try_space(
			open_node_as(ALICE + i / 12, 0, f->device, O_RDWR), i));
	CHECK_ERR(try_space(open_node_as(ALICE + 9, 0, f->device, O_RDWR), 48),
		  EDQUOT);
	CHECK_ERR(try_space(open_node_as(ALICE, 0, f->device, O_RDWR), 48),
		  EDQUOT);
	for (i = 48; i < 63; i++)
		CHECK_OK(try_space(f->fd, i));
	CHECK_ERR(try_space(f->fd, 63), ENOSPC);
}

DEVICE_TEST(spaces_of_the_registering_user_are_not_counted)
{
	int own =
		open_node_as(0, ALL_CAPS & ~CAP(SYS_ADMIN), f->device, O_RDWR);
	__u32 i;

	/* Root registered the device */
	for (i = 0; i < 20; i++)
		CHECK_OK(try_space(own, i));
}

TEST(spaces_on_ones_own_device_are_not_counted)
{
	int control = open_control_as(ALICE, 0), fd;
	__u32 device, i;

	device = add_device(control, "alices", BUFTRACK_DEVICE_ADD_TEMPORARY);
	fd = open_node_as(ALICE, 0, device, O_RDWR);
	for (i = 0; i < BUFTRACK_MAX_SPACES; i++)
		CHECK_OK(try_space(fd, i));
	CHECK_ERR(try_space(fd, i), ENOSPC);
	CHECK_ERR(try_space(open_node_as(BOB, 0, device, O_RDWR), i), ENOSPC);
}

static int try_device(int control, const char *name)
{
	struct buftrack_device_add add = {
		.flags = BUFTRACK_DEVICE_ADD_TEMPORARY
	};

	strcpy(add.name, name);
	return CALL(control, DEVICE_ADD, &add);
}

TEST(user_at_its_device_limit_does_not_block_others)
{
	int alice = open_control_as(ALICE, 0), bob = open_control_as(BOB, 0);
	int root = open_control(O_RDWR);

	set_number("max_devices_per_user", 2);
	CHECK_OK(try_device(alice, "alice:1"));
	CHECK_OK(try_device(alice, "alice:2"));
	CHECK_ERR(try_device(alice, "alice:3"), EDQUOT);
	CHECK_ERR(try_device(open_control_as(ALICE, 0), "alice:3"), EDQUOT);
	/* An existing device is not a new one */
	CHECK_OK(try_device(alice, "alice:1"));
	CHECK_OK(try_device(bob, "bob:1"));
	CHECK_OK(try_device(root, "root:1"));
	CHECK_OK(try_device(root, "root:2"));
	CHECK_OK(try_device(root, "root:3"));
	CHECK_OK(try_device(open_control_as(ALICE, CAP(SYS_ADMIN)), "alice:3"));
}

/* With few records in the whole system, one user cannot take them all */
static void exhaust_records(void *arg)
{
	struct fixture f;
	int alice, bob;

	(void)arg;
	fixture_setup(&f);
	CHECK_EQ(info_of(f.control).max_records, 2000);
	alice = fixture_open_as(&f, ALICE);
	bob = fixture_open_as(&f, BOB);
	CHECK_EQ(alloc_until_refused(alice, 0, 3000), 1000);
	CHECK_EQ(alloc_until_refused(bob, 0, 500), 500);
	CHECK_EQ(alloc_until_refused(fixture_open(&f), 0, 200), 200);
	fixture_teardown(&f);
}

TEST(user_cannot_exhaust_max_records)
{
	reload_module("max_records=2000");
	in_child(exhaust_records, NULL);
	reload_module("");
}
