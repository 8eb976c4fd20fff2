"""What changes when `Polygon` replaces your own class: is the table in docs/coming-from.md true?

A row is found by its first cell, and its test holds both the difference and the way around. The class that is
replaced is the baseline's: a dataclass with a cached center and NumPy's arithmetic.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import itertools
import math
import operator
from collections.abc import Callable
from dataclasses import InitVar, asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import poly_match as pm
import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "coming-from.md"
X, Y = np.array([0.0, 4.0, 4.0, 0.0]), np.array([0.0, 0.0, 3.0, 3.0])


@dataclass
class Own:
    """The class that is replaced."""

    x: Any
    y: Any
    _area: Any = None

    @functools.cached_property
    def center(self) -> Any:
        return np.array([self.x, self.y]).mean(axis=1)

    def area(self) -> Any:
        if self._area is None:
            self._area = 0.5 * np.abs(np.dot(self.x, np.roll(self.y, 1)) - np.dot(self.y, np.roll(self.x, 1)))
        return self._area


@dataclass(eq=False, repr=False)
class Named(pm.Polygon):
    """The dataclass on top that the page shows."""

    xs: InitVar[Any]
    ys: InitVar[Any]
    name: str = ""

    def __post_init__(self, xs: Any, ys: Any) -> None:
        super().__init__(xs, ys)


def arrays_are_read_only() -> None:
    Own(X.copy(), Y).x[0] = 1
    polygon = pm.Polygon(X, Y)
    for name in ("x", "y", "center"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(polygon, name)[0] = 1
        with pytest.raises(AttributeError):
            setattr(polygon, name, X)
    assert pm.Polygon(polygon.x + 1, polygon.y).x.tolist() == [1, 5, 5, 1]
    polygon.x.copy()[0] = 1


def no_area_argument() -> None:
    assert Own(X, Y, _area=2.0).area() == 2.0
    with pytest.raises(TypeError):
        pm.Polygon(X, Y, _area=2.0)

    class Given(pm.Polygon):
        def __init__(self, x: Any, y: Any, _area: float | None = None) -> None:
            super().__init__(x, y)
            self._area = _area

        def area(self) -> float:
            return super().area() if self._area is None else self._area

    given, set_later, plain = Given(X, Y, _area=2.0), Named(X, Y), pm.Polygon(X, Y)
    assert Given(X, Y).area() == 12.0
    assert pm.main([plain, given], [(2, 1)])[0][1] is given
    set_later.area = lambda: 1.0
    assert pm.main([plain, given, set_later], [(2, 1)])[0][1] is set_later


def dataclass_on_top() -> None:
    @dataclass
    class Written(pm.Polygon):
        name: str = ""

    with pytest.raises(RuntimeError, match=r"must call super\(\).__init__\(x, y\)"):
        Written("a").area()

    @dataclass
    class Fields(pm.Polygon):
        x: Any
        y: Any

    with pytest.raises(AttributeError, match="not writable"):
        Fields(X, Y)
    polygon = Named(X, Y, "a")
    assert (polygon.name, polygon.area(), repr(polygon)) == (
        "a",
        12.0,
        "<Named of 4 vertices around (2, 1.5)>",
    )


def fields_and_asdict() -> None:
    assert list(asdict(Own(X, Y))) == ["x", "y", "_area"]
    polygon = Named(X, Y, "a")
    assert [field.name for field in fields(polygon)] == ["name"]
    assert asdict(polygon) == {"name": "a"}
    whole = {"x": polygon.x, "y": polygon.y, **asdict(polygon)}
    assert whole == {"x": polygon.x, "y": polygon.y, "name": "a"}
    with pytest.raises(TypeError):
        asdict(pm.Polygon(X, Y))


def replaced() -> None:
    assert replace(Own(X, Y), _area=1.0).area() == 1.0
    polygon = Named(X, Y, "a")
    with pytest.raises(ValueError, match="'xs' must be specified"):
        replace(polygon, name="b")
    other = replace(polygon, xs=polygon.x, ys=polygon.y, name="b")
    again = copy.copy(polygon)
    again.name = "b"
    assert [(p.name, p.area(), p.x.tolist()) for p in (other, again)] == [("b", 12.0, X.tolist())] * 2
    assert polygon.name == "a"


def area_is_a_float() -> None:
    assert type(Own(X, Y).area()) is np.float64
    area = pm.Polygon(X / 3, Y).area()
    assert type(area) is float
    assert not hasattr(area, "round")
    assert round(area, 2) == np.float64(area).round(2)


def compared_by_identity() -> None:
    with pytest.raises(ValueError, match="ambiguous"):
        _ = Own(X, Y) == Own(X.copy(), Y.copy())
    a, b = pm.Polygon(X, Y), pm.Polygon(X, Y)
    assert a != b
    assert len({a, b}) == 2
    assert np.array_equal(a.x, b.x) and np.array_equal(a.y, b.y)  # noqa: PT018  (as the page has it)


def attributes_need_a_subclass() -> None:
    with pytest.raises(AttributeError):
        pm.Polygon(X, Y).name = "a"

    class Open(pm.Polygon):
        pass

    polygon = Open(X, Y)
    polygon.name = "a"
    assert polygon.name == "a"


def equal_shapes() -> None:
    def rounded(polygon: pm.Polygon) -> float:
        """Return the shoelace area in doubles, summed from left to right on every machine."""
        x, y = polygon.x.tolist(), polygon.y.tolist()
        there = functools.reduce(operator.add, map(operator.mul, x, y[-1:] + y))
        back = functools.reduce(operator.add, map(operator.mul, y, x[-1:] + x))
        return 0.5 * abs(there - back)

    class Rounded(pm.Polygon):
        def area(self) -> float:
            return rounded(self)

    random = np.random.RandomState(6)
    one = pm.generate_one_polygon()
    moves = [(500_000.0 + random.randint(0, 100), 4_500_000.0 + random.randint(0, 100)) for _ in range(1000)]
    points = (random.randint(0, 100, (500, 2)) + np.array([500_000.0, 4_500_000.0])).tolist()
    ours = [pm.Polygon(one.x + x, one.y + y) for x, y in moves]
    theirs = [Rounded(polygon.x, polygon.y) for polygon in ours]
    assert len({polygon.area() for polygon in ours}) == 1
    assert len({polygon.area() for polygon in theirs}) == 6
    first = [close[0] for _, close in pm.find_all_close_polygons(ours, points, 10.0)]
    assert [best for _, best in pm.main(ours, points)] == first
    picked = [ours[theirs.index(best)] for _, best in pm.main(theirs, points)]
    assert len(picked) == 500
    assert sum(a is not b for a, b in zip(first, picked, strict=True)) == 428


def the_edge() -> None:
    found = set()
    for x, y in itertools.product(range(1, 40), repeat=2):
        center = (x / 10, y / 10)
        distance = float(np.linalg.norm(center))
        exactly = pm.Polygon([center[0]], [center[1]])
        rounded_says = distance < distance
        found.add(bool(pm.find_close_polygons([exactly], (0.0, 0.0), distance)) == rounded_says)
        assert pm.find_close_polygons([exactly], (0.0, 0.0), math.nextafter(distance, 9)) == [exactly]
    assert found == {True, False}  # some are closer than what the root is rounded to
    assert pm.find_close_polygons([pm.Polygon([6], [8])], (0, 0), 10) == []


ROWS: dict[str, Callable[[], None]] = {
    "`polygon.x[0] = 1` changes a vertex": arrays_are_read_only,
    "`Polygon(x, y, _area=2.0)`": no_area_argument,
    "`@dataclass` with fields `x` and `y`": dataclass_on_top,
    "`fields()` and `asdict()` give `x` and `y`": fields_and_asdict,
    '`replace(polygon, name="b")`': replaced,
    "`area()` is a `np.float64`": area_is_a_float,
    "`==` compares the arrays, element by element": compared_by_identity,
    '`polygon.name = "a"`': attributes_need_a_subclass,
    "among equal shapes, rounding picks the winner": equal_shapes,
    "at exactly `max_dist`, rounding decides": the_edge,
}


def rows_of_the_page() -> list[str]:
    _, _, section = PAGE.read_text(encoding="utf-8").partition("## Your own class\n")
    table = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("| ")]
    return [line.split(" | ")[0].removeprefix("| ") for line in table[1:]]  # without its head


def test_every_row_has_its_test():
    assert rows_of_the_page() == list(ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_what_a_row_says_is_so(row):
    ROWS[row]()


def test_the_dataclass_on_top_goes_through_every_function():
    polygons = [Named(X, Y, "a"), Named(X / 2, Y / 2, "b")]
    assert pm.main(polygons, [(1.0, 1.0)])[0][1].name == "b"
    assert pm.match([(1.0, 1.0), (3.0, 2.0)], polygons).tolist() == [1, 0]
    assert dataclasses.is_dataclass(copy.deepcopy(polygons[0]))
