# SPDX-License-Identifier: GPL-2.0
"""A program of tt-metal's runtime that frees each of its buffers once."""
import threading

import ttnn


def tensor(device, tiles, memory=ttnn.DRAM_MEMORY_CONFIG):
    return ttnn.empty([32 * tiles, 32 * tiles], ttnn.bfloat16, ttnn.TILE_LAYOUT, device, memory)


def steps(device):
    for tiles in range(1, 20):
        a = tensor(device, tiles)
        b = tensor(device, tiles, ttnn.L1_MEMORY_CONFIG)
        ttnn.deallocate(a)
        ttnn.deallocate(a)
        del b


def work():
    device = ttnn.open_device(device_id=0)
    steps(device)
    threads = [threading.Thread(target=steps, args=(device,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    a = tensor(device, 8)
    b = ttnn.add(a, a)
    c = ttnn.gelu(b)
    del a, b, c
    ttnn.close_device(device)


work()
work()
