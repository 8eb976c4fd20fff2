"""The options of a call that say what it returns: an array for the answers, distances, at most k.

The engine writes answers as int64; other arrays of the caller are filled a chunk at a time.
"""

from __future__ import annotations

import operator
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from poly_match import _core
from poly_match._engine.run import run
from poly_match._errors import type_error, value_error
from poly_match._forms.numbers import Doubles
from poly_match._rules import TAKE_DISTANCE

Answers = npt.NDArray[np.intp]

_INT64 = np.dtype(np.int64)
_OWN_FITS = np.dtype(np.intp) == _INT64  # as the engine writes answers


def most_of(k: Any, core: _core.Index) -> int:
    """Return how many candidates a point may have, -1 for any number."""
    if k is None:
        if core.predicate == "nearest" and core.distance_count == 0 < len(core):
            raise value_error("k", 'needed for "nearest" without a distance: every region is a candidate')
        return -1
    try:
        most = operator.index(k)
    except TypeError:
        raise type_error("k", f"expected an integer, got {type(k).__name__}") from None
    if most < 1:
        raise value_error("k", f"expected at least 1, got {most}")
    return min(most, sys.maxsize)


def check_measured(argument: str, predicate: str) -> None:
    """Raise unless there are distances, which an argument asks for."""
    if predicate not in TAKE_DISTANCE:
        raise value_error(argument, f'"{predicate}" has no distances; predicate="nearest" has')


def empty_distances(count: int, predicate: str) -> Doubles:
    """Return the array for the distances of this many points."""
    check_measured("return_distance", predicate)
    return np.empty(count, dtype=np.float64)


def check_out(out: Any, count: int, regions: int) -> None:
    """Raise unless `out` can hold the answers."""
    if not isinstance(out, np.ndarray):
        raise type_error("out", f"expected an array of int32 or int64, got {type(out).__name__}")
    if out.dtype.kind != "i" or out.dtype.itemsize not in (4, 8):
        raise type_error("out", f"expected int32 or int64, got dtype {out.dtype}")
    if out.shape != (count,):
        raise value_error("out", f"expected shape ({count},), one answer per point, got {out.shape}")
    if not out.flags.writeable:
        raise value_error("out", "is read-only")
    if count > 1 and abs(out.strides[0]) < out.itemsize:
        raise value_error("out", "its items overlap in memory")
    if regions - 1 > np.iinfo(out.dtype).max:
        raise value_error("out", f"{out.dtype} cannot number {regions} regions")


def answers_of(
    core: _core.Index | _core.Job,
    x: Doubles,
    y: Doubles,
    out: npt.NDArray[Any] | None,
    workers: int,
    progress: bool,
    distances: Doubles | None,
) -> npt.NDArray[Any]:
    """Return the answers for points, in `out` if that is given."""
    if out is None:
        out, fits = np.empty(len(x), dtype=np.intp), _OWN_FITS
    else:
        check_out(out, len(x), len(core))
        if np.may_share_memory(out, x) or np.may_share_memory(out, y):
            x, y = x.copy(), y.copy()
        fits = out.dtype == _INT64 and out.flags.c_contiguous and out.flags.aligned
    match = core.match
    if not fits:

        def match(x: Doubles, y: Doubles, out: npt.NDArray[Any], *more: Doubles) -> None:
            answers = np.empty(len(x), dtype=np.int64)
            core.match(x, y, answers, *more)
            out[...] = answers

    run(match, x, y, out, workers, progress, distances)
    return out
