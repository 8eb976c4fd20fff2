"""The file formats: how they are recognized and what each can hold.

Each format belongs to a family with one reader and one writer: `csv`, `parquet`, `arrow`, and `gdal` for
everything that GDAL has a driver for. A new format of a family is one line of the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from poly_match._readers.problems import UsageProblem

__all__ = [
    "CODECS",
    "FORMATS",
    "INDEX_ENDING",
    "MODULE_ENDING",
    "PIPE",
    "Format",
    "format_of",
    "is_index",
    "is_module",
    "named",
    "output_format",
]

PIPE = "-"  # as a path: standard input, or standard output
INDEX_ENDING = ".pmx"
MODULE_ENDING = ".wasm"  # an index as a WebAssembly module, which is only written
CODECS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}  # of CSV


@dataclass(frozen=True)
class Format:
    """One line of the table."""

    name: str
    family: Literal["csv", "parquet", "arrow", "gdal"]
    endings: tuple[str, ...]
    delimiter: str = ","
    driver: str = ""  # of GDAL
    options: Mapping[str, str] = field(default_factory=dict)  # for GDAL, to keep the order of the rows
    needs_geometry: bool = False  # stores points as geometries, not as two numbers
    pipes: bool = False  # works with standard input and output


FORMATS = (
    Format("csv", "csv", (".csv", ".txt"), pipes=True),
    Format("tsv", "csv", (".tsv", ".tab"), delimiter="\t", pipes=True),
    Format("parquet", "parquet", (".parquet", ".pq")),
    Format("geoparquet", "parquet", (".geoparquet",), needs_geometry=True),
    Format("arrow", "arrow", (".arrow", ".arrows", ".feather", ".ipc"), pipes=True),
    Format(
        "geojson", "gdal", (".geojson", ".json"), driver="GeoJSON",
        options={"COORDINATE_PRECISION": "17"}, needs_geometry=True,
    ),
    Format(
        "geojsonseq", "gdal", (".geojsonseq", ".geojsonl", ".geojsons", ".ndjson"), driver="GeoJSONSeq",
        options={"COORDINATE_PRECISION": "17"}, needs_geometry=True, pipes=True,
    ),
    Format("gpkg", "gdal", (".gpkg",), driver="GPKG", needs_geometry=True),
    # A spatial index would reorder the rows.
    Format(
        "flatgeobuf", "gdal", (".fgb",), driver="FlatGeobuf",
        options={"SPATIAL_INDEX": "NO"}, needs_geometry=True,
    ),
    Format(
        "shapefile", "gdal", (".shp",), driver="ESRI Shapefile",
        options={"ENCODING": "UTF-8"}, needs_geometry=True,
    ),
)  # fmt: skip
OTHER = Format("other", "gdal", (), needs_geometry=True)  # any other format that GDAL reads


def is_index(path: str) -> bool:
    """Return whether a path is that of a saved index."""
    return path.lower().endswith(INDEX_ENDING)


def is_module(path: str) -> bool:
    """Return whether a path is that of a WebAssembly module."""
    return path.lower().endswith(MODULE_ENDING)


def named(name: str) -> Format:
    """Return the format of that name."""
    return next(each for each in FORMATS if each.name == name)


def format_of(path: str) -> Format:
    """Return the format for a file's extension; `OTHER` if it is unknown."""
    name = Path(path)
    ending = name.suffix.lower()
    if ending in CODECS:
        ending = Path(name.stem).suffix.lower()
        return next((each for each in FORMATS if ending in each.endings and each.family == "csv"), OTHER)
    return next((each for each in FORMATS if ending in each.endings), OTHER)


def output_format(path: str, name: str | None, points: Format) -> Format:
    """Return the output format: the given one, else the file's; for a pipe that of the points.

    Raises
    ------
    UsageProblem
        The format can't be written, or not to a pipe.
    """
    if path == PIPE:
        chosen = _as_read(named(name), points) if name else (points if points.pipes else named("csv"))
        if not chosen.pipes:
            pipes = ", ".join(each.name for each in FORMATS if each.pipes)
            raise UsageProblem(
                f"{chosen.name} cannot be written to standard output; name a file, or use {pipes}"
            )
        return chosen
    chosen = _as_read(named(name) if name else format_of(path), points)
    if chosen is OTHER:
        endings = " ".join(ending for each in FORMATS for ending in each.endings)
        raise UsageProblem(
            f"{path}: the name tells no format; give --format, or one of the endings {endings}"
        )
    return chosen


def _as_read(chosen: Format, points: Format) -> Format:
    """Return the format with the delimiter of the points, where both are CSV."""
    return points if chosen.name == points.name == "csv" else chosen
