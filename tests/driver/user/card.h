/* SPDX-License-Identifier: GPL-2.0 */
/* Graphics cards, driven through libdrm, and what buftrack says of them */
#ifndef CARD_H
#define CARD_H

#include <stddef.h>
#include "abi.h"
#include "helper.h"

#define MIB (1ULL << 20)

/**
 * struct card - a card whose driver is tracked
 * @module: module of its driver
 * @driver: name of its driver
 * @space: where its dumb buffers are at first
 * @manager: file in debugfs that tells what its memory holds, NULL: none does
 */
struct card {
	const char *module;
	const char *driver;
	const char *space;
	const char *manager;
};

extern const struct card qxl, bochs, virtio_gpu;
extern const struct card *const cards[];
#define NR_CARDS 3

/**
 * struct dumb - a dumb buffer
 * @handle: its handle
 * @size: bytes that it takes
 * @pitch: bytes of a line
 */
struct dumb {
	__u32 handle;
	__u64 size;
	__u32 pitch;
};

int card_open(const struct card *card);
bool card_find(const struct card *card, struct buftrack_device_info *info);
int card_node(const struct card *card);
void card_address(const struct card *card, char *name, size_t size);
int card_minor(const struct card *card);

struct dumb dumb_create(int fd, __u32 width, __u32 height);
struct dumb dumb_mib(int fd);
void dumb_destroy(int fd, const struct dumb *dumb);
bool card_exports(int fd);
int dumb_export(int fd, const struct dumb *dumb);
__u32 dumb_name(int fd, const struct dumb *dumb);
void show(int fd, const struct dumb *dumb);

__u64 space_counter(int node, const char *space, enum buftrack_counter counter);
bool find_client(int node, pid_t pid, struct buftrack_client_info *found);
__u64 client_of(int node, pid_t pid);
void check_no_blame(int node);

#endif /* CARD_H */
