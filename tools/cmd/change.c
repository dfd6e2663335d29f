// SPDX-License-Identifier: GPL-2.0
/*
 * What the verbs that change one device have in common
 */
#include <fcntl.h>

#include "change.h"
#include "cmd.h"
#include "../util/err.h"
#include "select.h"

int change_device(const char *word,
		  int (*change)(struct buftrack_device *device,
				const struct buftrack_device_status *status,
				void *context),
		  void *context)
{
	struct buftrack_control *control = open_control(O_RDONLY);
	struct buftrack_device_status *status;
	struct buftrack_device *device;
	int ret = EXIT_FAILED;

	if (!control)
		return EXIT_FAILED;
	status = pick_device(control, word);
	device = status ? open_device(status, O_RDWR) : NULL;
	if (device)
		ret = change(device, status, context);
	buftrack_device_close(device);
	buftrack_device_status_free(status);
	buftrack_control_close(control);
	return ret;
}

int device_operand(struct args *args, const char *option, const char **device)
{
	char **words = operands(args, 0, 1);

	if (!words)
		return OPTIONS_BAD;
	if (words[0] && option) {
		usage_error(args, "the device is given twice, as '%s' and '%s'",
			    option, words[0]);
		return OPTIONS_BAD;
	}
	*device = words[0] ? words[0] : option;
	return 0;
}
