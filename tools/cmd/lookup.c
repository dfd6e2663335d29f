// SPDX-License-Identifier: GPL-2.0
/*
 * Looking up devices, clients, spaces and kernel stacks
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../util/parse.h"
#include "../util/text.h"
#include "lookup.h"

#define NODES "/dev/buftrack/"

/* Maximum number of devices that an error message names */
#define MAX_NAMED 6

/* Edit distance up to which a name may have been mistyped */
#define NEAR 2

struct buftrack_control *open_control(int flags)
{
	struct buftrack_control *control = buftrack_control_open(flags);

	if (!control)
		fail_errno(REQ_OPEN_CONTROL, NODES "control");
	return control;
}

bool may_be_gone(void)
{
	return errno == ENOENT || errno == ENODEV || errno == ENXIO;
}

int fail_device(enum err_request request,
		const struct buftrack_device_status *status)
{
	return fail_errno(request, "device %u (%s)",
			  buftrack_device_status_number(status),
			  buftrack_device_status_name(status));
}

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int min = a < b ? a : b;

	return min < c ? min : c;
}

/* distance() - Levenshtein distance between two names */
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

/* next_status() - the next device, and advance @from past it */
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
 * name_devices() - list devices with a name near @word: "0 (chip0), 1 (chip1)"
 *
 * Without a word all devices are listed.
 *
 * Return: the number of devices.
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

static void fail_not_found(struct buftrack_control *control, const char *word)
{
	char names[600];

	if (name_devices(control, word, names, sizeof(names)))
		fail("there is no device '%s': did you mean %s?", word, names);
	else if (name_devices(control, NULL, names, sizeof(names)))
		fail("there is no device '%s': choose one of %s", word, names);
	else
		fail("there is no device '%s', and no other: add one with 'buftrack device add'",
		     word);
}

/*
 * parse_device_number() - parse "3" or "/dev/buftrack/3"
 *
 * A number has no leading zeros, so "007" is a name.
 */
static int parse_device_number(const char *word, unsigned int *number)
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

/* A name may look like the number of another device, which is ambiguous. */
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
	fail("device '%s' is ambiguous: write " NODES
	     "%u for the device of this number or " NODES
	     "%u for the device of this name",
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
		if (!parse_device_number(word, &number))
			numbered =
				buftrack_control_read_device(control, number);
		else
			errno = ENOENT;
	}
	chosen = choose(named, numbered, word);
	if (chosen || !errno)
		return chosen;
	if (errno == ENOENT)
		fail_not_found(control, word);
	else
		fail_errno(REQ_DEVICE_INFO, "device '%s'", word);
	return NULL;
}

/* only_device() - the only device there is; NULL after an error message */
static struct buftrack_device_status *
only_device(struct buftrack_control *control)
{
	struct buftrack_device_status *status;
	char names[600];
	unsigned int nr;

	nr = name_devices(control, NULL, names, sizeof(names));
	if (nr > 1) {
		fail("there are %u devices: choose one with --device: %s", nr,
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

/* call_for() - open a device and call a function for it */
static int call_for(const struct buftrack_device_status *status, int flags,
		    bool may_go, device_function *function, void *context)
{
	unsigned int number = buftrack_device_status_number(status);
	struct buftrack_device *device = buftrack_device_open(number, flags);
	int ret;

	if (!device)
		return may_go && may_be_gone() ?
			       0 :
			       fail_device(REQ_OPEN_DEVICE, status);
	ret = function(device, status, context);
	buftrack_device_close(device);
	return ret;
}

static int all_devices(struct buftrack_control *control,
		       device_function *function, void *context)
{
	struct buftrack_device_status *status;
	unsigned int from = 0;
	int ret = 0;

	while (!ret && (status = next_status(control, &from))) {
		ret = call_for(status, O_RDONLY, true, function, context);
		buftrack_device_status_free(status);
	}
	if (!ret && errno != ENOENT)
		return fail_errno(REQ_DEVICE_INFO, "the devices");
	return ret;
}

int each_device(const char *word, device_function *function, void *context)
{
	struct buftrack_control *control = open_control(O_RDONLY);
	struct buftrack_device_status *status;
	int ret = EXIT_FAILED;

	if (!control)
		return EXIT_FAILED;
	if (!word) {
		ret = all_devices(control, function, context);
	} else if ((status = find_device(control, word))) {
		ret = call_for(status, O_RDONLY, false, function, context);
		buftrack_device_status_free(status);
	}
	buftrack_control_close(control);
	return ret;
}

int change_device(const char *word, device_function *function, void *context)
{
	struct buftrack_control *control = open_control(O_RDONLY);
	struct buftrack_device_status *status;
	int ret = EXIT_FAILED;

	if (!control)
		return EXIT_FAILED;
	status = word ? find_device(control, word) : only_device(control);
	if (status)
		ret = call_for(status, O_RDWR, false, function, context);
	buftrack_device_status_free(status);
	buftrack_control_close(control);
	return ret;
}

void copy_name(char *to, const char *from, size_t size)
{
	size_t length = strnlen(from, size - 1);

	memcpy(to, from, length);
	to[length] = '\0';
}

static int compare_owners(const void *a, const void *b)
{
	const struct owner *left = a, *right = b;

	return (left->number > right->number) - (left->number < right->number);
}

static void read_owner(struct owner *owner, struct buftrack_device *device)
{
	struct buftrack_client *client;
	unsigned int state;

	client = buftrack_device_read_client(device, owner->number);
	if (!client)
		return;
	state = buftrack_client_state(client);
	owner->exited = (state & BUFTRACK_CLIENT_STATE_OPEN) &&
			(state & BUFTRACK_CLIENT_STATE_OPENER_EXITED);
	owner->shared = state & BUFTRACK_CLIENT_STATE_SHARED;
	owner->claimed_pid = buftrack_client_claimed_pid(client);
	copy_name(owner->claimed_name, buftrack_client_claimed_name(client),
		  sizeof(owner->claimed_name));
	buftrack_client_free(client);
}

const struct owner *find_owner(void **owners, struct buftrack_device *device,
			       uint64_t number)
{
	struct owner key = { .number = number }, *owner, **found;

	found = tfind(&key, owners, compare_owners);
	if (found)
		return *found;
	owner = xcalloc(1, sizeof(*owner));
	owner->number = number;
	checked(tsearch(owner, owners, compare_owners));
	read_owner(owner, device);
	return owner;
}

void drop_owners(void **owners)
{
	tdestroy(*owners, free);
	*owners = NULL;
}

bool has_driver(const struct buftrack_device_status *status)
{
	return strcmp(buftrack_device_status_driver(status), "user");
}

const char *claim_text(unsigned int pid, const char *name,
		       char text[CLAIM_TEXT])
{
	if (pid && *name)
		snprintf(text, CLAIM_TEXT, "pid %u '%s'", pid, name);
	else if (pid)
		snprintf(text, CLAIM_TEXT, "pid %u", pid);
	else if (*name)
		snprintf(text, CLAIM_TEXT, "'%s'", name);
	else
		snprintf(text, CLAIM_TEXT, "-");
	return text;
}

int read_spaces(space_names names, struct buftrack_device *device)
{
	struct buftrack_space *space;
	unsigned int from = 0;

	while ((space = buftrack_device_next_space(device, from))) {
		unsigned int number = buftrack_space_number(space);

		if (number < BUFTRACK_MAX_SPACES)
			copy_name(names[number], buftrack_space_name(space),
				  BUFTRACK_SPACE_NAME_SIZE);
		buftrack_space_free(space);
		from = number + 1;
	}
	return errno == ENOENT ? 0 : fail_errno(REQ_SPACE_INFO, "the spaces");
}

const char *space_name(const space_names names, unsigned int space,
		       char text[BUFTRACK_SPACE_NAME_SIZE])
{
	/* A space that was added after read_spaces() has no name here. */
	if (space < BUFTRACK_MAX_SPACES && *names[space])
		return names[space];
	snprintf(text, BUFTRACK_SPACE_NAME_SIZE, "#%u", space);
	return text;
}

static int compare_stacks(const void *a, const void *b)
{
	const struct stack *left = a, *right = b;

	return (left->site > right->site) - (left->site < right->site);
}

static void free_stack(void *pointer)
{
	struct stack *stack = pointer;

	free(stack->frames);
	free(stack);
}

/* A reader who is refused one stack is refused all, so ask only once. */
static char *read_stack(struct stacks *stacks, struct buftrack_device *device,
			uint64_t site)
{
	char *frames;

	if (stacks->refused)
		return NULL;
	frames = buftrack_device_read_stack(device, site);
	if (!frames) {
		stacks->refused = errno == EPERM || errno == ENOTTY ||
				  errno == EOPNOTSUPP;
	} else if (!*frames) {
		free(frames);
		frames = NULL;
	}
	return frames;
}

static struct stack *add_stack(struct stacks *stacks,
			       struct buftrack_device *device, uint64_t site)
{
	struct stack *stack = xcalloc(1, sizeof(*stack));

	stack->site = site;
	stack->frames = read_stack(stacks, device, site);
	checked(tsearch(stack, &stacks->tree, compare_stacks));
	stacks->nr++;
	return stack;
}

struct stack *find_stack(struct stacks *stacks, struct buftrack_device *device,
			 uint64_t site)
{
	struct stack key = { .site = site }, **found, *stack;

	if (!site)
		return NULL;
	found = tfind(&key, &stacks->tree, compare_stacks);
	stack = found ? *found : add_stack(stacks, device, site);
	return stack->frames ? stack : NULL;
}

void drop_stacks(struct stacks *stacks)
{
	tdestroy(stacks->tree, free_stack);
	stacks->tree = NULL;
	stacks->nr = 0;
}

void print_stack(FILE *out, const char *indent, const struct stack *stack)
{
	const char *at = stack ? stack->frames : "";

	while (*at) {
		fputs(indent, out);
		for (; *at && *at != '\n'; at++)
			putc(printable(*at), out);
		putc('\n', out);
		at += *at == '\n';
	}
}

static void print_named(const void *node, VISIT visit, void *context)
{
	const struct stack *stack = *(struct stack *const *)node;

	(void)context;
	if ((visit != postorder && visit != leaf) || !stack->named)
		return;
	printf("\n%sstack 0x%" PRIx64 "%s\n", bold(), stack->site, plain());
	print_stack(stdout, "  ", stack);
}

void print_named_stacks(const struct stacks *stacks)
{
	twalk_r(stacks->tree, print_named, NULL);
}
