#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tests of the bridge with a fake kernel: native.py BUFTRACK FAKE_KERNEL CLIENT WORK

Prints TAP. Tests wait for an answer, an end of file, or a state of the fake kernel,
never for a fixed time; only the wait for a state has a limit.
"""
import contextlib
import errno
import json
import os
import random
import select
import signal
import socket
import stat
import subprocess
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import (CB_ALLOC, CB_FREE, DRAM, DUMP_KERNELS, DUMP_REMAINING, FREE, KERNEL_LOAD,
                    KERNEL_UNLOAD, L1, L1_SMALL, QUERY, RESPONSE, SIZES, SYSTEM, TRACE, Client)
from fake_kernel import State

BUFTRACK, FAKE_KERNEL, CLIENT, WORK = sys.argv[1:5]
NOTE = "address only: a free after reuse cannot be told apart"
TESTS = []
runs = 0


def test(function):
    TESTS.append(function)
    return function


def until(what, seconds=30):
    """Polls for the effect of another process."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise AssertionError("the condition never became true")
        time.sleep(0.001)


class Bridge:
    """A bridge with its fake kernel and its log."""

    def __init__(self, *options, path=None, wait=True, variables=None, as_root=True):
        global runs
        runs += 1
        self.path = path or f"{WORK}/{runs}.sock"
        self.kernel = State(f"{WORK}/{runs}.state")
        self.log = f"{WORK}/{runs}.log"
        if not as_root:
            os.chmod(WORK, 0o777)
            os.chmod(self.kernel.file.name, 0o666)
        environment = dict(os.environ, FAKE_KERNEL_STATE=self.kernel.file.name, LD_PRELOAD=FAKE_KERNEL,
                           ASAN_OPTIONS="verify_asan_link_order=0:quarantine_size_mb=16", **(variables or {}))
        self.process = subprocess.Popen(
            [BUFTRACK, "bridge", "--socket", self.path, "--sysfs", f"{WORK}/no-sysfs", *options],
            env=environment, user=None if as_root or os.geteuid() else 12345, stdout=subprocess.PIPE, stderr=open(self.log, "wb"))
        if wait:
            self.line = self.process.stdout.readline().decode()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.end()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.rest = self.process.stdout.read().decode()
        status = self.process.wait(60)
        said = open(self.log).read()
        assert status == 0, f"it ended with {status}: {said}"

    def said(self):
        return open(self.log, errors="replace").read()

    def client(self, size=144, **named):
        return Client(self.path, size, **named)

    def one(self):
        clients = self.kernel.clients()
        assert len(clients) == 1, clients
        return clients[0]

    def ended(self, number=1):
        until(lambda: sum(not c["open"] for c in self.kernel.clients()) >= number)


def has(client, **counters):
    for name, value in counters.items():
        assert client[name] == value, f"{name} is {client[name]}, should be {value}: {client}"


def send_lifetime(client):
    """Sends each type of report once or twice."""
    client.alloc(0, DRAM, 0x1000, 4096)
    client.alloc(0, L1, 0x2000, 100)
    client.alloc(0, L1_SMALL, 0x3000, 30)
    client.alloc(0, TRACE, 0x4000, 7)
    client.alloc(0, SYSTEM, 0x5000, 2)
    client.put(CB_ALLOC, 0, 0x1000, 64)
    client.put(KERNEL_LOAD, 0, 0x1000, 65)
    client.free(0, 0x1000)
    client.free(0, 0x1000)
    client.free(0, 0x9000)


def check_lifetime(bridge, told, size):
    assert told["type"] == RESPONSE and told["device"] == 0, told
    assert (told["dram"], told["l1"], told["l1_small"], told["trace"]) == (0, 100, 32, 7), told
    assert (told["cb"], told["kernel"]) == ((64, 65) if size >= 128 else (0, 0)), told
    assert not any(told["rest"]) and not any(told["ring"]), told
    has(bridge.one(), allocs=7, frees=1, live_buffers=6, double_free=1, device="tt:0")
    assert bridge.one()["never"] + bridge.one()["pre_attach"] == 1


def in_child(work):
    """Runs work in a new process, which has never connected; returns its pid."""
    pid = os.fork()
    if pid:
        return pid
    # A test that fails leaves no child that waits for it.
    signal.alarm(240)
    try:
        work()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def expect_success(pid):
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


# --- the protocol

def lifetime_in_pieces(size, split):
    with Bridge() as bridge:
        client = bridge.client(size)
        client.split = split
        send_lifetime(client)
        check_lifetime(bridge, client.query(0), size)


def lifetime_joined(size):
    with Bridge() as bridge:
        client = bridge.client(size)
        client.glue()
        send_lifetime(client)
        client.put(QUERY, 0)
        client.send()
        check_lifetime(bridge, client.answer(), size)


for SIZE in SIZES:
    for SPLIT in (0, 1, 7, 40, 71, 73, SIZE - 1, SIZE + 1):
        TESTS.append((f"{SIZE} bytes, in pieces of {SPLIT or SIZE}",
                      lambda size=SIZE, split=SPLIT: lifetime_in_pieces(size, split)))
    TESTS.append((f"{SIZE} bytes, joined", lambda size=SIZE: lifetime_joined(size)))


@test
def random_splits_and_joins_change_nothing():
    dice = random.Random(72)
    with Bridge() as bridge:
        for size in SIZES:
            for _ in range(8):
                client = bridge.client(size)
                client.glue()
                for address in range(1, 200):
                    client.alloc(0, DRAM, address, 1)
                    client.free(0, address)
                client.put(QUERY, 0)
                data, client.glued = client.glued, None
                while data:
                    cut = dice.randint(1, 3 * size)
                    client.write(data[:cut])
                    data = data[cut:]
                assert client.answer()["dram"] == 0
                client.finish()
        bridge.ended(4 * 8)
        assert bridge.kernel.total("allocs") == bridge.kernel.total("frees") == 4 * 8 * 199


@test
def a_single_first_message_is_handled_after_a_pause():
    with Bridge() as bridge:
        for size in SIZES:
            client = bridge.client(size)
            assert client.query(0)["type"] == RESPONSE
            client.alloc(0, DRAM, 0x1000, size)
            client.free(0, 0x1000)
            assert client.query(0)["dram"] == 0
            client.finish()
        bridge.ended(4)
        assert bridge.kernel.total("frees") == 4


@test
def a_message_that_pauses_at_a_shorter_size_is_counted_once():
    """The pause suggests 72 bytes, and the bytes that follow correct it."""
    with Bridge() as bridge:
        for at in (72, 112, 128):
            client = bridge.client(144)
            whole = client.message(5, 0)
            first = client.message(1, 0, 0x1000, 5, DRAM)
            assert first != whole
            before = bridge.kernel.total("allocs")
            client.write(first[:at])
            until(lambda: bridge.kernel.total("allocs") == before + 1)
            client.write(first[at:])
            client.free(0, 0x1000)
            assert client.query(0)["dram"] == 0
            client.finish()
        bridge.ended(3)
        assert bridge.kernel.total("allocs") == bridge.kernel.total("frees") == 3


@test
def a_single_message_is_handled_at_the_end():
    with Bridge() as bridge:
        for number, size in enumerate(SIZES):
            client = bridge.client(size)
            client.alloc(0, L1, 0x10, 5)
            client.finish()
            bridge.ended(number + 1)
        assert bridge.kernel.total("remaining_buffers") == 4


@test
def half_a_message_at_the_end_is_a_lost_report():
    with Bridge() as bridge:
        client = bridge.client(112)
        client.alloc(0, L1, 0x10, 5)
        client.free(0, 0x10)
        client.write(client.message(1, 0, 0x20, 5, L1)[:50])
        client.finish()
        bridge.ended()
        has(bridge.one(), allocs=1, frees=1, lost_reports=1, gap=0)


@test
def each_type_has_its_space():
    with Bridge() as bridge:
        client = bridge.client()
        for kind, free, field in ((CB_ALLOC, CB_FREE, "cb"), (KERNEL_LOAD, KERNEL_UNLOAD, "kernel")):
            client.put(kind, 0, 0x10, 11)
            assert client.query(0)[field] == 11
            client.put(free, 0, 0x10, 11)
            client.put(free, 0, 0x10)
            assert client.query(0)[field] == 0
        for space, field in ((DRAM, "dram"), (L1, "l1"), (L1_SMALL, "l1_small"), (TRACE, "trace"),
                             (SYSTEM, "l1_small")):
            client.alloc(0, space, 0x10, 11)
            assert client.query(0)[field] == 11
            client.free(0, 0x10)
            assert client.query(0)[field] == 0
        has(bridge.one(), allocs=7, frees=7, double_free=2)


@test
def a_free_goes_to_the_space_of_its_address():
    with Bridge() as bridge:
        client = bridge.client()
        client.alloc(0, DRAM, 0x10, 1)
        client.alloc(0, L1, 0x10, 2)
        client.free(0, 0x10)
        told = client.query(0)
        assert (told["dram"], told["l1"]) == (1, 0), told
        client.free(0, 0x10)
        client.free(0, 0x10)
        client.sync()
        has(bridge.one(), allocs=2, frees=2, double_free=1)


@test
def references_of_one_address_are_one_buffer():
    """A buffer, a view of it, and 50 cached programs whose 3 circular buffers share addresses."""
    with Bridge() as bridge:
        client = bridge.client()
        client.alloc(0, L1, 0x1000, 4096)
        client.alloc(0, L1, 0x1000, 4096)
        for _ in range(50):
            for address in (0x100, 0x200, 0x300):
                client.put(CB_ALLOC, 0, address, 64)
        assert client.query(0)["cb"] == 3 * 64
        client.free(0, 0x1000)
        assert client.query(0)["l1"] == 4096, "the view has gone, not the buffer"
        has(bridge.one(), allocs=4, frees=0, live_buffers=4)
        for _ in range(50):
            for address in (0x100, 0x200, 0x300):
                client.put(CB_FREE, 0, address, 64)
        client.free(0, 0x1000)
        told = client.query(0)
        assert (told["l1"], told["cb"]) == (0, 0), told
        has(bridge.one(), allocs=4, frees=4, double_free=0, double_alloc=0, superseded=0,
            size_mismatch=0, live_buffers=0, lost_reports=0)
        bridge.end()
        assert "aliases: 148 allocs and 148 frees" in bridge.rest, bridge.rest


@test
def a_free_beyond_the_references_is_wrong():
    with Bridge() as bridge:
        client = bridge.client()
        for _ in range(2):
            client.alloc(0, DRAM, 0x10, 5)
        for _ in range(3):
            client.free(0, 0x10)
        for kind, number in ((KERNEL_LOAD, 2), (KERNEL_UNLOAD, 4)):
            for _ in range(number):
                client.put(kind, 0, 0x10, 7)
        client.sync()
        has(bridge.one(), allocs=2, frees=2, double_free=3, double_alloc=0)


@test
def the_size_of_a_buffer_is_the_largest_of_its_references():
    with Bridge() as bridge:
        client = bridge.client()
        for size, largest in ((100, 100), (50, 100), (300, 300), (200, 300)):
            client.alloc(0, DRAM, 0x10, size)
            assert client.query(0)["dram"] == largest
        has(bridge.one(), allocs=2, frees=1, live_buffers=1, double_alloc=0)
        for _ in range(4):
            assert client.query(0)["dram"] == 300
            client.free(0, 0x10)
        assert client.query(0)["dram"] == 0
        has(bridge.one(), allocs=2, frees=2, double_free=0)


@test
def frees_of_references_are_not_compared_with_the_size():
    with Bridge() as bridge:
        client = bridge.client()
        client.put(CB_ALLOC, 0, 0x10, 100)
        client.put(CB_ALLOC, 0, 0x10, 50)
        client.put(CB_FREE, 0, 0x10, 100)
        client.put(CB_FREE, 0, 0x10, 50)
        client.put(CB_ALLOC, 0, 0x10, 100)
        client.put(CB_FREE, 0, 0x10, 50)
        client.sync()
        has(bridge.one(), allocs=2, frees=2, size_mismatch=1)


@test
def an_alloc_of_0_bytes_is_a_reference():
    with Bridge() as bridge:
        client = bridge.client()
        client.alloc(0, DRAM, 0x10, 5)
        client.alloc(0, DRAM, 0x10, 0)
        client.free(0, 0x10)
        assert client.query(0)["dram"] == 5
        client.free(0, 0x10)
        client.alloc(0, DRAM, 0x20, 0)
        client.alloc(0, DRAM, 0x20, 7)
        assert client.query(0)["dram"] == 7
        client.free(0, 0x20)
        client.free(0, 0x20)
        client.sync()
        has(bridge.one(), allocs=2, frees=2, double_free=0, lost_reports=1)


@test
def dumps_show_aliases():
    with Bridge() as bridge:
        client = bridge.client()
        for _ in range(3):
            client.alloc(0, DRAM, 0x10, 4096)
        client.put(DUMP_REMAINING, 0)
        client.sync()
        bridge.end()
        assert "\nAliases: 2 references beyond the first" in bridge.rest, bridge.rest


@test
def each_device_has_its_own_client():
    with Bridge() as bridge:
        client = bridge.client()
        for device in (0, 7, 255):
            client.alloc(device, DRAM, 0x10, 1 + device)
        client.free(7, 0x10)
        assert [client.query(device)["dram"] for device in (0, 7, 255)] == [1, 0, 256]
        assert sorted(c["device"] for c in bridge.kernel.clients()) == ["tt:0", "tt:255", "tt:7"]
        assert client.query(9)["dram"] == 0
        assert len(bridge.kernel.clients()) == 3


@test
def reports_are_batched():
    with Bridge() as bridge:
        client = bridge.client()
        client.glue()
        for address in range(1, 2001):
            client.alloc(0, DRAM, address, 1)
        client.send()
        client.sync()
        has(bridge.one(), allocs=2000)
        assert bridge.kernel.batches < 300, bridge.kernel.batches


@test
def the_c_client_gets_the_same_results():
    for size in SIZES:
        with Bridge() as bridge:
            orders = f"""connect {size}
                split 5
                alloc 0 0 0x1000 4096
                alloc 0 1 0x2000 100
                alloc 0 3 0x3000 30
                split 0
                glue
                alloc 0 4 0x4000 7
                alloc 0 2 0x5000 2
                cb_alloc 0 0x1000 64
                load 0 0x1000 65
                send
                free 0 0x1000
                free 0 0x1000
                free 0 0x9000
                query 0
                info -1
                """
            said = subprocess.run([CLIENT, bridge.path], input=orders, text=True, check=True,
                                  capture_output=True).stdout.splitlines()
            bridge.ended()
            cb, kernel = (64, 65) if size >= 128 else (0, 0)
            assert said[0] == (f"type 4 device 0 dram 0 l1 100 l1_small 32 trace 7 cb {cb} "
                               f"kernel {kernel}"), said
            assert said[1].startswith("type 7 device -1 "), said
            assert said[1].endswith(f"devices {int(size > 72)}"), said
            has(bridge.one(), allocs=7, frees=1, double_free=1, remaining_buffers=6)


# --- answers

CONFIG = {"devices": [
    {"device_id": 0, "name": "chip-a", "arch": "wormhole_b0", "num_dram_channels": 12,
     "dram_size_per_channel": 1 << 30, "l1_size_per_core": 1499136, "num_cores": 72},
    {"device_id": 3, "arch": "Blackhole", "total_dram_size": 99, "total_l1_size": 98}]}


def write_config(data):
    path = f"{WORK}/config.json"
    with open(path, "w") as file:
        file.write(data if isinstance(data, str) else json.dumps(data))
    return path


@test
def device_information_comes_from_the_configuration():
    with Bridge("--config", write_config(CONFIG)) as bridge:
        for size in SIZES[1:]:
            client = bridge.client(size)
            all_of_them = client.info(-1)
            assert (all_of_them["type"], all_of_them["device"]) == (7, -1)
            assert (all_of_them["devices"], all_of_them["available"]) == (2, 1)
            told = client.info(0)
            assert (told["arch"], told["channels"], told["per_channel"], told["per_core"],
                    told["total_dram"], told["total_l1"], told["available"], told["devices"]) == (
                        2, 12, 1 << 30, 1499136, 12 << 30, 72 * 1499136, 1, 0), told
            told = client.info(3)
            assert (told["arch"], told["total_dram"], told["total_l1"]) == (3, 99, 98), told
            for nobody in (1, 8, 300, -2):
                assert client.info(nobody)["available"] == 0
        client.alloc(0, DRAM, 0x10, 5)
        assert client.query(0)["dram"] == 5
        assert bridge.one()["device"] == "chip-a"


@test
def device_information_comes_from_sysfs():
    chip = f"{WORK}/sysfs/devices/pci0000:00/0000:01:00.0"
    os.makedirs(chip)
    os.makedirs(f"{WORK}/sysfs/class/tenstorrent/tenstorrent!0")
    os.symlink(chip, f"{WORK}/sysfs/class/tenstorrent/tenstorrent!0/device")
    with open(f"{chip}/device", "w") as file:
        file.write("0x401e\n")
    with Bridge("--sysfs", f"{WORK}/sysfs") as bridge:
        client = bridge.client()
        assert client.info(-1)["devices"] == 1
        told = client.info(0)
        assert (told["arch"], told["channels"], told["available"]) == (2, 12, 1), told
        client.alloc(0, DRAM, 0x10, 5)
        assert client.query(0)["dram"] == 5
        assert bridge.one()["device"] == "tt:0", "only root may register a PCI address"
        assert "0000:01:00.0" in bridge.said()


@test
def an_invalid_configuration_is_rejected():
    for text in ("", "{", "[]", '{"devices": 1}', '{"devices": [{}]}', '{"devices": [1]}',
                 '{"devices": [{"device_id": -1}]}', '{"devices": [{"device_id": 256}]}',
                 '{"devices": [{"device_id": "x"}]}',
                 '{"devices": [{"device_id": 0, "arch": "z80"}]}',
                 '{"devices": [{"device_id": 0}, {"device_id": 0}]}',
                 '{"devices": [{"device_id": 0, "name": ""}]}',
                 '{"devices": [{"device_id": 0, "num_cores": 4294967296}]}'):
        bridge = Bridge("--config", write_config(text))
        assert bridge.process.wait(60) == 1 and bridge.line == "", text
        assert "cannot be used" in bridge.said(), text
    assert Bridge("--config", f"{WORK}/none").process.wait(60) == 1


@test
def dumps_are_printed():
    with Bridge() as bridge:
        client = bridge.client()
        client.alloc(0, DRAM, 0x10, 4096)
        client.put(KERNEL_LOAD, 0, 0x20, 2048)
        client.put(DUMP_REMAINING, 0)
        client.put(DUMP_KERNELS, 0)
        client.sync()
        bridge.end()
        first, second = bridge.rest.split("Remaining kernels")
        assert "Remaining buffers" in first and NOTE in first
        assert "DRAM: 1 buffers, 4.00 KiB, allocated" in first, first
        assert "KERNEL: 1 buffers, 2.00 KiB, allocated" in second, second
        assert "DRAM" not in second and "Total: 1 kernels allocated" in second, second


@test
def verbose_prints_the_lines_of_the_original_server():
    with Bridge("--verbose") as bridge:
        client = bridge.client(pid=0)
        client.alloc(0, SYSTEM, 0x10, 5)
        client.alloc(0, SYSTEM, 0x10, 5)
        client.put(CB_ALLOC, 0, 0x10, 5)
        for _ in range(3):
            client.free(0, 0x10)
        client.put(CB_FREE, 0, 0x20)
        client.sync()
        bridge.end()
        assert bridge.rest.splitlines()[1:-1] == [
            "✓ [PID 0] Allocated 5 bytes of SYSTEM_MEMORY on device 0 (buffer_id=16)",
            "✓ [PID 0] Allocated 5 bytes of SYSTEM_MEMORY on device 0 (buffer_id=16, ref_count=2)",
            "✗ [PID 0] Freed buffer 16 on device 0 (5 bytes, ref_count=1 remaining)",
            "✗ [PID 0] Freed buffer 16 on device 0 (5 bytes, FINAL)",
            "⚠ [PID 0] Deallocation for unknown buffer 16 on device 0 "
            "(allocated before tracking started)"], bridge.rest


@test
def an_unread_dump_delays_nobody():
    with Bridge() as bridge:
        client = bridge.client()
        client.alloc(0, DRAM, 0x10, 4096)
        for _ in range(3000):
            client.put(DUMP_REMAINING, 0)
        assert client.query(0)["dram"] == 4096


# --- identity

@test
def the_kernel_identifies_the_peer_and_messages_only_claim():
    with Bridge() as bridge:
        client = bridge.client(pid=4711)
        client.alloc(0, DRAM, 0x10, 1)
        client.sync()
        name = open("/proc/self/comm").read().strip()
        has(bridge.one(), pid=os.getpid(), name=f"{name} (says pid 4711)")
    with Bridge() as bridge:
        client = bridge.client()
        client.alloc(0, DRAM, 0x10, 1)
        client.sync()
        has(bridge.one(), pid=os.getpid(), name=name)


@test
def clients_claim_the_user_of_the_peer():
    def work():
        if os.geteuid() == 0:
            os.setuid(12345)
        bridge.client().alloc(0, DRAM, 0x10, 1)

    with Bridge() as bridge:
        os.chmod(WORK, 0o755)
        expect_success(in_child(work))
        bridge.ended()
        has(bridge.one(), uid=os.geteuid() or 12345)
    for error in (errno.EOPNOTSUPP, errno.EINVAL):
        with Bridge() as bridge:
            bridge.kernel.fail("declare", error, 1)
            client = bridge.client()
            client.alloc(0, DRAM, 0x10, 1)
            client.sync()
            has(bridge.one(), uid=0xffffffff, allocs=1, lost_reports=0)


@test
def a_process_older_than_the_socket_is_late():
    with Bridge() as bridge:
        client = bridge.client()
        client.free(0, 0x10)
        client.sync()
        has(bridge.one(), late=1, pre_attach=1, never=0)


def next_ticks():
    """Waits until start times, which are in ticks, can differ."""
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    until(lambda: time.clock_gettime(time.CLOCK_BOOTTIME) > now + 0.03)


@test
def a_process_younger_than_the_socket_is_late_on_its_second_connection_only():
    def work():
        client = bridge.client()
        client.free(0, 0x10)
        client.sync()
        client.finish()
        client = bridge.client()
        client.free(0, 0x10)
        client.sync()

    with Bridge() as bridge:
        next_ticks()
        expect_success(in_child(work))
        bridge.ended(2)
        first, second = bridge.kernel.clients()
        has(first, late=0, never=1)
        has(second, late=1, pre_attach=1)


@test
def a_query_connection_does_not_make_the_next_one_late():
    def work():
        bridge.client().query(0)
        client = bridge.client()
        client.free(0, 0x10)
        client.sync()

    with Bridge() as bridge:
        next_ticks()
        expect_success(in_child(work))
        bridge.ended()
        has(bridge.one(), late=0, never=1)


@test
def messages_of_a_killed_process_are_counted():
    def work():
        client = bridge.client(72)
        client.glue()
        for address in range(1, 1001):
            client.alloc(0, DRAM, address, 3)
        client.send()
        os.kill(os.getpid(), signal.SIGKILL)

    with Bridge() as bridge:
        pid = in_child(work)
        os.waitpid(pid, 0)
        bridge.ended()
        has(bridge.one(), allocs=1000, remaining_buffers=1000, remaining_bytes=3000, pid=pid)


@test
def half_a_message_of_a_killed_process_is_a_lost_report():
    def work():
        client = bridge.client()
        client.alloc(0, DRAM, 0x10, 3)
        client.alloc(0, DRAM, 0x10, 3)
        client.sync()
        client.write(client.message(FREE, 0, 0x10)[:100])
        os.kill(os.getpid(), signal.SIGKILL)

    with Bridge() as bridge:
        os.waitpid(in_child(work), 0)
        bridge.ended()
        has(bridge.one(), allocs=1, frees=0, lost_reports=1, remaining_buffers=1)


@test
def the_end_of_a_process_ends_its_client_even_if_a_child_holds_the_socket():
    """A child has inherited the socket."""
    def work():
        client = bridge.client()
        client.alloc(0, DRAM, 0x10, 1)
        client.sync()
        if os.fork():
            os.write(told, b"x")
            return
        os.read(release, 1)

    reading, told = os.pipe()
    release, hold = os.pipe()
    with Bridge() as bridge:
        pid = in_child(work)
        os.read(reading, 1)
        os.waitpid(pid, 0)
        bridge.ended()
        has(bridge.one(), remaining_buffers=1, pid=pid)
        os.write(hold, b"x")


@contextlib.contextmanager
def pipe():
    """The ends of a pipe, closed at the end, so that whoever reads from it stops."""
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)


def forked(child, parent):
    """Forks a process that has connected and allocated 0x10; returns its pid and the child's."""
    def work():
        client = bridge.client()
        client.alloc(0, DRAM, 0x10, 1)
        client.sync()
        pid = os.fork()
        if not pid:
            client.pid = os.getpid()
            child(client)
            os._exit(0)
        os.write(told, pid.to_bytes(4, "little"))
        parent(bridge, client, pid)

    with Bridge() as bridge, pipe() as (reading, told):
        next_ticks()
        pid = in_child(work)
        yield bridge, pid, int.from_bytes(os.read(reading, 4), "little")
        os.waitpid(pid, 0)


@test
def a_forked_child_on_the_socket_has_a_client_of_its_own():
    def child(client):
        client.free(0, 0x10)
        client.alloc(0, DRAM, 0x10, 7)
        client.alloc(0, DRAM, 0x20, 7)
        client.sync()

    def parent(bridge, client, pid):
        os.waitpid(pid, 0)
        bridge.ended()
        client.free(0, 0x10)
        client.free(0, 0x20)
        client.sync()
        os.read(release, 1)

    with pipe() as (release, hold):
        for bridge, pid, other in forked(child, parent):
            until(lambda: len(bridge.kernel.clients()) == 2 and bridge.kernel.total("frees") == 1)
            first, second = bridge.kernel.clients()
            has(first, pid=pid, late=0, open=1, allocs=1, frees=1, double_free=0, double_alloc=0)
            has(second, pid=other, late=1, open=0, allocs=2, frees=0, pre_attach=1, never=0,
                double_free=0, remaining_buffers=2)
            os.write(hold, b"x")


@test
def a_forked_child_goes_on_after_its_parent_has_ended():
    def child(client):
        client.alloc(0, DRAM, 0x20, 7)
        client.sync()
        os.read(release, 1)
        client.alloc(0, DRAM, 0x30, 8)
        client.free(0, 0x20)
        client.sync()
        os.read(release, 1)

    def parent(bridge, client, pid):
        until(lambda: len(bridge.kernel.clients()) == 2)

    with pipe() as (release, hold):
        for bridge, pid, other in forked(child, parent):
            bridge.ended()
            first, second = bridge.kernel.clients()
            has(first, pid=pid, open=0, remaining_buffers=1)
            has(second, pid=other, open=1, live_buffers=1)
            os.write(hold, b"x")
            until(lambda: bridge.kernel.clients()[1]["frees"] == 1)
            assert len(bridge.kernel.clients()) == 2
            os.write(hold, b"x")
            bridge.ended(2)
            has(bridge.kernel.clients()[1], allocs=2, frees=1, remaining_buffers=1)


@test
def a_silent_child_keeps_the_socket_after_its_parent_has_ended():
    def child(client):
        os.read(release, 1)
        client.alloc(0, DRAM, 0x20, 7)
        client.sync()
        os.read(release, 1)

    with pipe() as (release, hold):
        for bridge, pid, other in forked(child, lambda bridge, client, pid: None):
            bridge.ended()
            os.write(hold, b"x")
            until(lambda: len(bridge.kernel.clients()) == 2)
            has(bridge.kernel.clients()[1], late=1, open=1)
            os.write(hold, b"x")
            bridge.ended(2)


@test
def a_claimed_pid_that_is_no_child_ends_with_its_connection():
    with Bridge() as bridge:
        client = bridge.client()
        client.alloc(0, DRAM, 0x10, 1)
        client.pid = os.getppid()
        client.free(0, 0x10)
        client.alloc(0, DRAM, 0x20, 1)
        client.pid = os.getpid()
        client.free(0, 0x10)
        client.sync()
        first, second = bridge.kernel.clients()
        name = open("/proc/self/comm").read().strip()
        has(first, pid=os.getpid(), name=name, frees=1, pre_attach=0, never=0)
        has(second, pid=os.getpid(), name=f"{name} (says pid {os.getppid()})", late=1,
            allocs=1, frees=0, pre_attach=1, double_free=0, open=1)
        client.finish()
        bridge.ended(2)


@test
def the_processes_of_a_connection_are_limited():
    with Bridge() as bridge:
        client = bridge.client()
        client.alloc(0, DRAM, 0x10, 1)
        for client.pid in range(5000000, 5000200):
            client.alloc(0, DRAM, 0x10, 1)
        client.pid = os.getpid()
        client.free(0, 0x10)
        client.sync()
        clients = bridge.kernel.clients()
        assert len(clients) == 201 and sum(c["open"] for c in clients) <= 65
        has(clients[0], open=1, frees=1, double_free=0)


@test
def a_child_with_a_socket_of_its_own_is_late_if_its_parent_had_reported():
    def child():
        os.read(release, 1)
        client = bridge.client()
        client.free(0, 0x10)
        client.sync()

    def work():
        next_ticks()
        before = in_child(child)
        next_ticks()
        client = bridge.client()
        client.alloc(0, DRAM, 0x10, 1)
        client.sync()
        next_ticks()
        after = in_child(lambda: in_grandchild(child))
        os.write(hold, b"xx")
        expect_success(before)
        expect_success(after)

    def in_grandchild(work):
        expect_success(in_child(work))

    with Bridge() as bridge, pipe() as (release, hold):
        next_ticks()
        expect_success(in_child(work))
        bridge.ended(3)
        has(bridge.kernel.clients()[0], late=0, frees=0, double_free=0)
        assert sorted(c["late"] for c in bridge.kernel.clients()) == [0, 0, 1]
        assert bridge.kernel.total("never") == bridge.kernel.total("pre_attach") == 1


@test
def connections_of_one_process_free_each_others_buffers():
    def work():
        one, other = bridge.client(), bridge.client()
        one.sync()
        other.sync()
        one.alloc(0, DRAM, 0x10, 1)
        one.sync()
        other.alloc(0, DRAM, 0x20, 1)
        other.free(0, 0x10)
        other.sync()
        one.free(0, 0x20)
        one.sync()

    with Bridge() as bridge:
        next_ticks()
        expect_success(in_child(work))
        bridge.ended(2)
        for client in bridge.kernel.clients():
            has(client, allocs=1, frees=1, never=0, pre_attach=0, double_free=0)


@test
def a_process_that_ended_before_it_was_accepted_is_counted():
    def work():
        client = bridge.client()
        for address in range(1, 11):
            client.alloc(0, DRAM, address, 1)

    with Bridge() as bridge:
        bridge.process.send_signal(signal.SIGSTOP)
        pid = in_child(work)
        os.waitpid(pid, 0)
        bridge.process.send_signal(signal.SIGCONT)
        bridge.ended()
        has(bridge.one(), allocs=10, remaining_buffers=10, pid=pid, late=1)
        assert bridge.one()["name"].startswith("ended"), bridge.one()


# --- aliases, in any order

CB, KERNEL = "cb", "kernel"
NAMED = {CB: (CB_ALLOC, CB_FREE), KERNEL: (KERNEL_LOAD, KERNEL_UNLOAD)}


class Books:
    """What the messages of a client amount to, by the rules in Documentation/bridge.md."""

    def __init__(self):
        self.spaces = {}
        self.count = dict.fromkeys(("allocs", "frees", "double_free", "never"), 0)

    def place(self, device, space, address):
        # A FREE names no space; the others have messages of their own.
        return self.spaces.setdefault((device, space if space in NAMED else None, address), {})

    def alloc(self, device, space, address, size):
        place = self.place(device, space, address)
        count, largest = place.pop(space, (0, 0))
        if not count:
            largest = 0
        self.count["allocs"] += size > largest
        self.count["frees"] += bool(count) and size > largest
        place[space] = (count + 1, max(size, largest))

    def free(self, device, space, address):
        place = self.place(device, space, address)
        live = [name for name, (count, _) in place.items() if count]
        if not live:
            self.count["double_free" if place else "never"] += 1
            return
        count, largest = place.pop(live[-1])
        self.count["frees"] += count == 1
        place[live[-1]] = (count - 1, largest)

    def live(self, device, *spaces):
        return sum(largest for (number, _, _), place in self.spaces.items() if number == device
                   for space, (count, largest) in place.items() if count and space in spaces)

    def check(self, told, device):
        for field, spaces in (("dram", (DRAM,)), ("l1", (L1,)), ("l1_small", (L1_SMALL, SYSTEM)),
                              ("trace", (TRACE,)), ("cb", (CB,)), ("kernel", (KERNEL,))):
            assert told[field] == self.live(device, *spaces), (field, told, self.spaces)


def random_message(dice, client, books):
    device, address = dice.choice((0, 3)), 16 * dice.randint(1, 6)
    space = dice.choice((DRAM, DRAM, L1, L1, L1_SMALL, SYSTEM, TRACE, CB, CB, KERNEL))
    if dice.random() < 0.55:
        size = dice.randint(1, 100)
        books.alloc(device, space, address, size)
        if space in NAMED:
            client.put(NAMED[space][0], device, address, size)
        else:
            client.alloc(device, space, address, size)
        return
    books.free(device, space, address)
    client.put(NAMED[space][1] if space in NAMED else FREE, device, address)


@test
def references_of_random_messages_are_counted():
    """On two devices, in all spaces, of any size, with queries and dumps in between."""
    def work():
        books, client = Books(), bridge.client()
        for _ in range(3000):
            random_message(dice, client, books)
            chance = dice.random()
            if chance < 0.02:
                client.put(dice.choice((DUMP_REMAINING, DUMP_KERNELS)), 0)
            elif chance < 0.1:
                device = dice.choice((0, 3))
                books.check(client.query(device), device)
        client.sync()
        for name, count in books.count.items():
            assert bridge.kernel.total(name) == count, (name, books.count)
        for name in ("double_alloc", "size_mismatch", "lost_reports", "superseded"):
            assert bridge.kernel.total(name) == 0, name

    for seed in range(5):
        dice = random.Random(seed)
        with Bridge() as bridge:
            next_ticks()
            expect_success(in_child(work))


# --- hostile and failing peers

def alive(bridge):
    client = bridge.client()
    client.alloc(0, DRAM, 0xa11fe, 1)
    client.free(0, 0xa11fe)
    client.sync()
    client.finish()


@test
def invalid_messages_are_logged_once_and_cut_off():
    with Bridge() as bridge:
        witness = bridge.client()
        witness.alloc(0, DRAM, 0x10, 1)
        witness.sync()
        for garbage in (b"GET / HTTP/1.1\r\n\r\n", b"\0", bytes(200), b"\xff" * 5000,
                        witness.message(1, 0, 1, 1)[:72] + b"\x0d" + bytes(200)):
            peer = bridge.client()
            peer.socket.sendall(garbage)
            assert peer.read_to_end() == b""
        assert bridge.said().count("cut off") == 1, "one line for a process"
        witness.free(0, 0x10)
        assert witness.query(0)["dram"] == 0


@test
def an_invalid_message_after_valid_ones_ends_the_client():
    with Bridge() as bridge:
        client = bridge.client()
        client.alloc(0, DRAM, 0x10, 1)
        client.sync()
        client.write(b"\x63" * 144)
        client.read_to_end()
        bridge.ended()
        has(bridge.one(), allocs=1, remaining_buffers=1, lost_reports=1)


@test
def many_invalid_peers_leave_a_bounded_log():
    with Bridge() as bridge:
        for _ in range(500):
            peer = bridge.client()
            peer.socket.sendall(b"\x63" * 144)
            peer.read_to_end()
        alive(bridge)
        assert len(bridge.said().splitlines()) < 100
        assert all(len(line) < 600 for line in bridge.said().splitlines())


@test
def zero_sizes_and_unknown_types_are_lost_reports():
    with Bridge() as bridge:
        client = bridge.client()
        client.alloc(0, DRAM, 0x10, 0)
        client.alloc(0, 9, 0x10, 1)
        client.alloc(0, DRAM, 0x20, 1)
        client.free(0, 0x10)
        client.sync()
        has(bridge.one(), allocs=1, lost_reports=2)
        assert bridge.one()["gap"] == 1


@test
def sizes_above_the_capacity_are_lost_reports_of_that_client():
    with Bridge("--config", write_config(CONFIG)) as bridge:
        client, other = bridge.client(), bridge.client()
        other.alloc(3, DRAM, 0x10, 99)
        client.alloc(3, DRAM, 0x10, 100)
        client.alloc(3, L1, 0x20, 98)
        client.alloc(3, TRACE, 0x30, 1 << 63)
        client.free(3, 0x10)
        other.free(3, 0x10)
        assert client.query(3)["dram"] == other.query(3)["dram"] == 0
        for entry in bridge.kernel.clients():
            has(entry, allocs=1, never=0, double_free=0)
        assert bridge.kernel.total("lost_reports") == 2
        assert "above" in bridge.said(), bridge.said()


@test
def the_number_of_devices_includes_those_that_reported():
    with Bridge("--config", write_config(CONFIG)) as bridge:
        client = bridge.client()
        assert client.info(-1)["devices"] == 2
        client.alloc(6, DRAM, 0x10, 1)
        client.sync()
        assert (client.info(-1)["devices"], client.info(-1)["available"]) == (7, 1)


@test
def connections_that_waited_to_be_accepted_are_served():
    with Bridge("--max-connections", "6") as bridge:
        bridge.process.send_signal(signal.SIGSTOP)
        clients = [bridge.client() for _ in range(3)]
        for client in clients:
            client.alloc(0, DRAM, 0x10, 1)
            client.alloc(0, DRAM, 0x20, 1)
        bridge.process.send_signal(signal.SIGCONT)
        for client in clients:
            client.sync()
            client.finish()
        bridge.ended(3)
        assert bridge.kernel.total("allocs") == 6


@test
def unread_answers_are_queued_up_to_a_bound():
    with Bridge() as bridge:
        client = bridge.client()
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for _ in range(200):
            client.put(QUERY, 0)
        alive(bridge)
        for _ in range(200):
            assert client.answer()["type"] == RESPONSE
        greedy = bridge.client()
        question = greedy.message(QUERY, 0)
        try:
            while True:
                greedy.socket.sendall(question)
        except (BrokenPipeError, ConnectionResetError):
            pass
        until(lambda: "does not read" in bridge.said())
        alive(bridge)


@test
def answers_arrive_after_the_peer_stopped_sending():
    with Bridge() as bridge:
        client = bridge.client()
        for _ in range(300):
            client.put(QUERY, 0)
        assert len(client.finish()) == 300 * 144


@test
def half_open_and_idle_peers_are_tolerated():
    with Bridge() as bridge:
        idle = [bridge.client() for _ in range(50)]
        for client in idle:
            client.write(client.message(1, 0, 1, 1)[:10])
        alive(bridge)
        for client in idle:
            client.socket.shutdown(socket.SHUT_RD)
            client.put(QUERY, 0)
        alive(bridge)


@test
def a_peer_that_leaves_before_its_answer_does_no_harm():
    with Bridge() as bridge:
        for _ in range(100):
            client = bridge.client()
            client.put(QUERY, 0)
            client.socket.close()
        alive(bridge)


# --- the shares of users

def as_user(uid, work):
    """Runs work as another user, or as ours if we may not change it, and returns the pid."""
    def change_and_work():
        if os.geteuid() == 0:
            os.setgroups([])
            os.setuid(uid)
        work()

    os.chmod(WORK, 0o755)
    return in_child(change_and_work)


def served(bridge):
    return [c for c in bridge.kernel.clients() if c["name"] != "connections over the limit"]


def refused(bridge):
    return [c for c in bridge.kernel.clients() if c["name"] == "connections over the limit"]


@test
def refused_connections_get_answers_and_their_reports_are_lost():
    """Of 8, a user gets 6."""
    with Bridge("--max-connections", "8") as bridge:
        clients = [bridge.client() for _ in range(8)]
        for client in clients:
            for address in range(1, 11):
                client.alloc(0, DRAM, address, 1)
            client.free(0, 3)
            client.sync()
        assert clients[7].query(0)["dram"] == 6 * 9
        assert clients[7].info(-1)["type"] == 7
        assert len(served(bridge)) == 6
        lost, = refused(bridge)
        has(lost, allocs=0, lost_reports=2 * 11, pid=0, open=1)
        assert bridge.said().count("reports count as lost: raise --max-connections") == 1
        clients[7].write(clients[7].message(1, 0, 0x20, 5, L1)[:50])
        clients[7].finish()
        until(lambda: refused(bridge)[0]["lost_reports"] == 2 * 11 + 1)
        for client in clients[:7]:
            client.finish()
        bridge.ended(7)
        assert bridge.kernel.total("allocs") == 60 and bridge.kernel.total("frees") == 6


@test
def the_c_client_survives_a_refusal():
    """It waits for its answer, and would die of SIGPIPE."""
    with Bridge("--max-connections", "1") as bridge:
        first = bridge.client()
        first.alloc(0, DRAM, 0x10, 7)
        first.sync()
        orders = "connect 144\n" + "alloc 0 0 0x20 5\nquery 0\nfree 0 0x20\nquery 0\n" * 50
        done = subprocess.run([CLIENT, bridge.path], input=orders, text=True, capture_output=True,
                              timeout=60)
        assert done.returncode == 0, done
        assert done.stdout.count("dram 7 ") == 100, done.stdout
        has(refused(bridge)[0], lost_reports=100)


@test
def a_refused_connection_is_served_late_once_there_is_room():
    with Bridge("--max-connections", "1") as bridge:
        first, second = bridge.client(), bridge.client()
        first.alloc(0, DRAM, 0x10, 1)
        first.sync()
        second.alloc(0, DRAM, 0x20, 1)
        second.sync()
        first.finish()
        bridge.ended()
        second.free(0, 0x20)
        second.alloc(0, DRAM, 0x30, 1)
        second.sync()
        late = served(bridge)[1]
        has(late, late=1, allocs=1, pre_attach=1, never=0, double_free=0)
        assert refused(bridge)[0]["lost_reports"] == 1


@test
def one_user_with_thousands_of_connections_hangs_nobody():
    if os.geteuid():
        return "only root can connect as several users"

    def hoard():
        held = []
        for _ in range(3000):
            peer = socket.socket(socket.AF_UNIX)
            peer.connect(bridge.path)
            held.append(peer)
        for peer in held:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                peer.sendall(message)
        os.write(told, b"x")
        os.read(release, 1)

    def work():
        client = bridge.client()
        for address in range(1, 101):
            client.alloc(0, DRAM, address, 1)
        assert client.query(0)["type"] == RESPONSE
        client.finish()

    with Bridge("--max-connections", "200") as bridge, pipe() as (reading, told), \
            pipe() as (release, hold):
        message = bridge.client().message(1, 0, 0x10, 5, DRAM)
        hoarder = as_user(12345, hoard)
        os.read(reading, 1)
        for uid in (1001, 1002, 1003):
            expect_success(as_user(uid, work))
        until(lambda: sum(c["remaining_buffers"] for c in served(bridge)) == 300)
        for uid in (1001, 1002, 1003):
            mine = [c for c in served(bridge) if c["uid"] == uid]
            assert len(mine) == 1 and mine[0]["lost_reports"] == 0, mine
            has(mine[0], allocs=100)
        until(lambda: bridge.kernel.total("lost_reports") + len(served(bridge)) >= 300)
        hoarded = [c for c in served(bridge) if c["uid"] == 12345]
        assert 100 < len(hoarded) <= 150, len(hoarded)
        assert 100 <= len(os.listdir(f"/proc/{bridge.process.pid}/fd")) <= 200 * 6 + 8 + 576
        os.write(hold, b"x")
        os.waitpid(hoarder, 0)
        bridge.ended(len(hoarded))
        until(lambda: len(os.listdir(f"/proc/{bridge.process.pid}/fd")) < 50)
        alive(bridge)
        assert len(bridge.said().splitlines()) < 100


@test
def a_flood_of_one_user_does_not_delay_another():
    if os.geteuid():
        return "only root can connect as several users"

    def flood():
        peers = [bridge.client() for _ in range(600)]
        bytes_ = b"".join(peers[0].message(FREE, 0, 16 * n) for n in range(400))
        rest = {}
        for peer in peers:
            peer.socket.setblocking(False)
        os.write(told, b"x")
        while True:
            for peer in peers:
                with contextlib.suppress(BlockingIOError):
                    left = rest.get(peer) or bytes_
                    rest[peer] = left[peer.socket.send(left):]

    def ask():
        client = bridge.client()
        begun = time.monotonic()
        for _ in range(5):
            client.alloc(0, DRAM, 0x10, 1)
            client.free(0, 0x10)
            client.sync()
        took = time.monotonic() - begun
        print(f"# 5 answers in {took:.2f} s", flush=True)
        assert took < 1.5 * SHARE, took

    with Bridge("--max-connections", "1000") as bridge, pipe() as (reading, told):
        flooder = as_user(12345, flood)
        os.read(reading, 1)
        time.sleep(1)
        try:
            expect_success(as_user(1001, ask))
        finally:
            os.kill(flooder, signal.SIGKILL)
            os.waitpid(flooder, 0)


def processor_ticks(process):
    """The processor time of a process, in ticks."""
    fields = open(f"/proc/{process.pid}/stat").read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


@test
def a_shortage_of_files_neither_spins_nor_fills_the_backlog():
    import resource
    with Bridge() as bridge:
        files = len(os.listdir(f"/proc/{bridge.process.pid}/fd"))
        limit = resource.prlimit(bridge.process.pid, resource.RLIMIT_NOFILE)
        client = bridge.client()
        client.alloc(0, DRAM, 0x10, 1)
        client.sync()
        files = len(os.listdir(f"/proc/{bridge.process.pid}/fd"))
        resource.prlimit(bridge.process.pid, resource.RLIMIT_NOFILE, (files, limit[1]))
        before = processor_ticks(bridge.process)
        for _ in range(300):
            assert bridge.client().read_to_end() == b""
        assert bridge.said().count("new connections are cut off: Too many open files") == 1
        time.sleep(0.5)
        assert processor_ticks(bridge.process) - before < 25
        assert client.query(0)["dram"] == 1
        resource.prlimit(bridge.process.pid, resource.RLIMIT_NOFILE, limit)
        alive(bridge)


@test
def clients_of_many_devices_take_the_share_of_their_user_only():
    """8 connections have 48 places, of which one user gets 36: 3 of them for a connection."""
    with Bridge("--max-connections", "8") as bridge:
        greedy = bridge.client()
        for device in range(50):
            greedy.alloc(device, DRAM, 0x10, 1)
            greedy.free(device, 0x10)
        greedy.sync()
        opened = len(served(bridge))
        assert opened == 33, opened
        if os.geteuid() == 0:
            expect_success(as_user(1001, lambda: alive(bridge)))
            assert [c["allocs"] for c in served(bridge) if c["uid"] == 1001] == [1]
        greedy.finish()
        until(lambda: bridge.kernel.total("lost_reports") == 2 * (50 - opened))


@test
def the_modules_bound_on_clients_is_shared():
    parameters = f"{WORK}/bounds/module/buftrack/parameters"
    os.makedirs(parameters)
    with open(f"{parameters}/clients_per_user", "w") as file:
        file.write("16\n")
    with Bridge("--sysfs", f"{WORK}/bounds", as_root=False) as bridge:
        clients = [bridge.client() for _ in range(20)]
        for client in clients:
            client.alloc(0, DRAM, 0x10, 1)
            client.sync()
        assert len(served(bridge)) == 11, len(served(bridge))
        assert bridge.said().count("has no room for another client of a device") == 1


@test
def silent_connections_are_kept():
    with Bridge("--max-connections", "50") as bridge:
        speaks = bridge.client()
        speaks.alloc(0, DRAM, 0x10, 1)
        speaks.sync()
        silent = [bridge.client() for _ in range(20)]
        for _ in range(20):
            alive(bridge)
        for client in silent:
            client.alloc(0, DRAM, 0x10, 1)
            client.sync()
        has(speaks_client := bridge.kernel.clients()[0], live_buffers=1)
        assert speaks_client["lost_reports"] == 0


@test
def a_process_that_reported_and_was_forgotten_is_late():
    """Without a place to remember them, processes of the past are late."""
    def work():
        bridge.client().free(0, 0x10)
        os.write(told, b"x")
        os.read(release, 1)
        bridge.client().free(0, 0x10)

    with Bridge("--max-connections", "1") as bridge, pipe() as (reading, told), \
            pipe() as (release, hold):
        next_ticks()
        workers = []
        for number in range(12):
            workers.append(in_child(work))
            os.read(reading, 1)
            bridge.ended(number + 1)
        before = len(bridge.kernel.clients())
        for pid in workers:
            os.write(hold, b"x")
            os.waitpid(pid, 0)
            number = len(bridge.kernel.clients())
        until(lambda: bridge.kernel.total("pre_attach") + bridge.kernel.total("lost_reports") >= 12)
        assert all(c["late"] and not c["never"] for c in bridge.kernel.clients()[before:])
        assert number >= before


@test
def an_invalid_message_is_logged_after_an_earlier_warning():
    with Bridge() as bridge:
        client = bridge.client()
        client.alloc(0, DRAM, 0x10, 0)
        client.sync()
        client.write(b"\x63" * 144)
        client.read_to_end()
        until(lambda: "cut off" in bridge.said())
        assert bridge.said().count("process") == 2, bridge.said()


@test
def the_limit_on_open_files_limits_connections():
    import resource
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Bridge(wait=False) as bridge:
        resource.prlimit(bridge.process.pid, resource.RLIMIT_NOFILE, (soft, hard))
        bridge.line = bridge.process.stdout.readline().decode()
        alive(bridge)


@test
def allocs_beyond_the_address_limit_are_lost_reports():
    with Bridge("--max-addresses", "40") as bridge:
        client = bridge.client()
        for address in range(1, 13):
            client.alloc(0, DRAM, address, 1)
        client.free(0, 11)
        client.free(0, 1)
        client.alloc(0, DRAM, 99, 1)
        client.free(0, 99)
        client.sync()
        has(bridge.one(), allocs=11, frees=2, lost_reports=2)
        assert bridge.one()["gap"] == 1
        assert "--max-addresses" in bridge.said()


@test
def frees_of_forgotten_addresses_are_lost_reports():
    with Bridge("--max-addresses", "40") as bridge:
        client = bridge.client()
        for address in range(1, 13):
            client.alloc(0, DRAM, address, 1)
            client.free(0, address)
        client.free(0, 12)
        client.free(0, 1)
        client.put(CB_FREE, 0, 1)
        client.sync()
        has(bridge.one(), allocs=12, frees=12, lost_reports=1, double_free=1, gap=1, never=0,
            pre_attach=0)


@test
def a_free_of_an_alloc_that_another_connection_lost_is_no_blame():
    """An alloc of an unknown type, one without room, one that was refused, one freed and forgotten."""
    def work():
        one, other, beyond = bridge.client(), bridge.client(), bridge.client()
        for client in (one, other):
            client.alloc(0, DRAM, 0x9990, 1)
            client.sync()
        lose(one, beyond)
        one.sync()
        beyond.sync()
        other.free(0, 0x10)
        other.put(CB_FREE, 0, 0x20)
        other.free(1, 0x10)
        other.sync()

    def unknown_type(client, beyond):
        client.alloc(0, 9, 0x10, 1)

    def no_room(client, beyond):
        for address in range(0x1000, 0x1100):
            client.alloc(0, DRAM, address, 1)

    def was_refused(client, beyond):
        beyond.alloc(0, DRAM, 0x10, 1)

    def forgotten(client, beyond):
        for address in range(0x1000, 0x1100):
            client.alloc(0, DRAM, address, 1)
            client.free(0, address)

    for lose in (unknown_type, no_room, was_refused, forgotten):
        with Bridge("--max-addresses", "40", "--max-connections", "2") as bridge:
            next_ticks()
            expect_success(in_child(work))
            bridge.ended(3)
            assert bridge.kernel.total("lost_reports") >= 2 and bridge.kernel.total("gap") == 1
            assert bridge.kernel.total("never") == bridge.kernel.total("double_free") == 0, lose


@test
def a_process_whose_reports_were_refused_is_late():
    def work():
        first, second = bridge.client(), bridge.client()
        first.query(0)
        second.alloc(0, DRAM, 0x10, 1)
        second.sync()
        first.finish()
        third = bridge.client()
        third.free(0, 0x10)
        third.sync()

    with Bridge("--max-connections", "1") as bridge:
        next_ticks()
        expect_success(in_child(work))
        assert bridge.kernel.total("never") == 0, bridge.kernel.clients()


# --- errors of the kernel

@test
def reports_that_the_kernel_rejects_are_lost_and_logged_once():
    for error in (errno.ENOMEM, errno.EUSERS, errno.EIO):
        with Bridge() as bridge:
            client = bridge.client()
            client.alloc(0, DRAM, 0x1, 1)
            client.sync()
            bridge.kernel.fail("batch", error, 3)
            for address in (0x10, 0x20, 0x30):
                client.alloc(0, DRAM, address, 1)
                client.sync()
            client.alloc(0, DRAM, 0x40, 1)
            assert client.query(0)["dram"] == 2
            has(bridge.one(), allocs=2, lost_reports=3)
            assert bridge.said().count("reports are lost") == 1, bridge.said()


@test
def lost_reports_that_the_kernel_rejects_are_reported_later():
    with Bridge() as bridge:
        client = bridge.client()
        client.alloc(0, DRAM, 0x1, 1)
        client.sync()
        bridge.kernel.fail("lost", errno.ENOMEM, 2)
        client.alloc(0, DRAM, 0x2, 0)
        client.sync()
        client.alloc(0, DRAM, 0x3, 1)
        client.sync()
        client.alloc(0, DRAM, 0x4, 1)
        client.sync()
        has(bridge.one(), allocs=3, lost_reports=1)


@test
def opening_a_client_is_retried():
    with Bridge() as bridge:
        bridge.kernel.fail("declare", errno.EUSERS, 1)
        client = bridge.client()
        client.alloc(0, DRAM, 0x1, 1)
        client.sync()
        assert not bridge.kernel.clients()

        def comes_through():
            client.alloc(0, DRAM, 0x2, 1)
            client.sync()
            return bridge.kernel.clients()
        until(comes_through)
        client.sync()
        assert bridge.one()["late"] == 1 and bridge.one()["lost_reports"] >= 1


@test
def a_removed_device_is_registered_again():
    with Bridge() as bridge:
        client = bridge.client()
        client.alloc(0, DRAM, 0x1, 1)
        client.sync()
        bridge.kernel.fail("batch", errno.ENODEV, 1)
        client.alloc(0, DRAM, 0x2, 1)
        client.sync()
        client.alloc(0, DRAM, 0x3, 1)
        client.sync()
        first, second = bridge.kernel.clients()
        has(first, open=0, remaining_buffers=1)
        has(second, open=1, allocs=1, lost_reports=1, late=1)


@test
def a_device_that_cannot_be_opened_is_logged_once():
    with Bridge() as bridge:
        bridge.kernel.fail("add", errno.EDQUOT, 10 ** 6)
        client = bridge.client()
        for address in range(100):
            client.alloc(0, DRAM, address, 1)
        client.sync()
        assert not bridge.kernel.clients()
        assert bridge.said().count("its reports are lost") == 1


# --- the socket

@test
def the_first_line_names_the_path_and_the_limits():
    with Bridge() as bridge:
        assert bridge.line == f"listening at {bridge.path}; {NOTE}\n"
        assert bridge.process.stdout.readline().decode() == (
            "buftrack status shows the buffers, buftrack events --follow the wrong frees\n")


@test
def the_mode_is_independent_of_the_umask():
    for mask in (0, 0o77):
        before = os.umask(mask)
        for options, mode in (((), 0o666), (("--mode", "0600"), 0o600), (("--mode", "660"), 0o660)):
            with Bridge(*options) as bridge:
                found = os.lstat(bridge.path)
                assert stat.S_ISSOCK(found.st_mode) and found.st_mode & 0o777 == mode
        os.umask(before)


@test
def the_socket_is_removed_with_the_bridge():
    with Bridge() as bridge:
        bridge.end()
        assert not os.path.lexists(bridge.path)
        assert [name for name in os.listdir(WORK) if "sock" in name] == []


@test
def a_stale_socket_is_replaced_and_a_live_one_is_not():
    with Bridge() as bridge:
        second = Bridge(path=bridge.path)
        assert second.process.wait(60) == 1 and "another server listens there" in second.said()
        alive(bridge)
        bridge.process.kill()
        bridge.process.wait()
        assert os.path.lexists(bridge.path)
        with Bridge(path=bridge.path) as third:
            alive(third)


@test
def a_path_that_is_not_a_socket_is_left_alone():
    path = f"{WORK}/precious"
    for make in (lambda: open(path, "w").close(), lambda: os.mkdir(path),
                 lambda: os.symlink("/nowhere", path)):
        make()
        bridge = Bridge(path=path)
        assert bridge.process.wait(60) == 1 and "not a socket" in bridge.said(), bridge.said()
        assert os.path.lexists(path)
        os.rmdir(path) if os.path.isdir(path) else os.unlink(path)


@test
def a_path_of_another_user_is_rejected():
    path = f"{WORK}/others"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.close()
    if os.geteuid():
        return "only root can give a file to another user"
    os.chown(path, 12345, 12345)
    bridge = Bridge(path=path)
    assert bridge.process.wait(60) == 1 and "another user (12345)" in bridge.said(), bridge.said()
    assert os.path.lexists(path)


@test
def a_path_that_is_too_long_is_rejected():
    bridge = Bridge(path="/tmp/" + "x" * 200)
    assert bridge.process.wait(60) == 1 and "not a socket path" in bridge.said()


@test
def systemd_passes_the_socket_and_is_notified():
    """As systemd does: descriptor 3, announced in the environment."""
    path = f"{WORK}/handed.sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(f"{WORK}/notify")
    kernel = State(f"{WORK}/handed.state")
    script = f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" bridge --socket /nowhere 3<&{listener.fileno()}'
    unit = subprocess.Popen(
        ["sh", "-c", script, BUFTRACK], stdout=subprocess.PIPE, pass_fds=[listener.fileno()],
        env=dict(os.environ, FAKE_KERNEL_STATE=kernel.file.name, LD_PRELOAD=FAKE_KERNEL,
                 ASAN_OPTIONS="verify_asan_link_order=0", NOTIFY_SOCKET=f"{WORK}/notify"))
    client = Client(path, 144)
    client.alloc(0, DRAM, 0x10, 5)
    assert client.query(0)["dram"] == 5
    assert manager.recv(1000) == b"READY=1"
    assert unit.stdout.readline().decode() == f"listening at the socket of systemd; {NOTE}\n"
    has(kernel.clients()[0], allocs=1, late=1)
    unit.terminate()
    assert unit.wait(60) == 0
    assert os.path.exists(path), "the socket belongs to systemd"


@test
def sigterm_and_sigint_end_it_and_sigpipe_does_not():
    for number in (signal.SIGTERM, signal.SIGINT):
        with Bridge() as bridge:
            bridge.process.send_signal(number)
            assert bridge.process.wait(60) == 0
    with Bridge() as bridge:
        bridge.process.stdout.close()
        client = bridge.client()
        client.put(DUMP_REMAINING, 0)
        client.sync()
        bridge.process.send_signal(signal.SIGPIPE)
        client.sync()
        bridge.process.send_signal(signal.SIGTERM)
        assert bridge.process.wait(60) == 0


@test
def live_buffers_remain_when_the_bridge_ends():
    with Bridge() as bridge:
        client = bridge.client()
        client.alloc(0, DRAM, 0x10, 5)
        client.sync()
        bridge.end()
        has(bridge.one(), remaining_buffers=1, pid=os.getpid(), open=0)


# --- many

def load(bridge, *words):
    done = subprocess.run([CLIENT.replace("client", "load"), bridge.path, *map(str, words)],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def peak_memory(bridge):
    for line in open(f"/proc/{bridge.process.pid}/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) << 10
    raise AssertionError("no VmHWM")


@test
def a_thousand_clients_and_a_million_messages():
    clients, each = 1000, 1024
    with Bridge() as bridge:
        said = load(bridge, clients, each)
        bridge.ended(clients)
        assert len(bridge.kernel.clients()) == clients
        for client in bridge.kernel.clients():
            has(client, allocs=each // 2, frees=each // 2, lost_reports=0, double_free=0, never=0,
                pre_attach=0, double_alloc=0, remaining_buffers=0)
        print(f"# {said}, one at a time; {peak_memory(bridge) >> 20} MiB at most, "
              "fake kernel included")


@test
def the_address_limit_bounds_memory():
    """More addresses than the limit, by one client and by many."""
    with Bridge("--max-addresses", "40000", variables={"FAKE_KERNEL_SINK": "1"}) as bridge:
        before = peak_memory(bridge)
        load(bridge, 1, 1 << 20, 72, 1024, 1 << 20)
        load(bridge, 100, 20480, 72, 1024, 1 << 20)
        bridge.ended(101)
        assert bridge.kernel.total("lost_reports") == 0
        assert bridge.kernel.total("allocs") == (1 << 19) + 1024000
        grown = peak_memory(bridge) - before
        print(f"# 1.5 million addresses, at most 40,000 kept: {grown >> 10} KiB more")
        assert grown < (16 << 20) * SHARE, grown


# Sanitizers need more memory and keep freed memory for a while.
SHARE = 20 if "sanitize" in BUFTRACK else 1


def main():
    words = sys.argv[5:]
    failed = made = 0
    for entry in TESTS:
        name, function = entry if isinstance(entry, tuple) else (
            entry.__name__.replace("_", " "), entry)
        if words and not any(word in name for word in words):
            continue
        made += 1
        try:
            skipped = function()
            print(f"ok {made} - {name}" + (f" # SKIP {skipped}" if skipped else ""), flush=True)
        except Exception:
            failed += 1
            print(f"not ok {made} - {name}")
            print("# " + traceback.format_exc().replace("\n", "\n# "), flush=True)
    print(f"1..{made}")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
