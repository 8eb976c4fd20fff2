"""Areas, centers, distances and matches against exact rational arithmetic, over adversarial numbers.

Every strategy aims at one weakness: coordinates that coincide, neighbouring doubles, magnitudes whose
products over- or underflow, points on the very edges and one unit beside them, distances that are equal to
the last bit.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import oracle
import poly_match as pm
import pytest
from conftest import draws
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from poly_match._rules import BESTS

LARGEST, TINY = sys.float_info.max, 5e-324


def ulps_away(value: float, steps: int) -> float:
    for _ in range(abs(steps)):
        value = math.nextafter(value, math.inf if steps > 0 else -math.inf)
    return value if math.isfinite(value) else math.copysign(LARGEST, value)


SMALL = st.integers(-4, 4).map(float)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
SPECIAL = st.sampled_from(
    [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.1,
        TINY,
        -TINY,
        1e-320,
        2.0**-1022,
        1e-300,
        1e-160,
        1e160,
        1e300,
        LARGEST,
        -LARGEST,
    ]
)
NEARBY = st.builds(ulps_away, st.sampled_from([0.5, 12.0, 24.0, 1e9, 1e300, 2.0**-1022]), st.integers(-6, 6))
FAMILIES = [SMALL, FINITE, SPECIAL, NEARBY, st.floats(-1, 1), st.one_of(SMALL, SPECIAL)]


def vertices(coordinate: st.SearchStrategy[float], least: int = 1) -> st.SearchStrategy[list[oracle.Point]]:
    return st.lists(st.tuples(coordinate, coordinate), min_size=least, max_size=8)


RINGS = st.sampled_from(FAMILIES).flatmap(vertices)


def polygon(ring: list[oracle.Point]) -> pm.Polygon:
    return pm.Polygon([x for x, _ in ring], [y for _, y in ring])


@st.composite
def regions_and_points(draw: st.DrawFn) -> tuple[list[oracle.Region], list[oracle.Point]]:
    """Draw regions over a few shared vertices, and points at, beside and between those."""
    coordinate = draw(st.sampled_from(FAMILIES))
    pool = draw(st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=6))
    vertex = st.sampled_from(pool)

    def box(a: oracle.Point, b: oracle.Point) -> list[oracle.Point]:
        return [a, (b[0], a[1]), b, (a[0], b[1])]

    def closed(ring: list[oracle.Point]) -> list[oracle.Point]:
        return [*ring, *ring[:1]]

    ring = st.one_of(st.lists(vertex, max_size=7), st.builds(box, vertex, vertex))
    ring = st.one_of(ring, ring.map(closed))
    part = st.one_of(st.lists(ring, min_size=1, max_size=1), st.lists(ring, max_size=3))
    regions = draw(st.lists(st.lists(part, min_size=1, max_size=2) | st.lists(part, max_size=3), max_size=5))

    def between(a: oracle.Point, b: oracle.Point, t: float) -> oracle.Point:
        x, y = (1 - t) * a[0] + t * b[0], (1 - t) * a[1] + t * b[1]
        return (x, y) if math.isfinite(x) and math.isfinite(y) else a

    on_line = st.builds(between, vertex, vertex, st.sampled_from([0.5, 0.25, 1 / 3, -1.0, 2.0]))
    level = st.builds(lambda a, b: (a[0], b[1]), vertex, vertex)
    near = st.one_of(vertex, on_line, level)
    step = st.integers(-1, 1)
    beside = st.builds(lambda p, i, k: (ulps_away(p[0], i), ulps_away(p[1], k)), near, step, step)
    other = st.tuples(st.floats(), coordinate)
    return regions, draw(st.lists(st.one_of(near, beside, other), min_size=1, max_size=8))


def as_regions(regions: list[oracle.Region]) -> pm.Regions:
    coords, ring_offsets, polygon_offsets, geom_offsets = oracle.ragged(regions)
    kinds = oracle.kinds(regions)
    coords = np.array(coords, float).reshape(-1, 2)
    return pm.Regions(coords, ring_offsets, polygon_offsets, geom_offsets, kinds if any(kinds) else None)


BEST = st.sampled_from(BESTS)
SCORES: list[tuple[str, Any]] = [
    ("int64", st.sampled_from([-(2**63), -1, 0, 2**53, 2**53 + 1, 2**63 - 1])),
    ("uint64", st.sampled_from([0, 2**53, 2**53 + 1, 2**63, 2**64 - 2, 2**64 - 1])),
    ("float64", st.sampled_from([-math.inf, -0.0, 0.0, TINY, 1.0, math.inf])),
]


@given(RINGS)
@example([(0, 0), (134217727, 0), (134217727, 134217729), (0, 134217729)])
@example([(-LARGEST, -LARGEST), (LARGEST, -LARGEST), (0, LARGEST)])
@example([(0, 0), (1, 1), (1, 0), (0, 1)])
@settings(max_examples=draws(400), deadline=None)
def test_area_is_correctly_rounded(ring: list[oracle.Point]) -> None:
    """The double nearest to the real area, and never negative."""
    assert polygon(ring).area() == oracle.ring_area(ring)


@given(RINGS, st.integers(0, 7))
@settings(max_examples=draws(200), deadline=None)
def test_area_does_not_depend_on_the_order(ring: list[oracle.Point], turn: int) -> None:
    """Another first vertex, the other direction, a closing vertex: the same bits."""
    turn %= len(ring)
    turned = ring[turn:] + ring[:turn]
    area = polygon(ring).area()
    assert (
        polygon(turned).area() == polygon(turned[::-1]).area() == polygon([*turned, turned[0]]).area() == area
    )


@given(RINGS)
@example([(LARGEST, 0.1), (LARGEST, 0.1), (-LARGEST, 0.1)])
@settings(max_examples=draws(400), deadline=None)
def test_center_is_the_exact_mean(ring: list[oracle.Point]) -> None:
    """The exact sum of all vertices as given, rounded once, divided once."""
    center = polygon(ring).center
    assert tuple(center) == oracle.vertex_center(ring)


def test_center_is_what_fsum_gives() -> None:
    """The definition in the words of the standard library."""
    x, y = [0.1] * 10, [i / 10 for i in range(10)]
    assert tuple(pm.Polygon(x, y).center) == (math.fsum(x) / 10, math.fsum(y) / 10)


def exact_distance(center: oracle.Point, point: oracle.Point) -> float:
    return math.hypot(center[0] - point[0], center[1] - point[1])


@given(st.data(), st.sampled_from(FAMILIES))
@settings(max_examples=draws(400), deadline=None)
def test_find_close_polygons_compares_exactly(
    data: st.DataObject, coordinate: st.SearchStrategy[float]
) -> None:
    """Distances within a unit of the limit are on the right side of it; equal ones are not closer."""
    pairs = data.draw(st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=5))
    polygons = [polygon([pair]) for pair in pairs]
    point = data.draw(st.tuples(coordinate, coordinate))
    rim = exact_distance(data.draw(st.sampled_from(pairs)), point)
    limit = data.draw(
        st.one_of(st.floats(), st.builds(ulps_away, st.just(min(rim, LARGEST)), st.integers(-1, 1)))
    )
    found = pm.find_close_polygons(polygons, np.array(point), limit)
    expected = [p for p, pair in zip(polygons, pairs, strict=True) if oracle.closer(pair, point, limit)]
    assert [id(p) for p in found] == [id(p) for p in expected]


@pytest.mark.parametrize("scale", [2.0**k for k in (-1074, -1000, -540, -1, 0, 1, 500, 1000)])
@pytest.mark.parametrize("triple", [(3, 4, 5), (5, 12, 13), (8, 15, 17), (20, 21, 29)])
def test_equal_is_not_closer(triple: tuple[int, int, int], scale: float) -> None:
    """Right triangles of whole numbers: the distance is exactly the limit, at every scale."""
    a, b, c = (side * scale for side in triple)
    corner = [pm.Polygon([a], [b])]
    origin = np.zeros(2)
    assert pm.find_close_polygons(corner, origin, c) == []
    assert pm.find_close_polygons(corner, origin, math.nextafter(c, math.inf)) == corner
    assert pm.find_close_polygons(corner, origin, math.nextafter(c, 0.0)) == []


class Other:
    """Anything with a center."""

    def __init__(self, center: oracle.Point) -> None:
        self.center = np.array(center)


@pytest.mark.parametrize("make", [lambda c: polygon([c]), Other], ids=["Polygon", "other objects"])
def test_within_a_unit_of_the_limit(make: Any) -> None:
    """Thousands of distances that differ from the limit by less than rounding them costs."""
    random = np.random.default_rng(7)
    undecided = 0
    for _ in range(250):
        x, y, px, py = (float(v) for v in random.random(4) * 10.0 ** random.integers(-3, 4))
        centers = [(ulps_away(x, i), ulps_away(y, k)) for i in range(-2, 2) for k in range(-2, 2)]
        polygons = [make(c) for c in centers]
        for step in (-1, 0, 1):
            limit = ulps_away(exact_distance((x, y), (px, py)), step)
            expected = [oracle.closer(c, (px, py), limit) for c in centers]
            found = pm.find_close_polygons(polygons, np.array([px, py]), limit)
            assert [any(f is p for f in found) for p in polygons] == expected
            undecided += len(set(expected)) > 1
    assert undecided > 100


@given(regions_and_points(), BEST)
@settings(max_examples=draws(400), deadline=None)
def test_covers(case: tuple[list[oracle.Region], list[oracle.Point]], best: str) -> None:
    """Boundaries, holes, unions of parts, ties: what the real numbers say."""
    regions, points = case
    answers = pm.match(np.array(points, float).reshape(-1, 2), as_regions(regions), best=best)
    assert answers.tolist() == oracle.best_match(points, regions, "covers", best)


@given(regions_and_points(), st.data())
@settings(max_examples=draws(300), deadline=None)
def test_center_within(case: tuple[list[oracle.Region], list[oracle.Point]], data: st.DataObject) -> None:
    """One distance for all or one per region, on the rim of some point, zero or infinite."""
    regions, points = case
    best = data.draw(BEST)
    rims = [0.0, TINY, 1.0, math.inf]
    for center in map(oracle.center, regions):
        rims += [exact_distance(center, p) for p in points if center is not None]
    rims = [rim for rim in rims if rim >= 0]
    step = st.integers(-1, 1)
    draw_rim = st.builds(
        lambda d, i: max(ulps_away(d, i), 0.0) if math.isfinite(d) else d, st.sampled_from(rims), step
    )
    distance: float | list[float] = data.draw(draw_rim)
    if data.draw(st.booleans()):
        distance = [data.draw(draw_rim) for _ in regions]
    answers = pm.match(
        np.array(points, float).reshape(-1, 2),
        as_regions(regions),
        predicate="center_within",
        distance=distance,
        best=best,
    )
    assert answers.tolist() == oracle.best_match(points, regions, "center_within", best, distance)


@given(regions_and_points(), st.sampled_from(SCORES), st.data())
@settings(max_examples=draws(200), deadline=None)
def test_scores(
    case: tuple[list[oracle.Region], list[oracle.Point]], kind: tuple[str, Any], data: st.DataObject
) -> None:
    """Integers compare as integers beyond 2**53, zeros of both signs tie, the first of equals wins."""
    regions, points = case
    assume(regions)
    dtype, values = kind
    scores = [data.draw(values) for _ in regions]
    answers = pm.match(
        np.array(points, float).reshape(-1, 2), as_regions(regions), best=np.array(scores, dtype)
    )
    assert answers.tolist() == oracle.best_match(points, regions, "covers", "score", scores=scores)


@given(
    st.lists(RINGS, min_size=1, max_size=6), st.lists(st.tuples(SMALL, SMALL), max_size=4), st.floats(0, 10)
)
@settings(max_examples=draws(200), deadline=None)
def test_main(rings: list[list[oracle.Point]], points: list[oracle.Point], limit: float) -> None:
    """The whole drop-in: the smallest of the close polygons, first on ties; the very objects come back."""
    polygons = [polygon(ring) for ring in rings]
    arrays = [np.array(p) for p in points]
    areas = [oracle.ring_area(ring) for ring in rings]
    centers = [oracle.vertex_center(ring) for ring in rings]
    winners = oracle.best_match(
        points, [[[ring]] for ring in rings], "center_within", "smallest", limit, centers=centers, areas=areas
    )
    expected = [(id(p), id(polygons[w])) for p, w in zip(arrays, winners, strict=True) if w >= 0]
    assert [(id(p), id(q)) for p, q in pm.main(polygons, arrays, limit)] == expected
