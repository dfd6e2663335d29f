// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading the module */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "harness.h"
#include "module.h"

int load_module(const char *parameters)
{
	struct utsname names;
	char path[256];
	int fd, err;

	uname(&names);
	snprintf(path, sizeof(path), "/lib/modules/%s/extra/buftrack.ko",
		 names.release);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	err = syscall(SYS_finit_module, fd, parameters, 0) ? errno : 0;
	close(fd);
	return err;
}

int unload_module(void)
{
	return syscall(SYS_delete_module, "buftrack", O_NONBLOCK) ? errno : 0;
}
