/* SPDX-License-Identifier: GPL-2.0 */
/* Loading and unloading modules; load() and unload() return 0 or an errno */
#ifndef MODULES_H
#define MODULES_H

#include <stdbool.h>

int load(const char *name);
int unload(const char *name);
bool is_loaded(const char *name);

/* With its dependencies */
bool modprobe(const char *name);

/* Shorten the grace periods that unloading a module waits for */
void expedite_rcu(void);

#endif /* MODULES_H */
