# SPDX-License-Identifier: GPL-2.0
"""Compare the session log of this process with the runtime's own list of buffers."""
import collections
import glob
import json
import os
import subprocess
import sys

import ttnn

import sessionlog

REPORTS = ttnn._ttnn.reports
TYPES = {"DRAM": ttnn.BufferType.DRAM, "L1": ttnn.BufferType.L1,
         "L1_SMALL": ttnn.BufferType.L1_SMALL, "TRACE": ttnn.BufferType.TRACE}


class Witness:
    """The books of this process, compared at each check() with the runtime."""

    def __init__(self):
        self.log = None
        self.books = sessionlog.Books()
        self.stacks = sessionlog.Stacks()
        self.checks = 0
        self.differences = []
        self.seen_entries = collections.defaultdict(list)

    def read(self):
        if not self.log:
            paths = glob.glob("%s/%d-*.log" % (os.environ["BUFTRACK_SESSION"], os.getpid()))
            if not paths:
                return
            self.log = sessionlog.Log(paths[-1])
        for entry in self.log.entries():
            self.books.apply(entry)
            self.stacks.apply(entry)
            self.seen_entries[entry.op].append(entry)

    def entries(self, op):
        """The entries of an operation so far."""
        return self.seen_entries[op]

    def ids(self, op):
        return [e.id for e in self.entries(op)]

    def allocs(self, space):
        """The ids of the allocations in a space."""
        return [e.id for e in self.entries("alloc")
                if self.books.spaces[e.device, e.space][0] == space]

    def seen(self, chip):
        """(space, address, span) of the live buffers on a chip, from the log."""
        return collections.Counter(
            (self.books.spaces[e.device, e.space][0], e.address, e.span)
            for e in self.books.live.values()
            if self.books.devices[e.device] == "tt-chip-%d" % chip and
            self.books.spaces[e.device, e.space][0] != "CB")

    def check(self, *meshes):
        """Compare the chips of open meshes."""
        self.read()
        self.check_module()
        self.checks += 1
        listed = collections.defaultdict(collections.Counter)
        for mesh in meshes:
            buffers = collections.Counter(
                (str(b.buffer_type).rsplit(".", maxsplit=1)[-1], b.address, b.max_size_per_bank)
                for b in REPORTS.get_buffers([mesh]))
            for chip in mesh.get_device_ids():
                listed[chip] += buffers
            self.check_view(mesh, buffers)
        for chip, buffers in listed.items():
            if self.seen(chip) != buffers:
                self.differ("chip %d: log only %s, runtime only %s" % (
                    chip, list((self.seen(chip) - buffers).elements())[:5],
                    list((buffers - self.seen(chip)).elements())[:5]))

    def check_module(self):
        """The module, if it is loaded, has the live buffers of the log."""
        command = os.environ.get("WITNESS_BUFTRACK")
        if not command:
            return
        plain = {k: v for k, v in os.environ.items() if k not in ("LD_PRELOAD", "BUFTRACK_SESSION")}
        output = subprocess.run([command, "status", "--json"], env=plain, check=True,
                                stdout=subprocess.PIPE).stdout
        counted = {(d["name"], s["name"]): (s["counters"]["live_buffers"],
                                            s["counters"]["live_bytes"])
                   for d in json.loads(output)["devices"] for s in d["spaces"]}
        logged = {(self.books.devices[device], name): (0, 0)
                  for (device, _), (name, _) in self.books.spaces.items()}
        for e in self.books.live.values():
            key = self.books.devices[e.device], self.books.spaces[e.device, e.space][0]
            buffers, size = logged[key]
            logged[key] = buffers + 1, size + e.size
        if counted != logged:
            self.differ("module %s, log %s" % (counted, logged))

    def check_view(self, mesh, buffers):
        """The allocator adds up these buffers; the log knows the capacity."""
        for space, kind in TYPES.items():
            listed = sum(b[2] * n for b, n in buffers.items() if b[0] == space)
            if not listed:
                continue
            view = ttnn.get_memory_view(mesh, kind)
            if view.total_bytes_allocated_per_bank != listed:
                self.differ("%s: view %d, listed %d" % (
                    space, view.total_bytes_allocated_per_bank, listed))
            capacity = view.total_bytes_per_bank * view.num_banks
            if (space, capacity) not in self.books.spaces.values():
                self.differ("%s: capacity %d, log %s" % (space, capacity, self.books.spaces))

    def differ(self, text):
        self.differences.append("checkpoint %d: %s" % (self.checks, text))

    def check_closed(self):
        """No device is open: no client is either."""
        self.read()
        self.check_module()
        self.checks += 1
        if self.books.open or self.books.live:
            self.differ("open after close: %s" % self.books.open)

    def finish(self):
        """Print the result, and end the process."""
        self.read()
        lost = self.log.counters()[1]
        problems = self.differences + self.books.problems
        for problem in problems[:20]:
            print("# " + problem)
        print("checkpoints %d, allocs %d, frees %d, lost %d, problems %d" % (
            self.checks, self.books.counts.get("alloc", 0), self.books.counts.get("free", 0), lost,
            len(problems)))
        sys.stdout.flush()
        sys.exit(1 if problems or lost or not self.checks else 0)
