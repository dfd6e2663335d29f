// SPDX-License-Identifier: GPL-2.0
/*
 * cli-shim.so: changes how the loaded module behaves, for LD_PRELOAD
 *
 *   SHIM_FAIL=<nr>:<errno>   ioctl number <nr> fails with errno
 *   SHIM_SKIP=<n>            but the first n calls succeed
 *   SHIM_OPEN=<errno>        opening a node fails with errno
 *   SHIM_COUNTERS=<n>        the module has n counters
 *   SHIM_READ=<errno>        reading events fails with errno
 *   SHIM_EVENT_SIZE=<n>      the module's events have n bytes
 *   SHIM_CLOCK=<n>           the monotonic clock is n times as fast
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <linux/buftrack.h>

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 10) : otherwise;
}

static int injected(unsigned long request)
{
	static unsigned long nr_met;
	const char *fail = getenv("SHIM_FAIL");
	char *colon;

	if (!fail || strtoul(fail, &colon, 10) != _IOC_NR(request))
		return 0;
	if (nr_met++ < setting("SHIM_SKIP", 0))
		return 0;
	errno = atoi(colon + 1);
	return -1;
}

/* pretend() - report only as many counters as SHIM_COUNTERS says */
static void pretend(unsigned long request, void *arg)
{
	unsigned long known = setting("SHIM_COUNTERS", BUFTRACK_NR_COUNTERS);
	struct buftrack_info *info = arg;
	struct buftrack_counters *counters = arg;

	if (request == BUFTRACK_IOCTL_INFO) {
		info->nr_counters = known;
	} else if (request == BUFTRACK_IOCTL_COUNTERS && counters->nr > known) {
		uint64_t *values = (uint64_t *)(uintptr_t)counters->values;

		memset(values + known, 0,
		       (counters->nr - known) * sizeof(*values));
		counters->nr = known;
	}
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*real)(int fd, unsigned long request, ...) =
		dlsym(RTLD_NEXT, "ioctl");
	va_list args;
	void *arg;
	int ret;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (_IOC_TYPE(request) != BUFTRACK_TYPE)
		return real(fd, request, arg);
	if (injected(request))
		return -1;
	ret = real(fd, request, arg);
	if (!ret)
		pretend(request, arg);
	return ret;
}

int open(const char *path, int flags, ...)
{
	int (*real)(const char *path, int flags, ...) =
		dlsym(RTLD_NEXT, "open");
	mode_t mode = 0;
	va_list args;

	va_start(args, flags);
	if (flags & O_CREAT)
		mode = va_arg(args, int);
	va_end(args);
	errno = setting("SHIM_OPEN", 0);
	if (errno && !strncmp(path, "/dev/buftrack/", strlen("/dev/buftrack/")))
		return -1;
	return real(path, flags, mode);
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
	int (*real)(clockid_t clock, struct timespec * time) =
		dlsym(RTLD_NEXT, "clock_gettime");
	uint64_t ns, speed = setting("SHIM_CLOCK", 1);
	static uint64_t began;

	if (real(clock, time))
		return -1;
	if (speed == 1 || clock != CLOCK_MONOTONIC)
		return 0;
	ns = time->tv_sec * UINT64_C(1000000000) + time->tv_nsec;
	began = began ? began : ns;
	ns = began + (ns - began) * speed;
	time->tv_sec = ns / 1000000000;
	time->tv_nsec = ns % 1000000000;
	return 0;
}

static bool is_node(int fd)
{
	char link[32], path[64] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return readlink(link, path, sizeof(path) - 1) > 0 &&
	       !strncmp(path, "/dev/buftrack/", strlen("/dev/buftrack/"));
}

/* resize() - give events another size; bytes beyond ours are all ones */
static size_t resize(char *to, const struct buftrack_event *events, size_t nr,
		     uint32_t size)
{
	for (size_t i = 0; i < nr; i++, to += size) {
		memset(to, 0xff, size);
		memcpy(to, &events[i],
		       size < sizeof(events[i]) ? size : sizeof(events[i]));
		memcpy(to, &size, sizeof(size));
	}
	return nr * size;
}

ssize_t read(int fd, void *buffer, size_t length)
{
	ssize_t (*real)(int fd, void *buffer, size_t length) =
		dlsym(RTLD_NEXT, "read");
	size_t size = setting("SHIM_EVENT_SIZE", 0);
	struct buftrack_event events[8];
	ssize_t got;

	if ((!size && !getenv("SHIM_READ")) || !is_node(fd))
		return real(fd, buffer, length);
	errno = setting("SHIM_READ", 0);
	if (errno)
		return -1;
	got = real(fd, events, sizeof(events));
	if (got <= 0)
		return got;
	return resize(buffer, events, got / sizeof(events[0]), size);
}
