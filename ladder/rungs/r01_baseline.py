"""Rung 1: the program as a researcher writes it, Python objects that hold small NumPy arrays.

It is examples/extension/program.py. Every point is compared with every polygon's center in a Python loop:
100,000 calls of `np.linalg.norm` on two numbers each. The arithmetic of one such call takes a nanosecond;
looking up attributes, making the difference array and going through NumPy's general machinery takes well
over a microsecond. All the later rungs attack that.

This file and the program need nothing but NumPy and Python 3.9, so that PyPy can run them too. An area is
computed once per polygon and kept, a center likewise: what is slow here is not the mathematics.
"""

from program import Polygon, find_close_polygons, generate_example, main, select_best_polygon

__all__ = [
    "Polygon",
    "answers",
    "candidates",
    "generate_example",
    "main",
    "prepare",
    "run",
    "select_best_polygon",
]

NAME = "baseline: Python + NumPy"
ARITHMETIC = "numpy"
MAX_DIST = 10.0


def prepare() -> tuple:
    return generate_example()


def run(polygons: list, points: list) -> list:
    return main(polygons, points)


def close_sets(find, polygons: list, points: list) -> list:
    """(point, candidates) of every point that has candidates, by a `find_close_polygons`: half of `main`."""
    found = ((point, find(polygons, point, MAX_DIST)) for point in points)
    return [(point, close) for point, close in found if close]


def candidates(polygons: list, points: list) -> list:
    return close_sets(find_close_polygons, polygons, points)


def answers(polygons: list, points: list, result: list) -> list:
    """One integer per point, from a list of (point, polygon) that holds the very objects that went in."""
    position = {id(polygon): i for i, polygon in enumerate(polygons)}
    winner = {id(point): position[id(polygon)] for point, polygon in result}
    return [winner.get(id(point), -1) for point in points]
