/* SPDX-License-Identifier: GPL-2.0 */
/* Loading and unloading modules; the calls return 0 or an errno */
#ifndef MODULE_H
#define MODULE_H

#include <errno.h>

int load_file(const char *path, const char *parameters);
int load_named(const char *name, const char *parameters);
int unload_named(const char *name);
int load_module(const char *parameters);
int unload_module(void);

/* The errno of unloading a module in use */
#define MODULE_IN_USE EAGAIN

/* Checks that the module can be unloaded, and loads it with these parameters */
void reload_module(const char *parameters);

#endif /* MODULE_H */
