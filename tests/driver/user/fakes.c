// SPDX-License-Identifier: GPL-2.0
/* Loading the modules that stand in for drivers */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "abi.h"
#include "card.h"
#include "fakes.h"
#include "helper.h"
#include "module.h"
#include "modules.h"

/* Environment variable: directory of the modules, in btf/ and plain/ */
#define FAKES "BUFTRACK_FAKES"

/* A failed test may have left the module behind */
static void discard(const char *name)
{
	if (is_loaded(name))
		fake_unload(name);
}

static bool find(char *path, size_t size, const char *kind, const char *name)
{
	const char *dir = getenv(FAKES);

	snprintf(path, size, "%s/%s/%s.ko", dir ? dir : "", kind, name);
	return !access(path, R_OK);
}

void fake_load(const char *name, bool btf)
{
	char path[256];

	if (!find(path, sizeof(path), "plain", name))
		test_skip("there is no stand-in for this kernel");
	if (btf && !find(path, sizeof(path), "btf", name))
		test_skip("this kernel has no BTF");
	discard(name);
	CHECK_OK(load_file(path, ""));
}

void fake_unload(const char *name)
{
	int err;

	WAIT_UNTIL((err = unload(name)) != EAGAIN && err != EBUSY);
	CHECK_OK(err);
}

void kill_owner(int node, pid_t pid, __u64 bytes)
{
	__u64 client = client_of(node, pid);

	CHECK_EQ(client_counter(node, client, BUFTRACK_COUNTER_LIVE_BYTES),
		 bytes);
	end(pid, SIGKILL);
	WAIT_UNTIL(!(client_state(node, client) & BUFTRACK_CLIENT_STATE_OPEN));
	WAIT_UNTIL(
		!client_counter(node, client, BUFTRACK_COUNTER_LIVE_BUFFERS));
	CHECK_EQ(client_counter(node, client, BUFTRACK_COUNTER_FREES), 2);
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 0);
}

__u32 probe_state(const char *covers)
{
	int control = open_control(O_RDONLY);
	struct buftrack_probe_info info = {};

	for (; !CALL(control, PROBE_INFO, &info); info.probe++)
		if (!strcmp(info.covers, covers)) {
			close(control);
			return info.state;
		}
	test_failed(__FILE__, __LINE__, "no probe covers %s", covers);
}
