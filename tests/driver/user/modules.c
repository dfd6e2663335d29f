// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading modules other than buftrack */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness.h"
#include "helper.h"
#include "module.h"
#include "modules.h"

int load(const char *name)
{
	return load_named(name, "");
}

int unload(const char *name)
{
	return unload_named(name);
}

bool is_loaded(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", name);
	return !access(path, F_OK);
}

bool modprobe(const char *name)
{
	int status;
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		execlp("modprobe", "modprobe", "-q", name, NULL);
		_exit(127);
	}
	CHECK_SYS(waitpid(pid, &status, 0));
	return !status;
}

void expedite_rcu(void)
{
	write_file("/sys/kernel/rcu_expedited", "1");
}
