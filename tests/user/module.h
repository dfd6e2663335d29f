/* SPDX-License-Identifier: GPL-2.0 */
/* Loading and unloading the module; calls return 0 or an errno */
#ifndef MODULE_H
#define MODULE_H

int load_module(const char *parameters);
int unload_module(void);

#endif /* MODULE_H */
