"""Rung 3b: rung 3 once more, with every matrix in memory that is new from the operating system.

Against rung 3: one setting of the C library's allocator. Blocks above a limit come from the operating
system and are given back at once, page by page; below it they are reused. glibc raises the limit as a program
frees large blocks, so which of the two happens depends on what the process did before: the same code, on
the same machine, has two speeds.
"""

NAME = "the same, memory fresh each time"
ARITHMETIC = "numpy"
SAME_AS = "r03_vectorized"
WITH = "fresh memory"
