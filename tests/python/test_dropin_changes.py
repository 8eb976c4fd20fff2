"""Lists, objects and classes that change while the drop-in reads them, by code it calls or by threads."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import poly_match as pm
import pytest
from conftest import FREE_THREADED
from dropin_helpers import (
    ORIGIN,
    Moved,
    Plain,
    Reader,
    at,
    python_find,
    python_main,
    python_select,
)

# ---- lists that change meanwhile ---------------------------------------------------------------------


def evil(action: str, where: str) -> tuple[list[Any], list[Any]]:
    """Return polygons and a log; the third object changes the list when it is read."""
    polygons: list[Any] = [at(0, 0), Reader(), Reader(), at(0.1, 0, 1, Moved), Plain((0.1, 0.0)), at(0.2, 0)]
    log: list[Any] = []

    def act() -> None:
        log.append(action)
        if action == "clear":
            polygons.clear()
        elif action == "shrink":
            del polygons[3:]
        elif action == "shift":
            del polygons[0]
        elif action == "grow" and len(polygons) < 600:
            polygons.extend([at(0, 0), Plain((0.0, 0.0))] * 100)
        elif action == "replace":
            polygons[:] = [at(0, 0) for _ in range(6)]
        elif action == "swap":
            polygons[4:6] = [at(0, 0, 1, Moved), Reader()]
        elif action == "reverse":
            polygons.reverse()
        elif action == "reclass":
            polygons[4].__class__ = Reader
            polygons[4].__init__()
        gc.collect()

    if where == "center":
        polygons[2].on_center = act
    else:
        polygons[2].on_area = act
    return polygons, log


ACTIONS = ["none", "clear", "shrink", "shift", "grow", "replace", "swap", "reverse", "reclass"]


def begun(polygons: list[Any]) -> Any:
    """Return what a call reads: the list, or its initial content."""
    return tuple(polygons) if FREE_THREADED else polygons


def shape_of(result: list[Any]) -> list[Any]:
    return [(type(item).__name__, tuple(item.center)) for item in result]


@pytest.mark.parametrize("action", ACTIONS)
def test_center_changes_the_list(action):
    ours, log = evil(action, "center")
    theirs, their_log = evil(action, "center")
    assert shape_of(pm.find_close_polygons(ours, ORIGIN, 1.0)) == shape_of(
        python_find(begun(theirs), ORIGIN, 1.0)
    )
    assert log == their_log
    assert len(ours) == len(theirs)
    ours, log = evil(action, "center")
    theirs, their_log = evil(action, "center")
    points = [(0.0, 0.0), (0.05, 0.0)]
    expected = python_main(begun(theirs), points)
    assert shape_of([p for _, p in pm.main(ours, points)]) == shape_of([p for _, p in expected])
    assert len(log) == len(their_log)


@pytest.mark.parametrize("action", ACTIONS)
def test_area_changes_the_list(action):
    ours, log = evil(action, "area")
    theirs, their_log = evil(action, "area")
    expected = python_main(theirs, [(0.0, 0.0), (0.05, 0.0)])
    found = pm.main(ours, [(0.0, 0.0), (0.05, 0.0)])
    assert shape_of([p for _, p in found]) == shape_of([p for _, p in expected])
    assert len(log) == len(their_log) == 1
    ours, _ = evil(action, "area")
    theirs, _ = evil(action, "area")
    found, expected = (
        pm.select_best_polygon([(0, ours)]),
        python_select([(0, theirs)]) if theirs else [],
    )
    assert shape_of([p for _, p in found]) == shape_of([p for _, p in expected])


def test_area_empties_what_select_is_reading():
    sets: list[Any] = []
    candidates: list[Any] = [
        Reader(on_area=lambda: (candidates.clear(), sets.clear(), gc.collect())),
        at(0, 0),
    ]
    sets.extend([[np.zeros(2), candidates] for _ in range(5)])
    first = candidates[0]
    if FREE_THREADED:
        with pytest.raises(IndexError, match=r"polygon_sets\[1\]"):  # read when their turn has come
            pm.select_best_polygon(sets)
    else:
        ((_, best),) = pm.select_best_polygon(sets)
        assert best is first
    pair: list[Any] = []
    pair.extend([object(), [Reader(on_area=pair.clear), at(0, 0)]])
    assert len(pm.select_best_polygon([pair])) == 1
    later: list[Any] = [(0, [at(0, 0)])]
    later[0][1].append(Reader(on_area=lambda: later.append((1, []))))
    if FREE_THREADED:
        assert len(pm.select_best_polygon(later)) == 1
    else:
        with pytest.raises(IndexError, match=r"polygon_sets\[1\]"):
            pm.select_best_polygon(later)


def test_points_that_change_the_polygons():
    class Point:
        def __init__(self, action: Callable[[], object]) -> None:
            self.action = action

        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            self.action()
            return np.zeros(2)

    polygons = [at(0, 0) for _ in range(1000)]
    assert len(pm.main(polygons, [ORIGIN, Point(polygons.clear)])) == (2 if FREE_THREADED else 0)
    polygons = [at(0, 0, 2)]
    small = at(0, 0, 1)
    points = [ORIGIN, Point(lambda: polygons.append(small) if len(polygons) < 2 else None), (1, 1)]
    assert [p is small for _, p in pm.main(polygons, points)] == [not FREE_THREADED] * 3
    points = [Point(lambda: points.clear()), (1.0, 1.0)]
    kept = list(points)
    assert [a is b for (a, _), b in zip(pm.main([at(0, 0)], points), kept, strict=True)] == [True] * 2
    points = [(0.0, 0.0), (1.0, 1.0)]
    assert len(pm.main([Reader(on_center=points.clear)], points)) == 2


def test_distance_and_center_conversions_may_run_code():
    polygons: list[Any] = [at(0, 0)] * 50

    class Distance:
        def __float__(self) -> float:
            polygons.clear()
            return 1.0

    assert pm.find_close_polygons(polygons, ORIGIN, Distance()) == []
    polygons += [at(0, 0)] * 50
    assert pm.main(polygons, [ORIGIN], Distance()) == []

    class Center:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            del polygons[1:]
            return np.zeros(2)

    polygons += [Plain(Center()), at(0, 0), at(0, 0)]
    assert len(pm.find_close_polygons(polygons, ORIGIN, 1.0)) == (3 if FREE_THREADED else 1)


def test_objects_that_delete_themselves():
    class Vanishing:
        def __init__(self, home: list[Any]) -> None:
            self.home = home

        @property
        def center(self) -> Any:
            self.home[:] = [item for item in self.home if item is not self]
            return np.zeros(2)

        def area(self) -> float:
            self.home.clear()
            return 1.0

    for _ in range(20):
        home: list[Any] = []
        home.extend(Vanishing(home) for _ in range(100))
        found = pm.find_close_polygons(home, ORIGIN, 1.0)
        assert len(found) == (100 if FREE_THREADED else 50)  # a for loop skips every second
        home.extend(Vanishing(home) for _ in range(100))
        assert len(pm.main(home, [ORIGIN, ORIGIN], 1.0)) == 2


def test_calls_within_calls():
    inner = [at(0, 0), at(0, 0, 2)]
    polygons = [
        Reader(
            on_center=lambda: pm.find_close_polygons(polygons[1:], ORIGIN, 1.0),
            on_area=lambda: pm.main([*inner, polygons[1]], [ORIGIN]),
        ),
        Reader(size=0.5),
    ]
    assert pm.main(polygons, [ORIGIN])[0][1] is polygons[1]
    endless = Reader(on_area=lambda: pm.select_best_polygon([(0, [endless])]))
    with pytest.raises(RecursionError):
        pm.select_best_polygon([(0, [endless])])


# ---- threads -----------------------------------------------------------------------------------------


def in_threads(*functions: Callable[[], object]) -> None:
    errors: list[BaseException] = []

    def guarded(function: Callable[[], object]) -> None:
        try:
            function()
        except BaseException as error:  # raised again below
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_threads_calling_main_at_once():
    polygons, points = pm.generate_example()
    expected = [id(poly) for _, poly in pm.main(polygons, points)]
    fresh, _ = pm.generate_example()  # areas not yet computed
    position = {id(poly): i for i, poly in enumerate(polygons)}

    def call() -> None:
        for _ in range(20):
            assert [id(poly) for _, poly in pm.main(polygons, points)] == expected
            found = [id(poly) for _, poly in pm.main(fresh, points)]
            assert found == [id(fresh[position[k]]) for k in expected]

    in_threads(*[call] * 8)


def test_large_jobs_while_others_change_the_lists():
    polygons = [at(k % 50, k // 50, 1 + k % 3) for k in range(2000)]
    rows = np.array([[k % 50, k // 50 % 40 + (0.5 if k % 100 else 0.25)] for k in range(40_000)])  # 1 % match
    expected = [id(poly) for _, poly in pm.main(tuple(polygons), rows, 0.26)]
    assert len(expected) == 400
    keep, spare = list(polygons), [at(500, 500) for _ in range(1000)]
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():  # a thread may be interrupted after each call
            polygons.clear()
            polygons.extend(keep)
            polygons.clear()
            polygons.extend(spare)

    def call() -> None:
        try:
            found: list[list[int]] = []
            while found.count(expected) < 10 and len(found) < 2000:
                found.append([id(poly) for _, poly in pm.main(polygons, rows, 0.26)])
                assert found[-1] in (expected, [])
            assert expected in found
        finally:
            stop.set()

    in_threads(change, call)
