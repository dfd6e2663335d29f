// SPDX-License-Identifier: GPL-2.0
/*
 * Printing TAP
 */
#include <stdarg.h>
#include <stdio.h>

#include "tap.h"

static unsigned int nr, failed;

bool test(bool passed, const char *format, ...)
{
	va_list args;

	printf("%sok %u - ", passed ? "" : "not ", ++nr);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	failed += !passed;
	return passed;
}

void note(const char *format, ...)
{
	va_list args;

	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

int finish(void)
{
	printf("1..%u\n", nr);
	return !!failed;
}
