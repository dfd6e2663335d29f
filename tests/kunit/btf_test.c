// SPDX-License-Identifier: GPL-2.0
/* The parser of BTF, on a blob of a kernel and one of a module that continues it */
#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "../../module/adapter/btf.c"

/* Ids of the types, in the order of the blobs */
enum {
	NONE,
	/* of the kernel */
	INT,
	U64,		/* typedef of INT */
	LIST,		/* struct list { u64 next; } */
	NR_KERNEL,
	/* of the module */
	PTR = NR_KERNEL,	/* to CONST */
	CONST,			/* const struct chip */
	ARRAY,			/* of 4 LIST */
	CHIP,			/* struct chip { u64 next; list all[4]; chip *self; bits } */
	PROTO,			/* void (CONST *self, u64 next, CHIP bits, u64 all) */
	FUNC,			/* reset */
	LOOP,			/* typedef of itself */
	TWISTED,		/* struct twisted { LOOP next; } */
};

static const char kernel_strings[] = "\0int\0u64\0list\0next";
static const char module_strings[] = "\0chip\0all\0self\0bits\0reset\0loop\0twisted";

static u32 kernel_name(const char *name)
{
	const char *s = kernel_strings + 1;

	while (strcmp(s, name))
		s += strlen(s) + 1;
	return s - kernel_strings;
}

static u32 own_name(const char *name)
{
	const char *s = module_strings + 1;

	while (strcmp(s, name))
		s += strlen(s) + 1;
	return s - module_strings + sizeof(kernel_strings);
}

#define TYPE(_kind, _nr)	((_kind) << 24 | (_nr))
#define KFLAG			BIT(31)

/* In a buffer of its own size, so that KASAN sees reads past its end */
static void *blob(struct kunit *test, const u32 *types, u32 types_len,
		  const char *strings, u32 strings_len, size_t *len)
{
	const struct btf_header h = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(h),
		.type_len = types_len,
		.str_off = types_len,
		.str_len = strings_len,
	};
	void *data;

	*len = sizeof(h) + types_len + strings_len;
	data = kunit_kmalloc(test, *len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, data);
	memcpy(data, &h, sizeof(h));
	memcpy(data + sizeof(h), types, types_len);
	memcpy(data + sizeof(h) + types_len, strings, strings_len);
	return data;
}

static void *kernel_blob(struct kunit *test, size_t *len)
{
	const u32 types[] = {
		kernel_name("int"), TYPE(BTF_KIND_INT, 0), 8, 64,
		kernel_name("u64"), TYPE(BTF_KIND_TYPEDEF, 0), INT,
		kernel_name("list"), TYPE(BTF_KIND_STRUCT, 1), 8,
		kernel_name("next"), U64, 0,
	};

	return blob(test, types, sizeof(types), kernel_strings,
		    sizeof(kernel_strings), len);
}

static void *module_blob(struct kunit *test, size_t *len)
{
	const u32 types[] = {
		0, TYPE(BTF_KIND_PTR, 0), CONST,
		0, TYPE(BTF_KIND_CONST, 0), CHIP,
		0, TYPE(BTF_KIND_ARRAY, 0), 0, LIST, INT, 4,
		own_name("chip"), TYPE(BTF_KIND_STRUCT, 4) | KFLAG, 56,
		kernel_name("next"), U64, 0,
		own_name("all"), ARRAY, 64,
		own_name("self"), PTR, 320,
		own_name("bits"), U64, 3U << 24 | 384,
		0, TYPE(BTF_KIND_FUNC_PROTO, 4), NONE,
		own_name("self"), PTR,
		kernel_name("next"), U64,
		own_name("bits"), CHIP,
		own_name("all"), U64,
		own_name("reset"), TYPE(BTF_KIND_FUNC, 0), PROTO,
		own_name("loop"), TYPE(BTF_KIND_TYPEDEF, 0), LOOP,
		own_name("twisted"), TYPE(BTF_KIND_STRUCT, 1), 8,
		kernel_name("next"), LOOP, 0,
	};

	return blob(test, types, sizeof(types), module_strings,
		    sizeof(module_strings), len);
}

/* The module's BTF, on that of the kernel */
static void parse(struct kunit *test, struct bt_btf *kernel, struct bt_btf *module)
{
	size_t len;
	void *data = kernel_blob(test, &len);

	KUNIT_ASSERT_EQ(test, bt_btf_parse(kernel, data, len, NULL), 0);
	data = module_blob(test, &len);
	KUNIT_ASSERT_EQ(test, bt_btf_parse(module, data, len, kernel), 0);
}

static void expect_member(struct kunit *test, const struct bt_btf *btf,
			  const char *name, u32 offset, u32 size)
{
	u32 at = U32_MAX, bytes = U32_MAX;

	KUNIT_EXPECT_TRUE(test, bt_btf_find_member(btf, "chip", name, &at, &bytes));
	KUNIT_EXPECT_EQ(test, at, offset);
	KUNIT_EXPECT_EQ(test, bytes, size);
}

static void types_are_counted_on_top_of_the_kernels(struct kunit *test)
{
	struct bt_btf kernel, module;

	parse(test, &kernel, &module);
	KUNIT_EXPECT_EQ(test, kernel.nr_types, NR_KERNEL - 1);
	KUNIT_EXPECT_EQ(test, module.first_type, NR_KERNEL);
	KUNIT_EXPECT_EQ(test, module.nr_types, TWISTED - NR_KERNEL + 1);
}

static void member_has_its_offset_and_size(struct kunit *test)
{
	struct bt_btf kernel, module;

	parse(test, &kernel, &module);
	expect_member(test, &module, "next", 0, 8);
	expect_member(test, &module, "all", 8, 32);
	expect_member(test, &module, "self", 40, sizeof(void *));
}

static void what_is_not_there_is_not_found(struct kunit *test)
{
	struct bt_btf kernel, module;
	u32 offset, size;

	parse(test, &kernel, &module);
	KUNIT_EXPECT_TRUE(test, bt_btf_has_struct(&module, "chip"));
	KUNIT_EXPECT_FALSE(test, bt_btf_has_struct(&module, "reset"));
	KUNIT_EXPECT_FALSE(test, bt_btf_has_func(&module, "chip"));
	KUNIT_EXPECT_FALSE(test, bt_btf_find_member(&module, "chip", "none", &offset,
						    &size));
	KUNIT_EXPECT_FALSE(test, bt_btf_find_member(&module, "none", "next", &offset,
						    &size));
}

static void bit_field_is_not_found(struct kunit *test)
{
	struct bt_btf kernel, module;
	u32 offset, size;

	parse(test, &kernel, &module);
	KUNIT_EXPECT_FALSE(test, bt_btf_find_member(&module, "chip", "bits", &offset,
						    &size));
}

static void parameter_points_to_its_structure(struct kunit *test)
{
	struct bt_btf kernel, module;

	parse(test, &kernel, &module);
	KUNIT_EXPECT_TRUE(test, bt_btf_has_func(&module, "reset"));
	KUNIT_EXPECT_TRUE(test, bt_btf_takes(&module, "reset", 0, "chip"));
	KUNIT_EXPECT_FALSE(test, bt_btf_takes(&module, "reset", 0, "list"));
	KUNIT_EXPECT_FALSE(test, bt_btf_takes(&module, "reset", 1, "chip"));
	KUNIT_EXPECT_FALSE(test, bt_btf_takes(&module, "reset", 2, "chip"));
	KUNIT_EXPECT_FALSE(test, bt_btf_takes(&module, "none", 0, "chip"));
}

/* What follows a structure passed by value is in no known register */
static void parameter_is_found_by_its_name(struct kunit *test)
{
	struct bt_btf kernel, module;

	parse(test, &kernel, &module);
	KUNIT_EXPECT_EQ(test, bt_btf_find_param(&module, "reset", "self"), 0);
	KUNIT_EXPECT_EQ(test, bt_btf_find_param(&module, "reset", "next"), 1);
	KUNIT_EXPECT_EQ(test, bt_btf_find_param(&module, "reset", "bits"), -ENOENT);
	KUNIT_EXPECT_EQ(test, bt_btf_find_param(&module, "reset", "all"), -ENOENT);
	KUNIT_EXPECT_EQ(test, bt_btf_find_param(&module, "reset", "chip"), -ENOENT);
	KUNIT_EXPECT_EQ(test, bt_btf_find_param(&module, "chip", "next"), -ENOENT);
}

static void loop_of_typedefs_has_no_size(struct kunit *test)
{
	struct bt_btf kernel, module;
	u32 offset, size;

	parse(test, &kernel, &module);
	KUNIT_EXPECT_TRUE(test, bt_btf_find_member(&module, "twisted", "next", &offset,
						   &size));
	KUNIT_EXPECT_EQ(test, size, 0);
}

static void truncated_blob_is_refused(struct kunit *test)
{
	size_t len, i;
	void *data = kernel_blob(test, &len);

	for (i = 0; i < len; i++) {
		void *copy = kmemdup(data, i, GFP_KERNEL);
		struct bt_btf btf;

		KUNIT_EXPECT_EQ(test, bt_btf_parse(&btf, copy, i, NULL), -EINVAL);
		kfree(copy);
	}
}

/* Whatever a blob says, no lookup reads outside of it */
static void look_around(const struct bt_btf *btf)
{
	u32 offset, size;

	bt_btf_find_member(btf, "chip", "next", &offset, &size);
	bt_btf_find_member(btf, "chip", "all", &offset, &size);
	bt_btf_find_member(btf, "chip", "self", &offset, &size);
	bt_btf_find_member(btf, "twisted", "next", &offset, &size);
	bt_btf_takes(btf, "reset", 0, "chip");
	bt_btf_takes(btf, "reset", 1, "chip");
	bt_btf_find_param(btf, "reset", "all");
}

static void corrupt_blob_is_read_within_its_bounds(struct kunit *test)
{
	static const u8 values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	struct bt_btf kernel, module;
	size_t len, i, n;
	u8 *data;

	data = kernel_blob(test, &len);
	KUNIT_ASSERT_EQ(test, bt_btf_parse(&kernel, data, len, NULL), 0);
	data = module_blob(test, &len);
	for (i = 0; i < len; i++) {
		u8 was = data[i];

		for (n = 0; n < ARRAY_SIZE(values); n++) {
			data[i] = values[n];
			if (!bt_btf_parse(&module, data, len, &kernel))
				look_around(&module);
		}
		data[i] = was;
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(types_are_counted_on_top_of_the_kernels),
	KUNIT_CASE(member_has_its_offset_and_size),
	KUNIT_CASE(what_is_not_there_is_not_found),
	KUNIT_CASE(bit_field_is_not_found),
	KUNIT_CASE(parameter_points_to_its_structure),
	KUNIT_CASE(parameter_is_found_by_its_name),
	KUNIT_CASE(loop_of_typedefs_has_no_size),
	KUNIT_CASE(truncated_blob_is_refused),
	KUNIT_CASE(corrupt_blob_is_read_within_its_bounds),
	{}
};

static struct kunit_suite suite = {
	.name = "buftrack_btf",
	.test_cases = cases,
};

kunit_test_suite(suite);
