// SPDX-License-Identifier: GPL-2.0
/*
 * bridge-fake-kernel.so: /dev/buftrack without a kernel, for LD_PRELOAD
 *
 * It tracks buffers by address, following the rules for reports without ids and
 * spans, in a file that tests map while it runs ($FAKE_KERNEL_STATE). The file also
 * injects errors. It implements only the calls that the bridge makes. With
 * $FAKE_KERNEL_SINK it counts reports and tracks nothing.
 */
#include <dlfcn.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/buftrack.h>

#include <uthash.h>

#define NODES "/dev/buftrack/"
#define MAX_CLIENTS 16384
#define MAX_DEVICES 300
#define MAX_FILES 65536

/**
 * struct client - a client; fake_kernel.py knows the layout
 */
struct client {
	uint32_t is_open;
	uint32_t pid;
	uint32_t is_late;
	uint32_t has_gap;
	uint32_t uid;
	uint32_t unused;
	char device[32];
	char name[64];
	uint64_t counters[BUFTRACK_NR_COUNTERS];
};

/**
 * struct state - all clients
 * @nr: number of clients
 * @fail_nr: number of the ioctl that fails
 * @fail_errno: its errno
 * @fail_count: how many times it fails
 * @batches: calls of the batch ioctl
 * @clients: the clients
 */
struct state {
	uint32_t nr;
	uint32_t fail_nr;
	uint32_t fail_errno;
	uint32_t fail_count;
	uint64_t batches;
	struct client clients[MAX_CLIENTS];
};

struct key {
	uint64_t address;
	uint64_t space;
};

struct record {
	struct key key;
	uint64_t size;
	bool is_live;
	UT_hash_handle hh;
};

struct space {
	char name[BUFTRACK_SPACE_NAME_SIZE];
	uint64_t capacity;
	uint64_t live;
	uint64_t live_bytes;
	uint64_t remaining;
	uint64_t remaining_bytes;
};

struct device {
	char name[BUFTRACK_DEVICE_NAME_SIZE];
	unsigned int nr_spaces;
	struct space spaces[BUFTRACK_MAX_SPACES];
};

struct file {
	bool is_node;
	struct device *device;
	struct client *client;
	struct record *records;
};

static struct state *state;
static bool is_sink;
static struct device devices[MAX_DEVICES];
static unsigned int nr_devices;
static struct file files[MAX_FILES];

static void *real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static void open_state(void)
{
	int (*real_open)(const char *, int, ...) = real("open");
	const char *path = getenv("FAKE_KERNEL_STATE");
	int fd;

	if (state)
		return;
	is_sink = getenv("FAKE_KERNEL_SINK") != NULL;
	fd = path ? real_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : -1;
	if (fd < 0 || ftruncate(fd, sizeof(*state)))
		err(1, "fake-kernel: $FAKE_KERNEL_STATE");
	state = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED,
		     fd, 0);
	if (state == MAP_FAILED)
		err(1, "fake-kernel: %s", path);
	close(fd);
}

int open(const char *path, int flags, ...)
{
	int (*real_open)(const char *, int, ...) = real("open");
	va_list args;
	mode_t mode;
	int fd;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (strncmp(path, NODES, strlen(NODES)))
		return real_open(path, flags, mode);
	open_state();
	fd = real_open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -1;
	files[fd] = (struct file){ .is_node = true };
	if (strcmp(path + strlen(NODES), "control"))
		files[fd].device = &devices[atoi(path + strlen(NODES))];
	return fd;
}

static struct space *space_of(struct file *file, const struct key *key)
{
	return &file->device->spaces[key->space];
}

/* end_client() - count live buffers as remaining */
static void end_client(struct file *file)
{
	struct record *record, *next;

	if (!file->client)
		return;
	HASH_ITER(hh, file->records, record, next)
	{
		if (record->is_live) {
			struct space *space = space_of(file, &record->key);

			space->live--;
			space->live_bytes -= record->size;
			space->remaining++;
			space->remaining_bytes += record->size;
			file->client
				->counters[BUFTRACK_COUNTER_REMAINING_BUFFERS]++;
			file->client
				->counters[BUFTRACK_COUNTER_REMAINING_BYTES] +=
				record->size;
		}
		HASH_DEL(file->records, record);
		free(record);
	}
	file->client->counters[BUFTRACK_COUNTER_LIVE_BUFFERS] = 0;
	file->client->counters[BUFTRACK_COUNTER_LIVE_BYTES] = 0;
	file->client->is_open = 0;
}

int close(int fd)
{
	int (*real_close)(int) = real("close");

	if (fd >= 0 && fd < MAX_FILES && files[fd].is_node) {
		end_client(&files[fd]);
		files[fd].is_node = false;
	}
	return real_close(fd);
}

static int fail(int error)
{
	errno = error;
	return -1;
}

static int device_add(struct buftrack_device_add *add)
{
	for (add->device = 0; add->device < nr_devices; add->device++)
		if (!strcmp(devices[add->device].name, add->name))
			return 0;
	if (!strncmp(add->name, "0000:", 5))
		return fail(EPERM);
	if (nr_devices == MAX_DEVICES)
		return fail(ENFILE);
	add->created = 1;
	strcpy(devices[nr_devices++].name, add->name);
	return 0;
}

static int device_info(struct file *file, struct buftrack_device_info *info)
{
	if (file->device)
		info->device = file->device - devices;
	if (info->device >= nr_devices)
		return fail(ENOENT);
	strcpy(info->name, devices[info->device].name);
	info->state = BUFTRACK_DEVICE_STATE_ENABLED;
	return 0;
}

static int space_add(struct file *file, struct buftrack_space_add *add)
{
	struct device *device = file->device;
	struct space *space;

	for (add->space = 0; add->space < device->nr_spaces; add->space++)
		if (!strcmp(device->spaces[add->space].name, add->name))
			return 0;
	space = &device->spaces[device->nr_spaces++];
	strcpy(space->name, add->name);
	space->capacity = add->capacity;
	return 0;
}

static int space_info(struct file *file, struct buftrack_space_info *info)
{
	if (info->space >= file->device->nr_spaces)
		return fail(ENOENT);
	strcpy(info->name, file->device->spaces[info->space].name);
	return 0;
}

static int declare(struct file *file, const struct buftrack_declare *declare)
{
	struct client *client;

	if (state->nr == MAX_CLIENTS)
		return fail(EUSERS);
	client = &state->clients[state->nr];
	client->is_open = 1;
	client->pid = declare->claimed_pid;
	client->is_late = !!(declare->flags & BUFTRACK_DECLARE_LATE);
	client->uid = declare->flags & BUFTRACK_DECLARE_CLAIMED_UID ?
			      declare->claimed_uid :
			      UINT32_MAX;
	strcpy(client->name, declare->claimed_name);
	strcpy(client->device, file->device->name);
	file->client = client;
	file->records = NULL;
	state->nr++;
	return 0;
}

static struct record *find(struct file *file, const struct key *key)
{
	struct record *record;

	HASH_FIND(hh, file->records, key, sizeof(*key), record);
	return record;
}

static void count(struct file *file, enum buftrack_counter counter, int64_t by)
{
	file->client->counters[counter] += by;
}

static void set_live(struct file *file, struct record *record, bool is_live)
{
	struct space *space = space_of(file, &record->key);
	int64_t sign = is_live ? 1 : -1;

	record->is_live = is_live;
	space->live += sign;
	space->live_bytes += sign * record->size;
	count(file, BUFTRACK_COUNTER_LIVE_BUFFERS, sign);
	count(file, BUFTRACK_COUNTER_LIVE_BYTES, sign * record->size);
}

static void take_alloc(struct file *file, const struct key *key, uint64_t size)
{
	struct record *record = find(file, key);

	if (!record) {
		record = calloc(1, sizeof(*record));
		record->key = *key;
		HASH_ADD(hh, file->records, key, sizeof(record->key), record);
	} else if (record->is_live) {
		count(file, BUFTRACK_COUNTER_DOUBLE_ALLOCS, 1);
		count(file, BUFTRACK_COUNTER_SUPERSEDED, 1);
		set_live(file, record, false);
	}
	record->size = size;
	set_live(file, record, true);
	count(file, BUFTRACK_COUNTER_ALLOCS, 1);
}

static void take_free(struct file *file, const struct key *key, uint64_t size)
{
	struct record *record = find(file, key);

	if (!record) {
		count(file,
		      file->client->has_gap ?
			      BUFTRACK_COUNTER_UNKNOWN_FREES_GAP :
		      file->client->is_late ?
			      BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH :
			      BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER,
		      1);
		return;
	}
	if (!record->is_live) {
		count(file, BUFTRACK_COUNTER_DOUBLE_FREES, 1);
		return;
	}
	if (size && size != record->size)
		count(file, BUFTRACK_COUNTER_SIZE_MISMATCHES, 1);
	set_live(file, record, false);
	count(file, BUFTRACK_COUNTER_FREES, 1);
}

static int take(struct file *file, const struct buftrack_report *report)
{
	const struct key key = { report->address, report->space };

	if (report->space >= file->device->nr_spaces || report->id ||
	    report->span || report->flags ||
	    (report->op == BUFTRACK_OP_ALLOC && !report->size))
		return fail(EINVAL);
	if (is_sink)
		count(file,
		      report->op == BUFTRACK_OP_ALLOC ?
			      BUFTRACK_COUNTER_ALLOCS :
			      BUFTRACK_COUNTER_FREES,
		      1);
	else if (report->op == BUFTRACK_OP_ALLOC)
		take_alloc(file, &key, report->size);
	else
		take_free(file, &key, report->size);
	return 0;
}

static int batch(struct file *file, struct buftrack_batch *arg)
{
	const struct buftrack_report *reports =
		(const void *)(uintptr_t)arg->reports;

	state->batches++;
	for (arg->done = 0; arg->done < arg->nr; arg->done++)
		if (take(file, &reports[arg->done]))
			return -1;
	return 0;
}

static int lost(struct file *file, const struct buftrack_lost *arg)
{
	count(file, BUFTRACK_COUNTER_LOST_REPORTS, arg->count);
	file->client->has_gap = 1;
	return 0;
}

static int counters(struct file *file, struct buftrack_counters *arg)
{
	uint64_t *values = (uint64_t *)(uintptr_t)arg->values;
	const struct space *space = &file->device->spaces[arg->number];

	if (arg->scope != BUFTRACK_SCOPE_SPACE)
		return fail(EOPNOTSUPP);
	memset(values, 0, arg->nr * sizeof(*values));
	values[BUFTRACK_COUNTER_LIVE_BUFFERS] = space->live;
	values[BUFTRACK_COUNTER_LIVE_BYTES] = space->live_bytes;
	values[BUFTRACK_COUNTER_REMAINING_BUFFERS] = space->remaining;
	values[BUFTRACK_COUNTER_REMAINING_BYTES] = space->remaining_bytes;
	return 0;
}

static int dispatch(struct file *file, unsigned int nr, void *arg)
{
	switch (nr) {
	case BUFTRACK_CMD_INFO:
		return 0;
	case BUFTRACK_CMD_DEVICE_ADD:
		return device_add(arg);
	case BUFTRACK_CMD_DEVICE_INFO:
		return device_info(file, arg);
	case BUFTRACK_CMD_SPACE_ADD:
		return space_add(file, arg);
	case BUFTRACK_CMD_SPACE_INFO:
		return space_info(file, arg);
	case BUFTRACK_CMD_DECLARE:
		return declare(file, arg);
	case BUFTRACK_CMD_BATCH:
		return batch(file, arg);
	case BUFTRACK_CMD_LOST:
		return lost(file, arg);
	case BUFTRACK_CMD_COUNTERS:
		return counters(file, arg);
	case BUFTRACK_CMD_RECORDS:
		((struct buftrack_records *)arg)->nr = 0;
		((struct buftrack_records *)arg)->end = 1;
		return 0;
	default:
		return fail(ENOTTY);
	}
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*real_ioctl)(int, unsigned long, ...) = real("ioctl");
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (fd < 0 || fd >= MAX_FILES || !files[fd].is_node ||
	    _IOC_TYPE(request) != BUFTRACK_TYPE)
		return real_ioctl(fd, request, arg);
	if (state->fail_count && state->fail_nr == _IOC_NR(request)) {
		state->fail_count--;
		return fail(state->fail_errno);
	}
	return dispatch(&files[fd], _IOC_NR(request), arg);
}
