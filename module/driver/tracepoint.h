/* SPDX-License-Identifier: GPL-2.0 */
/* Drivers that tell of buffers themselves */
#ifndef BUFTRACK_DRIVER_ANNOUNCED_H
#define BUFTRACK_DRIVER_ANNOUNCED_H

#ifdef CONFIG_TRACEPOINTS
int bt_announced_init(void);
void bt_announced_exit(void);
#else
static inline int bt_announced_init(void)
{
	return 0;
}

static inline void bt_announced_exit(void)
{
}
#endif

#endif /* BUFTRACK_DRIVER_ANNOUNCED_H */
