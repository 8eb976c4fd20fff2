"""Polygons and their subclasses through pickle and copy."""

from __future__ import annotations

import copy
import io
import math
import pickle
from typing import Any

import poly_match as pm
import pytest
from dropin_helpers import (
    Named,
    Slotted,
    X,
    Y,
)

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


class SlottedWithDict(Slotted):
    """Slots of a base and a dict."""


# ---- pickle and copy ---------------------------------------------------------------------------------


class Stateful(pm.Polygon):
    """Defines its own pickle state."""

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
    """__new__ requires an argument, which __getnewargs__ gives to pickle."""

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
