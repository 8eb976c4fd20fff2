"""All candidates of many points: in chunks, on several cores, one list after the other.

How long the lists will be is not known before, so each thread lists its chunks one after the other into room
that is guessed from what came so far, as often as it takes: the engine stops where the room ends and says how
much the next point needs. Fresh memory costs as much as listing, so what one thread has listed is the result,
without a copy; of several, the pieces are joined in the order of the points.
"""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np

from poly_match import _core
from poly_match._engine.progress import Bar
from poly_match._engine.run import FIRST_CHUNK, ChunkQueue, worker_count
from poly_match._forms.numbers import Doubles, Offsets

__all__ = ["Lists", "list_all"]

_PREPARING = threading.Lock()
_MOST_GUESSED = 1 << 20  # for a chunk; a point with more candidates gets what it needs
_GROWTH = 8  # of room at once: what is never touched costs nothing, a copy does


class Lists(NamedTuple):
    """How many candidates each point has, and all of them, best first; None where they were only counted."""

    counts: Offsets
    ids: Offsets | None
    distances: Doubles | None


class _Room:
    """Where one thread at a time lists."""

    def __init__(self, measured: bool) -> None:
        self.ids: Offsets = np.empty(0, dtype=np.int64)
        self.distances: Doubles | None = np.empty(0) if measured else None
        self.used = 0

    def reserve(self, more: int, likely: int) -> None:
        """Have room for `more` candidates; where it has to grow, for `likely` if that is not far more."""
        need = self.used + more
        if need > len(self.ids):
            size = max(need, min(self.used + likely, _GROWTH * self.used))
            self.ids = self._grown(self.ids, size)
            if self.distances is not None:
                self.distances = self._grown(self.distances, size)

    def _grown(self, array: Any, size: int) -> Any:
        larger = np.empty(size, dtype=array.dtype)
        larger[: self.used] = array[: self.used]
        return larger

    def __getitem__(self, part: slice) -> tuple[Offsets, Doubles | None]:
        return self.ids[part], None if self.distances is None else self.distances[part]


def list_all(
    core: _core.Index,
    x: Doubles,
    y: Doubles,
    most: int,
    listed: bool,
    measured: bool,
    workers: int,
    progress: bool,
) -> Lists:
    """Return the first `most` candidates of every point, -1 for all; only how many unless `listed`."""
    threads = worker_count(workers)
    with _PREPARING:
        core.prepare_lists()
    counts = np.empty(len(x), dtype=np.int64)
    bar = Bar(len(x)) if progress else None
    free: list[_Room] = []  # rooms that no thread has
    pieces: list[tuple[int, _Room, slice]] = []  # with the first point
    rate = 1.0  # candidates per point

    def work(start: int, stop: int) -> None:
        nonlocal rate
        if not listed:
            core.list(x[start:stop], y[start:stop], most, counts[start:stop], None, None)
            return
        try:
            room = free.pop()
        except IndexError:
            room = _Room(measured)
        first, begin, least = start, room.used, FIRST_CHUNK
        while start < stop:
            likely = int(rate * (len(x) - start)) // threads
            room.reserve(max(min(int(rate * (stop - start)), _MOST_GUESSED), least), likely)
            done = core.list(
                x[start:stop], y[start:stop], most, counts[start:stop], *room[slice(room.used, None)]
            )
            used = int(counts[start : start + done].sum())
            if done == 0:
                least = max(2 * least, int(counts[start]))
            else:
                rate = 1.1 * used / done
            room.used += used
            start += done
        pieces.append((first, room, slice(begin, room.used)))
        free.append(room)

    try:
        ChunkQueue(work, len(x), threads).run(None if bar is None else bar.show)
    finally:
        if bar is not None:
            bar.close()
    if not listed:
        return Lists(counts, None, None)
    if len(free) == 1:
        return Lists(counts, *free[0][slice(0, free[0].used)])
    pieces.sort(key=lambda piece: piece[0])
    parts = [room[part] for _, room, part in pieces]
    ids = np.concatenate([np.empty(0, dtype=np.int64), *(ids for ids, _ in parts)])
    if not measured:
        return Lists(counts, ids, None)
    return Lists(counts, ids, np.concatenate([np.empty(0), *(far for _, far in parts if far is not None)]))
