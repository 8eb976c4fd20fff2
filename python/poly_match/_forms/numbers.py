"""What counts as a number? One rule for coordinates, scores and distances, from any library.

Integers, floats and decimals are numbers. A missing one (masked, None, NA, null) is NaN. Booleans, text,
complex numbers, dates and everything else raise a TypeError that names the argument; text is never parsed.
(`Polygon` and the drop-in functions accept the numbers that Python's float() does, as the original did.)
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from poly_match._errors import InputError, type_error, value_error
from poly_match._forms.faults import Faults
from poly_match._rules import X_NAMES, Y_NAMES

Doubles = npt.NDArray[np.float64]
Offsets = npt.NDArray[np.int64]
XY = tuple[Doubles, Doubles]  # of points
Rows = Sequence[Any] | npt.NDArray[np.object_]  # one object each
Kinds = npt.NDArray[np.uint8]
# Coordinates, rings, polygons, regions, kinds of polygons: see `Regions`.
Ragged = tuple[Doubles, Offsets, Offsets, Offsets | None, Kinds | None]

MOST_EXACT = 2.0**53  # integers up to here are float64
KINDS = "iuf"  # of NumPy's types: integers and floats
BOOLEANS = frozenset((bool, np.bool_))


def is_from(value: object, *libraries: str) -> bool:
    """Return whether an object's class, or a base of it, is from a library, without importing that."""
    return any(base.__module__.partition(".")[0] in libraries for base in type(value).__mro__)


def is_missing(value: object) -> bool:
    """Return whether a value means missing: None, NaN or pandas' NA."""
    return value is None or (isinstance(value, float) and value != value) or type(value).__name__ == "NAType"


def is_number(value: object) -> bool:
    """Return whether a single value is a number; missing values are not."""
    if isinstance(value, (bool, np.timedelta64)):  # subclasses of int and of NumPy's integer
        return False
    return isinstance(value, (int, float, Decimal, np.integer, np.floating))


# ---- arrays ------------------------------------------------------------------------------------------------


def array_of(values: Any, argument: str, row: int | None = None) -> npt.NDArray[Any]:
    """Return `values` as an array of any type; ragged rows raise an error that names the argument."""
    try:
        return np.asarray(values)
    except ValueError:
        raise value_error(argument, "expected numbers in rows of one length", row) from None


def numbers_of(values: Any, argument: str, row: int | None = None) -> npt.NDArray[Any]:
    """Return numbers as an array of integers or floats of any size; with missing ones as floats.

    `row` is for errors: the position of `values` in the argument, if they are one row of it.
    """
    if hasattr(values, "filled") and hasattr(values, "mask"):  # numpy.ma
        return _unmasked(values, argument, row)
    if is_numeric_pandas(values):
        values = _from_pandas(values, argument)
    array = array_of(values, argument, row)
    if array.dtype == object:
        return _from_objects(array, argument, row)
    if array.dtype.kind not in KINDS:
        raise type_error(argument, f"expected numbers, got {_called(array.dtype)}", row)
    if isinstance(values, (list, tuple)):
        _check_booleans(values if array.ndim < 2 else chain.from_iterable(values), argument, row)
    return array


def _check_booleans(values: Iterable[Any], argument: str, row: int | None) -> None:
    """Raise if there are booleans among numbers, where NumPy would make them 0 and 1."""
    if not BOOLEANS.isdisjoint(map(type, values)):
        raise type_error(argument, "expected numbers, got booleans among them", row)


def doubles_of(values: Any, argument: str, row: int | None = None) -> Doubles:
    """Return numbers as aligned, native float64, without a copy if they already are."""
    if is_numeric_pandas(values) and values.ndim == 2 and len(set(values.dtypes)) > 1:  # no common type
        return np.column_stack([doubles_of(values.iloc[:, at], argument) for at in range(values.shape[1])])
    numbers = numbers_of(values, argument, row)
    doubles = np.asarray(numbers, dtype=np.float64)
    if numbers.dtype.kind in "iu" and numbers.dtype.itemsize > 4:
        check_exact(numbers, doubles, argument, row)
    elif isinstance(values, (list, tuple)):
        _check_rounded(values, doubles, argument, row)
    return doubles if doubles.flags.aligned else doubles.copy()


def double_of(value: Any, argument: str) -> float:
    """Return one number as a float, NaN if it is missing."""
    doubles = doubles_of(value, argument)
    if doubles.ndim > 0:
        raise type_error(argument, f"expected one number, got shape {doubles.shape}")
    return float(doubles)


def check_exact(numbers: npt.NDArray[Any], doubles: Doubles, argument: str, row: int | None = None) -> None:
    """Refuse integers that are no float64: rounded, they would be another place."""
    beyond = np.argwhere(np.abs(doubles) >= MOST_EXACT)
    for at in map(tuple, beyond.tolist()):
        if int(numbers[at]) != int(doubles[at]):
            raise value_error(
                argument,
                f"{numbers[at]} is beyond 2**53 and no float64, which is what coordinates are computed in; "
                "subtract an origin from all coordinates first",
                at[0] if row is None and at else row,
            )


def _check_rounded(values: Any, doubles: Doubles, argument: str, row: int | None) -> None:
    """Refuse integers in a list that NumPy rounded, because there are floats beside them."""
    if (np.abs(doubles) >= MOST_EXACT).any():
        _from_objects(np.array(values, dtype=object), argument, row)


def is_numeric_pandas(values: Any) -> bool:
    """Return whether this is from pandas and all columns are integers or floats, in any backend."""
    if not is_from(values, "pandas") or not hasattr(values, "ndim"):
        return False
    dtypes = values.dtypes if values.ndim == 2 else [values.dtype]
    return all(dtype.kind in KINDS for dtype in dtypes)


def _called(dtype: np.dtype[Any]) -> str:
    names = {"b": "booleans", "c": "complex numbers", "U": "text", "S": "bytes", "T": "text"}
    return names.get(dtype.kind, f"dtype {dtype}")


def _unmasked(values: Any, argument: str, row: int | None) -> npt.NDArray[Any]:
    array = numbers_of(np.asarray(values.data), argument, row)
    mask = np.ma.getmaskarray(values)
    return with_missing(array, mask, argument) if mask.any() else array


def with_missing(array: npt.NDArray[Any], missing: npt.NDArray[np.bool_], argument: str) -> Doubles:
    """Return numbers as float64, NaN where they are missing."""
    if array.dtype.kind in "iu" and array.dtype.itemsize > 4:
        array = np.where(missing, array.dtype.type(0), array)
        check_exact(array, array.astype(np.float64), argument)
    return np.where(missing, np.nan, array.astype(np.float64))


def _from_pandas(values: Any, argument: str) -> npt.NDArray[Any]:
    """Return numbers from pandas as a NumPy array; extension types may have missing values."""
    dtypes = list(values.dtypes) if values.ndim == 2 else [values.dtype]
    if all(isinstance(dtype, np.dtype) for dtype in dtypes):
        return np.asarray(values)
    missing = np.asarray(values.isna())
    if missing.any():
        if all(dtype.kind in "iu" for dtype in dtypes):
            integers = values.fillna(0).to_numpy(np.result_type(*map(_plain, dtypes)))
            return with_missing(integers, missing, argument)
        return np.asarray(values.to_numpy(np.float64, na_value=np.nan))
    return np.asarray(values.to_numpy(np.result_type(*map(_plain, dtypes))))


def _plain(dtype: Any) -> Any:
    return getattr(dtype, "numpy_dtype", dtype)


def _from_objects(array: npt.NDArray[Any], argument: str, row: int | None) -> Doubles:
    """Return Python numbers, including decimals, as float64, each rounded once."""
    doubles = np.empty(array.shape)
    flat = doubles.reshape(-1)
    width = array.shape[1] if array.ndim == 2 else 1
    for i, value in enumerate(array.flat):
        at = row if row is not None or array.ndim == 0 else i // width
        if is_missing(value):
            flat[i] = np.nan
        elif is_number(value):
            try:
                flat[i] = float(value)
                if isinstance(value, (int, np.integer)):
                    check_exact(np.array(value, dtype=object), flat[i : i + 1].reshape(()), argument, at)
            except (OverflowError, ValueError):  # an integer beyond all floats; a signalling NaN
                raise value_error(argument, f"{value} is beyond the range of a float", at) from None
        else:
            raise type_error(argument, f"expected numbers, got {type(value).__name__}", at)
    return doubles


def decimals_of(words: npt.NDArray[Any], scale: int) -> Doubles:
    """Return decimals as float64, correctly rounded.

    Each row of `words` is one integer in this machine's byte order, to be divided by ``10**scale``.
    """
    least = 0 if sys.byteorder == "little" else -1
    low = words[:, least].astype(np.int64)
    others = np.delete(words, least, axis=1)
    # An integer up to 2^53 and a power of ten up to 10^22 are exact as doubles, so one division rounds once.
    plain = (others == np.where(low < 0, -1, 0)[:, None]).all(axis=1) & (np.abs(low) <= 1 << 53)
    if not 0 <= scale <= 22:
        plain[:] = False
    doubles = low / 10.0 ** (scale if 0 <= scale <= 22 else 0)
    for row in np.flatnonzero(~plain).tolist():
        number = int.from_bytes(words[row].tobytes(), sys.byteorder, signed=True)
        doubles[row] = number / 10**scale if scale >= 0 else float(number * 10**-scale)
    return doubles


# ---- pairs -------------------------------------------------------------------------------------------------


def pairs_of(rows: list[Any], argument: str, faults: Faults) -> Doubles:
    """Return rows of two numbers as an (n, 2) array; missing rows are NaN."""
    if not rows:
        return np.empty((0, 2))
    try:
        array = array_of(rows, argument)
        if array.ndim == 2 and array.shape[1] == 2 and (array.dtype.kind in KINDS or array.dtype == object):
            _check_booleans(chain.from_iterable(rows), argument, None)
            doubles = doubles_of(array, argument)
            _check_rounded(rows, doubles, argument, None)
            return doubles
    except InputError:
        pass
    # Only now each row is looked at. Nothing has to be wrong: one may be missing, and numbers that are fine
    # alone may have no common type, such as 2**63 and -1.
    pairs = np.full((len(rows), 2), np.nan)
    for row, each in enumerate(rows):
        if is_missing(each):
            continue
        try:
            pairs[row] = pair_of(each, argument, row)
        except InputError as error:
            faults.note(row, error)
    return pairs


def pair_of(value: Any, argument: str, row: int) -> Doubles:
    """Return one row of two numbers."""
    pair = doubles_of(value, argument, row)
    if pair.shape != (2,):
        raise value_error(argument, f"expected two numbers, got shape {pair.shape}", row)
    return pair


def check_order(names: Sequence[object], argument: str) -> None:
    """Raise if the names of two columns of coordinates are in the order (y, x)."""
    first, second = (str(name).lower() for name in names[:2])
    if first in Y_NAMES and second in X_NAMES:
        raise value_error(argument, f"expected the columns (x, y) in this order, got ({first}, {second})")
