// SPDX-License-Identifier: GPL-2.0
/*
 * cli-fake-kernel.so: the module, for LD_PRELOAD, on machines whose kernel lacks it
 *
 * It has one device, which a driver registered, and always the same buffers: of the
 * driver, of a process that has the device open, and of a runtime with its own allocator.
 *
 *   FAKE_STACKS=1        the device keeps stacks
 *   FAKE_FAIL=<errno>    reading a stack fails with errno
 *   FAKE_ASKED=<file>    gets a line for each stack that is read
 *   FAKE_SET=<file>      gets the settings that are applied to the device
 *   FAKE_TIMES=<n>       there are n of each buffer
 *   FAKE_OTHER=1         all but the first of those of the process belong to the driver
 *   FAKE_PROBES=<errno>  reading a probe fails with errno
 *   FAKE_STATES=<list>   there is a probe in each of these states, such as "1 2"
 *   FAKE_LOADED=<module> /sys/module has that module, and no other one
 *   FAKE_OFF=1           tracking of the device is off
 *   FAKE_WRONG=1         there have been three double frees
 *   FAKE_IDLE=1          no client has reported, not even the driver
 *   FAKE_RELAY=1         the clients are those of relays
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/buftrack.h>

#define NODES "/dev/buftrack/"
#define MODULES "/sys/module/"
#define S UINT64_C(1000000000)
#define NOW (100 * S)
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum { DRIVER = 1, OPENING, RUNTIME, FORGOTTEN };
enum { DMA, TLB, GEM, DRAM };

/* An id of the driver path, which is a hash */
#define OBJECT UINT64_C(0x9e3779b97f4a7c15)

static const char *const spaces[] = { "DMA", "TLB", "GEM", "DRAM" };

static const struct buftrack_client_info clients[] = {
	{ .client = DRIVER,
	  .state = BUFTRACK_CLIENT_STATE_OPEN | BUFTRACK_CLIENT_STATE_SHARED |
		   BUFTRACK_CLIENT_STATE_DRIVER,
	  .comm = "accel" },
	{ .client = OPENING,
	  .state = BUFTRACK_CLIENT_STATE_OPEN | BUFTRACK_CLIENT_STATE_SHARED,
	  .pid = 1234,
	  .tid = 1234,
	  .comm = "python3" },
	{ .client = RUNTIME,
	  .state = BUFTRACK_CLIENT_STATE_OPEN,
	  .pid = 1234,
	  .tid = 1234,
	  .comm = "python3" },
};

#define RELAYED(relay_pid, relay_uid, claimed)                              \
	{                                                                   \
		.state = BUFTRACK_CLIENT_STATE_OPEN |                       \
			 BUFTRACK_CLIENT_STATE_CLAIMED_UID,                 \
		.pid = (relay_pid), .tid = (relay_pid), .uid = (relay_uid), \
		.start_time = (relay_pid)*S, .claimed_pid = (claimed),      \
		.claimed_uid = 1000, .comm = "buftrack",                    \
		.claimed_name = "llama"                                     \
	}

/* A relay, before and after its restart, for two processes; and an impostor */
static const struct buftrack_client_info relayed[] = {
	RELAYED(50, 990, 1300),
	RELAYED(60, 990, 1300),
	RELAYED(60, 990, 1301),
	RELAYED(70, 1001, 1300),
};

/* Site 0x1004 and the sites of the runtime have no stack. */
static const struct {
	uint64_t site;
	const char *frames;
} stacks[] = {
	{ 0x1001, "accel_alloc+0x1c/0x2f0 [accel]\n"
		  "accel_ioctl+0x90/0x120 [accel]\n"
		  "__x64_sys_ioctl+0x8a/0xb0\n" },
	{ 0x1002, "accel_map+0x44/0x80 [accel]\n?\ndo_syscall_64+0x35/0x80\n" },
	{ 0x1003, "accel_release+0x12/0x60 [acc\033el]" },
};

static const struct buftrack_record records[] = {
	{ .client = OPENING,
	  .space = DMA,
	  .state = BUFTRACK_RECORD_STATE_LIVE,
	  .size = 8192,
	  .id = 1,
	  .allocated = 90 * S,
	  .site = 0x1001,
	  .pid = 1234,
	  .comm = "python3" },
	{ .client = OPENING,
	  .space = TLB,
	  .state = BUFTRACK_RECORD_STATE_LIVE,
	  .address = OPENING,
	  .size = 2 << 20,
	  .id = OPENING,
	  .allocated = 91 * S,
	  .site = 0x1004,
	  .pid = 1234,
	  .comm = "python3" },
	{ .client = DRIVER,
	  .space = GEM,
	  .state = BUFTRACK_RECORD_STATE_LIVE,
	  .address = OBJECT,
	  .size = 4096,
	  .id = OBJECT,
	  .allocated = 92 * S,
	  .site = 0x1001,
	  .comm = "accel" },
	{ .client = OPENING,
	  .space = DMA,
	  .state = BUFTRACK_RECORD_STATE_FREED,
	  .address = 1,
	  .size = 4096,
	  .id = 2,
	  .allocated = 93 * S,
	  .ended = 94 * S,
	  .ended_by = OPENING,
	  .site = 0x1001,
	  .ended_site = 0x1003,
	  .pid = 1234,
	  .comm = "python3" },
	{ .client = RUNTIME,
	  .space = DRAM,
	  .state = BUFTRACK_RECORD_STATE_LIVE,
	  .address = OBJECT,
	  .size = 4096,
	  .id = OBJECT,
	  .allocated = 95 * S,
	  .site = 0x1001,
	  .pid = 1234,
	  .comm = "python3" },
	{ .client = FORGOTTEN,
	  .space = GEM,
	  .state = BUFTRACK_RECORD_STATE_LIVE | BUFTRACK_RECORD_STATE_ORPHANED,
	  .address = OBJECT + 1,
	  .size = 4096,
	  .id = OBJECT + 1,
	  .allocated = 96 * S,
	  .site = 0x1002,
	  .pid = 1000,
	  .comm = "gone" },
};

static const struct buftrack_event events[] = {
	{ .size = sizeof(struct buftrack_event),
	  .verdict = BUFTRACK_VERDICT_STALE_FREE,
	  .sequence = 1,
	  .stamp = 97 * S,
	  .client = OPENING,
	  .report = { .op = BUFTRACK_OP_FREE,
		      .space = TLB,
		      .address = 7,
		      .id = OPENING,
		      .site = 0x1003 },
	  .pid = 1234,
	  .comm = "python3",
	  .target = { .client = OPENING,
		      .ended_by = DRIVER,
		      .address = 7,
		      .size = 2 << 20,
		      .id = OPENING,
		      .allocated = 90 * S,
		      .ended = 92 * S,
		      .site = 0x1001,
		      .ended_site = 0x1004,
		      .state = BUFTRACK_RECORD_STATE_FREED,
		      .repeats = 1,
		      .pid = 1234,
		      .comm = "python3",
		      .ended_by_comm = "accel" },
	  .hit = { .client = FORGOTTEN,
		   .address = 7,
		   .size = 2 << 20,
		   .id = FORGOTTEN,
		   .allocated = 95 * S,
		   .site = 0x1002,
		   .state = BUFTRACK_RECORD_STATE_LIVE |
			    BUFTRACK_RECORD_STATE_ORPHANED,
		   .pid = 1000,
		   .comm = "gone" } },
	{ .size = sizeof(struct buftrack_event),
	  .verdict = BUFTRACK_VERDICT_UNKNOWN_NEVER,
	  .sequence = 2,
	  .stamp = 98 * S,
	  .client = RUNTIME,
	  .report = { .op = BUFTRACK_OP_FREE,
		      .space = DRAM,
		      .address = 0x1000,
		      .id = 5,
		      .site = 0x1001 },
	  .pid = 1234,
	  .comm = "python3" },
};

static const struct buftrack_probe_info probe = {
	.state = BUFTRACK_PROBE_STATE_IN_PLACE,
	.hits = 12,
	.adapter = "accel",
	.module = "accel",
	.symbol = "accel_ioctl",
	.covers = "all of it",
};

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 10) : otherwise;
}

static void __attribute__((format(printf, 2, 3)))
note(const char *name, const char *format, ...)
{
	const char *path = getenv(name);
	FILE *file = path ? fopen(path, "a") : NULL;
	va_list args;

	if (!file)
		return;
	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	fclose(file);
}

static int fail(int error)
{
	errno = error;
	return -1;
}

static int answer_device(struct buftrack_device_info *info)
{
	if (info->device > 0)
		return fail(ENOENT);
	info->state = setting("FAKE_OFF", 0) ? 0 :
					       BUFTRACK_DEVICE_STATE_ENABLED;
	if (setting("FAKE_STACKS", 0))
		info->state |= BUFTRACK_DEVICE_STATE_STACKS;
	info->nr_spaces = LENGTH(spaces);
	info->nr_clients = LENGTH(clients);
	info->now = NOW;
	strcpy(info->name, "0000:00:05.0");
	strcpy(info->driver, "accel");
	return 0;
}

static int answer_space(struct buftrack_space_info *info)
{
	if (info->space >= LENGTH(spaces))
		return fail(ENOENT);
	strcpy(info->name, spaces[info->space]);
	info->properties = info->space == TLB ? BUFTRACK_SPACE_APERTURE : 0;
	return 0;
}

static int answer_relayed(struct buftrack_client_info *info)
{
	uint64_t number = info->client;

	if (!number || number > LENGTH(relayed))
		return fail(ENOENT);
	*info = relayed[number - 1];
	info->client = number;
	return 0;
}

static int answer_client(struct buftrack_client_info *info)
{
	if (!info->client && info->flags & BUFTRACK_LOOKUP_NEXT)
		info->client = 1;
	if (setting("FAKE_RELAY", 0))
		return answer_relayed(info);
	if (!info->client || info->client > LENGTH(clients) ||
	    setting("FAKE_IDLE", 0))
		return fail(ENOENT);
	*info = clients[info->client - 1];
	return 0;
}

static int answer_counters(struct buftrack_counters *counters)
{
	uint64_t *values = (uint64_t *)(uintptr_t)counters->values;

	for (unsigned int i = 0; i < counters->nr; i++)
		values[i] = 0;
	if (setting("FAKE_IDLE", 0))
		return 0;
	values[BUFTRACK_COUNTER_ALLOCS] = 3;
	values[BUFTRACK_COUNTER_LIVE_BUFFERS] = 3;
	values[BUFTRACK_COUNTER_LIVE_BYTES] = 12288;
	values[BUFTRACK_COUNTER_PEAK_BYTES] = 12288;
	if (setting("FAKE_WRONG", 0))
		values[BUFTRACK_COUNTER_DOUBLE_FREES] = 3;
	return 0;
}

/* Probes in the same state cover the same buffers. */
static int answer_state(struct buftrack_probe_info *info, const char *states)
{
	unsigned int number = info->probe;

	for (unsigned int i = 0; i < number; i++)
		states += strcspn(states, " ") + !!strchr(states, ' ');
	if (!*states)
		return fail(ENOENT);
	*info = probe;
	info->probe = number;
	info->state = strtoul(states, NULL, 10);
	snprintf(info->symbol, sizeof(info->symbol), "accel_%u", number);
	snprintf(info->covers, sizeof(info->covers), "buffers of kind %u",
		 info->state);
	return 0;
}

static int answer_probe(struct buftrack_probe_info *info)
{
	if (getenv("FAKE_PROBES"))
		return fail(setting("FAKE_PROBES", 0));
	if (getenv("FAKE_STATES"))
		return answer_state(info, getenv("FAKE_STATES"));
	if (info->probe > 0)
		return fail(ENOENT);
	*info = probe;
	return 0;
}

static bool is_wanted(const struct buftrack_records *query,
		      const struct buftrack_record *record)
{
	return (!query->client || query->client == record->client) &&
	       (query->space == BUFTRACK_ANY_SPACE ||
		query->space == record->space) &&
	       (!query->states || query->states & record->state);
}

/* give_away() - make the driver the owner of a later copy of the process's buffer */
static void give_away(struct buftrack_record *record)
{
	if (!getenv("FAKE_OTHER") || record->client != OPENING)
		return;
	record->client = DRIVER;
	record->pid = 0;
	strcpy(record->comm, "accel");
}

static int answer_records(struct buftrack_records *query)
{
	struct buftrack_record *to =
		(struct buftrack_record *)(uintptr_t)query->records;
	size_t all = LENGTH(records) * setting("FAKE_TIMES", 1);
	static size_t at;
	uint32_t nr = 0;

	if (query->flags & BUFTRACK_RECORDS_BEGIN)
		at = 0;
	for (; at < all && nr < query->nr; at++) {
		const struct buftrack_record *record =
			&records[at % LENGTH(records)];

		if (!is_wanted(query, record))
			continue;
		to[nr] = *record;
		if (at >= LENGTH(records))
			give_away(&to[nr]);
		to[nr].address += at / LENGTH(records) * LENGTH(records);
		to[nr++].id += at / LENGTH(records) * LENGTH(records);
	}
	query->nr = nr;
	query->instant = NOW;
	query->end = at == all;
	query->exact = query->end;
	return 0;
}

static int answer_set(const struct buftrack_device_set *set)
{
	note("FAKE_SET", "fields 0x%x, stacks %u\n", set->fields, set->stacks);
	return 0;
}

static int answer_stack(struct buftrack_stack *stack)
{
	char *to = (char *)(uintptr_t)stack->text;

	note("FAKE_ASKED", "0x%llx\n", stack->site);
	if (setting("FAKE_FAIL", 0))
		return fail(setting("FAKE_FAIL", 0));
	for (size_t i = 0; i < LENGTH(stacks); i++) {
		if (stacks[i].site != stack->site)
			continue;
		stack->len = strlen(stacks[i].frames);
		memcpy(to, stacks[i].frames, stack->len);
		return 0;
	}
	return fail(ENOENT);
}

static int answer(unsigned long request, void *arg)
{
	switch (request) {
	case BUFTRACK_IOCTL_DEVICE_INFO:
		return answer_device(arg);
	case BUFTRACK_IOCTL_DEVICE_SET:
		return answer_set(arg);
	case BUFTRACK_IOCTL_SPACE_INFO:
		return answer_space(arg);
	case BUFTRACK_IOCTL_CLIENT_INFO:
		return answer_client(arg);
	case BUFTRACK_IOCTL_COUNTERS:
		return answer_counters(arg);
	case BUFTRACK_IOCTL_PROBE_INFO:
		return answer_probe(arg);
	case BUFTRACK_IOCTL_RECORDS:
		return answer_records(arg);
	case BUFTRACK_IOCTL_STACK:
		return answer_stack(arg);
	default:
		return fail(ENOTTY);
	}
}

int access(const char *path, int mode)
{
	int (*real)(const char *path, int mode) = dlsym(RTLD_NEXT, "access");
	const char *loaded = getenv("FAKE_LOADED");

	if (strncmp(path, MODULES, strlen(MODULES)))
		return real(path, mode);
	return loaded && !strcmp(path + strlen(MODULES), loaded) ? 0 :
								   fail(ENOENT);
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*real)(int fd, unsigned long request, ...) =
		dlsym(RTLD_NEXT, "ioctl");
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (_IOC_TYPE(request) == BUFTRACK_TYPE)
		return answer(request, arg);
	return real(fd, request, arg);
}

static int device_fd = -1;

int open(const char *path, int flags, ...)
{
	int (*real)(const char *path, int flags, ...) =
		dlsym(RTLD_NEXT, "open");
	bool node = !strncmp(path, NODES, strlen(NODES));
	mode_t mode = 0;
	va_list args;
	int fd;

	va_start(args, flags);
	if (flags & O_CREAT)
		mode = va_arg(args, int);
	va_end(args);
	fd = real(node ? "/dev/null" : path, flags, mode);
	if (node && strcmp(path, NODES "control"))
		device_fd = fd;
	return fd;
}

ssize_t read(int fd, void *buffer, size_t length)
{
	ssize_t (*real)(int fd, void *buffer, size_t length) =
		dlsym(RTLD_NEXT, "read");
	static bool told;

	if (fd != device_fd)
		return real(fd, buffer, length);
	if (told)
		return fail(EAGAIN);
	told = true;
	memcpy(buffer, events, sizeof(events));
	return sizeof(events);
}
