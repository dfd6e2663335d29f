/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BUFTRACK_TESTS_FUZZ_TREES_H
#define BUFTRACK_TESTS_FUZZ_TREES_H

struct offline_device;

/**
 * trees_check() - check all trees of records of a device
 * @device: the device
 *
 * Every tree is in order and balanced, and every node summarizes its subtree.
 *
 * Return: NULL, or what is wrong.
 */
const char *trees_check(struct offline_device *device);

#endif /* BUFTRACK_TESTS_FUZZ_TREES_H */
