// SPDX-License-Identifier: GPL-2.0
/*
 * Unusual traces that are well formed
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "unit-trace.h"

#define OPEN "1,c,open,d,,,,,,\n"
#define LINES HEADER OPEN
#define OPENED "2 open c@d [] 0 0 0 0\n"

static const struct {
	const char *name;
	const char *text;
	const char *events;
} cases[] = {
	{ "header alone", HEADER, "" },
	{ "no newline at the end", LINES "1,c,close,d,,,,,,",
	  OPENED "3 close c@d [] 0 0 0 0\n" },
	{ "one blank line at the end", LINES "\n", OPENED },
	{ "byte order mark", "\xef\xbb\xbf" LINES, OPENED },
	{ "byte order mark before a comment", "\xef\xbb\xbf# x\n" HEADER OPEN,
	  "3 open c@d [] 0 0 0 0\n" },
	{ "CRLF",
	  "ts_ns,client,op,device,space,address,size,span,id,flags\r\n1,c,open,d,,,,,,late\r\n",
	  "2 open c@d [] 0 0 0 0 late\n" },
	{ "quoted header",
	  "\"ts_ns\",\"client\",op,device,space,address,size,span,id,\"flags\"\n",
	  "" },
	{ "comments anywhere", "# x\n#,,,\"\n" HEADER "#\n" OPEN "# y",
	  "5 open c@d [] 0 0 0 0\n" },
	{ "quoted fields",
	  HEADER
	  "\"1\",\"a \"\"b\"\", c\",\"open\",\"d\",\"\",\"\",\"\",\"\",\"\",\"\"\n",
	  "2 open a \"b\", c@d [] 0 0 0 0\n" },
	{ "word that begins like a comment", HEADER "1,#c,open,d,,,,,,\n",
	  "2 open #c@d [] 0 0 0 0\n" },
	{ "words of UTF-8, spaces and control characters",
	  HEADER "1,\xc3\xa4 \x01,open,d,,,,,,\n",
	  "2 open \xc3\xa4 \x01@d [] 0 0 0 0\n" },
	{ "no time", HEADER ",c,open,d,,,,,,\n", OPENED },
	{ "times in any order", HEADER "9,c,open,d,,,,,,\n8,c,close,d,,,,,,\n",
	  OPENED "3 close c@d [] 0 0 0 0\n" },
	{ "all flags of an open",
	  HEADER
	  "1,a,open,d,,,,,,\n1,b,open,d,,,,,,late\n1,c,open,d,,,,,,shared\n"
	  "1,e,open,d,,,,,,late|shared\n1,f,open,d,,,,,,shared|late\n",
	  "2 open a@d [] 0 0 0 0\n3 open b@d [] 0 0 0 0 late\n"
	  "4 open c@d [] 0 0 0 0 shared\n5 open e@d [] 0 0 0 0 late shared\n"
	  "6 open f@d [] 0 0 0 0 late shared\n" },
	{ "first id", HEADER "1,c,open,d,,,,,0x64,\n",
	  "2 open c@d [] 0 0 0 100\n" },
	{ "fields that the op does not use",
	  HEADER "1,c,open,d,S,1,2,3,4,\n1,c,gap,d,S,1,2,3,4,\n"
		 "1,x,disable,d,S,1,2,3,4,\n1,c,close,d,S,1,2,3,4,\n",
	  "2 open c@d [] 1 2 3 4\n3 gap c@d [] 1 2 3 4\n"
	  "4 disable -@d [] 1 2 3 4\n5 close c@d [] 1 2 3 4\n" },
	{ "enable and disable of a device nobody opened",
	  HEADER "1,,disable,d,,,,,,\n1,,enable,e,,,,,,\n",
	  "2 disable -@d [] 0 0 0 0\n3 enable -@e [] 0 0 0 0\n" },
	{ "uses", LINES "1,c,use,d,S,16,,,7,\n1,c,use,d,S,0x10,8,,,\n",
	  OPENED "3 use c@d [S] 16 0 0 7\n4 use c@d [S] 16 8 8 0\n" },
	{ "alloc: span is the size", LINES "1,c,alloc,d,S,0,4096,,,\n",
	  OPENED "3 alloc c@d [S] 0 4096 4096 0\n" },
	{ "alloc: span unknown", LINES "1,c,alloc,d,S,0,4096,0,,\n",
	  OPENED "3 alloc c@d [S] 0 4096 0 0\n" },
	{ "alloc: span of its own", LINES "1,c,alloc,d,S,0,4096,0x10,9,\n",
	  OPENED "3 alloc c@d [S] 0 4096 16 9\n" },
	{ "alloc up to 2^64", LINES "1,c,alloc,d,S,0xfffffffffffffff0,16,,,\n",
	  OPENED "3 alloc c@d [S] 18446744073709551600 16 16 0\n" },
	{ "alloc of the last byte",
	  LINES "1,c,alloc,d,S,18446744073709551615,1,,,\n",
	  OPENED "3 alloc c@d [S] 18446744073709551615 1 1 0\n" },
	{ "alloc of nearly the whole address space",
	  LINES "1,c,alloc,d,S,1,0xffffffffffffffff,,,\n",
	  OPENED
	  "3 alloc c@d [S] 1 18446744073709551615 18446744073709551615 0\n" },
	{ "alloc larger than its span at the end",
	  LINES "1,c,alloc,d,S,0xffffffffffffffff,4096,0,,\n",
	  OPENED "3 alloc c@d [S] 18446744073709551615 4096 0 0\n" },
	{ "free: no size, no id", LINES "1,c,free,d,S,7,,,,\n",
	  OPENED "3 free c@d [S] 7 0 0 0\n" },
	{ "free: refused", LINES "1,c,free,d,S,7,8,,9,refused\n",
	  OPENED "3 free c@d [S] 7 8 8 9 refused\n" },
	{ "leading zeros are decimal", LINES "1,c,free,d,S,0010,,,0000,\n",
	  OPENED "3 free c@d [S] 10 0 0 0\n" },
	{ "zeros beyond 20 digits",
	  LINES
	  "1,c,free,d,S,0000000000000000000000000000000017,,,0x0000000000000000000000000000000a,\n",
	  OPENED "3 free c@d [S] 17 0 0 10\n" },
	{ "hex of either case",
	  LINES "1,c,free,d,S,0xAb,,,0xFFFFFFFFFFFFFFFF,\n",
	  OPENED "3 free c@d [S] 171 0 0 18446744073709551615\n" },
	{ "one device's client, another's space",
	  LINES
	  "1,e,open,x,,,,,,\n1,e,alloc,x,S,1,1,,,\n1,c,alloc,d,S,1,1,,,\n",
	  OPENED
	  "3 open e@x [] 0 0 0 0\n4 alloc e@x [S] 1 1 1 0\n5 alloc c@d [S] 1 1 1 0\n" },
};

static void test_case(size_t i)
{
	struct trace_error error = { 0 };
	char events[4096];
	int ret = read_text(cases[i].text, strlen(cases[i].text), events,
			    sizeof(events), &error);

	if (test(!ret && !strcmp(events, cases[i].events), "well formed: %s",
		 cases[i].name))
		return;
	note("returned %d, line %lu: %s", ret, error.line, error.text);
	note("events: %s", events);
}

/* Long enough for lines to cross the ends of the read buffer */
static void test_long_file(void)
{
	size_t nr = 40000, size = 64 + nr * 64, used;
	char *text = malloc(size), events[64];
	struct trace_error error = { 0 };
	int ret;

	used = snprintf(text, size, "%s", LINES);
	for (size_t i = 0; i < nr; i++)
		used += snprintf(text + used, size - used,
				 "%zu,c,free,d,S,%zu,,,,\n", i, i);
	used += snprintf(text + used, size - used, "x\n");
	ret = read_text(text, used, events, sizeof(events), &error);
	test(ret == -1 && error.line == nr + 3 &&
		     strstr(error.text, "1 fields"),
	     "line numbers are right in %zu lines", nr);
	free(text);
}

static void test_many_words(void)
{
	size_t nr = 20000, size = 64 + nr * 64, used;
	char *text = malloc(size), events[64];
	struct trace_error error = { 0 };
	int ret;

	used = snprintf(text, size, "%s", HEADER);
	for (size_t i = 0; i < nr; i++)
		used += snprintf(text + used, size - used,
				 "1,c%zu,open,d%zu,,,,,,\n", i, i % 50);
	for (size_t i = nr; i; i--)
		used += snprintf(text + used, size - used,
				 "1,c%zu,close,d%zu,,,,,,\n", i - 1,
				 (i - 1) % 50);
	ret = read_text(text, used, events, sizeof(events), &error);
	test(!ret, "%zu clients on 50 devices are distinguished", nr);
	free(text);
}

void test_wellformed(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		test_case(i);
	test_long_file();
	test_many_words();
}
