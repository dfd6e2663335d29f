// SPDX-License-Identifier: GPL-2.0
/* Valid and invalid names of devices, spaces and claims */
#include <stdio.h>
#include <string.h>
#include "fixture.h"

/**
 * struct named_object - an object with a name
 * @kind: kind of object
 * @size: bytes of its name field, including the NUL
 * @may_be_empty: an empty name stands for no name
 * @set_name: gives it a name field of @size bytes
 * @get: reads @size bytes back
 */
struct named_object {
	const char *kind;
	size_t size;
	bool may_be_empty;
	int (*set_name)(const struct fixture *f, const char *name);
	void (*get)(const struct fixture *f, char *name);
};

static __u32 last_device, last_space;

static int name_device(const struct fixture *f, const char *name)
{
	struct buftrack_device_add add = {
		.flags = BUFTRACK_DEVICE_ADD_EXCL |
			 BUFTRACK_DEVICE_ADD_TEMPORARY,
	};
	int err;

	memcpy(add.name, name, sizeof(add.name));
	err = CALL(f->control, DEVICE_ADD, &add);
	last_device = add.device;
	return err;
}

static void get_device_name(const struct fixture *f, char *name)
{
	struct buftrack_device_info info = { .device = last_device };

	memset(info.name, 0xa5, sizeof(info.name));
	CHECK_OK(CALL(f->control, DEVICE_INFO, &info));
	memcpy(name, info.name, sizeof(info.name));
}

static int name_space(const struct fixture *f, const char *name)
{
	struct buftrack_space_add add = {};
	int err;

	memcpy(add.name, name, sizeof(add.name));
	err = CALL(f->fd, SPACE_ADD, &add);
	last_space = add.space;
	return err;
}

static void get_space_name(const struct fixture *f, char *name)
{
	struct buftrack_space_info info = { .space = last_space };

	memset(info.name, 0xa5, sizeof(info.name));
	CHECK_OK(CALL(f->fd, SPACE_INFO, &info));
	memcpy(name, info.name, sizeof(info.name));
}

static int name_claimed(const struct fixture *f, const char *name)
{
	struct buftrack_declare arg = {};

	memcpy(arg.claimed_name, name, sizeof(arg.claimed_name));
	return CALL(f->fd, DECLARE, &arg);
}

static void get_claimed_name(const struct fixture *f, char *name)
{
	struct buftrack_client_info info;

	CHECK_OK(client_info(f->fd, 1, &info));
	memcpy(name, info.claimed_name, sizeof(info.claimed_name));
}

static const struct named_object objects[] = {
	{ "device", BUFTRACK_DEVICE_NAME_SIZE, false, name_device,
	  get_device_name },
	{ "space", BUFTRACK_SPACE_NAME_SIZE, false, name_space,
	  get_space_name },
	{ "claimed", BUFTRACK_CLAIMED_NAME_SIZE, true, name_claimed,
	  get_claimed_name },
};

static void check_refused(const struct named_object *n, const char *name,
			  int err)
{
	struct snapshot before;
	struct fixture f;

	fixture_setup(&f);
	take_snapshot(&f, &before);
	CHECK_ERR(n->set_name(&f, name), err);
	check_unchanged(&f, &before);
	fixture_teardown(&f);
}

/* The whole field must read back as the name followed by zeros */
static void check_taken(const struct named_object *n, const char *name)
{
	char want[BUFTRACK_DEVICE_NAME_SIZE] = {}, got[sizeof(want)];
	struct fixture f;

	strcpy(want, name);
	fixture_setup(&f);
	CHECK_OK(n->set_name(&f, name));
	n->get(&f, got);
	CHECK(!memcmp(got, want, n->size));
	fixture_teardown(&f);
}

static void of_one_character_is_accepted(const void *arg)
{
	char name[BUFTRACK_DEVICE_NAME_SIZE] = "x";

	check_taken(arg, name);
}

static void of_full_length_is_accepted(const void *arg)
{
	char name[BUFTRACK_DEVICE_NAME_SIZE] = {};
	const struct named_object *n = arg;

	memset(name, 'x', n->size - 1);
	check_taken(n, name);
}

static void without_nul_is_enametoolong(const void *arg)
{
	char name[BUFTRACK_DEVICE_NAME_SIZE];

	memset(name, 'x', sizeof(name));
	check_refused(arg, name, ENAMETOOLONG);
}

static void of_any_printable_character_is_accepted(const void *arg)
{
	const struct named_object *n = arg;
	char c;

	for (c = ' '; c <= '~';) {
		char name[BUFTRACK_DEVICE_NAME_SIZE] = {};
		size_t i;

		for (i = 0; i < n->size - 1 && c <= '~'; i++)
			name[i] = c++;
		check_taken(n, name);
	}
}

static void followed_by_garbage_is_accepted(const void *arg)
{
	char name[BUFTRACK_DEVICE_NAME_SIZE];

	memset(name, 0xff, sizeof(name));
	strcpy(name, "garbage");
	check_taken(arg, name);
}

static void empty_is_eilseq(const void *arg)
{
	char name[BUFTRACK_DEVICE_NAME_SIZE] = {};

	check_refused(arg, name, EILSEQ);
}

static void empty_means_none(const void *arg)
{
	char name[BUFTRACK_DEVICE_NAME_SIZE] = {};

	check_taken(arg, name);
}

/* As the only, the first and the last character */
static void check_character(const struct named_object *n,
			    const struct fixture *f, unsigned char c)
{
	char name[BUFTRACK_DEVICE_NAME_SIZE];

	memset(name, 0, sizeof(name));
	name[0] = c;
	CHECK_ERR(n->set_name(f, name), EILSEQ);
	name[1] = 'x';
	CHECK_ERR(n->set_name(f, name), EILSEQ);
	memset(name, 'x', n->size - 2);
	name[n->size - 2] = c;
	name[n->size - 1] = 0;
	CHECK_ERR(n->set_name(f, name), EILSEQ);
	CHECK_EQ(info_of(f->control).nr_devices, 1);
	CHECK_EQ(device_info(f->fd).nr_spaces, 1);
	CHECK_EQ(device_info(f->fd).nr_clients, 0);
}

static void check_characters(const struct named_object *n, unsigned int first,
			     unsigned int last)
{
	struct fixture f;

	fixture_setup(&f);
	for (; first <= last; first++)
		check_character(n, &f, first);
	fixture_teardown(&f);
}

static void with_a_control_character_is_eilseq(const void *arg)
{
	check_characters(arg, 1, ' ' - 1);
	check_characters(arg, 0x7f, 0x7f);
}

static void with_a_non_ascii_character_is_eilseq(const void *arg)
{
	check_characters(arg, 0x80, 0xff);
}

#define ADD(_naming, _test) \
	test_addf(AREA, _test, _naming, "%s_name_" #_test, (_naming)->kind)

__attribute__((constructor)) static void add_tests(void)
{
	const struct named_object *n;

	for (n = objects; n < objects + ARRAY_SIZE(objects); n++) {
		ADD(n, of_one_character_is_accepted);
		ADD(n, of_full_length_is_accepted);
		ADD(n, of_any_printable_character_is_accepted);
		ADD(n, followed_by_garbage_is_accepted);
		ADD(n, without_nul_is_enametoolong);
		ADD(n, with_a_control_character_is_eilseq);
		ADD(n, with_a_non_ascii_character_is_eilseq);
		if (n->may_be_empty)
			ADD(n, empty_means_none);
		else
			ADD(n, empty_is_eilseq);
	}
}
