"""Polygons and rules as plain arrays for the engine, checked and measured once.

An index is built from these: of all regions or of some rows, for few points or for many.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from poly_match import _core
from poly_match._engine.limits import (
    budget_of,
    check_metric,
    check_predicate,
    distances_of,
    period_of,
    rule_of,
    scores_of,
)
from poly_match._engine.progress import seconds_shown
from poly_match._engine.run import task_runner
from poly_match._forms.numbers import Doubles, Ragged
from poly_match._forms.regions import Reading, Regions, are_polygons, read_regions, regions_at
from poly_match._forms.sphere import on_sphere
from poly_match._forms.validity import screened
from poly_match._rules import TAKE_LINES, Invalid, Metric, Predicate

Rows = npt.NDArray[np.intp]


class Prepared(NamedTuple):
    """Regions and rules. From a list of `Polygon` also its own areas and, as disks, its centers."""

    regions: Regions
    disks: tuple[Doubles, Doubles, Doubles] | None  # x, y and area, instead of the regions
    predicate: str
    rule: str
    scores: npt.NDArray[Any] | None
    distance: Doubles | None
    areas: Doubles | None
    max_bytes: int
    period: float
    metric: Metric = "planar"

    @classmethod
    def of(
        cls,
        polygons: Any,
        predicate: Predicate,
        distance: Any,
        best: Any,
        max_bytes: int | None,
        period: float | None,
        invalid: Invalid = "use",
        metric: Metric = "planar",
        reading: Reading | None = None,
    ) -> Self:
        """Check polygons and rules; the polygons may have been read already."""
        check_predicate(predicate)
        check_metric(metric)
        if reading is None:
            reading = read_regions(polygons, predicate in TAKE_LINES, metric)
        regions, left_out, _ = screened(on_sphere(reading) if metric == "sphere" else reading, invalid)
        count = len(regions)
        rule, scores = rule_of(scores_of(polygons, best), count)
        distances = distances_of(distance, predicate, count)
        budget, turn = budget_of(max_bytes), period_of(period, metric)
        disks = areas = None
        if are_polygons(polygons):
            if invalid == "skip" and left_out.size:
                polygons = _without(polygons, left_out)
                if predicate == "center_within" and distances is not None:  # no center is closer than 0
                    distances = np.broadcast_to(distances, count).copy()
                    distances[left_out] = 0
            x, y, areas = measured_polygons(polygons, regions, metric)
            if predicate == "center_within":
                disks = x, y, areas
            if disks is not None or rule not in ("smallest", "largest"):
                areas = None
        return cls(regions, disks, predicate, rule, scores, distances, areas, budget, turn, metric)

    @property
    def arrays(self) -> Ragged:
        """The arrays of the regions."""
        return self.regions._arrays

    def build(
        self,
        engine: str,
        note: bytes = b"",
        progress: bool = False,
        compact: bool = False,
        workers: int = 1,
    ) -> _core.Index:
        """Build the index."""
        run = task_runner(workers)
        rules = self.rule, self.scores, self.distance
        with seconds_shown(progress) as show:
            kept = self.max_bytes, self.period, note
            if self.disks is not None:
                return _core.Index.from_disks(*self.disks, *rules, engine, *kept, show, self.metric)
            shapes = *self.arrays, self.predicate
            return _core.Index(*shapes, *rules, engine, self.areas, *kept, show, self.metric, compact, run)

    def job(
        self, x: Doubles, y: Doubles, progress: bool = False, workers: int = 1
    ) -> _core.Job | _core.Index:
        """Return what matches these points once, prepared in the cheapest way for them."""
        run = task_runner(workers)
        if self.disks is not None:
            few = is_few(len(x), len(self.regions), len(self.regions.coords), self.predicate)
            return self.build("scan" if few else "auto", progress=progress)
        rules = self.rule, self.scores, self.distance
        kept = self.max_bytes, self.period
        with seconds_shown(progress) as show:
            return _core.Job(
                *self.arrays, self.predicate, *rules, "auto", self.areas, *kept, x, y, show, self.metric, run
            )

    def at(self, rows: Rows) -> Self:
        """Return these rows alone."""
        changed: dict[str, Any] = {"regions": regions_at(self.regions, rows)}
        if self.disks is not None:
            changed["disks"] = tuple(each[rows] for each in self.disks)
        if self.scores is not None:
            changed["scores"] = self.scores[rows]
        if self.areas is not None:
            changed["areas"] = self.areas[rows]
        if self.distance is not None and len(self.distance) != 1:
            changed["distance"] = self.distance[rows]
        return self._replace(**changed)


def measured_polygons(polygons: Any, regions: Regions, metric: str) -> tuple[Doubles, Doubles, Doubles]:
    """Return x, y and area of a list of `Polygon`: on the sphere, where their class doesn't have its own."""
    x, y, areas = _core.measure_polygons(polygons)
    if metric == "planar":
        return x, y, areas
    sphere_areas, centers = _core.regions_measure(*regions._arrays, "sphere")
    plain = [_inherits(polygon, "center") for polygon in polygons]
    x, y = (np.where(plain, centers[:, axis], given) for axis, given in enumerate((x, y)))
    plain = [_inherits(polygon, "area") for polygon in polygons]
    return x, y, np.where(plain, sphere_areas, areas)


def _inherits(polygon: Any, name: str) -> bool:
    """Return whether a polygon has the attribute of `Polygon` itself."""
    own = getattr(type(polygon), name, None) is getattr(_core.Polygon, name)
    return own and name not in getattr(polygon, "__dict__", ())


def _without(polygons: Any, rows: Rows) -> list[Any]:
    """Return polygons with a dot in the place of some, which are nowhere asked for theirs."""
    kept: list[Any] = list(polygons)
    for row in rows.tolist():
        kept[row] = _core.Polygon([0], [0])
    return kept


def is_few(points: Any, regions: Any, vertices: Any, predicate: str) -> Any:
    """Return whether scanning the regions for each point is less work than building a tree of cells.

    Given arrays instead of numbers, it decides for many matches at once.

    A vertex costs a tree some 300 ns; a scan costs a point 1 ns per region and some 300 ns for edges.
    A disk costs a tree 0.3 to 3 µs; a scan, which ends at the first hit, costs a point 10 to 50 ns for a
    thousand disks. Distances take a scan some 3 ns per vertex, so the trees pay after some hundred points.
    """
    if predicate == "center_within":
        return points < 100 * np.minimum(regions, 1000)
    if predicate in ("dwithin", "nearest"):
        return points < 100 + 0 * vertices
    return points * (regions + 300) < 300 * vertices
