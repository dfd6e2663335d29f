// SPDX-License-Identifier: GPL-2.0
/* The module of the suites; each *_test.c defines and registers one */
#include <linux/module.h>

MODULE_DESCRIPTION("KUnit suites of the buftrack tracker core");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
