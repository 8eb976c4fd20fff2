"""TopoJSON to ragged arrays, and borders with vertices added.

In the file a border that two regions share is one arc, stored once as steps on a grid of integers. Vertices
are added to the arcs, so both neighbours get the same ones.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from bench.layers import Doubles, Layer, Polygon, layer_of
from examples import make_data

DIGITS = 9  # far below the grid, and it makes the antimeridian exactly 180


def decode(topology: dict[str, Any], name: str, levels: int = 0) -> Layer:
    """Return the regions of one object of a topology.

    Parameters
    ----------
    topology
        The parsed file.
    name
        The name of the object.
    levels
        How often every edge is halved and its middle moved slightly sideways (see `roughened`).
    """
    arcs = [roughened(arc, levels, number) for number, arc in enumerate(decode_arcs(topology))]
    regions = []
    for geometry in topology["objects"][name]["geometries"]:
        kind = geometry.get("type")
        nested = {"Polygon": [geometry.get("arcs")], "MultiPolygon": geometry.get("arcs")}.get(kind, [])
        polygons = [[join(numbers, arcs) for numbers in polygon] for polygon in nested]
        regions.append([piece for polygon in polygons for piece in cut(polygon)])
    return layer_of(regions)


def decode_arcs(topology: dict[str, Any]) -> list[Doubles]:
    """Return the arcs as coordinates."""
    transform = topology.get("transform")
    if transform is None:
        return [np.array(arc, dtype=np.float64) for arc in topology["arcs"]]
    scale, origin = np.array(transform["scale"]), np.array(transform["translate"])
    arcs = [np.cumsum(np.array(steps, dtype=np.int64), axis=0) for steps in topology["arcs"]]
    return [np.round(arc * scale + origin, DIGITS) for arc in arcs]


def join(numbers: list[int], arcs: list[Doubles]) -> Doubles:
    """Return the closed ring that a list of arcs makes; ~i means arc i backwards."""
    pieces = [arcs[number] if number >= 0 else arcs[~number][::-1] for number in numbers]
    return np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])])


def cut(polygon: Polygon) -> list[Polygon]:
    """Return a polygon cut at the antimeridian, as polygons in the plane."""
    if all(np.abs(np.diff(ring[:, 0])).max(initial=0) <= 180 for ring in polygon):
        return [polygon]
    pieces = make_data.cut_polygon([ring.tolist() for ring in polygon])
    return [[np.array(ring) for ring in piece] for piece in pieces]


def roughened(arc: Doubles, levels: int, seed: int) -> Doubles:
    """Return an arc with every edge halved `levels` times, each middle moved sideways by up to 5 % of its
    edge.

    The shape stays the same, with 2^levels times the edges. Edges on the frame of the map (where the
    antimeridian is) stay straight.
    """
    random = np.random.default_rng(seed)
    for _ in range(levels):
        step = np.diff(arc, axis=0)
        on_frame = (np.abs(arc[:-1, 0]) >= 179.9) | (np.abs(arc[1:, 0]) >= 179.9)
        aside = np.where(on_frame, 0.0, random.uniform(-0.05, 0.05, len(step)))
        middle = arc[:-1] + 0.5 * step + aside[:, None] * np.column_stack((-step[:, 1], step[:, 0]))
        finer = np.empty((2 * len(arc) - 1, 2))
        finer[0::2], finer[1::2] = arc, middle
        arc = finer
    return arc


def from_geojson(collection: dict[str, Any]) -> Layer:
    """Return the regions of a GeoJSON FeatureCollection."""
    regions = []
    for feature in collection["features"]:
        shape = feature["geometry"]
        nested = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
        regions.append([[np.array(ring) for ring in polygon] for polygon in nested])
    return layer_of(regions)


def edges_over_antimeridian(layer: Layer) -> int:
    """Count the edges that run across half the map, but for Antarctica's along the pole."""
    count = 0
    for begin, end in pairwise(layer.ring_offsets.tolist()):
        x, y = layer.coords[begin:end].T
        count += int(((np.abs(np.diff(x)) > 180) & (y[1:] > -90)).sum())
    return count
