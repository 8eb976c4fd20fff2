"""`Index.match(x, y)`: one point has the answer that it has in an array; and lists of points, read fast."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import poly_match as pm
import pyarrow as pa
import pytest
from conftest import square
from poly_match import _core
from poly_match._engine.prepared import Prepared
from poly_match._forms.faults import Faults
from poly_match._forms.numbers import pairs_of
from poly_match._forms.points import xy_of

RNG = np.random.default_rng(7)
SQUARES = [square(x, y, side) for x, y, side in RNG.uniform(0, 10, (40, 3)) * [1, 1, 0.3]]
NAMES = [f"square {i}" for i in range(40)]
POINTS = np.concatenate([RNG.uniform(-3, 14, (300, 2)), *SQUARES])  # vertices, too

KINDS: dict[str, dict[str, Any]] = {
    "covers": {},
    "center_within": {"predicate": "center_within", "distance": 1.5},
    "dwithin": {"predicate": "dwithin", "distance": 0.75},
    "nearest": {"predicate": "nearest"},
    "nearest within": {"predicate": "nearest", "distance": np.linspace(0, 1, 40)},
    "covers, period": {"period": 7.0},
    "center_within, period": {"predicate": "center_within", "distance": 1.5, "period": 2.5},
}


def index_of(engine: str, **options: Any) -> pm.Index:
    """Return an index of the squares by an engine."""
    index = pm.Index(SQUARES, **options)
    given = {"predicate": "covers", "distance": None, "best": "smallest", "max_bytes": None, "period": None}
    index._core = Prepared.of(SQUARES, **(given | options)).build(engine)
    return index


@pytest.mark.parametrize("engine", ["scan", "tree"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_index(kind: str, engine: str, tmp_path: Path) -> None:
    if kind.startswith("center_within") and engine == "tree":
        engine = "auto"
    index = index_of(engine, **KINDS[kind])
    expected = index.match(POINTS).tolist()
    assert {-1} < set(expected) or kind == "nearest"
    index.save(tmp_path / "index.pmx")
    for each in (index, pm.Index.open(tmp_path / "index.pmx")):
        found = [each.match(x, y) for x, y in POINTS.tolist()]
        assert found == expected
        assert {type(answer) for answer in found} == {int}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "covers" and "period" not in kind])
def test_distances(kind: str) -> None:
    index = pm.Index(SQUARES, **KINDS[kind])
    answers, distances = index.match(POINTS, return_distance=True)
    for (x, y), answer, distance in zip(POINTS.tolist(), answers, distances, strict=True):
        found = index.match(x, y, return_distance=True)
        assert type(found) is tuple
        assert found[0] == answer
        assert type(found[1]) is float
        assert np.array_equal(found[1], distance, equal_nan=True)
        assert index.match(x, y, names=NAMES, return_distance=True)[0] == (
            NAMES[answer] if answer >= 0 else None
        )


def test_what_has_no_distances() -> None:
    with pytest.raises(ValueError, match='return_distance: "covers" has no distances'):
        pm.Index(SQUARES).match(1, 1, return_distance=True)


def test_names() -> None:
    names = ["large", 7, None]
    index = pm.Index([square(0, 0, 4), square(0, 0, 2), square(20, 0, 1)], names=names)
    assert index.match(3, 3, names=True) == "large"
    assert index.match(1, 1, names=True) == 7
    assert index.match(99, 1, names=True) is None
    assert index.match(1, 1, names=iter("abc")) == "b"
    assert index.match(np.int8(1), Decimal(1), names=["abc"] * 3) == "abc"
    assert index.match(1, 1) == 1
    with pytest.raises(ValueError, match="names: this index stores none"):
        pm.Index(SQUARES).match(1, 1, names=True)
    with pytest.raises(ValueError, match="names: expected one name for each of 3 regions"):
        index.match(1, 1, names=["a"])


INDEX = pm.Index([square(0, 0, 4), square(1, 0, 2)])

NUMBERS = [
    2,
    2.0,
    True + 1,
    np.float64(2),
    np.float32(2),
    np.float16(2),
    np.longdouble(2),
    np.int8(2),
    np.uint16(2),
    np.intc(2),
    np.int64(2),
    np.longlong(2),
    np.uint64(2),
    np.array(2),
    np.array(2.0, dtype=">f4"),
    Decimal("2.0"),
]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: type(number).__name__)
def test_every_type_of_number(number: Any) -> None:
    assert INDEX.match(number, 1) == 1
    assert INDEX.match(0.5, number) == 0
    assert INDEX.match(number, number) == 1
    assert INDEX.match(number + 7, 1) == -1


@pytest.mark.parametrize(
    "number", [float("nan"), np.nan, np.float32("nan"), float("inf"), -np.inf, None, pd.NA, Decimal("NaN")]
)
def test_what_is_no_place(number: Any) -> None:
    everywhere = pm.Index([square(0, 0, 4)], predicate="nearest")
    for index in (INDEX, everywhere):
        assert index.match(number, 1) == -1
        assert index.match(1, number) == -1
        assert index.match(number, 1, names=range(len(index))) is None
    answer, distance = everywhere.match(1, number, return_distance=True)
    assert answer == -1
    assert np.isnan(distance)


def test_integers_are_exact() -> None:
    far = 2**53
    index = pm.Index([square(far, 0, 4)])
    assert index.match(far, 1) == 0
    assert index.match(far + 2, 1) == 0  # beyond 2**53, and a float64
    assert index.match(np.int64(far + 2), 1) == 0
    assert index.match(2**70, 1) == -1
    for wrong in (far + 1, np.int64(far + 1), np.uint64(far + 1)):
        with pytest.raises(ValueError, match=r"x: 9007199254740993 is beyond 2\*\*53"):
            index.match(wrong, 1)
        with pytest.raises(ValueError, match=r"y: 9007199254740993 is beyond 2\*\*53"):
            index.match(1, wrong)
    with pytest.raises(ValueError, match=r"x: \d+ is beyond the range of a float"):
        index.match(10**400, 1)


class Floating:
    def __float__(self) -> float:
        return 1.0


class Elsewhere(float):
    def __float__(self) -> float:
        return 9.0


@pytest.mark.parametrize(
    "value", [True, np.True_, "1", b"1", 1j, Fraction(1, 2), np.datetime64("2020"), Floating(), object()]
)
def test_what_is_no_number(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^x: expected numbers, got "):
        INDEX.match(value, 1)
    with pytest.raises(TypeError, match=r"^y: expected numbers, got "):
        INDEX.match(1, value)
    with pytest.raises(TypeError, match=r"^y: "):
        INDEX.match(1, value, names="ab")


ARRAYS: list[Any] = [
    [1, 2],
    (1, 2),
    [],
    np.array([1.0, 2.0]),
    np.zeros((0,)),
    np.zeros((1, 1)),
    pd.Series([1, 2]),
    pd.DataFrame({"x": [1]}),
    pa.array([1, 2]),
    range(2),
    iter([1, 2]),
    np.ma.array([1, 2], mask=[True, False]),
]


@pytest.mark.parametrize("value", ARRAYS, ids=lambda value: type(value).__name__)
def test_arrays_go_in_a_tuple(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^x: expected one number, got \w+; .*match\(\(x, y\)\)$"):
        INDEX.match(value, value)
    with pytest.raises(TypeError, match=r"^y: expected one number, .*match\(\(x, y\)\)$"):
        INDEX.match(1, value)


def test_options_of_arrays() -> None:
    assert INDEX.match(2, 1, workers=-1, progress=True) == 1
    for out in (np.empty(1, np.int64), np.empty(0)):
        with pytest.raises(ValueError, match="out: takes the answers for arrays of points"):
            INDEX.match(2, 1, out=out)


def test_one_point_in_one_argument_keeps_its_hint() -> None:
    for one in ([5, 5], [5.0, 5.0], (5, 5), np.array([5, 5])):
        with pytest.raises(ValueError, match=r"points: .*one point is \[\(x, y\)\]"):
            INDEX.match(one)


# ---- lists of points ---------------------------------------------------------------------------------------


class Place(NamedTuple):
    x: float
    y: float


LISTS: list[list[Any]] = [
    [],
    [(1, 2)],
    [[1.5, 2], (3, 4.5), np.array([5.0, 6.0])],
    [(np.float64(1), np.float32(0.1)), (np.int64(-3), 2**53)],
    [(float("nan"), float("inf"))],
    [Place(1, 2), (3, 4)],
    [(1, 2), None, (Decimal("0.5"), 4)],
    [(2**63, -1)],
    [np.array([1, 2]), np.arange(4.0)[::2]],
    [(1, None), (2, 3)],
]


@pytest.mark.parametrize("points", LISTS, ids=str)
def test_a_list_is_read_as_its_rows_are(points: list[Any]) -> None:
    x, y = xy_of(points)
    expected = pairs_of(points, "points", Faults())
    assert x.dtype == y.dtype == np.float64
    np.testing.assert_array_equal(x, expected[:, 0])
    np.testing.assert_array_equal(y, expected[:, 1])


def test_most_lists_are_read_at_once() -> None:
    read = [_core.plain_points(points) is not None for points in LISTS]
    assert read == [True] * 5 + [False] * 5
    assert _core.plain_points(((1, 2),)) is None


@pytest.mark.parametrize(
    ("points", "kind", "message"),
    [
        ([(1, 2), (True, 2)], TypeError, "booleans"),
        ([(1, 2), ("1", 2)], TypeError, r"points\[1\]: expected numbers, got text"),
        ([(1, 2), (1, 2, 3)], ValueError, r"points\[1\]: expected two numbers"),
        ([(1, 2), (2**53 + 1, 2)], ValueError, "beyond"),
        ([(1, 2), (1,)], ValueError, r"points\[1\]"),
    ],
)
def test_what_lists_may_not_have(points: list[Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        INDEX.match(points)


def test_a_float_of_a_class_of_its_own() -> None:
    assert INDEX.match(Elsewhere(2), 1) == INDEX.match([(Elsewhere(2), 1)])[0] == -1
    assert INDEX.match(2.0, 1) == 1
