// SPDX-License-Identifier: GPL-2.0
/*
 * Errors: messages on standard error, the meaning of each errno, running out of
 * memory
 *
 * linux/buftrack.h defines each errno once for all requests. The table below
 * explains it to the user who made one; an errno missing from a request has the
 * meaning listed under REQ_ANY.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "text.h"

static const struct {
	enum err_request request;
	int error;
	const char *text;
} meanings[] = {
	{ REQ_OPEN_CONTROL, ENOENT,
	  "the module is not loaded: run 'modprobe buftrack' or 'insmod buftrack.ko'" },
	{ REQ_OPEN_CONTROL, ENODEV,
	  "the module is not loaded: run 'modprobe buftrack' or 'insmod buftrack.ko'" },
	{ REQ_OPEN_CONTROL, ENXIO,
	  "the module is not loaded: run 'modprobe buftrack' or 'insmod buftrack.ko'" },
	{ REQ_OPEN_CONTROL, ENOTDIR,
	  "/dev/buftrack is not a directory: delete it and load the module again" },
	{ REQ_OPEN_CONTROL, EACCES,
	  "no permission to open it: run this as root, or have root change the node's permissions" },
	{ REQ_OPEN_CONTROL, EPERM,
	  "no permission to open it: run this as root, or have root change the node's permissions" },
	{ REQ_OPEN_CONTROL, EBUSY,
	  "too many processes have it open: close some and try again" },

	{ REQ_OPEN_DEVICE, ENOENT,
	  "its node is gone: see 'buftrack status' for the devices" },
	{ REQ_OPEN_DEVICE, ENODEV,
	  "it was removed: see 'buftrack status' for the devices" },
	{ REQ_OPEN_DEVICE, ENXIO,
	  "it was removed: see 'buftrack status' for the devices" },
	{ REQ_OPEN_DEVICE, EACCES,
	  "no permission to open its node: run this as root, or have root change the node's permissions" },
	{ REQ_OPEN_DEVICE, EPERM,
	  "no permission to open its node: run this as root, or have root change the node's permissions" },
	{ REQ_OPEN_DEVICE, EMFILE,
	  "too many open files, as each client needs one: raise the limit with 'ulimit -n'" },
	{ REQ_OPEN_DEVICE, ENFILE,
	  "the machine has too many open files: raise fs.file-max, or close some" },

	{ REQ_INFO, EINVAL,
	  "the module rejects this command's request: load the module that came with the command" },

	{ REQ_DEVICE_ADD, EEXIST,
	  "a device with this name exists: choose another name" },
	{ REQ_DEVICE_ADD, ENAMETOOLONG,
	  "the name is too long: use at most 127 characters" },
	{ REQ_DEVICE_ADD, EILSEQ,
	  "not a valid name for a device: use one or more characters of printable ASCII" },
	{ REQ_DEVICE_ADD, EPERM,
	  "you may not register it: names like PCI addresses are reserved for root, so use another or run this as root" },
	{ REQ_DEVICE_ADD, EDQUOT,
	  "your limit of registered devices is reached: remove one with 'buftrack device remove'" },
	{ REQ_DEVICE_ADD, ENFILE,
	  "the limit of devices is reached: remove one, or load the module with a higher limit" },
	{ REQ_DEVICE_ADD, ENOMEM,
	  "the kernel is out of memory for another device: free some and try again" },

	{ REQ_DEVICE_REMOVE, ENOENT,
	  "it was removed: see 'buftrack status' for the devices" },
	{ REQ_DEVICE_REMOVE, ENODEV,
	  "it was already removed: see 'buftrack status' for the devices" },
	{ REQ_DEVICE_REMOVE, EBUSY,
	  "it still has open clients: end them, or remove it with --force" },
	{ REQ_DEVICE_REMOVE, EPERM,
	  "you may not remove it: only root and the user who registered it may" },

	{ REQ_DEVICE_INFO, ENOENT,
	  "there is no such device: see 'buftrack status' for the devices" },

	{ REQ_DEVICE_SET, EINVAL,
	  "a limit is out of range: see 'buftrack device set --help' for the ranges" },
	{ REQ_DEVICE_SET, EPERM,
	  "you may not change it: only root and the user who registered it may" },

	{ REQ_SPACE_ADD, EEXIST,
	  "the space exists with another capacity: omit the capacity, or use another name" },
	{ REQ_SPACE_ADD, ENAMETOOLONG,
	  "the name is too long: use at most 31 characters" },
	{ REQ_SPACE_ADD, EILSEQ,
	  "not a valid name for a space: use one or more characters of printable ASCII" },
	{ REQ_SPACE_ADD, ENOSPC,
	  "the device has reached its limit of 64 spaces: use fewer" },
	{ REQ_SPACE_ADD, EDQUOT,
	  "your limit of added spaces is reached: use existing ones" },
	{ REQ_SPACE_ADD, EPERM,
	  "you may not add a space to it: only root and the user who registered it may" },
	{ REQ_SPACE_ADD, ENOMEM,
	  "the kernel is out of memory for another space: free some and try again" },

	{ REQ_SPACE_INFO, ENOENT,
	  "the device has no such space: see 'buftrack status' for its spaces" },

	{ REQ_DECLARE, EUSERS,
	  "the limit of open clients of the device or of this user is reached: close some, or raise it with --max-clients" },
	{ REQ_DECLARE, EPERM,
	  "only root may report into a device's shared domain: run this as root" },
	{ REQ_DECLARE, EBUSY,
	  "this file is already a client: open another file for another client" },
	{ REQ_DECLARE, ENAMETOOLONG,
	  "the claimed name is too long: use at most 63 characters" },
	{ REQ_DECLARE, EILSEQ,
	  "the claimed name is not valid: use printable ASCII" },
	{ REQ_DECLARE, ENOMEM,
	  "the kernel is out of memory for another client: free some and try again" },

	{ REQ_REPORT, EINVAL,
	  "the kernel rejects this report: give an alloc a size of at least 1" },
	{ REQ_REPORT, ERANGE,
	  "address + span is past 2^64: give the buffer's extent from its address on as span" },
	{ REQ_REPORT, ENOENT,
	  "the device has no such space: add it before reporting into it" },
	{ REQ_REPORT, EUSERS,
	  "the limit of open clients of the device or of this user is reached: close some, or raise it with --max-clients" },
	{ REQ_REPORT, ENODEV,
	  "the device was removed while clients were open: start again" },
	{ REQ_REPORT, EFAULT,
	  "the kernel cannot read the reports: this is a bug in buftrack, report it" },

	{ REQ_LOST, EINVAL,
	  "the kernel rejects this gap: this is a bug in buftrack, report it" },
	{ REQ_LOST, ENODEV,
	  "the device was removed while clients were open: start again" },
	{ REQ_LOST, EUSERS,
	  "the limit of open clients of the device or of this user is reached: close some, or raise it with --max-clients" },

	{ REQ_COUNTERS, ENOENT,
	  "the space or client is no longer kept: see 'buftrack status'" },
	{ REQ_CLIENT_INFO, ENOENT,
	  "the client is no longer kept: see 'buftrack status'" },
	{ REQ_RECORDS, ENOENT,
	  "no such space or client: see 'buftrack status' for the existing ones" },

	{ REQ_RESET, EPERM,
	  "you may not reset it: only root and the user who registered it may" },

	{ REQ_EVENTS, EINVAL,
	  "the module has no events, so it is older than this command: load the module that came with the command" },
	{ REQ_EVENTS, EPROTO,
	  "the module's events are malformed: load the module that came with the command" },

	{ REQ_ANY, ENOTTY,
	  "the module does not know this request, so it is older than this command: load the module that came with the command" },
	{ REQ_ANY, E2BIG,
	  "the module is older than this command and lacks part of this request: load the module that came with the command" },
	{ REQ_ANY, EOPNOTSUPP,
	  "the module does not know part of this request, so it is older than this command: load the module that came with the command" },
	{ REQ_ANY, EINVAL, "a value is out of range: check the numbers" },
	{ REQ_ANY, EFAULT,
	  "the kernel cannot access the command's memory: this is a bug in buftrack, report it" },
	{ REQ_ANY, EBADF,
	  "its node was opened in the wrong mode: this is a bug in buftrack, report it" },
	{ REQ_ANY, EPERM, "permission denied: run this as root" },
	{ REQ_ANY, EACCES, "permission denied: run this as root" },
	{ REQ_ANY, ENODEV,
	  "the device was removed meanwhile: see 'buftrack status' for the devices" },
	{ REQ_ANY, ENOENT,
	  "it does not exist: see 'buftrack status' for the devices" },
	{ REQ_ANY, EMFILE,
	  "too many open files: raise the limit with 'ulimit -n'" },
	{ REQ_ANY, ENFILE,
	  "the machine has too many open files: raise fs.file-max, or close some" },
	{ REQ_ANY, ENOMEM,
	  "out of memory, so nothing was changed: free some and try again" },
	{ REQ_ANY, EINTR, "interrupted by a signal: try again" },
};

static const char *unexpected(int error)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s: this should not happen, report it",
		 strerror(error));
	return text;
}

const char *err_text(enum err_request request, int error)
{
	const char *fallback = NULL;

	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (meanings[i].error != error)
			continue;
		if (meanings[i].request == request)
			return meanings[i].text;
		if (meanings[i].request == REQ_ANY)
			fallback = meanings[i].text;
	}
	return fallback ? fallback : unexpected(error);
}

static void print_err_list(const char *format, va_list args)
{
	char line[1024];

	vsnprintf(line, sizeof(line), format, args);
	make_printable(line);
	/* Output printed before the error also appears before it. */
	fflush(stdout);
	fprintf(stderr, "buftrack: %s\n", line);
}

void print_err(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_err_list(format, args);
	va_end(args);
}

int fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_err_list(format, args);
	va_end(args);
	return EXIT_FAILED;
}

int fail_errno(enum err_request request, const char *format, ...)
{
	const char *meaning = err_text(request, errno);
	char subject[256];
	va_list args;

	va_start(args, format);
	vsnprintf(subject, sizeof(subject), format, args);
	va_end(args);
	return fail("%s: %s", subject, meaning);
}

void *checked(const void *pointer)
{
	if (!pointer)
		exit(fail("out of memory: free some and try again"));
	return (void *)pointer;
}

void *xmalloc(size_t size)
{
	return checked(malloc(size));
}

void *xcalloc(size_t nr, size_t size)
{
	return checked(calloc(nr, size));
}

void *xreallocarray(void *pointer, size_t nr, size_t size)
{
	return checked(reallocarray(pointer, nr, size));
}
