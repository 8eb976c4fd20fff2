"""`find_close_polygons`, `select_best_polygon` and `main`: against the original's semantics in plain Python.

The reference below is the original with exact arithmetic instead of NumPy's. Everything a caller could see is
compared: which objects come back, in which order, what is called how often, what changes under the loop.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import gc
import hashlib
import inspect
import math
import threading
import types
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
import oracle
import poly_match as pm
import pytest
from conftest import FREE_THREADED
from hypothesis import given, settings
from hypothesis import strategies as st

NAN, INF = math.nan, math.inf
ORIGIN = np.array([0.0, 0.0])


# ---- the original ------------------------------------------------------------------------------------


def python_find(polygon_subset: Any, point: Any, max_dist: float) -> list[Any]:
    return [
        poly for poly in polygon_subset if oracle.closer(tuple(poly.center), tuple(point), float(max_dist))
    ]


def python_select(polygon_sets: Any) -> list[Any]:
    areas: dict[int, float] = {}
    best = []
    for point, polygons in polygon_sets:
        known = []
        for poly in polygons:
            if id(poly) not in areas:
                areas[id(poly)] = float(poly.area())
            known.append((areas[id(poly)], poly))
        best.append((point, min(known, key=lambda pair: pair[0])[1]))
    return best


def python_main(polygons: Any, points: Any, max_dist: float = 10.0) -> list[Any]:
    close = [(point, python_find(polygons, point, max_dist)) for point in points]
    return python_select([(point, found) for point, found in close if found])


def same(ours: list[Any], theirs: list[Any]) -> bool:
    """Return whether two results hold the very same objects."""
    assert type(ours) is list
    assert all(type(pair) is tuple and len(pair) == 2 for pair in ours)
    return len(ours) == len(theirs) and all(
        a is c and b is d for (a, b), (c, d) in zip(ours, theirs, strict=True)
    )


def identical(ours: list[Any], theirs: list[Any]) -> bool:
    return type(ours) is list and list(map(id, ours)) == list(map(id, theirs))


# ---- objects -----------------------------------------------------------------------------------------


def at(x: float, y: float, size: float = 1.0, kind: type[pm.Polygon] = pm.Polygon) -> pm.Polygon:
    """Return a square of this size around a center."""
    half = size / 2
    return kind([x - half, x + half, x + half, x - half], [y - half, y - half, y + half, y + half])


@dataclasses.dataclass
class Plain:
    """An ordinary object."""

    center: Any
    size: Any = 1.0

    def area(self) -> Any:
        return self.size


@dataclasses.dataclass
class Cached:
    """An ordinary object as the well-known example has it."""

    x: Any
    y: Any

    @functools.cached_property
    def center(self) -> Any:
        return np.array([self.x, self.y]).mean(axis=1)

    def area(self) -> float:
        return oracle.ring_area(list(zip(self.x, self.y, strict=True)))


class Slots:
    """Keeps its center in a slot."""

    __slots__ = ("center", "size")

    def __init__(self, center: Any, size: float) -> None:
        self.center = center
        self.size = size

    def area(self) -> float:
        return self.size


class Proxy:
    """Answers through __getattr__ only."""

    def __init__(self, center: Any, size: float) -> None:
        self.kept = {"center": center, "area": lambda: size}

    def __getattr__(self, name: str) -> Any:
        return self.kept[name]


class Reader:
    """Runs code when the center or the area is asked for, and counts."""

    def __init__(
        self,
        center: Any = (0.0, 0.0),
        size: Any = 1.0,
        on_center: Callable[[], object] | None = None,
        on_area: Callable[[], object] | None = None,
    ) -> None:
        self.given, self.size, self.on_center, self.on_area = center, size, on_center, on_area
        self.centers = self.areas = 0

    @property
    def center(self) -> Any:
        self.centers += 1
        if self.on_center:
            self.on_center()
        return self.given

    def area(self) -> Any:
        self.areas += 1
        if self.on_area:
            self.on_area()
        return self.size


class Sized(pm.Polygon):
    """Overrides area()."""

    def area(self) -> float:
        return -super().area()


class Moved(pm.Polygon):
    """Overrides center as a property."""

    @property
    def center(self) -> Any:
        return super().center + 3.0


class Pinned(pm.Polygon):
    """Overrides center on the class."""

    center: ClassVar = (1.0, 1.0)


class Attributed(pm.Polygon):
    """Overrides nothing; its instances may carry attributes."""


class Intercepted(pm.Polygon):
    """Overrides every attribute at once."""

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        return value + 3.0 if name == "center" else value


class Falling(pm.Polygon):
    """Has __getattr__, which is not asked for what is there."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


class Mixin:
    """Overrides from the side."""

    @property
    def center(self) -> Any:
        return np.array([2.0, 0.0])

    def area(self) -> int:
        return 0


class Mixed(Mixin, pm.Polygon):
    """Takes both from the mixin."""


class NotMixed(pm.Polygon, Mixin):
    """Takes both from Polygon, which comes first."""


KINDS: list[Callable[[float, float, float], Any]] = [
    lambda x, y, size: at(x, y, size),
    lambda x, y, size: at(x, y, size, Attributed),
    lambda x, y, size: at(x, y, size, Sized),
    lambda x, y, size: at(x, y, size, Moved),
    lambda x, y, size: at(x, y, size, Pinned),
    lambda x, y, size: at(x, y, size, Intercepted),
    lambda x, y, size: at(x, y, size, Falling),
    lambda x, y, size: at(x, y, size, Mixed),
    lambda x, y, size: at(x, y, size, NotMixed),
    lambda x, y, size: Plain(np.array([x, y]), size),
    lambda x, y, size: Plain((x, y), Fraction(size)),
    lambda x, y, size: Plain([np.float32(x), int(y)], int(size)),
    lambda x, y, size: Slots(np.array([x, 9.0, y])[::2], size),
    lambda x, y, size: Proxy(np.array([x, y], dtype=">f8"), size),
    lambda x, y, size: Reader(np.array([x, y]), np.float64(size)),
    lambda x, y, size: Cached([x, x, x - size], [y, y + size, y]),
    lambda x, y, size: types.SimpleNamespace(center=np.array([x, y]), area=lambda: size),
]

coordinate = st.integers(-6, 6).map(float)
one = st.builds(
    lambda kind, x, y, size: kind(x, y, size),
    st.sampled_from(KINDS),
    coordinate,
    coordinate,
    st.integers(1, 3).map(float),
)
native = st.builds(at, coordinate, coordinate, st.integers(1, 3).map(float))
numbers = st.sampled_from([0.0, -0.0, 1.0, 3.0, 5.0, math.sqrt(2), 10.0, 1e-300, 1e300, INF, NAN, -1.0, -INF])
odd = st.sampled_from([NAN, INF, -INF, 5e-324, 1e308, -1e200])
point = st.tuples(coordinate | odd, coordinate | odd)
many_kinds = settings(max_examples=300, deadline=None)


# ---- all together, against the original --------------------------------------------------------------


@many_kinds
@given(st.lists(one, max_size=12), st.lists(point, max_size=6), numbers)
def test_any_objects_as_the_original(polygons, points, max_dist):
    for place in points:
        assert identical(
            pm.find_close_polygons(polygons, place, max_dist), python_find(polygons, place, max_dist)
        )
    assert same(pm.main(polygons, points, max_dist), python_main(polygons, points, max_dist))


@many_kinds
@given(st.lists(native, max_size=30), st.lists(point, max_size=8), numbers)
def test_polygons_as_the_original(polygons, points, max_dist):
    assert same(pm.main(polygons, points, max_dist), python_main(polygons, points, max_dist))
    assert same(pm.main(tuple(polygons), tuple(points), max_dist), python_main(polygons, points, max_dist))
    rows = np.array(points).reshape(-1, 2)
    ours, theirs = pm.main(polygons, rows, max_dist), python_main(polygons, points, max_dist)
    assert [(tuple(row), id(poly)) for row, poly in ours] == [(row, id(poly)) for row, poly in theirs]
    for place in points:
        assert identical(
            pm.find_close_polygons(polygons, place, max_dist), python_find(polygons, place, max_dist)
        )


nasty = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [1e154, 1.5e-162, 1e-200, 3.0, 4.0]
)


@many_kinds
@given(st.tuples(nasty, nasty), st.tuples(nasty, nasty), st.data())
def test_distances_are_compared_exactly(center, place, data):
    distance = math.hypot(center[0] - place[0], center[1] - place[1])
    distance = data.draw(
        st.sampled_from([distance, math.nextafter(distance, INF), math.nextafter(distance, 0)]) | nasty
    )
    expected = oracle.closer(center, place, distance)
    for obj in (pm.Polygon([center[0]], [center[1]]), Plain(np.array(center)), Plain(center)):
        assert (pm.find_close_polygons([obj], place, distance) == [obj]) is expected
        assert (pm.main([obj], [place], distance) == [(place, obj)]) is expected


def test_the_example_has_these_winners_on_every_machine():
    polygons, points = pm.generate_example()
    assert len(polygons) == 1000
    assert len(points) == 100
    rings = [list(zip(p.x.tolist(), p.y.tolist(), strict=True)) for p in polygons]
    centers = [oracle.vertex_center(ring) for ring in rings]
    areas = [oracle.ring_area(ring) for ring in rings]
    winners = []
    for place in points:
        close = [i for i, center in enumerate(centers) if oracle.closer(center, tuple(place), 10.0)]
        winners.append(min(close, key=lambda i: areas[i], default=-1))
    digest = hashlib.sha256(",".join(map(str, winners)).encode()).hexdigest()
    assert (
        digest == "f232361d75012a7a9e973adad9c87bc2946e5d242d750b68500b6fdbf6c7717e"
    )  # of the rational arithmetic above
    position = {id(poly): i for i, poly in enumerate(polygons)}
    found = {id(place): position[id(poly)] for place, poly in pm.main(polygons, points)}
    assert [found.get(id(place), -1) for place in points] == winners
    assert same(
        pm.main(polygons, points), [(points[k], polygons[i]) for k, i in enumerate(winners) if i >= 0]
    )


def test_native_and_general_paths_agree_on_the_example():
    polygons, points = pm.generate_example()
    expected = pm.main(polygons, points)
    sets = [(place, pm.find_close_polygons(polygons, place, 10.0)) for place in points]
    assert same(pm.select_best_polygon([s for s in sets if s[1]]), expected)
    plain = [Plain(poly.center, poly.area()) for poly in polygons]
    position = {id(poly): i for i, poly in enumerate(polygons)}
    assert same(pm.main(plain, points), [(place, plain[position[id(poly)]]) for place, poly in expected])


# ---- arguments ---------------------------------------------------------------------------------------


def test_keywords_and_signatures():
    poly = at(0, 0)
    for result in (
        pm.find_close_polygons([poly], ORIGIN, 1.0),
        pm.find_close_polygons([poly], ORIGIN, max_dist=1.0),
        pm.find_close_polygons(max_dist=1.0, point=ORIGIN, polygon_subset=[poly]),
    ):
        assert result == [poly]
    assert pm.main(points=[ORIGIN], polygons=[poly])[0][1] is poly
    assert pm.main([poly], [ORIGIN], max_dist=0.0) == []
    assert pm.select_best_polygon(polygon_sets=[(1, [poly])]) == [(1, poly)]
    assert str(inspect.signature(pm.find_close_polygons)) == "(polygon_subset, point, max_dist)"
    assert str(inspect.signature(pm.select_best_polygon)) == "(polygon_sets)"
    assert str(inspect.signature(pm.main)) == "(polygons, points, max_dist=10.0)"
    for function in (pm.find_close_polygons, pm.select_best_polygon, pm.main):
        assert "Parameters" in function.__doc__


@pytest.mark.parametrize(
    ("function", "args", "keywords", "message"),
    [
        (pm.find_close_polygons, ([], ORIGIN), {}, "find_close_polygons.*max_dist"),
        (pm.find_close_polygons, (), {"max_dist": 1.0}, "polygon_subset"),
        (pm.find_close_polygons, ([], ORIGIN, 1.0, 2), {}, "find_close_polygons"),
        (pm.find_close_polygons, ([], ORIGIN, 1.0), {"point": 1}, "point"),
        (pm.find_close_polygons, ([], ORIGIN), {"max_distance": 1}, "max_distance"),
        (pm.select_best_polygon, (), {}, "polygon_sets"),
        (pm.select_best_polygon, ([], []), {}, "select_best_polygon"),
        (pm.main, ([],), {}, "points"),
        (pm.main, ([], [], 1.0, 2), {}, "main"),
        (pm.main, ([], []), {"max_dist": 1.0, "é": 2}, "é"),
    ],
)
def test_wrong_arguments(function, args, keywords, message):
    with pytest.raises(TypeError, match=message):
        function(*args, **keywords)


def test_the_default_distance_is_ten_and_strict():
    assert pm.main([at(6, 8)], [ORIGIN]) == []
    assert len(pm.main([pm.Polygon([6], [math.nextafter(8, 0)])], [ORIGIN])) == 1
    assert len(pm.main([at(6, 8)], [ORIGIN], math.nextafter(10, 11))) == 1
    assert pm.find_close_polygons([at(6, 8)], ORIGIN, 10.0) == []
    assert pm.find_close_polygons([Plain((6.0, 8.0))], ORIGIN, 10.0) == []


class Index:
    """An integer by __index__."""

    def __index__(self) -> int:
        return 3


class Float:
    """A number by __float__."""

    def __float__(self) -> float:
        return 3.0


@pytest.mark.parametrize(
    "max_dist",
    [
        3,
        3.0,
        np.float32(3),
        np.float16(3),
        np.int8(3),
        np.uint64(3),
        np.array(3.0),
        Fraction(3),
        Decimal(3),
        Index(),
        Float(),
    ],
)
def test_any_real_number_is_a_distance(max_dist):
    inside, outside = at(0, 2.5), at(0, 3)
    assert pm.find_close_polygons([inside, outside], ORIGIN, max_dist) == [inside]
    assert pm.main([outside, inside], [ORIGIN], max_dist)[0][1] is inside
    assert len(pm.find_close_polygons([inside], ORIGIN, True)) == 0


@pytest.mark.parametrize(
    ("max_dist", "error"),
    [
        (None, TypeError),
        ("3", TypeError),
        (b"3", TypeError),
        (np.str_("3"), TypeError),
        (3j, TypeError),
        (np.complex64(3), TypeError),
        ([3.0], TypeError),
        (np.array([3.0]), TypeError),
        (np.timedelta64(3, "s"), TypeError),
        (10**400, ValueError),
    ],
)
def test_bad_distances(max_dist, error):
    for call in (
        lambda: pm.find_close_polygons([at(0, 0)], ORIGIN, max_dist),
        lambda: pm.main([at(0, 0)], [ORIGIN], max_dist),
    ):
        with pytest.raises(error, match="max_dist"):
            call()


def test_distances_that_match_nothing_and_everything():
    polygons = [at(1e300, -1e300), at(0, 0), Plain((5.0, 5.0)), Plain((NAN, 0.0)), Plain((0.0, NAN))]
    for max_dist in (-1.0, -INF, NAN, 0.0, -0.0):
        assert pm.find_close_polygons(polygons, ORIGIN, max_dist) == []
        assert pm.main(polygons, [ORIGIN], max_dist) == []
        assert pm.main(polygons[:2], [ORIGIN], max_dist) == []
    assert identical(pm.find_close_polygons(polygons, ORIGIN, INF), polygons[:3])
    for place in ((NAN, 0.0), (0.0, NAN), (INF, 0.0), (0.0, -INF), (INF, NAN)):
        assert pm.find_close_polygons(polygons, place, INF) == []
        assert pm.main(polygons[:2], [place], INF) == []
        assert pm.main(polygons, np.array([place, place]), INF) == []


GOOD_POINTS = [
    [3, 4],
    (3.0, 4.0),
    np.array([3.0, 4.0]),
    np.array([3, 4]),
    np.array([3, 4], dtype=np.uint8),
    np.array([3, 4], dtype=np.float32),
    np.array([3, 4], dtype=">f8"),
    np.array([3, 4], dtype=object),
    np.array([3.0, 9.0, 4.0, 9.0])[::2],
    np.array([4.0, 3.0])[::-1],
    np.broadcast_to(np.array([3.0, 4.0]), (2, 2))[0],
    np.frombuffer(b"-" + np.array([3.0, 4.0]).tobytes(), offset=1),
    np.ma.array([3.0, 4.0]),
    memoryview(np.array([3.0, 4.0])),
    [np.array(3.0), Fraction(4)],
    range(3, 5),
]


@pytest.mark.parametrize(
    "place", GOOD_POINTS, ids=lambda place: f"{type(place).__name__}-{getattr(place, 'dtype', '')}"
)
def test_points_of_every_kind(place):
    inside, outside = at(3, 4.5), at(3, 5)
    assert pm.find_close_polygons([inside, outside], place, 1.0) == [inside]
    for polygons in ([outside, inside], [outside, Plain((3.0, 4.5))]):
        pairs = pm.main(polygons, [place, place], 1.0)
        assert [(a is place, b is polygons[1]) for a, b in pairs] == [(True, True)] * 2
        assert pm.find_close_polygons([Plain(place)], (3, 4), 0.1)  # and as a center


BAD_POINTS = [
    ((1.0, 2.0, 3.0), ValueError, "two coordinates, got 3"),
    ((1.0,), ValueError, "two coordinates, got 1"),
    ((), ValueError, "two coordinates, got 0"),
    (np.zeros(3), ValueError, "two coordinates, got 3"),
    (np.zeros((1, 2)), ValueError, "dimension"),
    (np.zeros((2, 1)), ValueError, "dimension"),
    ([[1, 2], [3, 4]], ValueError, "dimension"),
    ([1, [2]], ValueError, ""),
    ([1, 10**400], ValueError, r"\[1\]"),
    (5.0, TypeError, "float"),
    (np.array(5.0), TypeError, "ndarray"),
    (None, TypeError, "NoneType"),
    ("12", TypeError, "str"),
    (["1", "2"], TypeError, ""),
    ((1.0, 2j), TypeError, "complex"),
    (np.zeros(2, dtype=complex), TypeError, "complex"),
    ((1.0, None), TypeError, r"\[1\].*NoneType"),
    (object(), TypeError, "object"),
    ({1.0, 2.0}, TypeError, "set"),
    (at(0, 0), TypeError, "Polygon"),
]


@pytest.mark.parametrize(("place", "error", "message"), BAD_POINTS, ids=range(len(BAD_POINTS)))
def test_bad_points_and_centers_are_named(place, error, message):
    good = at(0, 0)
    with pytest.raises(error, match=rf"^point\b.*{message}"):
        pm.find_close_polygons([good], place, 1.0)
    with pytest.raises(error, match=rf"^points\[2\].*{message}"):
        pm.main([good], [ORIGIN, (1, 2), place], 1.0)
    with pytest.raises(error, match=rf"^points\[2\].*{message}"):
        pm.main([Plain((9.0, 9.0))], (ORIGIN, (1, 2), place), 1.0)
    with pytest.raises(error, match=rf"^polygon_subset\[17\].*{message}"):
        pm.find_close_polygons([good] * 17 + [Plain(place)], ORIGIN, 1.0)
    with pytest.raises(error, match=rf"^polygons\[3\].*{message}"):
        pm.main([good, Plain(ORIGIN), good, Plain(place)], [ORIGIN], 1.0)


def test_objects_without_a_center():
    class Broken:
        @property
        def center(self) -> Any:
            return self.missing

    for thing, text in ((object(), "center"), (None, "center"), (Broken(), "missing")):
        with pytest.raises(AttributeError, match=rf"^polygon_subset\[1\]: .*{text}") as caught:
            pm.find_close_polygons([at(0, 0), thing], ORIGIN, 1.0)
        assert isinstance(caught.value.__cause__, AttributeError)
        with pytest.raises(AttributeError, match=rf"^polygons\[1\]: .*{text}"):
            pm.main([at(0, 0), thing], [ORIGIN], 1.0)
    cause = caught.value.__cause__
    assert cause is not None
    assert cause.__traceback__.tb_frame.f_code.co_name == "center"  # where it went wrong


def test_errors_of_center_and_area_pass_through():
    def fail() -> None:
        raise ZeroDivisionError("mine")

    def wrong() -> None:
        raise TypeError("mine")

    for action, error in ((fail, ZeroDivisionError), (wrong, TypeError)):
        with pytest.raises(error, match=r"^mine$"):
            pm.find_close_polygons([Reader(on_center=action)], ORIGIN, 1.0)
        with pytest.raises(error, match=r"^mine$"):
            pm.main([Reader(on_center=action)], [ORIGIN], 1.0)
        with pytest.raises(error, match=r"^mine$"):
            pm.main([Reader(on_area=action)], [ORIGIN], 1.0)
        with pytest.raises(error, match=r"^mine$"):
            pm.select_best_polygon([(0, [Reader(on_area=action)])])


class OwnIteration(list):
    """A list that iterates in its own way."""

    def __iter__(self) -> Iterator[Any]:
        return iter(list.__getitem__(self, slice(None, None, -1)))


def test_sequences_of_every_kind():
    a, b, c = at(0, 0), Plain((0.5, 0.0)), at(30, 0)
    items = [a, b, c]
    as_array = np.empty(3, dtype=object)
    as_array[:] = items
    for subset in (
        items,
        tuple(items),
        iter(items),
        (item for item in items),
        collections.deque(items),
        dict.fromkeys([a, c, at(40, 0)]),
        as_array,
        OwnIteration([c, b, a]),
    ):
        expected = [a] if isinstance(subset, dict) else [a, b]
        kept = list(subset) if isinstance(subset, (dict, OwnIteration)) else None
        assert identical(pm.find_close_polygons(subset, ORIGIN, 1.0), expected)
        assert kept is None or list(subset) == kept
    for subset in (iter(items), as_array, OwnIteration([c, b, a])):
        assert pm.main(subset, iter([ORIGIN]), 1.0) == [(ORIGIN, a)]
    assert pm.find_close_polygons(items, ORIGIN, 1.0) is not items
    for wrong in (None, 5, 1.5, object(), at(0, 0)):
        with pytest.raises(TypeError, match=r"^polygon_subset: expected a sequence, got "):
            pm.find_close_polygons(wrong, ORIGIN, 1.0)
        with pytest.raises(TypeError, match=r"^polygons: expected a sequence, got "):
            pm.main(wrong, [ORIGIN])
        with pytest.raises(TypeError, match=r"^points: expected a sequence, got "):
            pm.main([], wrong)
        with pytest.raises(TypeError, match=r"^polygon_sets: expected a sequence, got "):
            pm.select_best_polygon(wrong)


def test_an_iterator_that_fails_is_not_mistaken_for_no_sequence():
    def items() -> Iterator[Any]:
        yield at(0, 0)
        raise TypeError("mine")

    with pytest.raises(TypeError, match=r"^mine$"):
        pm.find_close_polygons(items(), ORIGIN, 1.0)
    with pytest.raises(TypeError, match=r"^mine$"):
        pm.main([], items())


def test_empty_inputs():
    for empty in ([], (), iter([]), np.empty(0)):
        assert pm.main([at(0, 0)], empty) == []
        assert pm.main([Plain(ORIGIN)], empty) == []
    assert pm.main([], [ORIGIN]) == []
    assert pm.main([], np.zeros((3, 2))) == []
    assert pm.main([], []) == []
    assert pm.main([at(0, 0)], np.zeros((0, 2))) == []
    assert pm.find_close_polygons([], ORIGIN, 1.0) == []
    assert pm.select_best_polygon([]) == []


@pytest.mark.parametrize("count", [127, 128, 129, 511, 512, 513, 3000])
def test_many_hits(count):
    for make in (lambda: at(0, 0), lambda: Plain(ORIGIN)):
        polygons = [make() for _ in range(count)]
        assert identical(pm.find_close_polygons(polygons, ORIGIN, 1.0), polygons)
        with pytest.raises(AttributeError, match=rf"polygon_subset\[{count}\]"):
            pm.find_close_polygons([*polygons, None], ORIGIN, 1.0)


# ---- centers that objects keep -----------------------------------------------------------------------


class Defaulted:
    """Has a center on the class, which an instance may replace."""

    center: Any = np.array([0.0, 0.0])

    def __init__(self, center: Any = None) -> None:
        if center is not None:
            self.center = center


def cached(x: float, y: float, seen: bool) -> Cached:
    made = Cached([x, x], [y, y])
    if seen:
        assert made.center is not None
    return made


KEPT: list[Callable[[float], Any]] = [
    lambda x: Plain(np.array([x, 0.0])),
    lambda x: Slots(np.array([x, 0.0]), 1.0),
    lambda x: cached(x, 0.0, True),
    lambda x: cached(x, 0.0, False),
    lambda x: Defaulted(np.array([x, 0.0])),
    lambda x: Defaulted(),
    lambda x: at(x, 0.0, 1.0, Pinned),
    lambda x: types.SimpleNamespace(center=np.array([x, 0.0])),
    lambda x: Plain((x, 0.0)),
    lambda x: Slots([x, 0], 1.0),
]


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 33, 300])
@pytest.mark.parametrize("kind", range(len(KEPT)))
def test_kept_centers_in_runs_of_every_length(kind, count):
    def run() -> list[Any]:
        return [KEPT[kind](k % 5 / 2) for k in range(count)]

    for polygons in (run(), [*run(), at(0, 0), *run()], [*run(), *(make(0.5) for make in KEPT), *run()]):
        assert identical(pm.find_close_polygons(polygons, ORIGIN, 1.0), python_find(polygons, ORIGIN, 1.0))


@pytest.mark.parametrize(
    "wrong", [None, "1", (1, 2, 3), np.zeros(3), np.zeros((2, 1)), np.zeros(2, dtype=complex)]
)
@pytest.mark.parametrize("position", [0, 1, 15, 16, 17, 40])
def test_one_wrong_center_in_a_run(wrong, position):
    polygons = [Plain(np.array([0.0, 0.0])) for _ in range(41)]
    polygons[position].center = wrong
    with pytest.raises((TypeError, ValueError), match=rf"^polygon_subset\[{position}\]"):
        pm.find_close_polygons(polygons, ORIGIN, 1.0)
    del polygons[position].center
    with pytest.raises(AttributeError, match=rf"^polygon_subset\[{position}\]"):
        pm.find_close_polygons(polygons, ORIGIN, 1.0)
    polygons[position] = Slots.__new__(Slots)
    with pytest.raises(AttributeError, match=rf"^polygon_subset\[{position}\]"):
        pm.find_close_polygons(polygons, ORIGIN, 1.0)


def test_looking_does_not_change_the_objects():
    polygons: list[Any] = [
        Defaulted(),
        Defaulted(ORIGIN),
        cached(0, 0, False),
        Plain(ORIGIN),
        Proxy(ORIGIN, 1),
    ]
    before = [dict(poly.__dict__) for poly in polygons]
    pm.find_close_polygons(polygons[:2] + polygons[3:], ORIGIN, 1.0)
    assert [dict(poly.__dict__) for poly in polygons] == before
    first = pm.find_close_polygons([polygons[2]], ORIGIN, 1.0)[0].center
    assert polygons[2].__dict__["center"] is first  # asked once, as Python would
    assert pm.find_close_polygons([polygons[2]], ORIGIN, 1.0)[0].center is first


def test_keys_that_run_code_when_they_are_compared():
    polygons: list[Any] = []

    class Key(str):
        __slots__ = ()

        def __hash__(self) -> int:
            return hash("center")

        def __eq__(self, other: object) -> bool:
            if armed:
                polygons.clear()
                gc.collect()
            return False

    for kind in (Plain, Defaulted):
        armed = False
        for _ in range(40):
            polygons.append(kind(np.array([0.0, 0.0])))
            polygons[-1].__dict__ = {Key("strange"): 1, "center": np.array([0.0, 0.0])}
        armed = True
        found = pm.find_close_polygons(polygons, ORIGIN, 1.0)  # and no crash
        assert len(found) == 40 if FREE_THREADED else 1 <= len(found) <= 16
        assert polygons == []


def test_a_class_that_changes_while_it_is_read():
    class Turning:
        def __init__(self) -> None:
            self.center = ORIGIN

    class Turner:
        @property
        def center(self) -> Any:
            Turning.center = property(lambda self: (polygons.clear(), gc.collect(), (0.0, 0.0))[2])  # type: ignore[attr-defined]
            return ORIGIN

    polygons: list[Any] = [*(Turning() for _ in range(20)), Turner(), *(Turning() for _ in range(20))]
    assert len(pm.find_close_polygons(polygons, ORIGIN, 1.0)) == (41 if FREE_THREADED else 22)


# ---- overrides ---------------------------------------------------------------------------------------


def test_what_counts_as_an_override():
    def close(poly: Any) -> bool:
        assert bool(python_find([poly], ORIGIN, 1.0)) == bool(pm.find_close_polygons([poly], ORIGIN, 1.0))
        assert bool(pm.main([poly], [ORIGIN], 1.0)) == bool(pm.find_close_polygons([poly], ORIGIN, 1.0))
        return bool(pm.find_close_polygons([poly], ORIGIN, 1.0))

    assert close(at(0, 0))
    assert close(at(0, 0, 1, Attributed))
    assert close(at(0, 0, 1, NotMixed))
    assert close(at(0, 0, 1, Falling))
    assert not close(at(0, 0, 1, Moved))
    assert close(at(-3, -3, 1, Moved))
    assert not close(at(0, 0, 1, Pinned))
    assert not close(at(0, 0, 1, Mixed))
    assert not close(at(0, 0, 1, Intercepted))
    assert close(at(-3, -3, 1, Intercepted))


def test_the_metaclass_has_no_say():
    class Meta(type):
        @property
        def center(cls) -> Any:
            raise ZeroDivisionError

        @property
        def area(cls) -> Any:
            raise ZeroDivisionError

        def __getattribute__(cls, name: str) -> Any:
            if name in ("center", "area"):
                raise ZeroDivisionError
            return super().__getattribute__(name)

    class Strange(pm.Polygon, metaclass=Meta):
        pass

    poly = at(0, 0, 1, Strange)
    assert pm.find_close_polygons([poly], ORIGIN, 1.0) == [poly]
    assert pm.main([poly], [ORIGIN], 1.0) == [(ORIGIN, poly)]


@pytest.mark.parametrize("name", ["center", "area"])
@pytest.mark.parametrize("answer", [None, AttributeError("only on instances")])
def test_descriptors_are_not_asked_about_the_class(name, answer):
    polygons: list[Any] = []

    class OnInstances:
        def __get__(self, instance: Any, owner: Any) -> Any:
            if instance is not None:
                return ORIGIN if name == "center" else lambda: 1.0
            polygons.clear()
            gc.collect()
            if answer is not None:
                raise answer
            return self

    strange = type("Strange", (pm.Polygon,), {name: OnInstances()})
    polygons += [at(0, 0, 1, strange) for _ in range(1000)]
    assert len(pm.find_close_polygons(polygons, ORIGIN, 1.0)) == 1000
    assert len(pm.main(polygons, [ORIGIN], 1.0)) == 1
    assert len(pm.select_best_polygon([(0, polygons)])) == 1


def test_areas_on_instances_do_not_count_but_those_of_types_do():
    a, b = at(0, 0, 2, Attributed), at(0, 0, 1, Attributed)
    a.area = lambda: 0.0
    assert pm.main([a, b], [ORIGIN])[0][1] is b
    assert pm.select_best_polygon([(0, [a, b])])[0][1] is b
    a, b = at(0, 0, 2, Sized), at(0, 0, 1, Sized)
    assert pm.main([b, a], [ORIGIN])[0][1] is a


def test_a_class_that_changes_between_calls():
    class Changing(pm.Polygon):
        pass

    polygons = [at(0, 0, 1, Changing), at(0, 0, 2, Changing)]
    assert pm.main(polygons, [ORIGIN])[0][1] is polygons[0]
    Changing.area = lambda self: -pm.Polygon.area(self)
    assert pm.main(polygons, [ORIGIN])[0][1] is polygons[1]
    Changing.center = (50.0, 0.0)
    assert pm.main(polygons, [ORIGIN]) == []
    assert pm.find_close_polygons(polygons, (50, 0), 1.0) == polygons
    del Changing.center, Changing.area
    assert pm.main(polygons, [ORIGIN])[0][1] is polygons[0]


# ---- lists that change meanwhile ---------------------------------------------------------------------


def evil(action: str, where: str) -> tuple[list[Any], list[Any]]:
    """Return polygons and a log; the third object changes the list when it is asked."""
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
    """Return what a call reads: the list, or what it held at the beginning."""
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


# ---- select_best_polygon -----------------------------------------------------------------------------


def test_smallest_and_first_on_ties():
    small, also_small, large = at(0, 0, 1), at(5, 5, 1), at(0, 0, 2)
    plain = Plain(ORIGIN, 1)
    key = object()
    for candidates in (
        [large, small, also_small, plain],
        (large, small, plain),
        iter([small, large]),
        [large, small, small],
    ):
        assert pm.select_best_polygon([(key, candidates)]) == [(key, small)]
    assert pm.select_best_polygon([(key, [plain, small])]) == [(key, plain)]
    assert pm.select_best_polygon([[key, [also_small, small]], (1, [large])]) == [
        (key, also_small),
        (1, large),
    ]
    assert pm.select_best_polygon(iter([iter([key, [small]])])) == [(key, small)]


def test_areas_of_every_kind():
    sizes = [
        INF,
        1e308,
        2**70,
        3,
        True,
        0.5,
        Fraction(1, 3),
        Decimal("0.25"),
        np.float32(0.2),
        np.int8(0),
        -0.0,
        -1,
        -INF,
    ]
    objects = [Plain(ORIGIN, size) for size in sizes]
    for k in range(1, len(sizes) + 1):
        best = pm.select_best_polygon([(0, objects[:k])])[0][1]
        assert best is (objects[9] if k == 11 else objects[k - 1])  # 0 and -0.0 are equal
    infinite = [Plain(ORIGIN, INF), Plain(ORIGIN, INF)]
    assert pm.select_best_polygon([(0, infinite)])[0][1] is infinite[0]


def test_empty_sets():
    for empty in ([], (), iter([])):
        with pytest.raises(IndexError, match=r"^polygon_sets\[1\]"):
            pm.select_best_polygon([(0, [at(0, 0)]), (1, empty)])


@pytest.mark.parametrize(
    ("sets", "error", "message"),
    [
        ([(0, [1])], AttributeError, r"polygon_sets\[0\]\[1\]\[0\]: .*area"),
        (
            [(0, [at(0, 0)]), (0, [at(0, 0), Plain(0, NAN)])],
            ValueError,
            r"polygon_sets\[1\]\[1\]\[1\]: .*NaN",
        ),
        ([(0, [Plain(0, np.float64("nan"))])], ValueError, r"polygon_sets\[0\]\[1\]\[0\]: .*NaN"),
        ([(0, [Plain(0, "3")])], TypeError, r"polygon_sets\[0\]\[1\]\[0\]: .*'3'"),
        ([(0, [Plain(0, None)])], TypeError, r"polygon_sets\[0\]\[1\]\[0\]: .*None"),
        ([(0, [Plain(0, 3j)])], TypeError, r"polygon_sets\[0\]\[1\]\[0\]: .*3j"),
        ([(0, [types.SimpleNamespace(area=5)])], TypeError, r"not callable"),
        ([(0, 5)], TypeError, r"^polygon_sets\[0\]\[1\]: expected a sequence, got int"),
        ([(0, [at(0, 0)]), 5], TypeError, r"^polygon_sets\[1\]: expected a sequence, got int"),
        ([(0, [at(0, 0)]), (1,)], ValueError, r"^polygon_sets\[1\]: expected a pair .*got 1"),
        ([(0, [], 2)], ValueError, r"^polygon_sets\[0\]: expected a pair .*got 3"),
        ([()], ValueError, r"^polygon_sets\[0\]: expected a pair .*got 0"),
    ],
)
def test_bad_sets(sets, error, message):
    with pytest.raises(error, match=message):
        pm.select_best_polygon(sets)


def test_bad_areas_in_main_name_the_polygon_in_the_list_passed_in():
    good, far = Plain(ORIGIN), Plain((99.0, 99.0))
    for size, error in ((NAN, ValueError), ("1", TypeError)):
        with pytest.raises(error, match=r"^polygons\[4\]: area\(\)"):
            pm.main([far, far, good, far, Plain(ORIGIN, size)], [(99.0, 99.0), ORIGIN], 1.0)
        assert pm.main([far, Plain(ORIGIN, size)], [(99.0, 99.0)], 1.0) == [((99.0, 99.0), far)]
    with pytest.raises(AttributeError, match=r"^polygons\[1\]: .*area"):
        pm.main([far, types.SimpleNamespace(center=ORIGIN)], [ORIGIN], 1.0)


@pytest.mark.parametrize("count", [1, 2, 127, 128, 129, 2000])
def test_area_is_called_once_per_object_and_call(count):
    readers = [Reader((0.01 * k, 0.0), (k * 7) % count) for k in range(count)]
    sets = [(k, readers) for k in range(3)]
    for call in range(1, 3):
        assert pm.select_best_polygon(sets) == [(k, readers[0]) for k in range(3)]
        assert {reader.areas for reader in readers} == {call}
        assert not any(reader.centers for reader in readers)


def test_main_asks_as_the_original_would():
    readers = [Reader((float(k), 0.0), 10.0 - k) for k in range(10)]
    points = [(0.0, 0.0), (1.0, 0.0), (50.0, 0.0), (0.5, 0.0)]
    assert same(pm.main(readers, points, 2.5), python_main(readers, points, 2.5))
    assert {reader.centers for reader in readers} == {2 * len(points)}
    assert [reader.areas for reader in readers] == [2] * 4 + [0] * 6  # only those of candidates


def test_one_object_many_times():
    reader = Reader()
    assert len(pm.main([reader] * 100, [ORIGIN] * 10)) == 10
    assert reader.areas == 1
    poly = at(0, 0)
    assert pm.main([poly] * 3, [ORIGIN]) == [(ORIGIN, poly)]


# ---- main --------------------------------------------------------------------------------------------


def test_arrays_of_points():
    polygons = [at(0, 0), at(10, 0)]
    plain = [Plain((0.0, 0.0)), Plain((10.0, 0.0))]
    base = np.array([[0, 0], [50, 50], [10, 0]])
    padded = np.zeros((3, 4))
    padded[:, 1:3] = base
    for rows in (
        base.astype(float),
        base,
        base.astype(np.int8),
        base.astype(np.float32),
        base.astype(">f8"),
        base.astype(">i4"),
        np.asfortranarray(base.astype(float)),
        padded[:, 1:3],
        np.repeat(base.astype(float), 2, axis=0)[::2],
        base.astype(float)[::-1],
        np.ma.array(base.astype(float)),
    ):
        expected = [0, 1] if rows[0, 0] == 0 else [1, 0]
        for objects in (polygons, plain):
            pairs = pm.main(objects, rows, 1.0)
            assert [poly is objects[k] for k, (_, poly) in zip(expected, pairs, strict=True)] == [True, True]
            for row, k in zip(pairs, [0, 2], strict=True):
                assert np.shares_memory(row[0], rows)
                assert row[0].shape == (2,)
                assert row[0].dtype == rows.dtype
                assert row[0].tolist() == rows[k].tolist()
    locked = base.astype(float)
    locked.setflags(write=False)
    assert len(pm.main(polygons, locked, 1.0)) == 2
    objects_ = np.empty(2, dtype=object)
    objects_[:] = [(0.0, 0.0), ORIGIN]
    assert pm.main(polygons, objects_, 1.0)[1][0] is ORIGIN


@pytest.mark.parametrize(
    ("points", "error"),
    [
        (np.zeros(2), ValueError),
        (np.zeros((2, 3)), ValueError),
        (np.zeros((2, 1)), ValueError),
        (np.zeros((2, 2, 2)), ValueError),
        (np.array(5.0), ValueError),
        (np.zeros((2, 2), dtype=complex), TypeError),
        (np.array([["1", "2"]]), TypeError),
        (np.zeros((2, 2), dtype="M8[s]"), TypeError),
        ("12", TypeError),
        ([1.0, 2.0], TypeError),
        ({"a": 1}, TypeError),
    ],
)
def test_bad_arrays_of_points(points, error):
    for polygons in ([at(0, 0)], [Plain(ORIGIN)], []):
        with pytest.raises(error, match=r"^points"):
            pm.main(polygons, points)


def test_object_arrays_of_coordinates():
    rows = np.array([[0.0, Fraction(0)], [2**70, 0]], dtype=object)
    poly = at(0, 0)
    pairs = pm.main([poly], rows, 1.0)
    assert [(row.tolist(), found is poly) for row, found in pairs] == [([0.0, Fraction(0)], True)]
    with pytest.raises(TypeError, match=r"^points\[1\]\[0\]: .*NoneType"):
        pm.main([poly], np.array([[0, 0], [None, 0]], dtype=object))


def test_lists_that_the_caller_changed_since_the_last_call():
    a, b, small = at(0, 0, 2), at(0.5, 0, 3), at(0.2, 0, 1)
    polygons, points = [a, b], [ORIGIN]
    assert pm.main(polygons, points)[0][1] is a
    polygons.append(small)
    assert pm.main(polygons, points)[0][1] is small
    polygons.remove(small)
    assert pm.main(polygons, points)[0][1] is a
    polygons[0] = b
    assert pm.main(polygons, points)[0][1] is b
    polygons.clear()
    assert pm.main(polygons, points) == []
    points[0][:] = 0.0
    moving = np.array([0.0, 0.0])
    for k in range(5):
        moving[0] = 100.0 * k
        assert len(pm.main([a], [moving])) == (k == 0)
        assert len(pm.find_close_polygons([a], moving, 10.0)) == (k == 0)
    for k in range(200):  # new objects where old ones were
        polygons[:] = [at(0, 0, 1 + (k + j) % 7) for j in range(7)]
        assert pm.main(polygons, points)[0][1].area() == 1.0


def test_many_more_points_than_polygons_and_the_other_way_round():
    random = np.random.default_rng(5)
    for count, queries in ((3, 2000), (2000, 3), (1, 1), (700, 700)):
        polygons = [at(x, y, s) for x, y, s in random.integers(0, 40, (count, 3)) + 1.0]
        rows = random.integers(0, 40, (queries, 2)).astype(float)
        centers = np.array([p.center for p in polygons])
        areas = np.array([p.area() for p in polygons])
        expected = []
        for row in rows:
            inside = ((centers - row) ** 2).sum(axis=1) < 25.0  # exact: small integers and halves
            if inside.any():
                expected.append(polygons[int(np.where(inside, areas, INF).argmin())])
        assert identical([poly for _, poly in pm.main(polygons, rows, 5.0)], expected)


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
