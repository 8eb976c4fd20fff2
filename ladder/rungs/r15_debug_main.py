"""Rung 15: rung 12 once more, with the extension compiled without optimization.

Against rung 12: `-O0` and no link-time optimization. Here all the time is spent in our own C, so this pair
of rungs shows what the compiler's optimizer is worth, and what a measurement of the wrong build hides.
"""

NAME = "debug build: all of main"
ARITHMETIC = "exact"
WORKER = "debug"
RUNG_IN_WORKER = "r12_native_main"
