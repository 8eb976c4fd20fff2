"""All candidates of many points: in chunks, on several cores, one list after the other.

How long the lists will be is not known before, so each chunk of points is listed into room that is guessed
from the one before it, and as often as it takes: the engine stops where the room ends and says how much the
next point needs. In the end the pieces are joined in the order of the points.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np

from poly_match import _core
from poly_match._engine.progress import Bar
from poly_match._engine.run import FIRST_CHUNK, ChunkQueue, worker_count
from poly_match._forms.numbers import Doubles, Offsets

__all__ = ["Lists", "list_all"]

_PREPARING = threading.Lock()
_MOST_ROOM = 1 << 20  # of a guess; a point with more candidates gets what it needs


class Lists(NamedTuple):
    """How many candidates each point has, and all of them, best first; None where they were only counted."""

    counts: Offsets
    ids: Offsets | None
    distances: Doubles | None


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
    pieces: dict[int, list[tuple[Offsets, Doubles | None]]] = {}
    bar = Bar(len(x)) if progress else None
    room = FIRST_CHUNK

    def work(start: int, stop: int) -> None:
        nonlocal room
        if not listed:
            core.list(x[start:stop], y[start:stop], most, counts[start:stop], None, None)
            return
        pieces[start] = mine = []
        while start < stop:
            ids = np.empty(room, dtype=np.int64)
            distances = np.empty(room) if measured else None
            done = core.list(x[start:stop], y[start:stop], most, counts[start:stop], ids, distances)
            used = int(counts[start : start + done].sum())
            mine.append((ids[:used].copy(), None if distances is None else distances[:used].copy()))
            if done == 0:
                room = max(2 * room, int(counts[start]))
            start += done
            room = max(room, min(-(-used * (stop - start) // max(done, 1)), _MOST_ROOM))

    try:
        ChunkQueue(work, len(x), threads).run(None if bar is None else bar.show)
    finally:
        if bar is not None:
            bar.close()
    if not listed:
        return Lists(counts, None, None)
    ordered = [piece for start in sorted(pieces) for piece in pieces[start]]
    ids = np.concatenate([np.empty(0, dtype=np.int64), *(ids for ids, _ in ordered)])
    if not measured:
        return Lists(counts, ids, None)
    return Lists(counts, ids, np.concatenate([np.empty(0), *(far for _, far in ordered if far is not None)]))
