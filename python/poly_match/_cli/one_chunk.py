"""Regions whose points are probably all in one chunk: no index until there is a second one.

The chunk is matched as `match` does it, the cheapest way for its points. The answers are those of an index.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from poly_match._cli.options import Rules
from poly_match._engine.prepared import Prepared
from poly_match._engine.results import Answers, answers_of
from poly_match._forms.numbers import Doubles
from poly_match._index import Index
from poly_match._readers.problems import Problem
from poly_match._readers.sources import Source

__all__ = ["OneChunk", "is_one_chunk"]

FEW_BYTES, FEW_ROWS = 4 << 20, 1 << 16


def is_one_chunk(source: Source, rules: Rules) -> bool:
    """Return whether these points are few, and the rules are those that need no index."""
    plain = rules.predicate == "covers" and rules.metric == "planar" and not rules.period
    most = FEW_BYTES if source.is_text else FEW_ROWS
    return plain and rules.score is None and source.total is not None and source.total <= most


class OneChunk:
    """Regions for one chunk of points, and for more if need be."""

    predicate, metric, period = "covers", "planar", None

    def __init__(self, path: str, prepared: Prepared, build: Callable[[], Index]) -> None:
        self.path, self.prepared, self.build = path, prepared, build
        self.index: Index | None = None
        coords = prepared.regions.coords
        low, high = (coords.min(axis=0), coords.max(axis=0)) if len(coords) else (np.full(2, np.nan),) * 2
        self.bounds = (*low.tolist(), *high.tolist())

    def __len__(self) -> int:
        return len(self.prepared.regions)

    def begin(self, first_row: int) -> None:
        """Begin a chunk; build the index if it is not the first."""
        if first_row > 0 and self.index is None:
            self.index = self.build()

    def match(self, x: Doubles, y: Doubles, workers: int) -> Answers:
        """Return the best region of every point."""
        if self.index is not None:
            return self.index.match((x, y), workers=workers)
        try:
            job = self.prepared.job(x, y, workers=workers)
        except (ValueError, TypeError) as error:
            raise Problem(f"{self.path}: {error}") from None
        return answers_of(job, x, y, None, workers, False, None)
