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
 * struct space_list - spaces to add
 * @nr: how many
 * @spaces: their names, as given, and capacities, 0 where unknown
 */
struct space_list {
	unsigned int nr;
	struct {
		const char *name;
		uint64_t capacity;
	} spaces[BUFTRACK_MAX_SPACES];
};

/**
 * spaces_option() - take one --space
 * @args: its value, which is cut at the '=', and for the complaint
 * @list: where to put it
 * @needs_capacity: whether it must have one
 *
 * Return: 0, or OPTIONS_BAD: it has complained.
 */
static int spaces_option(const struct args *args, struct space_list *list,
			 bool needs_capacity)
{
	/* The words of the command line are ours to cut. */
	char *name = (char *)args->value;
	char *equals = strrchr(name, '=');
	uint64_t capacity = 0;

	if (list->nr == BUFTRACK_MAX_SPACES) {
		usage_error(args, "--space: a device has at most %d spaces",
			    BUFTRACK_MAX_SPACES);
		return OPTIONS_BAD;
	}
	if (needs_capacity && !equals) {
		usage_error(args,
			    "--space: '%s' has no capacity: write %s=12GiB",
			    name, name);
		return OPTIONS_BAD;
	}
	if (equals && (parse_size(equals + 1, &capacity) || !capacity)) {
		usage_error(
			args,
			"--space: '%s' is no capacity: write bytes, or KiB, MiB, GiB, TiB behind a number",
			equals + 1);
		return OPTIONS_BAD;
	}
	if (equals)
		*equals = '\0';
	list->spaces[list->nr].name = name;
	list->spaces[list->nr++].capacity = capacity;
	return 0;
}

/* spaces_add() - add them; returns 0, or how the command ends: it has said why */
static int spaces_add(struct buftrack_device *device,
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
			"with this space; may be given again" },
	[ADD_JSON] = { "json", NULL, "write ADD_JSON" },
	{ .name = NULL },
};

struct add_args {
	const char *name;
	bool json;
	struct space_list spaces;
};

static int parse_add(struct args *args, struct add_args *request)
{
	int option;
	char **words;

	while ((option = next_option(args)) >= 0) {
		if (option == ADD_JSON)
			request->json = true;
		else if (spaces_option(args, &request->spaces, false))
			return OPTIONS_BAD;
	}
	if (option != OPTIONS_END)
		return option;
	words = operands(args, 1, 1);
	if (!words)
		return OPTIONS_BAD;
	request->name = words[0];
	return OPTIONS_END;
}

static void print_add(const struct add_args *request, unsigned int number,
		      bool new)
{
	struct json_object *object;

	if (!request->json) {
		printf("device %u: %s%s\n", number, request->name,
		       new ? "" : ", which was there already");
		return;
	}
	object = json_dict();
	json_put_number(object, "device", number);
	json_put_text(object, "name", request->name);
	json_put_bool(object, "created", new);
	json_print(object);
}

static int add(struct buftrack_control *control, const struct add_args *request)
{
	struct buftrack_device *device;
	unsigned int number;
	int new, ret;

	new = buftrack_control_add_device(control, request->name, 0, &number);
	if (new < 0)
		return fail_errno(REQ_DEVICE_ADD, "device '%s'", request->name);
	device = buftrack_device_open(number, O_RDWR);
	if (!device)
		ret = fail_errno(REQ_OPEN_DEVICE, "device %u (%s)", number,
				 request->name);
	else
		ret = spaces_add(device, &request->spaces);
	buftrack_device_close(device);
	/* A device without what was asked for is not what was asked for. */
	if (ret && new)
		buftrack_control_remove_device(control, number, 0, NULL, NULL);
	if (!ret)
		print_add(request, number, new);
	return ret;
}

static int run_add(struct args *args)
{
	struct buftrack_control *control;
	struct add_args request = { 0 };
	int ret = parse_add(args, &request);

	if (ret != OPTIONS_END)
		return options_failed(ret);
	control = open_control(O_RDWR);
	if (!control)
		return EXIT_FAILED;
	ret = add(control, &request);
	buftrack_control_close(control);
	return ret;
}

const struct verb verb_device_add = {
	.name = "device add",
	.operands = "NAME",
	.summary = "register a device, and add spaces to it",
	.details =
		"The device stays until it is removed or the module is unloaded. A device of that\nname that is there already is used, so doing it twice does no harm. SIZE is the\nspace's capacity in bytes, or with KiB, MiB, GiB or TiB behind the number.",
	.options = add_options,
	.run = run_add,
};

enum {
	REMOVE_FORCE,
	REMOVE_JSON,
};

static const struct option_spec remove_options[] = {
	[REMOVE_FORCE] = { "force", NULL, "even if it has open clients" },
	[REMOVE_JSON] = { "json", NULL, "write REMOVE_JSON" },
	{ .name = NULL },
};

struct remove_args {
	const char *device;
	bool force;
	bool json;
};

static int parse_remove(struct args *args, struct remove_args *request)
{
	int option;
	char **words;

	while ((option = next_option(args)) >= 0) {
		if (option == REMOVE_FORCE)
			request->force = true;
		else
			request->json = true;
	}
	if (option != OPTIONS_END)
		return option;
	words = operands(args, 1, 1);
	if (!words)
		return OPTIONS_BAD;
	request->device = words[0];
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
			 const struct remove_args *request)
{
	struct buftrack_device_status *status;
	uint64_t buffers, bytes;
	int ret = 0;

	status = find_device(control, request->device);
	if (!status)
		return EXIT_FAILED;
	if (buftrack_control_remove_device(
		    control, buftrack_device_status_number(status),
		    request->force ? BUFTRACK_DEVICE_REMOVE_FORCE : 0, &buffers,
		    &bytes))
		ret = fail_errno(REQ_DEVICE_REMOVE, "device %u (%s)",
				 buftrack_device_status_number(status),
				 buftrack_device_status_name(status));
	else
		print_remove(status, request->json, buffers, bytes);
	buftrack_device_status_free(status);
	return ret;
}

static int run_remove(struct args *args)
{
	struct buftrack_control *control;
	struct remove_args request = { 0 };
	int ret = parse_remove(args, &request);

	if (ret != OPTIONS_END)
		return options_failed(ret);
	control = open_control(O_RDWR);
	if (!control)
		return EXIT_FAILED;
	ret = remove_device(control, &request);
	buftrack_control_close(control);
	return ret;
}

const struct verb verb_device_remove = {
	.name = "device remove",
	.operands = "DEV",
	.summary = "remove a device",
	.details =
		"DEV is its name, its number or the path of its node. The next report of a client\nthat it still has fails.",
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
			"capacity of a space, which is added if it is new; may be given again" },
	[SET_STACKS] = { "stacks", "on|off",
			 "keep the kernel stack of each thing that its driver does" },
	[SET_DEVICE] = { "device", "DEV",
			 "which device (name, number or node), if not as DEV" },
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

	if (!on && strcmp(args->value, "off")) {
		usage_error(args, "--stacks: '%s' is neither on nor off",
			    args->value);
		return OPTIONS_BAD;
	}
	buftrack_settings_keep_stacks(settings, on);
	return 0;
}

static int parse_set(struct args *args, struct set_args *set_args)
{
	const char *device = NULL;
	int option, bad = 0;

	while (!bad && (option = next_option(args)) >= 0) {
		if (option == SET_DEVICE)
			device = args->value;
		else if (option == SET_SPACE)
			bad = spaces_option(args, &set_args->spaces, true);
		else if (option == SET_STACKS)
			bad = stacks_option(args, set_args->settings);
		else
			bad = limits_option(args, option, set_args->settings);
	}
	if (bad || option != OPTIONS_END)
		return bad ? bad : option;
	if (device_operand(args, device, &set_args->device))
		return OPTIONS_BAD;
	if (buftrack_settings_empty(set_args->settings) &&
	    !set_args->spaces.nr) {
		usage_error(args, "there is nothing to set");
		return OPTIONS_BAD;
	}
	return OPTIONS_END;
}

static int apply_set(struct buftrack_device *device,
		     const struct buftrack_device_status *status, void *context)
{
	const struct set_args *set_args = context;

	if (!buftrack_settings_empty(set_args->settings) &&
	    buftrack_device_apply(device, set_args->settings))
		return fail_errno(REQ_DEVICE_SET, "device %u (%s)",
				  buftrack_device_status_number(status),
				  buftrack_device_status_name(status));
	return spaces_add(device, &set_args->spaces);
}

static int run_set(struct args *args)
{
	struct set_args set_args = { .settings = new_settings() };
	int ret = parse_set(args, &set_args);

	if (ret == OPTIONS_END)
		ret = change_device(set_args.device, apply_set, &set_args);
	else
		ret = options_failed(ret);
	buftrack_settings_free(set_args.settings);
	return ret;
}

const struct verb verb_device_set = {
	.name = "device set",
	.operands = "[DEV]",
	.summary =
		"apply_set a device's limits, keep stacks, or tell a space's capacity",
	.details =
		"DEV can be left out where there is only one device. SIZE is bytes, or with KiB,\nMiB, GiB or TiB behind the number. A lower limit drops nothing that is live.\nWith stacks, events and list tell from where a driver allocated and freed.",
	.options = set_options,
	.run = run_set,
};
