// SPDX-License-Identifier: GPL-2.0
/*
 * cli-unit: tests of the command and the library that need no kernel
 */
#include "tap.h"

int main(void)
{
	test_malformed();
	test_wellformed();
	test_mutations();
	test_numbers();
	test_texts();
	test_meanings();
	test_names();
	test_events();
	test_offline();
	return finish();
}
