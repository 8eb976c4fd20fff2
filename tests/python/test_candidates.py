"""All candidates of a point: against exact arithmetic for every predicate, and the forms of a call."""

from __future__ import annotations

import itertools
import math
import pickle
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import oracle
import poly_match as pm
import pytest
from conftest import draws
from hypothesis import given, settings
from hypothesis import strategies as st
from test_distances import SQUARE, SQUARES, limits_of
from test_exact import BEST, as_regions, regions_and_points

PREDICATES = ["covers", "center_within", "dwithin", "nearest"]


def expected_lists(
    points: list[oracle.Point], regions: list[oracle.Region], predicate: str, best: str, limits: Any
) -> list[list[int]]:
    """Return the candidates of each point by repeatedly matching the regions that are left."""
    lists: list[list[int]] = []
    order = {region: position for position, region in enumerate(oracle.rank(regions, best))}
    scores = [order[i] for i in range(len(regions))]
    for point in points:
        left, found = list(range(len(regions))), []
        while True:
            own = [limits[i] for i in left] if isinstance(limits, list) else limits
            shapes, ranks = [regions[i] for i in left], [scores[i] for i in left]
            (answer,) = oracle.best_match([point], shapes, predicate, "score", own, ranks) if left else (-1,)
            if answer < 0:
                break
            found.append(left.pop(answer))
        lists.append(found)
    return lists


@given(regions_and_points(), BEST, st.sampled_from(PREDICATES), st.data())
@settings(max_examples=draws(150), deadline=None)
def test_lists_are_exact(
    case: tuple[list[oracle.Region], list[oracle.Point]], best: Any, predicate: Any, data: st.DataObject
) -> None:
    regions, points = case
    limits = None if predicate == "covers" else limits_of(data, regions, points)
    lists = expected_lists(points, regions, predicate, best, limits)
    index = pm.Index(as_regions(regions), predicate=predicate, distance=limits, best=best)
    k = data.draw(st.one_of(st.none(), st.integers(1, 4)))
    offsets, ids = index.candidates(points, k=k)
    assert offsets.dtype == np.int64
    assert ids.dtype == np.intp
    assert offsets[0] == 0
    assert [ids[a:b].tolist() for a, b in itertools.pairwise(offsets)] == [each[:k] for each in lists]
    counts = index.candidates(points, k=k, count=True)
    assert counts.tolist() == np.diff(offsets).tolist()
    assert counts.dtype == np.intp
    if predicate != "covers":
        again = index.candidates(points, k=k, return_distance=True)
        np.testing.assert_array_equal(again[0], offsets)
        np.testing.assert_array_equal(again[1], ids)
        answers, distances = index.match(points, return_distance=True)
        for i, (a, b) in enumerate(itertools.pairwise(offsets)):
            assert (ids[a] if a < b else -1) == answers[i]
            if a < b:
                assert again[2][a] == distances[i]


def test_every_region_is_near_without_a_limit() -> None:
    index = pm.Index(SQUARES, predicate="nearest")
    offsets, ids, distances = index.candidates([(5, 2), (1, 1)], k=9, return_distance=True)
    assert offsets.tolist() == [0, 3, 6]
    assert ids.tolist() == [0, 2, 1, 2, 0, 1]
    assert distances.tolist() == [1, 3, 5, 0, 0, 9]


def test_nothing_in_nothing_out() -> None:
    for predicate, distance in (("covers", None), ("nearest", 3), ("center_within", 1)):
        index = pm.Index(SQUARES, predicate=predicate, distance=distance)  # type: ignore[arg-type]
        offsets, ids = index.candidates(np.empty((0, 2)))
        assert offsets.tolist() == [0]
        assert ids.tolist() == []
        assert index.candidates(np.empty((0, 2)), count=True).tolist() == []
        offsets, ids = index.candidates([(math.nan, 1), None, (math.inf, 1)])
        assert offsets.tolist() == [0, 0, 0, 0]
    assert pm.Index([]).candidates([(1, 1)])[0].tolist() == [0, 0]


@pytest.mark.parametrize("workers", [1, 3])
def test_many_points_on_several_workers(workers: int) -> None:
    random = np.random.default_rng(8)
    centers = random.uniform(0, 30, (2000, 2))
    points = random.uniform(-5, 35, (30_000, 2))
    index = pm.Index(
        [SQUARE / 40 + center for center in centers], predicate="center_within", distance=1.5, best="first"
    )
    offsets, ids, distances = index.candidates(points, workers=workers, return_distance=True)
    assert len(ids) == offsets[-1] > 5 * len(points)
    np.testing.assert_array_equal(index.candidates(points, count=True, workers=workers), np.diff(offsets))
    rows = np.repeat(np.arange(len(points)), np.diff(offsets))
    far = np.hypot(*(points[rows] - centers[ids] - 0.05).T)
    np.testing.assert_allclose(distances, far, rtol=1e-9)
    assert (np.diff(ids) > 0)[np.diff(rows) == 0].all()
    for i in range(0, len(points), 3001):
        close = np.flatnonzero(np.hypot(*(points[i] - centers - 0.05).T) < 1.5)
        assert ids[offsets[i] : offsets[i + 1]].tolist() == close.tolist()


def test_opened_and_pickled_and_from_many_threads(tmp_path: Path) -> None:
    points = np.random.default_rng(9).uniform(-2, 16, (5000, 2))
    index = pm.Index(SQUARES)
    index.save(tmp_path / "squares.pmx")
    expected = index.candidates(points)
    for other in (pm.Index.open(tmp_path / "squares.pmx"), pickle.loads(pickle.dumps(index))):
        found: list[Any] = [None] * 4

        def work(i: int, other: pm.Index = other, found: list[Any] = found) -> None:
            found[i] = other.candidates(points)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for each in found:
            np.testing.assert_array_equal(each[0], expected[0])
            np.testing.assert_array_equal(each[1], expected[1])


@pytest.mark.parametrize(
    ("predicate", "options", "error", "message"),
    [
        ("nearest", {}, ValueError, "k: needed"),
        ("covers", {"k": 0}, ValueError, "k: expected at least 1, got 0"),
        ("covers", {"k": 1.5}, TypeError, "k: expected an integer"),
        ("covers", {"return_distance": True}, ValueError, "nearest"),
        ("nearest", {"k": 1, "count": True, "return_distance": True}, ValueError, "count"),
        ("covers", {"workers": 0}, ValueError, "workers"),
    ],
)
def test_errors(predicate: Any, options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        pm.Index(SQUARES, predicate=predicate).candidates([(1, 1)], **options)


def test_one_long_list_takes_no_room_for_all_points() -> None:
    index = pm.Index([SQUARE] * 40_000 + [SQUARE + 98])
    points = np.full((4096, 2), 99.0)
    points[0] = 1
    tracemalloc.start()
    try:
        offsets, ids = index.candidates(points)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert offsets[1] == 40_000
    assert offsets[-1] == len(ids) == 40_000 + 4095
    assert peak < 50e6


def test_no_regions_with_a_limit_for_each() -> None:
    offsets, ids = pm.Index([], predicate="nearest", distance=[]).candidates([(1, 1)])
    assert (offsets.tolist(), ids.tolist()) == ([0, 0], [])


def test_an_infinite_distance_is_a_distance() -> None:
    index = pm.Index(SQUARES, predicate="nearest", distance=math.inf)
    assert index.candidates([(1, 1)], count=True).tolist() == [3]
