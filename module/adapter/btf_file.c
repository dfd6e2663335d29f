// SPDX-License-Identifier: GPL-2.0
/*
 * BTF of a module, as the kernel shows it
 *
 * The file that the kernel makes of a module's BTF is there before a notifier of ours
 * runs, and stays; what struct module points to goes when the module has been loaded.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include "btf_file.h"

#define BT_BTF_KERNEL		"vmlinux"
#define BT_BTF_MAX_BYTES	(64 << 20)

static void *btf_file_read_all(struct file *file, size_t len)
{
	void *data = kvmalloc(len, GFP_KERNEL);
	ssize_t n = 1;
	loff_t pos = 0;

	while (data && pos < len && n > 0)
		n = kernel_read(file, data + pos, len - pos, &pos);
	if (data && pos < len) {
		kvfree(data);
		return ERR_PTR(-EINVAL);
	}
	return data ?: ERR_PTR(-ENOMEM);
}

static void *btf_file_read(const char *name, size_t *len)
{
	char path[sizeof("/sys/kernel/btf/") + MODULE_NAME_LEN];
	struct file *file;
	void *data;

	snprintf(path, sizeof(path), "/sys/kernel/btf/%s", name);
	file = filp_open(path, O_RDONLY, 0);
	if (IS_ERR(file))
		return file;
	*len = i_size_read(file_inode(file));
	data = *len > BT_BTF_MAX_BYTES ? ERR_PTR(-EINVAL) :
					 btf_file_read_all(file, *len);
	filp_close(file, NULL);
	return data;
}

static int btf_file_parse(struct bt_btf *btf, const char *name, void **data,
			  const struct bt_btf *base)
{
	void *blob;
	size_t len;

	blob = btf_file_read(name, &len);
	if (IS_ERR(blob))
		return PTR_ERR(blob);
	*data = blob;
	return bt_btf_parse(btf, blob, len, base);
}

/**
 * bt_btf_read() - read the BTF of a module
 * @f: out: the BTF, for bt_btf_free()
 * @mod: the module
 *
 * Context: may sleep.
 * Return: 0, or a negative errno: it has none, or it cannot be read.
 */
int bt_btf_read(struct bt_btf_file *f, const struct module *mod)
{
	int err;

	memset(f, 0, sizeof(*f));
	err = btf_file_parse(&f->kernel, BT_BTF_KERNEL, &f->kernel_data, NULL);
	if (!err)
		err = btf_file_parse(&f->module, mod->name, &f->module_data,
				     &f->kernel);
	if (err)
		bt_btf_free(f);
	return err;
}

/**
 * bt_btf_free() - free BTF that was read
 * @f: the BTF
 *
 * Context: may sleep.
 */
void bt_btf_free(struct bt_btf_file *f)
{
	kvfree(f->module_data);
	kvfree(f->kernel_data);
	memset(f, 0, sizeof(*f));
}
