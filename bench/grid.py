"""One call of `match` beside shapely, by the number of regions and of points per region.

Both start from shapely's geometries, points and polygons, and end with one region per point; nothing is kept
from one call to the next. shapely's time is the least of three forms: a tree of the polygons that is queried
with the points, a tree of the points that is queried with prepared polygons, and a tree of the polygons for
boxes, whose candidates are then compared as prepared polygons.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import numpy.typing as npt

from bench import maps
from bench.scale import Table, least

KINDS = ("squares", "cells", "outlines", "coasts")
REGIONS = (100, 1000, 10_000, 100_000, 1_000_000)
RATIOS = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
MOST_POINTS, MOST_VERTICES = 2_000_000, 12_000_000

Objects = npt.NDArray[np.object_]


HEAD = "| map | regions | points | match, ms | shapely, ms | times as fast |\n|---|--:|--:|--:|--:|--:|"

PAGE = """# One call beside shapely

A call has regions and points that meet once: whatever is built for them is part of its time. This table has
the time of `match(points, polygons)` by the number of regions and of points, on one core. Both sides start
from arrays of shapely's geometries and end with one region per point, the smallest that covers it; the
answers are the same. {summary}

shapely's time is the least of three ways, each followed by the choice of the smallest:

- a tree of the polygons (`STRtree`) that is queried with the points;
- a tree of the points that is queried with prepared polygons, up to ten polygons per point;
- a tree of the polygons that is queried for boxes, whose candidates are then prepared and compared.

Times are processor time, the least of several turns. What Python does for each call takes some 5 µs, which
is most of the time where 100 polygons meet few points. How the way is chosen:
[How it answers](how.md#regions-and-points-that-meet-once).

<!-- not run: it takes minutes -->
```sh
{command}
```
"""


def best_of(shapes: Objects, count: int, point: Any, part: Any) -> npt.NDArray[np.intp]:
    """Return the smallest of the polygons of each point, the first of equal ones."""
    import shapely  # type: ignore[import-untyped]

    areas = shapely.area(shapes[part]) if len(part) < len(shapes) else shapely.area(shapes)[part]
    order = np.lexsort((part, areas, point))
    point, part = point[order], part[order]
    first = np.ones(len(point), dtype=bool)
    first[1:] = point[1:] != point[:-1]
    answers = np.full(count, -1)
    answers[point[first]] = part[first]
    return answers


def tree_of_polygons(shapes: Objects, points: Objects) -> npt.NDArray[np.intp]:
    """Query a tree of the polygons with the points."""
    import shapely

    point, part = shapely.STRtree(shapes).query(points, predicate="intersects")
    return best_of(shapes, len(points), point, part)


def tree_of_points(shapes: Objects, points: Objects) -> npt.NDArray[np.intp]:
    """Query a tree of the points with prepared polygons."""
    import shapely

    shapely.prepare(shapes)
    part, point = shapely.STRtree(points).query(shapes, predicate="intersects")
    shapely.destroy_prepared(shapes)
    return best_of(shapes, len(points), point, part)


def boxes_first(shapes: Objects, points: Objects) -> npt.NDArray[np.intp]:
    """Query a tree of the polygons for boxes, and compare points with those that are prepared then."""
    import shapely

    point, part = shapely.STRtree(shapes).query(points)
    order = np.argsort(part, kind="stable")
    point, part = point[order], part[order]
    used = shapes[np.unique(part)]
    shapely.prepare(used)
    covers = shapely.intersects_xy(shapes[part], shapely.get_x(points)[point], shapely.get_y(points)[point])
    shapely.destroy_prepared(used)
    return best_of(shapes, len(points), point[covers], part[covers])


def run(options: argparse.Namespace) -> int:
    """Print the table: milliseconds of ours, of the best of shapely, and how many times as fast."""
    import poly_match
    import shapely

    problems, table, times = [], Table(HEAD), []
    for name in options.map or KINDS:
        for count in (count for count in REGIONS if count <= options.most):
            if name == "coasts" and 1000 * count > MOST_VERTICES:
                continue
            layer = maps.MAPS[name].make(count)
            shapes = shapely.from_ragged_array(
                shapely.GeometryType.POLYGON, layer.coords, (layer.ring_offsets, layer.polygon_offsets)
            )
            for ratio in RATIOS:
                wanted = round(count * ratio)
                if not 1 <= wanted <= MOST_POINTS:
                    continue
                points = shapely.points(np.random.default_rng(21).random((wanted, 2)))
                ours = least(lambda: poly_match.match(points, shapes), 0.2)  # noqa: B023
                forms = [tree_of_polygons, boxes_first, *([tree_of_points] if ratio >= 0.1 else [])]
                theirs = min(least(lambda: form(shapes, points), 0.2, 3) for form in forms)  # noqa: B023
                times.append(theirs / ours)
                figures = f"{1e3 * ours:,.3f} | {1e3 * theirs:,.3f} | {times[-1]:.2f}"
                table.add(f"| {maps.MAPS[name].title} | {count:,} | {wanted:,} | {figures} |")
                differ = int((poly_match.match(points, shapes) != tree_of_polygons(shapes, points)).sum())
                if differ:
                    problems.append(f"{name}, {count} regions, {wanted} points: {differ} answers differ")
    slower = sum(each < 1 for each in times)
    least_times, most_times = min(times), max(times)
    summary = (
        f"It is {least_times:.1f} to {most_times:.0f} times as fast, {np.median(times):.1f} in the median."
    )
    if slower:
        summary = f"{summary[:-1]}; in {slower} of {len(times)} lines it is slower."
    command = f"python -m bench grid --most {options.most:g} --docs docs"
    table.write(options.docs, "bench-grid.md", PAGE.format(summary=summary, command=command))
    for problem in problems:
        print(f"WRONG: {problem}")
    return 1 if problems else 0
