// SPDX-License-Identifier: GPL-2.0
/* The module of the suites; each file named *_test.c has one and registers it */
#include <linux/module.h>

MODULE_DESCRIPTION("KUnit suites of buftrack's tracker core");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
