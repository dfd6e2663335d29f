// SPDX-License-Identifier: GPL-2.0
/*
 * tenstorrent BUFTRACK.KO DRIVER.KO...: tests of what buftrack records for clients of
 * the Tenstorrent driver, once with each DRIVER.KO. Runs as root in the test machine,
 * where the driver is bound to a stand-in PCI device, and reloads both modules. Prints
 * TAP; exits with 1 if a test failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/buftrack.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define NODE "/dev/tenstorrent/0"
#define DRIVER_DIR "/sys/bus/pci/drivers/tenstorrent"
#define PCI_ADDRESS "0000:00:10.0"
#define PCI_ID "1b36 0100 ffffffff ffffffff 0 0"

#define PAGE 4096UL
#define WINDOW (256 * PAGE)

/* Ioctls of the driver, as in its published header */
#define TT_ALLOCATE_DMA_BUF _IO(0xfa, 3)
#define TT_RESET_DEVICE _IO(0xfa, 6)
#define TT_PIN_PAGES _IO(0xfa, 7)
#define TT_UNPIN_PAGES _IO(0xfa, 10)
#define TT_ALLOCATE_TLB _IO(0xfa, 11)
#define TT_FREE_TLB _IO(0xfa, 12)
#define TT_EXPORT_TLB _IO(0xfa, 16)

#define TT_NOC_DMA 2
#define TT_USER_RESET 3
#define TT_POST_RESET 6

struct tt_dma {
	__u32 size;
	__u8 index, flags, reserved[18];
	__u64 address, offset;
	__u32 out_size, out_reserved;
	__u64 noc, out_more;
};

struct tt_pin {
	__u32 out_size, flags;
	__u64 va, size;
	__u64 address, noc;
};

struct tt_unpin {
	__u64 va, size, reserved;
};

struct tt_tlb {
	__u64 size, reserved;
	__u32 id, more;
	__u64 uncached, combined, out_more;
};

struct tt_export {
	__u32 argsz, flags, id;
	__s32 fd;
	__u64 offset, size;
};

struct tt_reset {
	__u32 out_size, flags, in_size, result;
};

static const char *driver_ko, *buftrack_ko;
static char version[32];
static unsigned int nr_tests, nr_failed;
static bool failed;

/* The features of this driver, and those that buftrack can track */
static bool has_exports, has_regions, has_reclaim, tracks_regions, repeats_pins;

static void expect(const char *what, __u64 got, __u64 want, int line)
{
	if (got == want)
		return;
	printf("# line %d: %s is %llu, not %llu\n", line, what,
	       (unsigned long long)got, (unsigned long long)want);
	failed = true;
}

#define EXPECT(_got, _want) expect(#_got, _got, _want, __LINE__)
#define EXPECT_ERR(_call, _err) expect(#_call, (_call) ? errno : 0, _err, __LINE__)

static void bail(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static void skip(const char *name, const char *why)
{
	printf("ok %u - %s: %s # SKIP %s\n", ++nr_tests, version, name, why);
}

static void result(const char *name)
{
	printf("%sok %u - %s: %s\n", failed ? "not " : "", ++nr_tests, version,
	       name);
	nr_failed += failed;
	failed = false;
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		bail(path);
	close(fd);
}

static void run(const char *format, ...)
{
	char command[256];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	if (system(command))
		bail(command);
}

/* The worker creates nodes and drops clients with a delay */
#define WAIT_UNTIL(_condition)                                         \
	do {                                                           \
		unsigned int ms_ = 0;                                  \
		while (!(_condition) && ms_++ < 20000)                 \
			usleep(1000);                                  \
		if (!(_condition)) {                                   \
			printf("# line %d: never: %s\n", __LINE__,     \
			       #_condition);                           \
			failed = true;                                 \
		}                                                      \
	} while (0)

/* The driver_data that new_id takes is the address of a chip class */
static void read_class_address(char *address)
{
	char line[256], name[64];
	FILE *f = fopen("/proc/kallsyms", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%31s %*s %63s", address, name) == 2 &&
		    !strcmp(name, "wormhole_class"))
			break;
	if (!f || feof(f))
		bail("wormhole_class");
	fclose(f);
}

static void load_driver(void)
{
	char address[32], id[128];

	run("insmod %s", driver_ko);
	read_class_address(address);
	snprintf(id, sizeof(id), "%s %s", PCI_ID, address);
	write_file(DRIVER_DIR "/new_id", id);
	WAIT_UNTIL(!access(NODE, R_OK));
}

static int open_chip(void)
{
	int fd = open(NODE, O_RDWR | O_APPEND | O_CLOEXEC);

	if (fd < 0)
		bail(NODE);
	return fd;
}

/* Returns the number of the device, or -1 */
static int device_number(void)
{
	struct buftrack_device_info info = { .size = sizeof(info),
					     .flags = BUFTRACK_LOOKUP_NEXT };
	int control = open("/dev/buftrack/control", O_RDWR | O_CLOEXEC);
	int found = -1;

	while (found < 0 && !ioctl(control, BUFTRACK_IOCTL_DEVICE_INFO, &info)) {
		if (!strcmp(info.name, PCI_ADDRESS))
			found = info.device;
		info.device++;
		info.flags = BUFTRACK_LOOKUP_NEXT;
	}
	close(control);
	return found;
}

/* State of the probe that covers something */
static __u32 probe_state(const char *covers)
{
	struct buftrack_probe_info info = { .size = sizeof(info) };
	int control = open("/dev/buftrack/control", O_RDWR | O_CLOEXEC);
	__u32 state = BUFTRACK_PROBE_STATE_ABSENT;

	for (; !ioctl(control, BUFTRACK_IOCTL_PROBE_INFO, &info); info.probe++)
		if (!strcmp(info.adapter, "tenstorrent") &&
		    !strcmp(info.covers, covers))
			state = info.state;
	close(control);
	return state;
}

/* Does the kernel have a probe of this driver that it could not place? */
static bool has_gap(void)
{
	struct buftrack_probe_info info = { .size = sizeof(info) };
	int control = open("/dev/buftrack/control", O_RDWR | O_CLOEXEC);
	bool has = false;

	for (; !ioctl(control, BUFTRACK_IOCTL_PROBE_INFO, &info); info.probe++)
		has |= !strcmp(info.adapter, "tenstorrent") &&
		       (info.state == BUFTRACK_PROBE_STATE_MISSING ||
			info.state == BUFTRACK_PROBE_STATE_UNKNOWN_VERSION);
	close(control);
	return has;
}

static bool is_in_place(const char *covers)
{
	__u32 state = probe_state(covers);

	return state == BUFTRACK_PROBE_STATE_IN_PLACE ||
	       state == BUFTRACK_PROBE_STATE_UNTESTED;
}

static void read_version(void)
{
	FILE *f = fopen("/sys/module/tenstorrent/version", "r");

	if (!f || fscanf(f, "%31s", version) != 1)
		bail("version");
	fclose(f);
}

static void read_coverage(void)
{
	repeats_pins = version[0] == '1';
	has_exports = is_in_place("exported TLB windows");
	tracks_regions = is_in_place("outbound iATU regions");
	has_regions = probe_state("outbound iATU regions") !=
		      BUFTRACK_PROBE_STATE_ABSENT;
	has_reclaim =
		tracks_regions &&
		is_in_place("outbound iATU regions that a reset takes back");
	printf("# %s%s: DMA %d PIN %d TLB %d TLB_EXPORT %d IATU %d\n", version,
	       probe_state("TLB windows") == BUFTRACK_PROBE_STATE_UNTESTED ?
		       ", newer than tested" : "",
	       is_in_place("DMA buffers"), is_in_place("pinned pages"),
	       is_in_place("TLB windows"), has_exports, tracks_regions);
}

static int open_device(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/buftrack/%d", device_number());
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		bail(path);
	return fd;
}

static int space_number(int fd, const char *name)
{
	struct buftrack_space_info info = { .size = sizeof(info) };

	for (; !ioctl(fd, BUFTRACK_IOCTL_SPACE_INFO, &info); info.space++)
		if (!strcmp(info.name, name))
			return info.space;
	return -1;
}

/* A counter of a space, NULL: of the device; 0 if the space does not exist */
static __u64 count(const char *space, unsigned int counter)
{
	__u64 values[BUFTRACK_NR_COUNTERS] = { 0 };
	struct buftrack_counters query = { .size = sizeof(query),
					   .values = (uintptr_t)values,
					   .nr = BUFTRACK_NR_COUNTERS };
	int fd = open_device(), number = space ? space_number(fd, space) : 0;

	query.scope = space ? BUFTRACK_SCOPE_SPACE : BUFTRACK_SCOPE_DEVICE;
	query.number = number;
	if (number >= 0 && ioctl(fd, BUFTRACK_IOCTL_COUNTERS, &query))
		bail("counters");
	close(fd);
	return values[counter];
}

/* Is a buffer live at that address of its space, as its process knows it? */
static int is_live_at(const char *space, __u64 address)
{
	struct buftrack_record found[64];
	struct buftrack_records query = {
		.size = sizeof(query),
		.flags = BUFTRACK_RECORDS_BEGIN,
		.states = BUFTRACK_RECORD_STATE_LIVE,
		.records = (uintptr_t)found,
		.nr = sizeof(found) / sizeof(*found),
		.record_size = sizeof(*found),
	};
	int fd = open_device(), is = 0;
	unsigned int i;

	query.space = space_number(fd, space);
	do {
		if (ioctl(fd, BUFTRACK_IOCTL_RECORDS, &query))
			bail("records");
		for (i = 0; i < query.nr; i++)
			is |= found[i].address == address;
		query.flags = 0;
		query.nr = sizeof(found) / sizeof(*found);
	} while (!query.end);
	close(fd);
	return is;
}

#define LIVE(_space) count(_space, BUFTRACK_COUNTER_LIVE_BUFFERS)
#define LIVE_BYTES(_space) count(_space, BUFTRACK_COUNTER_LIVE_BYTES)
#define FREES(_space) count(_space, BUFTRACK_COUNTER_FREES)

/* The sum of all wrong and lost reports */
static __u64 wrong(void)
{
	static const unsigned int counters[] = {
		BUFTRACK_COUNTER_DOUBLE_FREES, BUFTRACK_COUNTER_STALE_FREES,
		BUFTRACK_COUNTER_FOREIGN_FREES, BUFTRACK_COUNTER_SIZE_MISMATCHES,
		BUFTRACK_COUNTER_REFUSED_FREES, BUFTRACK_COUNTER_INVALID_FREES,
		BUFTRACK_COUNTER_UNKNOWN_FREES_GAP, BUFTRACK_COUNTER_UNKNOWN_FREES_EVICTED,
		BUFTRACK_COUNTER_UNKNOWN_FREES_OTHER_ID, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER,
		BUFTRACK_COUNTER_DOUBLE_ALLOCS, BUFTRACK_COUNTER_OVERLAPS,
		BUFTRACK_COUNTER_LOST_REPORTS,
	};
	__u64 sum = 0;
	unsigned int i;

	for (i = 0; i < sizeof(counters) / sizeof(*counters); i++)
		sum += count(NULL, counters[i]);
	return sum;
}

static void reset_counters(void)
{
	struct buftrack_reset reset = { .size = sizeof(reset) };
	int fd = open_device();

	if (ioctl(fd, BUFTRACK_IOCTL_RESET, &reset))
		bail("reset");
	close(fd);
}

static __u64 dma(int fd, __u32 size, __u8 index, __u8 flags)
{
	struct tt_dma arg = { .size = size, .index = index, .flags = flags };

	EXPECT_ERR(ioctl(fd, TT_ALLOCATE_DMA_BUF, &arg), 0);
	return arg.offset;
}

static void *page(void)
{
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		bail("mmap");
	return p;
}

static int pin(int fd, void *va, __u32 flags)
{
	struct tt_pin arg = { .out_size = 16, .flags = flags,
			      .va = (uintptr_t)va, .size = PAGE };

	return ioctl(fd, TT_PIN_PAGES, &arg);
}

static int unpin(int fd, void *va, __u64 size)
{
	struct tt_unpin arg = { .va = (uintptr_t)va, .size = size };

	return ioctl(fd, TT_UNPIN_PAGES, &arg);
}

static struct tt_tlb tlb(int fd)
{
	struct tt_tlb arg = { .size = WINDOW };

	EXPECT_ERR(ioctl(fd, TT_ALLOCATE_TLB, &arg), 0);
	return arg;
}

static int free_tlb(int fd, __u32 id)
{
	return ioctl(fd, TT_FREE_TLB, &id);
}

/* Flag that maps a buffer for the NOC, if this driver can */
static __u32 noc(void)
{
	return has_regions ? TT_NOC_DMA : 0;
}

/* That many regions, as far as buftrack sees regions */
static __u64 regions(__u64 nr)
{
	return tracks_regions ? nr : 0;
}

static int export_tlb(int fd, __u32 id)
{
	struct tt_export arg = { .argsz = sizeof(arg), .id = id };

	EXPECT_ERR(ioctl(fd, TT_EXPORT_TLB, &arg), 0);
	return arg.fd;
}

static int reset_chip(int fd, __u32 flags)
{
	struct tt_reset arg = { .out_size = 8, .flags = flags };

	return ioctl(fd, TT_RESET_DEVICE, &arg);
}

static void test_coverage(void)
{
	int status = system("buftrack status --fail-on uncovered > /tmp/said 2>&1"),
	    named = system("grep -q '^buftrack: not covered: tenstorrent: ' /tmp/said");

	EXPECT(WEXITSTATUS(status), has_gap() ? 3 : 0);
	EXPECT(WEXITSTATUS(named), has_gap() ? 0 : 1);
	result("status fails on what is not covered of the driver");
}

static void test_dma(void)
{
	int fd = open_chip();
	__u64 offset = dma(fd, 4 * PAGE, 3, 0);
	void *p;

	dma(fd, PAGE, 200, 0);
	p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
	EXPECT(p == MAP_FAILED, 0);
	EXPECT(LIVE("DMA"), 2);
	EXPECT(LIVE_BYTES("DMA"), 5 * PAGE);
	EXPECT(is_live_at("DMA", 3), 1);
	EXPECT(is_live_at("DMA", 200), 1);
	close(fd);
	EXPECT(LIVE("DMA"), 2); /* the mapping holds the file */
	munmap(p, 4 * PAGE);
	EXPECT(LIVE("DMA"), 0);
	EXPECT(FREES("DMA"), 2);
	EXPECT(wrong(), 0);
	result("DMA buffers live until their file is closed and unmapped");
}

static void test_pin(void)
{
	void *va = page();
	int fd = open_chip();

	EXPECT_ERR(pin(fd, va, 0), 0);
	EXPECT(LIVE_BYTES("PIN"), PAGE);
	EXPECT(is_live_at("PIN", (uintptr_t)va), 1);
	if (repeats_pins) {
		EXPECT_ERR(pin(fd, va, 0), 0);
		EXPECT_ERR(unpin(fd, va, PAGE), 0);
		EXPECT(LIVE("PIN"), 1);
	} else {
		EXPECT_ERR(pin(fd, va, 0), EEXIST);
	}
	EXPECT(count("PIN", BUFTRACK_COUNTER_ALLOCS), 1);
	EXPECT_ERR(unpin(fd, va, PAGE), 0);
	EXPECT(LIVE("PIN"), 0);
	EXPECT(wrong(), 0);
	EXPECT_ERR(unpin(fd, va, PAGE), EINVAL);
	EXPECT(count("PIN", BUFTRACK_COUNTER_DOUBLE_FREES), 1);
	EXPECT(wrong(), 1);
	close(fd);
	result("a second unpin is a double free");
}

static void test_pins_of_two(void)
{
	void *va = page();
	int a = open_chip(), b = open_chip();

	EXPECT_ERR(pin(a, va, 0), 0);
	EXPECT_ERR(pin(b, va, 0), 0);
	EXPECT_ERR(unpin(a, va, PAGE), 0);
	EXPECT_ERR(unpin(a, va, PAGE), EINVAL);
	EXPECT(count("PIN", BUFTRACK_COUNTER_DOUBLE_FREES), 1);
	EXPECT(LIVE("PIN"), 1);
	EXPECT_ERR(unpin(b, va, 2 * PAGE), EINVAL);
	EXPECT(count("PIN", BUFTRACK_COUNTER_UNKNOWN_FREES_OTHER_ID), 1);
	EXPECT(wrong(), 2);
	close(a);
	close(b);
	EXPECT(LIVE("PIN"), 0);
	result("pins of one address are distinct per file and per size");
}

/* Without an IOMMU, only physically contiguous pages can be pinned at once */
static char *huge_page(void)
{
	const size_t size = 2UL << 20;
	char *p = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		bail("mmap");
	p = (char *)(((uintptr_t)p + size - 1) & ~(size - 1));
	madvise(p, size, MADV_HUGEPAGE);
	memset(p, 1, size);
	return p;
}

static void test_overlapping_pins(void)
{
	char *va = huge_page();
	struct tt_pin two = { .out_size = 16, .va = (uintptr_t)va,
			      .size = 2 * PAGE };
	int fd = open_chip();

	EXPECT_ERR(pin(fd, va, 0), 0);
	EXPECT_ERR(ioctl(fd, TT_PIN_PAGES, &two), 0);
	EXPECT(LIVE("PIN"), 2);
	EXPECT_ERR(unpin(fd, va, PAGE), EINVAL);
	EXPECT(count("PIN", BUFTRACK_COUNTER_REFUSED_FREES), 1);
	EXPECT(wrong(), 1);
	close(fd);
	EXPECT(LIVE("PIN"), 0);
	result("the unpin of a pin hidden by another one is a refused free");
}

static void test_tlb(void)
{
	int a = open_chip(), b = open_chip();
	struct tt_tlb w = tlb(a), again;

	EXPECT(LIVE_BYTES("TLB"), WINDOW);
	EXPECT(LIVE(NULL), 1);
	EXPECT(LIVE_BYTES(NULL), 0); /* it is an aperture */
	EXPECT_ERR(free_tlb(a, w.id), 0);
	EXPECT(LIVE("TLB"), 0);
	EXPECT(wrong(), 0);
	EXPECT_ERR(free_tlb(a, w.id), EPERM);
	EXPECT(count("TLB", BUFTRACK_COUNTER_DOUBLE_FREES), 1);
	again = tlb(b);
	EXPECT(again.id, w.id);
	EXPECT_ERR(free_tlb(a, w.id), EPERM);
	EXPECT(count("TLB", BUFTRACK_COUNTER_STALE_FREES), 1);
	EXPECT(LIVE("TLB"), 1);
	EXPECT(wrong(), 2);
	close(a);
	close(b);
	EXPECT(LIVE("TLB"), 0);
	result("a second free of a window is a double free, and a stale free once it is reused");
}

static void test_foreign_tlb(void)
{
	int a = open_chip(), b = open_chip();
	struct tt_tlb w = tlb(a);

	EXPECT_ERR(free_tlb(b, w.id), EPERM);
	EXPECT(count("TLB", BUFTRACK_COUNTER_UNKNOWN_FREES_OTHER_ID), 1);
	EXPECT_ERR(free_tlb(b, w.id + 1), EPERM);
	EXPECT(wrong(), 2);
	EXPECT(LIVE("TLB"), 1);
	close(a);
	close(b);
	EXPECT(LIVE("TLB"), 0);
	EXPECT(wrong(), 2);
	result("a free of another file's window is an unknown free and frees nothing");
}

static void test_mapped_tlb(void)
{
	int fd = open_chip();
	struct tt_tlb w = tlb(fd);
	void *p = mmap(NULL, WINDOW, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		       w.uncached);

	EXPECT(p == MAP_FAILED, 0);
	EXPECT_ERR(free_tlb(fd, w.id), EBUSY);
	EXPECT(count("TLB", BUFTRACK_COUNTER_REFUSED_FREES), 1);
	EXPECT(LIVE("TLB"), 1);
	munmap(p, WINDOW);
	EXPECT_ERR(free_tlb(fd, w.id), 0);
	EXPECT(LIVE("TLB"), 0);
	EXPECT(wrong(), 1);
	close(fd);
	result("a free of a mapped window is a refused free");
}

static void test_export(void)
{
	const char *name = "an export and its window outlive the file";
	int fd, held, other;
	struct tt_tlb w;

	if (!has_exports) {
		skip(name, "no exports");
		return;
	}
	fd = open_chip();
	w = tlb(fd);
	held = export_tlb(fd, w.id);
	EXPECT(LIVE_BYTES("TLB_EXPORT"), WINDOW);
	EXPECT(LIVE_BYTES(NULL), 0);
	EXPECT_ERR(free_tlb(fd, w.id), 0);
	EXPECT(LIVE("TLB"), 1);
	close(fd);
	EXPECT(LIVE("TLB_EXPORT"), 1);
	EXPECT(count("TLB_EXPORT", BUFTRACK_COUNTER_ORPHANED_BUFFERS), 1);
	EXPECT(LIVE("TLB"), 1);
	other = open_chip();
	EXPECT(tlb(other).id == w.id, 0);
	close(held);
	WAIT_UNTIL(LIVE("TLB_EXPORT") == 0);
	EXPECT(LIVE("TLB"), 1);
	close(other);
	EXPECT(LIVE("TLB"), 0);
	EXPECT(wrong(), 0);
	result(name);
}

/* The first free returns 0; the driver keeps the window until the export ends */
static void test_second_free_of_exported(void)
{
	const char *name =
		"a second free of an exported window is a double free";
	int fd, held;
	struct tt_tlb w;

	if (!has_exports) {
		skip(name, "no exports");
		return;
	}
	fd = open_chip();
	w = tlb(fd);
	held = export_tlb(fd, w.id);
	EXPECT_ERR(free_tlb(fd, w.id), 0);
	EXPECT(wrong(), 0);
	EXPECT_ERR(free_tlb(fd, w.id), EPERM);
	EXPECT(count("TLB", BUFTRACK_COUNTER_DOUBLE_FREES), 1);
	EXPECT(LIVE("TLB"), 1);
	EXPECT(LIVE_BYTES("TLB"), WINDOW);
	EXPECT(wrong(), 1);
	close(held);
	WAIT_UNTIL(LIVE("TLB") == 0);
	EXPECT_ERR(free_tlb(fd, w.id), EPERM);
	EXPECT(count("TLB", BUFTRACK_COUNTER_DOUBLE_FREES), 2);
	EXPECT(tlb(fd).id, w.id);
	EXPECT(LIVE("TLB"), 1);
	close(fd);
	EXPECT(LIVE(NULL), 0);
	EXPECT(wrong(), 2);
	result(name);
}

static void test_close_with_all(void)
{
	int fd = open_chip(), held = -1;
	void *va = page();
	struct tt_tlb w = tlb(fd);

	tlb(fd);
	if (has_exports)
		held = export_tlb(fd, w.id);
	dma(fd, PAGE, 0, noc());
	dma(fd, PAGE, 255, 0);
	EXPECT_ERR(pin(fd, va, noc()), 0);
	EXPECT(LIVE("IATU"), regions(2));
	EXPECT(LIVE_BYTES(NULL), 3 * PAGE); /* DMA buffers and pins */
	EXPECT(LIVE(NULL), 5 + has_exports + regions(2));
	close(fd);
	EXPECT(LIVE("DMA") + LIVE("PIN") + LIVE("IATU"), 0);
	EXPECT(LIVE("TLB"), has_exports);
	EXPECT(LIVE("TLB_EXPORT"), has_exports);
	close(held);
	WAIT_UNTIL(LIVE(NULL) == 0);
	EXPECT(wrong(), 0);
	result("a close frees everything but exports and their windows");
}

static void test_killed(void)
{
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready))
		bail("pipe");
	pid = fork();
	if (!pid) {
		int fd = open_chip();

		dma(fd, PAGE, 1, noc());
		pin(fd, page(), 0);
		tlb(fd);
		if (write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	if (read(ready[0], &c, 1) != 1)
		bail("read");
	EXPECT(LIVE(NULL), 3 + regions(1));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	WAIT_UNTIL(LIVE(NULL) == 0);
	EXPECT(FREES(NULL), 3 + regions(1));
	EXPECT(wrong(), 0);
	result("a killed client leaves nothing live and makes no wrong report");
}

static void test_inherited(void)
{
	int fd = open_chip();
	struct tt_tlb w = tlb(fd);
	pid_t pid = fork();

	if (!pid)
		_exit(free_tlb(fd, w.id));
	waitpid(pid, NULL, 0);
	EXPECT(LIVE("TLB"), 0);
	EXPECT(wrong(), 0);
	close(fd);
	result("a free through an inherited file belongs to its opener");
}

static void test_bad_memory(void)
{
	int fd = open_chip();

	EXPECT_ERR(ioctl(fd, TT_ALLOCATE_DMA_BUF, NULL), EFAULT);
	EXPECT_ERR(ioctl(fd, TT_PIN_PAGES, (void *)-1L), EFAULT);
	EXPECT_ERR(ioctl(fd, TT_UNPIN_PAGES, NULL), EFAULT);
	EXPECT_ERR(ioctl(fd, TT_FREE_TLB, NULL), EFAULT);
	EXPECT_ERR(free_tlb(fd, 0xffffffff), EINVAL);
	EXPECT_ERR(unpin(fd, NULL, 0), EINVAL);
	EXPECT(count(NULL, BUFTRACK_COUNTER_ALLOCS), 0);
	EXPECT(wrong(), 0);
	close(fd);
	result("calls that fail before they reach a buffer report nothing");
}

/* The ioctl fails after the window was allocated, when it copies out its number
 */
static void test_failed_answer(void)
{
	char *pages = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct tt_tlb *arg = (struct tt_tlb *)(pages + PAGE) - 1;
	int fd = open_chip();

	arg->size = WINDOW;
	mprotect(pages, PAGE, PROT_READ);
	EXPECT_ERR(ioctl(fd, TT_ALLOCATE_TLB, arg), EFAULT);
	EXPECT(LIVE("TLB"), 0);
	EXPECT(count("TLB", BUFTRACK_COUNTER_ALLOCS), 1);
	EXPECT(wrong(), 0);
	close(fd);
	result("a window is freed again if its number cannot be copied out");
}

static void test_reset(void)
{
	const char *name = "a reset frees what other files hold as foreign frees";
	int mine, other;

	if (!has_reclaim) {
		skip(name, "a reset frees nothing");
		return;
	}
	mine = open_chip();
	other = open_chip();
	tlb(mine);
	tlb(other);
	dma(mine, PAGE, 0, TT_NOC_DMA);
	dma(other, PAGE, 0, TT_NOC_DMA);
	EXPECT_ERR(reset_chip(mine, TT_USER_RESET), 0);
	EXPECT_ERR(reset_chip(mine, TT_POST_RESET), 0);
	EXPECT(LIVE("TLB"), 1);
	EXPECT(LIVE("IATU"), 1);
	EXPECT(LIVE("DMA"), 2);
	EXPECT(count("TLB", BUFTRACK_COUNTER_FOREIGN_FREES), 1);
	EXPECT(count("IATU", BUFTRACK_COUNTER_FOREIGN_FREES), 1);
	EXPECT(wrong(), 2);
	close(other);
	EXPECT(LIVE("TLB"), 1);
	EXPECT(LIVE("IATU"), 1);
	close(mine);
	EXPECT(LIVE(NULL), 0);
	EXPECT(wrong(), 2);
	result(name);
}

static void test_unbind(void)
{
	int fd = open_chip();
	/* Before they reclaimed regions, drivers wrote to a BAR that was unmapped */
	const __u32 flags = has_reclaim ? noc() : 0;
	__u64 offset = dma(fd, PAGE, 9, flags);
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
	int held = -1;
	__u32 window;

	EXPECT(p == MAP_FAILED, 0);
	EXPECT_ERR(pin(fd, page(), 0), 0);
	window = tlb(fd).id;
	if (has_exports)
		held = export_tlb(fd, window);
	EXPECT(LIVE(NULL), 3 + has_exports + !!flags);
	write_file(DRIVER_DIR "/unbind", PCI_ADDRESS);
	EXPECT(LIVE(NULL), 0);
	EXPECT(FREES("DMA") + FREES("PIN") + FREES("IATU"), 2 + !!flags);
	EXPECT(count("DMA", BUFTRACK_COUNTER_FOREIGN_FREES), 1);
	EXPECT(count("TLB", BUFTRACK_COUNTER_REMOVED_BUFFERS), 1);
	EXPECT(count("TLB_EXPORT", BUFTRACK_COUNTER_REMOVED_BUFFERS),
	       has_exports);
	EXPECT(wrong(), 2 + !!flags);
	close(held);
	munmap(p, PAGE);
	close(fd);
	EXPECT(wrong(), 2 + !!flags);
	write_file(DRIVER_DIR "/bind", PCI_ADDRESS);
	WAIT_UNTIL(!access(NODE, R_OK));
	reset_counters();
	fd = open_chip();
	/* A file open at the unbind may have freed the window: not "never allocated" */
	EXPECT_ERR(free_tlb(fd, 7), EPERM);
	EXPECT(count("TLB", BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH), 1);
	EXPECT(wrong(), 0);
	close(fd);
	result("an unbind under an open file ends its buffers, and the next bind starts empty");
}

/* The chip of the old file is gone; its numbers are those of the new one's windows */
static void check_old_file(int old, const struct tt_tlb *w)
{
	int fd = open_chip();
	struct tt_tlb again = tlb(fd);

	EXPECT(again.id, w->id);
	dma(fd, PAGE, 9, noc());
	free_tlb(old, w->id);
	close(old);
	EXPECT(LIVE("TLB"), 1);
	EXPECT(LIVE("IATU"), regions(1));
	EXPECT(wrong(), 0);
	EXPECT_ERR(free_tlb(fd, again.id), 0);
	EXPECT(LIVE("TLB"), 0);
	close(fd);
	EXPECT(LIVE(NULL), 0);
	EXPECT(wrong(), 0);
}

static void test_rebind(void)
{
	int old = open_chip();
	struct tt_tlb w = tlb(old);

	dma(old, PAGE, 9, has_reclaim ? noc() : 0);
	write_file(DRIVER_DIR "/unbind", PCI_ADDRESS);
	write_file(DRIVER_DIR "/bind", PCI_ADDRESS);
	WAIT_UNTIL(!access(NODE, R_OK));
	reset_counters();
	check_old_file(old, &w);
	result("a file of an earlier binding frees nothing of the next one");
}

static void test_rescan(void)
{
	int old = open_chip();
	struct tt_tlb w = tlb(old);

	dma(old, PAGE, 9, has_reclaim ? noc() : 0);
	write_file("/sys/bus/pci/devices/" PCI_ADDRESS "/remove", "1");
	write_file("/sys/bus/pci/rescan", "1");
	WAIT_UNTIL(!access(NODE, R_OK));
	reset_counters();
	check_old_file(old, &w);
	result("a file of a removed device frees nothing of the one found by a rescan");
}

static void test_driver_reload(void)
{
	int number = device_number(), fd;

	run("rmmod tenstorrent");
	load_driver();
	EXPECT(device_number(), number);
	fd = open_chip();
	tlb(fd);
	EXPECT(LIVE("TLB"), 1);
	close(fd);
	EXPECT(LIVE("TLB"), 0);
	EXPECT(wrong(), 0);
	fd = open_chip();
	EXPECT_ERR(free_tlb(fd, 7), EPERM);
	EXPECT(count("TLB", BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER), 1);
	close(fd);
	result("a reloaded driver keeps its device");
}

static void traffic(void)
{
	void *va = page();
	int fd = open_chip();

	for (;;) {
		struct tt_tlb w = { .size = WINDOW };

		pin(fd, va, 0);
		if (!ioctl(fd, TT_ALLOCATE_TLB, &w))
			free_tlb(fd, w.id);
		unpin(fd, va, PAGE);
		close(fd);
		fd = open_chip();
	}
}

static void test_late(void)
{
	int fd = open_chip(), other, i;
	void *va = page();
	struct tt_tlb w = tlb(fd);
	pid_t pid;

	dma(fd, PAGE, 5, noc());
	EXPECT_ERR(pin(fd, va, 0), 0);
	pid = fork();
	if (!pid)
		traffic();
	for (i = 0; i < 10; i++) {
		run("rmmod buftrack");
		run("insmod %s", buftrack_ko);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	WAIT_UNTIL(device_number() >= 0);
	EXPECT_ERR(free_tlb(fd, w.id), 0);
	EXPECT_ERR(unpin(fd, va, PAGE), 0);
	EXPECT(wrong(), 0);
	other = open_chip();
	EXPECT(tlb(other).id, w.id);
	EXPECT(LIVE("TLB"), 1);
	close(other);
	close(fd);
	EXPECT(LIVE(NULL), 0);
	EXPECT(wrong(), 0);
	EXPECT(count(NULL, BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH) >= 4, 1);
	result("frees of buffers from before a reload of buftrack are not wrong frees");
}

int main(int argc, char **argv)
{
	static void (*const tests[])(void) = {
		test_coverage, test_dma, test_pin, test_pins_of_two,
		test_overlapping_pins, test_tlb, test_foreign_tlb, test_mapped_tlb, test_export,
		test_second_free_of_exported, test_close_with_all, test_killed,
		test_inherited, test_bad_memory, test_failed_answer, test_reset,
		test_unbind, test_rebind, test_rescan, test_driver_reload,
		test_late,
	};
	const unsigned int nr = sizeof(tests) / sizeof(*tests);
	unsigned int i;

	if (argc < 3) {
		fprintf(stderr, "usage: tenstorrent BUFTRACK.KO DRIVER.KO...\n");
		return 2;
	}
	buftrack_ko = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%u\n", (argc - 2) * nr);
	for (argv += 2; *argv; argv++) {
		driver_ko = *argv;
		load_driver();
		WAIT_UNTIL(device_number() >= 0);
		read_version();
		read_coverage();
		for (i = 0; i < nr; i++) {
			reset_counters();
			tests[i]();
		}
		run("rmmod tenstorrent");
	}
	return nr_failed ? 1 : 0;
}
