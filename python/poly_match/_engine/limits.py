"""Options that come with a rule, as the engine takes them: scores, distances, a budget.

Checked here against the number of regions, in the order of the caller's rows.
"""

from __future__ import annotations

import operator
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from poly_match._errors import type_error, value_error
from poly_match._forms.column import doubles_in, numbers_in
from poly_match._forms.numbers import Doubles
from poly_match._rules import (
    BESTS,
    METRICS,
    NEED_DISTANCE,
    PREDICATES,
    SCORE,
    TAKE_DISTANCE,
    listed,
)

__all__ = [
    "budget_of",
    "check_metric",
    "check_predicate",
    "distances_of",
    "period_of",
    "rule_of",
    "scores_of",
]


def check_predicate(predicate: Any) -> None:
    """Raise unless this is a predicate."""
    if predicate not in PREDICATES:
        raise value_error("predicate", f"expected one of {listed(PREDICATES)}; got {predicate!r}")


def check_metric(metric: Any) -> None:
    """Raise unless this is a metric."""
    if metric not in METRICS:
        raise value_error("metric", f"expected one of {listed(METRICS)}; got {metric!r}")


def scores_of(polygons: Any, best: Any) -> Any:
    """Return the column that `best` names; `best` itself if it is a rule or already the scores."""
    if isinstance(best, str) and best not in BESTS and best in getattr(polygons, "columns", ()):
        return polygons[best]
    return best


def rule_of(best: Any, count: int) -> tuple[str, npt.NDArray[Any] | None]:
    """Return the name of the rule, and the scores as float64, int64 or uint64 when the rule is "score"."""
    if isinstance(best, str):
        if best not in BESTS:
            raise value_error(
                "best",
                f"expected one of {listed(BESTS)}, or an array of one score per region, "
                f"or a column of the polygons' frame; got {best!r}",
            )
        return best, None
    if isinstance(best, (list, tuple)) and best and all(type(score) is int for score in best):
        scores = _exact_integers(best)
    else:
        scores = numbers_in(best, "best")
    if scores.shape != (count,):
        raise value_error("best", f"expected one score for each of {count} regions, got shape {scores.shape}")
    if not count:
        return SCORE, np.empty(0)
    if scores.dtype.kind == "i":
        return SCORE, np.ascontiguousarray(scores, dtype=np.int64)
    if scores.dtype.kind == "u":
        return SCORE, np.ascontiguousarray(scores, dtype=np.uint64)
    if scores.dtype.itemsize > 8:
        raise type_error("best", f"expected numbers of up to 64 bits, got dtype {scores.dtype}")
    missing = np.flatnonzero(np.isnan(scores))
    if missing.size:
        raise value_error("best", "the score is missing or NaN", row=int(missing[0]))
    return SCORE, np.ascontiguousarray(scores, dtype=np.float64)


def _exact_integers(scores: list[int] | tuple[int, ...]) -> npt.NDArray[Any]:
    """Return Python integers as an integer array: NumPy alone would round some of them to floats."""
    for dtype in (np.int64, np.uint64):
        try:
            return np.array(scores, dtype=dtype)
        except OverflowError:
            continue
    raise value_error("best", "integer scores must all fit int64, or all fit uint64")


def distances_of(distance: Any, predicate: str, count: int) -> Doubles | None:
    """Return the distances as one float64 or one per region; None where there is no limit."""
    if distance is None:
        if predicate in NEED_DISTANCE:
            raise value_error("distance", f'needed for predicate="{predicate}"')
        return None
    if predicate not in TAKE_DISTANCE:
        reason = f'has no meaning for "{predicate}"; it belongs to {listed(TAKE_DISTANCE)}'
        raise value_error("distance", reason)
    limits = doubles_in(distance, "distance")
    if limits.ndim and limits.shape != (count,):
        raise value_error(
            "distance", f"expected a number, or one for each of {count} regions, got {limits.shape}"
        )
    bad = np.flatnonzero(~(limits >= 0))
    if bad.size:
        at = int(bad[0])
        reason = f"expected at least 0, got {np.atleast_1d(limits)[at]}"
        raise value_error("distance", reason, row=at if limits.ndim else None)
    return np.ascontiguousarray(np.atleast_1d(limits))


def budget_of(max_bytes: int | None) -> int:
    """Return the number for the engine, 0 for its default."""
    if max_bytes is None:
        return 0
    try:
        budget = operator.index(max_bytes)
    except TypeError:
        raise type_error("max_bytes", f"expected an integer, got {type(max_bytes).__name__}") from None
    if budget < 1:
        raise value_error("max_bytes", f"expected a positive number, got {budget}")
    return min(budget, sys.maxsize)


def period_of(period: Any, metric: str) -> float:
    """Return the number for the engine, 0 for none: on the sphere 360 is what longitudes do anyway."""
    if period is None:
        return 0.0
    number = doubles_in(period, "period")
    if number.ndim:
        raise type_error("period", f"expected one number, got shape {number.shape}")
    if not 0 < number < np.inf:
        raise value_error("period", f"expected a positive, finite number, got {period}")
    if metric == "sphere":
        if number != 360:
            raise value_error("period", f'expected 360 or None with metric="sphere", got {period}')
        return 0.0
    return float(number)
