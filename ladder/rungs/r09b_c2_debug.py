"""Rung 9b: rung 9 once more, compiled without optimization.

Against rung 9: `-O0`. It is easily missed, because even this build is many times as fast as the baseline.
"""

NAME = "C Polygon, no allocation, debug build"
ARITHMETIC = "numpy"
SAME_AS = "r09_c2"
WITH = "debug"
