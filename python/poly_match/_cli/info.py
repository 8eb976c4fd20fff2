"""The command `info`: what is in a file, or in an index.

Only what a file says of itself is looked up, so the answer is immediate for a file of any size. Rows are
counted where the format keeps their number; for other formats they are read, if that is wanted.
"""

from __future__ import annotations

import shutil
import sys
from contextlib import closing
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from poly_match._cli.indexes import opened_index
from poly_match._forms.crs import name_of, text_of
from poly_match._index import Index
from poly_match._readers.coordinates import Columns, crs_of, places_of
from poly_match._readers.dialect import is_number
from poly_match._readers.formats import Format, format_of, is_index
from poly_match._readers.problems import Problem, UsageProblem
from poly_match._readers.sources import Source, ahead, open_source

__all__ = ["about", "report"]

NAMES = 5  # of the regions of an index that are shown
WIDEST = 32  # characters of a cell


def about(path: str, layer: str | None, *, head: int = 0, count: bool = False) -> dict[str, Any]:
    """Return facts about a file, without reading its rows if possible.

    Parameters
    ----------
    head
        How many of the first rows to return as well.
    count
        Whether to read the file where it does not say how many rows it has.
    """
    if is_index(path):
        if head:
            raise UsageProblem(f"{path}: an index has no rows to show; leave out --head")
        return _about_index(path, opened_index(path))
    format = format_of(path)
    facts: dict[str, Any] = {"path": path, "format": format.name}
    if format.family == "gdal":
        facts["layers"] = _layers(path)
        if layer is None and len(facts["layers"]) > 1 and not head:
            facts["rows"] = {name: _kept_count(path, format, name) for name in facts["layers"]}
            return facts
    with open_source(path, format, layer) as source:
        facts["rows"] = _rows_of(path, format, source)
        facts["crs"] = _crs_name(source.crs)
        facts["geometry"] = None if source.geometry is None else source.geometry.name
        facts["x_y"] = _columns_found(source)
        facts["columns"] = {field.name: str(field.type) for field in source.schema}
        is_counted = count and facts["rows"] is None
        if head or is_counted:
            first, rows = _read(source, head, is_counted)
            facts["rows"] = rows if facts["rows"] is None else facts["rows"]
            if head:
                facts["head"] = _as_rows(first, source)
    return facts


def _about_index(path: str, index: Index) -> dict[str, Any]:
    return {
        "path": path,
        "format": "index",
        "regions": len(index),
        "predicate": index.predicate,
        "best": index.best,
        "metric": index.metric,
        "compact": index.compact,
        "period": index.period,
        "crs": _crs_name(index.crs),
        "names": None if index.names is None else index.names.tolist(),
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
    try:
        known = crs_of(crs)
    except Problem:
        return name_of(text_of(crs))
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


# ---- rows --------------------------------------------------------------------------------------------------


def _rows_of(path: str, format: Format, source: Source) -> int | None:
    """Return how many rows a file says that it has; None if it does not say."""
    if format.family == "arrow":
        import pyarrow.dataset as ds  # type: ignore[import-untyped]

        try:
            return int(ds.dataset(path, format="ipc").count_rows())
        except pa.ArrowInvalid:  # a stream says nothing
            return None
    return source.total if format.family in ("gdal", "parquet") else None


def _kept_count(path: str, format: Format, layer: str) -> int | None:
    with open_source(path, format, layer) as source:
        return source.total


def _read(source: Source, head: int, count: bool) -> tuple[pa.Table, int | None]:
    """Return the first rows, and how many there are if all were read."""
    first, rows = [], 0
    with closing(ahead(source)) as batches:
        for batch in batches:
            if rows < head:
                first.append(batch.slice(0, head - rows))
            rows += batch.num_rows
            if rows > head and not count:
                return pa.Table.from_batches(first, source.schema), None
    return pa.Table.from_batches(first, source.schema), rows


def _as_rows(table: pa.Table, source: Source) -> list[dict[str, Any]]:
    """Return rows as values that JSON has; geometries as WKT."""
    columns = {}
    for name in table.column_names:
        values = table[name].to_pylist()
        if source.geometry is not None and name == source.geometry.name and source.geometry.encoding == "wkb":
            import shapely  # type: ignore[import-untyped]

            shapes = shapely.from_wkb(np.array(values, dtype=object), on_invalid="ignore")
            columns[name] = shapely.to_wkt(shapes, rounding_precision=6).tolist() if values else []
        else:
            columns[name] = [_plain(value) for value in values]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and not np.isfinite(value):
        return None if np.isnan(value) else str(value)
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)


# ---- as text -----------------------------------------------------------------------------------------------


def report(facts: dict[str, Any]) -> str:
    """Return facts as lines of text."""
    lines = []
    for key, value in facts.items():
        if key == "head":
            lines.append(f"first {len(value)} rows:" if value else "no rows")
            lines += [f"  {line}" for line in _table(value, list(facts["columns"]))]
        elif isinstance(value, dict):
            lines.append(f"{key}:")
            lines += [
                f"  {name}: {'not counted' if kind is None else _text(kind)}" for name, kind in value.items()
            ]
        elif key == "names" and value is not None:
            more = f" … ({len(value):,} in all)" if len(value) > NAMES else ""
            lines.append(f"names: {_text(value[:NAMES])}{more}")
        elif value is not None:
            lines.append(f"{key}: {_text(value)}")
        elif key == "rows":
            lines.append("rows: not counted; --count reads the file to count them")
    return "\n".join(lines)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.15g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _table(rows: list[dict[str, Any]], names: list[str]) -> list[str]:
    """Return rows as lines with aligned columns, numbers to the right; as many as the terminal is wide."""
    columns = []
    for name in names:
        values = [row[name] for row in rows]
        cells = [_cut("" if value is None else str(value)) for value in values]
        width = max(len(cell) for cell in [_cut(name), *cells])
        is_right = any(cells) and all(is_number(cell) for cell in cells if cell)
        columns.append(
            [f"{cell:>{width}}" if is_right else f"{cell:<{width}}" for cell in [_cut(name), *cells]]
        )
    room = shutil.get_terminal_size().columns - 2 if sys.stdout.isatty() else sys.maxsize
    shown, used = 0, 0
    for column in columns:
        used += len(column[0]) + 2
        if shown and used - 2 > room:
            break
        shown += 1
    lines = ["  ".join(cells).rstrip() for cells in zip(*columns[:shown], strict=True)]
    if shown < len(columns):
        lines.append(f"more columns: {', '.join(names[shown:])}")
    return lines


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
