// SPDX-License-Identifier: GPL-2.0
/* A tracefs instance for one test */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness.h"
#include "helper.h"
#include "tracefs.h"

#define INSTANCE TRACEFS "/instances/buftrack-test"

static char text[MAX_TRACE], *at;

/*
 * Recording comms makes the kernel patch its scheduler, and an emulated processor may
 * run half-patched code. So comms are off, and everything traced runs on one processor.
 */
void trace_setup(void)
{
	if (access(TRACEFS "/instances", F_OK))
		test_skip("this kernel has no tracing");
	pin_to_one_cpu();
	write_file(TRACEFS "/trace_options", "norecord-cmd");
	/* A failed test may have left the instance */
	rmdir(INSTANCE);
	CHECK_SYS(mkdir(INSTANCE, 0700));
}

void trace_teardown(void)
{
	CHECK_SYS(rmdir(INSTANCE));
	write_file(TRACEFS "/trace_options", "record-cmd");
}

void trace_set(const char *file, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), INSTANCE "/%s", file);
	write_file(path, value);
}

/* Reads all pending lines; trace_pipe consumes them */
static void read_pipe(void)
{
	int fd = CHECK_SYS(open(INSTANCE "/trace_pipe", O_RDONLY | O_NONBLOCK));
	size_t nr = 0;
	ssize_t n;

	while ((n = read(fd, text + nr, sizeof(text) - 1 - nr)) > 0)
		nr += n;
	text[nr] = 0;
	at = text;
	close(fd);
}

bool trace_line(char *line, size_t size)
{
	const char *event;
	size_t len;

	if (!at || !*at)
		read_pipe();
	event = strstr(at, "buftrack_");
	if (!event) {
		at = NULL;
		return false;
	}
	len = strcspn(event, "\n");
	CHECK(len < size);
	memcpy(line, event, len);
	line[len] = 0;
	at = (char *)event + len;
	return true;
}
