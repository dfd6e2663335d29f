// SPDX-License-Identifier: GPL-2.0
/*
 * Parsing and formatting numbers, messages, names of the library
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <libbuftrack.h>

#include "../../tools/util/parse.h"
#include "../../tools/util/err.h"
#include "../../tools/util/text.h"
#include "tap.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *text;
	int ret;
	uint64_t value;
} sizes[] = {
	{ "0", 0, 0 },
	{ "4096", 0, 4096 },
	{ "0x1000", 0, 4096 },
	{ "1B", 0, 1 },
	{ "4K", 0, 4096 },
	{ "4KiB", 0, 4096 },
	{ "1MiB", 0, 1 << 20 },
	{ "1.5GiB", 0, UINT64_C(1610612736) },
	{ "0.25K", 0, 256 },
	{ "16383PiB", 0, UINT64_C(16383) << 50 },
	{ "18446744073709551615", 0, UINT64_MAX },
	{ "18446744073709551616", -1, 0 },
	{ "16384PiB", -1, 0 },
	{ "1MB", -1, 0 },
	{ "1 MiB", -1, 0 },
	{ "-1", -1, 0 },
	{ "", -1, 0 },
	{ ".5K", -1, 0 },
	{ "1.K", -1, 0 },
	{ "K", -1, 0 },
	{ "1e3", -1, 0 },
}, durations[] = {
	{ "1", 0, UINT64_C(1000000000) },
	{ "10s", 0, UINT64_C(10000000000) },
	{ "5ns", 0, 5 },
	{ "2us", 0, 2000 },
	{ "100ms", 0, 100000000 },
	{ "1.5m", 0, UINT64_C(90000000000) },
	{ "2h", 0, UINT64_C(7200000000000) },
	{ "1d", 0, UINT64_C(86400000000000) },
	{ "1w", -1, 0 },
	{ "", -1, 0 },
	{ "-1s", -1, 0 },
	{ "999999999d", -1, 0 },
};

void test_numbers(void)
{
	for (size_t i = 0; i < NR(sizes); i++) {
		uint64_t value = 0;
		int ret = parse_size(sizes[i].text, &value);

		test(ret == sizes[i].ret && (ret || value == sizes[i].value),
		     "size '%s' (%d, %" PRIu64 ")", sizes[i].text, ret, value);
	}
	for (size_t i = 0; i < NR(durations); i++) {
		uint64_t value = 0;
		int ret = parse_duration(durations[i].text, &value);

		test(ret == durations[i].ret &&
			     (ret || value == durations[i].value),
		     "time '%s' (%d, %" PRIu64 ")", durations[i].text, ret,
		     value);
	}
}

static void check_size(uint64_t bytes, const char *expected)
{
	char text[UNIT_TEXT];

	test(!strcmp(size_text(bytes, text), expected), "%" PRIu64 " is %s",
	     bytes, text);
}

static void check_duration(uint64_t ns, const char *expected)
{
	char text[UNIT_TEXT];

	test(!strcmp(duration_text(ns, text), expected), "%" PRIu64 " ns is %s",
	     ns, text);
}

void test_texts(void)
{
	check_size(0, "0 B");
	check_size(1023, "1023 B");
	check_size(1024, "1.00 KiB");
	check_size(1536, "1.50 KiB");
	check_size(10240, "10.0 KiB");
	check_size(1048575, "1.00 MiB");
	check_size(UINT64_MAX, "16.0 EiB");
	check_duration(999, "999ns");
	check_duration(1000, "1us");
	check_duration(999999999, "999ms");
	check_duration(UINT64_C(61000000000), "1m 1s");
	check_duration(UINT64_C(3661000000000), "1h 1m");
	check_duration(UINT64_C(90000000000000), "1d 1h");
}

/* Every errno that linux/buftrack.h defines */
static const int errnos[] = {
	ENOTTY, EINVAL, E2BIG,	EOPNOTSUPP, EFAULT,	  EBADF,  EPERM,
	ENOENT, ENODEV, EEXIST, EBUSY,	    ENAMETOOLONG, EILSEQ, ERANGE,
	EDQUOT, ENFILE, EUSERS, ENOSPC,	    ENOMEM,	  EINTR,
};

/* The requests that return the errnos specific to some requests */
static const struct {
	enum err_request request;
	int error;
} particular[] = {
	{ REQ_DEVICE_ADD, EEXIST },
	{ REQ_DEVICE_ADD, EDQUOT },
	{ REQ_DEVICE_ADD, ENFILE },
	{ REQ_DEVICE_ADD, ENAMETOOLONG },
	{ REQ_DEVICE_ADD, EILSEQ },
	{ REQ_DEVICE_REMOVE, EBUSY },
	{ REQ_SPACE_ADD, EEXIST },
	{ REQ_SPACE_ADD, ENOSPC },
	{ REQ_SPACE_ADD, ENAMETOOLONG },
	{ REQ_SPACE_ADD, EILSEQ },
	{ REQ_DECLARE, EBUSY },
	{ REQ_DECLARE, EUSERS },
	{ REQ_DECLARE, ENAMETOOLONG },
	{ REQ_DECLARE, EILSEQ },
	{ REQ_REPORT, ERANGE },
	{ REQ_REPORT, EUSERS },
	{ REQ_LOST, EUSERS },
};

/* is_general() - true if any request may return it */
static bool is_general(int error)
{
	for (size_t i = 0; i < NR(particular); i++)
		if (particular[i].error == error && error != ENFILE)
			return false;
	return true;
}

/* "problem: remedy" */
static bool is_advice(const char *text, int error)
{
	const char *colon = strstr(text, ": ");

	return strcmp(text, strerror(error)) && colon && colon[2] &&
	       !strchr(text, '\n');
}

void test_meanings(void)
{
	for (size_t i = 0; i < NR(particular); i++) {
		const char *text =
			err_text(particular[i].request, particular[i].error);

		test(is_advice(text, particular[i].error), "request %d, %s: %s",
		     particular[i].request,
		     strerrorname_np(particular[i].error), text);
	}
	for (size_t i = 0; i < NR(errnos); i++) {
		bool good = true;

		for (int request = REQ_OPEN_CONTROL; request < NR_REQUESTS;
		     request++)
			good &= is_advice(err_text(request, errnos[i]),
					  errnos[i]);
		if (is_general(errnos[i]))
			test(good, "%s has a text for every request",
			     strerrorname_np(errnos[i]));
	}
}

static bool all_counters(void)
{
	for (int i = 0; i < BUFTRACK_NR_COUNTERS; i++)
		if (buftrack_counter_from_name(buftrack_counter_name(i)) != i)
			return false;
	return true;
}

static bool all_verdicts(void)
{
	for (int i = 0; i < BUFTRACK_NR_VERDICTS; i++)
		if (buftrack_verdict_from_name(buftrack_verdict_name(i)) != i ||
		    !*buftrack_verdict_meaning(i))
			return false;
	return true;
}

/* A verdict has the name of its counter, with these exceptions. */
static bool same_names(void)
{
	for (int i = 1; i < BUFTRACK_NR_VERDICTS; i++) {
		int counter = buftrack_verdict_counter(i);

		if (i == BUFTRACK_VERDICT_DISABLED ||
		    i == BUFTRACK_VERDICT_UNTRACKED)
			continue;
		if (counter < 0 || strcmp(buftrack_verdict_name(i),
					  buftrack_counter_name(counter)))
			return false;
	}
	return true;
}

void test_names(void)
{
	test(all_counters(), "every counter is found by its name");
	test(all_verdicts(),
	     "every verdict is found by its name and has a meaning");
	test(same_names(), "verdicts and their counters have the same names");
	test(!buftrack_counter_name(BUFTRACK_NR_COUNTERS) &&
		     !buftrack_verdict_name(BUFTRACK_NR_VERDICTS) &&
		     !buftrack_verdict_meaning(BUFTRACK_NR_VERDICTS),
	     "unknown counters and verdicts have no name");
	errno = 0;
	test(buftrack_counter_from_name("x") == -1 && errno == ENOENT,
	     "an unknown counter name gives ENOENT");
	errno = 0;
	test(buftrack_verdict_from_name("x") == -1 && errno == ENOENT,
	     "an unknown verdict name gives ENOENT");
	errno = 0;
	test(buftrack_verdict_counter(BUFTRACK_VERDICT_OK) == -1 &&
		     errno == ENOENT,
	     "ok has no counter");
}
