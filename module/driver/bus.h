/* SPDX-License-Identifier: GPL-2.0 */
/* Devices that are unbound from their driver or removed */
#ifndef BUFTRACK_DRIVER_BUS_H
#define BUFTRACK_DRIVER_BUS_H

#ifdef CONFIG_PCI
int bt_bus_init(void);
void bt_bus_exit(void);
#else
static inline int bt_bus_init(void)
{
	return 0;
}

static inline void bt_bus_exit(void)
{
}
#endif

#endif /* BUFTRACK_DRIVER_BUS_H */
