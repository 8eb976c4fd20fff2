"""The command `match`: read the regions once and the points in chunks. `count` reads them the same way.

Only a chunk of the points is in memory at a time; the regions and their index stay. The output file appears
once it is complete.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]

from poly_match._cli.console import Console
from poly_match._cli.errors import InputProblem, UnmatchedProblem
from poly_match._cli.indexes import index_for, index_of, opened_index, prepared_for
from poly_match._cli.keys import KeyedRegions
from poly_match._cli.one_chunk import OneChunk, is_one_chunk
from poly_match._cli.options import MatchOptions, check_distance_column
from poly_match._cli.planes import Reprojection, check_order, check_planes, warn_nowhere
from poly_match._cli.rows import Chunk, Shape
from poly_match._cli.write import open_target
from poly_match._engine.results import Answers
from poly_match._forms.crs import is_degrees, text_of
from poly_match._forms.numbers import Doubles
from poly_match._forms.points import are_bad
from poly_match._index import Index
from poly_match._quality.places import only_turned
from poly_match._readers.coordinates import Places, places_of, xy_of
from poly_match._readers.formats import PIPE, Format, format_of, is_index, named, output_format
from poly_match._readers.layer import Layer, read_layer
from poly_match._readers.sources import Source, ahead, open_source

__all__ = [
    "Run",
    "building",
    "opened",
    "points_format",
    "run_match",
    "sum_up",
    "warn_missing",
]


@dataclass
class Tally:
    """The numbers of the summary."""

    points: int = 0
    matched: int = 0
    bad: int = 0
    turned: int = 0  # match only when turned by 360
    nearest: int = 0  # are in no region, and have the closest one
    nowhere: int = 0  # have no place in the CRS of the polygons
    preparing: float = 0.0  # seconds
    matching: float = 0.0


@dataclass
class Run:
    """What is open while a command runs."""

    job: MatchOptions
    console: Console
    source: Source
    format: Format  # of the points
    places: Places
    layer: Layer
    index: Index | KeyedRegions | OneChunk
    reprojection: Reprojection | None
    tally: Tally

    def shape(self, added: dict[str, Any] | None, format: Format) -> Shape:
        """Return the columns of an output."""
        distance = None if added is None else self.job.distance_column
        crs = self.layer.crs if self.reprojection is None else self.reprojection.crs
        return Shape(self.source, self.places, added, self.job.audit, format, crs, distance)

    def match(
        self, batch: pa.RecordBatch, x: Doubles, y: Doubles, is_measured: bool
    ) -> tuple[Answers, Doubles | None]:
        """Match one chunk of the points; return the distances as well where they are wanted."""
        workers = self.job.workers
        if isinstance(self.index, Index):
            if is_measured:
                return self.index.match((x, y), workers=workers, return_distance=True)
            return self.index.match((x, y), workers=workers), None
        if isinstance(self.index, OneChunk):
            return self.index.match(x, y, workers), None
        distances = np.full(len(x), np.nan) if is_measured else None
        return self.index.match(batch, x, y, self.tally.points, workers, distances), distances

    def chunks(self) -> Generator[Chunk, None, None]:
        """Match the points, chunk by chunk."""
        tally = self.tally
        is_nearest = self.index.predicate == "nearest"
        is_measured = is_nearest or self.job.distance_column is not None
        bar = self.console.bar(f"matching {_shown(self.job.points)}", self.source.total)
        with bar as advance, closing(ahead(self.source)) as batches:
            for batch in batches:
                as_read = x, y = xy_of(self.source, self.places, batch, tally.points)
                began = time.perf_counter()
                if self.reprojection is not None:
                    x, y = self.reprojection(x, y)
                if isinstance(self.index, OneChunk):
                    self.index.begin(tally.points)
                answers, distances = self.match(batch, x, y, is_measured)
                tally.matching += time.perf_counter() - began
                tally.points += len(answers)
                tally.matched += int(np.count_nonzero(answers >= 0))
                bad = are_bad(x, y)
                tally.bad += int(np.count_nonzero(bad))
                if self.reprojection is not None:
                    tally.nowhere += int(np.count_nonzero(bad & ~are_bad(*as_read)))
                outside = distances > 0 if is_nearest and distances is not None else None
                tally.nearest += 0 if outside is None else int(np.count_nonzero(outside))
                tally.turned += self._turned(batch, x, y, answers >= 0)
                yield Chunk(batch, *as_read, answers, bad, distances, outside)
                advance(self.source.done())

    def _turned(self, batch: pa.RecordBatch, x: Doubles, y: Doubles, matched: npt.NDArray[np.bool_]) -> int:
        """Return how many points of a chunk match only when turned by 360."""
        if self.index.period or self.index.metric == "sphere" or is_degrees(text_of(self.layer.crs)) is False:
            return 0

        def matches(rows: npt.NDArray[np.intp], x: Doubles) -> npt.NDArray[np.bool_]:
            answers, _ = self.match(batch.take(pa.array(rows)), x, y[rows], False)
            return answers >= 0

        return int(np.count_nonzero(only_turned(matches, self.index.bounds, x, matched)))


def run_match(job: MatchOptions, console: Console) -> None:
    """Write every point with the fields of its region."""
    began = time.perf_counter()
    with ExitStack() as stack:
        run = opened(job, console, stack)
        added = {} if is_index(run.layer.path) else run.layer.chosen(job.columns)
        shape = run.shape(added, output_format(job.output, job.format, run.format))
        write = stack.enter_context(open_target(shape.target(job.output)))
        reject = None
        if job.rejects is not None:
            left = run.shape(None, output_format(job.rejects, None, shape.format))
            reject = stack.enter_context(open_target(left.target(job.rejects)))
        for chunk in stack.enter_context(closing(run.chunks())):
            write(shape.batch(chunk))
            if reject is not None:
                reject(left.batch(chunk).filter(pa.array(chunk.answers < 0)))
    sum_up(run, time.perf_counter() - began)


# ---- opening -----------------------------------------------------------------------------------------------


def opened(job: MatchOptions, console: Console, stack: ExitStack) -> Run:
    """Open the points, read the regions, build or open their index."""
    format = points_format(job.points, job.points_format)
    source = stack.enter_context(
        open_source(job.points, format, job.points_layer, option="--points-layer", dialect=job.dialect)
    )
    if format.name == "csv" and source.delimiter is not None:
        format = replace(format, delimiter=source.delimiter)  # so that CSV is written as it was read
    places = places_of(source, job.x, job.y)
    began = time.perf_counter()
    saved = opened_index(job.polygons) if is_index(job.polygons) else None
    if saved is None:
        layer = read_layer(job.polygons, job.polygons_layer)
    else:
        layer = Layer(job.polygons, crs=saved.crs)
    check_order(source, layer)
    by_hand = job.x is not None
    reprojection = check_planes(
        source, places, layer, console, named_by_hand=by_hand, reproject=job.reproject
    )
    index = _index(job, source, layer, console) if saved is None else saved
    if job.distance_column is not None:
        check_distance_column(index.predicate)
    tally = Tally(preparing=time.perf_counter() - began)
    return Run(job, console, source, format, places, layer, index, reprojection, tally)


def _index(
    job: MatchOptions, source: Source, layer: Layer, console: Console
) -> Index | KeyedRegions | OneChunk:
    """Build the index of a layer, or open the one of --index; leave it for later where points are few."""
    layer.chosen(job.columns)  # an unknown name is an error before the work starts
    if job.index is not None:
        index = opened_index(job.index)
        if len(index) != len(layer):
            raise InputProblem(
                f"{job.index}: has {len(index)} regions, but {layer.path} has {len(layer)}; "
                f"build it again: poly-match index {layer.path} -o {job.index} --overwrite"
            )
        return index
    with console.bar(building(job.polygons), None):
        if job.on:
            return KeyedRegions(job.on, source, layer, prepared_for(layer, job.rules, console))
        if is_one_chunk(source, job.rules):
            prepared = prepared_for(layer, job.rules, console)

            def build() -> Index:
                return index_of(prepared.regions, layer, job.rules, job.workers)

            if np.isfinite(prepared.regions.coords).all():
                return OneChunk(layer.path, prepared, build)
            return build()  # which says where it is not
        return index_for(layer, job.rules, console, job.workers)


def _shown(path: str) -> str:
    """Return what the bar calls a file."""
    return "standard input" if path == PIPE else Path(path).name


def building(path: str) -> str:
    """Return what the bar says while the index of a file is built."""
    return f"building the index of {_shown(path)}"


def points_format(path: str, name: str | None) -> Format:
    """Return the format of the points: the given one, else the file's, for a pipe CSV."""
    if name is not None:
        return named(name)
    return named("csv") if path == PIPE else format_of(path)


def warn_missing(source: Source, console: Console) -> None:
    """Say how many coordinates were a word for a missing value."""
    for name, (count, word) in (source.numbers.missing if source.numbers else {}).items():
        cells = "cell says" if count == 1 else "cells say"
        console.warn(
            f"{source.path}: {count:,} {cells} that there is no {name} ({word}); such a point matches nothing"
        )


# ---- summary -----------------------------------------------------------------------------------------------


def sum_up(run: Run, seconds: float) -> None:
    """Print what was done and how long it took; raise for unmatched points with --fail-unmatched."""
    warn_missing(run.source, run.console)
    if run.reprojection is not None:
        warn_nowhere(run.source, run.tally.nowhere, run.reprojection, run.console)
    tally, job = run.tally, run.job
    unmatched = tally.points - tally.matched
    rate = tally.points / tally.matching if tally.matching > 0 else 0.0
    facts = {
        "points": tally.points,
        "matched": tally.matched,
        "unmatched": unmatched,
        "bad_points": tally.bad,
        "regions": len(run.index),
        "seconds": {
            "total": round(seconds, 3),
            "preparing": round(tally.preparing, 3),
            "matching": round(tally.matching, 3),
        },
        "points_per_second": round(rate),
        "output": job.output,
    }
    if tally.turned:
        facts["turned"] = tally.turned
    if run.index.predicate == "nearest":
        facts["nearest"] = tally.nearest
    if run.reprojection is not None:
        facts["reprojected"] = list(run.reprojection.names)
    if job.rejects is not None:
        facts["rejects"] = job.rejects
    bad = f" ({tally.bad:,} with missing or invalid coordinates)" if tally.bad else ""
    speed = f"{rate:,.0f} points/s" if rate else "no points"
    lines = [
        f"{tally.points:,} points: {tally.matched:,} matched, {unmatched:,} unmatched{bad}",
        f"matching took {tally.matching:.2f} s ({speed}), preparing {len(run.index):,} regions "
        f"{tally.preparing:.2f} s, everything with reading and writing {seconds:.2f} s",
    ]
    if run.reprojection is not None:
        lines.append(run.reprojection.sentence)
    if tally.nearest:
        are, get = ("point is", "gets") if tally.nearest == 1 else ("points are", "get")
        lines.append(f"{tally.nearest:,} {are} in no region and {get} the nearest one")
    if tally.turned:
        lines.append(
            f"{tally.turned:,} points match only when turned by 360: --period 360 makes x and x ± 360 one "
            "place"
        )
    lines += [f"wrote {path}" for path in (job.output, job.rejects) if path not in (None, PIPE)]
    run.console.sum_up(facts, lines)
    if job.fail_unmatched and unmatched:
        message = f"{unmatched:,} of {tally.points:,} points are unmatched; --rejects FILE lists them"
        raise UnmatchedProblem("" if run.console.as_json else message)
