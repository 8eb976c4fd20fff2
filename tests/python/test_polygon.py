"""`Polygon` as a Python type: what goes in, what comes out, subclasses, pickles, garbage, and misuse.

Numbers are checked against exact rational arithmetic in test_exact.py; here are the manners. A polygon never
changes, never crashes and never half exists, whatever a subclass or an argument does meanwhile.
"""

from __future__ import annotations

import array
import copy
import gc
import inspect
import io
import math
import pickle
import sys
import threading
import weakref
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
import oracle
import poly_match as pm
import pytest
import scipy.spatial
from conftest import FREE_THREADED

X, Y = [0.0, 4.0, 4.0, 0.0], [0.0, 0.0, 3.0, 3.0]
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


class Named(pm.Polygon):
    """A subclass with a signature of its own."""

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


class SlottedWithDict(Slotted):
    """Slots of a base and a dict."""


class Careless(pm.Polygon):
    """A subclass that forgets to call super().__init__."""

    def __init__(self) -> None:
        pass


class Hull(pm.Polygon):
    """A subclass that makes new polygons of its own type with SciPy."""

    def merge(self, other: pm.Polygon) -> Hull:
        points = np.column_stack([np.append(self.x, other.x), np.append(self.y, other.y)])
        corners = points[scipy.spatial.ConvexHull(points).vertices]
        return type(self)(corners[:, 0], corners[:, 1])


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
        lambda p: pm.main([Area(X, Y), p], np.zeros((3, 2)), math.inf),
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
    with pytest.raises(RuntimeError, match="initialized already"):
        polygon.__init__([1.0], [2.0])
    with pytest.raises(RuntimeError, match="initialized already"):
        polygon.__setstate__(pm.Polygon([1.0], [2.0]).__getstate__())
    assert polygon.x is x
    assert x.tolist() == X
    assert polygon.area() == 12.0


def test_init_within_init():
    polygon = pm.Polygon.__new__(pm.Polygon)
    with pytest.raises(RuntimeError, match="initialized already"):
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


def test_the_type_is_documented_and_immutable():
    assert pm.Polygon.__module__ == "poly_match"
    assert "Parameters" in pm.Polygon.__doc__
    assert pm.Polygon.area.__doc__
    assert pm.Polygon.x.__doc__
    with pytest.raises(TypeError):
        pm.Polygon.area = lambda self: 1.0
    with pytest.raises(TypeError):
        del pm.Polygon.center
    with pytest.raises(AttributeError):
        pm.Polygon(X, Y).extra = 1
    with pytest.raises(TypeError):
        pm.Polygon.area(3)
    with pytest.raises(TypeError):
        pm.Polygon.x.__get__(3)


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


# ---- pickle and copy ---------------------------------------------------------------------------------


class Stateful(pm.Polygon):
    """Has a pickle state of its own."""

    def __getstate__(self) -> Any:
        return (self.x.tolist(), self.y.tolist(), "kept")

    def __setstate__(self, state: Any) -> None:
        pm.Polygon.__init__(self, state[0], state[1])
        self.kept = state[2]


class Reduced(pm.Polygon):
    """Reduces itself in its own way, on top of the original."""

    def __reduce__(self) -> Any:
        make, args, state = super().__reduce__()
        return make, args, state


class Demanding(pm.Polygon):
    """__new__ insists on an argument, as __getnewargs__ tells pickle."""

    def __new__(cls, x: Any, y: Any, unit: str) -> Demanding:
        self = super().__new__(cls)
        self.unit = unit
        return self

    def __init__(self, x: Any, y: Any, unit: str) -> None:
        super().__init__(x, y)

    def __getnewargs__(self) -> Any:
        return (None, None, self.unit)


def through_pickle(protocol: int) -> Any:
    return lambda polygon: pickle.loads(pickle.dumps(polygon, protocol))


def through_python_pickle(polygon: Any) -> Any:
    buffer = io.BytesIO()
    pickle._Pickler(buffer, 2).dump(polygon)
    buffer.seek(0)
    return pickle._Unpickler(buffer).load()


def through_buffers(polygon: Any) -> Any:
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(polygon, 5, buffer_callback=buffers.append)
    return pickle.loads(data, buffers=buffers)


COPIES = [*map(through_pickle, PROTOCOLS), through_python_pickle, through_buffers, copy.copy, copy.deepcopy]
COPY_NAMES = [*(f"protocol{p}" for p in PROTOCOLS), "python", "buffers", "copy", "deepcopy"]
copies = pytest.mark.parametrize("again", COPIES, ids=COPY_NAMES)


@copies
def test_copies_are_equal_and_independent(again):
    polygon = pm.Polygon(X, Y)
    other = again(polygon)
    assert type(other) is pm.Polygon
    assert other is not polygon
    assert (other.x.tolist(), other.y.tolist(), other.area()) == (X, Y, 12.0)
    assert other.center.tolist() == polygon.center.tolist()
    assert not other.x.flags.writeable
    with pytest.raises(ValueError, match="WRITEABLE"):
        other.x.setflags(write=True)


@copies
def test_copies_of_subclasses_keep_attributes_without_calling_init(again):
    polygon = Named("a", X, Y, note={"k": [1, 2]})
    other = again(polygon)
    assert type(other) is Named
    assert other.__dict__ == polygon.__dict__
    assert other.x.tolist() == X
    assert other.area() == 12.0
    assert (other.note is polygon.note) == (again is copy.copy)


@copies
def test_copies_of_slots(again):
    for kind in (Slotted, SlottedWithDict):
        polygon = kind(X, Y, ["tag"])
        if kind is SlottedWithDict:
            polygon.extra = 1
        other = again(polygon)
        assert type(other) is kind
        assert other.tag == ["tag"]
        assert not hasattr(other, "empty")
        assert other.y.tolist() == Y
        assert getattr(other, "extra", None) == getattr(polygon, "extra", None)


@copies
def test_copies_keep_cycles_and_sharing(again):
    polygon = Named("a", X, Y)
    friend = Named("b", Y, X)
    polygon.note = (polygon, friend, friend)
    other = again(polygon)
    if again is copy.copy:
        assert other.note is polygon.note
    else:
        assert other.note[0] is other
        assert other.note[1] is other.note[2]
        assert other.note[1].name == "b"
    assert other.x.tolist() == X


@copies
def test_copies_of_subclasses_with_their_own_protocol(again):
    assert again(Stateful(X, Y)).kept == "kept"
    assert again(Reduced(X, Y)).x.tolist() == X
    other = again(Demanding(X, Y, "m"))
    assert (other.unit, other.area()) == ("m", 12.0)


def test_pickles_hold_data_not_views():
    a, b = pm.Polygon(X, Y), pm.Polygon(X, Y)
    assert pickle.dumps(a) == pickle.dumps(b)
    assert len(pickle.dumps(a)) < 600
    x, y, rest = a.__getstate__()
    assert (x.tolist(), y.tolist(), rest) == (X, Y, None)


@pytest.mark.parametrize(
    "state",
    [
        None,
        (),
        [X, Y, None],
        (X,),
        (X, Y),
        (X, Y, None, None),
        (X, [1.0], None),
        ([math.nan], [1.0], None),
        (None, None, None),
        (X, Y, 5),
        (X, Y, (1, 2, 3)),
        (X, Y, {"a": 1}),
        (X, Y, (None, {"no_such_slot": 1})),
        (X, Y, (None, {3: 1})),
    ],
)
def test_bad_states_are_refused(state):
    polygon = pm.Polygon.__new__(pm.Polygon)
    with pytest.raises((TypeError, ValueError, AttributeError)):
        polygon.__setstate__(state)
    repr(polygon)


def test_a_slots_state_that_changes_while_it_is_restored():
    slots: dict[str, Any] = {f"name{i}": object() for i in range(50)}

    class Clearing(pm.Polygon):
        def __setattr__(self, name: str, value: Any) -> None:
            slots.clear()
            slots.update({f"other{i}": object() for i in range(5)})
            super().__setattr__(name, value)

    polygon = Clearing.__new__(Clearing)
    polygon.__setstate__((X, Y, (None, slots)))
    assert polygon.x.tolist() == X


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
