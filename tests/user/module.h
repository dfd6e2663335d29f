/* SPDX-License-Identifier: GPL-2.0 */
/* Loading and unloading modules; the calls return 0 or an errno */
#ifndef MODULE_H
#define MODULE_H

int load_named(const char *name, const char *parameters);
int unload_named(const char *name);
int load_module(const char *parameters);
int unload_module(void);

#endif /* MODULE_H */
