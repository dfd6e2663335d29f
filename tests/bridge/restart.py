#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Restarts of the bridge, with this program in place of systemd.

restart.py SOCKET: holds the bridge's file descriptor store, kills the bridge, starts
another with the store, and ends it, while being its client. Prints the answers that
the client gets. restart.py SOCKET storm: kills the bridge in the middle of the messages
of a program that makes no mistake. Needs no module of Python's library beyond those of
client.py.
"""
import os
import socket
import sys

from client import CB_ALLOC, CB_FREE, DRAM, L1, Client

PATH = sys.argv[1]
BUFTRACK = "/usr/bin/buftrack"
NOTIFY = PATH + ".notify"


class Manager:
    def __init__(self):
        self.store = []
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(NOTIFY)
        self.notify.settimeout(60)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(PATH)
        self.listener.listen()

    def start(self):
        self.pid = os.fork()
        if not self.pid:
            self.exec_bridge()
        self.until("READY=1")

    def exec_bridge(self):
        names = ["buftrack-bridge.socket"] + [name for name, _ in self.store]
        fds = [self.listener.fileno()] + [fd for _, fd in self.store]
        # Duplicate to high numbers first: the files may occupy the numbers from 3 on.
        fds = [os.dup(fd) for fd in fds]
        high = [os.dup2(fd, 200 + i) for i, fd in enumerate(fds)]
        for i, fd in enumerate(high):
            os.dup2(fd, 3 + i, inheritable=True)
        os.closerange(3 + len(fds), 300)
        environment = dict(os.environ, LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(fds)),
                           LISTEN_FDNAMES=":".join(names), NOTIFY_SOCKET=NOTIFY)
        os.execve(BUFTRACK, [BUFTRACK, "bridge", "--socket", "/nowhere"], environment)

    def receive(self):
        data, fds, _, _ = socket.recv_fds(self.notify, 4096, 4)
        words = dict(line.split("=", 1) for line in data.decode().splitlines())
        name = words.get("FDNAME")
        if words.get("FDSTORE") == "1":
            self.store += [(name, fd) for fd in fds]
        if words.get("FDSTOREREMOVE") == "1":
            for _, fd in [entry for entry in self.store if entry[0] == name]:
                os.close(fd)
            self.store = [entry for entry in self.store if entry[0] != name]
        return data.decode()

    def until(self, word):
        while word not in self.receive():
            pass

    def catch_up(self):
        """Reads all pending messages of the bridge."""
        self.notify.setblocking(False)
        try:
            while True:
                self.receive()
        except BlockingIOError:
            self.notify.settimeout(60)

    def until_idle(self):
        """Waits until the bridge sleeps; it may still be busy after an answer."""
        state = ""
        while state != "S":
            os.sched_yield()
            with open(f"/proc/{self.pid}/stat") as stat:
                state = stat.read().rsplit(")", 1)[1].split()[0]

    def end(self, number):
        os.kill(self.pid, number)
        os.waitpid(self.pid, 0)
        self.catch_up()


def send_forever():
    """Sends references of buffers, and connects again, with new ones, when it is cut off."""
    address = 0
    while True:
        client = Client(PATH, 144)
        try:
            while True:
                address += 16
                for size in (5, 5, 9):
                    client.alloc(0, DRAM, address, size)
                    client.alloc(1, L1, address, size)
                for _ in range(3):
                    client.free(0, address)
                client.put(CB_ALLOC, 0, address & 0xfff, 7)
                if address & 0x10:
                    for _ in range(3):
                        client.free(1, address)
                    client.put(CB_FREE, 0, address & 0xfff, 7)
        except OSError:
            pass


def storm():
    manager = Manager()
    manager.start()
    pid = os.fork()
    if not pid:
        send_forever()
    for _ in range(8):
        # It answers while it is flooded.
        Client(PATH, 144).sync()
        manager.catch_up()
        manager.end(9)
        manager.start()
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    while manager.store:
        manager.receive()
    manager.end(15)
    print("left", len(manager.store), flush=True)
    os.unlink(NOTIFY)


def main():
    manager = Manager()
    manager.start()
    client = Client(PATH, 144)
    other = Client(PATH, 72)
    client.alloc(0, DRAM, 0x10, 10)
    client.alloc(0, L1, 0x10, 20)
    client.alloc(1, DRAM, 0x20, 30)
    client.free(1, 0x20)
    for _ in range(3):
        client.alloc(0, DRAM, 0x50, 60)
    client.free(0, 0x50)
    client.put(CB_ALLOC, 0, 0x60, 64)
    client.sync()
    other.alloc(0, DRAM, 0x30, 40)
    other.sync()
    # Half a message; the next bridge gets the other half.
    half = client.message(1, 0, 0x40, 50, DRAM)
    client.write(half[:100])
    other.sync()
    manager.until_idle()
    manager.catch_up()
    print("kept", len(manager.store), flush=True)
    manager.end(9)
    client.write(half[100:])
    manager.start()
    # The latest allocation of the address was in L1.
    client.free(0, 0x10)
    # One of two references is left, and another program has the same circular buffer.
    client.free(0, 0x50)
    client.put(CB_ALLOC, 0, 0x60, 64)
    answer = client.query(0)
    print("after a crash", answer["dram"], answer["l1"], flush=True)
    manager.end(15)
    manager.start()
    client.free(1, 0x20)
    client.free(0, 0x10)
    client.free(0, 0x50)
    client.put(CB_FREE, 0, 0x60, 64)
    client.put(CB_FREE, 0, 0x60, 64)
    answer = client.query(0)
    print("after a restart", answer["dram"], answer["l1"], flush=True)
    other.finish()
    client.finish()
    while manager.store:
        manager.receive()
    manager.end(15)
    print("left", len(manager.store), flush=True)
    os.unlink(NOTIFY)


if __name__ == "__main__":
    storm() if sys.argv[2:] == ["storm"] else main()
