// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack device add, buftrack device remove, buftrack device set
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <libbuftrack.h>

#include "../util/err.h"
#include "../util/json.h"
#include "../util/parse.h"
#include "../util/text.h"
#include "cmd.h"
#include "lookup.h"

/**
 * struct space_list - the spaces of --space options
 * @nr: number of spaces
 * @spaces: names, and capacities in bytes, 0 if not given
 */
struct space_list {
	unsigned int nr;
	struct {
		const char *name;
		uint64_t capacity;
	} spaces[BUFTRACK_MAX_SPACES];
};

static int add_to_list(const struct args *args, struct space_list *list,
		       const char *name, uint64_t capacity)
{
	if (list->nr == BUFTRACK_MAX_SPACES) {
		usage_error(args, "--space: a device has at most %d spaces",
			    BUFTRACK_MAX_SPACES);
		return OPTIONS_BAD;
	}
	list->spaces[list->nr].name = name;
	list->spaces[list->nr++].capacity = capacity;
	return 0;
}

/* space_option() - parse NAME[=CAPACITY]; the argument is cut at the '=' */
static int space_option(const struct args *args, struct space_list *list,
			bool needs_capacity)
{
	char *name = (char *)args->value;
	char *equals = strrchr(name, '=');
	uint64_t capacity = 0;

	if (needs_capacity && !equals) {
		usage_error(args,
			    "--space: '%s' has no capacity: write %s=12GiB",
			    name, name);
		return OPTIONS_BAD;
	}
	if (equals && (parse_size(equals + 1, &capacity) || !capacity)) {
		usage_error(
			args,
			"--space: '%s' is not a capacity such as 1048576 or 12GiB",
			equals + 1);
		return OPTIONS_BAD;
	}
	if (equals)
		*equals = '\0';
	return add_to_list(args, list, name, capacity);
}

/* add_spaces() - returns 0, or an exit status after an error message */
static int add_spaces(struct buftrack_device *device,
		      const struct space_list *list)
{
	for (unsigned int i = 0; i < list->nr; i++) {
		const char *name = list->spaces[i].name;

		if (buftrack_device_add_space(
			    device, name, list->spaces[i].capacity, NULL) < 0)
			return fail_errno(REQ_SPACE_ADD, "space '%s'", name);
	}
	return 0;
}

enum {
	ADD_SPACE,
	ADD_JSON,
};

static const struct option_spec add_options[] = {
	[ADD_SPACE] = { "space", "NAME[=SIZE]",
			"add a space; may be repeated" },
	[ADD_JSON] = { "json", NULL, "print JSON" },
	{ .name = NULL },
};

struct add_args {
	const char *name;
	bool json;
	struct space_list spaces;
};

static int parse_add(struct args *args, struct add_args *add)
{
	int option;
	char **words;

	while ((option = next_option(args)) >= 0) {
		if (option == ADD_JSON)
			add->json = true;
		else if (space_option(args, &add->spaces, false))
			return OPTIONS_BAD;
	}
	if (option != OPTIONS_END)
		return option;
	words = operands(args, 1, 1);
	if (!words)
		return OPTIONS_BAD;
	add->name = words[0];
	return OPTIONS_END;
}

static void print_add(const struct add_args *add, unsigned int number, bool new)
{
	struct json_object *object;

	if (!add->json) {
		printf("device %u: %s%s\n", number, add->name,
		       new ? "" : ", already registered");
		return;
	}
	object = json_dict();
	json_put_number(object, "device", number);
	json_put_text(object, "name", add->name);
	json_put_bool(object, "created", new);
	json_print(object);
}

static int add_device(struct buftrack_control *control,
		      const struct add_args *add)
{
	struct buftrack_device *device;
	unsigned int number;
	int new, ret;

	new = buftrack_control_add_device(control, add->name, 0, &number);
	if (new < 0)
		return fail_errno(REQ_DEVICE_ADD, "device '%s'", add->name);
	device = buftrack_device_open(number, O_RDWR);
	if (!device)
		ret = fail_errno(REQ_OPEN_DEVICE, "device %u (%s)", number,
				 add->name);
	else
		ret = add_spaces(device, &add->spaces);
	buftrack_device_close(device);
	/* Undo the registration rather than leave a device without its spaces. */
	if (ret && new)
		buftrack_control_remove_device(control, number, 0, NULL, NULL);
	if (!ret)
		print_add(add, number, new);
	return ret;
}

static int run_add(struct args *args)
{
	struct buftrack_control *control;
	struct add_args add = { 0 };
	int ret = parse_add(args, &add);

	if (ret != OPTIONS_END)
		return options_status(ret);
	control = open_control(O_RDWR);
	if (!control)
		return EXIT_FAILED;
	ret = add_device(control, &add);
	buftrack_control_close(control);
	return ret;
}

const struct verb verb_device_add = {
	.name = "device add",
	.operands = "NAME",
	.summary = "register a device, and add spaces to it",
	.details =
		"The device stays until it is removed or the module is unloaded. Adding a device\nthat exists only adds its missing spaces. SIZE is the capacity of the space in\nbytes, or a number followed by KiB, MiB, GiB or TiB.",
	.options = add_options,
	.run = run_add,
};

enum {
	REMOVE_FORCE,
	REMOVE_JSON,
};

static const struct option_spec remove_options[] = {
	[REMOVE_FORCE] = { "force", NULL,
			   "remove it even if it has open clients" },
	[REMOVE_JSON] = { "json", NULL, "print JSON" },
	{ .name = NULL },
};

struct remove_args {
	const char *device;
	bool force;
	bool json;
};

static int parse_remove(struct args *args, struct remove_args *remove)
{
	int option;
	char **words;

	while ((option = next_option(args)) >= 0) {
		if (option == REMOVE_FORCE)
			remove->force = true;
		else
			remove->json = true;
	}
	if (option != OPTIONS_END)
		return option;
	words = operands(args, 1, 1);
	if (!words)
		return OPTIONS_BAD;
	remove->device = words[0];
	return OPTIONS_END;
}

static void print_remove(const struct buftrack_device_status *status, bool json,
			 uint64_t buffers, uint64_t bytes)
{
	unsigned int number = buftrack_device_status_number(status);
	const char *name = buftrack_device_status_name(status);
	struct json_object *object;
	char text[UNIT_TEXT];

	if (!json) {
		printf("device %u: %s, removed with %" PRIu64
		       " live buffer%s, %s\n",
		       number, name, buffers, buffers == 1 ? "" : "s",
		       size_text(bytes, text));
		return;
	}
	object = json_dict();
	json_put_number(object, "device", number);
	json_put_text(object, "name", name);
	json_put_number(object, "removed_buffers", buffers);
	json_put_number(object, "removed_bytes", bytes);
	json_print(object);
}

static int remove_device(struct buftrack_control *control,
			 const struct remove_args *remove)
{
	struct buftrack_device_status *status;
	uint64_t buffers, bytes;
	int ret = 0;

	status = find_device(control, remove->device);
	if (!status)
		return EXIT_FAILED;
	if (buftrack_control_remove_device(
		    control, buftrack_device_status_number(status),
		    remove->force ? BUFTRACK_DEVICE_REMOVE_FORCE : 0, &buffers,
		    &bytes))
		ret = fail_device(REQ_DEVICE_REMOVE, status);
	else
		print_remove(status, remove->json, buffers, bytes);
	buftrack_device_status_free(status);
	return ret;
}

static int run_remove(struct args *args)
{
	struct buftrack_control *control;
	struct remove_args remove = { 0 };
	int ret = parse_remove(args, &remove);

	if (ret != OPTIONS_END)
		return options_status(ret);
	control = open_control(O_RDWR);
	if (!control)
		return EXIT_FAILED;
	ret = remove_device(control, &remove);
	buftrack_control_close(control);
	return ret;
}

const struct verb verb_device_remove = {
	.name = "device remove",
	.operands = "DEV",
	.summary = "remove a device",
	.details =
		"DEV is the name, the number or the node of the device. If it still has clients,\ntheir next report fails.",
	.options = remove_options,
	.run = run_remove,
};

enum {
	SET_SPACE = NR_LIMITS,
	SET_STACKS,
	SET_DEVICE,
};

static const struct option_spec set_options[] = {
	LIMIT_OPTIONS,
	[SET_SPACE] = { "space", "NAME=SIZE",
			"set the capacity of a space, added if missing; may be repeated" },
	[SET_STACKS] = { "stacks", "on|off",
			 "record a kernel stack for each event of its driver" },
	[SET_DEVICE] = { "device", "DEV",
			 "the device (name, number or node), instead of DEV" },
	{ .name = NULL },
};

struct set_args {
	const char *device;
	struct buftrack_settings *settings;
	struct space_list spaces;
};

static int stacks_option(const struct args *args,
			 struct buftrack_settings *settings)
{
	bool on = !strcmp(args->value, "on");

	if (!on && strcmp(args->value, "off"))
		return bad_value(args, SET_STACKS, "on or off");
	buftrack_settings_keep_stacks(settings, on);
	return 0;
}

static int parse_set(struct args *args, struct set_args *set)
{
	const char *device = NULL;
	int option, bad = 0;

	while (!bad && (option = next_option(args)) >= 0) {
		if (option == SET_DEVICE)
			device = args->value;
		else if (option == SET_SPACE)
			bad = space_option(args, &set->spaces, true);
		else if (option == SET_STACKS)
			bad = stacks_option(args, set->settings);
		else
			bad = limit_option(args, option, set->settings);
	}
	if (bad || option != OPTIONS_END)
		return bad ? bad : option;
	if (device_operand(args, device, &set->device))
		return OPTIONS_BAD;
	if (buftrack_settings_empty(set->settings) && !set->spaces.nr) {
		usage_error(args, "nothing to set");
		return OPTIONS_BAD;
	}
	return OPTIONS_END;
}

static int apply_set(struct buftrack_device *device,
		     const struct buftrack_device_status *status, void *context)
{
	const struct set_args *set = context;

	if (!buftrack_settings_empty(set->settings) &&
	    buftrack_device_apply(device, set->settings))
		return fail_device(REQ_DEVICE_SET, status);
	return add_spaces(device, &set->spaces);
}

static int run_set(struct args *args)
{
	struct set_args set = { .settings = checked(buftrack_settings_new()) };
	int ret = parse_set(args, &set);

	if (ret == OPTIONS_END)
		ret = change_device(set.device, apply_set, &set);
	else
		ret = options_status(ret);
	buftrack_settings_free(set.settings);
	return ret;
}

const struct verb verb_device_set = {
	.name = "device set",
	.operands = "[DEV]",
	.summary = "change limits, stacks and space capacities of a device",
	.details =
		"DEV may be omitted if there is only one device. SIZE is in bytes, or a number\nfollowed by KiB, MiB, GiB or TiB. Lowering a limit drops no live record. With\nstacks, events and list show where in the kernel a driver allocated and freed.",
	.options = set_options,
	.run = run_set,
};
