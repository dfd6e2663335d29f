#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A client of the allocation server, written from the protocol's table.

As a program it takes these commands of client.c: connect, alloc, free, cb_alloc,
cb_free, load, unload, query, info, sync, split, glue, send, finish. As a module it is
the client of the tests.
"""
import os
import socket
import struct
import sys

ALLOC, FREE, QUERY, RESPONSE, DUMP_REMAINING, INFO_QUERY, INFO_RESPONSE = range(1, 8)
CB_ALLOC, CB_FREE, KERNEL_LOAD, KERNEL_UNLOAD, DUMP_KERNELS = range(8, 13)
DRAM, L1, SYSTEM, L1_SMALL, TRACE = range(5)
SIZES = (72, 112, 128, 144)

HEAD = struct.Struct("<B3xiQB3xiQQ4Q")
TAIL = struct.Struct("<QQ6I")
TAIL_AT = {112: 72, 128: 88, 144: 88}


class Client:
    def __init__(self, path, size, pid=None):
        self.size = size
        self.pid = os.getpid() if pid is None else pid
        self.split = 0
        self.glued = None
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(60)
        self.socket.connect(path)

    def message(self, kind, device, address=0, size=0, buffer_type=0):
        head = HEAD.pack(kind, device, size, buffer_type, self.pid, address, 0, 0, 0, 0, 0)
        return head + bytes(self.size - len(head))

    def write(self, data):
        if self.glued is not None:
            self.glued += data
            return
        step = self.split or max(len(data), 1)
        for at in range(0, len(data), step):
            self.socket.sendall(data[at:at + step])

    def glue(self):
        self.glued = b""

    def send(self):
        data, self.glued = self.glued, None
        self.write(data)

    def put(self, *args, **named):
        self.write(self.message(*args, **named))

    def alloc(self, device, buffer_type, address, size):
        self.put(ALLOC, device, address, size, buffer_type)

    def free(self, device, address):
        self.put(FREE, device, address)

    def answer(self):
        data = b""
        while len(data) < self.size:
            more = self.socket.recv(self.size - len(data))
            if not more:
                raise EOFError("no answer")
            data += more
        fields = HEAD.unpack(data[:HEAD.size])
        told = dict(zip(("dram", "l1", "l1_small", "trace"), fields[7:]))
        told.update(type=fields[0], device=fields[1], cb=0, kernel=0, rest=fields[2:7])
        if self.size >= 128:
            told["cb"], told["kernel"] = struct.unpack_from("<QQ", data, 72)
        if self.size in TAIL_AT:
            names = ("total_dram", "total_l1", "arch", "channels", "per_channel", "per_core",
                     "available", "devices")
            told.update(zip(names, TAIL.unpack_from(data, TAIL_AT[self.size])))
        told["ring"] = data[128:]
        return told

    def query(self, device):
        self.put(QUERY, device)
        return self.answer()

    def info(self, device):
        self.put(INFO_QUERY, device)
        return self.answer()

    def sync(self):
        return self.query(0)

    def read_to_end(self):
        """Everything until the other end closes."""
        data = b""
        try:
            while more := self.socket.recv(65536):
                data += more
        except ConnectionResetError:
            pass
        return data

    def finish(self):
        self.socket.shutdown(socket.SHUT_WR)
        data = self.read_to_end()
        self.socket.close()
        return data


def obey(client, path, word, n):
    reports = {"cb_alloc": CB_ALLOC, "cb_free": CB_FREE, "load": KERNEL_LOAD,
               "unload": KERNEL_UNLOAD, "free": FREE}
    if word == "connect":
        return Client(path, n[0])
    if word == "alloc":
        client.alloc(*n)
    elif word in reports:
        client.put(reports[word], *n)
    elif word == "dump":
        client.put(DUMP_REMAINING, 0)
    elif word == "dump_kernels":
        client.put(DUMP_KERNELS, 0)
    elif word == "query":
        told = client.query(n[0])
        names = ("type", "device", "dram", "l1", "l1_small", "trace", "cb", "kernel")
        print(*(f"{name} {told[name]}" for name in names), flush=True)
    elif word == "sync":
        client.sync()
        print("synced", flush=True)
    elif word == "split":
        client.split = n[0]
    elif word == "glue":
        client.glue()
    elif word == "send":
        client.send()
    elif word == "finish":
        client.finish()
        print("finished", flush=True)
    else:
        sys.exit(f"unknown command: {word}")
    return client


def main():
    client = None
    for line in sys.stdin:
        word, *rest = line.split() or ["#"]
        if not word.startswith("#"):
            client = obey(client, sys.argv[1], word, [int(text, 0) for text in rest])


if __name__ == "__main__":
    main()
