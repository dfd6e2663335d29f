// SPDX-License-Identifier: GPL-2.0
/* Devices that are unbound from their driver or removed: their binding ends */
#include <linux/device.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include "bus.h"
#include "driver.h"

static int bus_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	if (action == BUS_NOTIFY_UNBOUND_DRIVER ||
	    action == BUS_NOTIFY_REMOVED_DEVICE)
		bt_driver_unbound(data);
	return NOTIFY_OK;
}

/* Both buses belong to the kernel itself, so they outlive this module */
static struct notifier_block bus_pci_notifier = { .notifier_call = bus_notify };
static struct notifier_block bus_platform_notifier = { .notifier_call = bus_notify };

/**
 * bt_bus_init() - watch the PCI and platform buses
 *
 * Return: 0 or a negative errno.
 */
int __init bt_bus_init(void)
{
	int err = bus_register_notifier(&pci_bus_type, &bus_pci_notifier);

	if (err)
		return err;
	err = bus_register_notifier(&platform_bus_type, &bus_platform_notifier);
	if (err)
		bus_unregister_notifier(&pci_bus_type, &bus_pci_notifier);
	return err;
}

/**
 * bt_bus_exit() - stop watching the buses
 *
 * Context: may sleep.
 */
void bt_bus_exit(void)
{
	bus_unregister_notifier(&platform_bus_type, &bus_platform_notifier);
	bus_unregister_notifier(&pci_bus_type, &bus_pci_notifier);
}
