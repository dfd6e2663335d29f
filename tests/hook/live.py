# SPDX-License-Identifier: GPL-2.0
"""The hook reports to the module what it writes to its log, also of a forked child.

   live.py BUFTRACK LIBRARY     in a session, with the hook
"""
import glob
import json
import os
import subprocess
import sys

import robust
import sessionlog

BUFTRACK, LIBRARY = sys.argv[1:]


def status():
    """The device as the module sees it."""
    plain = {k: v for k, v in os.environ.items()
             if k not in ("LD_PRELOAD", "BUFTRACK_SESSION")}
    output = subprocess.run([BUFTRACK, "status", "--json"], env=plain, check=True,
                            stdout=subprocess.PIPE).stdout
    return json.loads(output)["devices"][0]


def expect(where, **counters):
    for name, value in counters.items():
        assert where["counters"][name] == value, (name, where["counters"][name], value)


def logged(op):
    """Entries of an operation in the logs of the session."""
    return sum(entry.op == op
               for path in glob.glob(os.environ["BUFTRACK_SESSION"] + "/*.log")
               for entry in sessionlog.Log(path).entries())


runtime = robust.Runtime(LIBRARY)
device = runtime.open()
buffers = [runtime.alloc(device, n % 2) for n in range(5)]
runtime.free(buffers[0])
runtime.free(buffers[0])
runtime.free(buffers[1])
seen = status()
assert seen["name"] == "tt-chip-0", seen["name"]
expect(seen, allocs=5, frees=2, live_buffers=3, double_free=1)
expect(seen["clients"][0], allocs=5, frees=2, double_free=1)
assert [s["name"] for s in seen["spaces"]] == ["DRAM", "L1"]
assert all(s["capacity"] == 12 << 30 for s in seen["spaces"])

child = os.fork()
if child == 0:
    mine = runtime.alloc(device)
    runtime.free(buffers[2])
    runtime.free(mine)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
runtime.pairs(device, 5000)
runtime.close(device)
seen = status()
expect(seen, allocs=5006, frees=5003, live_buffers=0, remaining_buffers=3, double_free=1,
       lost_reports=0)
assert seen["counters"]["unknown_free"]["pre_attach"] == 1
assert (logged("alloc"), logged("free")) == (5006, 5005)
print("alike")
