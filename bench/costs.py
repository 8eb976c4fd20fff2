"""The costs that a job chooses its way by, in the order of src/index/costs.c: nanoseconds per item.

Each way is made to run where one item is nearly all of its time, and the differences give the costs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bench import maps
from bench.layers import Layer
from bench.scale import least


def job(layer: Layer, way: str, x: Any, y: Any) -> Any:
    """Return a job that goes this way."""
    from poly_match import _core

    arrays = layer.regions()._arrays
    return _core.Job(*arrays, "covers", "first", None, None, way, None, 0, 0.0, x, y)


def build(layer: Layer, way: str) -> float:
    """Return nanoseconds to prepare a job for few points."""
    count = 4 * len(layer.coords) if way == "tree" else 1  # an index is built for points that are everywhere
    x, y = (np.random.default_rng(23).random((2, count)) + (0 if way == "tree" else 9)).copy()
    regions = layer.regions()
    return 1e9 * least(lambda: job(layer, way, x, y)) - 1e9 * least(lambda: regions._arrays)


def look(layer: Layer, way: str, count: int, shift: float = 0.0) -> float:
    """Return nanoseconds per point; with a shift of 9 all of them are in no box."""
    x, y = (np.random.default_rng(22).random((2, count)) + shift).copy()
    out, made = np.empty(count, dtype=np.int64), job(layer, way, x, y)
    return 1e9 * least(lambda: made.match(x, y, out)) / count


def run() -> int:
    """Measure and print."""
    many, few = maps.squares(100_000), maps.squares(10_000)
    flat, boxes = (build(many, way) / len(many) for way in ("scan", "boxes"))
    print(f"BOXES_BUILD - FLAT_BUILD  {boxes - flat:.0f}")
    print(f"FLAT_LOOK                 {look(few, 'scan', 1000, 9) / len(few):.3f}")
    levels = np.ceil(np.log2(len(few)) / 4)
    print(f"BOXES_LOOK                {(look(few, 'boxes', 100_000) / levels):.0f} with candidates")
    short, long = maps.zones(1000, 3, 60), maps.zones(1000, 3, 12)
    edge = (look(short, "boxes", 50_000) - look(long, "boxes", 50_000)) / (3 * 1.27 * 48)
    print(f"EDGE                      {edge:.2f}")
    print(
        f"CANDIDATE                 {look(long, 'boxes', 50_000) / (3 * 1.27) - 12 * edge:.0f} with the tree"
    )
    for name, layer in {"squares": many, "tiling": maps.tiling(20_000), "coasts": maps.coasts(500)}.items():
        took = build(layer, "tree")
        each = f"{took / len(layer):,.0f} per region, {took / len(layer.coords):,.0f} per vertex"
        print(f"index of {name:8} {each}")
    print(f"INDEX_LOOK                {look(few, 'tree', 500_000):.0f}")
    return 0
