/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BUFTRACK_OFFLINE_MM_H
#define BUFTRACK_OFFLINE_MM_H

#include <linux/minmax.h>
#include <linux/slab.h>

#endif /* BUFTRACK_OFFLINE_MM_H */
