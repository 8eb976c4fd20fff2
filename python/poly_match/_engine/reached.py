"""What is read for one call: the polygons that its points can reach.

A geometry of shapely knows its box, and reading its vertices takes ten times as long as looking at that. So
where points are fewer than polygons, only those are read whose box holds a point. The others can't be an
answer.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from poly_match._engine.limits import rule_of, scores_of
from poly_match._engine.prepared import Prepared
from poly_match._errors import InputError
from poly_match._forms.numbers import Doubles
from poly_match._forms.regions import read_polygons
from poly_match._forms.shapely import objects_in, rows_near
from poly_match._rules import Invalid, Metric, Predicate

__all__ = ["Reached", "reached_by"]

FEWER = 2  # polygons per point from which looking at all boxes pays


class Reached(NamedTuple):
    """Polygons that were read, and how many there are."""

    prepared: Prepared
    total: int
    rows: npt.NDArray[np.intp] | None  # which of them were read, None for all

    def positions(self, answers: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return answers as positions among all polygons."""
        return answers if self.rows is None else np.append(self.rows, -1)[answers]


def reached_by(
    x: Doubles,
    y: Doubles,
    polygons: Any,
    predicate: Predicate,
    distance: Any,
    best: Any,
    max_bytes: int | None,
    period: float | None,
    invalid: Invalid,
    metric: Metric,
) -> Reached:
    """Check polygons and rules, as `Prepared.of` does; leave out polygons that no point can be in."""
    plain = max_bytes is None and period is None and metric == "planar"
    if plain and predicate == "covers" and invalid == "use":
        objects = objects_in(polygons)
        if objects is not None and FEWER * len(x) <= len(objects):
            rows = rows_near(objects, x, y)
            if rows is not None:
                try:
                    rule, scores = rule_of(scores_of(polygons, best), len(objects))
                    own = rule if scores is None else scores[rows]
                    rules = predicate, distance, own, max_bytes, period, invalid, metric
                    prepared = Prepared.of(objects[rows], *rules, read_polygons(objects[rows]))
                    return Reached(prepared, len(objects), rows)
                except InputError:  # whose row is that of all polygons
                    pass
    prepared = Prepared.of(polygons, predicate, distance, best, max_bytes, period, invalid, metric)
    return Reached(prepared, len(prepared.regions), None)
