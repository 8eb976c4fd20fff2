"""What `poly-match match` does: read the regions, stream the points, write one row per point.

Only a piece of the points is in memory at a time; the regions and their index stay. The output appears under
its name when it is complete.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyogrio  # type: ignore[import-untyped]
import shapely  # type: ignore[import-untyped]

from poly_match._csv import CsvError, Reader, lines_of, numbers_of, text_of
from poly_match._files import replacing
from poly_match._index import Best, Index, Predicate

X_NAMES = ("lon", "lng", "long", "longitude", "x")
Y_NAMES = ("lat", "latitude", "y")


class Problem(Exception):
    """Why the job failed, in one sentence."""


class UsageProblem(Problem):
    """A wrong option, found only when the files were open."""


@dataclass
class Job:
    """The arguments and options of the command."""

    points: Path
    polygons: Path
    output: Path
    x_name: str | None
    y_name: str | None
    predicate: Predicate
    distance: float | None
    best: Best
    score: str | None
    columns: list[str] | None
    workers: int


@dataclass
class Tally:
    """What the summary says."""

    points: int = 0
    matched: int = 0
    matching: float = 0.0  # seconds


def run(job: Job, *, progress: bool | None, quiet: bool) -> None:
    """Do the job and sum it up on stderr; a `Problem` says why it could not be done."""
    began = time.perf_counter()
    try:
        reader = Reader(job.points)
        x_name = pick(reader, job.x_name, X_NAMES, "--x")
        y_name = pick(reader, job.y_name, Y_NAMES, "--y")
        shapes, attributes = read_regions(job.polygons)
        best = scores_of(job, attributes)
        added = {name: attributes[name] for name in chosen(job, attributes)}
        built = time.perf_counter()
        try:
            index = Index(shapes, predicate=job.predicate, distance=job.distance, best=best)
        except (ValueError, TypeError) as error:
            raise Problem(f"{job.polygons}: {error}") from None
        built = time.perf_counter() - built
        shown = not quiet and (sys.stderr.isatty() if progress is None else progress)
        with bar(reader, shown) as advance:
            tally = stream(job, reader, x_name, y_name, index, added, advance)
    except CsvError as error:
        raise Problem(str(error)) from None
    except OSError as error:
        raise Problem(f"{error.filename or job.output}: {error.strerror or error}") from None
    if not quiet:
        summarize(job, tally, len(index), built, time.perf_counter() - began)


# ---- the regions -------------------------------------------------------------------------------------------


def read_regions(path: Path) -> tuple[Any, dict[str, Any]]:
    """Return the geometries of a file, and its scalar fields as Arrow columns of one chunk."""
    try:
        meta, table = pyogrio.read_arrow(path)
    except Exception as error:  # pyogrio has a dozen, GDAL's words are in the message
        raise Problem(f"{path}: cannot be read as polygons: {str(error).splitlines()[0]}") from None
    geometry = meta["geometry_name"] or "wkb_geometry"
    if geometry not in table.column_names:
        raise Problem(f"{path}: has no geometry; expected polygons")
    try:
        shapes = shapely.from_wkb(table[geometry].to_numpy(zero_copy_only=False))
    except shapely.errors.ShapelyError as error:
        raise Problem(f"{path}: {error}") from None
    attributes = {}
    for name in table.column_names:
        kind = table[name].type
        if name != geometry and not pa.types.is_nested(kind) and not _is_binary(kind):
            attributes[name] = table[name].combine_chunks()
    return shapes, attributes


def _is_binary(kind: Any) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def scores_of(job: Job, attributes: dict[str, Any]) -> Any:
    """Return what `best` is: the name of a rule, or the numbers of the field to score by."""
    if job.score is None:
        return job.best
    if job.score not in attributes:
        raise UsageProblem(f"--score {job.score}: {job.polygons} has the fields {_names(attributes)}")
    column = attributes[job.score]
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise UsageProblem(f"--score {job.score}: the field is not numeric but {column.type}")
    if column.null_count:
        row = int(np.flatnonzero(np.asarray(column.is_null()))[0])
        raise Problem(f"{job.polygons}: row {row} has no {job.score} to score by; give it one")
    return column.to_numpy(zero_copy_only=False)


def chosen(job: Job, attributes: dict[str, Any]) -> list[str]:
    """Return the fields to add."""
    if job.columns is None:
        return list(attributes)
    for name in job.columns:
        if name not in attributes:
            raise UsageProblem(f"--columns {name}: {job.polygons} has the fields {_names(attributes)}")
    return list(dict.fromkeys(job.columns))


def _names(names: Any) -> str:
    return ", ".join(names) or "(none)"


# ---- the points --------------------------------------------------------------------------------------------


def pick(reader: Reader, wanted: str | None, usual: tuple[str, ...], option: str) -> str:
    """Return the column a coordinate is in: the one asked for, or the only one with a usual name."""
    if wanted is not None:
        if wanted not in reader.names:
            raise UsageProblem(f"{option} {wanted}: {reader.path} has the columns {_names(reader.names)}")
        return wanted
    found = [name for name in reader.names if name.strip().lower() in usual]
    if len(found) == 1:
        return found[0]
    reason = f"several fit: {_names(found)}" if found else f"none is called {', '.join(usual)}"
    raise UsageProblem(
        f"{reader.path}: name the column with {option} ({reason}); the columns are {_names(reader.names)}"
    )


def stream(
    job: Job,
    reader: Reader,
    x_name: str,
    y_name: str,
    index: Index,
    added: dict[str, Any],
    advance: Any,
) -> Tally:
    """Write every point with what its region adds, piece by piece."""
    tally = Tally()
    # As text once; a null behind the last row is what a point without a region takes.
    texts = [pa.concat_arrays([text_of(column), pa.nulls(1, pa.large_string())]) for column in added.values()]
    if not added:
        numbers = pa.array(range(len(index)), pa.int64())
        added = {"region": numbers}
        texts = [pa.concat_arrays([text_of(numbers), pa.nulls(1, pa.large_string())])]
    header = [pa.array([name]) for name in [*reader.names, *unique_names(reader.names, list(added))]]
    with replacing(job.output) as out:
        out.write(lines_of(header))
        for batch in reader.batches():
            x = numbers_of(batch[x_name], job.points, x_name, tally.points)
            y = numbers_of(batch[y_name], job.points, y_name, tally.points)
            began = time.perf_counter()
            winners = index.match((x, y), workers=job.workers)
            tally.matching += time.perf_counter() - began
            unmatched = winners < 0
            rows = pa.array(np.where(unmatched, len(index), winners))
            out.write(lines_of([*batch.columns, *(text.take(rows) for text in texts)]))
            tally.points += len(winners)
            tally.matched += len(winners) - int(unmatched.sum())
            advance(reader.position())
    return tally


def unique_names(taken: list[str], names: list[str]) -> list[str]:
    """Return the names for the added columns: with _region at the end where the points have that name."""
    used = set(taken)
    result = []
    for name in names:
        while name in used:
            name += "_region"
        used.add(name)
        result.append(name)
    return result


# ---- what is said ------------------------------------------------------------------------------------------


@contextmanager
def bar(reader: Reader, shown: bool) -> Iterator[Any]:
    """Show how much of the points file is done, on stderr."""
    if not shown:
        yield lambda position: None
        return
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=console.is_terminal) as progress:  # a log gets the last state
        task = progress.add_task(f"matching {reader.path.name}", total=max(reader.size, 1))
        yield lambda position: progress.update(task, completed=position)


def summarize(job: Job, tally: Tally, regions: int, built: float, total: float) -> None:
    """Say on stderr what was done and how long it took."""
    rate = f"{tally.points / tally.matching:,.0f} points/s" if tally.matching > 0 else "no points"
    print(
        f"{tally.points:,} points: {tally.matched:,} matched, {tally.points - tally.matched:,} unmatched\n"
        f"matching took {tally.matching:.2f} s ({rate}), preparing {regions:,} regions {built:.2f} s, "
        f"everything with reading and writing {total:.2f} s\n"
        f"wrote {job.output}",
        file=sys.stderr,
    )
