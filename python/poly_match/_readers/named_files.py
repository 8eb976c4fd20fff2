"""The name of a file in the place of points or regions: the file is read as a whole, as for the command line.

A `Path`, or text that is the name of an existing file. What reading needs (pyarrow, pyogrio) is imported
only then.
"""

from __future__ import annotations

import os
from contextlib import closing
from typing import Any

import numpy as np

from poly_match._errors import value_error
from poly_match._forms.crs import text_of
from poly_match._forms.file_rows import FileRows
from poly_match._readers.formats import format_of, is_index
from poly_match._readers.problems import Problem, UsageProblem

__all__ = ["points_in", "polygons_in"]


def _is_file(value: object) -> bool:
    """Return whether a value names a file: a path does, text where there is such a file."""
    if type(value) in (list, tuple, np.ndarray):  # the test for a path takes 0.5 µs
        return False
    return isinstance(value, os.PathLike) or (isinstance(value, str) and os.path.isfile(value))


def polygons_in(polygons: Any) -> Any:
    """Return the regions in the file that was named, anything but a name as it is."""
    if not _is_file(polygons):
        return polygons
    path = _path(polygons, "polygons")
    from poly_match._readers.layer import read_layer

    try:
        layer = read_layer(path, None)
    except Problem as problem:
        raise value_error("polygons", str(problem)) from None
    return FileRows(layer.fields, text_of(layer.crs), None, layer.shapes)


def points_in(points: Any) -> Any:
    """Return the points in the file that was named: its geometry, or two columns with usual names."""
    if not _is_file(points):
        return points
    path = _path(points, "points")
    import pyarrow as pa  # type: ignore[import-untyped]

    from poly_match._readers.coordinates import places_of, points_crs, xy_of
    from poly_match._readers.sources import ahead, open_source

    parts, batches, rows = [(np.empty(0), np.empty(0))], [], 0
    try:
        with open_source(path, format_of(path)) as source:
            places, schema, crs = (
                places_of(source, None, None),
                source.schema,
                points_crs(source),
            )
            with closing(ahead(source)) as pieces:
                for batch in pieces:
                    parts.append(xy_of(source, places, batch, rows))
                    batches.append(batch)
                    rows += batch.num_rows
    except UsageProblem as problem:
        reason = f"{problem}; read the file, and give its two columns as (x, y)"
        raise value_error("points", reason) from None
    except Problem as problem:
        raise value_error("points", str(problem)) from None
    table = pa.Table.from_batches(batches, schema)
    columns = {name: table[name].combine_chunks() for name in table.column_names}
    x, y = (np.concatenate([part[axis] for part in parts]) for axis in (0, 1))
    return FileRows(columns, crs, (x, y), None)


def _path(path: Any, argument: str) -> str:
    """Return the name of a file that the command line can read."""
    text = os.fspath(path)
    if not isinstance(text, str):
        raise value_error(argument, f"{text!r}: the path of a file is text")
    if is_index(text):
        raise value_error(
            argument, f"{text} is a saved index: use poly_match.Index.open({text!r}).match(points)"
        )
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise ImportError(
            f"reading {text} needs what the command line needs: pip install 'poly-match[cli]'"
        ) from None
    return text
