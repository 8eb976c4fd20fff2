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
from poly_match._forms.numbers import Doubles, Ragged
from poly_match._forms.regions import regions_from
from poly_match._forms.shapely import Objects, objects_in, plain_polygons, reached_polygons
from poly_match._rules import Invalid, Metric, Predicate

__all__ = ["Reached", "reached_by"]

Rows = npt.NDArray[np.intp]

FEWER = 2  # polygons per point from which looking at all boxes pays


class Reached(NamedTuple):
    """Polygons that were read, and how many there are."""

    prepared: Prepared
    total: int
    rows: Rows | None  # which of them were read, then -1; None for all

    def positions(self, answers: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return answers as positions among all polygons."""
        return answers if self.rows is None else self.rows[answers]


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
    plain = predicate == "covers" and invalid == "use" and metric == "planar"
    if plain and max_bytes is None and period is None and distance is None:
        objects = objects_in(polygons)
        found = None if objects is None else _read(objects, x, y)
        if objects is not None and found is not None:
            rows, ragged = found
            rule, scores = rule_of(scores_of(polygons, best), len(objects))
            own = scores if scores is None or rows is None else scores[rows[:-1]]
            prepared = Prepared(regions_from(ragged), None, predicate, rule, own, None, None, 0, 0.0)
            return Reached(prepared, len(objects), rows)
    prepared = Prepared.of(polygons, predicate, distance, best, max_bytes, period, invalid, metric)
    return Reached(prepared, len(prepared.regions), None)


def _read(objects: Objects, x: Doubles, y: Doubles) -> tuple[Rows | None, Ragged] | None:
    """Return plain polygons: the rows that were read, then -1, None for all; and arrays. None for others."""
    if FEWER * len(x) <= len(objects):
        return reached_polygons(objects, x, y)
    ragged = plain_polygons(objects)
    return None if ragged is None else (None, ragged)
