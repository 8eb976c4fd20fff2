"""Where the coordinates of a source are, and their numbers: two columns, a geometry, or text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from poly_match._errors import InputError, InputTypeError
from poly_match._forms.arrow import points_of
from poly_match._forms.column import doubles_in
from poly_match._forms.crs import text_of
from poly_match._forms.faults import Faults
from poly_match._forms.numbers import Doubles
from poly_match._readers.csv import NO_HEADER
from poly_match._readers.dialect import is_number
from poly_match._readers.problems import Problem, UsageProblem
from poly_match._readers.sources import Geometry, Source
from poly_match._rules import AXES, X_NAMES, Y_NAMES

__all__ = ["Columns", "Places", "Wkt", "crs_of", "places_of", "points_crs", "wkb_of", "xy_of"]


def crs_of(crs: Any) -> Any:
    """Return a coordinate reference system as pyproj knows it."""
    import pyproj

    try:
        return pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError:
        raise Problem(f"PROJ does not know the coordinate reference system {str(crs)[:60]}") from None


@dataclass(frozen=True)
class Columns:
    """Coordinates in two columns."""

    x: str
    y: str


@dataclass(frozen=True)
class Wkt:
    """Points that are in one column, as text."""

    name: str


Places = Columns | Geometry | Wkt


def places_of(source: Source, x: str | None, y: str | None) -> Places:
    """Return where the coordinates are: the columns given, a geometry, or columns with usual names."""
    if source.geometry is not None and x is None and y is None:
        return source.geometry
    names = [name for name in source.schema.names if source.geometry is None or name != source.geometry.name]
    found = _picked(source.path, names, x, X_NAMES, "--x"), _picked(source.path, names, y, Y_NAMES, "--y")
    if isinstance(found[0], str) and isinstance(found[1], str):
        return Columns(found[0], found[1])
    if source.wkt is not None and x is None and y is None:
        return Wkt(source.wkt)
    option, reason = ("--y", found[1]) if isinstance(found[0], str) else ("--x", found[0])
    listed = ", ".join(names) or "(none)"
    problem = f"{source.path}: name the column with {option} ({reason}); the columns are {listed}"
    if any(is_number(name) for name in names):
        raise UsageProblem(f"{problem}; the first line seems to be data, not names", NO_HEADER)
    likely = _likely(names)
    if not likely:
        raise UsageProblem(problem)
    (first_x, first_y), others = likely[0], likely[1:]
    more = "".join(f" or --x {each_x} --y {each_y}" for each_x, each_y in others[:3])
    raise UsageProblem(
        f"{problem}; did you mean --x {first_x} --y {first_y}{more}?",
        ("--x", first_x, "--y", first_y),
    )


def _picked(path: str, names: list[str], wanted: str | None, usual: tuple[str, ...], option: str) -> Any:
    """Return the name of a column, or why there is none, as a tuple with that reason."""
    if wanted is not None:
        if wanted not in names:
            raise UsageProblem(f"{option} {wanted}: {path} has the columns {', '.join(names) or '(none)'}")
        return wanted
    found = [name for name in names if name.strip().lower() in usual]
    if len(found) == 1:
        return found[0]
    return _NotFound(f"several fit: {', '.join(found)}" if found else f"none is called {', '.join(usual)}")


@dataclass(frozen=True)
class _NotFound:
    """Why no column was picked."""

    reason: str

    def __str__(self) -> str:
        return self.reason


def _likely(names: list[str]) -> list[tuple[str, str]]:
    """Return pairs of columns whose names differ as those of x and y do: start_lng and start_lat."""
    known = {name.lower(): name for name in names}
    pairs: dict[str, str] = {}
    for name in names:
        for x, y in AXES:
            found = name.lower().rfind(x)
            other = known.get(name.lower()[:found] + y + name.lower()[found + len(x) :])
            if found >= 0 and other is not None and other != name:
                pairs.setdefault(name, other)
    return list(pairs.items())


def points_crs(source: Source) -> str | None:
    """Return the CRS of points as text: "" if a geometry has none, None for two columns."""
    return None if source.geometry is None and source.crs is None else text_of(source.crs)


def xy_of(source: Source, places: Places, batch: pa.RecordBatch, rows_before: int) -> tuple[Doubles, Doubles]:
    """Return the coordinates of a batch; NaN where there are none."""
    if isinstance(places, Columns):
        x, y = (_numbers(source, batch[name], name, rows_before) for name in (places.x, places.y))
        return x, y
    column = batch[places.name]
    if isinstance(places, Wkt):
        column = wkb_of(source, column, places.name, rows_before)
    try:
        faults = Faults()
        found = points_of(column, "points", faults)
        if faults:
            raise faults.rows[min(faults.rows)].error
        return found
    except InputError as error:
        where = "" if error.row is None else f"row {rows_before + error.row + 1}: "
        hint = "; POINTS comes first, then POLYGONS" if "olygon" in str(error.reason) else ""
        raise Problem(f"{source.path}: {where}{error.reason}{hint}") from None


def wkb_of(source: Source, column: Any, name: str, rows_before: int) -> Any:
    """Return a column of WKT as WKB; no WKT: an error with its row."""
    import shapely  # type: ignore[import-untyped]

    text = pc.utf8_trim_whitespace(column)
    text = pc.replace_substring_regex(text, r"(?i)^SRID=\d+;\s*", "")
    texts = pc.if_else(pc.equal(text, ""), pa.scalar(None, text.type), text).to_numpy(zero_copy_only=False)
    shapes = shapely.from_wkt(texts, on_invalid="ignore")
    wrong = np.flatnonzero(shapely.is_missing(shapes) & (texts != np.array(None)))
    if wrong.size:
        row = rows_before + int(wrong[0]) + 1
        raise Problem(f"{source.path}: row {row}: column {name} is no WKT: {texts[wrong[0]][:40]!r}")
    return pa.array(shapely.to_wkb(shapes), pa.binary())


def _numbers(source: Source, column: Any, name: str, rows_before: int) -> Doubles:
    """Return a column as doubles. Text is parsed only in CSV, which has no types."""
    if source.numbers is not None:
        return source.numbers.parsed(column, name, rows_before)
    try:
        return doubles_in(column, name)
    except InputTypeError:
        raise UsageProblem(
            f"{source.path}: column {name} is not numeric but {column.type}; name the column with --x and --y"
        ) from None
