"""Maps made from numbers: how a job grows with regions and vertices, and what is hard about regions.

Each is a function of a size that returns a layer in about the unit square, the same one on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from bench.layers import Doubles, Layer

SQUARE = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]])


class Map(NamedTuple):
    """A kind of map."""

    title: str
    make: Callable[[int], Layer]
    sizes: tuple[int, ...]  # regions or, where there are few, vertices: from small to large


# ---- from rings ------------------------------------------------------------------------------------------


def of_rings(rings: Sequence[Doubles]) -> Layer:
    """Return a layer of one region per ring."""
    ends = np.concatenate(([0], np.cumsum([len(ring) for ring in rings])))
    each = np.arange(len(rings) + 1)
    return Layer(np.concatenate(rings), ends, each, each)


def of_equal_rings(rings: Doubles) -> Layer:
    """Return a layer of one region per ring; all have as many vertices."""
    count, size, _ = rings.shape
    each = np.arange(count + 1)
    return Layer(np.ascontiguousarray(rings.reshape(-1, 2)), size * each, each, each)


def joined(layers: Sequence[Layer]) -> Layer:
    """Return the regions of all layers as one."""
    levels = []
    for level in ("ring_offsets", "polygon_offsets", "geom_offsets"):
        sizes = [np.diff(getattr(layer, level)) for layer in layers]
        levels.append(np.concatenate(([0], np.cumsum(np.concatenate(sizes)))))
    coords = np.concatenate([layer.coords for layer in layers])
    return Layer(coords, levels[0], levels[1], levels[2])


def closed(ring: Doubles) -> Doubles:
    """Return a ring with its first vertex repeated."""
    return np.concatenate([ring, ring[:1]])


def rough_circle(center: Doubles, radius: float, vertices: int, random: np.random.Generator) -> Doubles:
    """Return a ring that wanders around a circle, by a twentieth of its radius or so."""
    turn = np.arange(vertices) * 2 * np.pi / vertices
    along = np.zeros(vertices)
    for wave in range(1, 9):
        along += random.normal(0, 0.05 / wave) * np.cos(wave * turn + random.uniform(0, 7))
    along += random.normal(0, 0.05 / 40, vertices)
    return closed(center + radius * (1 + along)[:, None] * np.column_stack([np.cos(turn), np.sin(turn)]))


# ---- maps that grow --------------------------------------------------------------------------------------


def squares(count: int) -> Layer:
    """Return squares of several sizes, anywhere."""
    random = np.random.default_rng(1)
    centers, sides = random.random((count, 2)), 0.8 / np.sqrt(count) * random.uniform(0.25, 1, count)
    return of_equal_rings(centers[:, None] + SQUARE * sides[:, None, None])


def outlines(count: int) -> Layer:
    """Return outlines of buildings, L-shaped, turned, none over another."""
    random = np.random.default_rng(2)
    side = int(np.ceil(np.sqrt(count)))
    places = np.column_stack(np.divmod(np.arange(count), side)) + 0.5 + random.uniform(-0.1, 0.1, (count, 2))
    wide, deep = random.uniform(0.15, 0.35, count), random.uniform(0.15, 0.3, count)
    across, up = random.uniform(0.3, 0.7, (2, count)) * 2 - 1
    one = np.ones(count)
    corners = [(-one, -one), (one, -one), (one, up), (across, up), (across, one), (-one, one), (-one, -one)]
    shape = np.stack([np.column_stack([x * wide, y * deep]) for x, y in corners], axis=1)
    turn = random.choice([0.1, 0.1, 0.45, 1.2], count) + random.normal(0, 0.02, count)
    cosine, sine = np.cos(turn)[:, None], np.sin(turn)[:, None]
    x, y = shape[..., 0], shape[..., 1]
    turned = np.stack([x * cosine - y * sine, x * sine + y * cosine], axis=-1)
    return of_equal_rings((turned + places[:, None]) / side)


def _lattice(side: int, between: int, random: np.random.Generator) -> tuple[Doubles, Doubles, Doubles]:
    """Return the corners of a jittered grid, and rough vertices on its edges along x and along y."""
    corners = np.stack(np.meshgrid(np.arange(side + 1.0), np.arange(side + 1.0)), axis=-1)
    corners += random.uniform(-0.3, 0.3, corners.shape)

    def edges(begin: Doubles, end: Doubles) -> Doubles:
        part = (np.arange(1, between + 1) / (between + 1))[:, None]
        straight = begin[..., None, :] * (1 - part) + end[..., None, :] * part
        return straight + random.normal(0, min(0.04, 0.16 / (between + 1)), straight.shape)

    return corners, edges(corners[:, :-1], corners[:, 1:]), edges(corners[:-1], corners[1:])


def tiling(count: int, between: int = 3) -> Layer:
    """Return tiles of 4 + 4 * `between` vertices that share their borders, like census blocks."""
    side = round(np.sqrt(count))
    corners, along, upward = _lattice(side, between, np.random.default_rng(3))
    low_left, low_right = corners[:-1, :-1, None], corners[:-1, 1:, None]
    high_right, high_left = corners[1:, 1:, None], corners[1:, :-1, None]
    sides = [low_left, along[:-1], low_right, upward[:, 1:], high_right, along[1:, :, ::-1], high_left,
             upward[:, :-1, ::-1], low_left]  # fmt: skip
    return of_equal_rings(np.concatenate(sides, axis=2).reshape(side * side, -1, 2) / side)


def cells(count: int) -> Layer:
    """Return tiles of 12 vertices."""
    return tiling(count, between=2)


def coasts(count: int) -> Layer:
    """Return rough regions of 1,000 vertices, of which a point has one or two as candidates."""
    return zones(count, candidates=1.5, vertices=1000)


def zones(count: int, candidates: float = 20, vertices: int = 100) -> Layer:
    """Return overlapping delivery zones: a point has `candidates` of them on average."""
    random = np.random.default_rng(5)
    radius = np.sqrt(candidates / (count * np.pi)) * random.uniform(0.7, 1.25, count)
    centers = random.random((count, 2))
    return of_rings(
        [rough_circle(at, size, vertices, random) for at, size in zip(centers, radius, strict=True)]
    )


def crowded(candidates: int) -> Layer:
    """Return 10,000 zones, of which a point has this many as candidates on average."""
    return zones(10_000, candidates, vertices=30)


# ---- hard ones -------------------------------------------------------------------------------------------


def nested(count: int) -> Layer:
    """Return squares around one place, each in the next: thousands of borders between two points."""
    return of_equal_rings(0.5 + SQUARE * np.linspace(1, 0.001, count)[:, None, None])


def contours(count: int, vertices: int = 2000) -> Layer:
    """Return rough rings of one shape, each in the next."""
    base = rough_circle(np.zeros(2), 0.4, vertices, np.random.default_rng(6))
    return of_equal_rings(0.5 + base * np.linspace(1, 0.02, count)[:, None, None])


def snakes(count: int, vertices: int = 4000) -> Layer:
    """Return buffers of long winding roads: two borders that are close all the way."""
    random = np.random.default_rng(8)
    rings = []
    for _ in range(count):
        turn = np.cumsum(random.normal(0, 0.05, vertices // 2)) + random.uniform(0, 7)
        road = np.cumsum(np.column_stack([np.cos(turn), np.sin(turn)]), axis=0) * (1.2 / (vertices // 2))
        road += random.random(2) - road.mean(axis=0)
        beside = 0.0006 * np.column_stack([-np.sin(turn), np.cos(turn)])
        rings.append(closed(np.concatenate([road + beside, (road - beside)[::-1]])))
    return of_rings(rings)


def holes(count: int) -> Layer:
    """Return one region with this many holes."""
    random = np.random.default_rng(7)
    side = int(np.ceil(np.sqrt(count)))
    places = (
        np.column_stack(np.divmod(np.arange(count), side)) + 0.5 + random.uniform(-0.15, 0.15, (count, 2))
    )
    rings = [rough_circle(np.full(2, 0.5), 0.8, 5000, random)]
    rings += [rough_circle(place / side, 0.25 / side, 12, random) for place in places]
    ends = np.concatenate(([0], np.cumsum([len(ring) for ring in rings])))
    return Layer(np.concatenate(rings), ends, np.array([0, len(rings)]), np.array([0, 1]))


def hierarchy(count: int, levels: int = 6) -> Layer:
    """Return about `count` tiles, unions of four, of sixteen and so on, all with the same vertices."""
    side = max(2 ** round(np.log2(np.sqrt(count))), 2 ** (levels - 1))
    corners, along, upward = _lattice(side, 3, np.random.default_rng(9))
    rings = []
    for size in (2**level for level in range(levels)):
        for y in range(0, side, size):
            for x in range(0, side, size):
                ring = [part for i in range(x, x + size) for part in (corners[y, i, None], along[y, i])]
                ring += [
                    part
                    for j in range(y, y + size)
                    for part in (corners[j, x + size, None], upward[j, x + size])
                ]
                for i in reversed(range(x, x + size)):
                    ring += [corners[y + size, i + 1, None], along[y + size, i, ::-1]]
                for j in reversed(range(y, y + size)):
                    ring += [corners[j + 1, x, None], upward[j, x, ::-1]]
                rings.append(closed(np.concatenate(ring)) / side)
    return of_rings(rings)


def star(spikes: int) -> Layer:
    """Return one region of long thin spikes."""
    turn = np.arange(2 * spikes) * np.pi / spikes
    radius = np.where(np.arange(2 * spikes) % 2 == 0, 0.5, 0.05)
    return of_rings([closed(0.5 + radius[:, None] * np.column_stack([np.cos(turn), np.sin(turn)]))])


def city(count: int) -> Layer:
    """Return outlines in a hundredth of the width, and one square on the other side."""
    town = outlines(count)
    far = of_equal_rings((SQUARE * 0.001 + 0.999)[None])
    return joined([Layer(town.coords / 100, town.ring_offsets, town.polygon_offsets, town.geom_offsets), far])


def together(count: int) -> Layer:
    """Return a tenth of each of the maps above, one over the other."""
    some = count // 10
    few = max(some // 100, 5)
    return joined(
        [squares(some), outlines(some), tiling(some), zones(some), nested(few), contours(few, 500),
         snakes(few, 500), holes(some), hierarchy(some, 3), star(some), city(some)]
    )  # fmt: skip


GROWING = (1000, 10_000, 100_000, 1_000_000)

MAPS = {
    "squares": Map("squares of several sizes", squares, (*GROWING, 10_000_000)),
    "outlines": Map("outlines of buildings", outlines, GROWING),
    "tiling": Map("tiles of 16 vertices that share borders", tiling, GROWING),
    "cells": Map("tiles of 12 vertices that share borders", cells, GROWING),
    "coasts": Map("rough regions of 1,000 vertices", coasts, (100, 1000, 10_000)),
    "zones": Map("delivery zones, 20 candidates per point", zones, (1000, 10_000, 100_000)),
    "crowded": Map("10,000 zones, by candidates per point", crowded, (1, 10, 100, 1000)),
    "nested": Map("squares in squares", nested, (100, 1000)),
    "contours": Map("contours of 2,000 vertices", contours, (10, 100, 1000)),
    "snakes": Map("winding roads of 4,000 vertices", snakes, (10, 100, 1000)),
    "holes": Map("one region, by its holes", holes, (1000, 10_000, 100_000)),
    "hierarchy": Map("six levels over shared borders", hierarchy, (1000, 10_000, 100_000)),
    "star": Map("one star, by its spikes", star, (200, 2000, 20_000)),
    "city": Map("a city, and one square far away", city, (1000, 10_000, 100_000)),
    "together": Map("all at once", together, (1000, 10_000, 100_000)),
}


def points(layer: Layer, count: int, seed: int = 20) -> Doubles:
    """Return points: half of them anywhere, half about as far from a vertex as the next vertex is."""
    random = np.random.default_rng(seed)
    places = random.random((count, 2))
    near = random.random(count) < 0.5
    chosen = random.integers(0, len(layer.coords) - 1, int(near.sum()))
    steps = layer.coords[chosen + 1] - layer.coords[chosen]
    places[near] = layer.coords[chosen] + random.normal(0, 1, chosen.shape)[:, None] * steps[:, ::-1]
    return places
