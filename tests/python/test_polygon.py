"""`Polygon` as a Python type: what goes in, what comes out, and misuse.

Numbers are checked against exact rational arithmetic in test_exact.py; here are the manners. A polygon never
changes, never crashes and never half exists, whatever a subclass or an argument does meanwhile.
Subclasses are in test_polygon_subclass.py, copies and pickles in test_polygon_copies.py.
"""

from __future__ import annotations

import array
import copy
import gc
import inspect
import math
import pickle
import weakref
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import oracle
import poly_match as pm
import pytest
from dropin_helpers import Named, Sized, Slotted, X, Y, at


class Careless(pm.Polygon):
    """A subclass that forgets to call super().__init__."""

    def __init__(self) -> None:
        pass


class Arrayable:
    """Gives its numbers through __array__, running code first."""

    def __init__(self, values: Any, action: Any = None) -> None:
        self.values = values
        self.action = action

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if self.action is not None:
            self.action()
        return np.array(self.values, dtype=dtype)


# ---- what goes in ------------------------------------------------------------------------------------


def test_vertices_center_and_area():
    polygon = pm.Polygon(X, Y)
    assert polygon.x.tolist() == X
    assert polygon.y.tolist() == Y
    assert polygon.center.tolist() == [2.0, 1.5]
    assert polygon.area() == 12.0
    assert type(polygon.area()) is float


def test_arguments_by_position_and_keyword():
    for polygon in (pm.Polygon(X, Y), pm.Polygon(X, y=Y), pm.Polygon(y=Y, x=X)):
        assert (polygon.x.tolist(), polygon.y.tolist()) == (X, Y)
    assert list(inspect.signature(pm.Polygon).parameters) == ["x", "y"]
    for args, keywords in [((), {}), ((X,), {}), ((X, Y, X), {}), ((X,), {"x": X}), ((X, Y), {"z": 1})]:
        with pytest.raises(TypeError):
            pm.Polygon(*args, **keywords)


def strided() -> Any:
    return np.array([X, Y]).T.copy()[:, 0]


def read_only() -> Any:
    values = np.array(X)
    values.setflags(write=False)
    return values


def unaligned() -> Any:
    return np.frombuffer(b"-" + np.array(X).tobytes(), dtype=np.float64, offset=1)


@pytest.mark.parametrize(
    "given",
    [
        X,
        tuple(X),
        range(0, 12, 3),
        array.array("d", X),
        array.array("i", [0, 4, 4, 0]),
        memoryview(array.array("d", X)),
        bytearray([0, 4, 4, 0]),
        np.array(X),
        np.array(X, dtype=np.float32),
        np.array(X, dtype=np.float16),
        np.array(X, dtype=np.longdouble),
        np.array(X, dtype=np.int8),
        np.array(X, dtype=np.uint64),
        np.array(X, dtype=">f8"),
        np.array(X, dtype=">i2"),
        np.array(X, dtype=object),
        np.array(X)[::-1],
        strided(),
        read_only(),
        unaligned(),
        np.broadcast_to(np.float64(2.5), 4),
        np.ma.array(X),
        [np.float32(0), 4, Fraction(4), Decimal(0)],
        [np.array(0.0), np.int8(4), 4, False],
        [True, False, True, True],
        [2**70, -(2**65), 0, 1],
        Arrayable(X),
    ],
    ids=lambda given: type(given).__name__ + "-" + str(getattr(given, "dtype", "")),
)
def test_any_sequence_of_numbers_is_taken(given):
    expected = [float(value) for value in (given.values if isinstance(given, Arrayable) else given)]
    for polygon in (pm.Polygon(given, Y), pm.Polygon(Y, given)):
        values = polygon.x if polygon.y.tolist() == Y and polygon.x.tolist() != Y else polygon.y
        assert values.tolist() == expected
        assert values.dtype == np.float64
        assert values.dtype.isnative
        assert values.flags.c_contiguous
        assert values.flags.aligned


def test_vertices_are_copied_once():
    x, y = np.array(X), np.array(Y)
    polygon = pm.Polygon(x, y)
    x[:] = 7
    y[:] = 7
    assert polygon.x.tolist() == X
    assert polygon.area() == 12.0


def test_exact_center_and_area_of_hard_numbers():
    x = np.arange(0.0, 1.0, 0.1) + 3e9
    y = np.sqrt(1 - np.arange(0.0, 1.0, 0.1) ** 2) - 7e9
    polygon = pm.Polygon(x, y)
    assert polygon.area() == oracle.ring_area(list(zip(x, y, strict=True)))
    assert tuple(polygon.center) == (math.fsum(x) / 10, math.fsum(y) / 10)


def test_closed_rings_count_their_last_vertex():
    polygon = pm.Polygon([*X, X[0]], [*Y, Y[0]])
    assert polygon.area() == 12.0
    assert polygon.center.tolist() == [math.fsum([*X, 0]) / 5, math.fsum([*Y, 0]) / 5]


@pytest.mark.parametrize("x", [[1.0], [1.0, 2.0], [1.0, 1.0, 1.0]])
def test_few_vertices_have_no_area(x):
    polygon = pm.Polygon(x, x)
    assert polygon.area() == 0.0
    assert polygon.center.tolist() == [math.fsum(x) / len(x)] * 2


# ---- bad input ---------------------------------------------------------------------------------------

BAD = [
    ([1, 2], ValueError, r"x and y must have one length, got 2 and 4"),
    ([], ValueError, r"length|empty"),
    ([[0, 4], [4, 0]], ValueError, r"\bx: .*dimension"),
    (np.zeros((4, 1)), ValueError, r"\bx: .*dimension"),
    (np.zeros((0, 4)), ValueError, r"\bx: .*dimension"),
    ([1, [2, 3], 4, 5], ValueError, r"\bx: "),
    ([0, math.nan, 4, 0], ValueError, r"x\[1\] is nan"),
    ([0, 4, math.inf, 0], ValueError, r"x\[2\] is infinite"),
    ([0, 4, 4, -math.inf], ValueError, r"x\[3\] is infinite"),
    (np.array([0, 4, np.nan, 0], dtype=">f4"), ValueError, r"x\[2\] is nan"),
    ([10**400, 0, 0, 0], ValueError, r"x\[0\]"),
    ([0, 0, -(10**400), 0], ValueError, r"x\[2\]"),
    ([0, Decimal("nan"), 0, 0], ValueError, r"x\[1\] is nan"),
    (["0", "4", "4", "0"], TypeError, r"\bx: "),
    ([0, "4", 4, 0], TypeError, r"\bx: "),
    ([b"0", b"4", b"4", b"0"], TypeError, r"\bx: "),
    ("0440", TypeError, r"\bx: .*str"),
    (b"0440", TypeError, r"\bx: .*bytes"),
    (np.array(["0", "4", "4", "0"], dtype=object), TypeError, r"x\[0\].*str"),
    (np.array([0, np.str_("4"), 4, 0], dtype=object), TypeError, r"x\[1\].*str"),
    ([0, 4j, 4, 0], TypeError, r"\bx: .*complex"),
    (np.array(X, dtype=np.complex64), TypeError, r"\bx: .*complex"),
    (np.array([0, np.complex64(4), 4, 0], dtype=object), TypeError, r"x\[1\].*complex"),
    (np.array([0, np.complex128(4), 4, 0], dtype=object), TypeError, r"x\[1\].*complex"),
    (None, TypeError, r"\bx: .*NoneType"),
    ([0, None, 4, 0], TypeError, r"x\[1\].*NoneType"),
    ([0, {}, 4, 0], TypeError, r"x\[1\].*dict"),
    (7.0, TypeError, r"\bx: .*float"),
    ({0, 4}, TypeError, r"\bx: .*set"),
    ({0: 4}, TypeError, r"\bx: .*dict"),
    ((v for v in X), TypeError, r"\bx: .*generator"),
    (np.array([0, 4, 4, 0], dtype="M8[s]"), TypeError, r"\bx: .*datetime64"),
    (np.array([0, 4, 4, 0], dtype="m8[s]"), TypeError, r"\bx: .*timedelta64"),
    (np.array([0, np.timedelta64(4, "s"), 4, 0], dtype=object), TypeError, r"x\[1\].*timedelta64"),
    (np.zeros(4, dtype=[("a", "f8")]), TypeError, r"\bx: "),
    (pm.Polygon(X, Y), TypeError, r"\bx: .*Polygon"),
]


@pytest.mark.parametrize(
    ("given", "error", "message"), BAD, ids=[f"{i}-{type(bad[0]).__name__}" for i, bad in enumerate(BAD)]
)
def test_bad_coordinates_name_the_argument_and_the_place(given, error, message):
    with pytest.raises(error, match=message):
        pm.Polygon(given, Y)
    if not inspect.isgenerator(given) and "one length" not in message:
        with pytest.raises(error, match=message.replace("x", "y", 1)):
            pm.Polygon(Y, given)


def test_empty_polygons_are_refused():
    for empty in ([], (), np.array([]), np.array([], dtype=object), np.array([], dtype="U1")):
        with pytest.raises(ValueError, match="empty: a polygon has at least one vertex"):
            pm.Polygon(empty, empty)


def test_errors_of_the_argument_itself_pass_through():
    def fail() -> None:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        pm.Polygon(Arrayable(X, fail), Y)


def test_a_failed_init_may_be_repeated():
    polygon = pm.Polygon.__new__(pm.Polygon)
    for _ in range(3):
        with pytest.raises(ValueError, match="infinite"):
            polygon.__init__([math.inf], [1.0])
        with pytest.raises(RuntimeError, match="not initialized"):
            polygon.area()
    polygon.__init__(X, Y)
    assert polygon.area() == 12.0


# ---- initialization ----------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [Careless, lambda: pm.Polygon.__new__(pm.Polygon)])
@pytest.mark.parametrize(
    "use",
    [
        lambda p: p.x,
        lambda p: p.y,
        lambda p: p.center,
        lambda p: p.area(),
        lambda p: p.__geo_interface__,
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        lambda p: pm.find_close_polygons([p], (0, 0), 1.0),
        lambda p: pm.find_close_polygons([pm.Polygon(X, Y), p], (math.nan, 0), -1.0),
        lambda p: pm.find_close_polygons((p,), (1e300, 0), math.inf),
        lambda p: pm.select_best_polygon([((0, 0), [p])]),
        lambda p: pm.main([p], [(0.0, 0.0)]),
        lambda p: pm.main([Named("", X, Y), p], np.zeros((3, 2)), math.inf),
        lambda p: pm.main([at(0, 0, 1, Sized), p], np.zeros((3, 2)), math.inf),
        lambda p: pm.match([(0, 0)], [p]),
        lambda p: pm.match([(0, 0)], [p], predicate="center_within", distance=1.0),
    ],
)
def test_without_init_every_use_is_a_clear_error(make, use):
    polygon = make()
    with pytest.raises(RuntimeError, match=r"not initialized: its __init__ must call super\(\).__init__"):
        use(polygon)
    assert "not initialized" in repr(polygon)
    assert type(polygon).__name__ in repr(polygon)
    assert len({polygon, polygon}) == 1
    polygon.__init__() if isinstance(polygon, Careless) else polygon.__init__(X, Y)


def test_new_takes_anything():
    assert "not initialized" in repr(pm.Polygon.__new__(pm.Polygon, 1, 2, 3, z=4))


def test_a_second_init_is_an_error_and_changes_nothing():
    polygon = pm.Polygon(X, Y)
    x = polygon.x
    with pytest.raises(RuntimeError, match="already initialized"):
        polygon.__init__([1.0], [2.0])
    with pytest.raises(RuntimeError, match="already initialized"):
        polygon.__setstate__(pm.Polygon([1.0], [2.0]).__getstate__())
    assert polygon.x is x
    assert x.tolist() == X
    assert polygon.area() == 12.0


def test_init_within_init():
    polygon = pm.Polygon.__new__(pm.Polygon)
    with pytest.raises(RuntimeError, match="already initialized"):
        polygon.__init__(X, Arrayable(Y, lambda: polygon.__init__([1.0], [2.0])))
    assert polygon.x.tolist() == [1.0]
    assert polygon.center.tolist() == [1.0, 2.0]


def test_an_argument_that_changes_the_other_meanwhile():
    x = np.array(X)

    def spoil() -> None:
        x[1] = math.nan

    with pytest.raises(ValueError, match=r"x\[1\] is nan"):
        pm.Polygon(x, Arrayable(Y, spoil))
    values = list(X)
    assert pm.Polygon(values, Arrayable(Y, values.clear)).x.tolist() == X
    values = list(X)
    with pytest.raises(ValueError, match="one length"):
        pm.Polygon(Arrayable(X[:2], values.clear), Y)


# ---- what comes out ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["x", "y", "center"])
def test_arrays_are_read_only_views_and_stay_so(name):
    polygon = pm.Polygon(X, Y)
    values = getattr(polygon, name)
    before = values.tolist()
    assert isinstance(values, np.ndarray)
    assert values.dtype == np.float64
    assert not values.flags.writeable
    assert not values.flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        values[0] = 1.0
    for array_ in (values, values[:], values.view(), values.reshape(1, -1)):
        with pytest.raises(ValueError, match="WRITEABLE"):
            array_.setflags(write=True)
        with pytest.raises(ValueError, match="WRITEABLE"):
            array_.flags.writeable = True
    with pytest.raises((AttributeError, TypeError)):
        setattr(polygon, name, np.zeros(4))
    with pytest.raises((AttributeError, TypeError)):
        delattr(polygon, name)
    assert getattr(polygon, name).tolist() == before


def test_arrays_are_the_same_objects_each_time_and_outlive_the_polygon():
    polygon = pm.Polygon(X, Y)
    assert polygon.x is polygon.x
    assert polygon.y is polygon.y
    assert polygon.center is polygon.center
    assert np.shares_memory(polygon.x, polygon.x[1:])
    assert polygon.x.base is polygon.y.base is polygon.center.base  # one block, and not the polygon
    x, y, center = polygon.x, polygon.y, polygon.center
    del polygon
    gc.collect()
    assert (x.tolist(), y.tolist(), center.tolist()) == (X, Y, [2.0, 1.5])


def test_arrays_after_gc_are_right():
    polygon = Named("", X, Y)
    polygon.note = polygon
    assert polygon.x.tolist() == X
    gc.collect()
    assert polygon.x.tolist() == X


def test_repr_is_short():
    assert repr(pm.Polygon(X, Y)) == "<Polygon of 4 vertices around (2, 1.5)>"
    assert repr(pm.Polygon([1], [2])) == "<Polygon of 1 vertex around (1, 2)>"
    assert repr(Named("a", X, Y)) == "<Named of 4 vertices around (2, 1.5)>"
    assert len(repr(pm.Polygon(np.full(10**5, -1.2345678912e300), np.full(10**5, 1e-300 / 3)))) < 90


def test_geo_interface():
    ring = ((0.0, 0.0), (4.0, 0.0), (4.0, 3.0), (0.0, 3.0), (0.0, 0.0))
    expected = {"type": "Polygon", "coordinates": (ring,)}
    assert pm.Polygon(X, Y).__geo_interface__ == expected
    assert pm.Polygon([*X, 0.0], [*Y, 0.0]).__geo_interface__ == expected  # closed already
    assert pm.Polygon([1], [2]).__geo_interface__["coordinates"] == (((1.0, 2.0), (1.0, 2.0)),)
    assert pm.Polygon([1, 1], [2, 2]).__geo_interface__["coordinates"] == (((1.0, 2.0), (1.0, 2.0)),)
    assert type(pm.Polygon(X, Y).__geo_interface__["coordinates"][0][0][0]) is float


def test_compares_by_identity():
    a, b = pm.Polygon(X, Y), pm.Polygon(X, Y)
    assert a == a
    assert a != b
    assert len({a, b, a}) == 2
    with pytest.raises(TypeError):
        a < b  # noqa: B015


def test_weak_references():
    calls = []
    for make in (lambda: pm.Polygon(X, Y), lambda: Named("", X, Y), lambda: Slotted(X, Y, 1)):
        polygon = make()
        reference = weakref.ref(polygon, calls.append)
        table = weakref.WeakKeyDictionary({polygon: 1})
        assert reference() is polygon
        del polygon
        gc.collect()
        assert reference() is None
        assert len(table) == 0
    assert len(calls) == 3


def test_the_type_is_documented_and_instances_are_fixed():
    assert pm.Polygon.__module__ == "poly_match"
    assert "Parameters" in pm.Polygon.__doc__
    assert pm.Polygon.area.__doc__
    assert pm.Polygon.x.__doc__
    with pytest.raises(AttributeError):
        pm.Polygon(X, Y).area = lambda: 1.0
    with pytest.raises(AttributeError):
        pm.Polygon(X, Y).extra = 1
    with pytest.raises(TypeError):
        pm.Polygon.area(3)
    with pytest.raises(TypeError):
        pm.Polygon.x.__get__(3)
