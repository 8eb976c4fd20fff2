"""Rung 16: all of `main` in C. Lists of objects in, a list of tuples out, as the program always had it.

Against rung 15: the code that knows both halves of the question need not make the lists between them. It
never finds all the candidates; it looks for the best one, so the order in which polygons are tried can
follow the areas, and a search ends at the first hit. The caller's lists are read afresh at each call and
nothing is remembered, so a changed list gives a changed answer.
"""

from poly_match import main

from ladder.rungs.r14_native_area import answers, prepare

__all__ = ["answers", "prepare", "run"]

NAME = "all of main in C"
ARITHMETIC = "exact"
PROJECT = "poly_match"


def run(polygons: list, points: list) -> list:
    return main(polygons, points)
