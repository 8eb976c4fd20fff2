"""Shared by the ladder, the benchmark and the drawings of the docs: machine facts and the look of charts."""
