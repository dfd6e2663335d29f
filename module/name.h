/* SPDX-License-Identifier: GPL-2.0 */
/* Names that user space and drivers give to devices, spaces and clients */
#ifndef BUFTRACK_NAME_H
#define BUFTRACK_NAME_H

#include <linux/types.h>

int bt_name_check(const char *name, size_t size);
bool bt_name_is_pci(const char *name);

#endif /* BUFTRACK_NAME_H */
