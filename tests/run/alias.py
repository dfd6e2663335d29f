# SPDX-License-Identifier: GPL-2.0
"""A view outlives its tensor, and is read where the next tensor lives."""
import ttnn


def create(device):
    return ttnn.empty([512, 512], ttnn.bfloat16, ttnn.TILE_LAYOUT, device, ttnn.DRAM_MEMORY_CONFIG)


def read(view):
    return view.cpu()


def drop(tensor):
    ttnn.deallocate(tensor)


device = ttnn.open_device(device_id=0)
first = create(device)
view = ttnn.reshape(first, [1, 1, 512, 512])
drop(first)
second = create(device)
read(view)
del second, view, first
ttnn.close_device(device)
