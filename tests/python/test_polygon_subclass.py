"""Subclasses of `Polygon`: attributes, overrides, references and garbage."""

from __future__ import annotations

import copy
import gc
import sys
import threading
import weakref
from typing import Any, ClassVar

import numpy as np
import oracle
import poly_match as pm
import pytest
import scipy.spatial
from conftest import FREE_THREADED
from dropin_helpers import (
    Named,
    Slotted,
    X,
    Y,
)


class Hull(pm.Polygon):
    """A subclass that makes new polygons of its own type with SciPy."""

    def merge(self, other: pm.Polygon) -> Hull:
        points = np.column_stack([np.append(self.x, other.x), np.append(self.y, other.y)])
        corners = points[scipy.spatial.ConvexHull(points).vertices]
        return type(self)(corners[:, 0], corners[:, 1])


# ---- subclasses --------------------------------------------------------------------------------------


class Area(pm.Polygon):
    """Overrides area() with less exact arithmetic, and calls the original."""

    def area(self) -> float:
        return super().area() + 1.0


class Centered(pm.Polygon):
    """Overrides center as a property."""

    @property
    def center(self) -> Any:
        return (100.0, super().center[1])


class Constant(pm.Polygon):
    """Overrides center as a class attribute."""

    center: ClassVar = np.array([100.0, 100.0])


def test_subclass_with_attributes_and_its_own_signature():
    polygon = Named("a", X, Y, note=[1])
    polygon.extra = 5
    assert polygon.__dict__ == {"name": "a", "note": [1], "extra": 5}
    assert polygon.area() == 12.0
    assert isinstance(polygon, pm.Polygon)
    with pytest.raises(TypeError):
        Named("a")
    with pytest.raises(ValueError, match="one length"):
        Named("a", [1], [1, 2])


def test_overridden_area_and_center_are_what_python_sees():
    assert Area(X, Y).area() == 13.0
    assert Centered(X, Y).center == (100.0, 1.5)
    assert Constant(X, Y).center.tolist() == [100.0, 100.0]
    assert pm.Polygon.area(Area(X, Y)) == 12.0


def test_merge_with_scipy():
    merged = Hull([0, 1, 0], [0, 0, 1]).merge(pm.Polygon([4, 4, 3], [4, 3, 4]))
    assert type(merged) is Hull
    assert merged.area() == oracle.ring_area(list(zip(merged.x, merged.y, strict=True))) == 7.0
    assert type(merged.merge(merged)) is Hull


def test_multiple_inheritance_and_class_reassignment():
    class Mixin:
        def hello(self) -> str:
            return "hello"

    class Both(Mixin, Named):
        pass

    class Other(Named):
        pass

    polygon = Both("a", X, Y)
    assert polygon.hello() == "hello"
    other = Named("b", X, Y)
    other.__class__ = Other
    assert other.area() == 12.0
    with pytest.raises(TypeError):
        other.__class__ = pm.Polygon
    with pytest.raises(TypeError):

        class Impossible(pm.Polygon, list):  # type: ignore[misc]
            pass


@pytest.mark.skipif(
    FREE_THREADED and sys.version_info < (3, 14),
    reason="classes live forever there once a thread was started",
)
def test_many_short_lived_subclasses():
    references = []
    for i in range(50):
        kind = type(f"Kind{i}", (pm.Polygon,), {"area": lambda self, i=i: float(i)})
        assert pm.main([kind(X, Y)], [(2.0, 1.0)])[0][1].area() == float(i)
        references.append(weakref.ref(kind))
    del kind
    gc.collect()
    assert [reference() for reference in references] == [None] * 50


# ---- garbage -----------------------------------------------------------------------------------------


def test_cycles_through_a_subclass_are_collected():
    gc.collect()
    before = len([o for o in gc.get_objects() if isinstance(o, Named)])
    references = []
    for _ in range(20):
        a, b = Named("a", X, Y), Named("b", X, Y)
        a.note, b.note = b, a
        a.own = a
        a.array = a.x
        a.method = a.area
        references += [weakref.ref(a), weakref.ref(b)]
    del a, b
    gc.collect()
    assert [reference() for reference in references] == [None] * 40
    assert len([o for o in gc.get_objects() if isinstance(o, Named)]) == before


def test_finalizers_run_and_may_resurrect():
    kept = []

    class Final(pm.Polygon):
        def __del__(self) -> None:
            kept.append(self)

    Final(X, Y)
    assert kept[0].area() == 12.0
    assert kept[0].x.tolist() == X
    cyclic = Final(X, Y)
    cyclic.me = cyclic
    del cyclic
    gc.collect()
    assert kept[1].center.tolist() == [2.0, 1.5]
    kept.clear()
    gc.collect()


def test_long_chains_die_without_deep_recursion():
    chain = None
    for _ in range(200_000):
        link = Named("", [1.0], [1.0], note=chain)
        chain = link
    del chain, link
    gc.collect()


def test_references_are_balanced():
    gc.collect()
    kinds = [sys.getrefcount(kind) for kind in (pm.Polygon, Named, Slotted)]
    for _ in range(300):
        polygon = Named("a", X, Y)
        polygon.x, polygon.center, polygon.area(), repr(polygon), polygon.__geo_interface__
        copy.copy(polygon)
        Slotted(X, Y, 1)
        pm.Polygon(X, Y)
        with pytest.raises(ValueError, match="one length"):
            pm.Polygon(X, [1.0])
    del polygon
    gc.collect()
    assert [sys.getrefcount(kind) for kind in (pm.Polygon, Named, Slotted)] == kinds


def test_threads_share_polygons():
    polygons = [pm.Polygon(np.add(X, i), Y) for i in range(200)]
    arrays: list[list[Any]] = []

    def read() -> None:
        arrays.append([(p.x, p.y, p.center, p.area()) for p in polygons])

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(arrays) == 8
    for rows in zip(*arrays, strict=True):
        assert all(row[0] is rows[0][0] and row[3] == 12.0 for row in rows)
