"""Rung 6: the baseline, unchanged, under PyPy.

Against the baseline: another interpreter, one that compiles hot loops while they run. It speeds up Python;
but here the time goes into NumPy's C code and into crossing over to it, and PyPy has to emulate CPython's C
interface for each crossing. So the wrong tool for this program makes it slower, however good the tool. This
rung runs in an environment that the ladder makes for it (see ladder/environments.py).
"""

NAME = "the baseline under PyPy"
ARITHMETIC = "numpy of PyPy"
SAME_AS = "r01_baseline"
WITH = "pypy"
