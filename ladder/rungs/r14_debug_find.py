"""Rung 14: rung 6 once more, with the extension compiled without optimization.

Against rung 6: `-O0` and no link-time optimization. A debug build is what many build tools make unless told
otherwise, and measuring one is the classic mistake: the numbers are real, but about a program nobody would
use. It is easily missed, because even this build is many times as fast as the baseline, and half of the work
here, Python's attribute look-up, is as optimized as ever. Compare rung 15.
"""

NAME = "debug build: native find"
ARITHMETIC = "numpy"
WORKER = "debug"
RUNG_IN_WORKER = "r06_native_find"
