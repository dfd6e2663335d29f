// SPDX-License-Identifier: GPL-2.0
/* Files opened as another user */
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "helper.h"
#include "identity.h"

static void set_effective_caps(__u64 caps)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	CHECK_SYS(syscall(SYS_capget, &header, data));
	data[0].effective = caps & data[0].permitted;
	data[1].effective = caps >> 32 & data[1].permitted;
	CHECK_SYS(syscall(SYS_capset, &header, data));
}

static void assume_identity(uid_t uid, __u64 caps)
{
	CHECK_SYS(seteuid(uid));
	set_effective_caps(caps);
}

static void restore_root(void)
{
	set_effective_caps(ALL_CAPS);
	CHECK_SYS(seteuid(0));
	set_effective_caps(ALL_CAPS);
}

int open_node_as(uid_t uid, __u64 caps, __u32 device, int flags)
{
	int fd;

	assume_identity(uid, caps);
	fd = open_node(device, flags);
	restore_root();
	return fd;
}

int open_control_as(uid_t uid, __u64 caps)
{
	int fd;

	assume_identity(uid, caps);
	fd = open_control(O_RDWR);
	restore_root();
	return fd;
}

int fixture_open_as(const struct fixture *f, uid_t uid)
{
	return open_node_as(uid, 0, f->device, O_RDWR | O_NONBLOCK);
}

void become_namespace_root(uid_t uid)
{
	char map[32];

	become_user(uid);
	CHECK_SYS(prctl(PR_SET_DUMPABLE, 1));
	CHECK_SYS(unshare(CLONE_NEWUSER));
	snprintf(map, sizeof(map), "0 %u 1", uid);
	write_file("/proc/self/uid_map", map);
	CHECK_EQ(geteuid(), 0);
}

struct namespaced {
	void (*run)(void *arg);
	void *arg;
};

static void run_in_namespace(void *arg)
{
	const struct namespaced *n = arg;

	CHECK_SYS(unshare(CLONE_NEWPID));
	in_child(n->run, n->arg);
}

void in_pid_namespace(void (*run)(void *arg), void *arg)
{
	struct namespaced n = { run, arg };

	in_child(run_in_namespace, &n);
}
