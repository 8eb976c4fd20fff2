"""The polygons of a command: their file, its fields, and the index, built or opened.

They may be a file with geometries, a saved index, or both: then the file provides the fields and the index
the answers.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from poly_match._errors import InputTypeError
from poly_match._forms.column import numbers_in
from poly_match._forms.regions import regions_of
from poly_match._forms.validity import shapes_of
from poly_match._readers.coordinates import Columns, places_of, wkb_of
from poly_match._readers.formats import PIPE, format_of, named
from poly_match._readers.problems import Problem, UsageProblem
from poly_match._readers.sources import Geometry, Source, ahead, open_source

__all__ = ["Layer", "read_layer"]


@dataclass
class Layer:
    """The polygons of a command: their fields, as Arrow arrays, and their geometry."""

    path: str
    fields: dict[str, Any] = field(default_factory=dict)
    shapes: Any = None  # the geometries, an Arrow array
    geometry: Geometry | None = None
    geo: dict[str, Any] | None = None
    crs: Any = None
    geometry_type: str = "Unknown"  # as GDAL calls it

    def __len__(self) -> int:
        return len(self.shapes)

    def chosen(self, columns: list[str] | None) -> dict[str, Any]:
        """Return the requested fields; all of them for None."""
        if columns is None:
            return dict(self.fields)
        for name in columns:
            if name not in self.fields:
                raise UsageProblem(f"--columns {name}: {self.path} has the fields {self._names()}")
        return {name: self.fields[name] for name in dict.fromkeys(columns)}

    def scores(self, name: str) -> Any:
        """Return the scores in a field."""
        if name not in self.fields:
            raise UsageProblem(f"--score {name}: {self.path} has the fields {self._names()}")
        column = self.fields[name]
        try:
            scores = numbers_in(column, name)
        except InputTypeError:
            raise UsageProblem(f"--score {name}: the field is not numeric but {column.type}") from None
        missing = np.flatnonzero(np.isnan(scores))
        if missing.size:
            raise Problem(
                f"{self.path}: region {missing[0]} (counted from 0) has no {name} to score by; give it one"
            )
        return scores

    def wkb(self) -> Any:
        """Return the geometries as WKB."""
        if self.geometry is not None and self.geometry.encoding == "wkb":
            return self.shapes
        import shapely  # type: ignore[import-untyped]

        return pa.array(shapely.to_wkb(shapes_of(regions_of(self.shapes, takes_lines=True))), pa.binary())

    def _names(self) -> str:
        return ", ".join(self.fields) or "(none)"


def read_layer(path: str, layer: str | None) -> Layer:
    """Read polygons with their fields."""
    format = named("geojsonseq") if path == PIPE else format_of(path)
    with open_source(path, format, layer, option="--polygons-layer") as source:
        if source.geometry is None and source.wkt is None:
            raise Problem(f"{path}: has no geometry; expected polygons{_swapped(source)}")
        with closing(ahead(source)) as batches:
            table = pa.Table.from_batches(batches, source.schema)
    geometry = source.geometry or Geometry(str(source.wkt), "wkb")
    column = table[geometry.name].combine_chunks()
    if source.geometry is None:
        column = wkb_of(source, column, geometry.name, 0)
    fields = {}
    for name in table.column_names:
        if name != geometry.name:
            values = table[name].combine_chunks()
            fields[name] = values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
    return Layer(path, fields, column, geometry, source.geo, source.crs, source.geometry_type)


def _swapped(source: Source) -> str:
    """Return what to say of a file of points in the place of polygons."""
    try:
        places = places_of(source, None, None)
    except UsageProblem:
        return ""
    if not isinstance(places, Columns):
        return ""
    return f", but {places.x} and {places.y} are those of points: POINTS comes first, then POLYGONS"
