/* SPDX-License-Identifier: GPL-2.0 */
/* The core exports its functions to the KUnit suites only */
#ifndef BUFTRACK_CORE_EXPORT_H
#define BUFTRACK_CORE_EXPORT_H

#if IS_ENABLED(CONFIG_KUNIT)
#if __has_include(<kunit/visibility.h>)
#include <kunit/visibility.h>
#endif
#endif

#ifndef EXPORT_SYMBOL_IF_KUNIT
#define EXPORT_SYMBOL_IF_KUNIT(symbol)
#endif

#endif /* BUFTRACK_CORE_EXPORT_H */
