"""Where the drop-in finds the center and the area of an object: in its data, on its class, from its code."""

from __future__ import annotations

import gc
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import poly_match as pm
import pytest
from conftest import FREE_THREADED
from dropin_helpers import (
    ORIGIN,
    Attributed,
    Cached,
    Falling,
    Intercepted,
    Mixed,
    Moved,
    NotMixed,
    Pinned,
    Plain,
    Proxy,
    Sized,
    Slots,
    at,
    identical,
    python_find,
)

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
