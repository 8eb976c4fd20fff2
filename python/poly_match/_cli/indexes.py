"""The index of a command: built from a layer by its rules, or opened."""

from __future__ import annotations

import warnings

from poly_match._cli.console import Console
from poly_match._cli.errors import InputProblem
from poly_match._cli.options import Rules
from poly_match._engine.prepared import Prepared
from poly_match._forms.crs import is_degrees, name_of, text_of
from poly_match._forms.file_rows import FileRows
from poly_match._forms.regions import Regions, read_regions
from poly_match._forms.sphere import on_sphere
from poly_match._forms.validity import screening
from poly_match._index import Index
from poly_match._readers.layer import Layer
from poly_match._readers.problems import Problem
from poly_match._rules import TAKE_DISTANCE, TAKE_LINES

__all__ = ["index_for", "index_of", "opened_index", "prepared_for", "screened_regions"]


def index_for(
    layer: Layer,
    rules: Rules,
    console: Console,
    workers: int,
    max_bytes: int | None = None,
    compact: bool = False,
) -> Index:
    """Build the index of a layer."""
    regions = screened_regions(layer, rules, console)
    _check_unit(layer, rules, console)
    return index_of(regions, layer, rules, workers, max_bytes, compact)


def index_of(
    regions: Regions,
    layer: Layer,
    rules: Rules,
    workers: int,
    max_bytes: int | None = None,
    compact: bool = False,
) -> Index:
    """Build the index of a layer whose regions are checked."""
    best = rules.best if rules.score is None else layer.scores(rules.score)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of degrees: the console said it
            return Index(
                FileRows(layer.fields, text_of(layer.crs), None, regions),
                predicate=rules.predicate,
                distance=rules.distance,
                best=best,
                metric=rules.metric,
                period=rules.period,
                max_bytes=max_bytes,
                compact=compact,
                workers=workers,
            )
    except (ValueError, TypeError) as error:
        raise Problem(f"{layer.path}: {error}") from None


def prepared_for(layer: Layer, rules: Rules, console: Console) -> Prepared:
    """Return the regions and rules of a layer, for an index of some of its rows."""
    best = rules.best if rules.score is None else layer.scores(rules.score)
    regions = screened_regions(layer, rules, console)
    _check_unit(layer, rules, console)
    try:
        return Prepared.of(
            regions, rules.predicate, rules.distance, best, None, rules.period, metric=rules.metric
        )
    except (ValueError, TypeError) as error:
        raise Problem(f"{layer.path}: {error}") from None


def _check_unit(layer: Layer, rules: Rules, console: Console) -> None:
    crs = text_of(layer.crs)
    if rules.metric == "sphere" and is_degrees(crs) is False:
        raise InputProblem(
            f"{layer.path}: is in {name_of(crs)}, which is projected, and --metric sphere takes longitude "
            "and latitude in degrees; convert it (ogr2ogr -t_srs EPSG:4326)"
        )
    if rules.metric == "planar" and rules.predicate in TAKE_DISTANCE and is_degrees(crs):
        console.warn(
            f"{layer.path}: is in {name_of(crs)}, whose unit is the degree, and {rules.predicate} measures "
            "in it, as if a degree were equally long everywhere; use --metric sphere, which measures in "
            "metres, or bring both files into a projected one (ogr2ogr -t_srs)"
        )


def screened_regions(layer: Layer, rules: Rules, console: Console) -> Regions:
    """Return the regions to match, after applying --invalid."""
    try:
        reading = read_regions(layer.shapes, rules.predicate in TAKE_LINES, rules.metric)
        found = screening(on_sphere(reading) if rules.metric == "sphere" else reading, rules.invalid)
    except (ValueError, TypeError) as error:
        raise Problem(f"{layer.path}: {error}") from None
    if not found.summary:
        return found.regions
    count = f"{layer.path}: {found.summary} (counted from 0)"
    check = f"what is wrong with them: poly-match check {layer.path}"
    if rules.invalid == "error":
        raise InputProblem(f"{count}; repair them, or say --invalid use or skip; {check}")
    what = "they match nothing" if rules.invalid == "skip" else "they are used as they are"
    console.warn(f"{count}; {what}; {check}")
    return found.regions


def opened_index(path: str) -> Index:
    """Open a saved index."""
    try:
        return Index.open(path)
    except ValueError as error:
        raise Problem(str(error)) from None
    except OSError as error:
        raise Problem(f"{path}: cannot be read: {error.strerror}") from None
