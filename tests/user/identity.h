/* SPDX-License-Identifier: GPL-2.0 */
/* Files that somebody else opened, without a process for each of them */
#ifndef IDENTITY_H
#define IDENTITY_H

#include <linux/capability.h>
#include "fixture.h"

/* Capabilities as a set */
#define CAP(_name) (1ULL << CAP_##_name)
#define ALL_CAPS ((1ULL << (CAP_LAST_CAP + 1)) - 1)

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif

/* Open a file as a user with some capabilities; this process stays what it is */
int open_node_as(uid_t uid, __u64 caps, __u32 device, int flags);
int open_control_as(uid_t uid, __u64 caps);

/* A file of a rig's device as a user without rights opens it */
int fixture_open_as(const struct fixture *f, uid_t uid);

/*
 * Become root of a user namespace of one's own, and a user without any rights
 * outside of it. Not to be undone.
 */
void become_namespace_root(uid_t uid);

/* Run in a child that is the first process of a pid namespace of its own */
void in_pid_namespace(void (*run)(void *arg), void *arg);

#endif /* IDENTITY_H */
