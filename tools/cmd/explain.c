// SPDX-License-Identifier: GPL-2.0
/*
 * What each errno of the interface means, in words: what is wrong, what to do
 *
 * linux/buftrack.h says what an errno means everywhere. Here is what it means to
 * the one who tried this. What is not here for an act is here for any.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "say.h"

static const struct {
	enum act act;
	int error;
	const char *text;
} meanings[] = {
	{ ACT_OPEN_CONTROL, ENOENT,
	  "it is not there, so the module is not loaded: run 'modprobe buftrack', or insmod buftrack.ko" },
	{ ACT_OPEN_CONTROL, ENODEV,
	  "no module stands behind it: run 'modprobe buftrack', or insmod buftrack.ko" },
	{ ACT_OPEN_CONTROL, ENXIO,
	  "no module stands behind it: run 'modprobe buftrack', or insmod buftrack.ko" },
	{ ACT_OPEN_CONTROL, ENOTDIR,
	  "/dev/buftrack is no directory: delete it and load the module again" },
	{ ACT_OPEN_CONTROL, EACCES,
	  "no permission to open it: run this as root, or have the node opened to you" },
	{ ACT_OPEN_CONTROL, EPERM,
	  "no permission to open it: run this as root, or have the node opened to you" },
	{ ACT_OPEN_CONTROL, EBUSY,
	  "it has too many openers: close some and try again" },

	{ ACT_OPEN_DEVICE, ENOENT,
	  "it has no node any more: see 'buftrack status' for what there is" },
	{ ACT_OPEN_DEVICE, ENODEV,
	  "it was removed: see 'buftrack status' for what there is" },
	{ ACT_OPEN_DEVICE, ENXIO,
	  "it was removed: see 'buftrack status' for what there is" },
	{ ACT_OPEN_DEVICE, EACCES,
	  "no permission to open its node: run this as root, or have the node opened to you" },
	{ ACT_OPEN_DEVICE, EPERM,
	  "no permission to open its node: run this as root, or have the node opened to you" },
	{ ACT_OPEN_DEVICE, EMFILE,
	  "this process has as many files open as it may, and each client takes one: raise the limit (ulimit -n)" },
	{ ACT_OPEN_DEVICE, ENFILE,
	  "the machine has as many files open as it may: raise fs.file-max, or close some" },

	{ ACT_INFO, EINVAL,
	  "the module does not take this command's question: load the module that came with it" },

	{ ACT_DEVICE_ADD, EEXIST,
	  "a device of this name is registered: choose another name" },
	{ ACT_DEVICE_ADD, ENAMETOOLONG,
	  "the name is too long: a device's has at most 127 characters" },
	{ ACT_DEVICE_ADD, EILSEQ,
	  "this is no name for a device: use printable ASCII, at least one character" },
	{ ACT_DEVICE_ADD, EPERM,
	  "you may not register it: names like PCI addresses are root's, use another or run this as root" },
	{ ACT_DEVICE_ADD, EDQUOT,
	  "you have registered as many devices as one user may: remove one with 'buftrack device remove'" },
	{ ACT_DEVICE_ADD, ENFILE,
	  "the machine has as many devices as it may: remove one, or load the module with a higher limit" },
	{ ACT_DEVICE_ADD, ENOMEM,
	  "the kernel has no memory for another device: free some and try again" },

	{ ACT_DEVICE_REMOVE, ENOENT,
	  "there is no such device any more: see 'buftrack status' for what there is" },
	{ ACT_DEVICE_REMOVE, ENODEV,
	  "it was removed already: see 'buftrack status' for what there is" },
	{ ACT_DEVICE_REMOVE, EBUSY,
	  "it still has open clients: end them, or remove it with --force" },
	{ ACT_DEVICE_REMOVE, EPERM,
	  "you may not remove it: only root and the user who registered it may" },

	{ ACT_DEVICE_INFO, ENOENT,
	  "there is no such device: see 'buftrack status' for what there is" },

	{ ACT_DEVICE_SET, EINVAL,
	  "a limit is out of its range: see 'buftrack device set --help' for the ranges" },
	{ ACT_DEVICE_SET, EPERM,
	  "you may not change it: only root and the user who registered it may" },

	{ ACT_SPACE_ADD, EEXIST,
	  "the device has this space with another capacity: leave the capacity out, or use another name" },
	{ ACT_SPACE_ADD, ENAMETOOLONG,
	  "the name is too long: a space's has at most 31 characters" },
	{ ACT_SPACE_ADD, EILSEQ,
	  "this is no name for a space: use printable ASCII, at least one character" },
	{ ACT_SPACE_ADD, ENOSPC,
	  "the device has as many spaces as it may, 64: use fewer" },
	{ ACT_SPACE_ADD, EDQUOT,
	  "you have added as many spaces to it as one user may: use those that are there" },
	{ ACT_SPACE_ADD, EPERM,
	  "you may not add a space to it: only root and the user who registered it may" },
	{ ACT_SPACE_ADD, ENOMEM,
	  "the kernel has no memory for another space: free some and try again" },

	{ ACT_SPACE_INFO, ENOENT,
	  "the device has no such space: see 'buftrack status' for its spaces" },

	{ ACT_DECLARE, EUSERS,
	  "the device, or this user, has as many open clients as it may: close some, or raise its limit with --max-clients" },
	{ ACT_DECLARE, EPERM,
	  "only root may report into a device's shared domain: run this as root" },
	{ ACT_DECLARE, EBUSY,
	  "this file is a client already: open another for another client" },
	{ ACT_DECLARE, ENAMETOOLONG,
	  "the claimed name is too long: it has at most 63 characters" },
	{ ACT_DECLARE, EILSEQ,
	  "the claimed name is not printable ASCII: spell it otherwise" },
	{ ACT_DECLARE, ENOMEM,
	  "the kernel has no memory for another client: free some and try again" },

	{ ACT_REPORT, EINVAL,
	  "the kernel does not take this report: an alloc needs a size of at least 1" },
	{ ACT_REPORT, ERANGE,
	  "address + span is past 2^64: give the buffer's extent from its address on as span" },
	{ ACT_REPORT, ENOENT,
	  "the device has no such space: add it before reporting into it" },
	{ ACT_REPORT, EUSERS,
	  "the device, or this user, has as many open clients as it may: close some, or raise its limit with --max-clients" },
	{ ACT_REPORT, ENODEV,
	  "the device was removed under its clients: start anew" },
	{ ACT_REPORT, EINTR,
	  "a signal ended it halfway: what came before is counted" },
	{ ACT_REPORT, EFAULT,
	  "the kernel cannot read the reports: this is a bug in buftrack, report it" },

	{ ACT_LOST, EINVAL,
	  "the kernel does not take this gap: this is a bug in buftrack, report it" },
	{ ACT_LOST, ENODEV,
	  "the device was removed under its clients: start anew" },
	{ ACT_LOST, EUSERS,
	  "the device, or this user, has as many open clients as it may: close some, or raise its limit with --max-clients" },

	{ ACT_COUNTERS, ENOENT,
	  "no such space or client is kept any more: see 'buftrack status'" },
	{ ACT_CLIENT_INFO, ENOENT,
	  "no such client is kept any more: see 'buftrack status'" },
	{ ACT_RECORDS, ENOENT,
	  "no such space or client: see 'buftrack status' for what there is" },

	{ ACT_RESET, EPERM,
	  "you may not reset it: only root and the user who registered it may" },

	{ ACT_EVENTS, EINVAL,
	  "the module does not tell of wrong reports, so it is older than this command: load the module that came with it" },
	{ ACT_EVENTS, EPROTO,
	  "the module's events make no sense to this command: load the module that came with it" },

	{ ACT_ANY, ENOTTY,
	  "the module does not know this request, so it is older than this command: load the module that came with it" },
	{ ACT_ANY, E2BIG,
	  "the module is older than this command and cannot do all of this: load the module that came with it" },
	{ ACT_ANY, EOPNOTSUPP,
	  "the module does not know a part of this request, so it is older than this command: load the module that came with it" },
	{ ACT_ANY, EINVAL,
	  "the module says that a value is out of range: check the numbers" },
	{ ACT_ANY, EFAULT,
	  "the kernel cannot reach the command's memory: this is a bug in buftrack, report it" },
	{ ACT_ANY, EBADF,
	  "its node was opened the wrong way: this is a bug in buftrack, report it" },
	{ ACT_ANY, EPERM, "you may not do this: run it as root" },
	{ ACT_ANY, EACCES, "you may not do this: run it as root" },
	{ ACT_ANY, ENODEV,
	  "the device was removed meanwhile: see 'buftrack status' for what there is" },
	{ ACT_ANY, ENOENT,
	  "it is not there: see 'buftrack status' for what there is" },
	{ ACT_ANY, EMFILE,
	  "this process has as many files open as it may: raise the limit (ulimit -n)" },
	{ ACT_ANY, ENFILE,
	  "the machine has as many files open as it may: raise fs.file-max, or close some" },
	{ ACT_ANY, ENOMEM,
	  "out of memory, and nothing was changed: free some and try again" },
	{ ACT_ANY, EINTR, "a signal ended it: try again" },
};

/* What linux/buftrack.h does not promise is still to be told. */
static const char *unforeseen(int error)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s: this should not happen, report it",
		 strerror(error));
	return text;
}

const char *explain(enum act act, int error)
{
	const char *fallback = NULL;

	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (meanings[i].error != error)
			continue;
		if (meanings[i].act == act)
			return meanings[i].text;
		if (meanings[i].act == ACT_ANY)
			fallback = meanings[i].text;
	}
	return fallback ? fallback : unforeseen(error);
}
