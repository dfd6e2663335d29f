/* SPDX-License-Identifier: GPL-2.0 */
/* Bindings, as devices create and destroy them: see struct bt_device_hooks */
#ifndef BUFTRACK_DRIVER_BINDING_H
#define BUFTRACK_DRIVER_BINDING_H

struct bt_binding;
struct bt_device;

struct bt_binding *bt_binding_create(struct bt_device *dev);
void bt_binding_offer(struct bt_binding *b);
void bt_binding_destroy(struct bt_binding *b);

#endif /* BUFTRACK_DRIVER_BINDING_H */
