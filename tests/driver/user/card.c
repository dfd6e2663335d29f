// SPDX-License-Identifier: GPL-2.0
/* Graphics cards, used through libdrm, and queries of what buftrack tracks for them */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>
#include "card.h"

#define MAX_MINORS 16

/* Since 6.18; older headers lack it, and later kernels refuse it again */
struct gem_change_handle {
	__u32 handle;
	__u32 new_handle;
};
#define GEM_CHANGE_HANDLE DRM_IOWR(0xD2, struct gem_change_handle)

const struct card qxl = { "qxl", "qxl", "TTM_SYSTEM", "qxl_mem_mm" };
const struct card bochs = { "bochs", "bochs-drm", "TTM_SYSTEM", "vram-mm" };
const struct card virtio_gpu = { "virtio_gpu", "virtio_gpu", "GEM", NULL };
const struct card *const cards[NR_CARDS] = { &qxl, &bochs, &virtio_gpu };

static bool has_driver(int fd, const char *driver)
{
	drmVersion *version = drmGetVersion(fd);
	bool is = version && !strcmp(version->name, driver);

	drmFreeVersion(version);
	return is;
}

int card_open(const struct card *card)
{
	char path[32];
	int i, fd;

	for (i = 0; i < MAX_MINORS; i++) {
		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd >= 0 && has_driver(fd, card->driver))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	test_failed(__FILE__, __LINE__, "no card has the driver %s",
		    card->driver);
}

int card_minor(const struct card *card)
{
	struct stat node;
	int fd = card_open(card);

	CHECK_SYS(fstat(fd, &node));
	close(fd);
	return minor(node.st_rdev);
}

/* In sysfs, virtio puts a device of its own between card and PCI function */
void card_address(const struct card *card, char *name, size_t size)
{
	char link[64], path[PATH_MAX];

	snprintf(link, sizeof(link), "/sys/class/drm/card%d/device",
		 card_minor(card));
	CHECK(realpath(link, path));
	if (!strncmp(basename(path), "virtio", 6))
		dirname(path);
	snprintf(name, size, "%s", basename(path));
}

bool card_find(const struct card *card, struct buftrack_device_info *info)
{
	int control = open_control(O_RDONLY);
	bool found = false;
	__u32 number = 0;

	while (!found && next_device(control, number, info)) {
		found = !strcmp(info->driver, card->driver);
		number = info->device + 1;
	}
	close(control);
	return found;
}

int card_node(const struct card *card)
{
	struct buftrack_device_info info;

	WAIT_UNTIL(card_find(card, &info));
	return open_node(info.device, O_RDWR);
}

struct dumb dumb_create(int fd, __u32 width, __u32 height)
{
	struct dumb dumb;
	uint64_t size;

	CHECK_OK(-drmModeCreateDumbBuffer(fd, width, height, 32, 0,
					  &dumb.handle, &dumb.pitch, &size));
	dumb.size = size;
	return dumb;
}

struct dumb dumb_mib(int fd)
{
	return dumb_create(fd, 512, 512);
}

void dumb_destroy(int fd, const struct dumb *dumb)
{
	CHECK_OK(-drmModeDestroyDumbBuffer(fd, dumb->handle));
}

bool card_exports(int fd)
{
	uint64_t can = 0;

	drmGetCap(fd, DRM_CAP_PRIME, &can);
	return can & DRM_PRIME_CAP_EXPORT;
}

int dumb_export(int fd, const struct dumb *dumb)
{
	int dma_buf;

	CHECK_SYS(drmPrimeHandleToFD(fd, dumb->handle, DRM_CLOEXEC, &dma_buf));
	return dma_buf;
}

bool dumb_rename(int fd, const struct dumb *dumb, __u32 handle)
{
	struct gem_change_handle args = { dumb->handle, handle };

	if (!drmIoctl(fd, GEM_CHANGE_HANDLE, &args))
		return true;
	CHECK(errno == EINVAL || errno == ENOTTY);
	return false;
}

__u32 dumb_name(int fd, const struct dumb *dumb)
{
	struct drm_gem_flink flink = { .handle = dumb->handle };

	CHECK_SYS(drmIoctl(fd, DRM_IOCTL_GEM_FLINK, &flink));
	return flink.name;
}

static drmModeConnector *connected(int fd, const drmModeRes *res)
{
	drmModeConnector *c;
	int i;

	for (i = 0; i < res->count_connectors; i++) {
		c = drmModeGetConnector(fd, res->connectors[i]);
		if (c && c->count_modes)
			return c;
		drmModeFreeConnector(c);
	}
	return NULL;
}

static const drmModeModeInfo *mode_of(const drmModeConnector *c, int width)
{
	int i;

	for (i = 0; i < c->count_modes; i++)
		if (c->modes[i].hdisplay == width)
			return &c->modes[i];
	test_failed(__FILE__, __LINE__, "no mode has a width of %d", width);
}

void show(int fd, const struct dumb *dumb)
{
	drmModeRes *res = drmModeGetResources(fd);
	drmModeConnector *c;
	drmModeModeInfo mode;
	__u32 fb;

	CHECK(res);
	c = connected(fd, res);
	CHECK(c);
	mode = *mode_of(c, 1024);
	CHECK_OK(-drmModeAddFB(fd, 1024, 768, 24, 32, dumb->pitch, dumb->handle,
			       &fb));
	CHECK_OK(-drmModeSetCrtc(fd, res->crtcs[0], fb, 0, 0, &c->connector_id,
				 1, &mode));
	drmModeFreeConnector(c);
	drmModeFreeResources(res);
}

__u64 space_counter(int node, const char *space, enum buftrack_counter counter)
{
	__u64 values[BUFTRACK_NR_COUNTERS];
	struct buftrack_space_info info;
	__u32 i, nr = device_info(node).nr_spaces;

	for (i = 0; i < nr; i++) {
		info = (struct buftrack_space_info){ .space = i };
		CHECK_OK(CALL(node, SPACE_INFO, &info));
		if (strcmp(info.name, space))
			continue;
		CHECK_OK(counters(node, BUFTRACK_SCOPE_SPACE, i, values));
		return values[counter];
	}
	return 0;
}

bool find_client(int node, pid_t pid, struct buftrack_client_info *found)
{
	struct buftrack_client_info info;
	__u64 after = 0;
	bool any = false;

	while (next_client(node, after, &info)) {
		if ((pid_t)info.pid == pid &&
		    info.state & BUFTRACK_CLIENT_STATE_OPEN &&
		    !(info.state & BUFTRACK_CLIENT_STATE_DRIVER)) {
			*found = info;
			any = true;
		}
		after = info.client + 1;
	}
	return any;
}

__u64 client_of(int node, pid_t pid)
{
	struct buftrack_client_info info;

	CHECK(find_client(node, pid, &info));
	return info.client;
}

void check_no_wrong_reports(int node)
{
	static const enum buftrack_counter wrong[] = {
		BUFTRACK_COUNTER_DOUBLE_FREES,
		BUFTRACK_COUNTER_STALE_FREES,
		BUFTRACK_COUNTER_FOREIGN_FREES,
		BUFTRACK_COUNTER_SIZE_MISMATCHES,
		BUFTRACK_COUNTER_REFUSED_FREES,
		BUFTRACK_COUNTER_INVALID_FREES,
		BUFTRACK_COUNTER_DOUBLE_ALLOCS,
		BUFTRACK_COUNTER_OVERLAPS,
		BUFTRACK_COUNTER_SUPERSEDED,
		BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER,
		BUFTRACK_COUNTER_UNKNOWN_FREES_EVICTED,
		BUFTRACK_COUNTER_UNKNOWN_FREES_OTHER_ID,
	};
	__u64 values[BUFTRACK_NR_COUNTERS];
	unsigned int i;

	CHECK_OK(counters(node, BUFTRACK_SCOPE_DEVICE, 0, values));
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		if (values[wrong[i]])
			test_failed(__FILE__, __LINE__,
				    "%s: counter %d is %llu",
				    device_info(node).name, wrong[i],
				    values[wrong[i]]);
}
