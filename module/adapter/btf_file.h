/* SPDX-License-Identifier: GPL-2.0 */
/* BTF of a loaded module */
#ifndef BUFTRACK_ADAPTER_BTF_FILE_H
#define BUFTRACK_ADAPTER_BTF_FILE_H

#include "btf.h"

struct module;

/**
 * struct bt_btf_file - BTF of a module and of the kernel
 * @module: that of the module
 * @kernel: that of the kernel
 * @module_data: the module's blob
 * @kernel_data: the kernel's
 */
struct bt_btf_file {
	struct bt_btf module;
	struct bt_btf kernel;
	void *module_data;
	void *kernel_data;
};

int bt_btf_read(struct bt_btf_file *f, const struct module *mod);
void bt_btf_free(struct bt_btf_file *f);

#endif /* BUFTRACK_ADAPTER_BTF_FILE_H */
