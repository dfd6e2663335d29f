#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A Python program that reports its device buffers to buftrack, as report.c does.

LD_LIBRARY_PATH must lead to libbuftrack.so.1 unless it is installed.
"""
import ctypes
import os
import sys

lib = ctypes.CDLL("libbuftrack.so.1", use_errno=True)
u64 = ctypes.c_uint64
reporter_p = ctypes.c_void_p

lib.buftrack_attach.argtypes = [ctypes.c_char_p, ctypes.c_char_p, u64]
lib.buftrack_attach.restype = reporter_p
lib.buftrack_detach.argtypes = [reporter_p]
lib.buftrack_detach.restype = None
lib.buftrack_alloc.argtypes = [reporter_p, ctypes.c_uint, u64, u64, u64]
lib.buftrack_alloc.restype = None
lib.buftrack_free.argtypes = [reporter_p, ctypes.c_uint, u64, u64]
lib.buftrack_free.restype = None
lib.buftrack_judge_free.argtypes = [reporter_p, ctypes.c_uint, u64, u64]
lib.buftrack_verdict_name.argtypes = [ctypes.c_uint]
lib.buftrack_verdict_name.restype = ctypes.c_char_p

device = sys.argv[1] if len(sys.argv) > 1 else "example"
reporter = lib.buftrack_attach(device.encode(), b"DRAM", 1 << 20)
if not reporter:
    print("reports are off:", os.strerror(ctypes.get_errno()))

lib.buftrack_alloc(reporter, 0, 0x1000, 4096, 1)
lib.buftrack_free(reporter, 0, 0x1000, 1)
verdict = lib.buftrack_judge_free(reporter, 0, 0x1000, 1)
if verdict > 0:
    print("not freed:", lib.buftrack_verdict_name(verdict).decode())
lib.buftrack_detach(reporter)
