# SPDX-License-Identifier: GPL-2.0
"""Reads the state of bridge-fake-kernel.so, and injects errors."""
import mmap
import struct

COUNTERS = """allocs frees live_buffers live_bytes peak_bytes orphaned_buffers orphaned_bytes
    double_free stale_free foreign_free size_mismatch refused_free invalid_free pre_attach gap
    evicted other_id never double_alloc overlap superseded remaining_buffers remaining_bytes
    removed_buffers untracked_buffers disabled_reports lost_reports freed_records
    evicted_records moves use_after_free""".split()
HEAD = struct.Struct("<4IQ")
CLIENT = struct.Struct(f"<6I32s64s{len(COUNTERS)}Q")
MAX_CLIENTS = 16384
SIZE = HEAD.size + MAX_CLIENTS * CLIENT.size
IOCTLS = {"add": 1, "space": 6, "declare": 7, "batch": 9, "lost": 10}


def text(field):
    return field.split(b"\0")[0].decode()


class State:
    def __init__(self, path):
        self.file = open(path, "w+b")
        self.file.truncate(SIZE)
        self.map = mmap.mmap(self.file.fileno(), SIZE)

    def fail(self, ioctl, errno, count):
        struct.pack_into("<III", self.map, 4, IOCTLS[ioctl], errno, count)

    @property
    def batches(self):
        return HEAD.unpack_from(self.map, 0)[4]

    def clients(self):
        found = []
        for i in range(HEAD.unpack_from(self.map, 0)[0]):
            fields = CLIENT.unpack_from(self.map, HEAD.size + i * CLIENT.size)
            found.append(dict(zip(("open", "pid", "late", "gap", "uid"), fields[:5]),
                              device=text(fields[6]), name=text(fields[7]),
                              **dict(zip(COUNTERS, fields[8:]))))
        return found

    def total(self, counter):
        return sum(client[counter] for client in self.clients())
