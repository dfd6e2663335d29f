/* SPDX-License-Identifier: GPL-2.0 */
/* Modules of the test machine; calls return 0 or an errno */
#ifndef MODULES_H
#define MODULES_H

#include <stdbool.h>

int load(const char *name);
int unload(const char *name);
bool is_loaded(const char *name);
bool modprobe(const char *name);
void hurry(void);

#endif /* MODULES_H */
