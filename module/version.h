/* SPDX-License-Identifier: GPL-2.0 */
/* The one place that has the version of the module, the library and the command */
#define BUFTRACK_VERSION "0.1.0"
