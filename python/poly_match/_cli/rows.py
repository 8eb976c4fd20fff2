"""The columns of the output: those of the point, then those of its region.

The columns of the points are unchanged, unless the format cannot hold them: in CSV a geometry becomes x and
y, from CSV x and y become numbers, and points become geometries for formats that require them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]

from poly_match._cli.write import Target
from poly_match._forms.numbers import Doubles
from poly_match._forms.points import are_bad
from poly_match._readers.coordinates import Columns, Places
from poly_match._readers.formats import Format
from poly_match._readers.problems import UsageProblem
from poly_match._readers.sources import Geometry, Source
from poly_match._rules import STATUSES
from poly_match._tables.answers import as_column, status_codes

__all__ = ["Chunk", "Shape", "unique_names"]


@dataclass
class Chunk:
    """Some of the points, with their answers.

    `distances` is None where nobody wants them. `outside` are the points that are not in the region that they
    have, for "nearest" only.
    """

    batch: pa.RecordBatch
    x: Doubles
    y: Doubles
    answers: npt.NDArray[np.intp]
    bad: npt.NDArray[np.bool_]
    distances: Doubles | None = None
    outside: npt.NDArray[np.bool_] | None = None


Make = Callable[[Chunk], Any]


class Shape:
    """The columns of the output, made from a chunk of the points.

    Parameters
    ----------
    source, places
        The points.
    added
        The fields of the regions by name; if empty, the position of the region; None: add nothing.
    audit
        Whether to add a column with the status of each point.
    crs
        What the CRS of points is taken to be that don't say theirs.
    distance
        What to call a column with the distance of each point from its region; None: add none.
    """

    def __init__(
        self,
        source: Source,
        places: Places,
        added: dict[str, Any] | None,
        audit: bool,
        format: Format,
        crs: Any,
        distance: str | None = None,
    ) -> None:
        self.source, self.places, self.format = source, places, format
        self.crs = crs if source.geometry is None else source.crs
        self.geometry: Geometry | None = None
        self.geo: dict[str, Any] | None = None
        self.geometry_type = "Point"
        self.repeated: tuple[str, ...] = ()
        self.fields: list[pa.Field] = []
        self.makes: list[Make] = []
        for position, each in enumerate(source.schema):
            self._pass_through(position, each)
        if format.family == "csv" and source.geometry is not None:
            for name, axis in zip(self._free(["x", "y"], "_point"), ("x", "y"), strict=True):
                self._add(pa.field(name, pa.float64()), _numbers(axis))
        if added is not None:
            self._add_regions(added)
        if distance is not None:
            if distance in [field.name for field in self.fields]:
                raise UsageProblem(
                    f"--distance-column {distance}: there is a column {distance} already; choose another name"
                )
            self._add(pa.field(distance, pa.float64()), _distances)
        if audit:
            self._add(pa.field(*self._free(["status"], "_match"), pa.string()), _status)
        if format.needs_geometry and source.geometry is None:
            (name,) = self._free(["geometry"], "_point")
            self.geometry = Geometry(name, "wkb")
            self._add(pa.field(name, pa.binary()), _points)

    def target(self, path: str) -> Target:
        """Return the target to write to."""
        schema = pa.schema(self.fields, self.source.schema.metadata)
        target = Target(path, self.format, schema, self.geometry, self.crs, self.geo)
        target.geometry_type, target.repeated = self.geometry_type, self.repeated
        return target

    def batch(self, chunk: Chunk) -> pa.RecordBatch:
        """Return the rows of a chunk; fields of regions are dictionaries."""
        arrays = [make(chunk) for make in self.makes]
        return pa.RecordBatch.from_arrays(arrays, names=[field.name for field in self.fields])

    def _add(self, field: pa.Field, make: Make) -> None:
        self.fields.append(field)
        self.makes.append(make)

    def _free(self, names: Iterable[str], suffix: str = "_region") -> list[str]:
        return unique_names([field.name for field in self.fields], names, suffix)

    def _pass_through(self, position: int, field: pa.Field) -> None:
        source, format = self.source, self.format
        if source.geometry is not None and field.name == source.geometry.name:
            self._pass_geometry(position, field, source.geometry)
        elif (
            source.is_text
            and format.family != "csv"
            and isinstance(self.places, Columns)
            and field.name in (self.places.x, self.places.y)
        ):
            axis = "x" if field.name == self.places.x else "y"
            self._add(pa.field(field.name, pa.float64()), _numbers(axis))
        else:
            if format.family in ("csv", "gdal") and pa.types.is_dictionary(field.type):
                field = field.with_type(field.type.value_type)
            self._add(field, _column(position))

    def _pass_geometry(self, position: int, field: pa.Field, geometry: Geometry) -> None:
        if self.format.family == "csv":
            return
        self.geo = self.source.geo
        native = self.format.family == "arrow" or (self.format.family == "parquet" and self.geo is not None)
        if geometry.encoding == "wkb" or native:
            self.geometry, self.geometry_type = geometry, self.source.geometry_type
            self._add(field, _column(position))
        else:
            self.geometry, self.geo = Geometry(field.name, "wkb"), None
            self._add(pa.field(field.name, pa.binary()), _points)

    def _add_regions(self, added: dict[str, Any]) -> None:
        if not added:
            self._add(pa.field(*self._free(["region"]), pa.int64()), _number)
        names = self._free(added)
        self.repeated = tuple(names)
        for name, values in zip(names, added.values(), strict=True):
            self._add(pa.field(name, values.type), _taken(values))


def unique_names(taken: list[str], names: Iterable[str], suffix: str = "_region") -> list[str]:
    """Return names for added columns, with the suffix if the name is taken."""
    used = set(taken)
    result = []
    for name in names:
        while name in used:
            name += suffix
        used.add(name)
        result.append(name)
    return result


# ---- making a column ---------------------------------------------------------------------------------------


def _column(position: int) -> Make:
    return lambda chunk: chunk.batch.column(position)


def _numbers(axis: str) -> Make:
    return lambda chunk: pa.array(getattr(chunk, axis), from_pandas=True)


def _number(chunk: Chunk) -> Any:
    return as_column(chunk.answers)


def _taken(values: Any) -> Make:
    return lambda chunk: pa.DictionaryArray.from_arrays(as_column(chunk.answers), values, safe=False)


def _distances(chunk: Chunk) -> Any:
    return pa.array(chunk.distances, from_pandas=True)  # NaN is null


def _status(chunk: Chunk) -> Any:
    codes = status_codes(chunk.answers, chunk.bad, chunk.outside)
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(STATUSES))


_WKB = np.dtype([("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")])


def _points(chunk: Chunk) -> Any:
    """Return the points as WKB, null for bad ones."""
    points = np.empty(len(chunk.x), dtype=_WKB)
    points["order"], points["kind"], points["x"], points["y"] = 1, 1, chunk.x, chunk.y
    plain = pa.Array.from_buffers(
        pa.binary(_WKB.itemsize), len(points), [None, pa.py_buffer(points.tobytes())]
    ).cast(pa.binary())
    bad = are_bad(chunk.x, chunk.y)
    return pa.compute.if_else(pa.array(~bad), plain, pa.scalar(None, pa.binary())) if bad.any() else plain
