"""The definitions of poly-match in exact rational arithmetic: slow, short and obviously right.

What is the right answer? Every finite double is a fraction, so every question the library answers has an
answer without rounding; this module computes it with `fractions.Fraction` straight from the definitions and
shares no code and no technique with the library. Regions are nested lists: region -> polygons -> rings ->
(x, y) tuples, the first ring of a polygon its shell. It imports nothing but the standard library and leaves
out speed on purpose: some hundred thousand edges per second is what it can do.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from fractions import Fraction

Point = tuple[float, float]
Ring = Sequence[Point]
Part = Sequence[Ring]
Region = Sequence[Part]


class Line(list[Ring]):
    """A part that is a line: one ring, which is not closed. With a single vertex it is a point."""


NO_MATCH = -1


def rounded(value: Fraction) -> float:
    """Return the double nearest to a fraction, ties to even, infinity beyond the largest."""
    try:
        return value.numerator / value.denominator  # int / int is correctly rounded, subnormals included
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _exact(point: Point) -> tuple[Fraction, Fraction]:
    x, y = (value if isinstance(value, Fraction) else Fraction(float(value)) for value in point)
    return x, y


def orientation(a: Point, b: Point, c: Point) -> int:
    """Return +1 when a, b, c turn left, -1 when they turn right, 0 when they are on one line."""
    (ax, ay), (bx, by), (cx, cy) = _exact(a), _exact(b), _exact(c)
    cross = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    return (cross > 0) - (cross < 0)


def exact_ring_area(ring: Ring) -> Fraction:
    """Return the absolute shoelace area of one ring, without rounding."""
    vertices = [_exact(v) for v in ring]
    following = vertices[1:] + vertices[:1]
    twice = sum(
        (x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(vertices, following, strict=True)), Fraction(0)
    )
    return abs(twice) / 2


def ring_area(ring: Ring) -> float:
    """Return the correctly rounded area of one ring: what `Polygon.area()` gives."""
    return rounded(exact_ring_area(ring))


def area(region: Region) -> float:
    """Return the correctly rounded sum over the parts of the shell's area minus its holes' areas."""
    total = Fraction(0)
    for part in region:
        for position, ring in enumerate([] if isinstance(part, Line) else part):
            total += exact_ring_area(ring) if position == 0 else -exact_ring_area(ring)
    return rounded(total)


def opened(ring: Ring) -> list[Point]:
    """Return the vertices of a ring without a repeated closing vertex."""
    vertices = [(float(x), float(y)) for x, y in ring]
    if len(vertices) > 1 and vertices[0] == vertices[-1]:
        vertices.pop()
    return vertices


def vertex_center(vertices: Ring) -> Point | None:
    """Return the mean of the vertices, all of them as given: what `Polygon.center` gives."""
    count = len(vertices)
    if count == 0:
        return None
    exact = [_exact(v) for v in vertices]
    sum_x = sum((x for x, _ in exact), Fraction(0))
    sum_y = sum((y for _, y in exact), Fraction(0))
    return rounded(sum_x) / count, rounded(sum_y) / count


def center(region: Region) -> Point | None:
    """Return the mean of all vertices of a region, closing vertices left out; None for an empty region."""
    return vertex_center(
        [v for part in region for ring in part for v in (ring if isinstance(part, Line) else opened(ring))]
    )


def edges(part: Part) -> Iterable[tuple[Point, Point]]:
    """Yield the edges of a part: those of a line don't return to its first vertex, unless it has no other."""
    for ring in part:
        count = len(ring) - 1 if isinstance(part, Line) and len(ring) > 1 else len(ring)
        for position in range(count):
            yield ring[position], ring[(position + 1) % len(ring)]


def on_edge(a: Point, b: Point, point: Point) -> bool:
    """Return whether a point is on the closed straight edge from a to b (which may be one place)."""
    x, y = point
    return (
        min(a[0], b[0]) <= x <= max(a[0], b[0])
        and min(a[1], b[1]) <= y <= max(a[1], b[1])
        and orientation(a, b, (x, y)) == 0
    )


def part_covers(part: Part, point: Point) -> bool:
    """Return whether a polygon covers a point: on an edge of a ring, or an odd number of crossings in all."""
    y = point[1]
    odd = False
    for a, b in edges(part):
        if on_edge(a, b, point):
            return True
        if (a[1] > y) == (b[1] > y):
            continue
        low, high = (a, b) if a[1] < b[1] else (b, a)
        if orientation(low, high, point) > 0:  # the crossing is to the right of the point
            odd = not odd
    return odd and not isinstance(part, Line)


def covers(region: Region, point: Point) -> bool:
    """Return whether a region covers a finite point: the union of its parts, boundaries included."""
    if not (math.isfinite(point[0]) and math.isfinite(point[1])):
        return False
    return any(part_covers(part, point) for part in region)


def closer(center: Point | None, point: Point, distance: float) -> bool:
    """Return whether a finite point is strictly closer to the center than the distance."""
    if center is None or any(map(math.isnan, (*center, *point, distance))):
        return False
    if math.isinf(point[0]) or math.isinf(point[1]) or distance < 0:
        return False
    if math.isinf(distance):
        return True
    if math.isinf(center[0]) or math.isinf(center[1]):
        return False
    (cx, cy), (px, py) = _exact(center), _exact(point)
    return (cx - px) ** 2 + (cy - py) ** 2 < Fraction(float(distance)) ** 2


def squared_distance(region: Region, point: Point) -> Fraction | None:
    """Return the square of the distance from a finite point to a region, None for an empty one."""
    if covers(region, point):
        return Fraction(0)
    px, py = _exact(point)
    squares = []
    for a, b in (edge for part in region for edge in edges(part)):
        (ax, ay), (bx, by) = _exact(a), _exact(b)
        dx, dy = bx - ax, by - ay
        length = dx * dx + dy * dy
        along = ((px - ax) * dx + (py - ay) * dy) / length if length else Fraction(0)
        along = min(max(along, Fraction(0)), Fraction(1))
        squares.append((px - ax - along * dx) ** 2 + (py - ay - along * dy) ** 2)
    return min(squares, default=None)


def is_distance(value: float, square: Fraction) -> bool:
    """Return whether a distance is within 4 units in the last place, infinite beyond all doubles."""
    if square > Fraction(sys.float_info.max) ** 2:
        return value == math.inf
    low = high = value
    for _ in range(4):
        low, high = math.nextafter(low, -math.inf), math.nextafter(high, math.inf)
    return (low < 0 or Fraction(low) ** 2 <= square) and (math.isinf(high) or square <= Fraction(high) ** 2)


def ragged(regions: Sequence[Region]) -> tuple[list[Point], list[int], list[int], list[int]]:
    """Return coordinates, ring, polygon and region offsets of nested regions, as `Regions` takes them."""
    coords: list[Point] = []
    ring_offsets, polygon_offsets, geom_offsets = [0], [0], [0]
    for region in regions:
        for part in region:
            for ring in part:
                coords.extend((float(x), float(y)) for x, y in ring)
                ring_offsets.append(len(coords))
            polygon_offsets.append(len(ring_offsets) - 1)
        geom_offsets.append(len(polygon_offsets) - 1)
    return coords, ring_offsets, polygon_offsets, geom_offsets


def kinds(regions: Sequence[Region]) -> list[int]:
    """Return what each part is, as `Regions` takes it: 0 a polygon, 1 a line, 2 a point."""
    return [
        0 if not isinstance(part, Line) else 2 if part and len(part[0]) == 1 else 1
        for region in regions
        for part in region
    ]


def rank(
    regions: Sequence[Region],
    best: str = "smallest",
    scores: Sequence[float] | None = None,
    areas: Sequence[float] | None = None,
) -> list[int]:
    """Return the positions of the regions, best first; equal ones in input order."""
    positions = range(len(regions))
    if best == "first":
        return list(positions)
    if best == "score":
        assert scores is not None
        return sorted(positions, key=lambda i: scores[i])
    if areas is None:
        areas = [area(region) for region in regions]
    if best == "smallest":
        return sorted(positions, key=lambda i: areas[i])
    assert best == "largest"
    return sorted(positions, key=lambda i: -areas[i])


def best_match(
    points: Iterable[Point],
    regions: Sequence[Region],
    predicate: str = "covers",
    best: str = "smallest",
    distance: float | Sequence[float] | None = None,
    scores: Sequence[float] | None = None,
    *,
    centers: Sequence[Point | None] | None = None,
    areas: Sequence[float] | None = None,
) -> list[int]:
    """Return for every point the position of its best region, or -1.

    Parameters
    ----------
    best
        "smallest", "largest", "first" or "score" (with `scores`, lowest wins).
    distance
        For "center_within" and "dwithin", and if wanted "nearest": one for all the regions or one per region.
    centers, areas
        What the regions say of themselves, where they override it.
    """
    order = rank(regions, best, scores, areas)
    if predicate in ("dwithin", "nearest"):
        return [_by_distance(point, regions, predicate, distance, order) for point in points]
    if predicate == "covers":

        def candidate(i: int, point: Point) -> bool:
            return covers(regions[i], point)
    else:
        assert predicate == "center_within"
        assert distance is not None
        if centers is None:
            centers = [center(region) for region in regions]
        each = list(distance) if isinstance(distance, Sequence) else [distance] * len(regions)

        def candidate(i: int, point: Point) -> bool:
            return closer(centers[i], point, float(each[i]))

    return [next((i for i in order if candidate(i, point)), NO_MATCH) for point in points]


def _by_distance(
    point: Point,
    regions: Sequence[Region],
    predicate: str,
    distance: float | Sequence[float] | None,
    order: list[int],
) -> int:
    """Return the first region in order that is within its distance, for "nearest" the closest of those."""
    if not (math.isfinite(point[0]) and math.isfinite(point[1])):
        return NO_MATCH
    limits = list(distance) if isinstance(distance, Sequence) else [distance] * len(regions)
    squares = {}
    for i in order:
        square, limit = squared_distance(regions[i], point), limits[i]
        if square is None:
            continue
        if limit is None or math.isinf(limit) or square <= Fraction(float(limit)) ** 2:
            squares[i] = square
    if predicate == "nearest":
        return min(
            squares, key=lambda i: squares[i], default=NO_MATCH
        )  # the first of equals: they are in order
    return next(iter(squares), NO_MATCH)
