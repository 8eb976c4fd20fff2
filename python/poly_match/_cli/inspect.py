"""The commands `info`, `check`, `plot` and `index`."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from poly_match._cli.console import Console
from poly_match._cli.indexes import index_for, opened_index, screened_regions
from poly_match._cli.match import building, check_order, check_places, points_format, warn_missing
from poly_match._cli.options import PointsFile, Rules
from poly_match._files import replacing
from poly_match._forms.crs import is_degrees, text_of
from poly_match._forms.numbers import Doubles
from poly_match._index import Index
from poly_match._quality.check import examine
from poly_match._readers.coordinates import Columns, crs_of, places_of, points_crs, xy_of
from poly_match._readers.formats import format_of, is_index
from poly_match._readers.layer import Layer, read_layer
from poly_match._readers.problems import Problem, UsageProblem
from poly_match._readers.sources import Source, ahead, open_source

__all__ = ["about", "checked", "report", "run_index", "run_plot"]


def run_index(
    polygons: str, layer: str | None, output: str, rules: Rules, max_bytes: int | None, console: Console
) -> None:
    """Build an index and save it."""
    found = read_layer(polygons, layer)
    with console.bar(building(polygons), None):
        index = index_for(found, rules, console, max_bytes)
    index.save(output)
    facts = {"regions": len(index), "bytes": index.nbytes, "output": output}
    console.sum_up(facts, [f"{len(index):,} regions in {index.nbytes:,} bytes", f"wrote {output}"])


# ---- info --------------------------------------------------------------------------------------------------


def about(path: str, layer: str | None) -> dict[str, Any]:
    """Return facts about a file, without reading its rows if possible."""
    if is_index(path):
        return _about_index(path, opened_index(path))
    format = format_of(path)
    facts: dict[str, Any] = {"path": path, "format": format.name}
    if format.family == "gdal":
        facts["layers"] = _layers(path)
        if layer is None and len(facts["layers"]) > 1:
            return facts
    with open_source(path, format, layer) as source:
        facts["rows"] = source.total if format.family in ("gdal", "parquet") else None
        facts["crs"] = _crs_name(source.crs)
        facts["geometry"] = None if source.geometry is None else source.geometry.name
        facts["x_y"] = _columns_found(source)
        facts["columns"] = {field.name: str(field.type) for field in source.schema}
    return facts


def _about_index(path: str, index: Index) -> dict[str, Any]:
    return {
        "path": path,
        "format": "index",
        "regions": len(index),
        "predicate": index.predicate,
        "best": index.best,
        "period": index.period,
        "bounds": None if np.isnan(index.bounds).any() else list(index.bounds),
        "bytes": index.nbytes,
    }


def _layers(path: str) -> list[str]:
    import pyogrio  # type: ignore[import-untyped]

    try:
        return [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    except Exception as error:  # pyogrio has many exceptions; the message is GDAL's
        raise Problem(f"{path}: cannot be read: {str(error).splitlines()[0]}") from None


def _crs_name(crs: Any) -> str | None:
    if crs is None:
        return None
    known = crs_of(crs)
    code = known.to_authority()
    return ":".join(code) if code else str(known.name)


def _columns_found(source: Source) -> list[str] | None:
    if source.geometry is not None:
        return None
    try:
        places = places_of(source, None, None)
    except UsageProblem:
        return None
    return [places.x, places.y] if isinstance(places, Columns) else None


def report(facts: dict[str, Any]) -> str:
    """Return facts as lines of text."""
    lines = []
    for key, value in facts.items():
        if isinstance(value, dict):
            lines.append(f"{key}:")
            lines += [f"  {name}: {kind}" for name, kind in value.items()]
        elif value is not None:
            text = (
                ", ".join(map(str, value))
                if isinstance(value, list)
                else f"{value:,}"
                if isinstance(value, int)
                else str(value)
            )
            lines.append(f"{key}: {text}")
    return "\n".join(lines)


# ---- check and plot ----------------------------------------------------------------------------------------


def checked(polygons: str, layer: str | None, points: PointsFile | None, as_json: bool) -> str:
    """Return the report on polygons, and on points to be matched with them."""
    regions = read_layer(polygons, layer)
    places, crs = (None, None) if points is None else all_points(points, regions, None)
    try:
        columns = [column.to_pylist() for column in regions.fields.values()]
        report = examine(regions.shapes, places, crs, text_of(regions.crs), columns)
    except (ValueError, TypeError) as error:
        raise Problem(f"{polygons}: {error}") from None
    return json.dumps(report.to_dict()) if as_json else str(report)


def run_plot(
    points: PointsFile,
    polygons: str,
    layer: str | None,
    output: str,
    rules: Rules,
    cells: bool,
    console: Console,
) -> None:
    """Draw points on a map of their regions."""
    import matplotlib

    import poly_match as pm

    matplotlib.use("agg")  # never open a window
    regions = read_layer(polygons, layer)
    best = rules.best if rules.score is None else regions.scores(rules.score)
    (x, y), _ = all_points(points, regions, console)
    try:
        axes = pm.plot(
            (x, y), screened_regions(regions, rules.invalid, console), predicate=rules.predicate,
            distance=rules.distance, best=best, period=rules.period, cells=cells,
            lonlat=is_degrees(text_of(regions.crs)),
        )  # fmt: skip
        with replacing(Path(output)) as file:
            axes.figure.savefig(file, format=Path(output).suffix[1:].lower(), dpi=200)
    except (ValueError, TypeError) as error:
        raise Problem(f"{output}: {error}") from None
    console.sum_up({"points": len(x), "output": output}, [f"wrote {output}"])


def all_points(
    points: PointsFile, layer: Layer, console: Console | None
) -> tuple[tuple[Doubles, Doubles], str | None]:
    """Read all points and their CRS; with a console, raise or warn unless it is that of the layer."""
    parts: list[tuple[Doubles, Doubles]] = [(np.empty(0), np.empty(0))]
    format = points_format(points.path, points.format)
    with open_source(
        points.path, format, points.layer, option="--points-layer", dialect=points.dialect
    ) as source:
        places = places_of(source, points.x, points.y)
        if console is not None:
            check_order(source, layer)
            check_places(source, places, layer, console, named_by_hand=points.x is not None)
        crs = points_crs(source)
        rows = 0
        with closing(ahead(source)) as batches:
            for batch in batches:
                parts.append(xy_of(source, places, batch, rows))
                rows += batch.num_rows
        if console is not None:
            warn_missing(source, console)
    return (np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])), crs
