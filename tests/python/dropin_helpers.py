"""The drop-in's semantics in plain Python, and objects of every kind as arguments.

The reference is the original with exact arithmetic instead of NumPy's.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import types
from collections.abc import Callable
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
import oracle
import poly_match as pm

NAN, INF = math.nan, math.inf
ORIGIN = np.array([0.0, 0.0])
X, Y = [0.0, 4.0, 4.0, 0.0], [0.0, 0.0, 3.0, 3.0]


# ---- the original ------------------------------------------------------------------------------------


def python_find(polygon_subset: Any, point: Any, max_dist: float) -> list[Any]:
    def pair(numbers: Any) -> tuple[float, float]:
        x, y = map(float, numbers)
        return x, y

    return [poly for poly in polygon_subset if oracle.closer(pair(poly.center), pair(point), float(max_dist))]


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
    """An ordinary object like that of the well-known example."""

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
    """Runs code when the center or the area is read, and counts."""

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


def with_area(x: float, y: float, size: float) -> Attributed:
    """Return a square whose area is overridden on the instance alone."""
    made = at(x, y, size, Attributed)
    made.area = lambda: 7.0 - size
    return made


class Intercepted(pm.Polygon):
    """Overrides every attribute at once."""

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        return value + 3.0 if name == "center" else value


class Falling(pm.Polygon):
    """Has __getattr__, which is not called for existing attributes."""

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
    with_area,
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


# ---- polygons with more to them ----------------------------------------------------------------------


class Named(pm.Polygon):
    """A subclass with a different signature."""

    def __init__(self, name: str, x: Any, y: Any, *, note: Any = None) -> None:
        super().__init__(x, y)
        self.name = name
        self.note = note


class Slotted(pm.Polygon):
    """A subclass without a dict."""

    __slots__ = ("empty", "tag")

    def __init__(self, x: Any, y: Any, tag: Any) -> None:
        super().__init__(x, y)
        self.tag = tag
