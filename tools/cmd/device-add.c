// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack device add
 */
#include <fcntl.h>
#include <stdio.h>

#include "../util/json.h"
#include "../util/err.h"
#include "select.h"
#include "spaces.h"
#include "verbs.h"

enum {
	SPACE,
	JSON,
};

static const struct option_spec options[] = {
	[SPACE] = { "space", "NAME[=SIZE]",
		    "with this space; may be given again" },
	[JSON] = { "json", NULL, "write JSON" },
	{ .name = NULL },
};

struct add_args {
	const char *name;
	bool json;
	struct space_list spaces;
};

static int parse(struct args *args, struct add_args *request)
{
	int option;
	char **words;

	while ((option = next_option(args)) >= 0) {
		if (option == JSON)
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

static void print(const struct add_args *request, unsigned int number, bool new)
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
		print(request, number, new);
	return ret;
}

static int run(struct args *args)
{
	struct buftrack_control *control;
	struct add_args request = { 0 };
	int ret = parse(args, &request);

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
	.options = options,
	.run = run,
};
