/* SPDX-License-Identifier: GPL-2.0 */
/* Graphics cards, used through libdrm, and queries of what buftrack tracks for them */
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
 * @space: space in which its dumb buffers are created
 * @manager: debugfs file with the usage of its memory; NULL: none
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
 * @size: its size in bytes
 * @pitch: bytes per line
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
/* False: the kernel does not rename handles */
bool dumb_rename(int fd, const struct dumb *dumb, __u32 handle);
__u32 dumb_name(int fd, const struct dumb *dumb);

/* Scan out a buffer of 1024 x 768, which moves it into the card's memory */
void show(int fd, const struct dumb *dumb);

/* 0 if the space does not exist yet */
__u64 space_counter(int node, const char *space, enum buftrack_counter counter);

/* The newest open client of a process */
bool find_client(int node, pid_t pid, struct buftrack_client_info *found);
__u64 client_of(int node, pid_t pid);

/* Counters of wrong reports are all 0 */
void check_no_wrong_reports(int node);

#endif /* CARD_H */
