"""A pytest plugin that repeats with `match` every predicate of a point and an area in shapely's own tests.

Each predicate of shapely is replaced by one that reads its arguments and its result: if one side is a Point
and the other a Polygon or MultiPolygon, `match` must agree. The test then uses the result as usual.
"""

from __future__ import annotations

import functools
import json
import os
import threading
from collections import Counter

import numpy as np
import poly_match as pm
import shapely

POINT, AREAS = 0, (3, 6)
# The value of each predicate for a point and an area, given whether the area covers it and it is on the
# border.
MEANINGS = {
    "contains": lambda covered, border: covered & ~border,
    "contains_properly": lambda covered, border: covered & ~border,
    "covered_by": lambda covered, border: covered,
    "covers": lambda covered, border: covered,
    "disjoint": lambda covered, border: ~covered,
    "intersects": lambda covered, border: covered,
    "touches": lambda covered, border: covered & border,
    "within": lambda covered, border: covered & ~border,
}
POINT_FIRST = ("covered_by", "within")  # these can only be true for a point and an area in this order
AREA_FIRST = ("contains", "contains_properly", "covers")
touches = shapely.touches
counted: Counter[str] = Counter()
wrong: list[str] = []
modules: Counter[str] = Counter()  # the modules of the suite that call predicates
module = ""


def compare(name, result, points, areas, meaning):
    """Compare a result with our answers, pair by pair."""
    for point, area, said in np.broadcast(points, areas, result):
        if shapely.get_type_id(point) != POINT or shapely.get_type_id(area) not in AREAS:
            continue
        if not np.isfinite(shapely.get_coordinates(area)).all():
            counted["left out: an area with a vertex that is not finite"] += 1
        elif not shapely.is_valid(area):
            counted["left out: an invalid area"] += 1
        else:
            covered = pm.match([point], [area]) == 0
            border = np.array([bool(touches(point, area))])
            counted[name] += 1
            modules[module] += 1
            if bool(meaning(covered, border)[0]) != bool(said):
                wrong.append(f"{name}({point}, {area}): shapely {said}, covered {covered}, border {border}")


def watched(name, function):
    """Return a predicate that also compares with `match`."""
    meaning = MEANINGS[name]

    @functools.wraps(function)
    def predicate(a, b, *args, **options):
        result = function(a, b, *args, **options)
        if options.get("where") is None and options.get("out") is None:
            if name not in AREA_FIRST:
                compare(name, result, a, b, meaning)
            if name not in POINT_FIRST:
                compare(name, result, b, a, meaning)
        return result

    return predicate


def watched_xy(name, function):
    @functools.wraps(function)
    def predicate(geometry, x, y=None, **options):
        result = function(geometry, x, y, **options)
        xy = np.asarray(x) if y is None else np.stack(np.broadcast_arrays(x, y), axis=-1)
        compare(f"{name}_xy", result, shapely.points(xy), geometry, MEANINGS[name])
        return result

    return predicate


def watched_distance(function):
    @functools.wraps(function)
    def distance(a, b, **options):
        result = function(a, b, **options)
        for points, areas in ((a, b), (b, a)):
            compare("distance", np.asarray(result) == 0, points, areas, lambda covered, border: covered)
        return result

    return distance


def watched_query(function):
    @functools.wraps(function)
    def query(self, geometry, predicate=None, **options):
        found = function(self, geometry, predicate=predicate, **options)
        if threading.current_thread() is not threading.main_thread():
            counted["left out: a query from a thread"] += 1
        elif predicate in MEANINGS:
            queries = np.atleast_1d(np.asarray(geometry, dtype=object))
            pairs = np.zeros((len(queries), len(self.geometries)), dtype=bool)
            pairs[tuple(np.asarray(found)) if np.ndim(geometry) else (0, found)] = True
            for row, one in enumerate(queries):
                if predicate not in AREA_FIRST:
                    compare("STRtree.query", pairs[row], one, self.geometries, MEANINGS[predicate])
                if predicate not in POINT_FIRST:
                    compare("STRtree.query", pairs[row], self.geometries, one, MEANINGS[predicate])
        return found

    return query


def pytest_configure():
    for name in MEANINGS:
        setattr(shapely, name, watched(name, getattr(shapely, name)))
    for name in ("contains", "intersects"):
        setattr(shapely, f"{name}_xy", watched_xy(name, getattr(shapely, f"{name}_xy")))
    shapely.distance = watched_distance(shapely.distance)
    shapely.STRtree.query = watched_query(shapely.STRtree.query)


def pytest_runtest_setup(item):
    global module
    module = item.module.__name__


def pytest_runtest_logreport(report):
    if report.failed:
        wrong.append(f"{report.nodeid}: {report.longreprtext[-1500:]}")


def pytest_sessionfinish():
    with open(os.environ["OUTCOMES"], "w") as file:
        json.dump({"counted": counted, "modules": modules, "wrong": wrong}, file)
