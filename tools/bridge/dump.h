/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What DUMP_REMAINING and DUMP_KERNELS print, from the kernel's books
 */
#ifndef BUFTRACK_BRIDGE_DUMP_H
#define BUFTRACK_BRIDGE_DUMP_H

#include "bridge.h"

/**
 * dump() - print what is allocated, and what ended clients have left
 * @bridge: the bridge, whose devices are told of
 * @kernels: of kernels only
 */
void dump(struct bridge *bridge, bool kernels);

#endif /* BUFTRACK_BRIDGE_DUMP_H */
