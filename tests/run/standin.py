# SPDX-License-Identifier: GPL-2.0
"""Runs the stand-in as Python programs do, out of sight of RTLD_NEXT: standin.py LIBRARY REPAIRED"""
import ctypes
import sys

ctypes.CDLL(sys.argv[1]).standin_run(int(sys.argv[2]))
