"""With a period, x and x + k * period are one place: exactly, for every predicate and engine.

The oracle tries every turn in rational arithmetic. Points are put where rounding would decide: some
periods away from vertices and edges, and a unit in the last place beside.
"""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import oracle
import poly_match as pm
import pytest
from conftest import draws, square
from poly_match._engine.lists import list_all
from poly_match._engine.prepared import Prepared

PERIODS = (360.0, 2 * math.pi, 0.1, 1 / 3, 7.0, 1.0, 100.0)


def turns_of(x: float, low: Fraction, high: Fraction, period: float) -> list[Fraction]:
    """Return the places of x between two bounds."""
    start, step = Fraction(x), Fraction(period)
    first, last = math.ceil((low - start) / step), math.floor((high - start) / step)
    return [start + k * step for k in range(first, last + 1)]


def best_of(regions: Any, point: Any, period: float, order: list[int], candidate: Any) -> int:
    """Return the answer for one point by trying every region, best first, at every turn."""
    low = min(v[0] for region in regions for part in region for ring in part for v in ring)
    high = max(v[0] for region in regions for part in region for ring in part for v in ring)
    reach = Fraction(candidate.reach)
    places = turns_of(point[0], Fraction(low) - reach, Fraction(high) + reach, period)
    return next((i for i in order if any(candidate(i, (x, point[1])) for x in places)), -1)


class Covers:
    reach = 0.0

    def __init__(self, regions: Any) -> None:
        self.regions = regions

    def __call__(self, i: int, point: Any) -> bool:
        return any(oracle.part_covers(part, point) for part in self.regions[i])


class Within:
    def __init__(self, regions: Any, distance: float) -> None:
        self.reach = distance
        self.centers: list[Any] = [oracle.center(region) for region in regions]

    def __call__(self, i: int, point: Any) -> bool:
        (cx, cy), (px, py) = map(Fraction, self.centers[i]), point
        return (cx - px) ** 2 + (cy - Fraction(py)) ** 2 < Fraction(self.reach) ** 2


def cases(seed: int, period: float) -> tuple[list[Any], list[tuple[float, float]]]:
    """Return regions up to a few periods wide, and points turned away from their vertices and edges."""
    random = np.random.default_rng(seed)
    width = period * random.choice([0.3, 1.0, 1.7, 3.2])
    offset = period * random.choice([0, 0, 0.5, -1, 40])
    regions: list[Any] = []
    for _ in range(random.integers(1, 7)):
        ring = random.uniform(0, 1, (random.integers(3, 7), 2)) * (width, 3)
        if random.random() < 0.5:
            ring = np.round(ring * 8 / period) * period / 8
        regions.append([[[(float(x) + offset, float(y)) for x, y in ring]]])
    edges = [
        (ring[i], ring[(i + 1) % len(ring)])
        for region in regions
        for part in region
        for ring in part
        for i in range(len(ring))
    ]
    points: list[tuple[float, float]] = []
    for _ in range(40):
        (ax, ay), (bx, by) = edges[random.integers(len(edges))]
        along = random.choice([0, 0, 1, 0.5, random.random()])
        x, y = ax + along * (bx - ax), ay + along * (by - ay)
        x += random.choice([-3, -2, -1, 0, 1, 2, 5]) * period
        for _ in range(random.integers(0, 3)):
            x = math.nextafter(x, random.choice([-math.inf, math.inf]))
        points.append((float(x), float(y)))
    points += [(float(x), float(y)) for x, y in random.uniform(-3, 3, (10, 2)) * (period, 1)]
    return regions, points


def index_of(regions: Any, engine: str, **rules: Any) -> Any:
    """Return the engine's index, one that is forced."""
    ragged = [np.asarray(each) for each in oracle.ragged(regions)]
    arrays = pm.Regions(ragged[0].reshape(-1, 2), *ragged[1:])
    rules = {"predicate": "covers", "distance": None, "best": "smallest", "max_bytes": None, **rules}
    return Prepared.of(arrays, **rules).build(engine)


@pytest.mark.parametrize("engine", ["scan", "tree"])
@pytest.mark.parametrize("period", PERIODS)
def test_exactly_as_the_oracle(period: float, engine: str) -> None:
    turned = 0
    for seed in range(12):
        regions, points = cases(seed, period)
        order = oracle.rank(regions)
        x, y = np.array(points).T.copy()
        for predicate, candidate, distance in (
            ("covers", Covers(regions), None),
            ("center_within", Within(regions, 0.4 * period), 0.4 * period),
        ):
            index = index_of(regions, engine, predicate=predicate, distance=distance, period=period)
            found = np.empty(len(x), dtype=np.int64)
            index.match(x, y, found)
            expected = [best_of(regions, point, period, order, candidate) for point in points]
            assert found.tolist() == expected, (seed, predicate)
            plain = index_of(regions, engine, predicate=predicate, distance=distance, period=None)
            answers = np.empty(len(x), dtype=np.int64)
            plain.match(x, y, answers)
            turned += int((answers != found).sum())
    assert turned > 100  # the period matters in these cases


@pytest.mark.parametrize("engine", ["scan", "tree"])
def test_disks_at_their_very_rim(engine: str) -> None:
    # 0.1 + 7 * 7 is no double, and the rim is between the two doubles next to it.
    center, x, period = 50.1, 0.1, 7.0
    regions = [[[[(center, 0.0)] * 3]]]
    radius = oracle.rounded(Fraction(oracle.center(regions[0])[0]) - (Fraction(x) + 7 * Fraction(period)))
    answers = set()
    for _ in range(8):
        radius = math.nextafter(radius, 0)
    for _ in range(16):
        candidate = Within(regions, radius)
        index = index_of(regions, engine, predicate="center_within", distance=radius, period=period)
        found = np.empty(2, dtype=np.int64)
        index.match(np.array([x, x - 3 * period]), np.zeros(2), found)
        for got, start in zip(found.tolist(), (x, x - 3 * period), strict=True):
            assert got == best_of(regions, (start, 0.0), period, [0], candidate)
        answers.add(int(found[0]))
        radius = math.nextafter(radius, 2)
    assert answers == {-1, 0}


def test_longitudes_however_they_are_counted() -> None:
    ring = [[170, -5], [190, -5], [190, 5], [170, 5]]
    x = [-175, 185, 175, 545, -180, 180, 169, -169, 0]
    answers = pm.match((np.array(x, float), np.zeros(9)), [ring], period=360)
    assert answers.tolist() == [0, 0, 0, 0, 0, 0, -1, -1, -1]
    assert pm.match([(-175, 0)], [ring]).tolist() == [-1]


def test_cities_and_countries_turned(examples: Path) -> None:
    # As a user has it: 0..360 on one side, -180..180 on the other.
    import json

    names = json.loads((examples / "countries.geojson").read_text(encoding="utf-8"))
    rows = np.genfromtxt(
        examples / "cities.csv", delimiter=",", skip_header=1, usecols=(-3, -2), encoding="utf-8"
    )
    plain = pm.match(rows, names)
    for turned in (
        np.where(rows[:, 0] < 0, rows[:, 0] + 360, rows[:, 0]),
        rows[:, 0] + 360,
        rows[:, 0] - 720,
    ):
        again = pm.match((turned, rows[:, 1]), names, period=360)
        assert (again == plain).all()  # no city is within a rounding error of a border


def test_the_best_of_all_turns() -> None:
    # Two periods wide: a point has two places, and the smaller region wins wherever it is.
    regions = [square(0, 0, 1), square(10, 0, 0.5), square(20.25, 0, 2)]
    index = pm.Index(regions, period=10)
    assert index.match([(0.25, 0.25), (0.75, 0.25), (-9.5, 0.6), (5, 0), (1.5, 1.5)]).tolist() == [
        1,
        0,
        0,
        -1,
        2,
    ]
    largest = pm.Index(regions, period=10, best="largest")
    assert largest.match([(0.25, 0.25), (0.75, 0.25)]).tolist() == [2, 2]


def test_infinite_disks_and_bad_points() -> None:
    regions = [square(0, 0, 1), square(3, 0, 1)]
    index = pm.Index(regions, predicate="center_within", distance=[0.25, np.inf], best="first", period=10)
    points = [(0.5, 0.5), (10.5, 0.5), (-1e300, 4), (np.nan, 0), (np.inf, 0), (0.5, np.nan)]
    assert index.match(points).tolist() == [0, 0, 1, -1, -1, -1]


def test_points_however_far() -> None:
    index = pm.Index([square(0, 0, 1)], period=3)
    for x in (2.0**60 * 3, -(2.0**900), 1e22, 3.0 * 2**26 + 0.5):
        inside = Fraction(x) % 3 <= 1
        assert index.match([(x, 0.5)]).tolist() == [0 if inside else -1], x


def test_saved_pickled_and_shown(tmp_path: Path) -> None:
    import pickle

    index = pm.Index([square(170, 0, 20), square(500, 0, 30)], period=360)
    index.save(tmp_path / "turned.pmx")
    for again in (pm.Index.open(tmp_path / "turned.pmx"), pickle.loads(pickle.dumps(index))):
        assert again.period == 360
        assert again.match([(-175, 5), (140, 5), (165, 5)]).tolist() == [0, 1, 1]
    assert pm.Index([square(0, 0, 1)]).period is None


def test_other_entries() -> None:
    regions = [square(170, -10, 20)]
    assert pm.count([(-175, 0), (0, 0)], regions, period=360) == ([1], 1)
    on = (["a", "b"], ["a"])
    assert pm.match([(-175, 0), (-175, 0)], regions, on=on, period=360).tolist() == [0, -1]


@pytest.mark.parametrize("period", [0, -1, math.nan, math.inf])
def test_what_is_no_period(period: float) -> None:
    with pytest.raises(ValueError, match="period: expected a positive, finite number"):
        pm.match([(0, 0)], [square(0, 0, 1)], period=period)


def test_too_small_or_no_number() -> None:
    with pytest.raises(ValueError, match="period 1e-09 is too small"):
        pm.Index([square(0, 0, 1)], period=1e-9)
    with pytest.raises(TypeError, match="period"):
        pm.Index([square(0, 0, 1)], period="turn")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="period: expected one number"):
        pm.Index([square(0, 0, 1)], period=[360])  # type: ignore[arg-type]


def places_of(x: float, regions: Any, period: float) -> list[Fraction]:
    """Return the places of x that can be the nearest to a place of the regions, and some more."""
    rows = [v[0] for region in regions for part in region for ring in part for v in ring]
    return turns_of(
        x, Fraction(min(rows)) - 2 * Fraction(period), Fraction(max(rows)) + 2 * Fraction(period), period
    )


def by_distance(
    regions: Any, point: Any, period: float, order: list[int], limits: list[float], nearest: bool
) -> list[tuple[int, Fraction]]:
    """Return the candidates of a point, best first, with the square of the least distance over all turns."""
    squares = []
    places = places_of(point[0], regions, period)
    for i in order:
        square = min(oracle.squared_distance(regions[i], (x, point[1])) for x in places)
        if math.isinf(limits[i]) or square <= Fraction(limits[i]) ** 2:
            squares.append((i, square))
    return sorted(squares, key=lambda each: each[1]) if nearest else squares


def limits_for(seed: int, regions: Any, points: Any, period: float) -> Any:
    """Return one limit or one per region, many of them about the distance of a point."""
    random = np.random.default_rng(1000 + seed)
    limits = []
    for _ in regions:
        point, region = points[random.integers(len(points))], regions[random.integers(len(regions))]
        square = min(
            oracle.squared_distance(region, (x, point[1])) for x in places_of(point[0], regions, period)
        )
        limit = math.sqrt(oracle.rounded(square))
        for _ in range(random.integers(0, 2)):
            limit = abs(math.nextafter(limit, random.choice([-math.inf, math.inf])))
        limits.append(float(random.choice([limit, limit, limit, 0.3 * period, 3 * period, math.inf, 0.0])))
    return limits if random.random() < 0.5 else limits[0]


@pytest.mark.parametrize("engine", ["scan", "tree"])
@pytest.mark.parametrize("period", PERIODS)
def test_distances_exactly_as_the_oracle(period: float, engine: str) -> None:
    turned = rounded = 0
    for seed in range(draws(9)):
        regions, points = cases(seed, period)
        best = ["smallest", "first", "largest"][seed % 3]
        order = oracle.rank(regions, best)
        x, y = np.array(points).T.copy()
        given = limits_for(seed, regions, points, period)
        for predicate, distance in (("nearest", None), ("nearest", given), ("dwithin", given)):
            limits = (
                distance
                if isinstance(distance, list)
                else [math.inf if distance is None else distance] * len(regions)
            )
            rules = {"predicate": predicate, "distance": distance, "best": best}
            index = index_of(regions, engine, period=period, **rules)
            found, measured = np.empty(len(x), dtype=np.int64), np.empty(len(x))
            expected = [
                by_distance(regions, p, period, order, limits, predicate == "nearest") for p in points
            ]
            first = [each[0][0] if each else -1 for each in expected]
            index.match(x, y, found)
            assert found.tolist() == first, (seed, rules)
            index.match(x, y, found, measured)
            assert found.tolist() == first, (seed, rules)
            for distance, each in zip(measured.tolist(), expected, strict=True):
                assert oracle.is_distance(distance, each[0][1]) if each else math.isnan(distance)
            lists = list_all(index, x, y, -1, True, True, 1, False)
            offsets, ids, away = np.append(0, np.cumsum(lists.counts)), lists.ids, lists.distances
            for i, each in enumerate(expected):
                begin, end = offsets[i : i + 2]
                assert ids[begin:end].tolist() == [k for k, _ in each], (seed, rules)
                for distance, (_, exact) in zip(away[begin:end].tolist(), each, strict=True):
                    assert oracle.is_distance(distance, exact)
            plain = index_of(regions, engine, period=None, **rules)
            answers = np.empty(len(x), dtype=np.int64)
            plain.match(x, y, answers)
            turned += int((answers != found).sum())
            rounded += sum(Fraction(float(a)) + Fraction(period) != a + period for a in x)
    assert turned > 30  # the period matters in these cases
    assert rounded > 30 or period in (1.0, 7.0, 100.0, 360.0)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_lists_of_every_predicate(k: int) -> None:
    for seed in range(20):
        regions, points = cases(seed, 360.0)
        order = oracle.rank(regions)
        shapes = pm.Regions(*[np.asarray(each) for each in oracle.ragged(regions)])
        for predicate, candidate, distance in (
            ("covers", Covers(regions), None),
            ("center_within", Within(regions, 200.0), 200.0),
        ):
            index = pm.Index(shapes, predicate=predicate, distance=distance, period=360)  # type: ignore[arg-type]
            offsets, ids = index.candidates(points, k=k)
            for i, point in enumerate(points):
                expected = [r for r in order if best_of(regions, point, 360.0, [r], candidate) == r][:k]
                assert ids[offsets[i] : offsets[i + 1]].tolist() == expected


def test_distance_to_a_center_is_the_least() -> None:
    index = pm.Index(
        [square(0, 0, 1), square(350, 0, 2)],
        predicate="center_within",
        distance=np.inf,
        best="first",
        period=360,
    )
    answers, distances = index.match([(350.5, 0.5), (-359.5, 1.5), (180.5, 0.5)], return_distance=True)
    assert answers.tolist() == [0, 0, 0]
    np.testing.assert_array_equal(distances, [10, 1, 180])
    offsets, ids, away = index.candidates([(350.5, 0.5)], return_distance=True)
    assert (offsets.tolist(), ids.tolist()) == ([0, 2], [0, 1])
    np.testing.assert_allclose(away, [10, math.sqrt(0.5)])


def test_around_the_antimeridian() -> None:
    east, west = square(170, -10, 20), square(-150, -10, 10)
    for regions in ([east, west], [east + np.array([-360, 0]), west + np.array([720, 0])]):
        for turn in (-720, -360, 0, 360):
            points = [
                (-175.0 + turn, 0),
                (-168 + turn, 0),
                (-160 + turn, 0),
                (-160.1 + turn, 0),
                (10 + turn, 0),
                (165 + turn, 0),
            ]
            answers, distances = pm.match(
                points, regions, predicate="nearest", period=360, return_distance=True
            )
            # -160 is as far from both, and the smaller one wins
            assert answers.tolist() == [0, 0, 1, 0, 1, 0]
            np.testing.assert_allclose(distances, [0, 2, 10, 9.9, 150, 5])
            rules: Any = {"predicate": "dwithin", "distance": 5, "period": 360}
            assert pm.match(points, regions, **rules).tolist() == [0, 0, -1, -1, -1, 0]


def test_a_line_that_is_better_than_what_covers_the_point_a_turn_away() -> None:
    import shapely

    regions = shapely.from_wkt(["LINESTRING (0 0, 4 0)", "POLYGON ((359 -1, 363 -1, 363 1, 359 1, 359 -1))"])
    for best in ("first", [1, 0]):
        index = pm.Index(regions, predicate="nearest", best=best, period=360)
        answers, distances = index.match([(1, 0), (361, 0), (-359, 0), (1, 0.5)], return_distance=True)
        assert answers.tolist() == [0 if best == "first" else 1] * 3 + [1]
        assert distances.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("engine", ["scan", "tree"])
def test_between_two_regions_a_few_units_apart(engine: str) -> None:
    # The point is between two doubles, and which region is nearer depends on where.
    decided = set()
    for start in (0.1, 0.3, 1 / 3, 0.7, 1e-9, 0.9):
        x = Fraction(start) + 7 * 7
        low = math.nextafter(float(x), 0) if Fraction(float(x)) > x else float(x)
        for steps in (1, 2, 3, 8):
            left, right = low, math.nextafter(low, 99)
            for _ in range(steps):
                left, right = math.nextafter(left, 0), math.nextafter(right, 99)
            boxes = [[left - 1, left], [right, right + 1]]
            regions: list[Any] = [[[[(a, 0.0), (b, 0.0), (b, 2.0), (a, 2.0)]]] for a, b in boxes]
            away = [x - Fraction(left), Fraction(right) - x]
            nearer = 0 if away[0] <= away[1] else 1
            answers, found = np.empty(2, np.int64), np.empty(2)
            starts, y = np.array([start, start - 21]), np.ones(2)
            index = index_of(regions, engine, predicate="nearest", best="first", period=7.0)
            index.match(starts[:1], y[:1], answers[:1])
            assert answers[0] == nearer
            decided.add((nearer, float(x) == x))
            lists = list_all(index, starts[:1], y[:1], -1, True, True, 1, False)
            assert lists.ids is not None
            assert lists.ids.tolist() == [nearer, 1 - nearer]
            index.match(starts[:1], y[:1], answers[:1], found[:1])
            assert oracle.is_distance(float(found[0]), away[nearer] ** 2)
            for limit in (float(away[0]), right - low, low - left, float(away[1])):
                rules: Any = {"distance": limit, "best": "first", "period": 7.0}
                index_of(regions, engine, predicate="dwithin", **rules).match(starts[:1], y[:1], answers[:1])
                within = [i for i in (0, 1) if away[i] <= Fraction(limit)]
                assert answers[0] == (within[0] if within else -1)
                index_of(regions, engine, predicate="nearest", **rules).match(starts[:1], y[:1], answers[:1])
                assert answers[0] == (nearer if within else -1)
    assert {(0, False), (1, False)} <= decided


@pytest.mark.parametrize("engine", ["scan", "tree"])
def test_points_that_are_not_finite_have_no_distance(engine: str) -> None:
    regions: list[Any] = [
        [[[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)]]],
        [[[(25.0, 0.0), (26.0, 0.0), (26.0, 1.0)]]],
    ]
    x = np.array([math.inf, -math.inf, math.nan, 0.5, 0.5, 10.5])
    y = np.array([0.5, 0, 0, math.inf, math.nan, 0.25])
    for predicate in ("nearest", "dwithin", "center_within"):
        distance = None if predicate == "nearest" else 40.0
        index = index_of(regions, engine, predicate=predicate, distance=distance, period=10.0)
        answers, again, found = np.empty(6, np.int64), np.empty(6, np.int64), np.empty(6)
        index.match(x, y, answers)
        index.match(x, y, again, found)
        assert answers.tolist() == again.tolist() == [-1] * 5 + [0]
        assert np.isnan(found[:5]).all()
        assert found[5] >= 0


@pytest.mark.parametrize("count", [300, 60_000])
def test_stations_around_the_world(count: int) -> None:
    random = np.random.default_rng(6)
    stations = random.uniform((-180, -60), (180, 60), (count, 2)).round(2)
    order = np.arange(count + 1)
    regions = pm.Regions(stations, order, order, order, kinds=np.full(count, 2))
    three = np.concatenate([stations + np.array([turn, 0]) for turn in (0, 360, -360)])
    again = np.arange(3 * count + 1)
    plain = pm.Index(
        pm.Regions(three, again, again, again, kinds=np.full(3 * count, 2)), predicate="nearest", best="first"
    )
    index = pm.Index(regions, predicate="nearest", best="first", period=360)
    points = random.uniform((-180, -90), (180, 90), (3000, 2)).round(1)
    points[:1000, 0] = np.where(points[:1000, 0] < 0, -180, 180) + points[:1000, 0].round() % 3
    _, expected = plain.match(points, return_distance=True)
    for turn in (0, 360, -720):
        _, distances = index.match(points + np.array([turn, 0]), return_distance=True)
        np.testing.assert_allclose(distances, expected, rtol=1e-9, atol=1e-9)


def test_maps_around_the_world(examples: Path) -> None:
    """With points and limits of many kinds, the maps against the index without one."""
    import json

    countries = json.loads((examples / "countries.geojson").read_text(encoding="utf-8"))
    random = np.random.default_rng(7)
    points = random.uniform((-180, -90), (180, 90), (4000, 2))
    points[:1500, 0] = random.choice([-1, 1], 1500) * random.uniform(165, 180, 1500)
    points[::3] = points[::3].round(1)
    for predicate, distance in (("nearest", None), ("nearest", 7.0), ("dwithin", 7.0), ("dwithin", 0.5)):
        mapped = Prepared.of(countries, predicate, distance, "smallest", None, 360).build("tree")
        scanned = Prepared.of(countries, predicate, distance, "smallest", None, 360).build("scan")
        for turn in (0, 360, -360, 1080):
            x, y = points[:, 0] + turn, points[:, 1].copy()
            answers = [np.empty(len(x), np.int64) for _ in range(3)]
            distances = [np.empty(len(x)) for _ in range(2)]
            mapped.match(x, y, answers[0])
            mapped.match(x, y, answers[1], distances[0])
            np.testing.assert_array_equal(answers[0], answers[1])
            some = slice(0, 100 if turn else 300)
            scanned.match(x[some], y[some], answers[2][some], distances[1][some])
            np.testing.assert_array_equal(answers[0][some], answers[2][some])
            np.testing.assert_allclose(distances[0][some], distances[1][some], rtol=1e-14, atol=0)


@pytest.mark.parametrize("scale", [2.0**-1070, 2.0**1020])
def test_periods_at_the_ends_of_the_doubles(scale: float) -> None:
    """1 / period overflows, or the way from a point to a region does."""
    regions = [np.array([[-8, 0], [8, 0], [8, 1], [-8, 1]]) * (scale * 1.5, 1)]
    points = [(13 * scale, 0.5), (-13 * scale, 0.5), (15.5 * scale, 0.5), (15.5 * scale, 2)]
    assert pm.match(points, regions, period=4 * scale).tolist() == [0, 0, 0, -1]
    assert pm.match([(-x, y) for x, y in points], regions, period=4 * scale).tolist() == [0, 0, 0, -1]
