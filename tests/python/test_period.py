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
from conftest import square
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


def test_what_does_not_know_periods_yet_says_so() -> None:
    with pytest.raises(
        ValueError, match=r'^period: "nearest" takes none yet; it belongs to "covers", "center_within"$'
    ):
        pm.match([(0, 0)], [square(0, 0, 1)], predicate="nearest", period=360)
    index = pm.Index([square(0, 0, 1)], predicate="center_within", distance=1, period=360)
    with pytest.raises(ValueError, match=r"^return_distance: there are no distances with a period"):
        index.match([(0, 0)], return_distance=True)
    with pytest.raises(ValueError, match="no candidates with a period"):
        index.candidates([(0, 0)])


@pytest.mark.parametrize("scale", [2.0**-1070, 2.0**1020])
def test_periods_at_the_ends_of_the_doubles(scale: float) -> None:
    """1 / period overflows, or the way from a point to a region does."""
    regions = [np.array([[-8, 0], [8, 0], [8, 1], [-8, 1]]) * (scale * 1.5, 1)]
    points = [(13 * scale, 0.5), (-13 * scale, 0.5), (15.5 * scale, 0.5), (15.5 * scale, 2)]
    assert pm.match(points, regions, period=4 * scale).tolist() == [0, 0, 0, -1]
    assert pm.match([(-x, y) for x, y in points], regions, period=4 * scale).tolist() == [0, 0, 0, -1]
