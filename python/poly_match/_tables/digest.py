"""One number for many answers, to compare them: independent of order, batch size and number of workers.

Each row is hashed to 64 bits and the hashes are added modulo 2^64. A sum does not depend on the order, so
parts can be digested separately and added; and unlike an exclusive or, it counts duplicate rows. With a key
per row, (key, id) is hashed: equal digests then mean that each point has the same answer. With the position
as the key, the order counts too.

Two different tables have equal digests with a probability of 2^-64. It is not secure against deliberate
collisions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from poly_match._errors import type_error, value_error
from poly_match._forms.column import numbers_in
from poly_match._forms.numbers import array_of

__all__ = ["MODULUS", "digest"]

MODULUS = 2**64  # partial digests add up modulo this

Words = npt.NDArray[np.uint64]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_BLOCK = 16_384  # rows whose words fit in the cache


def digest(ids: Any, keys: Any = None, *, ordered: bool = False) -> int:
    """Return a number that is equal for two matches with the same answers.

    Parameters
    ----------
    ids : (n,) array of integers
        The answers of a match; a missing one, as in a table, counts as -1, no region.
    keys : (n,) array of numbers, or tuple of them, optional
        The identity of each point: a number, or its coordinates as ``(x, y)``. Equal digests then mean that
        both have the same points with the same answers. Without keys, they mean that each id occurs equally
        often.
    ordered : bool
        The position is the key: equal digests mean equal ids in the same order.

    Returns
    -------
    int
        In [0, 2**64). Digests of parts, added modulo 2**64, are the digest of the whole (not when `ordered`;
        give the positions in the whole as `keys` then, which is the same).

    Raises
    ------
    TypeError
        Ids that are not integers; keys that are not numbers.
    ValueError
        Arrays of different lengths, or not one-dimensional; `ordered` with keys.

    Notes
    -----
    A row of words w1, w2, ... (the keys, then the id) is h(... h(h(0 + w1) + w2) ...), and the digest the sum
    of all rows modulo 2^64; h(w) is the output of SplitMix64 for the state w [1]_, whose mixing function is
    number 13 of [2]_. So the digest of one id is the first output of SplitMix64 with that seed. Integers are
    words modulo 2^64, floats are the bits of their float64, with one zero and one NaN.

    O(n) time, a fixed amount of memory.

    References
    ----------
    .. [1] Steele, Lea, Flood: Fast splittable pseudorandom number generators. OOPSLA 2014.
    .. [2] Stafford: Better bit mixing. 2011.

    Examples
    --------
    >>> import numpy as np
    >>> import poly_match as pm
    >>> ids, keys = np.array([3, -1, 3, 0]), np.array([10, 11, 12, 13])
    >>> hex(pm.digest(ids))
    '0x110437a4c8619a9'
    >>> pm.digest(ids) == pm.digest(ids[::-1])
    True
    >>> parts = pm.digest(ids[2:], keys[2:]) + pm.digest(ids[:2], keys[:2])
    >>> parts % 2**64 == pm.digest(ids, keys)
    True
    >>> pm.digest(ids, ordered=True) == pm.digest(ids, np.arange(4))
    True
    """
    answers = _ids(ids)
    count = len(answers)
    if keys is None:
        words = []
    elif ordered:
        raise value_error("ordered", "the position is the key then; leave `keys` out")
    elif isinstance(keys, tuple):
        words = [_column(column, f"keys[{at}]", "biuf") for at, column in enumerate(keys)]
    else:
        words = [_column(keys, "keys", "biuf")]
    for column in words:
        if len(column) != count:
            raise value_error("keys", f"expected one for each of {count} ids, got {len(column)}")
    total = 0
    for start in range(0, count, _BLOCK):
        stop = min(start + _BLOCK, count)
        row = [_words(column[start:stop]) for column in (*words, answers)]
        if ordered:
            row.insert(0, np.arange(start, stop, dtype=np.uint64))
        total += int(_mixed(row).sum(dtype=np.uint64))
    return total % MODULUS


def _ids(values: Any) -> npt.NDArray[Any]:
    """Return answers as integers, -1 for missing ones; a column with missing ones may hold floats."""
    array = numbers_in(values, "ids")
    if array.dtype.kind == "f":
        whole = np.where(np.isnan(array), -1, array)
        if (whole == np.floor(whole)).all():
            array = whole.astype(np.int64)
    return _column(array, "ids", "iu")


def _column(values: Any, argument: str, kinds: str) -> npt.NDArray[Any]:
    array = array_of(values, argument)
    if array.ndim != 1:
        raise value_error(argument, f"expected a 1-D array, got shape {array.shape}")
    if array.size and (array.dtype.kind not in kinds or array.dtype.itemsize > 8):
        expected = "integers" if kinds == "iu" else "integers or floats of up to 64 bits"
        raise type_error(argument, f"expected {expected}, got dtype {array.dtype}")
    return array


def _words(column: npt.NDArray[Any]) -> Words:
    """Return numbers as 64 bits each, equal numbers as equal bits."""
    if column.dtype.kind != "f":
        return column.astype(np.uint64)  # modulo 2^64
    doubles = column.astype(np.float64) + 0.0  # -0.0 becomes 0.0
    doubles[np.isnan(doubles)] = np.nan
    return doubles.view(np.uint64)


def _mixed(row: list[Words]) -> Words:
    state = np.zeros(len(row[0]), dtype=np.uint64)
    for word in row:
        state += word
        state += _STEP
        state ^= state >> np.uint64(30)
        state *= np.uint64(0xBF58476D1CE4E5B9)
        state ^= state >> np.uint64(27)
        state *= np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return state
