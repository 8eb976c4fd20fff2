"""Polygons of shapely that are read one by one, each when a point is in its box, and never kept.

A geometry of shapely knows its box. So where no index pays, there is no copy of the polygons either: one that
holds no point is not read, and of the others the points are compared while its vertices are in the cache.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from poly_match._engine.limits import rule_of, scores_of
from poly_match._engine.results import Answers, check_out
from poly_match._engine.run import worker_count
from poly_match._forms.numbers import Doubles
from poly_match._forms.shapely import match_plain, objects_in
from poly_match._rules import Best, Invalid, Metric, Predicate

__all__ = ["Rules", "one_by_one"]

FEW = 2  # points per polygon up to which further threads don't help


class Rules(NamedTuple):
    """The rules of a call of `match`, as they are given."""

    predicate: Predicate
    distance: Any
    best: Best | npt.ArrayLike
    max_bytes: int | None
    period: float | None
    invalid: Invalid
    metric: Metric


def one_by_one(
    x: Doubles, y: Doubles, polygons: Any, rules: Rules, workers: int, out: npt.NDArray[Any] | None
) -> tuple[npt.NDArray[Any], int] | None:
    """Return the answers and how many polygons there are; None for other forms or rules, or for an index."""
    if rules.predicate != "covers" or rules.invalid != "use" or rules.metric != "planar":
        return None
    if any(given is not None for given in (rules.distance, rules.max_bytes, rules.period)):
        return None
    objects = objects_in(polygons)
    if objects is None or (worker_count(workers) > 1 and len(x) > FEW * len(objects)):
        return None
    rule, scores = rule_of(scores_of(polygons, rules.best), len(objects))
    if out is not None:
        check_out(out, len(x), len(objects))
    answers: Answers = np.empty(len(x), dtype=np.int64)
    if not match_plain(objects, rule, scores, x, y, answers):
        return None
    if out is None:
        return answers.astype(np.intp, copy=False), len(objects)
    out[...] = answers
    return out, len(objects)
