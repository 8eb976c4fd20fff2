"""One question for every entry: each type of number, missing ones among them, and the one right answer.

The table is read by `test_entries` for what runs here, and by the tests of Spark, Dask and Ray.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import NamedTuple

import poly_match as pm
import pyarrow as pa
from conftest import square

RINGS = [square(0, 0, 4), square(2, 2, 6)]  # the first is the smaller one
X, Y = [1, 3, 7, 50], [1.0, 3.0, 7.0, 50.0]
ANSWERS = [0, 0, 1, None]  # None: in no region
INDEX = pm.Index(RINGS)


class Kind(NamedTuple):
    """A column of coordinates, scores or distances of one type."""

    column: pa.Array
    is_number: bool

    def answers(self) -> list[int | None]:
        """Return the answers of the points with this x; a missing one has no region."""
        there = self.column.is_valid().to_pylist()
        return [answer if is_there else None for answer, is_there in zip(ANSWERS, there, strict=True)]


def kinds(values: list[int]) -> dict[str, Kind]:
    """Return columns of these numbers in every type, and of what is no number, by name."""
    numbers = {
        "int8": pa.int8(), "int16": pa.int16(), "int32": pa.int32(), "int64": pa.int64(),
        "uint8": pa.uint8(), "uint16": pa.uint16(), "uint32": pa.uint32(), "uint64": pa.uint64(),
        "float32": pa.float32(), "float64": pa.float64(),
        "decimal128": pa.decimal128(20, 3), "decimal256": pa.decimal256(50, 7),
    }  # fmt: skip
    others = {
        "booleans": pa.array([True, False, True, True][: len(values)]),
        "text": pa.array([str(value) for value in values]),
        "dates": pa.array([datetime.date(2020, 1, 1)] * len(values)),
        "times": pa.array([datetime.datetime(2020, 1, 1)] * len(values)),
    }
    missing = [values[0], None, *values[2:]]
    table = {}
    for name, kind in numbers.items():
        exact = [Decimal(value) for value in values] if pa.types.is_decimal(kind) else values
        table[name] = Kind(pa.array(exact, kind), True)
        exact = [None if value is None else each for value, each in zip(missing, exact, strict=True)]
        table[f"{name}, one missing"] = Kind(pa.array(exact, kind), True)
    table["all missing"] = Kind(pa.nulls(len(values)), True)
    for name, column in others.items():
        table[name] = Kind(column, False)
        hidden = pa.array([value if i != 1 else None for i, value in enumerate(column.to_pylist())])
        table[f"{name}, one missing"] = Kind(hidden, False)
    return table


KINDS = kinds(X)
