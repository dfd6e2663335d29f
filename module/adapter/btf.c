// SPDX-License-Identifier: GPL-2.0
/* Parser of BTF: members of structures and parameters of functions, by name */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <uapi/linux/btf.h>
#include "../compat.h"
#include "btf.h"

/*
 * Maximum number of modifiers and typedefs between a name and its type; more is a loop
 */
#define BT_BTF_MAX_DEPTH	32

/* The header up to the last member that is read; newer kernels declare more */
#define BT_BTF_MIN_HEADER	offsetofend(struct btf_header, str_len)

/* Bytes that follow a type of each kind, per element and once */
struct bt_btf_tail {
	u8 each;
	u8 once;
	bool known;
};

static const struct bt_btf_tail btf_tails[] = {
	[BTF_KIND_INT] = { .once = sizeof(u32), .known = true },
	[BTF_KIND_PTR] = { .known = true },
	[BTF_KIND_ARRAY] = { .once = sizeof(struct btf_array), .known = true },
	[BTF_KIND_STRUCT] = { .each = sizeof(struct btf_member), .known = true },
	[BTF_KIND_UNION] = { .each = sizeof(struct btf_member), .known = true },
	[BTF_KIND_ENUM] = { .each = sizeof(struct btf_enum), .known = true },
	[BTF_KIND_FWD] = { .known = true },
	[BTF_KIND_TYPEDEF] = { .known = true },
	[BTF_KIND_VOLATILE] = { .known = true },
	[BTF_KIND_CONST] = { .known = true },
	[BTF_KIND_RESTRICT] = { .known = true },
	[BTF_KIND_FUNC] = { .known = true },
	[BTF_KIND_FUNC_PROTO] = { .each = sizeof(struct btf_param), .known = true },
	[BTF_KIND_VAR] = { .once = sizeof(struct btf_var), .known = true },
	[BTF_KIND_DATASEC] = { .each = sizeof(struct btf_var_secinfo), .known = true },
	[BTF_KIND_FLOAT] = { .known = true },
	[BTF_KIND_DECL_TAG] = { .once = sizeof(u32), .known = true },
	[BTF_KIND_TYPE_TAG] = { .known = true },
	[BTF_KIND_ENUM64] = { .each = 3 * sizeof(u32), .known = true },
};

static u32 btf_kind_of(const struct btf_type *t)
{
	return BTF_INFO_KIND(t->info);
}

static u32 btf_nr_of(const struct btf_type *t)
{
	return BTF_INFO_VLEN(t->info);
}

/* The type after @t, or the first if @t is NULL; NULL: the end, or it does not fit */
static const struct btf_type *btf_next(const struct bt_btf *btf,
				       const struct btf_type *t)
{
	const void *end = btf->types + btf->types_len;
	const void *at = btf->types;
	size_t len = sizeof(*t);

	if (t)
		at = (const void *)(t + 1) + btf_tails[btf_kind_of(t)].once +
		     btf_nr_of(t) * btf_tails[btf_kind_of(t)].each;
	if (end - at < len)
		return NULL;
	t = at;
	if (btf_kind_of(t) >= ARRAY_SIZE(btf_tails) || !btf_tails[btf_kind_of(t)].known)
		return NULL;
	len += btf_tails[btf_kind_of(t)].once + btf_nr_of(t) * btf_tails[btf_kind_of(t)].each;
	return end - at < len ? NULL : t;
}

/* Count the types; false: they do not fill the section */
static bool btf_count(struct bt_btf *btf)
{
	const struct btf_type *t = NULL, *next;
	const void *end = btf->types;

	for (; (next = btf_next(btf, t)); t = next) {
		end = (const void *)(next + 1) + btf_tails[btf_kind_of(next)].once +
		      btf_nr_of(next) * btf_tails[btf_kind_of(next)].each;
		btf->nr_types++;
	}
	return end == btf->types + btf->types_len;
}

static bool btf_section_fits(u32 offset, u32 len, size_t total)
{
	return offset <= total && len <= total - offset;
}

/**
 * bt_btf_parse() - check a BTF blob
 * @btf: out: the parsed blob, which refers to @data and @base
 * @data: the blob, aligned to 4 bytes
 * @len: its bytes
 * @base: the blob whose types and strings it continues; NULL: none
 *
 * Return: 0, or -EINVAL: it is not well-formed.
 */
int bt_btf_parse(struct bt_btf *btf, const void *data, size_t len,
		 const struct bt_btf *base)
{
	const struct btf_header *h = data;

	if (len < BT_BTF_MIN_HEADER || h->magic != BTF_MAGIC ||
	    h->version != BTF_VERSION || h->hdr_len < BT_BTF_MIN_HEADER ||
	    h->hdr_len > len)
		return -EINVAL;
	len -= h->hdr_len;
	data += h->hdr_len;
	if (!btf_section_fits(h->type_off, h->type_len, len) ||
	    !btf_section_fits(h->str_off, h->str_len, len) ||
	    !IS_ALIGNED((unsigned long)data + h->type_off, sizeof(u32)) ||
	    !h->str_len || ((const char *)data)[h->str_off + h->str_len - 1])
		return -EINVAL;
	*btf = (struct bt_btf) {
		.base = base,
		.types = data + h->type_off,
		.types_len = h->type_len,
		.strings = data + h->str_off,
		.strings_len = h->str_len,
		.first_type = base ? base->first_type + base->nr_types : 1,
		.first_string = base ? base->strings_len : 0,
	};
	return btf_count(btf) ? 0 : -EINVAL;
}

/* Names that the base has are stored there only */
static bool btf_is_named(const struct bt_btf *btf, u32 offset, const char *name)
{
	if (btf->base && offset < btf->first_string)
		btf = btf->base;
	offset -= btf->first_string;
	return offset < btf->strings_len && !strcmp(btf->strings + offset, name);
}

static const struct btf_type *btf_type(const struct bt_btf *btf, u32 id)
{
	const struct btf_type *t = NULL;

	if (btf->base && id < btf->first_type)
		btf = btf->base;
	if (id < btf->first_type || id - btf->first_type >= btf->nr_types)
		return NULL;
	for (id -= btf->first_type; (t = btf_next(btf, t)) && id; id--)
		;
	return t;
}

/* The type that an id stands for, without typedefs and modifiers; NULL: none */
static const struct btf_type *btf_resolve(const struct bt_btf *btf, u32 id)
{
	unsigned int depth;

	for (depth = 0; depth < BT_BTF_MAX_DEPTH; depth++) {
		const struct btf_type *t = btf_type(btf, id);

		if (!t)
			return NULL;
		switch (btf_kind_of(t)) {
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_CONST:
		case BTF_KIND_RESTRICT:
		case BTF_KIND_TYPE_TAG:
			id = t->type;
			break;
		default:
			return t;
		}
	}
	return NULL;
}

/* Size of a type; 0: it has none, or it is too large for any structure of a driver */
static u32 btf_size(const struct bt_btf *btf, u32 id)
{
	const struct btf_array *array;
	const struct btf_type *t;
	unsigned int depth;
	u64 nr = 1;

	for (depth = 0; depth < BT_BTF_MAX_DEPTH; depth++) {
		t = btf_resolve(btf, id);
		if (!t || btf_kind_of(t) != BTF_KIND_ARRAY)
			break;
		array = (const void *)(t + 1);
		nr *= array->nelems;
		id = array->type;
		if (nr > U16_MAX)
			return 0;
	}
	if (!t)
		return 0;
	switch (btf_kind_of(t)) {
	case BTF_KIND_PTR:
		return nr * sizeof(void *);
	case BTF_KIND_INT:
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_FLOAT:
		return t->size > U16_MAX ? 0 : nr * t->size;
	default:
		return 0;
	}
}

/* The module's own type of that kind and name; NULL: none */
static const struct btf_type *btf_find(const struct bt_btf *btf, u32 kind,
				       const char *name)
{
	const struct btf_type *t = NULL;

	while ((t = btf_next(btf, t)))
		if (btf_kind_of(t) == kind && btf_is_named(btf, t->name_off, name))
			return t;
	return NULL;
}

/**
 * bt_btf_has_struct() - whether a module has a structure of its own
 * @btf: its BTF
 * @name: name of the structure
 *
 * Return: true if so.
 */
bool bt_btf_has_struct(const struct bt_btf *btf, const char *name)
{
	return btf_find(btf, BTF_KIND_STRUCT, name);
}

/**
 * bt_btf_find_member() - find a member of a structure of the module
 * @btf: BTF of the module
 * @name: name of the structure
 * @member: name of the member
 * @offset: out: its offset in bytes
 * @size: out: its size in bytes; 0: unknown
 *
 * Return: true if it is there and no bit field.
 */
bool bt_btf_find_member(const struct bt_btf *btf, const char *name,
			const char *member, u32 *offset, u32 *size)
{
	const struct btf_type *t = btf_find(btf, BTF_KIND_STRUCT, name);
	const struct btf_member *m;
	unsigned int i;

	if (!t)
		return false;
	m = (const void *)(t + 1);
	for (i = 0; i < btf_nr_of(t); i++, m++) {
		u32 bits = m->offset;

		if (!btf_is_named(btf, m->name_off, member))
			continue;
		if (BTF_INFO_KFLAG(t->info)) {
			if (BTF_MEMBER_BITFIELD_SIZE(bits))
				return false;
			bits = BTF_MEMBER_BIT_OFFSET(bits);
		}
		*offset = bits / BITS_PER_BYTE;
		*size = btf_size(btf, m->type);
		return !(bits % BITS_PER_BYTE) && *offset + *size <= t->size;
	}
	return false;
}

/**
 * bt_btf_has_func() - whether a module has a function
 * @btf: its BTF
 * @name: name of the function
 *
 * Return: true if so; false also for one that the compiler has changed.
 */
bool bt_btf_has_func(const struct bt_btf *btf, const char *name)
{
	return btf_find(btf, BTF_KIND_FUNC, name);
}

static const struct btf_type *btf_proto(const struct bt_btf *btf, const char *func)
{
	const struct btf_type *t = btf_find(btf, BTF_KIND_FUNC, func);

	t = t ? btf_type(btf, t->type) : NULL;
	return t && btf_kind_of(t) == BTF_KIND_FUNC_PROTO ? t : NULL;
}

/**
 * bt_btf_takes() - whether a parameter of a function points to a structure
 * @btf: BTF of the module
 * @func: name of the function
 * @param: number of the parameter, from 0
 * @name: name of the structure
 *
 * Return: true if so.
 */
bool bt_btf_takes(const struct bt_btf *btf, const char *func, unsigned int param,
		  const char *name)
{
	const struct btf_type *t = btf_proto(btf, func);
	const struct btf_param *params;

	if (!t || param >= btf_nr_of(t))
		return false;
	params = (const void *)(t + 1);
	t = btf_resolve(btf, params[param].type);
	if (!t || btf_kind_of(t) != BTF_KIND_PTR)
		return false;
	t = btf_resolve(btf, t->type);
	return t && btf_kind_of(t) == BTF_KIND_STRUCT &&
	       btf_is_named(btf, t->name_off, name);
}

/**
 * bt_btf_find_param() - find a parameter of a function by its name
 * @btf: BTF of the module
 * @func: name of the function
 * @name: name of the parameter
 *
 * Return: its number, from 0; -ENOENT: there is none, or one before it takes more than
 * one register.
 */
int bt_btf_find_param(const struct bt_btf *btf, const char *func, const char *name)
{
	const struct btf_type *t = btf_proto(btf, func);
	const struct btf_param *params;
	unsigned int i;

	if (!t)
		return -ENOENT;
	params = (const void *)(t + 1);
	for (i = 0; i < btf_nr_of(t); i++) {
		u32 size = btf_size(btf, params[i].type);

		if (!size || size > sizeof(long))
			break;
		if (btf_is_named(btf, params[i].name_off, name))
			return i;
	}
	return -ENOENT;
}

/**
 * bt_btf_find_members() - find members that handlers read
 * @btf: parsed BTF
 * @members: the members
 * @nr: how many
 * @offsets: out: their offsets
 *
 * Return: true if all were found, with the expected sizes.
 */
bool bt_btf_find_members(const struct bt_btf *btf, const struct bt_btf_member *members,
			 unsigned int nr, u32 *offsets)
{
	unsigned int i;
	u32 size;

	for (i = 0; i < nr; i++)
		if (!bt_btf_find_member(btf, members[i].type, members[i].name,
					&offsets[i], &size) ||
		    (members[i].size && size != members[i].size))
			return false;
	return true;
}

/**
 * bt_btf_takes_all() - whether functions have the parameters that handlers rely on
 * @btf: parsed BTF
 * @params: the parameters
 * @nr: how many
 *
 * Return: true if all have them.
 */
bool bt_btf_takes_all(const struct bt_btf *btf, const struct bt_btf_param *params,
		      unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!bt_btf_takes(btf, params[i].func, params[i].param,
				  params[i].type))
			return false;
	return true;
}
