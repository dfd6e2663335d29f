// SPDX-License-Identifier: GPL-2.0
/*
 * Demo: a process draws on a graphics card, shares a buffer with a viewer, leaks the
 * others and is killed; buftrack is queried before and after
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#define DRIVER "bochs-drm"
#define NR_BUFFERS 4

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void show(const char *what, const char *command)
{
	printf("\n%s\n$ %s\n", what, command);
	fflush(stdout);
	if (system(command))
		die(command);
}

/* The renderer frees its first buffer and shares the second by name */
static void draw(int to)
{
	struct drm_gem_flink flink = {};
	uint32_t handles[NR_BUFFERS], pitch;
	int fd, i;
	uint64_t size;

	prctl(PR_SET_NAME, "renderer");
	fd = drmOpen(DRIVER, NULL);
	for (i = 0; i < NR_BUFFERS; i++)
		if (drmModeCreateDumbBuffer(fd, 1024, 256 * (i + 1), 32, 0,
					    &handles[i], &pitch, &size))
			die("create");
	if (drmModeDestroyDumbBuffer(fd, handles[0]))
		die("destroy");
	flink.handle = handles[1];
	if (drmIoctl(fd, DRM_IOCTL_GEM_FLINK, &flink) ||
	    write(to, &flink.name, sizeof(flink.name)) < 0)
		die("share");
	for (;;)
		pause();
}

int main(void)
{
	struct drm_gem_open share = {};
	char command[64];
	int fds[2], fd;
	pid_t pid;

	if (pipe(fds))
		die("pipe");
	pid = fork();
	if (!pid)
		draw(fds[1]);
	if (pid < 0 || read(fds[0], &share.name, sizeof(share.name)) < 0)
		die("renderer");
	prctl(PR_SET_NAME, "viewer");
	fd = drmOpen(DRIVER, NULL);
	if (drmIoctl(fd, DRM_IOCTL_GEM_OPEN, &share))
		die("open by name");
	snprintf(command, sizeof(command), "buftrack list --pid %d", pid);
	show("A renderer freed one of its buffers and shares another with a viewer.",
	     command);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	show("It is killed: its leaked buffers are freed, the shared one is an orphan.",
	     "buftrack list --state orphaned");
	show("The counters of the card:", "buftrack status");
	close(fd);
	return 0;
}
