# SPDX-License-Identifier: GPL-2.0
"""L1 is full of weights when a tensor is refused."""
import ttnn


def tensor(device, tiles):
    return ttnn.empty([32 * tiles, 32 * tiles], ttnn.bfloat16, ttnn.TILE_LAYOUT, device,
                      ttnn.L1_MEMORY_CONFIG)


def weights(device):
    return [tensor(device, 64) for _ in range(8)]


def cache(device):
    return tensor(device, 32)


device = ttnn.open_device(device_id=0)
held = weights(device) + [cache(device)]
try:
    tensor(device, 256)
except RuntimeError as error:
    assert "Out of Memory" in str(error)
else:
    raise SystemExit("nothing was refused")
del held
ttnn.close_device(device)
