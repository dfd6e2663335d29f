/* SPDX-License-Identifier: GPL-2.0 */
/* Files opened as another user, without a process for each of them */
#ifndef IDENTITY_H
#define IDENTITY_H

#include <linux/capability.h>
#include "fixture.h"

/* Sets of capabilities */
#define CAP(_name) (1ULL << CAP_##_name)
#define ALL_CAPS ((1ULL << (CAP_LAST_CAP + 1)) - 1)

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif

/* Opens a file as a user with these capabilities, then restores root */
int open_node_as(uid_t uid, __u64 caps, __u32 device, int flags);
int open_control_as(uid_t uid, __u64 caps);

/* Opens the device of a fixture as a user without capabilities */
int fixture_open_as(const struct fixture *f, uid_t uid);

/*
 * Becomes root of a new user namespace and this unprivileged user outside of it. There
 * is no way back.
 */
void become_namespace_root(uid_t uid);

/* Runs a function in a child that is process 1 of a new pid namespace */
void in_pid_namespace(void (*run)(void *arg), void *arg);

#endif /* IDENTITY_H */
