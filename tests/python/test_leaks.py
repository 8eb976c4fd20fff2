"""No entry point of the extension leaks, on any way out of it.

Each case is called ten thousand times, a million times with PM_TEST_FULL=1 in the environment. Afterwards
the reference counts of everything involved are what they were, Python has as many memory blocks as before,
and the process is as large: a lost block is seen in both forms, other lost memory from 700 bytes a call in
the short form and from 7 in the long one.
"""

from __future__ import annotations

import copy
import gc
import math
import os
import pickle
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import poly_match as pm
import pytest
from conftest import FULL
from poly_match import _core

CALLS = 10**6 if FULL else 10**4
SPARE_BLOCKS = 200
SPARE_BYTES = 6 * 2**20

X, Y = np.array([0.0, 4.0, 4.0, 0.0]), [0.0, 0.0, 3.0, 3.0]
ORIGIN = np.array([0.0, 0.0])


class Named(pm.Polygon):
    """A subclass with a dict."""

    def __init__(self, name: str, x: Any, y: Any) -> None:
        super().__init__(x, y)
        self.name = name


class Slotted(pm.Polygon):
    """A subclass with a slot."""

    __slots__ = ("tag",)


class Moved(pm.Polygon):
    """Overrides both."""

    @property
    def center(self) -> Any:
        return super().center + 1.0

    def area(self) -> float:
        return 2.0


class Plain:
    """An ordinary object."""

    def __init__(self, center: Any, size: Any) -> None:
        self.center = center
        self.size = size

    def area(self) -> Any:
        if isinstance(self.size, Exception):
            raise self.size
        return self.size


POLYGON = pm.Polygon(X, Y)
NAMED = Named("a", X, Y)
SLOTTED = Slotted(X, Y)
SLOTTED.tag = [1]
MOVED = Moved(X, Y)
SIZED = Named("sized", X, Y)
SIZED.area = lambda: 0.5
UNSIZED = Named("unsized", X, Y)
UNSIZED.area = lambda: math.nan
PLAIN = Plain(ORIGIN, 1.0)
BLANK = pm.Polygon.__new__(pm.Polygon)
NATIVE = [POLYGON, NAMED, pm.Polygon([1], [1])]
MIXED = [POLYGON, MOVED, PLAIN, Plain((1, 2), 3)]
POINTS = [ORIGIN, (1.0, 1.0), [99, 99]]
ROWS = np.array([[0.0, 0.0], [1.0, 1.0], [99.0, 99.0]])
BAD = [object(), Plain(None, 1), Plain((1, 2, 3), 1), Plain(("1", "2"), 1), BLANK]
MANY = [Plain(ORIGIN, float(k)) for k in range(150)]
SQUARE = (
    np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]]),
    np.array([0, 4]),
    np.array([0, 1]),
    None,
    None,
)
INDEX = _core.Index(*SQUARE, "covers", "smallest", None, None)
BLOCK = bytes(INDEX)
ODD = bytearray(b"-" + BLOCK)
WHOLE = pm.Index([SQUARE[0]])
OUT = np.zeros(3, dtype=np.int64)
ONE = np.ones(1)
STATE = POLYGON.__getstate__()

TRACKED: list[Any] = [
    *(POLYGON, NAMED, SLOTTED, SLOTTED.tag, MOVED, PLAIN, BLANK, NATIVE, MIXED, POINTS, ROWS, BAD, MANY),
    *(pm.Polygon, Named, Slotted, Moved, Plain, _core.Index, INDEX, SQUARE, *SQUARE, OUT, ONE, X, Y, ORIGIN),
    *(POLYGON.x, POLYGON.x.base, POLYGON.center, STATE, POINTS[1], MANY[0], np.dtype(float), np.dtype("i8")),
    *(ValueError, TypeError, AttributeError, RuntimeError, IndexError, None, True, (), "center", "area"),
]


def cycle() -> None:
    named = Named("a", X, Y)
    named.me = named


def blank() -> None:
    pm.Polygon.__new__(pm.Polygon)


def weak() -> None:
    weakref.ref(pm.Polygon(X, Y))


def read() -> None:
    polygon = pm.Polygon(X, Y)
    polygon.x, polygon.y, polygon.center, polygon.area()


def init_twice() -> None:
    POLYGON.__init__(X, Y)


def groups(
    shapes: tuple[Any, ...],
    best: str,
    scores: Any,
    predicate: str = "covers",
    distance: Any = None,
    budget: int = 0,
    offsets: Any = None,
    last: int = 1,
) -> None:
    """Match the rows with one region as one group."""
    rows, all_rows, engines = np.zeros(1, np.int64), np.arange(3), np.zeros(1, np.uint8)
    one = np.array([0, 1], np.int64) if offsets is None else offsets
    grouping = rows, one, all_rows, np.array([0, 3], np.int64), engines
    rules = predicate, best, scores, distance, None, budget, 0.0
    _core.match_groups(shapes, *rules, *grouping, ROWS[:, 0], ROWS[:, 1], OUT, 0, last)


def state_into(*state: Any) -> Callable[[], object]:
    return lambda: Slotted.__new__(Slotted).__setstate__(state)


GOOD: dict[str, tuple[Callable[[], object], int]] = {  # what is called, and how often of ten times
    "polygon": (lambda: pm.Polygon(X, y=Y), 10),
    "polygon of a list of objects": (lambda: pm.Polygon(np.array([2**70, 1.5], dtype=object), (1, 2)), 10),
    "polygon of a big-endian array": (lambda: pm.Polygon(X.astype(">f4"), range(4)), 10),
    "subclass": (lambda: Named("a", X, Y), 10),
    "cycle": (cycle, 10),
    "new": (blank, 10),
    "weak reference": (weak, 10),
    "first reads": (read, 10),
    "reads": (lambda: (POLYGON.x, POLYGON.y, POLYGON.center, POLYGON.area(), repr(POLYGON)), 10),
    "repr of a blank one": (lambda: repr(BLANK), 10),
    "geo interface": (lambda: POLYGON.__geo_interface__, 10),
    "pickle": (lambda: pickle.loads(pickle.dumps(NAMED)), 10),
    "pickle, protocol 0": (lambda: pickle.loads(pickle.dumps(SLOTTED, 0)), 3),
    "copy": (lambda: copy.copy(SLOTTED), 10),
    "deepcopy": (lambda: copy.deepcopy(NAMED), 3),
    "find": (lambda: pm.find_close_polygons(NATIVE, ORIGIN, 10.0), 10),
    "find in a tuple": (lambda: pm.find_close_polygons(tuple(MIXED), (0, 0), max_dist=10), 10),
    "find in an iterator": (lambda: pm.find_close_polygons(iter(MIXED), [0, 0.5], 10), 10),
    "find many": (lambda: pm.find_close_polygons(MANY, ORIGIN, 10.0), 3),
    "find nothing": (lambda: pm.find_close_polygons(MIXED, (math.nan, 0), -1.0), 10),
    "find all": (lambda: pm.find_all_close_polygons(MIXED, iter(POINTS), 10.0), 10),
    "find all of an array": (lambda: pm.find_all_close_polygons(iter(NATIVE), ROWS, 10.0), 10),
    "select": (lambda: pm.select_best_polygon([(1, NATIVE), [2, tuple(MIXED)]]), 10),
    "select among many": (lambda: pm.select_best_polygon([(1, MANY), (2, iter(MANY))]), 1),
    "main": (lambda: pm.main(NATIVE, POINTS), 10),
    "main of an array": (lambda: pm.main(NATIVE, ROWS, max_dist=1e3), 10),
    "main of an integer array": (lambda: pm.main(tuple(NATIVE), ROWS.astype(np.int8)), 10),
    "main of an array of objects": (lambda: pm.main(NATIVE, ROWS.astype(object)), 10),
    "main of subclasses": (lambda: pm.main([NAMED, SLOTTED] * 9, POINTS), 10),
    "main of areas on instances": (lambda: pm.main([NAMED, SIZED], POINTS), 10),
    "main of any objects": (lambda: pm.main(MIXED, POINTS), 10),
    "main of any objects and an array": (lambda: pm.main(iter(MIXED), ROWS), 10),
    "main of nothing": (lambda: pm.main([], iter([])), 10),
    "index": (lambda: _core.Index(*SQUARE, "covers", "score", ONE, None), 10),
    "open": (lambda: memoryview(_core.Index.open(BLOCK, True)), 10),
    "open a copy": (lambda: _core.Index.open(memoryview(ODD)[1:], False), 10),
    "pickle of an index": (lambda: pickle.loads(pickle.dumps(WHOLE, 5)), 3),
    "block": (lambda: INDEX.block, 10),
    "index of disks": (lambda: _core.Index.from_disks(ONE, ONE, ONE, "smallest", None, ONE), 10),
    "match": (lambda: INDEX.match(ROWS[:, 0], ROWS[:, 1], OUT), 10),
    "match one": (lambda: (INDEX.match_one(1, 10**9), INDEX.match_one(1.5, None)), 10),
    "points in a list": (lambda: _core.plain_points([(1, 2.5), [3, 4], ORIGIN]), 10),
    "points that are no plain ones": (lambda: _core.plain_points([(1, 2.5), (3, 2**70)]), 10),
    "match_groups": (lambda: groups(SQUARE, "smallest", None), 10),
    "match_groups of disks": (lambda: groups((ONE, ONE, ONE), "score", ONE, "center_within", ONE), 10),
    "index attributes": (lambda: (len(INDEX), INDEX.nbytes, INDEX.bounds), 10),
    "regions_measure": (lambda: _core.regions_measure(*SQUARE), 10),
    "gather_polygons": (lambda: _core.gather_polygons(NATIVE), 10),
    "measure_polygons": (lambda: _core.measure_polygons([MOVED, POLYGON]), 10),
}

FAILING: dict[str, Callable[[], object]] = {
    "polygon without y": lambda: pm.Polygon(X),
    "polygon of two lengths": lambda: pm.Polygon(X, [1.0]),
    "polygon of nothing": lambda: pm.Polygon([], []),
    "polygon of text": lambda: pm.Polygon(X, ["1", "2", "3", "4"]),
    "polygon of None": lambda: pm.Polygon([None, 1], X),
    "polygon of a huge integer": lambda: pm.Polygon([10**400, 1], X),
    "polygon of NaN": lambda: pm.Polygon(X, [0, math.nan, 1, 1]),
    "polygon of a ragged list": lambda: pm.Polygon([1, [2, 3]], X),
    "polygon in two dimensions": lambda: pm.Polygon(ROWS, X),
    "polygon of no sequence": lambda: pm.Polygon(X, object()),
    "second init": init_twice,
    "blank": lambda: BLANK.x,
    "blank state": lambda: pickle.dumps(BLANK),
    "state that is no tuple": lambda: BLANK.__setstate__(5),
    "state of the wrong length": lambda: BLANK.__setstate__((X, Y)),
    "state with a dict for none": state_into(X, Y, {"a": 1}),
    "state with an unknown slot": state_into(X, Y, (None, {"a": 1})),
    "state with no dict": state_into(X, Y, 5),
    "find without a point": lambda: pm.find_close_polygons(NATIVE),
    "find with too much": lambda: pm.find_close_polygons(NATIVE, ORIGIN, 1.0, 2),
    "find with an unknown keyword": lambda: pm.find_close_polygons(NATIVE, ORIGIN, distance=1.0),
    "find with a bad point": lambda: pm.find_close_polygons(NATIVE, (1, 2, 3), 1.0),
    "find with a bad distance": lambda: pm.find_close_polygons(NATIVE, ORIGIN, "1"),
    "find in no sequence": lambda: pm.find_close_polygons(5, ORIGIN, 1.0),
    "find in a failing iterator": lambda: pm.find_close_polygons((1 / 0 for _ in "a"), ORIGIN, 1.0),
    **{
        f"find in {k}": lambda bad=bad: pm.find_close_polygons([*MIXED, bad], ORIGIN, 1e3)
        for k, bad in enumerate(BAD)
    },
    "select from nothing": lambda: pm.select_best_polygon([(1, NATIVE), (2, [])]),
    "select with a bad set": lambda: pm.select_best_polygon([(1, NATIVE), (2,)]),
    "select with no set": lambda: pm.select_best_polygon([5]),
    "select with no candidates": lambda: pm.select_best_polygon([(1, 5)]),
    "select among blank ones": lambda: pm.select_best_polygon([(1, [POLYGON, BLANK])]),
    "select among anything": lambda: pm.select_best_polygon([(1, [PLAIN, object()])]),
    "select NaN": lambda: pm.select_best_polygon([(1, [PLAIN, Plain(0, math.nan)])]),
    "select text": lambda: pm.select_best_polygon([(1, [PLAIN, Plain(0, "1")])]),
    "select an error": lambda: pm.select_best_polygon([(1, [PLAIN, Plain(0, KeyError(1))])]),
    **{f"main with {k}": lambda bad=bad: pm.main([*NATIVE, bad], POINTS) for k, bad in enumerate(BAD)},
    "main with a bad area on an instance": lambda: pm.main([NAMED, UNSIZED], POINTS),
    "find all with a bad point": lambda: pm.find_all_close_polygons(NATIVE, [*POINTS, (1,)], 1.0),
    "find all without a center": lambda: pm.find_all_close_polygons([POLYGON, 5], POINTS, 1.0),
    "find all of no polygons": lambda: pm.find_all_close_polygons(5, POINTS, 1.0),
    "find all with a bad distance": lambda: pm.find_all_close_polygons(NATIVE, POINTS, None),
    "main with a bad area": lambda: pm.main([*NATIVE, Plain(ORIGIN, math.nan)], POINTS),
    "main with a bad point": lambda: pm.main(NATIVE, [*POINTS, (1,)]),
    "main with a bad point at last": lambda: pm.main(MIXED, [*POINTS, (1,)]),
    "main with bad rows": lambda: pm.main(NATIVE, ROWS.T),
    "main with rows of text": lambda: pm.main(NATIVE, np.array([["1", "2"]])),
    "main with bad objects in rows": lambda: pm.main(NATIVE, np.array([[1, None]], dtype=object)),
    "main with a bad distance": lambda: pm.main(NATIVE, POINTS, None),
    "main with no polygons": lambda: pm.main(None, POINTS),
    "main with no points": lambda: pm.main(NATIVE, None),
    "index of nothing": lambda: _core.Index(),
    "index with keywords": lambda: _core.Index(*SQUARE, "covers", "smallest", None, distance=None),
    "index of a list": lambda: _core.Index([[1.0]], *SQUARE[1:], "covers", "smallest", None, None),
    "index with an unknown predicate": lambda: _core.Index(*SQUARE, "near", "smallest", None, None),
    "index with an unknown rule": lambda: _core.Index(*SQUARE, "covers", "best", None, None),
    "index with bad offsets": lambda: _core.Index(
        SQUARE[0], np.array([0, 5]), *SQUARE[2:], "covers", "first", None, None
    ),
    "index with kinds of another length": lambda: _core.Index(
        *SQUARE[:4], np.zeros(2, np.uint8), "nearest", "first", None, None
    ),
    "index with a kind that is none": lambda: _core.Index(
        *SQUARE[:4], np.array([3], np.uint8), "nearest", "first", None, None
    ),
    "index with a line for covers": lambda: _core.Index(
        *SQUARE[:4], np.array([1], np.uint8), "covers", "first", None, None
    ),
    "index with bad scores": lambda: _core.Index(*SQUARE, "covers", "score", ONE * math.nan, None),
    "index with too many scores": lambda: _core.Index(*SQUARE, "covers", "score", X, None),
    "index with bad areas": lambda: _core.Index(*SQUARE, "covers", "smallest", None, None, "auto", X),
    "index too large": lambda: _core.Index(*SQUARE, "covers", "smallest", None, None, "auto", None, 100),
    "open damage": lambda: _core.Index.open(BLOCK[:-1], True),
    "open text": lambda: _core.Index.open("text", True),
    "open nothing": lambda: _core.Index.open(),
    "disks of two lengths": lambda: _core.Index.from_disks(ONE, X, None, "first", None, ONE),
    "disks with a bad distance": lambda: _core.Index.from_disks(ONE, ONE, None, "first", None, -ONE),
    "match with one argument": lambda: INDEX.match(X),
    "match one with one argument": lambda: INDEX.match_one(1),
    "match into floats": lambda: INDEX.match(X, X, X),
    "match of two lengths": lambda: INDEX.match(X, X, OUT),
    "match_groups with too small a budget": lambda: groups(SQUARE, "smallest", None, budget=10),
    "match_groups with a bad score": lambda: groups(SQUARE, "score", ONE * math.nan),
    "match_groups of two arrays": lambda: groups(SQUARE[:2], "smallest", None),
    "match_groups of disks of two lengths": lambda: groups((ONE, X, None), "smallest", None),
    "match_groups with too many scores": lambda: groups(SQUARE, "score", X),
    "match_groups without offsets": lambda: groups(SQUARE, "smallest", None, offsets=np.array([1], np.int64)),
    "match_groups beyond the groups": lambda: groups(SQUARE, "smallest", None, last=2),
    "regions_measure of bad offsets": lambda: _core.regions_measure(SQUARE[0], np.array([1, 0]), *SQUARE[2:]),
    "gather_polygons of anything": lambda: _core.gather_polygons([POLYGON, PLAIN]),
    "gather_polygons of blank ones": lambda: _core.gather_polygons([POLYGON, BLANK]),
    "measure_polygons of anything": lambda: _core.measure_polygons([MOVED, POLYGON, 5]),
    "measure_polygons of no sequence": lambda: _core.measure_polygons(5),
}


def resident() -> int:
    """Return the memory of the process, 0 if it is unknown."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if status.exists() else 0


def counts() -> list[int]:
    return [sys.getrefcount(thing) for thing in TRACKED]


def growth(call: Callable[[], object], calls: int) -> list[str]:
    """Return the growth after this many calls."""
    gc.collect()
    gc.collect()  # without a GIL, some of what the first one ends is freed later
    size, blocks, references = resident(), sys.getallocatedblocks(), counts()
    for _ in range(calls):
        call()
    gc.collect()
    gc.collect()
    found = [
        f"{new - old} references to {thing!r:.60}"
        for thing, new, old in zip(TRACKED, counts(), references, strict=True)
        if abs(new - old) > 10
    ]
    if sys.getallocatedblocks() - blocks > SPARE_BLOCKS:
        found.append(f"{sys.getallocatedblocks() - blocks} blocks")
    if resident() - size > SPARE_BYTES:
        found.append(f"{resident() - size} bytes")
    return found


def check(call: Callable[[], object], calls: int) -> None:
    """Fail when something grows every time: caches fill once, leaks never stop."""
    for _ in range(min(calls, 1000)):
        call()
    for _ in range(3):
        found = growth(call, calls)
        if not found:
            return
    pytest.fail(f"after {calls} calls there are more: {', '.join(found)}")


@pytest.mark.parametrize("name", GOOD)
def test_calls_leave_nothing_behind(name):
    call, often = GOOD[name]
    check(call, CALLS * often // 10)


@pytest.mark.parametrize("name", FAILING)
def test_errors_leave_nothing_behind(name):
    call = FAILING[name]
    with pytest.raises((TypeError, ValueError, AttributeError, RuntimeError, ArithmeticError, LookupError)):
        call()

    def attempt() -> None:
        try:
            call()
        except Exception:
            return
        raise AssertionError("no error")

    check(attempt, CALLS)


def test_large_jobs_leave_nothing_behind():
    polygons = [pm.Polygon([k % 40], [k // 40]) for k in range(1001)]
    rows = np.array([[k % 40, k // 40] for k in range(1001)], dtype=float)
    check(lambda: pm.main(polygons, rows, 1.5), 300 if FULL else 30)


def test_a_leak_would_be_seen():
    kept: list[Any] = []
    thing = object()
    TRACKED.append(thing)
    try:
        for leak, message in (
            (lambda: kept.append(thing), "references"),
            (lambda: kept.append([]), "blocks"),
            (lambda: kept.append(bytearray(b"-" * 2**16)), "bytes"),  # beyond what was freed before
        ):
            with pytest.raises(pytest.fail.Exception, match=message):
                check(leak, 1000)
    finally:
        TRACKED.pop()
