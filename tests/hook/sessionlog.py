# SPDX-License-Identifier: GPL-2.0
"""Read session logs (tools/hook/log.h).

As a program: print the entries of each log given, one a line.
"""
import struct
import sys

HEADER_SIZE = 4096
SLOT = 64
OPS = ("none pad device space open close alloc free use swallowed refused stack module "
       "code message lost").split()
TEXT_OPS = ("device", "space", "refused", "message")


class Entry:
    """One entry; text and data are what follows its first slot."""

    def __init__(self, raw, rest):
        (op, self.flags, self.slots, self.tid, self.time, self.device, self.space, self.stack,
         self.address, self.size, self.span, self.id, self.value) = struct.unpack(
             "<BBHIQHHIQQQQQ", raw)
        self.op = OPS[op] if op < len(OPS) else str(op)
        self.data = rest
        self.text = rest.split(b"\0")[0].decode("utf-8", "replace") if self.op in TEXT_OPS else ""

    def __str__(self):
        words = [self.op]
        for name in ("flags", "tid", "device", "space", "stack", "address", "size", "span", "id",
                     "value"):
            if getattr(self, name):
                words.append("%s=%#x" % (name, getattr(self, name)) if name == "address" else
                             "%s=%d" % (name, getattr(self, name)))
        return " ".join(words) + (" " + repr(self.text) if self.text else "")


class Log:
    """A log of a process, read as far as it goes."""

    def __init__(self, path):
        self.path = path
        self.slot = 0
        with open(path, "rb") as f:
            header = f.read(HEADER_SIZE)
        (magic, self.pid, self.uid, self.start_time, comm) = struct.unpack_from("<8sIIQ16s", header)
        assert magic == b"BUFTLOG1", path
        self.comm = comm.split(b"\0")[0].decode()
        self.unpublished = 0

    def counters(self):
        """(slots reserved, reports lost, ended) of the header."""
        with open(self.path, "rb") as f:
            header = f.read(HEADER_SIZE)
        return (struct.unpack_from("<Q", header, 128)[0],) + struct.unpack_from("<QQ", header, 192)

    def entries(self):
        """The entries published since the last call."""
        reserved = self.counters()[0]
        with open(self.path, "rb") as f:
            f.seek(HEADER_SIZE + self.slot * SLOT)
            data = f.read((reserved - self.slot) * SLOT)
        at = 0
        while at + SLOT <= len(data):
            slots = struct.unpack_from("<H", data, at + 2)[0] or 1
            if not data[at]:
                self.unpublished += 1
                slots = 1
            else:
                entry = Entry(data[at:at + SLOT], data[at + SLOT:at + slots * SLOT])
                if entry.op != "pad":
                    yield entry
            at += slots * SLOT
            self.slot += slots


class Stacks:
    """The stacks of a log, with what its frames mean."""

    PYTHON = 1 << 63

    def __init__(self):
        self.codes = {}
        self.modules = []
        self.stacks = {}

    def apply(self, entry):
        if entry.op == "code":
            file, name = entry.data.split(b"\0")[:2]
            self.codes[entry.value] = (file.decode(), name.decode())
        elif entry.op == "module":
            path = entry.data[entry.value:].split(b"\0")[0].decode()
            self.modules.append((entry.address, entry.size, path))
        elif entry.op == "stack":
            frames = struct.unpack_from("<%dQ" % entry.value, entry.data)
            self.stacks[entry.stack] = [self.frame(f) for f in frames]

    def frame(self, frame):
        """(file, function, line) of Python code, or (file, address)."""
        if frame & self.PYTHON:
            return self.codes[frame >> 24 & 0xffffffff] + (frame & 0xffffff,)
        for start, size, path in reversed(self.modules):
            if start <= frame - 1 < start + size:
                return (path, frame)
        return (None, frame)

    def python(self, number):
        """The Python frames of a stack."""
        return [f for f in self.stacks[number] if len(f) == 3]

    def native(self, number):
        return [f for f in self.stacks[number] if len(f) == 2]


class Books:
    """The live buffers of a process, by device and space, from its log."""

    def __init__(self):
        self.devices = {}
        self.spaces = {}
        self.live = {}  # (device, space, address, id): entry
        self.open = set()
        self.problems = []
        self.counts = {}
        self.messages = []
        self.late = False

    def apply(self, entry):
        self.counts[entry.op] = self.counts.get(entry.op, 0) + 1
        key = (entry.device, entry.space, entry.address, entry.id)
        if entry.op == "device":
            self.devices[entry.device] = entry.text
        elif entry.op == "space":
            self.spaces[entry.device, entry.space] = (entry.text, entry.size)
        elif entry.op == "message":
            self.messages.append(entry.text)
        elif entry.op == "open":
            self.open.add(entry.device)
            self.late = bool(entry.flags & 1)
        elif entry.op == "close":
            self.open.discard(entry.device)
            self.live = {k: e for k, e in self.live.items() if k[0] != entry.device}
        elif entry.op == "alloc":
            if entry.device not in self.open or key in self.live:
                self.problems.append(str(entry))
            self.live[key] = entry
        elif entry.op == "free" and not self.live.pop(key, None):
            self.problems.append(str(entry))


def main():
    for path in sys.argv[1:]:
        log = Log(path)
        print("%s: pid %d, %s" % (path, log.pid, log.comm))
        for entry in log.entries():
            print(entry)
        print("reserved %d, lost %d, ended %d" % log.counters() +
              ", unpublished %d" % log.unpublished)


if __name__ == "__main__":
    main()
