"""Contenders for regions: the code of a careful user of each library, in its fastest form.

A contender is a function that takes a layer and returns a function that takes points and returns one region
per point: the region of smallest area that covers it, the first one in a tie, -1 for none. The first call is
the time to build; the second is the time to match, and includes making the library's points and choosing
among the candidates.

Peers get the *polygons* of the regions, not the regions: the boxes are smaller, there are fewer candidates,
and multipolygons whose polygons overlap mean the same to all. The polygons are sorted best first, so the best
candidate of a point is the one of lowest position, which is cheap to find. Where a library offers several
ways, a comment says which were tried.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.layers import Disks, Doubles, Integers, Layer

Matcher = Callable[[Doubles], npt.NDArray[Any]]


class NotRun(Exception):
    """Why a contender cannot run here."""


def poly_match(layer: Layer) -> Matcher:
    """Build an index, match in one call."""
    import poly_match

    return poly_match.Index(layer.regions()).match


class Parts:
    """The polygons of a layer as shapely geometries, prepared, those of the best region first."""

    def __init__(self, layer: Layer) -> None:
        import shapely  # type: ignore[import-untyped]

        offsets = (layer.ring_offsets, layer.polygon_offsets)
        parts = shapely.from_ragged_array(shapely.GeometryType.POLYGON, layer.coords, offsets)
        region = np.repeat(np.arange(len(layer)), np.diff(layer.geom_offsets))
        areas = np.bincount(region, shapely.area(parts), len(layer))
        rank = np.empty(len(layer), dtype=np.int64)
        rank[np.argsort(areas, kind="stable")] = np.arange(len(layer))
        order = np.argsort(rank[region], kind="stable")
        self.geometries = parts[order]
        shapely.prepare(self.geometries)
        self.region = np.append(region[order], -1)  # the last one is for points without a candidate

    def best(self, count: int, point: Integers, part: Integers) -> Integers:
        """Return the answers of `count` points, given pairs of a point and a polygon that covers it."""
        lowest = np.full(count, len(self.region) - 1)
        np.minimum.at(lowest, point, part)
        return np.asarray(self.region[lowest])


def shapely_tree(layer: Layer) -> Matcher:
    """Query a tree for the pairs.

    A tree of the points, queried with the polygons, which are prepared once. The reverse, a tree of the
    polygons queried with points, is up to 40 times slower when polygons have many vertices.
    """
    import shapely

    parts = Parts(layer)

    def match(points: Doubles) -> Integers:
        tree = shapely.STRtree(shapely.points(points))
        part, point = tree.query(parts.geometries, predicate="intersects")
        return parts.best(len(points), point, part)

    return match


def shapely_prepared(layer: Layer) -> Matcher:
    """Query a tree of the polygons for the boxes that contain each point, then test these prepared
    polygons."""
    import shapely

    parts = Parts(layer)
    tree = shapely.STRtree(parts.geometries)

    def match(points: Doubles) -> Integers:
        point, part = tree.query(shapely.points(points))
        # One polygon after the other, which is a third faster thanks to the caches. Small integers sort by
        # radix.
        by_part = np.argsort(part.astype(np.min_scalar_type(len(parts.geometries))), kind="stable")
        point, part = point[by_part], part[by_part]
        covers = shapely.intersects_xy(parts.geometries[part], points[point, 0], points[point, 1])
        return parts.best(len(points), point[covers], part[covers])

    return match


def geopandas_sjoin(layer: Layer) -> Matcher:
    """Join two frames, polygons on the left: the other order and other predicates were not faster."""
    import geopandas

    parts = Parts(layer)
    frame = geopandas.GeoDataFrame(geometry=parts.geometries)

    def match(points: Doubles) -> Integers:
        here = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(points[:, 0], points[:, 1]))
        pairs = geopandas.sjoin(frame, here, predicate="intersects")
        return parts.best(len(points), pairs["index_right"].to_numpy(), pairs.index.to_numpy())

    return match


JOIN = """
    SELECT points.id, regions.position
    FROM (SELECT id, ST_Point(x, y) AS place FROM points) AS points
    JOIN regions ON ST_Intersects(regions.shape, points.place)
"""  # choosing the best pair in SQL, with MIN and GROUP BY, takes longer than in NumPy


def duckdb_spatial(layer: Layer) -> Matcher:
    """Join two tables in DuckDB, in memory, with its spatial join."""
    connection = duckdb_connection()
    parts = Parts(layer)
    connection.register("shapes", _shapes(parts))
    select = "SELECT position, ST_GeomFromWKB(wkb) AS shape FROM shapes"
    connection.execute(f"CREATE OR REPLACE TABLE regions AS {select}")
    connection.unregister("shapes")

    def match(points: Doubles) -> Integers:
        connection.register("points", _table(points))
        pairs = connection.execute(JOIN).fetchnumpy()
        return parts.best(len(points), pairs["id"], pairs["position"])

    return match


@cache
def duckdb_connection(threads: int = 1) -> Any:
    """Load DuckDB's spatial extension once: from its package if installed, else from DuckDB's own
    repository."""
    import duckdb

    connection = duckdb.connect(config={"threads": threads})
    try:
        import duckdb_extension_spatial

        folder = Path(duckdb_extension_spatial.__file__).parent / "extensions" / f"v{duckdb.__version__}"
        connection.execute(f"LOAD '{folder / 'spatial.duckdb_extension'}'")
    except (ImportError, duckdb.Error):
        try:
            connection.execute("LOAD spatial")
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise NotRun(f"DuckDB {duckdb.__version__} has no spatial extension here: {reason}") from None
    return connection


def sedona(layer: Layer) -> Matcher:
    """Join two tables in SedonaDB, in memory."""
    import sedonadb

    parts = Parts(layer)
    context = sedonadb.connect()
    context.sql("SET datafusion.execution.target_partitions = 1").execute()
    context.sql("SET sedona.spatial_join.execution_mode = 'prepare_build'").execute()
    # Of its three libraries geo is the fastest for small polygons, tg (the default) by far for large ones.
    library = "geo" if len(layer.coords) < 50 * len(parts.geometries) else "tg"
    context.sql(f"SET sedona.spatial_join.spatial_library = '{library}'").execute()
    context.create_data_frame(_shapes(parts)).to_view("shapes")
    regions = context.sql("SELECT position, ST_GeomFromWKB(wkb) AS shape FROM shapes")
    regions.to_memtable().to_view("regions")

    def match(points: Doubles) -> Integers:
        context.create_data_frame(_table(points)).to_view("points", overwrite=True)
        pairs = context.sql(JOIN).to_arrow_table()
        return parts.best(len(points), pairs["id"].to_numpy(), pairs["position"].to_numpy())

    return match


def _shapes(parts: Parts) -> Any:
    """Return the polygons as an Arrow table."""
    import pyarrow  # type: ignore[import-untyped]
    import shapely

    wkb = pyarrow.array(shapely.to_wkb(parts.geometries), pyarrow.binary())
    return pyarrow.table({"position": np.arange(len(parts.geometries)), "wkb": wkb})


def _table(points: Doubles) -> Any:
    """Return the points as an Arrow table."""
    import pyarrow

    return pyarrow.table({"id": np.arange(len(points)), "x": points[:, 0].copy(), "y": points[:, 1].copy()})


def timezonefinder(layer: Layer) -> Matcher:
    """Call timezonefinder with all points at once. It reads its own files; the layer is made from the same
    files."""
    from timezonefinder import TimezoneFinder

    from bench import fetch

    finder = TimezoneFinder(bin_file_location=fetch.timezone_folder(), in_memory=True)
    if finder.nr_of_zones != len(layer):
        raise NotRun("its time zones are not those of the job")
    return lambda points: finder.timezone_ids_at(lngs=points[:, 0].copy(), lats=points[:, 1].copy())


def workers(count: int) -> Callable[[Layer | Disks], Matcher]:
    """Return poly-match with this many threads as a contender."""

    def build(layer: Layer | Disks) -> Matcher:
        import poly_match

        rule: dict[str, Any] = {}
        if isinstance(layer, Disks):
            rule = {"predicate": "center_within", "distance": layer.radius}
        index = poly_match.Index(layer.regions(), **rule)
        return lambda points: index.match(points, workers=count)

    return build
