// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading modules other than buftrack */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness.h"
#include "helper.h"
#include "modules.h"

int load(const char *name)
{
	struct utsname names;
	char path[256];
	int fd, err;

	uname(&names);
	snprintf(path, sizeof(path), "/lib/modules/%s/extra/%s.ko",
		 names.release, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	err = syscall(SYS_finit_module, fd, "", 0) ? errno : 0;
	close(fd);
	return err;
}

int unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? errno : 0;
}

bool is_loaded(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", name);
	return !access(path, F_OK);
}

/* With all that it stands on */
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

/* What waits for all processors, as modules that go do, waits for as short as can be */
void hurry(void)
{
	write_file("/sys/kernel/rcu_expedited", "1");
}
