// SPDX-License-Identifier: GPL-2.0
/*
 * The cost of creating and destroying a DRM dumb buffer of 1 MiB, in instructions
 *
 *	buftrack-bench-dumb DRIVER
 *
 * Runs under -icount and prints the instructions for one buffer.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <drm.h>
#include <drm_mode.h>

#define MAX_MINORS 16
#define WARM_UP 20
#define PAIRS 20
#define ROUNDS 101

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static int open_card(const char *driver)
{
	char path[32], name[32];
	int i, fd;

	for (i = 0; i < MAX_MINORS; i++) {
		struct drm_version version = { .name = name,
					       .name_len = sizeof(name) - 1 };

		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		memset(name, 0, sizeof(name));
		fd = open(path, O_RDWR);
		if (fd >= 0 && !ioctl(fd, DRM_IOCTL_VERSION, &version) &&
		    !strcmp(name, driver))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	die(driver);
	return -1;
}

static void create_and_destroy(int fd, unsigned int n)
{
	while (n--) {
		struct drm_mode_create_dumb create = { .width = 512,
						       .height = 512,
						       .bpp = 32 };
		struct drm_mode_destroy_dumb destroy = {};

		if (ioctl(fd, DRM_IOCTL_MODE_CREATE_DUMB, &create))
			die("create");
		destroy.handle = create.handle;
		if (ioctl(fd, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy))
			die("destroy");
	}
}

static uint64_t time_round(int fd)
{
	uint64_t begin = now();

	create_and_destroy(fd, PAIRS);
	return (now() - begin) / PAIRS;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The median ignores the few rounds in which the machine does other work */
static uint64_t median(int fd)
{
	uint64_t rounds[ROUNDS];
	unsigned int i;

	for (i = 0; i < ROUNDS; i++)
		rounds[i] = time_round(fd);
	qsort(rounds, ROUNDS, sizeof(*rounds), compare);
	return rounds[ROUNDS / 2];
}

int main(int argc, char **argv)
{
	int fd;

	if (argc != 2)
		return 2;
	fd = open_card(argv[1]);
	create_and_destroy(fd, WARM_UP);
	printf("%llu\n", (unsigned long long)median(fd));
	return 0;
}
