// SPDX-License-Identifier: GPL-2.0
/*
 * Which device a user means
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "../util/parse.h"
#include "../util/err.h"
#include "select.h"

#define NODES "/dev/buftrack/"

/* So many of the devices that there are may be named in a complaint. */
#define MAX_NAMED 6

/* Names that differ in so many characters are near enough to be meant. */
#define NEAR 2

struct buftrack_control *open_control(int flags)
{
	struct buftrack_control *control = buftrack_control_open(flags);

	if (!control)
		fail_errno(REQ_OPEN_CONTROL, NODES "control");
	return control;
}

struct buftrack_device *open_device(const struct buftrack_device_status *status,
				    int flags)
{
	unsigned int number = buftrack_device_status_number(status);
	struct buftrack_device *device = buftrack_device_open(number, flags);

	if (!device)
		fail_errno(REQ_OPEN_DEVICE, "device %u (%s)", number,
			   buftrack_device_status_name(status));
	return device;
}

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int min = a < b ? a : b;

	return min < c ? min : c;
}

/* distance() - how many characters must be typed to make one name the other */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[BUFTRACK_DEVICE_NAME_SIZE + 1];
	size_t length = strnlen(b, BUFTRACK_DEVICE_NAME_SIZE);

	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		unsigned int diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 1; j <= length; j++) {
			unsigned int above = row[j];

			row[j] = min3(row[j] + 1, row[j - 1] + 1,
				      diagonal + (a[i] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[length];
}

static bool is_near(const char *name, const char *word)
{
	return strstr(name, word) || strstr(word, name) ||
	       distance(name, word) <= NEAR;
}

/* next_status() - like buftrack_control_next_device(), for a loop */
static struct buftrack_device_status *
next_status(struct buftrack_control *control, unsigned int *from)
{
	struct buftrack_device_status *status;

	if (*from == UINT32_MAX) {
		errno = ENOENT;
		return NULL;
	}
	status = buftrack_control_next_device(control, *from);
	if (status)
		*from = buftrack_device_status_number(status) + 1;
	return status;
}

/*
 * name_devices() - "0 (chip0), 1 (chip1)" of those near a word, NULL: of all
 *
 * Return: how many there are.
 */
static unsigned int name_devices(struct buftrack_control *control,
				 const char *word, char *text, size_t size)
{
	struct buftrack_device_status *status;
	unsigned int from = 0, nr = 0;
	size_t used = 0;

	*text = '\0';
	while ((status = next_status(control, &from))) {
		const char *name = buftrack_device_status_name(status);

		if ((!word || is_near(name, word)) && nr++ < MAX_NAMED &&
		    used < size)
			used += snprintf(text + used, size - used, "%s%u (%s)",
					 used ? ", " : "", from - 1, name);
		buftrack_device_status_free(status);
	}
	if (nr > MAX_NAMED && used < size)
		snprintf(text + used, size - used, ", ...");
	return nr;
}

static void not_found(struct buftrack_control *control, const char *word)
{
	char names[600];

	if (name_devices(control, word, names, sizeof(names)))
		fail("there is no device '%s': did you mean %s?", word, names);
	else if (name_devices(control, NULL, names, sizeof(names)))
		fail("there is no device '%s': there are %s", word, names);
	else
		fail("there is no device '%s', nor any other: add one with 'buftrack device add'",
		     word);
}

/*
 * to_device_number() - of "3" or "/dev/buftrack/3"
 *
 * Leading zeros are no number's: "007" can only be a name.
 */
static int to_device_number(const char *word, unsigned int *number)
{
	uint64_t value;

	if (!strncmp(word, NODES, strlen(NODES)))
		word += strlen(NODES);
	if (word[strspn(word, "0123456789")] || (*word == '0' && word[1]) ||
	    parse_number(word, &value) || value >= UINT32_MAX)
		return -1;
	*number = value;
	return 0;
}

/* A name may look like a number. What is both must be said otherwise. */
static struct buftrack_device_status *
choose(struct buftrack_device_status *named,
       struct buftrack_device_status *numbered, const char *word)
{
	if (!named || !numbered)
		return named ? named : numbered;
	if (buftrack_device_status_number(named) ==
	    buftrack_device_status_number(numbered)) {
		buftrack_device_status_free(numbered);
		return named;
	}
	fail("device '%s' may be " NODES "%u, of that number, or " NODES
	     "%u, of that name: say it so",
	     word, buftrack_device_status_number(numbered),
	     buftrack_device_status_number(named));
	buftrack_device_status_free(named);
	buftrack_device_status_free(numbered);
	errno = 0;
	return NULL;
}

struct buftrack_device_status *find_device(struct buftrack_control *control,
					   const char *word)
{
	struct buftrack_device_status *named, *numbered = NULL, *chosen;
	unsigned int number;

	named = buftrack_control_find_device(control, word);
	if (named || errno == ENOENT) {
		if (!to_device_number(word, &number))
			numbered =
				buftrack_control_read_device(control, number);
		else
			errno = ENOENT;
	}
	chosen = choose(named, numbered, word);
	if (chosen || !errno)
		return chosen;
	if (errno == ENOENT)
		not_found(control, word);
	else
		fail_errno(REQ_DEVICE_INFO, "device '%s'", word);
	return NULL;
}

struct buftrack_device_status *pick_device(struct buftrack_control *control,
					   const char *word)
{
	struct buftrack_device_status *status;
	char names[600];
	unsigned int nr;

	if (word)
		return find_device(control, word);
	nr = name_devices(control, NULL, names, sizeof(names));
	if (nr > 1) {
		fail("there are %u devices: say which with --device: %s", nr,
		     names);
		return NULL;
	}
	status = buftrack_control_next_device(control, 0);
	if (!status && errno == ENOENT)
		fail("there is no device: add one with 'buftrack device add'");
	else if (!status)
		fail_errno(REQ_DEVICE_INFO, "the devices");
	return status;
}

/* act_on() - open a device and have it acted on; -1: it has gone meanwhile */
static int act_on(const struct buftrack_device_status *status, bool may_go,
		  int (*act)(struct buftrack_device *device,
			     const struct buftrack_device_status *status,
			     void *context),
		  void *context)
{
	unsigned int number = buftrack_device_status_number(status);
	struct buftrack_device *device = buftrack_device_open(number, O_RDONLY);
	int ret;

	if (!device) {
		if (may_go &&
		    (errno == ENOENT || errno == ENODEV || errno == ENXIO))
			return 0;
		return fail_errno(REQ_OPEN_DEVICE, "device %u (%s)", number,
				  buftrack_device_status_name(status));
	}
	ret = act(device, status, context);
	buftrack_device_close(device);
	return ret;
}

static int all_devices(struct buftrack_control *control,
		       int (*act)(struct buftrack_device *device,
				  const struct buftrack_device_status *status,
				  void *context),
		       void *context)
{
	struct buftrack_device_status *status;
	unsigned int from = 0;
	int ret = 0;

	while (!ret && (status = next_status(control, &from))) {
		ret = act_on(status, true, act, context);
		buftrack_device_status_free(status);
	}
	if (!ret && errno != ENOENT)
		return fail_errno(REQ_DEVICE_INFO, "the devices");
	return ret;
}

int each_device(const char *word,
		int (*act)(struct buftrack_device *device,
			   const struct buftrack_device_status *status,
			   void *context),
		void *context)
{
	struct buftrack_control *control = open_control(O_RDONLY);
	struct buftrack_device_status *status;
	int ret = EXIT_FAILED;

	if (!control)
		return EXIT_FAILED;
	if (!word) {
		ret = all_devices(control, act, context);
	} else if ((status = find_device(control, word))) {
		ret = act_on(status, false, act, context);
		buftrack_device_status_free(status);
	}
	buftrack_control_close(control);
	return ret;
}
