// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading modules */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "harness.h"
#include "module.h"

int load_file(const char *path, const char *parameters)
{
	int fd, err;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	err = syscall(SYS_finit_module, fd, parameters, 0) ? errno : 0;
	close(fd);
	return err;
}

int load_named(const char *name, const char *parameters)
{
	struct utsname names;
	char path[256];

	uname(&names);
	snprintf(path, sizeof(path), "/lib/modules/%s/extra/%s.ko",
		 names.release, name);
	return load_file(path, parameters);
}

int unload_named(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? errno : 0;
}

int load_module(const char *parameters)
{
	return load_named("buftrack", parameters);
}

int unload_module(void)
{
	return unload_named("buftrack");
}

void reload_module(const char *parameters)
{
	CHECK_OK(unload_module());
	CHECK_OK(load_module(parameters));
}
