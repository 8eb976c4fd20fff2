"""Which points may match which regions? Keys of both sides, of any comparable kind, as group numbers.

Keys are compared exactly, as Python compares values: 1 equals 1.0, and text never equals a number. Each
column is first reduced to its distinct values by the library that holds it, which takes nearly all of the
time; those become Python values and are looked up in a dictionary. Missing keys have no group. The keys of
both sides must be of one kind: text against numbers would silently match nothing.
"""

from __future__ import annotations

import datetime
import numbers
from collections.abc import Hashable, Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from poly_match._errors import type_error, value_error
from poly_match._forms.arrow import is_arrow
from poly_match._forms.file_rows import FileRows
from poly_match._forms.numbers import is_from

__all__ = ["Keys", "columns_of", "shared_names", "without_keys"]

Codes = npt.NDArray[np.int64]

ATTOSECONDS = {"as": 1, "fs": 10**3, "ps": 10**6, "ns": 10**9, "us": 10**12, "ms": 10**15, "s": 10**18}
ATTOSECONDS |= {"m": 60 * 10**18, "h": 3600 * 10**18, "D": 86400 * 10**18, "W": 7 * 86400 * 10**18}


class Keys:
    """The keys of the regions, to look up those of points in.

    Parameters
    ----------
    columns
        One column of values per key; a region's keys all have to be equal to a point's.
    count
        The number of regions.
    """

    def __init__(self, columns: list[Any], count: int) -> None:
        self.levels: list[_Level] = []
        self.pairs: list[Codes] = []  # of the codes so far and those of a level: those that there are
        codes = np.zeros(count, dtype=np.int64)
        self.count = min(count, 1)
        for position, column in enumerate(columns):
            level, found = _Level.of(column, count, _argument(position, len(columns)))
            joined = _joined(codes, found, len(level.numbers))
            pairs, inverse = np.unique(joined, return_inverse=True)
            missing = int(len(pairs) > 0 and pairs[0] < 0)
            codes = inverse.reshape(-1).astype(np.int64) - missing
            self.levels.append(level)
            self.pairs.append(pairs[missing:])
            self.count = len(pairs) - missing
        self.regions = codes  # the group of each region, from 0 to count; -1: none

    def of_points(self, columns: list[Any], count: int) -> Codes:
        """Return the group of each point; -1 if its key is missing or no region has it."""
        codes = np.zeros(count, dtype=np.int64)
        for position, (column, level, pairs) in enumerate(zip(columns, self.levels, self.pairs, strict=True)):
            found = level.codes(column, count, _argument(position, len(columns)))
            joined = _joined(codes, found, len(level.numbers))
            if not len(pairs):
                return np.full(count, -1)
            at = np.minimum(np.searchsorted(pairs, joined), len(pairs) - 1)
            codes = np.where(pairs[at] == joined, at, -1)
        return codes


class _Level(NamedTuple):
    """The distinct values of one key of the regions."""

    numbers: dict[Hashable, int]
    kind: str | None

    @classmethod
    def of(cls, column: Any, count: int, argument: str) -> tuple[_Level, Codes]:
        codes, values, kind = _factorized(column, count, argument, "polygons")
        numbers: dict[Hashable, int] = {}
        table = [-1 if value is None else numbers.setdefault(value, len(numbers)) for value in values]
        return cls(numbers, kind), np.array([*table, -1], dtype=np.int64)[codes]

    def codes(self, column: Any, count: int, argument: str) -> Codes:
        codes, values, kind = _factorized(column, count, argument, "points")
        if kind is not None and self.kind is not None and kind != self.kind:
            raise type_error(
                argument,
                f"the keys of points are {kind} and those of polygons {self.kind}: never equal; "
                "convert one of them",
            )
        table = [-1 if value is None else self.numbers.get(value, -1) for value in values]
        found: Codes = np.array([*table, -1], dtype=np.int64)[codes]
        return found


def _argument(position: int, count: int) -> str:
    return "on" if count == 1 else f"on[{position}]"


def _joined(codes: Codes, more: Codes, count: int) -> Codes:
    """Return one number for each two codes, -1 where one is missing."""
    joined: Codes = np.where((codes < 0) | (more < 0), -1, codes * max(count, 1) + more)
    return joined


# ---- the argument `on` -------------------------------------------------------------------------------------


def columns_of(on: Any, points: Any, polygons: Any) -> tuple[list[Any], list[Any]]:
    """Return the columns of keys that `on` names or holds: those of the points, those of the polygons."""
    pairs = [_pair(each) for each in on] if isinstance(on, list) else [_pair(on)]
    if not pairs:
        raise value_error("on", "an empty list; name at least one key")
    return (
        [_column(key, points, "points") for key, _ in pairs],
        [_column(key, polygons, "polygons") for _, key in pairs],
    )


def shared_names(on: Any) -> list[Hashable]:
    """Return the names that both sides have for a key."""
    pairs = [_pair(each) for each in (on if isinstance(on, list) else [on])]
    return [here for here, there in pairs if _is_name(here) and _is_name(there) and here == there]


def without_keys(points: Any, on: Any) -> Any:
    """Return a table of points without the columns that are keys, so that x and y are left."""
    pairs = [_pair(each) for each in (on if isinstance(on, list) else [on])]
    keys = [key for key, _ in pairs if _is_name(key)]
    names = _names_of(points)
    if not keys or names is None or hasattr(points, "to_crs") or isinstance(points, FileRows):
        return points
    others = [name for name in names if name not in keys]
    return points.select(others) if hasattr(points, "column_names") else points[others]


def _names_of(table: Any) -> list[Any] | None:
    """Return the names of the columns of pyarrow's, pandas' and Polars' tables; None of anything else."""
    names = getattr(table, "column_names", None)
    names = getattr(table, "columns", None) if names is None else names
    return None if names is None else list(names)


def _pair(key: Any) -> tuple[Any, Any]:
    if isinstance(key, tuple):
        if len(key) != 2:
            raise value_error(
                "on",
                f"a tuple is (keys of the points, keys of the polygons), got {len(key)} items; several "
                "keys go in a list",
            )
        return key
    if _is_name(key):
        return key, key
    raise type_error(
        "on",
        "expected the name of a column, (keys of the points, keys of the polygons), or a list of these; "
        f"got {type(key).__name__}",
    )


def _is_name(key: Any) -> bool:
    return isinstance(key, (str, int, np.integer))


def _column(key: Any, table: Any, side: str) -> Any:
    """Return the values of one side's key."""
    if _is_name(key):
        names = _names_of(table)
        if names is None:
            raise type_error(
                "on",
                f"{key!r} names a column, and {side} is no table (got {type(table).__name__}); give the "
                "keys themselves: on=(point_keys, polygon_keys)",
            )
        found = [name for name in names if name == key]
        if len(found) != 1:
            listed = ", ".join(map(repr, names))
            problem = "no column" if not found else f"{len(found)} columns"
            raise value_error("on", f"{side} has {problem} {key!r}; there are: {listed}")
        return table[key]
    both_labelled = all(is_from(each, "pandas") and hasattr(each, "index") for each in (key, table))
    if both_labelled and len(key) == len(table) and not key.index.equals(table.index):
        raise value_error(
            "on",
            f"the keys of {side} have other labels than {side}; bring them in order with "
            f".reindex({side}.index), or give .to_numpy() if their order is right",
        )
    return key


# ---- distinct values ---------------------------------------------------------------------------------------


def _factorized(column: Any, count: int, argument: str, side: str) -> tuple[Codes, list[Any], str | None]:
    """Return the position of each row's value among the distinct ones, these, and what kind they are of.

    A value that is missing is None, and its position may be -1 as well.
    """
    codes, values = _distinct(column, argument, side)
    if len(codes) != count:
        raise value_error(argument, f"expected one key for each of {count} {side}, got {len(codes)}")
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
        return codes, values.tolist(), "numbers" if len(values) else None
    first: tuple[str, Any] | None = None
    plain: list[Any] = []
    for value in values:
        if _is_missing(value):
            plain.append(None)
            continue
        kind = _kind_of(value)
        if first is None:
            first = kind, value
        elif kind != first[0]:
            raise type_error(
                argument,
                f"the keys of {side} are {first[0]} ({first[1]!r}) and {kind} ({value!r}); "
                "convert them to one kind",
            )
        plain.append(_comparable(value))
    return codes, plain, None if first is None else first[0]


def _distinct(column: Any, argument: str, side: str) -> tuple[Codes, Any]:
    """Return the codes and distinct values of a column, found by the library that holds it."""
    if is_from(column, "pandas") and hasattr(column, "dtype"):
        import pandas

        codes, values = pandas.factorize(getattr(column, "array", column))
        is_numeric = values.dtype.kind in "biuf"
        return codes.astype(np.int64), np.asarray(values) if is_numeric else list(values)
    if is_arrow(column) and not isinstance(column, np.ndarray):
        return _distinct_of_arrow(column)
    if hasattr(column, "__array__"):
        return _distinct_of_array(column, argument, side)
    if isinstance(column, (str, bytes)) or not isinstance(column, Iterable):
        raise type_error(
            argument,
            f"expected keys of {side}, one for each, in an array, a list or a column; "
            f"got {type(column).__name__}",
        )
    return _distinct_of_objects(list(column), argument, side)


def _distinct_of_array(array: Any, argument: str, side: str) -> tuple[Codes, Any]:
    mask = np.ma.getmaskarray(array) if isinstance(array, np.ma.MaskedArray) else None
    values = np.asarray(array)
    if values.ndim != 1:
        raise value_error(
            argument,
            f"expected a 1-D array of keys of {side}, got shape {values.shape}; several keys go "
            "in a list, each a column",
        )
    if values.dtype.kind in "mM":
        missing = np.isnat(values)
    elif values.dtype.kind == "f":
        missing = np.isnan(values)
    else:
        missing = np.zeros(len(values), dtype=bool)
    if mask is not None:
        missing |= mask
    if missing.any():
        codes = np.full(len(values), -1, dtype=np.int64)
        codes[~missing], distinct = _distinct_of_array(values[~missing], argument, side)
        return codes, distinct
    if values.dtype.kind in "biu":
        return _distinct_of_integers(values)
    if values.dtype.kind in "fmM":
        distinct, codes = np.unique(values, return_inverse=True)
        return codes.reshape(-1).astype(np.int64), distinct if distinct.dtype.kind == "f" else list(distinct)
    return _distinct_of_objects(values.tolist(), argument, side)


def _distinct_of_integers(values: npt.NDArray[Any]) -> tuple[Codes, npt.NDArray[Any]]:
    """Return codes and distinct values; without sorting where the numbers lie close together."""
    if not len(values):
        return np.empty(0, dtype=np.int64), values
    if values.dtype.kind == "b":
        values = values.astype(np.uint8)
    lowest, highest = int(values.min()), int(values.max())
    if highest - lowest > 4 * len(values) + 1024:
        distinct, codes = np.unique(values, return_inverse=True)
        return codes.reshape(-1).astype(np.int64), distinct
    shifted = (values - values.dtype.type(lowest)).astype(np.intp) if lowest else values.astype(np.intp)
    there = np.zeros(highest - lowest + 1, dtype=bool)
    there[shifted] = True
    return (np.cumsum(there) - 1)[shifted], np.flatnonzero(there) + lowest


def _distinct_of_objects(values: list[Any], argument: str, side: str) -> tuple[Codes, list[Any]]:
    known: dict[Any, int] = {}
    try:
        codes = [known.setdefault(value, len(known)) for value in values]
    except TypeError:
        for row, value in enumerate(values):
            try:
                hash(value)
            except TypeError:
                raise type_error(
                    argument,
                    f"the key of {side}[{row}] is a {type(value).__name__}; keys are numbers, "
                    "text, times, or other values that have a hash",
                ) from None
        raise
    return np.array(codes, dtype=np.int64), list(known)


def _distinct_of_arrow(column: Any) -> tuple[Codes, list[Any]]:
    try:
        import pyarrow as pa  # type: ignore[import-untyped]
    except ImportError:
        rows = column.to_list() if hasattr(column, "to_list") else list(column)
        return _distinct_of_objects(rows, "on", "a column")
    if not isinstance(column, (pa.Array, pa.ChunkedArray)):
        column = pa.chunked_array(column) if hasattr(column, "__arrow_c_stream__") else pa.array(column)
    chunks = [column] if isinstance(column, pa.Array) else column.chunks
    codes: list[Codes] = [np.empty(0, dtype=np.int64)]
    distinct: list[Any] = []
    for chunk in chunks:
        if pa.types.is_null(chunk.type):
            codes.append(np.full(len(chunk), -1))
            continue
        if pa.types.is_string_view(chunk.type) or pa.types.is_binary_view(chunk.type):
            text = pa.types.is_string_view(chunk.type)
            chunk = chunk.cast(pa.large_string() if text else pa.large_binary())
        if not pa.types.is_dictionary(chunk.type):
            chunk = chunk.dictionary_encode()
        numbers = chunk.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
        codes.append(np.where(numbers < 0, -1, numbers + len(distinct)))
        distinct += _values_of_arrow(chunk.dictionary)
    return np.concatenate(codes), distinct


def _values_of_arrow(array: Any) -> list[Any]:
    """Return the values of an Arrow array; times as NumPy's, because Python's end at microseconds."""
    import pyarrow as pa

    if not pa.types.is_temporal(array.type) or pa.types.is_time(array.type):
        values: list[Any] = array.to_pylist()
        return values
    times = list(array.to_numpy(zero_copy_only=False))
    return times if getattr(array.type, "tz", None) is None else [_Zoned(time) for time in times]


# ---- values ------------------------------------------------------------------------------------------------


class _Zoned(NamedTuple):
    """A moment with a time zone, in UTC."""

    moment: np.datetime64


def _is_missing(value: Any) -> bool:
    """Return whether a value means missing: None, NaN, NaT, NA."""
    if value is None or type(value).__name__ == "NAType":
        return True
    if isinstance(value, _Zoned):
        return bool(np.isnat(value.moment))
    return bool(value != value) if not isinstance(value, (str, bytes, tuple)) else False


def _kind_of(value: Any) -> str:
    """Return what a key is, as messages call it; keys of two kinds are never equal."""
    if isinstance(value, np.timedelta64 | datetime.timedelta):
        return "durations"
    if isinstance(value, numbers.Number | np.bool_):
        return "numbers"
    if isinstance(value, str):
        return "text"
    if isinstance(value, _Zoned) or getattr(value, "tzinfo", None) is not None:
        return "times with a time zone"
    if isinstance(value, np.datetime64 | datetime.date):
        return "times"
    return f"of type {type(value).__name__}"


def _comparable(value: Any) -> Hashable:
    """Return a value in a form in which equal ones are equal, whatever library it comes from."""
    if isinstance(value, _Zoned):
        value = value.moment
    if isinstance(value, datetime.date | datetime.timedelta) and is_from(value, "pandas"):
        value = value.to_numpy()  # type: ignore[union-attr]
    elif isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(datetime.UTC).replace(tzinfo=None)
        value = np.datetime64(value, "us")
    elif isinstance(value, datetime.date):
        value = np.datetime64(value, "D")
    elif isinstance(value, datetime.timedelta):
        value = np.timedelta64(value, "us")
    if isinstance(value, np.datetime64):
        unit, step = np.datetime_data(value.dtype)
        if unit in ("Y", "M"):
            value, unit, step = value.astype("datetime64[D]"), "D", 1
        return int(value.astype(np.int64)) * step * ATTOSECONDS[unit]
    if isinstance(value, np.timedelta64):
        unit, step = np.datetime_data(value.dtype)
        number = int(value.astype(np.int64)) * step
        return number * ATTOSECONDS[unit] if unit in ATTOSECONDS else (number, unit)
    return value  # type: ignore[no-any-return]
