"""A match within groups: every point gets the best of the regions that have its key.

Each group is a match of its own, whether there are two or a hundred thousand. A group that takes longer than
a chunk goes the cheapest way for its points, on all cores, with checks for Ctrl-C. The others are too small
for that: one call of the extension handles about 30 ms' worth of them, copying a group's regions together,
matching its points and moving on, about 5 µs for ten squares and ten points. Rows keep their order within a
group, so ties are decided as in a single match.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from poly_match import _core
from poly_match._engine.prepared import Prepared, is_few
from poly_match._engine.progress import Bar
from poly_match._engine.run import ChunkQueue, worker_count
from poly_match._forms.numbers import Doubles

__all__ = ["Groups"]

Rows = npt.NDArray[np.int64]

AUTO, SCAN, NOT_HERE = 0, 1, 255  # what the extension does with a group
LONG = 0.02  # seconds: a group that takes this long is matched by itself
KEPT_VERTICES = 1000  # from this many, the index of a group is kept for the next points


class Groups:
    """Regions in groups, to be matched with points once or repeatedly.

    Parameters
    ----------
    prepared
        The regions and the rules.
    codes : (m,) array of int64
        The group of each region, from 0 to `count`; -1: none.
    keep
        Whether more points will follow; if so, the indexes of large groups are kept.
    """

    def __init__(self, prepared: Prepared, codes: Rows, count: int, keep: bool = False) -> None:
        self.prepared, self.count, self.keep = prepared, count, keep
        self.rows, self.offsets = grouped(codes, count)
        sums = np.concatenate(([0], np.cumsum(np.diff(prepared.regions._vertex_starts())[self.rows])))
        self.vertices = sums[self.offsets[1:]] - sums[self.offsets[:-1]]
        self.kept: dict[int, _core.Index] = {}

    def match(
        self,
        x: Doubles,
        y: Doubles,
        codes: Rows,
        workers: int,
        progress: bool,
        distances: Doubles | None = None,
    ) -> Rows:
        """Return the best region of its group for every point, -1 for none.

        Parameters
        ----------
        codes : (n,) array of int64
            The group of each point, -1 for none.
        distances : (n,) array of float64, optional
            Receives the distances of points that have a group.
        """
        call = _Call(self, x, y, codes, worker_count(workers), distances)
        if not progress:
            call.run(None)
            return call.answers
        bar = Bar(len(x))
        try:
            call.run(bar)
        finally:
            bar.close()
        return call.answers

    def region_rows(self, group: int) -> Rows:
        """Return the rows of a group's regions."""
        rows: Rows = self.rows[self.offsets[group] : self.offsets[group + 1]]
        return rows

    def matcher(self, group: int, x: Doubles, y: Doubles, few: bool, workers: int) -> _core.Index | _core.Job:
        """Return the index of one group, or what matches these points once."""
        if group in self.kept:
            return self.kept[group]
        prepared = self.prepared.at(self.region_rows(group))
        if not self.keep:
            return prepared.job(x, y, workers=workers)
        self.kept[group] = prepared.build("scan" if few else "auto")
        return self.kept[group]


class _Call:
    """The points of one call, by group, and its progress."""

    def __init__(
        self, groups: Groups, x: Doubles, y: Doubles, codes: Rows, workers: int, distances: Doubles | None
    ) -> None:
        self.groups, self.x, self.y, self.workers, self.distances = groups, x, y, workers, distances
        self.answers = np.full(len(x), -1, dtype=np.int64)
        self.rows, self.offsets = grouped(codes, groups.count)
        self.points = np.diff(self.offsets)
        regions, vertices = np.diff(groups.offsets), groups.vertices
        few = is_few(self.points, regions, vertices, groups.prepared.predicate)
        large = np.zeros(len(few), dtype=bool)
        if groups.keep:
            large = vertices >= KEPT_VERTICES
            few &= ~large
        build, look = np.where(few, 0, vertices * 3e-7), np.where(few, regions * 1e-9 + 3e-7, 1e-7)
        self.alone = (large | (build + self.points * look > LONG)) & (self.points > 0)
        self.few = few
        self.engines = np.where(self.alone, NOT_HERE, np.where(few, SCAN, AUTO)).astype(np.uint8)
        self.done = len(x) - len(self.rows)  # points without a group

    def run(self, bar: Bar | None) -> None:
        """Match the slow groups, then the others."""
        for group in np.flatnonzero(self.alone).tolist():
            self._match_alone(group, bar)
        self._match_rest(bar)

    def _match_alone(self, group: int, bar: Bar | None) -> None:
        rows = self.rows[self.offsets[group] : self.offsets[group + 1]]
        x, y, answers = self.x[rows], self.y[rows], np.empty(len(rows), dtype=np.int64)
        matcher = self.groups.matcher(group, x, y, bool(self.few[group]), self.workers)

        measured = None if self.distances is None else np.empty(len(rows))
        arrays: list[npt.NDArray[Any]] = [x, y, answers, *([] if measured is None else [measured])]

        def work(start: int, stop: int) -> None:
            matcher.match(*[array[start:stop] for array in arrays])

        self._run(work, len(rows), len(rows), bar)
        if self.distances is not None and measured is not None:
            self.distances[rows] = measured
        self.answers[rows] = np.append(self.groups.region_rows(group), -1)[answers]

    def _match_rest(self, bar: Bar | None) -> None:
        groups = self.groups
        prepared = groups.prepared
        # Cut where the work is: a group belongs to the chunk that its first vertex or point falls into.
        size = np.where(self.alone | (self.points == 0), 0, self.points + groups.vertices)
        starts = np.concatenate(([0], np.cumsum(size)))
        rules = prepared.predicate, prepared.rule, prepared.scores, prepared.distance, prepared.areas
        kept = prepared.max_bytes, prepared.period
        grouping = groups.rows, groups.offsets, self.rows, self.offsets, self.engines

        def work(start: int, stop: int) -> None:
            first, last = np.searchsorted(starts[:-1], (start, stop)).tolist()
            shapes = prepared.disks or prepared.arrays
            points = self.x, self.y, self.answers, first, last, self.distances, prepared.metric
            arguments: tuple[Any, ...] = *rules, *kept, *grouping, *points
            _core.match_groups(shapes, *arguments)

        self._run(work, int(starts[-1]), int(self.points[~self.alone].sum()), bar)

    def _run(self, work: Any, count: int, points: int, bar: Bar | None) -> None:
        """Do this many pieces of work, which are shown as `points` points."""
        before = self.done
        queue = ChunkQueue(work, count, self.workers)
        queue.run(None if bar is None else lambda done: bar.show(before + done * points // max(count, 1)))
        self.done += points


def grouped(codes: Rows, count: int) -> tuple[Rows, Rows]:
    """Return the rows of each group in their order, one group after the other, and where each begins.

    Sorted by counting, 16 bits at a time: 1 million rows take 10 ms, and those in order already nothing.
    """
    offsets = np.concatenate(([0], np.cumsum(np.bincount(codes + 1, minlength=count + 1)[1:])))
    rows = np.flatnonzero(codes >= 0)
    known = codes[rows]
    if (known[1:] < known[:-1]).any():
        order = np.arange(len(rows))
        for shift in range(0, max(count - 1, 1).bit_length(), 16):
            digits = ((known >> shift) & 0xFFFF).astype(np.uint16)[order]
            order = order[np.argsort(digits, kind="stable")]
        rows = rows[order]
    return rows, offsets
