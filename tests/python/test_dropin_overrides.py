"""Where the drop-in finds the center and the area of an object: in its data, on its class, from its code."""

from __future__ import annotations

import copy
import dataclasses
import functools
import gc
import pickle
import types
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import poly_match as pm
import pytest
from conftest import FREE_THREADED
from dropin_helpers import (
    NAN,
    ORIGIN,
    Attributed,
    Cached,
    Falling,
    Intercepted,
    Mixed,
    Moved,
    Named,
    NotMixed,
    Pinned,
    Plain,
    Proxy,
    Sized,
    Slots,
    Slotted,
    X,
    Y,
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
    assert polygons[2].__dict__["center"] is first  # read once, as Python would
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
def test_descriptors_are_not_called_for_the_class(name, answer):
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


def winners(polygons: list[Any]) -> set[int]:
    """Return the positions that each function finds best at the origin: one, if they agree."""
    index = pm.Index(polygons, predicate="center_within", distance=10.0)
    found = [
        pm.main(polygons, [ORIGIN])[0][1],
        pm.select_best_polygon(pm.find_all_close_polygons(polygons, [ORIGIN], 10.0))[0][1],
        pm.select_best_polygon([(0, tuple(polygons))])[0][1],
        polygons[int(pm.match([ORIGIN], polygons)[0])],
        polygons[int(index.match([ORIGIN])[0])],
    ]
    return {next(i for i, poly in enumerate(polygons) if poly is best) for best in found}


def test_areas_of_types_count():
    assert winners([at(0, 0, 1, Sized), at(0, 0, 2, Sized)]) == {1}


def test_an_area_set_on_an_instance_counts():
    a, b = at(0, 0, 2, Attributed), at(0, 0, 1, Attributed)
    for rest in ([], [at(0, 0, 3)], [at(0, 0, 3), Slotted(X, Y, 0), Named("", X, Y)] * 20):
        polygons = [*rest, a, *rest, b, *rest]
        small = polygons.index(b)
        assert winners(polygons) == {small}
        with mock.patch.object(a, "area", return_value=0.0) as area:
            assert winners(polygons) == {len(rest)}
            assert area.call_count == 5  # once per call
        assert winners(polygons) == {small}
        with mock.patch.dict(vars(a), area=lambda: 0.5):
            assert winners(polygons) == {len(rest)}
        assert winners(polygons) == {small}


def test_an_area_on_an_instance_of_every_kind_of_subclass():
    @dataclasses.dataclass(init=False, frozen=True)
    class Frozen(pm.Polygon):
        unit: str = "m"

    class SlotForArea(pm.Polygon):
        __slots__ = ("area",)

    class Derived(Attributed):
        pass

    for kind in (Frozen, SlotForArea, Derived, Sized, Falling, NotMixed):
        large = at(0, 0, 2, kind)
        object.__setattr__(large, "area", lambda: -10.0)
        assert winners([at(0, 0, 1), large]) == {1}, kind
    for again in (copy.copy, copy.deepcopy, lambda poly: pickle.loads(pickle.dumps(poly))):
        large = Named("", X, Y)
        large.area = functools.partial(float, -1)
        assert winners([at(0, 0, 1), again(large)]) == {1}


def test_errors_of_an_area_on_an_instance_name_the_polygon():
    large = at(0, 0, 2, Attributed)
    for area, error, message in (
        (lambda: NAN, ValueError, r"area\(\) is NaN"),
        (lambda: "1", TypeError, "must be a real number"),
        (lambda: large.missing, AttributeError, "missing"),
    ):
        large.area = area
        with pytest.raises(error, match=rf"^polygons\[1\]: .*{message}"):
            pm.main([at(0, 0), large], [ORIGIN])
        with pytest.raises(error, match=rf"^polygons\[1\]: .*{message}"):
            pm.match([ORIGIN], [at(0, 0), large])
        assert pm.main([at(0, 0), large], [(0.0, 50.0)]) == []  # no candidate: not called
    large.area = 5.0
    with pytest.raises(TypeError, match="not callable"):
        pm.main([large], [ORIGIN])


def test_a_center_set_on_an_instance_counts_where_the_subclass_allows_it():
    class Movable(pm.Polygon):
        center = None

    class Slot(pm.Polygon):
        __slots__ = ("center",)

    for kind in (Movable, Slot, Pinned):
        poly = at(0, 0, 1, kind)
        poly.center = (50.0, 0.0)
        assert pm.find_close_polygons([at(0, 0), poly], (50.0, 0.0), 1.0) == [poly]
        assert pm.main([at(0, 0), poly], [(50.0, 0.0)]) == [((50.0, 0.0), poly)]
        found = pm.match([(50.0, 0.0)], [at(0, 0), poly], predicate="center_within", distance=1.0)
        assert found.tolist() == [1]
    with pytest.raises(AttributeError):
        at(0, 0, 1, Attributed).center = (50.0, 0.0)


@pytest.mark.parametrize("kind", [pm.Polygon, Attributed, NotMixed])
def test_attributes_of_polygon_itself_may_be_replaced(kind, monkeypatch):
    polygons = [at(0, 0, 1, kind), at(0, 0, 2, kind), at(30, 0, 3, kind)]
    own = vars(pm.Polygon)["area"], vars(pm.Polygon)["center"]

    def close(x: float) -> list[Any]:
        found = pm.find_close_polygons(polygons, (x, 0.0), 1.0)
        assert pm.find_all_close_polygons(polygons, [(x, 0.0)], 1.0) == ([((x, 0.0), found)] if found else [])
        assert bool(pm.main(polygons, [(x, 0.0)], 1.0)) == bool(found)
        index = pm.Index(polygons, predicate="center_within", distance=1.0, best="first")
        assert index.match([(x, 0.0)])[0] == (polygons.index(found[0]) if found else -1)
        return found

    assert winners(polygons[:2]) == {0}
    for patched in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(pm.Polygon, "area", lambda self: -own[0](self))
            assert winners(polygons[:2]) == {1}
            assert winners([at(0, 0, 1, Sized), at(0, 0, 2, Sized)]) == {0}  # by super().area()
        assert winners(polygons[:2]) == {0}
        with mock.patch.object(pm.Polygon, "area", return_value=1.0) as area:
            assert winners([polygons[1], polygons[0]]) == {0}
            assert area.call_count == 10  # once per polygon and call
        for center in (property(lambda self: np.add(own[1].__get__(self), (50, 0))), (50, 0)):
            with monkeypatch.context() as patch:
                patch.setattr(pm.Polygon, "center", center)
                assert close(50.0)[:2] == polygons[:2]
                assert close(0.0) == []
        with monkeypatch.context() as patch:
            patch.delattr(pm.Polygon, "center")
            with pytest.raises(AttributeError, match=r"polygon_subset\[0\]: .*center"):
                pm.find_close_polygons([at(0, 0)], ORIGIN, 1.0)
        assert close(0.0) == polygons[:2], patched
        assert (vars(pm.Polygon)["area"], vars(pm.Polygon)["center"]) == own


def test_every_attribute_of_polygon_may_be_intercepted(monkeypatch):
    polygons = [at(0, 0, 1), at(0, 0, 2)]

    def intercepted(self: pm.Polygon, name: str) -> Any:
        if name == "area" and self is polygons[1]:
            return lambda: -1.0
        return object.__getattribute__(self, name)

    with monkeypatch.context() as patch:
        patch.setattr(pm.Polygon, "__getattribute__", intercepted)
        assert winners(polygons) == {1}
    assert winners(polygons) == {0}


def test_keys_that_run_code_when_an_area_is_looked_for():
    class Key(str):
        __slots__ = ()

        def __hash__(self) -> int:
            return hash("area")

        def __eq__(self, other: object) -> bool:
            if armed:
                action()
                gc.collect()
            return False

    actions: dict[str, Callable[[], object]] = {
        "clear": lambda: polygons.clear(),
        "replace": lambda: polygons.__setitem__(slice(None), [at(0, 0) for _ in range(40)]),
        "other": lambda: polygons.__setitem__(slice(None), [None] * 40),
    }
    for name in actions:
        action, armed = actions[name], False
        polygons: list[Any] = [at(0, 0, 1, Attributed) for _ in range(40)]
        for poly in polygons:
            poly.__dict__ = {Key("strange"): 1}
        armed = True
        if name == "other" and not FREE_THREADED:
            with pytest.raises(AttributeError, match=r"^polygons\[0\]: "):
                pm.main(polygons, [ORIGIN], 1.0)
        else:
            assert len(pm.main(polygons, [ORIGIN], 1.0)) == (name != "clear" or FREE_THREADED)
        armed = False
        assert pm.main(polygons, [ORIGIN], 1.0) == [] if name == "clear" else len(polygons) == 40


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
