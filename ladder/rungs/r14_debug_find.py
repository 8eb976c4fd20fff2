"""Rung 14: rung 6 once more, with the extension compiled without optimization.

Against rung 6: `-O0` and no link-time optimization. A debug build is what many build tools make unless told
otherwise, and measuring one is the classic mistake: the numbers are real, and about a program nobody would
use. The loop of this rung mostly waits for Python's attribute look-up, which is optimized as ever, so the
difference is small here; compare rung 15.
"""

NAME = "debug build: native find"
ARITHMETIC = "numpy"
WORKER = "debug"
RUNG_IN_WORKER = "r06_native_find"
