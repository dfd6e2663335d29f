// SPDX-License-Identifier: GPL-2.0
/*
 * Every way in which a trace can be malformed, one by one
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "unit-trace.h"

#define OPEN "1,c,open,d,,,,,,\n"
#define LINES HEADER OPEN

/* The line at which each stops, and part of its message */
static const struct {
	const char *name;
	const char *text;
	unsigned long line;
	const char *says;
} cases[] = {
	/* Clients that are not open */
	{ "alloc of a client never opened", HEADER "1,c,alloc,d,S,1,1,,,\n", 2,
	  "client 'c' is not open: open it first" },
	{ "free of a client never opened", HEADER "1,c,free,d,S,1,,,,\n", 2,
	  "client 'c' is not open" },
	{ "use of a client never opened", HEADER "1,c,use,d,S,1,,,1,\n", 2,
	  "client 'c' is not open" },
	{ "gap of a client never opened", HEADER "1,c,gap,d,,,,,,\n", 2,
	  "client 'c' is not open" },
	{ "close of a client never opened", HEADER "1,c,close,d,,,,,,\n", 2,
	  "client 'c' is not open" },
	{ "alloc after the close",
	  LINES "1,c,close,d,,,,,,\n1,c,alloc,d,S,1,1,,,\n", 4,
	  "client 'c' is not open: it was closed before" },
	{ "second close", LINES "1,c,close,d,,,,,,\n1,c,close,d,,,,,,\n", 4,
	  "client 'c' is not open: it was closed before" },
	{ "second open", LINES OPEN, 3, "client 'c' is open" },
	{ "second open on another device", LINES "1,c,open,e,,,,,,\n", 3,
	  "client 'c' is open" },
	{ "open of a word that was used before",
	  LINES "1,c,close,d,,,,,,\n" OPEN, 4, "client 'c' was used before" },
	{ "open of a word that was used on another device",
	  LINES "1,c,close,d,,,,,,\n1,c,open,e,,,,,,\n", 4,
	  "client 'c' was used before" },
	{ "alloc on another device", LINES "1,c,alloc,e,S,1,1,,,\n", 3,
	  "client 'c' belongs to device 'd'" },
	{ "free on another device", LINES "1,c,free,e,S,1,,,,\n", 3,
	  "belongs to device 'd'" },
	{ "use on another device", LINES "1,c,use,e,S,1,,,1,\n", 3,
	  "belongs to device 'd'" },
	{ "close on another device", LINES "1,c,close,e,,,,,,\n", 3,
	  "belongs to device 'd'" },
	{ "gap on another device", LINES "1,c,gap,e,,,,,,\n", 3,
	  "belongs to device 'd'" },
	{ "a client differs from another in case", LINES "1,C,free,d,S,1,,,,\n",
	  3, "client 'C' is not open" },

	/* Missing fields */
	{ "alloc without a size", LINES "1,c,alloc,d,S,1,,,,\n", 3,
	  "alloc without a size" },
	{ "alloc without a size, though with a span",
	  LINES "1,c,alloc,d,S,1,,8,,\n", 3, "alloc without a size" },
	{ "alloc of size 0", LINES "1,c,alloc,d,S,1,0,,,\n", 3,
	  "alloc of size 0" },
	{ "alloc of size 0x0", LINES "1,c,alloc,d,S,1,0x0,,,\n", 3,
	  "alloc of size 0" },
	{ "alloc without an address", LINES "1,c,alloc,d,S,,1,,,\n", 3,
	  "alloc without an address" },
	{ "free without an address", LINES "1,c,free,d,S,,,,,\n", 3,
	  "free without an address" },
	{ "use without an address", LINES "1,c,use,d,S,,,,1,\n", 3,
	  "use without an address" },
	{ "use without a space", LINES "1,c,use,d,,1,,,1,\n", 3,
	  "use without a space" },
	{ "alloc without a space", LINES "1,c,alloc,d,,1,1,,,\n", 3,
	  "alloc without a space" },
	{ "free without a space", LINES "1,c,free,d,,1,,,,\n", 3,
	  "free without a space" },
	{ "open without a device", HEADER "1,c,open,,,,,,,\n", 2,
	  "open without a device" },
	{ "alloc without a device", LINES "1,c,alloc,,S,1,1,,,\n", 3,
	  "alloc without a device" },
	{ "disable without a device", LINES "1,,disable,,,,,,,\n", 3,
	  "disable without a device" },
	{ "open without a client", HEADER "1,,open,d,,,,,,\n", 2,
	  "open without a client" },
	{ "alloc without a client", LINES "1,,alloc,d,S,1,1,,,\n", 3,
	  "alloc without a client" },

	/* Ops and flags */
	{ "unknown op", LINES "1,c,realloc,d,S,1,1,,,\n", 3,
	  "unknown op 'realloc'" },
	{ "empty op", LINES "1,c,,d,S,1,1,,,\n", 3, "unknown op ''" },
	{ "op in capitals", LINES "1,c,ALLOC,d,S,1,1,,,\n", 3,
	  "unknown op 'ALLOC'" },
	{ "op with a space before it", LINES "1,c, alloc,d,S,1,1,,,\n", 3,
	  "unknown op ' alloc'" },
	{ "open with refused", HEADER "1,c,open,d,,,,,,refused\n", 2,
	  "flags 'refused' do not belong to open" },
	{ "open with an unknown flag", HEADER "1,c,open,d,,,,,,early\n", 2,
	  "flags 'early' do not belong to open" },
	{ "open with one flag twice", HEADER "1,c,open,d,,,,,,late|late\n", 2,
	  "flags 'late|late'" },
	{ "open with an incomplete list", HEADER "1,c,open,d,,,,,,late|\n", 2,
	  "flags 'late|'" },
	{ "open with an empty flag first", HEADER "1,c,open,d,,,,,,|late\n", 2,
	  "flags '|late'" },
	{ "open with only a bar", HEADER "1,c,open,d,,,,,,|\n", 2,
	  "flags '|'" },
	{ "open with a list of another kind",
	  HEADER "1,c,open,d,,,,,,late shared\n", 2, "flags 'late shared'" },
	{ "open with a part of a flag", HEADER "1,c,open,d,,,,,,lat\n", 2,
	  "flags 'lat'" },
	{ "free with late", LINES "1,c,free,d,S,1,,,,late\n", 3,
	  "flags 'late' do not belong to free" },
	{ "alloc with refused", LINES "1,c,alloc,d,S,1,1,,,refused\n", 3,
	  "flags 'refused' do not belong to alloc" },
	{ "use with refused", LINES "1,c,use,d,S,1,,,1,refused\n", 3,
	  "flags 'refused' do not belong to use" },
	{ "use of an id past 64 bits",
	  LINES "1,c,use,d,S,1,,,18446744073709551616,\n", 3,
	  "id '18446744073709551616' is not a number" },
	{ "close with a flag", LINES "1,c,close,d,,,,,,late\n", 3,
	  "flags 'late' do not belong to close" },
	{ "gap with a flag", LINES "1,c,gap,d,,,,,,shared\n", 3,
	  "flags 'shared' do not belong to gap" },
	{ "disable with a flag", LINES "1,,disable,d,,,,,,late\n", 3,
	  "flags 'late' do not belong to disable" },
	{ "enable with a flag", LINES "1,,enable,d,,,,,,refused\n", 3,
	  "flags 'refused' do not belong to enable" },

	/* Numbers */
	{ "size with a sign", LINES "1,c,alloc,d,S,1,+1,,,\n", 3,
	  "size '+1' is not a number" },
	{ "negative address", LINES "1,c,alloc,d,S,-1,1,,,\n", 3,
	  "address '-1' is not a number" },
	{ "space before a number", LINES "1,c,alloc,d,S, 1,1,,,\n", 3,
	  "address ' 1' is not a number" },
	{ "space behind a number", LINES "1,c,alloc,d,S,1 ,1,,,\n", 3,
	  "address '1 ' is not a number" },
	{ "hex without 0x", LINES "1,c,alloc,d,S,ff,1,,,\n", 3,
	  "address 'ff' is not a number" },
	{ "0X", LINES "1,c,alloc,d,S,0X10,1,,,\n", 3,
	  "address '0X10' is not a number" },
	{ "0x alone", LINES "1,c,alloc,d,S,0x,1,,,\n", 3,
	  "address '0x' is not a number" },
	{ "0x with another letter", LINES "1,c,alloc,d,S,0xfg,1,,,\n", 3,
	  "address '0xfg' is not a number" },
	{ "0x twice", LINES "1,c,alloc,d,S,0x0x1,1,,,\n", 3,
	  "address '0x0x1' is not a number" },
	{ "a unit", LINES "1,c,alloc,d,S,1,4K,,,\n", 3,
	  "size '4K' is not a number" },
	{ "a fraction", LINES "1,c,alloc,d,S,1,1.5,,,\n", 3,
	  "size '1.5' is not a number" },
	{ "2^64 in decimal", LINES "1,c,alloc,d,S,18446744073709551616,1,,,\n",
	  3, "address '18446744073709551616' is not a number" },
	{ "2^64 in hex", LINES "1,c,alloc,d,S,0x10000000000000000,1,,,\n", 3,
	  "is not a number" },
	{ "bad time", LINES "now,c,alloc,d,S,1,1,,,\n", 3,
	  "ts_ns 'now' is not a number" },
	{ "bad span", LINES "1,c,alloc,d,S,1,1,x,,\n", 3,
	  "span 'x' is not a number" },
	{ "bad id", LINES "1,c,alloc,d,S,1,1,,one,\n", 3,
	  "id 'one' is not a number" },
	{ "bad number where none is used", LINES "1,c,close,d,,x,,,,\n", 3,
	  "address 'x' is not a number" },
	{ "bad number in an enable", LINES "1,,enable,d,,,,,x,\n", 3,
	  "id 'x' is not a number" },
	{ "bad span in a free", LINES "1,c,free,d,S,1,,x,,\n", 3,
	  "span 'x' is not a number" },

	/* Ranges */
	{ "range past 2^64 by a span",
	  LINES "1,c,alloc,d,S,0xffffffffffffffff,1,2,,\n", 3,
	  "address + span is past 2^64" },
	{ "range past 2^64 by a size that is the span",
	  LINES "1,c,alloc,d,S,0xfffffffffffffff0,17,,,\n", 3,
	  "address + span is past 2^64" },
	{ "the largest range too far",
	  LINES "1,c,alloc,d,S,1,18446744073709551615,,,\n"
		"1,c,alloc,d,S,2,18446744073709551615,,,\n",
	  4, "address + span is past 2^64" },

	/* Fields and lines */
	{ "nine fields", LINES "1,c,alloc,d,S,1,1,,\n", 3,
	  "9 fields instead of 10" },
	{ "eleven fields", LINES "1,c,alloc,d,S,1,1,,,,\n", 3,
	  "11 fields instead of 10" },
	{ "one field", LINES "x\n", 3, "1 fields instead of 10" },
	{ "truncated last line", LINES "1,c,alloc,d,S,0x10", 3,
	  "6 fields instead of 10" },
	{ "semicolons", LINES "1;c;alloc;d;S;1;1;;;\n", 3,
	  "1 fields instead of 10" },
	{ "blank line", LINES "\n1,c,close,d,,,,,,\n", 3, "a blank line" },
	{ "blank line with a carriage return", LINES "\r\n1,c,close,d,,,,,,\n",
	  3, "a blank line" },
	{ "two blank lines at the end", LINES "\n\n", 3, "a blank line" },
	{ "blank line before the header", "\n" HEADER, 1, "a blank line" },
	{ "line of spaces", LINES "   \n", 3, "1 fields instead of 10" },
	{ "comment that is not at the beginning", LINES " # x\n", 3,
	  "1 fields instead of 10" },
	{ "comment behind an event", LINES "1,c,close,d,,,,,,# x\n", 3,
	  "flags '# x'" },
	{ "quote that does not end", LINES "1,\"c,close,d,,,,,,\n", 3,
	  "a quote out of place" },
	{ "quote that ends on the next line",
	  HEADER "1,\"c\nd\",open,d,,,,,,\n", 2, "a quote out of place" },
	{ "quote within a field", LINES "1,c\"c,close,d,,,,,,\n", 3,
	  "a quote out of place" },
	{ "text behind a quoted field", LINES "1,\"c\"c,close,d,,,,,,\n", 3,
	  "a quote out of place" },
	{ "carriage return within a line", LINES "1,c,close,d,,1\r,,,,\n", 3,
	  "is not a number" },

	/* The header */
	{ "empty file", "", 1, "no header" },
	{ "only a comment", "# x\n", 2, "no header" },
	{ "no header", OPEN, 1, "no header" },
	{ "header with other names",
	  "ts,client,op,device,space,address,size,span,id,flags\n", 1,
	  "no header" },
	{ "header in another order",
	  "client,ts_ns,op,device,space,address,size,span,id,flags\n", 1,
	  "no header" },
	{ "header that lacks a name",
	  "ts_ns,client,op,device,space,address,size,span,id\n", 1,
	  "no header" },
	{ "header twice", HEADER HEADER, 2, "unknown op 'op'" },
	{ "byte order mark on another line",
	  LINES "\xef\xbb\xbf"
		"1,c,close,d,,,,,,\n",
	  3, "is not a number" },
	{ "JSON", "{\"a\":1}\n", 1, "no header" },
};

static void test_case(size_t i)
{
	struct trace_error error = { 0 };
	char events[4096];
	int ret = read_text(cases[i].text, strlen(cases[i].text), events,
			    sizeof(events), &error);

	if (test(ret == -1 && error.line == cases[i].line &&
			 strstr(error.text, cases[i].says),
		 "malformed: %s", cases[i].name))
		return;
	note("returned %d, line %lu: %s", ret, error.line, error.text);
	note("should be line %lu: %s", cases[i].line, cases[i].says);
}

static void test_nul(void)
{
	static const char text[] = LINES "1,c,cl\0ose,d,,,,,,\n";
	struct trace_error error = { 0 };
	char events[256];
	int ret = read_text(text, sizeof(text) - 1, events, sizeof(events),
			    &error);

	test(ret == -1 && error.line == 3 && strstr(error.text, "a NUL byte"),
	     "malformed: a NUL byte");
}

static void test_long_line(void)
{
	size_t length = strlen(LINES) + 200000;
	char *text = malloc(length);
	struct trace_error error = { 0 };
	char events[256];
	int ret;

	memset(text, 'x', length);
	memcpy(text, LINES, strlen(LINES));
	ret = read_text(text, length, events, sizeof(events), &error);
	test(ret == -1 && error.line == 3 &&
		     strstr(error.text, "a line of more than"),
	     "malformed: a line without an end");
	free(text);
}

/* Events before the malformed line count; that line has no effect. */
static void test_before(void)
{
	static const char text[] = LINES "1,c,alloc,d,S,1,1,,,\n"
					 "1,x,open,e,,,,,,wrong\n"
					 "1,c,free,d,S,1,,,,\n";
	struct trace_error error = { 0 };
	char events[1024];
	int ret = read_text(text, sizeof(text) - 1, events, sizeof(events),
			    &error);

	if (!test(ret == -1 && error.line == 4 &&
			  !strcmp(events, "2 open c@d [] 0 0 0 0\n"
					  "3 alloc c@d [S] 1 1 1 0\n"),
		  "events before a malformed line are read, later ones are not"))
		note("%s", events);
}

void test_malformed(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		test_case(i);
	test_nul();
	test_long_line();
	test_before();
}
