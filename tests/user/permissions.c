// SPDX-License-Identifier: GPL-2.0
/* Permissions are those of the opener of the file */
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "helper.h"
#include "fixture.h"
#include "identity.h"

/* A device, and the errno that calls must return */
struct expected {
	const struct fixture *f;
	int err;
};

static int try_shared(int fd)
{
	__u64 client;

	return declare(fd, BUFTRACK_DECLARE_SHARED, &client);
}

/* With files opened by the calling process */
static void try_managing(void *arg)
{
	const struct expected *e = arg;
	int fd = fixture_open(e->f), control = open_control(O_RDWR);

	CHECK_ERR(set_enabled(fd, true), e->err);
	CHECK_ERR(reset_device(fd), e->err);
	CHECK_ERR(remove_device(control, e->f->device, 0), e->err);
}

static void try_aperture(void *arg)
{
	const struct expected *e = arg;
	__u32 space;

	CHECK_ERR(try_add_aperture(fixture_open(e->f), "WINDOW", &space),
		  e->err);
}

static void try_sharing(void *arg)
{
	const struct expected *e = arg;

	CHECK_ERR(try_shared(fixture_open(e->f)), e->err);
}

static void try_ordinary(void *arg)
{
	const struct expected *e = arg;
	int fd = fixture_open(e->f);
	__u32 space;

	CHECK_OK(try_add_space(fd, "L1", 0, &space));
	CHECK_EQ(verdict_of(fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(device_counter(fd, BUFTRACK_COUNTER_ALLOCS), 1);
	CHECK_EQ(list_all(fd, 0).nr, 1);
	CHECK_OK(lost(fd, 1));
}

DEVICE_TEST(anyone_may_report_and_query)
{
	in_child_as(ALICE, try_ordinary, &(struct expected){ f, 0 });
}

DEVICE_TEST(managing_another_users_device_is_eperm)
{
	struct snapshot before;

	take_snapshot(f, &before);
	in_child_as(ALICE, try_managing, &(struct expected){ f, EPERM });
	check_unchanged(f, &before);
}

/* It would hide memory of others */
DEVICE_TEST(aperture_on_another_users_device_is_eperm)
{
	struct snapshot before;

	take_snapshot(f, &before);
	in_child_as(ALICE, try_aperture, &(struct expected){ f, EPERM });
	check_unchanged(f, &before);
}

DEVICE_TEST(sharing_without_cap_sys_admin_is_eperm)
{
	struct snapshot before;

	take_snapshot(f, &before);
	in_child_as(ALICE, try_sharing, &(struct expected){ f, EPERM });
	check_unchanged(f, &before);
}

DEVICE_TEST(sharing_with_cap_sys_admin_is_allowed)
{
	in_child(try_sharing, &(struct expected){ f, 0 });
}

static void manage_own(void *arg)
{
	struct fixture f;

	(void)arg;
	fixture_setup(&f);
	CHECK_EQ(device_info(f.fd).uid, ALICE);
	try_managing(&(struct expected){ &f, 0 });
}

TEST(registering_user_may_manage_the_device)
{
	in_child_as(ALICE, manage_own, NULL);
}

static void share_own(void *arg)
{
	struct fixture f;

	(void)arg;
	fixture_setup(&f);
	try_sharing(&(struct expected){ &f, EPERM });
}

TEST(registering_user_may_not_share_the_device)
{
	in_child_as(ALICE, share_own, NULL);
}

static void register_for(void *arg)
{
	struct fixture *f = arg;

	f->device = add_device(open_control(O_RDWR), "alices", 0);
}

TEST(administrator_may_manage_any_device)
{
	struct fixture *f = shared_memory(sizeof(*f));

	in_child_as(ALICE, register_for, f);
	in_child_as(BOB, try_managing, &(struct expected){ f, EPERM });
	CHECK_EQ(device_info(fixture_open(f)).uid, ALICE);
	in_child(try_managing, &(struct expected){ f, 0 });
}

static void manage_without_cap(void *arg)
{
	drop_admin();
	try_managing(arg);
}

TEST(root_without_cap_sys_admin_is_an_ordinary_user)
{
	struct fixture *f = shared_memory(sizeof(*f));
	struct fixture own;

	in_child_as(ALICE, register_for, f);
	in_child(manage_without_cap, &(struct expected){ f, EPERM });
	in_child(try_managing, &(struct expected){ f, 0 });

	fixture_setup(&own);
	in_child(manage_without_cap, &(struct expected){ &own, 0 });
}

static void share_without_cap(void *arg)
{
	drop_admin();
	try_sharing(arg);
}

DEVICE_TEST(root_without_cap_sys_admin_may_not_share)
{
	in_child(share_without_cap, &(struct expected){ f, EPERM });
}

/* An unprivileged user with files that root opened */
static void manage_with_files_of_root(void *arg)
{
	const struct expected *e = arg;
	int fd = fixture_open(e->f), control = open_control(O_RDWR);
	int other = fixture_open(e->f);

	become_user(ALICE);
	CHECK_OK(try_shared(other));
	CHECK_OK(set_enabled(fd, false));
	CHECK_OK(reset_device(fd));
	CHECK_ERR(remove_device(control, e->f->device, 0), EBUSY);
	CHECK_OK(remove_device(control, e->f->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
}

DEVICE_TEST(files_opened_as_root_keep_the_rights_of_root)
{
	in_child(manage_with_files_of_root, &(struct expected){ f, 0 });
}

struct delivery {
	const struct fixture *f;
	int sockets[2];
};

static void open_and_send(void *arg)
{
	const struct delivery *d = arg;

	send_file(d->sockets[1], fixture_open(d->f));
	send_file(d->sockets[1], open_control(O_RDWR));
}

DEVICE_TEST(files_opened_by_a_user_give_root_no_rights)
{
	struct delivery d = { .f = f };
	int fd, control;

	CHECK_SYS(socketpair(AF_UNIX, SOCK_STREAM, 0, d.sockets));
	in_child_as(ALICE, open_and_send, &d);
	fd = receive_file(d.sockets[0]);
	control = receive_file(d.sockets[0]);
	CHECK_ERR(set_enabled(fd, true), EPERM);
	CHECK_ERR(reset_device(fd), EPERM);
	CHECK_ERR(try_shared(fd), EPERM);
	CHECK_ERR(remove_device(control, f->device, 0), EPERM);
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
	in_child_as(ALICE, try_pci_names, &(struct expected){ .err = EPERM });
}

TEST(names_like_pci_addresses_are_allowed_for_administrators)
{
	in_child(try_pci_names, &(struct expected){ .err = 0 });
}

static void try_in_user_namespace(void *arg)
{
	const struct expected *e = arg;

	CHECK_SYS(unshare(CLONE_NEWUSER));
	/* All capabilities in this namespace, none in the initial one */
	try_sharing(&(struct expected){ e->f, EPERM });
	try_pci_names(&(struct expected){ .err = EPERM });
}

DEVICE_TEST(administrators_of_a_user_namespace_are_ordinary_users)
{
	in_child(try_in_user_namespace, &(struct expected){ f, 0 });
}

/* A user with all capabilities in a namespace of its own */
static void try_as_namespace_root(void *arg)
{
	become_namespace_root(BOB);
	try_managing(arg);
	try_sharing(arg);
	try_pci_names(arg);
}

static void try_as_namespace_root_of_own(void *arg)
{
	struct fixture f;

	(void)arg;
	become_namespace_root(BOB);
	fixture_setup(&f);
	CHECK_EQ(device_info(f.fd).uid, 0);
	try_sharing(&(struct expected){ &f, EPERM });
	try_managing(&(struct expected){ &f, 0 });
}

DEVICE_TEST(root_of_a_user_namespace_manages_nothing_of_others)
{
	struct snapshot before;

	take_snapshot(f, &before);
	in_child(try_as_namespace_root, &(struct expected){ f, EPERM });
	check_unchanged(f, &before);
}

TEST(root_of_a_user_namespace_manages_its_own)
{
	in_child(try_as_namespace_root_of_own, NULL);
}

DEVICE_TEST(cap_sys_admin_alone_manages_all)
{
	int fd = open_node_as(BOB, CAP(SYS_ADMIN), f->device, O_RDWR);
	int control = open_control_as(BOB, CAP(SYS_ADMIN));

	CHECK_OK(set_enabled(fd, false));
	CHECK_EQ(device_info(fd).state & BUFTRACK_DEVICE_STATE_ENABLED, 0);
	CHECK_OK(set_enabled(fd, true));
	CHECK_OK(reset_device(fd));
	CHECK_OK(try_shared(fd));
	CHECK_OK(remove_device(control, f->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
}

DEVICE_TEST(other_capabilities_manage_nothing)
{
	const __u64 caps = ALL_CAPS & ~CAP(SYS_ADMIN);
	int fd = open_node_as(BOB, caps, f->device, O_RDWR);
	int control = open_control_as(BOB, caps);
	struct snapshot before;

	take_snapshot(f, &before);
	CHECK_ERR(set_enabled(fd, false), EPERM);
	CHECK_ERR(reset_device(fd), EPERM);
	CHECK_ERR(try_shared(fd), EPERM);
	CHECK_ERR(remove_device(control, f->device, 0), EPERM);
	CHECK_ERR(try_name(control, "0000:00:00.0"), EPERM);
	check_unchanged(f, &before);
}

/* Tries each setting alone */
DEVICE_TEST(no_setting_can_be_changed_by_another_user)
{
	int fd = fixture_open_as(f, ALICE);
	struct snapshot before;
	unsigned int bit;

	take_snapshot(f, &before);
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
	check_unchanged(f, &before);
}

/* Ids that the reader's namespace does not map read as the overflow id */
static void read_ids_in_user_namespace(void *arg)
{
	const struct expected *e = arg;
	struct buftrack_client_info info;
	int fd = open_node(e->f->device, O_RDONLY);

	CHECK_OK(client_info(fd, 1, &info));
	CHECK_EQ(info.uid, 0);
	CHECK_SYS(unshare(CLONE_NEWUSER));
	CHECK_OK(client_info(fd, 1, &info));
	CHECK_EQ(info.uid, 65534);
	CHECK_EQ(device_info(fd).uid, 65534);
}

DEVICE_TEST(uids_are_those_of_the_readers_namespace)
{
	become_client(f->fd);
	in_child(read_ids_in_user_namespace, &(struct expected){ f, 0 });
}
