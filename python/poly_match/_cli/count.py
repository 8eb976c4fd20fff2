"""The command `count`: how many points every region has, and sums and means of their columns."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from poly_match._cli.console import Console
from poly_match._cli.match import Run, opened, sum_up
from poly_match._cli.options import MatchOptions
from poly_match._cli.rows import unique_names
from poly_match._cli.totals import Totals
from poly_match._cli.write import Target, open_target
from poly_match._readers.formats import Format, is_index, named, output_format
from poly_match._readers.problems import UsageProblem
from poly_match._readers.sources import Geometry

__all__ = ["run_count"]


def run_count(job: MatchOptions, console: Console) -> None:
    """Write every region with the number of its points, and sums and means of their columns."""
    began = time.perf_counter()
    with ExitStack() as stack:
        run = opened(job, console, stack)
        format = output_format(job.output, job.format, named("csv"))
        counts = np.zeros(len(run.index), dtype=np.int64)
        totals = Totals(job.sums, job.means, run.source, job.dialect, len(counts))
        target, columns = _counted(run, format)
        rows = 0
        for chunk in stack.enter_context(closing(run.chunks())):
            counts += np.bincount(chunk.answers[chunk.answers >= 0], minlength=len(counts))
            totals.add(chunk.batch, chunk.answers, rows)
            rows += len(chunk.answers)
        results = [pa.array(counts), *totals.columns()]
        names = unique_names(target.schema.names, ["count", *totals.fields()], "_points")
        fields = [pa.field(name, column.type) for name, column in zip(names, results, strict=True)]
        target.schema = pa.schema([*target.schema, *fields])
        with open_target(target) as write:
            write(pa.RecordBatch.from_arrays([*columns, *results], schema=target.schema))
    sum_up(run, time.perf_counter() - began)


def _counted(run: Run, format: Format) -> tuple[Target, list[Any]]:
    """Return what `count` writes except the numbers: the fields and, if the format has one, the geometry."""
    job, layer = run.job, run.layer
    columns = {} if is_index(layer.path) else layer.chosen(job.columns)
    if not columns:
        columns = {"region": pa.array(range(len(run.index)), pa.int64())}
    names, geometry, geo = list(columns), None, None
    if layer.geometry is not None and format.family != "csv":
        (name,) = unique_names(names, [layer.geometry.name])
        geometry = Geometry(name, "wkb")
        columns[name] = layer.wkb()
        if geometry == layer.geometry:
            geo = layer.geo  # already has this name in it
    elif format.needs_geometry:
        raise UsageProblem(
            f"{layer.path}: an index has no geometries for {format.name}; give the file it was built "
            f"from and --index {layer.path}, or write .csv or .parquet"
        )
    fields = [pa.field(name, column.type) for name, column in columns.items()]
    target = Target(job.output, format, pa.schema(fields), geometry, layer.crs, geo)
    return target, list(columns.values())
