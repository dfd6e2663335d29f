/* SPDX-License-Identifier: GPL-2.0 */
/* module/compat.h includes it; the core uses nothing of it */
