/* SPDX-License-Identifier: GPL-2.0 */
/* Modules that stand in for drivers whose hardware is missing */
#ifndef FAKES_H
#define FAKES_H

#include <stdbool.h>
#include <sys/types.h>
#include <linux/types.h>

/* Loads a stand-in; skips the test if the kernel has none, or none with BTF */
void fake_load(const char *name, bool btf);
void fake_unload(const char *name);

/* Kills a process with two live buffers, which the driver frees as its own */
void kill_owner(int node, pid_t pid, __u64 bytes);

/* State of the probe that covers this; the adapter must have one */
__u32 probe_state(const char *covers);

#endif /* FAKES_H */
