/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading BTF: which members and functions a module has
 *
 * The data comes with the module, so every offset, length and type id in it is checked.
 */
#ifndef BUFTRACK_ADAPTER_BTF_H
#define BUFTRACK_ADAPTER_BTF_H

#include <linux/types.h>

/**
 * struct bt_btf - a parsed BTF blob
 * @base: the kernel's BTF, to whose types and strings those of a module are added; NULL
 *	  for the kernel's own
 * @types: type section
 * @types_len: its bytes
 * @strings: string section, which ends with a NUL
 * @strings_len: its bytes
 * @first_type: id of the first type in @types
 * @nr_types: types in @types
 * @first_string: offset that the first byte of @strings is named by
 */
struct bt_btf {
	const struct bt_btf *base;
	const void *types;
	u32 types_len;
	const char *strings;
	u32 strings_len;
	u32 first_type;
	u32 nr_types;
	u32 first_string;
};

/**
 * struct bt_btf_member - a member that handlers read
 * @type: its structure
 * @name: its name
 * @size: its size; 0: not checked
 */
struct bt_btf_member {
	const char *type;
	const char *name;
	u32 size;
};

/**
 * struct bt_btf_param - a parameter that handlers rely on
 * @func: its function
 * @param: its number
 * @type: the structure that it points to
 */
struct bt_btf_param {
	const char *func;
	unsigned int param;
	const char *type;
};

int bt_btf_parse(struct bt_btf *btf, const void *data, size_t len,
		 const struct bt_btf *base);
bool bt_btf_has_struct(const struct bt_btf *btf, const char *name);
bool bt_btf_find_member(const struct bt_btf *btf, const char *name,
			const char *member, u32 *offset, u32 *size);
bool bt_btf_has_func(const struct bt_btf *btf, const char *name);
bool bt_btf_takes(const struct bt_btf *btf, const char *func, unsigned int param,
		  const char *name);
bool bt_btf_find_members(const struct bt_btf *btf, const struct bt_btf_member *members,
			 unsigned int nr, u32 *offsets);
bool bt_btf_takes_all(const struct bt_btf *btf, const struct bt_btf_param *params,
		      unsigned int nr);
int bt_btf_find_param(const struct bt_btf *btf, const char *func, const char *name);

#endif /* BUFTRACK_ADAPTER_BTF_H */
