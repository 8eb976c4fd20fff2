"""Points and polygons in Arrow columns, from any library, through the Arrow PyCapsule interface.

The extension checks what was exported and returns tuples and read-only arrays over the same memory. This
module interprets them: which column of a table is the geometry, how it is laid out (GeoArrow, WKB, plain
numbers), which rows are missing. Coordinates in one chunk are not copied. No Arrow library is imported.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from poly_match import _core
from poly_match._errors import type_error, value_error
from poly_match._forms import parts, wkb, wkt
from poly_match._forms.faults import Faults
from poly_match._forms.numbers import (
    XY,
    Doubles,
    Offsets,
    Ragged,
    check_order,
    decimals_of,
    doubles_of,
    is_from,
    with_missing,
)
from poly_match._rules import TAKE_LINES, listed

EXPECTED = (
    "a GeoArrow or WKB column, or a table with exactly one of them or with exactly two numeric columns (x, y)"
)
NUMBERS = frozenset("cCsSiIlLefg")
DECIMAL = re.compile(r"d:\d+,(?P<scale>-?\d{1,3})(?:,(?:32|64|128|256))?")
NULL, DICTIONARY = "n", "dictionary"  # columns without values; dictionary-encoded columns
BYTES, TEXT = frozenset(("z", "Z", "vz")), frozenset(("u", "U", "vu"))
OTHERS = {
    "b": "booleans",
    "dictionary": "a dictionary (decode it)",
}
LISTS = frozenset(("+l", "+L"))
DIMENSIONS = ("xy", "xyz", "xym", "xyzm")
WKB, WKT = "wkb", "wkt"
KINDS = {0: "point", 2: "polygon", 3: "multipolygon"}  # by the number of lists around a coordinate
# The depth of those whose layout alone doesn't tell them from others: a column has to be typed.
TYPED = {"point": 0, "linestring": 1, "multipoint": 1, "multilinestring": 2}


class Field(NamedTuple):
    """One field of a schema."""

    format: str
    name: str
    metadata: dict[str, bytes]
    children: tuple[Field, ...]


class Array(NamedTuple):
    """One chunk of a field's data; `nulls` is -1 where they were not counted."""

    length: int
    offset: int
    nulls: int
    buffers: tuple[Any, ...]
    children: tuple[Array, ...]


class Column(NamedTuple):
    """The geometry column of what the caller passed."""

    field: Field
    chunks: list[Array]


# ---- import ------------------------------------------------------------------------------------------------


def is_arrow(values: object) -> bool:
    """Return whether an object offers its data through the Arrow PyCapsule interface."""
    return hasattr(values, "__arrow_c_array__") or hasattr(values, "__arrow_c_stream__")


def _take(values: Any, argument: str) -> Column:
    """Return all that an object exports."""
    # Bound to names, so that no capsule is destroyed (which may run Python code) while an exception
    # propagates.
    if hasattr(values, "__arrow_c_array__"):
        schema, array = values.__arrow_c_array__()
        field, chunks = _core.arrow_array(argument, schema, array)
    else:
        stream = values.__arrow_c_stream__()
        field, chunks = _core.arrow_stream(argument, stream)
    return Column(_field(field), [_array(chunk) for chunk in chunks])


def _field(field: Any) -> Field:
    format, name, metadata, children = field
    return Field(format, name, metadata, tuple(_field(child) for child in children))


def _array(array: Any) -> Array:
    length, offset, nulls, buffers, children = array
    return Array(length, offset, nulls, buffers, tuple(_array(child) for child in children))


def _geometry_of(values: Any, argument: str) -> Column:
    """Return the geometry: a whole column, a whole table of two numeric columns, or one column of a table."""
    field, chunks = _take(values, argument)
    if _is_pair(field):
        check_order([child.name for child in field.children], argument)
        x, y = field.children
        return Column(field._replace(children=(x._replace(name="x"), y._replace(name="y"))), chunks)
    if not _is_table(field):
        return Column(field, chunks)
    at = _geometry_child(field)
    if at is None:
        shown = ", ".join(f"{child.name!r} of {_described(child)}" for child in field.children)
        raise type_error(argument, f"expected {EXPECTED}; got the columns {shown or '(none)'}")
    for chunk in chunks:
        if _valid(chunk) is not None:
            raise value_error(argument, "rows of a table cannot be missing as a whole")
    parts = [_part(chunk.children[at], chunk.offset, chunk.offset + chunk.length) for chunk in chunks]
    return Column(field.children[at], parts)


def _geometry_child(table: Field) -> int | None:
    """Return the position of the geometry: the primary column, else the only one typed or laid out as one."""
    primary = _geoparquet(table).get("primary_column")
    # Text is geometry in a column alone, and in a table only where it says so: it may be anything.
    for test in (
        lambda field: field.name == primary,
        _extension,
        lambda field: _kind_of(field) not in (None, WKT),
    ):
        found = [at for at, field in enumerate(table.children) if test(field)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _extension(field: Field) -> str | None:
    """Return the name of a GeoArrow type (or an older GDAL one), without its prefix."""
    name = field.metadata.get("ARROW:extension:name", b"").decode(errors="replace")
    prefix, _, kind = name.partition(".")
    return kind if prefix in ("geoarrow", "ogc") else None


def _described(field: Field) -> str:
    """Return the type of a field as errors name it."""
    name = field.metadata.get("ARROW:extension:name", b"").decode(errors="replace")
    if _is_number(field):
        return name or "numbers"
    return (
        name
        or ("text" if field.format in TEXT else _kind_of(field))
        or OTHERS.get(field.format.partition(":")[0], f"Arrow format {field.format!r}")
    )


def _type_metadata(field: Field) -> dict[str, Any]:
    """Return the metadata of a GeoArrow type."""
    return _parsed(field.metadata.get("ARROW:extension:metadata", b""))


def _geoparquet(table: Field) -> dict[str, Any]:
    """Return the GeoParquet metadata of a table."""
    return _parsed(table.metadata.get("geo", b""))


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


# ---- what a field is ---------------------------------------------------------------------------------------


def _is_table(field: Field) -> bool:
    """Return whether items are rows of a table, which may have a geometry column."""
    return field.format == "+s" and not _extension(field) and not _is_coordinate(field)


def _is_pair(field: Field) -> bool:
    """Return whether this is a table of exactly two numeric columns, with any names."""
    return _is_table(field) and len(field.children) == 2 and _are_numbers(field.children)


def _is_coordinate(field: Field) -> bool:
    """Return whether items are coordinates, interleaved or separated."""
    if field.format in ("+w:2", "+w:3", "+w:4"):
        return _are_numbers(field.children)
    names = [child.name for child in field.children]
    return field.format == "+s" and names in map(list, DIMENSIONS) and _are_numbers(field.children)


def _is_number(field: Field) -> bool:
    """Return whether items are numbers; an untyped null counts as a missing one."""
    return field.format in NUMBERS or field.format == NULL or DECIMAL.fullmatch(field.format) is not None


def _are_numbers(fields: tuple[Field, ...]) -> bool:
    return all(map(_is_number, fields))


def _kind_of(field: Field) -> str | None:
    """Return "point", "polygon", "multipolygon", "wkb" or "wkt" as the layout says, None for none of them."""
    if field.format in BYTES:
        return WKB
    if field.format in TEXT:
        return WKT
    return KINDS.get(_depth(field))


def _depth(field: Field) -> int:
    """Return how many lists there are around coordinates, -1 where there are none."""
    depth = 0
    while field.format in LISTS:
        field, depth = field.children[0], depth + 1
    return depth if _is_coordinate(field) else -1


def _kind(field: Field, argument: str, allowed: tuple[str, ...], expected: str) -> str:
    """Return the kind of a field; raise if it is not allowed, or if type and layout disagree."""
    extension, kind = _extension(field), _kind_of(field)
    if kind not in (*allowed, WKB, WKT) or extension not in (None, kind):
        raise type_error(argument, f"expected {expected}, got {_described(field)}")
    return kind


# ---- items and rows ----------------------------------------------------------------------------------------


def _part(array: Array, start: int, stop: int) -> Array:
    """Return some of the items of an array."""
    if start == 0 and stop == array.length:
        return array
    return array._replace(offset=array.offset + start, length=stop - start, nulls=-1 if array.nulls else 0)


def _valid(array: Array) -> npt.NDArray[np.bool_] | None:
    """Return which items are valid; None if all are."""
    bits = array.buffers[0]
    if bits is None or array.nulls == 0:
        return None
    first, stop = array.offset // 8, (array.offset + array.length + 7) // 8
    flags = np.unpackbits(bits[first:stop], bitorder="little")[array.offset % 8 :][: array.length]
    return None if flags.all() else flags.astype(bool)


def _numbers(field: Field, array: Array, argument: str) -> npt.NDArray[Any]:
    """Return the numbers of a column: integers or floats, floats where one is missing."""
    if field.format == NULL:
        return np.full(array.length, np.nan)
    numbers: npt.NDArray[Any] = array.buffers[1][array.offset : array.offset + array.length]
    decimal = DECIMAL.fullmatch(field.format)
    if decimal is not None:
        numbers = decimals_of(numbers, int(decimal["scale"]))
    valid = _valid(array)
    return numbers if valid is None else with_missing(numbers, ~valid, argument)


def _doubles(field: Field, array: Array, argument: str) -> Doubles:
    return doubles_of(_numbers(field, array, argument), argument)


def _coordinates(field: Field, array: Array, argument: str) -> tuple[Doubles, Doubles, Doubles | None]:
    """Return x and y, and both as rows where they are interleaved."""
    start, stop = array.offset, array.offset + array.length
    if field.format == "+s":
        x, y = (
            _doubles(column, _part(child, start, stop), argument)
            for column, child in zip(field.children[:2], array.children[:2], strict=True)
        )
        return x, y, None
    width = int(field.format[3:])
    part = _part(array.children[0], start * width, stop * width)
    rows = doubles_of(_numbers(field.children[0], part, argument).reshape(-1, width), argument)
    return rows[:, 0], rows[:, 1], rows[:, :2]


def points_of(values: Any, argument: str, faults: Faults) -> XY:
    """Return x and y of points; NaN where one is missing."""
    field, chunks = _geometry_of(values, argument)
    kind = _kind(field, argument, ("point",), "points")
    if kind == WKB:
        return wkb.points_at(_places(field, chunks, argument), argument, faults)
    if kind == WKT:
        return wkt.points_of(_texts(field, chunks, argument), argument, faults)
    return _joined_points([_points(field, chunk, argument) for chunk in chunks])


def _joined_points(chunks: list[XY]) -> XY:
    if len(chunks) == 1:
        return chunks[0]
    x, y = zip(*chunks, strict=True) if chunks else ((), ())
    return np.concatenate([np.empty(0), *x]), np.concatenate([np.empty(0), *y])


def _points(field: Field, chunk: Array, argument: str) -> XY:
    x, y, _ = _coordinates(field, chunk, argument)
    valid = _valid(chunk)
    return (x, y) if valid is None else (np.where(valid, x, np.nan), np.where(valid, y, np.nan))


def numbers_of(values: Any, argument: str) -> npt.NDArray[Any] | None:
    """Return a column of numbers; None for a dictionary that NumPy can decode."""
    field, chunks = _take(values, argument)
    if field.format == DICTIONARY and hasattr(values, "__array__"):
        return None
    if not _is_number(field):
        raise type_error(argument, f"expected numbers, got {_described(field)}")
    parts = [_numbers(field, chunk, argument) for chunk in chunks] or [np.empty(0)]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


# ---- polygons ----------------------------------------------------------------------------------------------


def regions_of(values: Any, argument: str, faults: Faults) -> Ragged:
    """Return the ragged arrays of polygons or multipolygons; a missing row has no vertices."""
    field, chunks = _geometry_of(values, argument)
    typed = _extension(field)
    if typed in TYPED and TYPED[typed] == _depth(field):
        if not faults.takes_lines:
            raise type_error(
                argument,
                f"expected polygons or multipolygons, got {_described(field)}; "
                f"lines and points are regions for {listed(TAKE_LINES)}",
            )
        kind = typed
    else:
        kind = _kind(field, argument, ("polygon", "multipolygon"), "polygons or multipolygons")
    edges = _type_metadata(field).get("edges", "planar")
    if edges != "planar" and (edges, faults.metric) != ("spherical", "sphere"):
        raise value_error(
            argument,
            f"expected edges that are straight in the plane, got {edges!r} ones; "
            'metric="sphere" takes great circles ("spherical" ones); '
            "otherwise, if straight ones will do, take the edges out of the type of the column",
        )
    if kind == WKB:
        return wkb.regions_at(_places(field, chunks, argument), argument, faults)
    if kind == WKT:
        return wkt.regions_of(_texts(field, chunks, argument), argument, faults)
    if kind == "point":
        return _single_points(*_joined_points([_points(field, chunk, argument) for chunk in chunks]))
    depth = _depth(field)
    chunked = [_ragged(field, chunk, depth, argument) for chunk in chunks]
    all_coords = [coords for coords, _ in chunked]
    coords = all_coords[0] if len(all_coords) == 1 else np.concatenate([np.empty((0, 2)), *all_coords])
    levels = [_chained([levels[level] for _, levels in chunked]) for level in range(depth)]
    inner, *outer = reversed(levels)
    if kind == "multipoint":
        return parts.points(coords, inner)
    if kind in TYPED:
        return parts.lines(coords, inner, outer[0] if outer else None)
    return coords, inner, outer[0], outer[1] if len(outer) > 1 else None, None


def _single_points(x: Doubles, y: Doubles) -> Ragged:
    """Return regions of one point each; a missing or empty one, whose coordinates are NaN, has none."""
    present = ~(np.isnan(x) & np.isnan(y))
    coords = np.column_stack((x[present], y[present]))
    return parts.points(coords, None if present.all() else parts.offsets_of(present))


def _chained(offsets: list[Offsets]) -> Offsets:
    """Return the offsets of all chunks joined; those of each chunk start at 0."""
    if len(offsets) == 1:
        return offsets[0]
    return np.concatenate(([0], np.cumsum(np.concatenate([np.empty(0, np.int64), *map(np.diff, offsets)]))))


def _ragged(field: Field, chunk: Array, depth: int, argument: str) -> tuple[Doubles, list[Offsets]]:
    """Return the vertices of a chunk, and its offsets from the outermost to the innermost."""
    present = _valid(chunk)
    levels = []
    for _ in range(depth):
        offsets = _offsets(chunk, argument)
        levels.append(offsets - offsets[0])
        field, chunk = field.children[0], _part(chunk.children[0], int(offsets[0]), int(offsets[-1]))
        if _valid(chunk) is not None:
            raise value_error(argument, f"nulls within a geometry, in field {field.name!r}")
    x, y, rows = _coordinates(field, chunk, argument)
    coords = np.column_stack((x, y)) if rows is None else rows
    return (coords, levels) if present is None else _emptied(coords, levels, present)


def _offsets(array: Array, argument: str) -> Offsets:
    """Return the offsets of a list's items, after checking them against the child's length."""
    offsets: Offsets = array.buffers[1][array.offset : array.offset + array.length + 1].astype(np.int64)
    falls = np.flatnonzero(offsets[1:] < offsets[:-1])
    if falls.size:
        raise value_error(argument, f"malformed Arrow data: offsets run backwards at item {falls[0] + 1}")
    if offsets[0] < 0 or (array.children and offsets[-1] > array.children[0].length):
        raise value_error(argument, "malformed Arrow data: an offset is out of range")
    return offsets


def _emptied(
    coords: Doubles, levels: list[Offsets], present: npt.NDArray[np.bool_]
) -> tuple[Doubles, list[Offsets]]:
    """Drop the data of missing rows, which is undefined; the rows stay."""
    counts = np.diff(levels[0])
    kept = np.repeat(present, counts)
    emptied = [np.concatenate(([0], np.cumsum(counts * present)))]
    for offsets in levels[1:]:
        counts = np.diff(offsets)
        emptied.append(np.concatenate(([0], np.cumsum(counts[kept]))))
        kept = np.repeat(kept, counts)
    return (coords if kept.all() else coords[kept]), emptied


# ---- WKB ---------------------------------------------------------------------------------------------------


def _places(field: Field, chunks: list[Array], argument: str) -> wkb.Places:
    """Return where the bytes of each row are, over all chunks."""
    buffers: list[Any] = []
    places = [np.empty((3, 0), np.int64)]
    for chunk in chunks:
        in_views = field.format in ("vz", "vu")
        which, start, size = _in_views(chunk) if in_views else _in_bytes(chunk, argument)
        valid = _valid(chunk)
        if valid is not None:
            size = np.where(valid, size, -1)
        if (size < 0).sum() > (0 if valid is None else (~valid).sum()):
            raise value_error(argument, "malformed Arrow data: a view of a negative size")
        own = (chunk.buffers[1].reshape(-1), *chunk.buffers[2:]) if in_views else chunk.buffers[2:]
        which = np.where((which >= 0) & (which < len(own)), which + len(buffers), -1)  # never another chunk's
        places.append(np.stack((which, start, size)))
        buffers += own
    return tuple(buffers), *np.concatenate(places, axis=1)


def _texts(field: Field, chunks: list[Array], argument: str) -> list[str | None]:
    """Return the rows of a column of text."""
    buffers, *places = _places(field, chunks, argument)
    texts: list[str | None] = []
    for row, (which, start, size) in enumerate(zip(*(each.tolist() for each in places), strict=True)):
        if size < 0:
            texts.append(None)
            continue
        if which < 0 or not 0 <= start <= len(buffers[which]) - size:
            raise value_error(argument, "malformed Arrow data: text lies outside of the buffers there are")
        try:
            texts.append(buffers[which][start : start + size].tobytes().decode())
        except UnicodeDecodeError:
            raise value_error(argument, "is not UTF-8", row) from None
    return texts


def _in_bytes(chunk: Array, argument: str) -> tuple[Offsets, Offsets, Offsets]:
    offsets = _offsets(chunk, argument)
    return np.zeros(chunk.length, np.int64), offsets[:-1], np.diff(offsets)


def _in_views(chunk: Array) -> tuple[Offsets, Offsets, Offsets]:
    """Views are 16 bytes: a size, then up to 12 bytes themselves, or 4 of them, a buffer and an offset."""
    rows = np.arange(chunk.offset, chunk.offset + chunk.length)
    views = chunk.buffers[1][chunk.offset : chunk.offset + chunk.length].view(np.int32).astype(np.int64)
    size, inside = views[:, 0], views[:, 0] <= 12
    return np.where(inside, 0, views[:, 2] + 1), np.where(inside, 16 * rows + 4, views[:, 3]), size


# ---- coordinate reference system ---------------------------------------------------------------------------


def crs_of(values: Any) -> Any:
    """Return the CRS in the metadata of an Arrow object, None if there is none."""
    field = _schema_of(values)
    if field is None:
        return None
    if _is_table(field):
        at = _geometry_child(field)
        if at is None:
            return None
        columns = _geoparquet(field).get("columns")
        field = field.children[at]
        metadata = columns.get(field.name) if isinstance(columns, dict) else None
        if isinstance(metadata, dict):
            return metadata.get("crs", "OGC:CRS84")  # GeoParquet's default
    return _type_metadata(field).get("crs")


def _schema_of(values: Any) -> Field | None:
    """Return the schema of an object; None if getting it would consume the object or copy its data."""
    if is_arrow(values) and is_from(values, "polars", "geopandas"):
        return _take(values, "schema").field
    sources: list[Any] = [values, getattr(values, "schema", None), getattr(values, "type", None)]
    known = [source for source in sources if hasattr(source, "__arrow_c_schema__")]
    return _field(_core.arrow_schema("schema", known[0].__arrow_c_schema__())) if known else None
