"""The commands `check`, `plot` and `index`."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import numpy as np

from poly_match._cli.console import Console
from poly_match._cli.indexes import index_for, screened_regions
from poly_match._cli.match import building, points_format, warn_missing
from poly_match._cli.options import Picture, PointsFile, Rules
from poly_match._cli.planes import check_order, check_planes, warn_nowhere
from poly_match._engine.module import module_of
from poly_match._files import replacing
from poly_match._forms.crs import is_degrees, text_of
from poly_match._forms.numbers import Doubles
from poly_match._forms.points import are_bad
from poly_match._quality.check import examine
from poly_match._readers.coordinates import places_of, points_crs, xy_of
from poly_match._readers.formats import is_module
from poly_match._readers.layer import Layer, read_layer
from poly_match._readers.problems import Problem, UsageProblem
from poly_match._readers.sources import ahead, open_source
from poly_match._rules import Metric

__all__ = ["all_points", "checked", "run_index", "run_plot"]


def run_index(
    polygons: str,
    layer: str | None,
    output: str,
    rules: Rules,
    max_bytes: int | None,
    compact: bool,
    workers: int,
    console: Console,
) -> None:
    """Build an index and save it, as itself or as a WebAssembly module."""
    found = read_layer(polygons, layer)
    with console.bar(building(polygons), None):
        index = index_for(found, rules, console, workers, max_bytes, compact)
    if is_module(output):
        try:
            module = module_of(index._core.block, len(index))
        except ValueError as error:
            raise Problem(f"{output}: {error}") from None
        with replacing(Path(output)) as file:
            file.write(module)
    else:
        index.save(output)
    facts = {"regions": len(index), "bytes": index.nbytes, "output": output}
    console.sum_up(facts, [f"{len(index):,} regions in {index.nbytes:,} bytes", f"wrote {output}"])


# ---- check and plot ----------------------------------------------------------------------------------------


def checked(
    polygons: str, layer: str | None, points: PointsFile | None, as_json: bool, metric: Metric = "planar"
) -> str:
    """Return the report on polygons, and on points to be matched with them."""
    regions = read_layer(polygons, layer)
    places, crs = (None, None) if points is None else all_points(points, regions, None)
    try:
        columns = [column.to_pylist() for column in regions.fields.values()]
        report = examine(regions.shapes, places, crs, text_of(regions.crs), columns, metric)
    except (ValueError, TypeError) as error:
        raise Problem(f"{polygons}: {error}") from None
    return json.dumps(report.to_dict()) if as_json else str(report)


def run_plot(
    points: PointsFile,
    polygons: str,
    layer: str | None,
    output: str,
    rules: Rules,
    picture: Picture,
    console: Console,
) -> None:
    """Draw points on a map of their regions."""
    import matplotlib

    import poly_match as pm

    matplotlib.use("agg")  # never open a window
    regions = read_layer(polygons, layer)
    best = rules.best if rules.score is None else regions.scores(rules.score)
    names = None
    if picture.highlight_by is not None:
        if picture.highlight_by not in regions.fields:
            known = ", ".join(regions.fields) or "(none)"
            raise UsageProblem(f"--highlight {picture.highlight_by}: {polygons} has the fields {known}")
        values = regions.fields[picture.highlight_by].to_pylist()
        names = [None if value is None else str(value) for value in values]
    (x, y), _ = all_points(points, regions, console)
    try:
        axes = pm.plot(
            (x, y), screened_regions(regions, rules, console), predicate=rules.predicate,
            distance=rules.distance, best=best, metric=rules.metric, period=rules.period,
            cells=picture.cells,
            lonlat=is_degrees(text_of(regions.crs)), title=picture.title, extent=picture.extent,
            figsize=picture.size, names=names, highlight=picture.highlight or None,
        )  # fmt: skip
        with replacing(Path(output)) as file:
            axes.figure.savefig(file, format=Path(output).suffix[1:].lower(), dpi=200)
    except (ValueError, TypeError) as error:
        raise Problem(f"{output}: {error}") from None
    console.sum_up({"points": len(x), "output": output}, [f"wrote {output}"])


def all_points(
    points: PointsFile, layer: Layer, console: Console | None
) -> tuple[tuple[Doubles, Doubles], str | None]:
    """Read all points and their CRS; with a console, bring them onto the plane of the layer, or raise."""
    parts: list[tuple[Doubles, Doubles]] = [(np.empty(0), np.empty(0))]
    format = points_format(points.path, points.format)
    with open_source(
        points.path, format, points.layer, option="--points-layer", dialect=points.dialect
    ) as source:
        places = places_of(source, points.x, points.y)
        reprojection = None
        if console is not None:
            check_order(source, layer)
            by_hand = points.x is not None
            reprojection = check_planes(
                source, places, layer, console, named_by_hand=by_hand, reproject=points.reproject
            )
        crs = points_crs(source)
        rows = 0
        with closing(ahead(source)) as batches:
            for batch in batches:
                parts.append(xy_of(source, places, batch, rows))
                rows += batch.num_rows
        x, y = (np.concatenate([part[axis] for part in parts]) for axis in (0, 1))
        if console is not None:
            warn_missing(source, console)
            if reprojection is not None:
                as_read, (x, y) = are_bad(x, y), reprojection(x, y)
                warn_nowhere(source, are_bad(x, y) & ~as_read, reprojection, console)
    return (x, y), crs
