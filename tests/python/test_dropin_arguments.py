"""The arguments that the drop-in's functions accept, and the errors for others."""

from __future__ import annotations

import collections
import inspect
import math
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import poly_match as pm
import pytest
from dropin_helpers import (
    INF,
    NAN,
    ORIGIN,
    Plain,
    Reader,
    at,
    identical,
)

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
    """A list with its own __iter__."""

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
