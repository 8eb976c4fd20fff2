"""Contenders for the best region within a distance: dwithin, the smallest.

As in polygons.py, but here whole regions stand beside single polygons: at a great distance a point has many
polygons of few regions within reach.
"""

from __future__ import annotations

import numpy as np

from bench.layers import Doubles, Integers, Layer
from bench.polygons import Matcher, Parts


def poly_match(layer: Layer) -> Matcher:
    """Build an index, match in one call."""
    import poly_match

    return poly_match.Index(layer.regions(), predicate="dwithin", distance=layer.distance).match


class Wholes:
    """The regions of a layer as shapely geometries, prepared, the best first."""

    def __init__(self, layer: Layer) -> None:
        import shapely  # type: ignore[import-untyped]

        offsets = (layer.ring_offsets, layer.polygon_offsets, layer.geom_offsets)
        regions = shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, layer.coords, offsets)
        order = np.argsort(shapely.area(regions), kind="stable")
        self.geometries = regions[order]
        shapely.prepare(self.geometries)
        self.region = np.append(order, -1)

    def best(self, count: int, point: Integers, region: Integers) -> Integers:
        """Return the answers of `count` points, given pairs of a point and a region within reach."""
        lowest = np.full(count, len(self.region) - 1)
        np.minimum.at(lowest, point, region)
        return np.asarray(self.region[lowest])


def shapely_regions(layer: Layer) -> Matcher:
    """Query a tree of the regions with the points."""
    return _tree(Wholes(layer), layer.distance)


def shapely_polygons(layer: Layer) -> Matcher:
    """Query a tree of the single polygons with the points."""
    return _tree(Parts(layer), layer.distance)


def _tree(shapes: Wholes | Parts, distance: float) -> Matcher:
    import shapely

    tree = shapely.STRtree(shapes.geometries)

    def match(points: Doubles) -> Integers:
        point, shape = tree.query(shapely.points(points), predicate="dwithin", distance=distance)
        return shapes.best(len(points), point, shape)

    return match


def shapely_of_points(layer: Layer) -> Matcher:
    """Query a tree of the points with the regions, which are prepared once."""
    import shapely

    shapes = Wholes(layer)

    def match(points: Doubles) -> Integers:
        tree = shapely.STRtree(shapely.points(points))
        shape, point = tree.query(shapes.geometries, predicate="dwithin", distance=layer.distance)
        return shapes.best(len(points), point, shape)

    return match


def geopandas_sjoin(layer: Layer) -> Matcher:
    """Join two frames, the regions on the left: with the points there it takes up to sixty times as long."""
    import geopandas

    shapes = Wholes(layer)
    frame = geopandas.GeoDataFrame(geometry=shapes.geometries)

    def match(points: Doubles) -> Integers:
        here = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(points[:, 0], points[:, 1]))
        pairs = geopandas.sjoin(frame, here, predicate="dwithin", distance=layer.distance)
        return shapes.best(len(points), pairs["index_right"].to_numpy(), pairs.index.to_numpy())

    return match
