"""Rung 16b: rung 16 once more, with the library compiled without optimization.

Against rung 16: `-O0` and no link-time optimization. Here all the time is spent in our own C, so this pair
of rungs shows what the compiler's optimizer is worth, and what measuring the wrong build hides.
"""

NAME = "all of main in C, debug build"
ARITHMETIC = "exact"
SAME_AS = "r16_native_main"
WITH = "debug"
