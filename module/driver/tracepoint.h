/* SPDX-License-Identifier: GPL-2.0 */
/* Drivers that report their buffers through the tracepoints of buftrack_driver.h */
#ifndef BUFTRACK_DRIVER_TRACEPOINT_H
#define BUFTRACK_DRIVER_TRACEPOINT_H

#ifdef CONFIG_TRACEPOINTS
int bt_tracepoints_init(void);
void bt_tracepoints_exit(void);
#else
static inline int bt_tracepoints_init(void)
{
	return 0;
}

static inline void bt_tracepoints_exit(void)
{
}
#endif

#endif /* BUFTRACK_DRIVER_TRACEPOINT_H */
