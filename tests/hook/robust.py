# SPDX-License-Identifier: GPL-2.0
"""Programs that make the hook's life hard, on the stand-in for tt-metal's runtime. Each
runs without the hook and with it; both end alike, and its logs say what they should.

   robust.py HOOK LIBRARIES     prints TAP; LIBRARIES has gcc/, clang/, symbolic/, hidden/
   robust.py --program NAME LIBRARY
"""
import ctypes
import glob
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading

import sessionlog

PAIRS = 40000


class Runtime:
    """The stand-in, opened as Python opens extension modules."""

    def __init__(self, library):
        self.path = library
        self.dll = ctypes.CDLL(library)
        for name in "open", "alloc", "view":
            getattr(self.dll, "standin_" + name).restype = ctypes.c_void_p
        self.dll.standin_counts.restype = ctypes.c_uint64

    def open(self):
        return ctypes.c_void_p(self.dll.standin_open())

    def alloc(self, device, space=0, size=4096):
        return ctypes.c_void_p(self.dll.standin_alloc(device, space, ctypes.c_uint64(size)))

    def view(self, buffer):
        return ctypes.c_void_p(self.dll.standin_view(buffer))

    def free(self, buffer):
        self.dll.standin_free(buffer)

    def pairs(self, device, count=PAIRS):
        self.dll.standin_pairs(device, ctypes.c_uint64(count))

    def close(self, device):
        self.dll.standin_close(device)


def plain(runtime):
    device = runtime.open()
    kept = runtime.alloc(device)
    runtime.pairs(device)
    runtime.free(kept)
    assert runtime.dll.standin_counts() == (PAIRS + 1) << 32 | (PAIRS + 1)
    runtime.close(device)


def forks(runtime):
    """A child allocates, frees its own and its parent's; a raw clone does, too."""
    device = runtime.open()
    mine = runtime.alloc(device)
    for start in os.fork, lambda: ctypes.CDLL(None).syscall(56, signal.SIGCHLD, 0, 0, 0, 0):
        child = start()
        if child == 0:
            other = runtime.alloc(device)
            runtime.free(other)
            runtime.free(mine)
            runtime.alloc(device)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    runtime.free(mine)
    runtime.close(device)


def descriptors(runtime):
    """All descriptors are closed, and their numbers used for other files."""
    device = runtime.open()
    runtime.alloc(device)
    os.closerange(3, 1024)
    others = [os.open("/dev/null", os.O_RDWR) for _ in range(20)]
    runtime.pairs(device)
    for other in others:
        os.fstat(other)
    runtime.close(device)


def threads(runtime):
    device = runtime.open()
    running = [threading.Thread(target=runtime.pairs, args=(device, PAIRS // 8))
               for _ in range(8)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    runtime.close(device)


def signals(runtime):
    device = runtime.open()
    runtime.dll.standin_signals(device, ctypes.c_uint64(2000000))
    runtime.close(device)


def limited(runtime):
    """The log would be larger than files may be."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))
    device = runtime.open()
    runtime.pairs(device)
    runtime.close(device)


def late(runtime):
    runtime.dll.standin_late(runtime.open())


def executes(runtime):
    device = runtime.open()
    runtime.alloc(device)
    if os.environ.get("ROBUST_AGAIN"):
        runtime.close(device)
        return
    os.environ["ROBUST_AGAIN"] = "1"
    os.execv(sys.executable, [sys.executable] + sys.argv)


def unloaded(runtime):
    """The runtime is unloaded, and loaded again."""
    device = runtime.open()
    runtime.alloc(device)
    libc = ctypes.CDLL(None)
    libc.dlclose(ctypes.c_void_p(runtime.dll._handle))
    again = Runtime(runtime.path)
    again.pairs(again.open(), 10)


def killed(runtime):
    device = runtime.open()
    runtime.alloc(device)
    runtime.pairs(device)
    os.kill(os.getpid(), signal.SIGKILL)


def chdirs(runtime):
    os.chdir("/")
    os.umask(0o777)
    os.environ.clear()
    device = runtime.open()
    runtime.pairs(device)
    runtime.close(device)


def shared(runtime):
    """A view frees an allocation before the object of it does; another one is freed twice."""
    device = runtime.open()
    first, second = runtime.alloc(device), runtime.alloc(device)
    runtime.free(runtime.view(first))
    runtime.free(first)
    runtime.free(second)
    runtime.free(second)
    runtime.close(device)


PROGRAMS = {f.__name__: f for f in (plain, forks, descriptors, threads, signals, limited, late,
                                    executes, unloaded, killed, chdirs, shared)}


class Run:
    """A program that ran with the hook in a session of its own."""

    def __init__(self, hook, library, name, **environment):
        self.session = tempfile.mkdtemp()
        python = environment.pop("python", sys.executable)
        self.environment = dict(os.environ, BUFTRACK_SESSION=self.session, LD_PRELOAD=hook,
                                **environment)
        self.status = run(library, name, self.environment, python)
        self.logs = [sessionlog.Log(p) for p in sorted(glob.glob(self.session + "/*.log"))]
        self.books = []
        for log in self.logs:
            books = sessionlog.Books()
            self.books.append(books)
            for entry in log.entries():
                books.apply(entry)
        self.lost = sum(log.counters()[1] for log in self.logs)

    def counts(self, op):
        return sorted(books.counts.get(op, 0) for books in self.books)

    def problems(self):
        return sum((books.problems for books in self.books), [])

    def messages(self):
        return [m for books in self.books for m in books.messages]


def run(library, name, environment, python=sys.executable):
    command = [python, os.path.abspath(__file__), "--program", name, library]
    return subprocess.run(command, env=environment, stderr=subprocess.DEVNULL,
                          check=False).returncode


class Checks:
    """TAP of the checks."""

    def __init__(self):
        self.count = 0
        self.failed = False

    def check(self, name, right, *shown):
        self.count += 1
        print("%s %d - %s" % ("ok" if right else "not ok", self.count, name))
        if not right:
            self.failed = True
            for line in shown:
                print("# " + str(line)[:500])
        sys.stdout.flush()


def check_program(checks, hook, library, name, right):
    """Without the hook and with it, with stacks and without."""
    before = run(library, name, dict(os.environ))
    for stacks in "0", "1":
        seen = Run(hook, library, name, BUFTRACK_STACKS=stacks)
        checks.check("%s%s" % (name, " with stacks" if stacks == "1" else ""),
                     seen.status == before and right(seen), seen.status, before, seen.lost,
                     {op: seen.counts(op) for op in ("alloc", "free", "close", "lost")},
                     seen.problems()[:3], seen.messages())


def all_pairs(seen, more=0):
    return (seen.counts("alloc") == [PAIRS + more] and not seen.lost and not seen.problems() and
            not seen.messages())


def interpreters():
    """Each Python here that the hook reads."""
    versions = os.path.join(os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv")), "versions")
    for python in [sys.executable] + sorted(glob.glob(versions + "/3.*/bin/python3")):
        version = subprocess.run([python, "-c", "import sys; print(sys.version_info[1])"],
                                 stdout=subprocess.PIPE, check=False).stdout
        if version.strip() in (b"9", b"10", b"11", b"12", b"13"):
            yield python, int(version)


def python_frames(seen):
    """Functions and lines of the first allocation's stack."""
    stacks = sessionlog.Stacks()
    for entry in sessionlog.Log(seen.logs[0].path).entries():
        stacks.apply(entry)
        if entry.op == "alloc":
            return [(name.rsplit(".", maxsplit=1)[-1], line)
                    for _, name, line in stacks.python(entry.stack)]
    return []


def line_of(text):
    with open(__file__, encoding="utf-8") as source:
        return [line.strip() for line in source].index(text) + 1


def check_interpreters(checks, hook, library):
    expected = [("alloc", line_of(
        "return ctypes.c_void_p(self.dll.standin_alloc(device, space, ctypes.c_uint64(size)))")),
                ("plain", line_of("kept = runtime.alloc(device)"))]
    for python, version in interpreters():
        seen = Run(hook, library, "plain", python=python, BUFTRACK_STACKS="1")
        frames = python_frames(seen)
        checks.check("frames of Python 3.%d" % version,
                     frames[:2] == expected and frames[-1][0] == "<module>", frames, expected)


def main(hook, libraries):
    checks = Checks()
    gcc = libraries + "/gcc/libtt_metal.so"
    expectations = {
        "plain": lambda s: all_pairs(s, 1) and s.counts("free") == [PAIRS + 1],
        # A child is late: it may free what it inherited.
        "forks": lambda s: s.counts("alloc") == [1, 2, 2] and s.counts("free") == [1, 2, 2] and
                 len({log.pid for log in s.logs}) == 3 and
                 sorted(books.late for books in s.books) == [False, True, True],
        "descriptors": lambda s: all_pairs(s, 1) and s.counts("close") == [1],
        "threads": lambda s: all_pairs(s) and s.counts("free") == [PAIRS],
        "signals": lambda s: s.status == 0 and len(s.logs) == 1,
        "limited": lambda s: s.lost + s.counts("alloc")[0] + s.counts("free")[0] + 4 >=
                   2 * PAIRS and s.lost,
        "late": lambda s: s.counts("free") == [1] and s.logs[0].counters()[2] == 1,
        "executes": lambda s: s.counts("alloc") == [1, 1] and len({log.pid for log in s.logs}) == 1,
        "unloaded": lambda s: s.counts("alloc") == [11] and not s.problems(),
        "killed": lambda s: s.status == -9 and all_pairs(s, 1) and not s.logs[0].counters()[2],
        "chdirs": all_pairs,
        "shared": lambda s: s.counts("alloc") == [2] and s.counts("free") == [4] and
                  len(s.problems()) == 2,
    }
    for name, right in expectations.items():
        check_program(checks, hook, gcc, name, right)
    check_program(checks, hook, libraries + "/clang/libtt_metal.so", "plain",
                  expectations["plain"])
    check_program(checks, hook, libraries + "/symbolic/libtt_metal.so", "plain",
                  lambda s: len(s.messages()) == 1 and "directly" in s.messages()[0])
    check_program(checks, hook, libraries + "/hidden/libtt_metal.so", "plain",
                  lambda s: len(s.messages()) == 1 and "hides" in s.messages()[0])
    check_interpreters(checks, hook, gcc)
    nowhere = run(gcc, "plain", dict(os.environ, BUFTRACK_SESSION="/nonexistent",
                                     LD_PRELOAD=hook))
    checks.check("a session whose directory is missing", nowhere == 0, nowhere)
    alone = run(gcc, "plain", dict(os.environ, LD_PRELOAD=hook))
    checks.check("no session", alone == 0, alone)
    print("1..%d" % checks.count)
    return 1 if checks.failed else 0


if __name__ == "__main__":
    if sys.argv[1] == "--program":
        PROGRAMS[sys.argv[2]](Runtime(sys.argv[3]))
    else:
        with tempfile.TemporaryDirectory() as tempfile.tempdir:
            status = main(*sys.argv[1:])
        sys.exit(status)
