// SPDX-License-Identifier: GPL-2.0
/* Who may do what: rights are those of who opened the file */
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "helper.h"
#include "rig.h"
#include "who.h"

/* A file, and what a call on it is to say */
struct expected {
	const struct rig *r;
	int err;
};

static int try_shared(int fd)
{
	__u64 client;

	return declare(fd, BUFTRACK_DECLARE_SHARED, &client);
}

/* With files opened by whoever runs this */
static void try_managing(void *arg)
{
	const struct expected *e = arg;
	int fd = rig_open(e->r), control = open_control(O_RDWR);

	CHECK_ERR(set_enabled(fd, true), e->err);
	CHECK_ERR(reset_device(fd), e->err);
	CHECK_ERR(remove_device(control, e->r->device, 0), e->err);
}

static void try_sharing(void *arg)
{
	const struct expected *e = arg;

	CHECK_ERR(try_shared(rig_open(e->r)), e->err);
}

static void try_ordinary(void *arg)
{
	const struct expected *e = arg;
	int fd = rig_open(e->r);
	__u32 space;

	CHECK_OK(try_add_space(fd, "L1", 0, &space));
	CHECK_EQ(verdict_of(fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(device_counter(fd, BUFTRACK_COUNTER_ALLOCS), 1);
	CHECK_EQ(list_all(fd, 0).nr, 1);
	CHECK_OK(lost(fd, 1));
}

RIG_TEST(anyone_may_report_and_query)
{
	in_child_of(ALICE, try_ordinary, &(struct expected){ r, 0 });
}

RIG_TEST(managing_another_users_device_is_eperm)
{
	struct picture before;

	take_picture(r, &before);
	in_child_of(ALICE, try_managing, &(struct expected){ r, EPERM });
	check_unchanged(r, &before);
}

RIG_TEST(sharing_without_cap_sys_admin_is_eperm)
{
	struct picture before;

	take_picture(r, &before);
	in_child_of(ALICE, try_sharing, &(struct expected){ r, EPERM });
	check_unchanged(r, &before);
}

RIG_TEST(sharing_with_cap_sys_admin_is_allowed)
{
	in_child(try_sharing, &(struct expected){ r, 0 });
}

static void manage_own(void *arg)
{
	struct rig r;

	(void)arg;
	rig_up(&r);
	CHECK_EQ(device_info(r.fd).uid, ALICE);
	try_managing(&(struct expected){ &r, 0 });
}

TEST(who_registered_a_device_may_manage_it)
{
	in_child_of(ALICE, manage_own, NULL);
}

static void share_own(void *arg)
{
	struct rig r;

	(void)arg;
	rig_up(&r);
	try_sharing(&(struct expected){ &r, EPERM });
}

TEST(who_registered_a_device_may_not_share_it)
{
	in_child_of(ALICE, share_own, NULL);
}

static void register_for(void *arg)
{
	struct rig *r = arg;

	r->device = add_device(open_control(O_RDWR), "alices", 0);
}

TEST(administrator_may_manage_any_device)
{
	struct rig *r = shared_memory(sizeof(*r));

	in_child_of(ALICE, register_for, r);
	in_child_of(BOB, try_managing, &(struct expected){ r, EPERM });
	CHECK_EQ(device_info(rig_open(r)).uid, ALICE);
	in_child(try_managing, &(struct expected){ r, 0 });
}

static void manage_without_cap(void *arg)
{
	drop_admin();
	try_managing(arg);
}

TEST(root_without_cap_sys_admin_is_a_user_like_any)
{
	struct rig *r = shared_memory(sizeof(*r));
	struct rig own;

	in_child_of(ALICE, register_for, r);
	in_child(manage_without_cap, &(struct expected){ r, EPERM });
	in_child(try_managing, &(struct expected){ r, 0 });

	rig_up(&own);
	in_child(manage_without_cap, &(struct expected){ &own, 0 });
}

static void share_without_cap(void *arg)
{
	drop_admin();
	try_sharing(arg);
}

RIG_TEST(root_without_cap_sys_admin_may_not_share)
{
	in_child(share_without_cap, &(struct expected){ r, EPERM });
}

/* The user has no right to anything: the files of root give it all */
static void manage_with_files_of_root(void *arg)
{
	const struct expected *e = arg;
	int fd = rig_open(e->r), control = open_control(O_RDWR);
	int other = rig_open(e->r);

	become_user(ALICE);
	CHECK_OK(try_shared(other));
	CHECK_OK(set_enabled(fd, false));
	CHECK_OK(reset_device(fd));
	CHECK_ERR(remove_device(control, e->r->device, 0), EBUSY);
	CHECK_OK(remove_device(control, e->r->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
}

RIG_TEST(files_opened_as_root_keep_its_rights)
{
	in_child(manage_with_files_of_root, &(struct expected){ r, 0 });
}

struct delivery {
	const struct rig *r;
	int sockets[2];
};

static void open_and_send(void *arg)
{
	const struct delivery *d = arg;

	send_file(d->sockets[1], rig_open(d->r));
	send_file(d->sockets[1], open_control(O_RDWR));
}

RIG_TEST(files_opened_by_a_user_give_root_no_rights)
{
	struct delivery d = { .r = r };
	int fd, control;

	CHECK_SYS(socketpair(AF_UNIX, SOCK_STREAM, 0, d.sockets));
	in_child_of(ALICE, open_and_send, &d);
	fd = receive_file(d.sockets[0]);
	control = receive_file(d.sockets[0]);
	CHECK_ERR(set_enabled(fd, true), EPERM);
	CHECK_ERR(reset_device(fd), EPERM);
	CHECK_ERR(try_shared(fd), EPERM);
	CHECK_ERR(remove_device(control, r->device, 0), EPERM);
	CHECK_EQ(verdict_of(fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
}

static int try_name(int control, const char *name)
{
	struct buftrack_device_add add = {
		.flags = BUFTRACK_DEVICE_ADD_TEMPORARY
	};

	strcpy(add.name, name);
	return CALL(control, DEVICE_ADD, &add);
}

static void try_pci_names(void *arg)
{
	int control = open_control(O_RDWR);
	const struct expected *e = arg;

	CHECK_ERR(try_name(control, "0000:00:00.0"), e->err);
	CHECK_ERR(try_name(control, "abcd:ef:1f.7"), e->err);
	CHECK_ERR(try_name(control, "ABCD:EF:1F.7"), e->err);
	CHECK_ERR(try_name(control, "0000:65:00.0 and more"), e->err);
	CHECK_OK(try_name(control, "0000:00:00"));
	CHECK_OK(try_name(control, "0000:00:00-0"));
	CHECK_OK(try_name(control, "000:00:00.0"));
	CHECK_OK(try_name(control, "000g:00:00.0"));
	CHECK_OK(try_name(control, "pci-0000:00:00.0"));
}

TEST(names_like_pci_addresses_are_eperm_for_users)
{
	in_child_of(ALICE, try_pci_names, &(struct expected){ .err = EPERM });
}

TEST(names_like_pci_addresses_are_for_administrators)
{
	in_child(try_pci_names, &(struct expected){ .err = 0 });
}

static void try_in_user_namespace(void *arg)
{
	const struct expected *e = arg;

	CHECK_SYS(unshare(CLONE_NEWUSER));
	/* All capabilities here, and none where the module looks */
	try_sharing(&(struct expected){ e->r, EPERM });
	try_pci_names(&(struct expected){ .err = EPERM });
}

RIG_TEST(administrators_of_a_user_namespace_are_users)
{
	in_child(try_in_user_namespace, &(struct expected){ r, 0 });
}

/* A user who has all capabilities, in a namespace of its own */
static void try_as_namespace_root(void *arg)
{
	become_namespace_root(BOB);
	try_managing(arg);
	try_sharing(arg);
	try_pci_names(arg);
}

static void try_as_namespace_root_of_own(void *arg)
{
	struct rig r;

	(void)arg;
	become_namespace_root(BOB);
	rig_up(&r);
	CHECK_EQ(device_info(r.fd).uid, 0);
	try_sharing(&(struct expected){ &r, EPERM });
	try_managing(&(struct expected){ &r, 0 });
}

RIG_TEST(root_of_a_user_namespace_manages_nothing_of_others)
{
	struct picture before;

	take_picture(r, &before);
	in_child(try_as_namespace_root, &(struct expected){ r, EPERM });
	check_unchanged(r, &before);
}

TEST(root_of_a_user_namespace_manages_its_own)
{
	in_child(try_as_namespace_root_of_own, NULL);
}

RIG_TEST(cap_sys_admin_alone_manages_all)
{
	int fd = open_node_as(BOB, CAP(SYS_ADMIN), r->device, O_RDWR);
	int control = open_control_as(BOB, CAP(SYS_ADMIN));

	CHECK_OK(set_enabled(fd, false));
	CHECK_EQ(device_info(fd).state & BUFTRACK_DEVICE_STATE_ENABLED, 0);
	CHECK_OK(set_enabled(fd, true));
	CHECK_OK(reset_device(fd));
	CHECK_OK(try_shared(fd));
	CHECK_OK(remove_device(control, r->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
}

RIG_TEST(other_capabilities_manage_nothing)
{
	const __u64 caps = ALL_CAPS & ~CAP(SYS_ADMIN);
	int fd = open_node_as(BOB, caps, r->device, O_RDWR);
	int control = open_control_as(BOB, caps);
	struct picture before;

	take_picture(r, &before);
	CHECK_ERR(set_enabled(fd, false), EPERM);
	CHECK_ERR(reset_device(fd), EPERM);
	CHECK_ERR(try_shared(fd), EPERM);
	CHECK_ERR(remove_device(control, r->device, 0), EPERM);
	CHECK_ERR(try_name(control, "0000:00:00.0"), EPERM);
	check_unchanged(r, &before);
}

/* Each setting by itself */
RIG_TEST(no_setting_is_for_another_user)
{
	int fd = rig_open_as(r, ALICE);
	struct picture before;
	unsigned int bit;

	take_picture(r, &before);
	for (bit = 0; bit < 7; bit++)
		CHECK_ERR(set_device(fd,
				     (struct buftrack_device_set){
					     .fields = 1U << bit,
					     .enabled = 1,
					     .max_clients = 9,
					     .max_records = 9,
					     .max_freed = 9,
					     .max_closed = 9,
					     .max_remaining = 9,
					     .max_client_records = 9 }),
			  EPERM);
	check_unchanged(r, &before);
}

/* Ids that have no name in the reader's namespace are the overflow id */
static void read_ids_in_user_namespace(void *arg)
{
	const struct expected *e = arg;
	struct buftrack_client_info info;
	int fd = open_node(e->r->device, O_RDONLY);

	CHECK_OK(client_info(fd, 1, &info));
	CHECK_EQ(info.uid, 0);
	CHECK_SYS(unshare(CLONE_NEWUSER));
	CHECK_OK(client_info(fd, 1, &info));
	CHECK_EQ(info.uid, 65534);
	CHECK_EQ(device_info(fd).uid, 65534);
}

RIG_TEST(uids_are_of_the_readers_namespace)
{
	become_client(r->fd);
	in_child(read_ids_in_user_namespace, &(struct expected){ r, 0 });
}
