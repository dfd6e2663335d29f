// SPDX-License-Identifier: GPL-2.0
/* Devices that are unbound or removed: what their drivers left ends with that */
#include <linux/device.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include "bus.h"
#include "chip.h"

static int on_bus(struct notifier_block *nb, unsigned long action, void *data)
{
	if (action == BUS_NOTIFY_UNBOUND_DRIVER ||
	    action == BUS_NOTIFY_REMOVED_DEVICE)
		bt_chip_end(data);
	return NOTIFY_OK;
}

/* Buses that are the kernel's own, and cannot go before this module does */
static struct notifier_block on_pci = { .notifier_call = on_bus };
static struct notifier_block on_platform = { .notifier_call = on_bus };

/**
 * bt_bus_init() - watch for devices that go
 *
 * Return: 0 or a negative errno.
 */
int __init bt_bus_init(void)
{
	int err = bus_register_notifier(&pci_bus_type, &on_pci);

	if (err)
		return err;
	err = bus_register_notifier(&platform_bus_type, &on_platform);
	if (err)
		bus_unregister_notifier(&pci_bus_type, &on_pci);
	return err;
}

/**
 * bt_bus_exit() - watch no more
 */
void bt_bus_exit(void)
{
	bus_unregister_notifier(&platform_bus_type, &on_platform);
	bus_unregister_notifier(&pci_bus_type, &on_pci);
}
