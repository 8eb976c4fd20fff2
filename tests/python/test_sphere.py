"""metric="sphere": every predicate against the definitions in 50 digits, and the rules one by one."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import poly_match as pm
import pytest
import sphere_oracle as oracle
from conftest import FULL
from sphere_oracle import Line

HALF_TURN = math.pi * 6371008.8
Places = list[tuple[float, float]]


def ring_around(lon: float, lat: float, radius: float, corners: int, random: Any) -> Places:
    """Return a ring of vertices around a place, `radius` degrees away or less."""
    ring = []
    turns = np.sort(random.uniform(0, 2 * math.pi, corners))
    for turn in turns:
        away = math.radians(radius * random.uniform(0.3, 1))
        y = math.asin(
            math.sin(math.radians(lat)) * math.cos(away)
            + math.cos(math.radians(lat)) * math.sin(away) * math.cos(turn)
        )
        x = math.atan2(
            math.sin(turn) * math.sin(away) * math.cos(math.radians(lat)),
            math.cos(away) - math.sin(math.radians(lat)) * math.sin(y),
        )
        ring.append((lon + math.degrees(x), math.degrees(y)))
    return ring


def odd_lon(random: Any) -> float:
    return float(random.choice([-180, 180, 0, 90, -45, 359, 179.9999999, random.uniform(-540, 540)]))


def odd_lat(random: Any) -> float:
    return float(random.choice([90, -90, 0, 45, 89.99999999, *random.uniform(-90, 90, 5)]))


def some_region(random: Any, lines: bool) -> list[list[Places]]:
    """Return a region of any kind: small, large, over a pole, crossing itself, with holes, degenerate."""
    lon, lat = odd_lon(random), odd_lat(random)
    kind = random.integers(0, 12 if lines else 9)
    radius = float(10 ** random.uniform(-4, 1.9))
    if kind == 0:  # anything, crossing itself at will
        return [[[(odd_lon(random), odd_lat(random)) for _ in range(random.integers(1, 7))]]]
    if kind == 1:  # with a hole
        return [
            [ring_around(lon, lat, radius, 8, random), ring_around(lon, lat, radius * 0.2, 5, random)[::-1]]
        ]
    if kind == 2:  # two polygons
        return [[ring_around(odd_lon(random), odd_lat(random), radius, 5, random)] for _ in range(2)]
    if kind == 3:  # many turns around a place
        return [[ring_around(lon, lat, radius, 5, random) * 2 + ring_around(lon, lat, radius, 7, random)]]
    if kind == 4:  # larger than half the sphere
        return [[ring_around(lon, lat, float(random.uniform(80, 170)), 9, random)]]
    if kind >= 9:
        vertices = ring_around(lon, lat, radius, int(random.integers(1, 6)), random)
        return [[Line(vertices)] for _ in range(1)]
    return [[ring_around(lon, lat, radius, int(random.integers(3, 12)), random)]]


def is_possible(region: list[list[Places]]) -> bool:
    """Return whether no edge of the region is too nearly one between opposite places to be decided."""
    for rings in region:
        for ring in rings:
            for a, b in oracle.arcs(ring):
                if oracle.angle(a, b) > math.pi - 1e-6:
                    return False
    return True


def regions_of(regions: list[list[list[Places]]]) -> pm.Regions:
    """Return ragged arrays of polygons and lines."""
    coords: Places = []
    rings, polygons, geoms, kinds = [0], [0], [0], []
    for region in regions:
        for part in region:
            for ring in part:
                coords += list(ring)
                rings.append(len(coords))
            polygons.append(len(rings) - 1)
            is_line = isinstance(part[0], Line)
            kinds.append((2 if len(part[0]) == 1 else 1) if is_line else 0)
        geoms.append(len(polygons) - 1)
    array = np.array(coords, float).reshape(-1, 2)
    return pm.Regions(
        array,
        np.array(rings),
        np.array(polygons),
        np.array(geoms),
        np.array(kinds, np.uint8) if any(kinds) else None,
    )


def some_points(regions: list[list[list[Places]]], random: Any, count: int) -> Places:
    """Return points anywhere, at vertices, and near edges."""
    vertices = [v for region in regions for part in region for ring in part for v in ring]
    points: Places = []
    for _ in range(count):
        if random.random() < 0.4:
            points.append((odd_lon(random), odd_lat(random)))
            continue
        lon, lat = vertices[random.integers(len(vertices))]
        away = 10 ** random.uniform(-13, 1.5)
        points.append(
            (
                lon + away * random.uniform(-1, 1),
                float(np.clip(lat + away * random.uniform(-1, 1), -90, 90)),
            )
        )
    return points


def cases(lines: bool, count: int) -> list[tuple[int, list[list[list[Places]]], Places]]:
    made = []
    for seed in range(count * (30 if FULL else 1)):
        random = np.random.default_rng(seed + 1000 * lines)
        regions = [r for r in (some_region(random, lines) for _ in range(6)) if is_possible(r)]
        made.append((seed, regions, some_points(regions, random, 10)))
    return made


# ---- against the oracle ------------------------------------------------------------------------------------


def test_covers() -> None:
    decided = inside = 0
    made = cases(False, 20)
    for seed, regions, points in made:
        index = pm.Index(regions_of(regions), metric="sphere", best="first")
        offsets, ids = index.candidates(points)
        answers = index.match(points)
        for i, point in enumerate(points):
            got = set(ids[offsets[i] : offsets[i + 1]].tolist())
            assert answers[i] == (min(got) if got else -1)
            for row, region in enumerate(regions):
                found = oracle.near(point, region)
                if found.is_clear:
                    assert (row in got) == found.covers, (seed, point, region)
                    decided += 1
                    inside += found.covers
    assert decided > 50 * len(made)
    assert inside > 4 * len(made)


def test_areas_and_centers() -> None:
    for seed, regions, _ in cases(False, 20):
        arrays = regions_of(regions)
        areas, _ = pm._core.regions_measure(*arrays._arrays, "sphere")
        for area, region in zip(areas, regions, strict=True):
            expected = sum(oracle.polygon_area(rings) for rings in region)
            assert abs(area - expected) <= 1e-14 * 5.1e14, (seed, region)


@pytest.mark.parametrize("lines", [False, True])
def test_distances(lines: bool) -> None:
    for seed, regions, points in cases(lines, 13):
        index = pm.Index(regions_of(regions), metric="sphere", predicate="nearest", best="first")
        offsets, ids, distances = index.candidates(points, k=len(regions), return_distance=True)
        answers, nearest = index.match(points, return_distance=True)
        limit = float(10 ** np.random.default_rng(seed).uniform(-9, 7.5))
        within = pm.Index(regions_of(regions), metric="sphere", predicate="dwithin", distance=limit)
        limited, ids_within, measured = within.candidates(points, return_distance=True)
        best, best_distance = within.match(points, return_distance=True)
        for i, point in enumerate(points):
            part = slice(offsets[i], offsets[i + 1])
            got = dict(zip(ids[part].tolist(), distances[part].tolist(), strict=True))
            assert len(got) == len(regions)
            order = sorted(got, key=lambda row: (got[row], row))
            assert ids[part].tolist() == order
            assert (answers[i], nearest[i]) == (order[0], got[order[0]])
            for row, region in enumerate(regions):
                found = oracle.near(point, region)
                error = abs(got[row] - found.distance)
                if found.is_clear or error > 1e-7:
                    assert error <= 1e-8 + 1e-14 * found.distance, (seed, point, region)
            part = slice(limited[i], limited[i + 1])
            assert set(ids_within[part].tolist()) == {row for row in got if got[row] <= limit}
            for row, metres in zip(ids_within[part].tolist(), measured[part].tolist(), strict=True):
                assert metres == got[row]
            assert best[i] == (ids_within[part][0] if limited[i + 1] > limited[i] else -1)
            assert best[i] < 0 or best_distance[i] == got[best[i]]


def test_centers_within() -> None:
    for seed, regions, points in cases(True, 15):
        random = np.random.default_rng(seed)
        limits = 10 ** random.uniform(-3, 7.4, len(regions))
        arrays = regions_of(regions)
        _, centers = pm._core.regions_measure(*arrays._arrays, "sphere")
        index = pm.Index(arrays, metric="sphere", predicate="center_within", distance=limits, best="first")
        points = [*points, *map(tuple, centers.tolist())]
        offsets, ids, distances = index.candidates(points, return_distance=True)
        answers, measured = index.match(points, return_distance=True)
        for i, point in enumerate(points):
            part = slice(offsets[i], offsets[i + 1])
            got = dict(zip(ids[part].tolist(), distances[part].tolist(), strict=True))
            assert ids[part].tolist() == sorted(got)
            first = min(got, default=-1)
            assert answers[i] == first
            assert measured[i] == got[first] if got else math.isnan(measured[i])
            for row in range(len(regions)):
                expected = oracle.distance(point, tuple(centers[row].tolist()))
                slack = 1e-8 + 1e-14 * expected
                if row in got:
                    assert abs(got[row] - expected) <= slack
                    assert expected < limits[row] + slack
                else:
                    assert expected > limits[row] - slack


# ---- the rules ---------------------------------------------------------------------------------------------

SQUARE = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], float)
ACROSS = np.array([[170, -10], [190, -10], [190, 10], [170, 10]], float)


def answers(points: Any, polygons: Any, **options: Any) -> list[int]:
    found: list[int] = pm.match(points, polygons, metric="sphere", **options).tolist()
    return found


def test_longitudes_count_modulo_a_turn() -> None:
    points = [(180, 0), (-180, 0), (540, 0), (-175, 5), (185, 5), (545, 5), (0, 0), (190, 10), (-170, 10)]
    assert answers(points, [ACROSS]) == [0, 0, 0, 0, 0, 0, -1, 0, 0]
    assert answers(points, [ACROSS], period=360) == answers(points, [ACROSS])


def test_every_longitude_is_the_pole() -> None:
    cap = [(0, 80), (90, 80), (180, 80), (270, 80)]
    assert answers([(0, 90), (77, 90), (-190, 90), (0, -90)], [cap]) == [0, 0, 0, -1]
    point = pm.Regions(
        np.array([[33.0, 90]]), np.array([0, 1]), np.array([0, 1]), kinds=np.array([2], np.uint8)
    )
    assert pm.match([(-5, 90)], point, metric="sphere", predicate="dwithin", distance=0).tolist() == [0]


def test_points_beyond_the_poles_match_nothing() -> None:
    points = [(5, 90.5), (5, -91), (math.nan, 5), (math.inf, 5), (5, 5)]
    for predicate in ("nearest", "covers"):
        assert answers(points, [SQUARE], predicate=predicate) == [-1, -1, -1, -1, 0]
    index = pm.Index([SQUARE], metric="sphere", predicate="nearest")
    assert index.candidates(points, k=1, count=True).tolist() == [0, 0, 0, 0, 1]
    assert np.isnan(index.match(points, return_distance=True)[1][:4]).all()


def test_vertices_beyond_a_pole_and_opposite_ones_are_errors_with_their_row() -> None:
    beyond, opposite = SQUARE * [1, 9.5], np.array([[0, 0], [30, 30], [-150, -30]], float)
    for predicate in ("covers", "nearest"):
        with pytest.raises(pm.InputValueError, match=r"polygons\[1\]: has a vertex at latitude 95") as caught:
            pm.Index([SQUARE, beyond], metric="sphere", predicate=predicate)
        assert caught.value.row == 1
        with pytest.raises(pm.InputValueError, match=r"polygons\[2\]: .*\(30.0, 30.0\).*opposite"):
            pm.Index([SQUARE, SQUARE, opposite], metric="sphere", predicate=predicate)
    closing = np.array([[30, 30], [0, 0], [-150, -30]], float)
    with pytest.raises(pm.InputValueError, match=r"polygons\[0\]: .*\(-150.0, -30.0\)"):
        pm.Index([closing], metric="sphere")
    poles = [(-180, -90), (180, -90), (180, 90), (-180, 90)]
    with pytest.raises(pm.InputValueError, match="opposite"):
        pm.Index([poles], metric="sphere")


def test_the_last_digit_says_on_which_side_of_the_world_an_edge_goes() -> None:
    """Longitudes whose difference is more than 180, but not as a double."""
    ring = np.array([[-90.00000000000001, 0], [90, 1e-300], [180, 40]])
    points = [(180, 20), (0, 20), (0, 80), (90, -20)]
    for each in (ring, ring[::-1], np.roll(ring, 1, axis=0)):
        assert pm.match(points, [each], metric="sphere").tolist() == [0, -1, -1, -1]


def test_a_line_does_not_go_back() -> None:
    coords = np.array([[0, 0], [90, 0], [180, 0]], float)
    offsets = np.array([0, 3]), np.array([0, 1])
    line = pm.Regions(coords, *offsets, kinds=np.array([1], np.uint8))
    assert pm.match([(100, 0)], line, metric="sphere", predicate="nearest").tolist() == [0]
    with pytest.raises(pm.InputValueError, match="opposite"):
        pm.Index(pm.Regions(coords, *offsets), metric="sphere")


def test_skip_leaves_out_both() -> None:
    rings = [SQUARE * [1, 9.5], np.array([[0, 0], [30, 30], [-150, -30]], float), SQUARE]
    with pytest.warns(UserWarning, match="2 of 3 regions can't be used") as caught:
        found = answers([(5, 5), (20, 21)], rings, invalid="skip")
    assert found == [2, -1]
    assert "beyond a pole" in str(caught[0].message)
    assert "opposite places" in str(caught[0].message)
    with pytest.raises(pm.InputValueError, match="row 1 has an edge"):
        answers([(5, 5)], rings, invalid="error")


def test_the_smaller_side_is_inside_in_both_directions() -> None:
    south = [(lon, -50) for lon in range(0, 360, 30)]
    for ring in (south, south[::-1]):
        assert answers([(0, -90), (0, 90), (0, -40)], [ring]) == [0, -1, -1]


def test_a_box_around_the_world_has_no_surface() -> None:
    pytest.importorskip("shapely")
    box = np.array([[-180, -89], [180, -89], [180, 89], [-180, 89]], float)
    assert answers([(0, 0), (100, 50), (180, 20)], [box]) == [-1, -1, 0]
    report = pm.check([SQUARE, box], metric="sphere")
    assert [(each.kind, each.rows.tolist()) for each in report.findings][:1] == [("no surface", [1])]
    assert "no surface" not in [each.kind for each in pm.check([SQUARE, box]).findings]


def test_check_on_the_sphere() -> None:
    pytest.importorskip("shapely")
    jumps = np.array([[170, 0], [-170, 0], [-170, 10], [170, 10]], float)
    assert "antimeridian" in [each.kind for each in pm.check([jumps]).findings]
    report = pm.check([jumps, SQUARE * [1, 9.5]], [(175, 5), (535, 5), (5, 95)], metric="sphere")
    kinds = {each.kind: each.rows.tolist() for each in report.findings}
    assert kinds == {"unusable": [1], "bad point": [2]}


def test_smallest_and_largest_are_by_area_on_the_sphere() -> None:
    north = np.array([[0, 70], [25, 70], [25, 85], [0, 85]], float)
    south = np.array([[0, 65], [20, 65], [20, 80], [0, 80]], float)
    assert answers([(10, 75)], [south, north]) == [1]  # in the plane the other one is smaller
    assert pm.match([(10, 75)], [south, north]).tolist() == [0]
    assert answers([(10, 75)], [south, north], best="largest") == [0]


def test_polygons_measure_on_the_sphere_unless_their_class_does() -> None:
    class Ranked(pm.Polygon):
        def area(self) -> float:
            return 1.0

    class Moved(pm.Polygon):
        center = np.array([100.0, 0.0])

    north, south = ([0, 25, 25, 0], [70, 70, 85, 85]), ([0, 20, 20, 0], [65, 65, 80, 80])
    plain = [pm.Polygon(*south), pm.Polygon(*north)]
    assert answers([(10, 75)], plain) == [1]
    assert answers([(10, 75)], [Ranked(*south), pm.Polygon(*north)]) == [0]
    within = {"predicate": "center_within", "distance": 1000.0, "best": "first"}
    assert answers([(100, 0), (12.5, 77.5)], [Moved(*south), pm.Polygon(*north)], **within) == [0, 1]


def test_a_center_is_the_mean_near_the_first_vertex() -> None:
    within = {"predicate": "center_within", "distance": 1e-3}
    assert answers([(180, 0), (-180, 0), (0, 0)], [ACROSS], **within) == [0, 0, -1]
    ring = np.array([[170, 0], [-170, 0], [-170, 6], [170, 6]], float)
    assert answers([(180, 3), (0, 3)], [ring], **within) == [0, -1]


def test_a_vertex_is_covered() -> None:
    random = np.random.default_rng(5)
    for _ in range(50):
        ring = ring_around(odd_lon(random), odd_lat(random), float(random.uniform(0.1, 80)), 6, random)
        assert answers(ring, [ring]) == [0] * 6
        turned = [(lon - 360, lat) for lon, lat in ring if (lon - 360) + 360 == lon]
        assert set(answers(turned, [ring])) <= {0}


def test_equal_coordinates_give_equal_distances() -> None:
    fan = [[(0, 0), (10, 20), (20, 10)], [(0, 0), (20, 10), (30, 5)], [(0, 0), (-10, 20), (10, 20)]]
    points = [(-1 - k / 7, -1 - k / 5) for k in range(40)]
    for order in itertools.permutations(range(3)):
        rings = [fan[k] for k in order]
        found, distances = pm.match(
            points, rings, metric="sphere", predicate="nearest", best="first", return_distance=True
        )
        assert set(found.tolist()) == {0}
        assert (distances > 0).all()


def test_distance_0_answers_as_covers() -> None:
    random = np.random.default_rng(8)
    for _ in range(30):
        regions = [some_region(random, False) for _ in range(5)]
        if not all(map(is_possible, regions)):
            continue
        arrays, points = regions_of(regions), some_points(regions, random, 30)
        covering = answers(points, arrays)
        for predicate in ("dwithin", "nearest"):
            assert answers(points, arrays, predicate=predicate, distance=0) == covering


def test_a_limit_of_half_a_turn_reaches_everything() -> None:
    points = [(0, 0), (180, 0), (-170, -5), (33, 90)]
    assert answers(points, [SQUARE], predicate="dwithin", distance=math.inf) == [0] * 4
    assert answers(points, [SQUARE], predicate="center_within", distance=HALF_TURN * 1.01) == [0] * 4


def test_period_is_360_or_none() -> None:
    with pytest.raises(ValueError, match="period: expected 360 or None"):
        pm.Index([SQUARE], metric="sphere", period=180)
    index = pm.Index([SQUARE], metric="sphere", predicate="nearest", period=360)
    assert index.period is None
    assert index.match([(5, 5)], return_distance=True)[1].tolist() == [0]


def test_unknown_metric() -> None:
    with pytest.raises(ValueError, match='metric: expected one of "planar", "sphere"'):
        pm.Index([SQUARE], metric="ball")  # type: ignore[arg-type]
