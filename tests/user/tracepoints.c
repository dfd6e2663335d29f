// SPDX-License-Identifier: GPL-2.0
/* Tracepoints: contents when enabled, silence when disabled */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "helper.h"
#include "module.h"
#include "fixture.h"
#include "tracefs.h"

#define EVENTS TRACEFS "/events/buftrack/"

static const char *const names[] = { "buftrack_alloc", "buftrack_free",
				     "buftrack_use", "buftrack_wrong" };

/* A test with a trace in which the named events are enabled */
#define TRACE_TEST(_name, _on)                            \
	static void _name##_traced(struct fixture *f);    \
	DEVICE_TEST(_name)                                \
	{                                                 \
		trace_setup();                            \
		trace_set("events/buftrack/" _on, "1");   \
		_name##_traced(f);                        \
		trace_set("events/buftrack/enable", "0"); \
		trace_teardown();                         \
	}                                                 \
	static void _name##_traced(struct fixture *f)

static void check_line(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static void check_line(const char *format, ...)
{
	char line[512], want[512];
	va_list args;

	va_start(args, format);
	vsnprintf(want, sizeof(want), format, args);
	va_end(args);
	CHECK(trace_line(line, sizeof(line)));
	CHECK_STR(line, want);
}

static void check_no_line(void)
{
	char line[512] = "";

	CHECK(!trace_line(line, sizeof(line)));
}

TRACE_TEST(alloc_and_free_are_traced, "enable")
{
	CHECK_OK(
		try_report(f->fd, ALLOC(.address = 0x1000, .size = 10,
					.span = 20, .id = 0x30, .site = 0x40)));
	CHECK_OK(try_report(f->fd, FREE(.address = 0x1000, .size = 10,
					.id = 0x30, .site = 0x41)));
	check_line("buftrack_alloc: device=%u client=1 op=alloc space=0 "
		   "address=0x1000 size=10 span=20 id=0x30 site=0x40 "
		   "flags=0x0 verdict=ok",
		   f->device);
	check_line("buftrack_free: device=%u client=1 op=free space=0 "
		   "address=0x1000 size=10 span=0 id=0x30 site=0x41 "
		   "flags=0x0 verdict=ok",
		   f->device);
	check_no_line();
}

TRACE_TEST(values_are_traced_with_64_bits, "enable")
{
	add_space(f->fd, "L1");
	CHECK_OK(try_report(f->fd,
			    ALLOC(.space = 1, .address = 0xfedcba9876543210,
				  .size = 0x7fffffffffffffff,
				  .id = 0xffffffffffffffff,
				  .site = 0x8000000000000001)));
	check_line("buftrack_alloc: device=%u client=1 op=alloc space=1 "
		   "address=0xfedcba9876543210 size=9223372036854775807 "
		   "span=0 id=0xffffffffffffffff site=0x8000000000000001 "
		   "flags=0x0 verdict=ok",
		   f->device);
}

TRACE_TEST(wrong_reports_are_traced_twice, "enable")
{
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x1000,
					.flags = BUFTRACK_REPORT_REFUSED)),
		 BUFTRACK_VERDICT_UNKNOWN_NEVER);
	check_line("buftrack_free: device=%u client=1 op=free space=0 "
		   "address=0x1000 size=0 span=0 id=0x0 site=0x0 flags=0x1 "
		   "verdict=unknown_free.never",
		   f->device);
	check_line("buftrack_wrong: device=%u client=1 op=free space=0 "
		   "address=0x1000 size=0 span=0 id=0x0 site=0x0 flags=0x1 "
		   "verdict=unknown_free.never",
		   f->device);
	check_no_line();
}

TRACE_TEST(uses_are_traced, "buftrack_use/enable")
{
	CHECK_OK(try_report(f->fd,
			    ALLOC(.address = 0x1000, .size = 16, .id = 7)));
	CHECK_OK(try_report(f->fd, FREE(.address = 0x1000, .id = 7)));
	CHECK_OK(try_report(f->fd,
			    USE(.address = 0x1000, .id = 7, .site = 0x41)));
	check_line("buftrack_use: device=%u client=1 op=use space=0 "
		   "address=0x1000 size=0 span=0 id=0x7 site=0x41 flags=0x0 "
		   "verdict=use_after_free",
		   f->device);
	check_no_line();
}

TRACE_TEST(wrong_reports_can_be_traced_separately, "buftrack_wrong/enable")
{
	CHECK_OK(try_report(f->fd, BUFFER(0x1000, 16)));
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x1000, 16)),
		 BUFTRACK_VERDICT_DOUBLE_ALLOC);
	CHECK_OK(try_report(f->fd, FREE(.address = 0x1000)));
	check_line("buftrack_wrong: device=%u client=1 op=alloc space=0 "
		   "address=0x1000 size=16 span=16 id=0x0 site=0x0 flags=0x0 "
		   "verdict=double_alloc",
		   f->device);
	check_no_line();
}

TRACE_TEST(reports_of_a_batch_are_traced_one_by_one, "enable")
{
	const struct buftrack_report reports[] = {
		BUFFER(0x1000, 16),
		BUFFER(0x2000, 16),
		FREE(.address = 0x1000),
	};
	char line[512];

	CHECK_OK(batch(f->fd, reports, 3, NULL, NULL));
	CHECK(trace_line(line, sizeof(line)) && strstr(line, "=0x1000 "));
	CHECK(trace_line(line, sizeof(line)) && strstr(line, "=0x2000 "));
	CHECK(trace_line(line, sizeof(line)) && strstr(line, "op=free"));
	check_no_line();
}

TRACE_TEST(verdicts_without_events_are_traced_once, "enable")
{
	char line[512];

	CHECK_OK(set_device(f->fd,
			    (struct buftrack_device_set){
				    .fields = BUFTRACK_DEVICE_SET_MAX_RECORDS,
				    .max_records = 1 }));
	CHECK_OK(try_report(f->fd, BUFFER(0x1000, 16)));
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x2000, 16)),
		 BUFTRACK_VERDICT_UNTRACKED);
	CHECK_OK(set_enabled(f->fd, false));
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_DISABLED);
	CHECK(trace_line(line, sizeof(line)) && strstr(line, "verdict=ok"));
	CHECK(trace_line(line, sizeof(line)) &&
	      strstr(line, "verdict=untracked"));
	CHECK(trace_line(line, sizeof(line)) &&
	      strstr(line, "verdict=disabled"));
	check_no_line();
}

TRACE_TEST(reports_that_fail_are_not_traced, "enable")
{
	CHECK_ERR(try_report(f->fd, ALLOC(.address = 0x1000)), EINVAL);
	CHECK_ERR(try_report(f->fd, ALLOC(.space = 9, .size = 1)), ENOENT);
	CHECK_OK(try_report(f->fd, BUFFER(0x1000, 16)));
	CHECK_OK(remove_device(f->control, f->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	CHECK_ERR(try_report(f->fd, BUFFER(0x2000, 16)), ENODEV);
	check_line("buftrack_alloc: device=%u client=1 op=alloc space=0 "
		   "address=0x1000 size=16 span=16 id=0x0 site=0x0 flags=0x0 "
		   "verdict=ok",
		   f->device);
	check_no_line();
}

DEVICE_TEST(filters_match_the_verdict_by_number)
{
	int i;

	trace_setup();
	trace_set("events/buftrack/filter", "verdict==8");
	trace_set("events/buftrack/buftrack_free/enable", "1");
	CHECK_OK(try_report(f->fd, BUFFER(0x1000, 16)));
	for (i = 0; i < 2; i++)
		CHECK_OK(try_report(f->fd, FREE(.address = 0x1000)));
	CHECK_OK(try_report(f->fd, FREE(.address = 0x2000)));
	check_line("buftrack_free: device=%u client=1 op=free space=0 "
		   "address=0x1000 size=0 span=0 id=0x0 site=0x0 flags=0x0 "
		   "verdict=double_free",
		   f->device);
	check_no_line();
	trace_set("events/buftrack/enable", "0");
	trace_teardown();
}

DEVICE_TEST(disabled_events_write_nothing)
{
	char path[128], text[8];
	unsigned int i;

	trace_setup();
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), EVENTS "%s/enable", names[i]);
		read_file(path, text, sizeof(text));
		CHECK_STR(text, "0");
	}
	CHECK_OK(try_report(f->fd, BUFFER(0x1000, 16)));
	CHECK_OK(try_report(f->fd, FREE(.address = 0x3000)));
	check_no_line();
	trace_set("events/buftrack/enable", "1");
	CHECK_OK(try_report(f->fd, FREE(.address = 0x1000)));
	trace_set("events/buftrack/enable", "0");
	CHECK_OK(try_report(f->fd, FREE(.address = 0x1000)));
	check_line("buftrack_free: device=%u client=1 op=free space=0 "
		   "address=0x1000 size=0 span=0 id=0x0 site=0x0 flags=0x0 "
		   "verdict=ok",
		   f->device);
	check_no_line();
	trace_teardown();
}

/* The documented fields, with their types */
TEST(formats_have_the_documented_fields)
{
	static const char *const fields[] = {
		"u32 device;", "u32 space;",   "u64 client;", "u64 address;",
		"u64 size;",   "u64 span;",    "u64 id;",     "u64 site;",
		"u32 op;",     "u32 verdict;", "u32 flags;",
	};
	char path[128], format[4096];
	unsigned int i, j;

	if (access(EVENTS, F_OK))
		test_skip("this kernel has no tracing");
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		int fd;
		ssize_t n;

		snprintf(path, sizeof(path), EVENTS "%s/format", names[i]);
		fd = CHECK_SYS(open(path, O_RDONLY));
		n = CHECK_SYS(read(fd, format, sizeof(format) - 1));
		format[n] = 0;
		close(fd);
		for (j = 0; j < ARRAY_SIZE(fields); j++)
			if (!strstr(format, fields[j]))
				test_failed(__FILE__, __LINE__, "%s has no %s",
					    names[i], fields[j]);
	}
}

/* The names of the verdicts in a trace */
static const char *const verdict_names[BUFTRACK_NR_VERDICTS] = {
	[BUFTRACK_VERDICT_OK] = "ok",
	[BUFTRACK_VERDICT_DISABLED] = "disabled",
	[BUFTRACK_VERDICT_UNTRACKED] = "untracked",
	[BUFTRACK_VERDICT_DOUBLE_ALLOC] = "double_alloc",
	[BUFTRACK_VERDICT_OVERLAP] = "overlap",
	[BUFTRACK_VERDICT_REFUSED_FREE] = "refused_free",
	[BUFTRACK_VERDICT_FOREIGN_FREE] = "foreign_free",
	[BUFTRACK_VERDICT_SIZE_MISMATCH] = "size_mismatch",
	[BUFTRACK_VERDICT_DOUBLE_FREE] = "double_free",
	[BUFTRACK_VERDICT_STALE_FREE] = "stale_free",
	[BUFTRACK_VERDICT_INVALID_FREE] = "invalid_free",
	[BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH] = "unknown_free.pre_attach",
	[BUFTRACK_VERDICT_UNKNOWN_GAP] = "unknown_free.gap",
	[BUFTRACK_VERDICT_UNKNOWN_EVICTED] = "unknown_free.evicted",
	[BUFTRACK_VERDICT_UNKNOWN_OTHER_ID] = "unknown_free.other_id",
	[BUFTRACK_VERDICT_UNKNOWN_NEVER] = "unknown_free.never",
	[BUFTRACK_VERDICT_USE_AFTER_FREE] = "use_after_free",
};

/* perf and trace-cmd read the format, and do not know the module's enums */
TEST(formats_name_each_verdict_by_number)
{
	char format[4096], want[64];
	unsigned int i;
	ssize_t n;
	int fd;

	if (access(EVENTS, F_OK))
		test_skip("this kernel has no tracing");
	fd = CHECK_SYS(open(EVENTS "buftrack_wrong/format", O_RDONLY));
	n = CHECK_SYS(read(fd, format, sizeof(format) - 1));
	format[n] = 0;
	for (i = 0; i < BUFTRACK_NR_VERDICTS; i++) {
		snprintf(want, sizeof(want), "{ %u, \"%s\" }", i,
			 verdict_names[i]);
		if (!strstr(format, want))
			test_failed(__FILE__, __LINE__, "no %s", want);
	}
	CHECK(!strstr(format, "BUFTRACK_"));
}

/* With events enabled in an instance and globally */
TEST(module_can_be_unloaded_while_traced)
{
	struct fixture f;
	int i;

	trace_setup();
	for (i = 0; i < 3; i++) {
		trace_set("events/buftrack/enable", "1");
		write_file(EVENTS "enable", "1");
		fixture_setup(&f);
		CHECK_OK(try_report(f.fd, FREE(.address = 0x1000)));
		fixture_teardown(&f);
		CHECK_OK(unload_module());
		CHECK_ERR(access(EVENTS, F_OK) ? errno : 0, ENOENT);
		CHECK_OK(load_module(""));
		/* The events of the reloaded module are disabled */
		fixture_setup(&f);
		check_no_line();
		CHECK_OK(try_report(f.fd, FREE(.address = 0x1000)));
		check_no_line();
		fixture_teardown(&f);
	}
	trace_teardown();
}

/* Reports and toggling of the events run concurrently */
static void toggle_events(void *arg)
{
	int i = is_debug_kernel() ? 10 : 40;

	(void)arg;
	while (i--) {
		trace_set("events/buftrack/enable", "1");
		trace_set("events/buftrack/enable", "0");
	}
}

DEVICE_TEST(events_can_be_toggled_during_reports)
{
	__u64 i = 0;
	pid_t pid;
	int status;

	trace_setup();
	pid = start(toggle_events, NULL);
	while (!waitpid(pid, &status, WNOHANG)) {
		CHECK_OK(try_report(f->fd, BUFFER(i << 12, 16)));
		CHECK_OK(try_report(f->fd, FREE(.address = i++ << 12)));
	}
	CHECK_EQ(status, 0);
	trace_teardown();
}
