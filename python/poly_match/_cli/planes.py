"""Are the points on the plane of the polygons? If not, and if wanted, they are brought onto it to be matched.

Points and polygons in two coordinate reference systems (CRS) are an error, whose message has the command with
--reproject: then the points are converted, for matching only, and are written as they were read. Nothing is
converted unasked: the result depends on PROJ, its version and its grids. `_forms.crs` compares the CRS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from poly_match._cli.console import Console
from poly_match._cli.errors import InputProblem
from poly_match._forms.crs import difference, is_degrees, is_longitude, name_of, text_of
from poly_match._forms.numbers import XY, Doubles
from poly_match._readers.coordinates import Columns, Places, crs_of, points_crs
from poly_match._readers.formats import is_index
from poly_match._readers.layer import Layer
from poly_match._readers.problems import UsageProblem
from poly_match._readers.sources import Source

__all__ = ["Reprojection", "check_order", "check_planes", "warn_nowhere"]

POLYGONS, POINTS = ("Polygon", "MultiPolygon"), ("Point", "MultiPoint")
LONLAT = "OGC:CRS84"  # of columns that are longitudes and latitudes by their names
REPROJECT = ("--reproject",)


def check_order(source: Source, layer: Layer) -> None:
    """Refuse polygons in the place of points and points in that of polygons."""
    if source.geometry_type in POLYGONS and layer.geometry_type in POINTS:
        raise UsageProblem(
            f"{source.path} has polygons and {layer.path} has points: POINTS comes first, then POLYGONS"
        )


def check_planes(
    source: Source, places: Places, layer: Layer, console: Console, *, named_by_hand: bool, reproject: bool
) -> Reprojection | None:
    """Raise if points and polygons have different CRS; warn if only one side has one.

    Parameters
    ----------
    named_by_hand
        Whether the columns were given with --x and --y: their names prove nothing then.
    reproject
        Whether to return how to convert the points instead; None if both sides have one CRS.
    """
    if reproject:
        return _reprojection(source, places, layer)
    if is_index(layer.path) and layer.crs is None:
        return None
    found = difference(points_crs(source), text_of(layer.crs))
    if found is not None and found.lacking is None:
        raise InputProblem(
            f"{source.path} and {layer.path}: {found.reason}; --reproject converts the points for matching",
            REPROJECT,
        )
    if found is not None:
        lacking, other = (source, layer) if found.lacking == "points" else (layer, source)
        console.warn(
            f"{lacking.path} does not say its coordinate reference system; taken to be that of {other.path}"
        )
    if isinstance(places, Columns) and not source.crs and not named_by_hand and is_longitude(places.x):
        crs = text_of(layer.crs)
        if is_degrees(crs) is False:
            raise InputProblem(
                f"{source.path}: {places.x} and {places.y} are degrees by their names, but {layer.path} is "
                f"in {name_of(crs)}; if the names mislead, say --x {places.x} --y {places.y}; otherwise "
                "--reproject converts the points for matching",
                REPROJECT,
            )
    return None


# ---- conversion --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reprojection:
    """How points become those on the plane of the polygons."""

    transformer: Any  # of pyproj
    crs: Any  # of the points
    names: tuple[str, str]  # of both CRS

    @property
    def sentence(self) -> str:
        """Say what was done."""
        one, other = self.names
        return f"points were converted from {one} to {other} for matching, and are written as they were read"

    def __call__(self, x: Doubles, y: Doubles) -> XY:
        """Return converted points: not finite where they are not, or have no place on the other plane."""
        new_x, new_y = self.transformer.transform(x, y)
        return new_x, new_y


def warn_nowhere(source: Source, nowhere: Any, reprojection: Reprojection, console: Console) -> None:
    """Say how many points are not on the plane of the polygons."""
    count = int(np.sum(nowhere))
    if not count:
        return
    points, have = ("point", "has") if count == 1 else ("points", "have")
    console.warn(
        f"{source.path}: {count:,} {points} {have} no place in {reprojection.names[1]}; such a point matches "
        "nothing"
    )


def _reprojection(source: Source, places: Places, layer: Layer) -> Reprojection | None:
    lacks = "does not say its coordinate reference system"
    points: Any = source.crs
    if not points and isinstance(places, Columns) and is_longitude(places.x):
        points = LONLAT
    if not points:
        fix = "convert it to a file with one (ogr2ogr -a_srs, GeoPandas' set_crs)"
        raise InputProblem(f"--reproject: {source.path} {lacks}; {fix}")
    if not layer.crs:
        fix = "build it again from a file with one" if is_index(layer.path) else "set it (ogr2ogr -a_srs)"
        raise InputProblem(f"--reproject: {layer.path} {lacks}; {fix}")
    if difference(text_of(points), text_of(layer.crs)) is None:
        return None
    import pyproj

    one, other = (crs_of(crs).to_2d() for crs in (points, layer.crs))  # heights count as little as z does
    names = name_of(text_of(points)), name_of(text_of(layer.crs))
    try:
        transformer = pyproj.Transformer.from_crs(one, other, always_xy=True)
    except pyproj.exceptions.ProjError:
        raise InputProblem(f"--reproject: PROJ cannot convert {names[0]} to {names[1]}") from None
    return Reprojection(transformer, points, names)
