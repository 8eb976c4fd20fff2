"""Threads that share an index, polygons and lists, with a GIL and without, get the answers of one thread.

All threads of a test start at once, at a barrier, so that lazily made objects are first used by all of them.
"""

from __future__ import annotations

import contextlib
import gc
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import poly_match as pm
import pytest
from conftest import FREE_THREADED, square

THREADS = 6


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Return the results of the calls, each made in its own thread."""
    barrier = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            barrier.wait()
            results[number] = calls[number]()
        except BaseException as failure:  # raised again below
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results


def squares(count: int, seed: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [square(x, y, side) for x, y, side in rng.uniform((0, 0, 0.5), (20, 20, 4), (count, 3))]


def places(count: int, seed: int) -> Any:
    """Return points, some of them on corners of squares()."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.uniform(-1, 25, (count - 400, 2)), *squares(100, 1)])


def same(answers: Sequence[Any], expected: Any) -> bool:
    return all(np.array_equal(found, expected) for found in answers)


@pytest.mark.skipif(not FREE_THREADED, reason="there is always a GIL")
def test_importing_leaves_the_gil_off() -> None:
    code = "import sys, poly_match; poly_match.generate_example(); print(sys._is_gil_enabled())"
    command = [sys.executable, "-W", "error", "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize("rules", [{}, {"predicate": "center_within", "distance": 3.0, "best": "largest"}])
def test_one_index_answers_many_threads(rules: dict[str, Any]) -> None:
    index = pm.Index(squares(300, 1), **rules)
    points = places(20_000, 2)
    expected = index.match(points)
    assert 0.2 < (expected >= 0).mean() < 1

    def call() -> Any:
        for point, answer in zip(points[:200].tolist(), expected[:200], strict=True):
            assert index.match([point])[0] == answer
        return index.match(points, workers=2)

    assert same(at_once(*[call] * THREADS), expected)


def test_threads_build_save_and_open_indices(tmp_path: Any) -> None:
    regions, points = squares(300, 1), places(5_000, 3)
    expected = pm.match(points, regions)

    def build(number: int) -> Any:
        for _ in range(5):
            index = pm.Index(regions)
            path = tmp_path / f"{number}.pmx"
            index.save(path)
            assert np.array_equal(pm.Index.open(path).match(points), expected)
            assert np.array_equal(pickle.loads(pickle.dumps(index, protocol=5)).match(points), expected)
        return index.match(points)

    assert same(at_once(*(lambda number=number: build(number) for number in range(THREADS))), expected)


def test_one_index_is_pickled_read_and_released_by_many_threads() -> None:
    points = places(1_000, 4)
    index = pm.Index(squares(300, 1))
    expected, size = index.match(points), index.nbytes

    def use() -> Any:
        for _ in range(20):
            assert index.nbytes == size
            assert len(index) == 300
            assert index.bounds[0] >= 0
            copy = pickle.loads(pickle.dumps(index, protocol=5))
            found = copy.match(points)
            del copy
        return found

    assert same(at_once(*[use] * THREADS), expected)


class Tagged(pm.Polygon):
    """A polygon with an additional attribute."""

    def __init__(self, x: Any, y: Any, tag: int) -> None:
        super().__init__(x, y)
        self.tag = tag


def test_what_a_polygon_makes_on_first_use_is_made_once() -> None:
    rings = squares(200, 5) * 25
    polygons = [Tagged(ring[:, 0], ring[:, 1], k) for k, ring in enumerate(rings)]
    centers = at_once(*[lambda: [polygon.center for polygon in polygons]] * THREADS)
    assert all(len(set(map(id, row))) == 1 for row in zip(*centers, strict=True))

    def read() -> Any:
        return [(p.x, p.y, p.area(), repr(p), p.__geo_interface__, p.tag) for p in polygons[:400]]

    threads = at_once(*[read] * THREADS)
    for rows in zip(*threads, strict=True):
        assert len({(id(row[0]), id(row[1])) for row in rows}) == 1
        assert all(row[2:] == rows[0][2:] for row in rows)
    for ring, row in zip(rings, threads[0], strict=False):
        assert np.array_equal(np.column_stack(row[:2]), ring)


def test_polygons_are_made_and_collected_while_others_use_them() -> None:
    polygons, points = pm.generate_example()
    expected = [id(polygon) for _, polygon in pm.main(polygons, points)]
    position = {id(polygon): k for k, polygon in enumerate(polygons)}

    def churn() -> int:
        for k in range(300):
            ring = Tagged([0.0, k, 1.0], [0.0, 0.0, 1.0], k)
            ring.me = ring  # type: ignore[attr-defined]
            pickle.loads(pickle.dumps(polygons[k]))
        return gc.collect()

    def use() -> None:
        for _ in range(30):
            assert [id(polygon) for _, polygon in pm.main(polygons, points)] == expected
            found = pm.find_close_polygons(polygons, points[0], 10.0)
            assert all(position[id(polygon)] >= 0 for polygon in found)

    at_once(churn, churn, use, use)


def test_lists_that_other_threads_change() -> None:
    polygons, points = pm.generate_example()
    known = set(map(id, polygons))
    keep, shared, rows = list(polygons), list(polygons), list(points)
    done = threading.Event()

    def change() -> None:
        while not done.is_set():
            shared.clear()
            shared.extend(keep)
            del shared[500:]
            shared.append(keep[0])
            rows.reverse()

    def use() -> None:
        try:
            for _ in range(100):
                assert all(id(p) in known for p in pm.find_close_polygons(shared, points[0], 10.0))
                assert all(id(p) in known for _, p in pm.main(shared, rows))
                with contextlib.suppress(IndexError):  # it was empty at that moment
                    assert all(id(p) in known for _, p in pm.select_best_polygon([(0, shared)]))
                pm.match(np.array(points), list(shared) or keep)
        finally:
            done.set()

    at_once(change, use, use)
