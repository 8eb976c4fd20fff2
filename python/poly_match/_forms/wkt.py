"""Well-known text, as people write it and as spreadsheets hold it.

Text becomes JSON by a few replacements, so the parsing is that of the standard library, in C, and what comes
out is read as GeoJSON is. Z, M and an SRID in front (EWKT) are passed by.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from poly_match._errors import InputError, value_error
from poly_match._forms import geojson
from poly_match._forms.faults import Faults
from poly_match._forms.numbers import XY, Ragged, Rows, is_missing

__all__ = ["is_wkt", "points_of", "regions_of"]

NAMES = {name.upper(): name for name in geojson.KINDS}
HEAD = re.compile(
    rf"\s*(?:SRID\s*=\s*\d+\s*;)?\s*({'|'.join(NAMES)})\s*(?:Z\s*M|Z|M)?\s*(?=[(,)]|EMPTY|\Z)", re.IGNORECASE
)
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf(?:inity)?)"
POSITION = re.compile(rf"({NUMBER})\s+({NUMBER})(?:\s+(?:{NUMBER})){{0,2}}(?=\s*[,)])", re.IGNORECASE)
EMPTY = re.compile("EMPTY", re.IGNORECASE)
DEEPEST = 64


def is_wkt(value: object) -> bool:
    """Return whether a value is text."""
    return isinstance(value, str)


def points_of(rows: Rows, argument: str, faults: Faults) -> XY:
    """Return x and y of Points; NaN where one is missing or empty."""
    return geojson.points_of(_read(rows, argument, faults), argument, faults)


def regions_of(rows: Rows, argument: str, faults: Faults) -> Ragged:
    """Return the ragged arrays of regions and collections of them; a missing one has no vertices."""
    return geojson.regions_of(_read(rows, argument, faults), argument, faults)


def _read(rows: Rows, argument: str, faults: Faults) -> list[Mapping[str, Any] | None]:
    """Return the geometries of the rows as GeoJSON, None where one is missing or no geometry."""
    geometries: list[Mapping[str, Any] | None] = []
    for row, text in enumerate(rows):
        geometry = None
        if isinstance(text, str):
            try:
                geometry = _geometry_in(text, argument, row) if text.strip() else None
            except InputError as error:
                faults.wrong_value(argument, row, "not valid WKT", error.reason or "")
        elif not is_missing(text):
            faults.wrong_type(argument, row, "WKT like the rows before", type(text).__name__)
        geometries.append(geometry)
    return geometries


def _geometry_in(text: str, argument: str, row: int, depth: int = 0) -> Mapping[str, Any]:
    """Return one geometry."""
    head = HEAD.match(text)
    wrong = value_error(argument, f"not valid WKT: {_shortened(text)!r}", row)
    if head is None or depth > DEEPEST:
        raise wrong
    kind, body = NAMES[head[1].upper()], text[head.end() :].strip()
    if body.upper() == "EMPTY":
        return {"type": kind, "geometries" if kind == geojson.COLLECTION else "coordinates": []}
    if not (body.startswith("(") and body.endswith(")")):
        raise wrong
    if kind == geojson.COLLECTION:
        members = [_geometry_in(each, argument, row, depth + 1) for each in _members_of(body[1:-1])]
        return {"type": kind, "geometries": members}
    try:
        coordinates = _nested(POSITION.sub(r"[\1,\2]", body))
    except ValueError:  # numbers that are not JSON's, such as .5 and nan
        try:
            coordinates = _nested(POSITION.sub(_as_json, body))
        except ValueError:
            raise wrong from None
    if kind == "Point":
        coordinates = coordinates[0] if len(coordinates) == 1 else None
    elif kind == "MultiPoint":  # each position with parentheses around it, or none
        coordinates = [each[0] if each and isinstance(each[0], list) else each for each in coordinates]
    if not isinstance(coordinates, list) or not _is_nested(coordinates, DEPTHS[kind]):
        raise wrong
    return {"type": kind, "coordinates": coordinates}


BRACKETS = str.maketrans("()", "[]")
DEPTHS = {"Point": 0, "LineString": 1, "LinearRing": 1, "MultiPoint": 1, "MultiLineString": 2}
DEPTHS |= {"Polygon": 2, "MultiPolygon": 3}  # lists around a position


def _nested(body: str) -> Any:
    """Return the lists that the parentheses are, where the positions are lists already."""
    return json.loads(EMPTY.sub("[]", body).translate(BRACKETS))


def _as_json(position: re.Match[str]) -> str:
    return json.dumps([float(position[1]), float(position[2])])


def _is_nested(value: list[Any], depth: int) -> bool:
    """Return whether all positions are in so many lists; an empty list is empty at any depth."""
    if depth == 0:
        return not value or isinstance(value[0], (int, float))
    return all(isinstance(each, list) and _is_nested(each, depth - 1) for each in value)


def _members_of(body: str) -> list[str]:
    """Return the geometries of a collection: what is between the commas outside of all parentheses."""
    depths = np.cumsum([(each == "(") - (each == ")") for each in body])
    commas = [at for at, each in enumerate(body) if each == "," and depths[at] == 0]
    return [body[start + 1 : stop] for start, stop in zip([-1, *commas], [*commas, len(body)], strict=True)]


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."
