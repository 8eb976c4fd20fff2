"""What a caller can mend is an error that carries the argument, the row and the reason, wherever it arose."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import poly_match as pm
import pytest
import shapely
from conftest import square
from poly_match import _core

RINGS = [square(0, 0, 4), square(2, 2, 4)]
BAD_RING = np.array([[0, 0], [1, np.nan], [1, 1]])

# Where in the layers it arises; argument, row, kind.
CASES: dict[str, tuple[Any, str, int | None, type]] = {
    "C, bytes of WKB": (lambda: pm.match([b"\1"], RINGS), "points", 0, ValueError),
    "C, another type of WKB": (
        lambda: pm.Index([shapely.Point(1, 2).wkb]), "polygons", 0, TypeError,
    ),
    "a row of shapely": (
        lambda: pm.match([shapely.Point(1, 2), shapely.box(0, 0, 1, 1)], RINGS), "points", 1, TypeError,
    ),
    "a row of GeoJSON": (
        lambda: pm.Index([{"type": "Polygon", "coordinates": [[(0, "1")]]}]), "polygons", 0, TypeError,
    ),
    "a pair": (lambda: pm.match([(1, 2), (3,)], RINGS), "points", 1, ValueError),
    "a column": (lambda: pm.match((["1"], [2]), RINGS), "points[0]", None, TypeError),
    "a vertex": (lambda: pm.Index([RINGS[0], BAD_RING]), "polygons", 1, ValueError),
    "a vertex by its position": (lambda: pm.Regions(BAD_RING, [0, 3], [0, 1]), "coords", 1, ValueError),
    "a score": (lambda: pm.Index(RINGS, best=[1, np.nan]), "best", 1, ValueError),
    "a distance": (
        lambda: pm.Index(RINGS, predicate="center_within", distance=[1, -1]), "distance", 1, ValueError,
    ),
    "a word": (lambda: pm.Index(RINGS, best="biggest"), "best", None, ValueError),
    "the library": (lambda: pm.Index(RINGS, max_bytes=10), "max_bytes", None, ValueError),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_attributes_say_what_the_message_says(case):
    call, argument, row, kind = CASES[case]
    with pytest.raises(pm.InputError) as caught:
        call()
    error = caught.value
    assert isinstance(error, kind)
    assert (error.argument, error.row) == (argument, row)
    assert error.reason
    assert str(error).endswith(error.reason)
    if case != "the library":
        assert str(error) == f"{argument if row is None else f'{argument}[{row}]'}: {error.reason}"
    again = pickle.loads(pickle.dumps(error))  # as worker processes send it
    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))


def test_the_item_of_the_library_reaches_python():
    """The package looks first, so this one is seen only when coordinates change while they are used."""
    ring = np.ascontiguousarray(BAD_RING)
    with pytest.raises(pm.InputValueError) as caught:
        _core.regions_measure(ring, np.array([0, 0, 3]), np.array([0, 1, 2]), None, None)
    assert (caught.value.argument, caught.value.row) == ("polygons", 1)


def test_the_classes_say_nothing_by_themselves():
    for kind in (pm.InputError, pm.InputValueError, pm.InputTypeError):
        assert (kind.argument, kind.row, kind.reason) == (None, None, None)
        assert kind.__module__ == "poly_match"
