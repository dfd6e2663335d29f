// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack device remove
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "../util/json.h"
#include "../util/err.h"
#include "select.h"
#include "../util/text.h"
#include "verbs.h"

enum {
	FORCE,
	JSON,
};

static const struct option_spec options[] = {
	[FORCE] = { "force", NULL, "even if it has open clients" },
	[JSON] = { "json", NULL, "write JSON" },
	{ .name = NULL },
};

struct remove_args {
	const char *device;
	bool force;
	bool json;
};

static int parse(struct args *args, struct remove_args *request)
{
	int option;
	char **words;

	while ((option = next_option(args)) >= 0) {
		if (option == FORCE)
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

static void print(const struct buftrack_device_status *status, bool json,
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
		print(status, request->json, buffers, bytes);
	buftrack_device_status_free(status);
	return ret;
}

static int run(struct args *args)
{
	struct buftrack_control *control;
	struct remove_args request = { 0 };
	int ret = parse(args, &request);

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
	.options = options,
	.run = run,
};
