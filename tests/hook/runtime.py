# SPDX-License-Identifier: GPL-2.0
"""Programs for the real runtime on its mock device; each compares its log with the
runtime's list of buffers at checkpoints.

   runtime.py PROGRAM [SEED]
"""
import random
import sys
import threading
import traceback

import ttnn

from witness import Witness

TILE = 32


def tensor(device, rows, columns=None, memory=ttnn.DRAM_MEMORY_CONFIG):
    return ttnn.empty([TILE * rows, TILE * (columns or rows)], ttnn.bfloat16, ttnn.TILE_LAYOUT,
                      device, memory)


def sharded(device, cores, strategy=ttnn.ShardStrategy.HEIGHT):
    shape = [1, 1, TILE * cores, TILE]
    memory = ttnn.create_sharded_memory_config(shape, ttnn.CoreGrid(y=1, x=cores), strategy)
    return ttnn.empty(shape, ttnn.bfloat16, ttnn.TILE_LAYOUT, device, memory)


def basic(witness, _):
    """Tensors in DRAM and L1, sharded ones, operators, second deallocations, an alias."""
    device = ttnn.open_device(device_id=0, l1_small_size=8192)
    a, b = tensor(device, 64), tensor(device, 32)
    c = tensor(device, 8, memory=ttnn.L1_MEMORY_CONFIG)
    witness.check(device)
    d = sharded(device, 4)
    witness.check(device)
    ttnn.deallocate(a)
    ttnn.deallocate(a)
    witness.check(device)
    e = ttnn.add(b, b)
    f = tensor(device, 16)
    g = ttnn.reshape(f, [1, 1, 512, 512])
    witness.check(device)
    ttnn.deallocate(f)
    h = ttnn.gelu(b)
    witness.check(device)
    del c, d, e, g, h
    witness.check(device)
    ttnn.close_device(device)
    witness.check_closed()
    del b


def reopened(witness, _):
    """A device is opened again; tensors of the first time die during the second."""
    old = []
    for turn in range(3):
        device = ttnn.open_device(device_id=0)
        new = [tensor(device, turn + 1 + n) for n in range(4)]
        witness.check(device)
        old.clear()
        witness.check(device)
        del new[1]
        witness.check(device)
        old = new
        ttnn.close_device(device)
        witness.check_closed()


def views(witness, _):
    """Uses through a view, before and after its allocation is freed; a second deallocate."""
    device = ttnn.open_device(device_id=0)
    a = tensor(device, 16)
    view = ttnn.reshape(a, [1, 1, 512, 512])
    ttnn.from_device(view)
    ttnn.deallocate(a)
    ttnn.deallocate(a)
    b = tensor(device, 16)
    witness.check(device)
    first, second = witness.allocs("DRAM")
    uses = [first]
    if view.is_allocated():
        ttnn.from_device(view)
        uses.append(first)
    ttnn.from_device(b)
    uses.append(second)
    witness.read()
    # Slow dispatch reports no transfers.
    if witness.ids("use") not in ([], uses):
        witness.differ("uses %s, not %s" % (witness.ids("use"), uses))
    if witness.ids("swallowed") != [first]:
        witness.differ("swallowed %s, not [%d]" % (witness.ids("swallowed"), first))
    ttnn.close_device(device)
    witness.check_closed()


def full(witness, _):
    """L1 is full: the refused allocation is in the log, in the runtime's words."""
    device = ttnn.open_device(device_id=0)
    kept = [tensor(device, 8, memory=ttnn.L1_MEMORY_CONFIG) for _ in range(3)]
    words = ""
    try:
        tensor(device, 2048, 64, ttnn.L1_MEMORY_CONFIG)
    except RuntimeError as error:
        words = str(error)
    witness.check(device)
    refused = witness.entries("refused")
    if len(refused) != 1 or not refused[0].text or refused[0].text not in words:
        witness.differ("refused %s, not %s" % ([e.text for e in refused], words[:300]))
    kept.clear()
    witness.check(device)
    ttnn.close_device(device)
    witness.check_closed()


class Sité:
    """Tensors that are made below frames of several kinds."""

    def __init__(self, device):
        self.device = device
        self.seen = []

    def made(self):
        # An operator of ttnn runs below the frame that calls it.
        self.seen.append([(f.filename, f.line and f.lineno, f.name)
                          for f in reversed(traceback.extract_stack())][1:])
        return tensor(self.device, 2)

    def generated(self):
        yield [self.made()
               for _ in range(1)]


def stacks(witness, _):
    """Stacks of allocations and frees: Python frames as traceback sees them, files of native
    ones."""
    device = ttnn.open_device(device_id=0)
    site = Sité(device)
    kept = [site.made(), *next(site.generated())]
    thread = threading.Thread(target=lambda: kept.append(site.made()))
    thread.start()
    thread.join()
    witness.check(device)
    del kept[0]
    witness.check(device)
    for entry, expected in zip(witness.entries("alloc"), site.seen):
        found = [(file, line) for file, name, line in witness.stacks.python(entry.stack)]
        wanted = [(file, line) for file, line, _ in expected]
        if found[-len(wanted):] != wanted:
            witness.differ("stack %s, not %s" % (found, wanted))
        names = [name for file, name, line in witness.stacks.python(entry.stack)]
        if "Sité.made" not in names and "made" not in names:
            witness.differ("names %s" % names)
    for entry in witness.entries("alloc") + witness.entries("free"):
        files = {file and file.rsplit("/", maxsplit=1)[-1]
                 for file, _ in witness.stacks.native(entry.stack)}
        if not {"libtt_metal.so", "_ttnncpp.so"} <= files or None in files:
            witness.differ("native frames %s" % files)
    if any(e.flags for e in witness.entries("stack")):
        witness.differ("flags %s" % [e.flags for e in witness.entries("stack")])
    del kept
    ttnn.close_device(device)
    witness.check_closed()


def programs(witness, _):
    """Circular buffers are in a space of their own; none outlives its device."""
    device = ttnn.open_device(device_id=0)
    a = tensor(device, 8)
    for operator in (ttnn.gelu, ttnn.relu, ttnn.exp) * 3:
        kept = operator(a)
        ttnn.add(kept, a)
        witness.check(device)
    ttnn.close_device(device)
    witness.check_closed()


def taken(witness, _):
    """deallocate_buffers() takes all memory at once; later frees are no wrong frees."""
    device = ttnn.open_device(device_id=0)
    a, b = tensor(device, 8), tensor(device, 8, memory=ttnn.L1_MEMORY_CONFIG)
    witness.check(device)
    ttnn.device.DeallocateBuffers(device)
    c = tensor(device, 8)
    # get_buffers() lists the objects, which do not know; the allocator does.
    witness.read()
    witness.check_view(device, witness.seen(0))
    del a, b, c
    witness.check(device)
    ttnn.close_device(device)
    witness.check_closed()


class Random:
    """Random operations on tensors of one device, repeatable by its seed."""

    def __init__(self, device, seed):
        self.device = device
        self.random = random.Random(seed)
        self.tensors = []

    def add(self):
        r = self.random
        kind = r.randrange(4)
        if kind == 0:
            return tensor(self.device, r.randint(1, 8), memory=ttnn.L1_MEMORY_CONFIG)
        if kind == 1:
            return sharded(self.device, r.randint(1, 8))
        return tensor(self.device, r.randint(1, 64), r.randint(1, 64))

    def step(self):
        choice = self.random.random()
        if choice < 0.5 or not self.tensors:
            self.tensors.append(self.add())
        elif choice < 0.6:
            self.tensors.append(ttnn.add(self.tensors[-1], self.tensors[-1]))
        elif choice < 0.65:
            ttnn.deallocate(self.random.choice(self.tensors))
            self.tensors = [t for t in self.tensors if t.is_allocated()]
        else:
            del self.tensors[self.random.randrange(len(self.tensors))]
        if len(self.tensors) > 40:
            del self.tensors[:20]


def randomly(witness, seed):
    device = ttnn.open_device(device_id=0)
    work = Random(device, seed)
    for step in range(400):
        work.step()
        if step % 10 == 0:
            witness.check(device)
    ttnn.close_device(device)
    witness.check_closed()


def threads(witness, seed):
    """Four threads allocate and free; all stop at each checkpoint."""
    device = ttnn.open_device(device_id=0)
    workers = [Random(device, seed * 10 + n) for n in range(4)]
    lock = threading.Lock()

    def work(worker):
        for _ in range(50):
            with lock if worker.random.random() < 0.2 else threading.Lock():
                worker.tensors.append(tensor(device, worker.random.randint(1, 16)))
                if len(worker.tensors) > 10:
                    del worker.tensors[worker.random.randrange(10)]

    for _ in range(5):
        running = [threading.Thread(target=work, args=(w,)) for w in workers]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        witness.check(device)
    ttnn.close_device(device)
    witness.check_closed()


def mesh(witness, seed):
    """A mesh of two chips."""
    device = ttnn.open_mesh_device(ttnn.MeshShape(1, 2))
    work = Random(device, seed)
    for step in range(100):
        kept = work.tensors
        kept.append(tensor(device, work.random.randint(1, 32)))
        kept.append(tensor(device, work.random.randint(1, 4), memory=ttnn.L1_MEMORY_CONFIG))
        if len(kept) > 20:
            del kept[work.random.randrange(20)]
        if step % 5 == 0:
            witness.check(device)
    ttnn.close_mesh_device(device)
    witness.check_closed()


def submesh(witness, _):
    """A submesh allocates the addresses of its parent on a chip of it."""
    device = ttnn.open_mesh_device(ttnn.MeshShape(1, 2))
    part = device.create_submesh(ttnn.MeshShape(1, 1))
    a = tensor(device, 4)
    b = tensor(part, 4)
    witness.check(device, part)
    c = tensor(part, 2)
    del b
    witness.check(device, part)
    del c
    ttnn.close_mesh_device(part)
    witness.check(device)
    # The last submesh ends with its parent, which allocated nothing.
    other = device.create_submesh(ttnn.MeshShape(1, 2))
    d = tensor(other, 3)
    witness.check(device, other)
    del a
    ttnn.close_mesh_device(device)
    witness.check_closed()
    device = ttnn.open_mesh_device(ttnn.MeshShape(1, 2))
    part = device.create_submesh(ttnn.MeshShape(1, 1))
    e = tensor(part, 4)
    witness.check(device, part)
    ttnn.close_mesh_device(device)
    witness.check_closed()
    del d, e


PROGRAMS = {f.__name__: f for f in (basic, reopened, views, full, stacks, programs, taken, randomly,
                                        threads, mesh, submesh)}

if __name__ == "__main__":
    checked = Witness()
    PROGRAMS[sys.argv[1]](checked, int((sys.argv + ["1"])[2]))
    checked.finish()
