"""Rung 7b: rung 7 once more, compiled without optimization.

Against rung 7: `-O0`. A debug build is what many build tools make by default, and measuring one is the
classic mistake: the numbers are real, but about a program nobody would use.
"""

NAME = "C, line by line, debug build"
ARITHMETIC = "numpy"
SAME_AS = "r07_c1"
WITH = "debug"
