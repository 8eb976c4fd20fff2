"""The tree of an index, read with NumPy from the index's bytes: what docs/how.md explains, as a program.

It walks points down the tree as the C library does (`walk.c`, `polygon_leaf.c`, `disk_leaf.c` in `src/tree`)
and returns where each of them ends, which the library doesn't. The pictures and the counts on the page are
made with it, and a test compares its answers with the library's. It leaves out speed, and the exact
arithmetic for the few points that the leaves leave undecided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import poly_match as pm

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

ANSWER, INNER, LEAF = 0, 1, 2
FIXED_BITS, STEP_BITS = 50, 13
STEPS = 1 << STEP_BITS
NARROW, ANSWERS = 16, 2  # src/tree/polygon_leaf.h
UNDECIDED = -2

# src/index/block.h
SECTIONS = [
    "ids", "boxes", "polygon_offsets", "polygon_boxes", "ring_offsets", "vertex_offsets", "vertices", "spans",
    "disk_x", "disk_y", "disk_radius", "disk_grid", "disk_grid_x", "disk_grid_y", "disk_reach",
    "root", "tables", "leaves", "origins", "note",
]  # fmt: skip
HEADER = np.dtype(
    [("magic", "S8"), ("byte_order", "u4"), ("version", "u4"), ("header_size", "u8"), ("size", "u8"),
     ("checksum", "u8"), ("predicate", "u4"), ("best", "u4"), ("count", "u8"), ("bounds", "f8", 4),
     ("section_count", "u8"), ("reserved", "u8", 4)]
)  # fmt: skip
SECTION = np.dtype([("name", "u4"), ("reserved", "u4"), ("offset", "u8"), ("size", "u8")])
ROOT = np.dtype([("min", "f8", 2), ("scale", "f8"), ("word", "u8")])


@dataclass(frozen=True)
class Tree:
    """A tree and the coordinates that its leaves refer to."""

    covers: bool
    min: Doubles  # of the root cell
    scale: float  # coordinates to fixed coordinates, whole numbers below 2^50
    root: int
    tables: Integers
    leaves: Integers
    origins: Integers
    polygons: Integers  # where the rings of each begin
    rings: Integers  # where the vertices of each begin
    vertices: Doubles  # of the regions, best first
    disks: Doubles  # x, y, radius, in the order of the input

    @property
    def size(self) -> float:
        """The side of the root cell, in coordinates."""
        return 2.0**FIXED_BITS / self.scale


def read(index: pm.Index) -> Tree:
    """Return the tree of an index, from its bytes."""
    block = np.frombuffer(index._core.block, np.uint8)
    header = block[: HEADER.itemsize].view(HEADER)[0]
    if header["version"] != 9:
        raise ValueError("an index in format 9 is needed")
    listed = block[HEADER.itemsize :][: int(header["section_count"]) * SECTION.itemsize].view(SECTION)
    sections = {SECTIONS[section["name"]]: section for section in listed}

    def array(name: str, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        if name not in sections:
            return np.zeros(0, dtype)
        offset, size = int(sections[name]["offset"]), int(sections[name]["size"])
        return block[offset : offset + size].view(dtype)

    root = array("root", ROOT)[0]
    if not root["scale"]:
        raise ValueError("an index with a tree is needed")
    radius, x, y = (array(f"disk_{name}", "f8") for name in ("radius", "x", "y"))
    return Tree(
        covers=bool(header["predicate"] == 0),
        min=root["min"],
        scale=float(root["scale"]),
        root=int(root["word"]),
        tables=array("tables", "u4").astype(np.int64),
        leaves=array("leaves", "u4").astype(np.int64),
        origins=array("origins", "u4").astype(np.int64),
        polygons=array("ring_offsets", "u4").astype(np.int64),
        rings=array("vertex_offsets", "u4").astype(np.int64),
        vertices=array("vertices", "f8").reshape(-1, 2),
        disks=np.column_stack([x, y, np.broadcast_to(radius, x.shape) if len(x) else x]),
    )


# ---- down the tables -------------------------------------------------------------------------------------


def bits_of(words: Integers) -> Integers:
    """Return how many bits of a fixed coordinate number the children of inner cells."""
    return 3 * ((words >> 2 & 3) + 1)


class Ends(NamedTuple):
    """Where points end."""

    fixed: Integers  # (n, 2), below 2^50
    words: Integers  # of the answers and leaves
    looks: Integers  # into tables; 0 outside of the root cell


def descend(tree: Tree, points: Doubles) -> Ends:
    """Walk points down the tables."""
    at = (points - tree.min) * tree.scale
    inside = np.asarray(((at >= 0) & (at < 2.0**FIXED_BITS)).all(axis=1))
    fixed = np.where(inside[:, None], at, 0).astype(np.int64)
    words = np.where(inside, tree.root, 0)
    used, looks = np.zeros_like(words), np.zeros_like(words)
    while (on := np.flatnonzero(words & 3 == INNER)).size:
        bits, used[on] = bits_of(words[on]), used[on] + bits_of(words[on])
        column, row = (fixed[on] >> (FIXED_BITS - used[on])[:, None] & ((1 << bits) - 1)[:, None]).T
        words[on] = tree.tables[(words[on] >> 4 << 6) + (row << bits | column)]
        looks[on] += 1
    return Ends(fixed, words, looks)


class Table(NamedTuple):
    """A table of 2^bits x 2^bits words: the children of one cell."""

    first: int  # position in the tables
    bits: int
    used: int  # bits that number the cell
    column: int
    row: int


def tables(tree: Tree) -> list[Table]:
    """Return all tables, each before those below it."""
    if tree.root & 3 != INNER:
        return []
    found = [Table(tree.root >> 4 << 6, 3 * ((tree.root >> 2 & 3) + 1), 0, 0, 0)]
    for table in found:
        side = 1 << table.bits
        words = tree.tables[table.first : table.first + side * side]
        for at in np.flatnonzero(words & 3 == INNER).tolist():
            word = int(words[at])
            place = table.column * side + at % side, table.row * side + at // side
            found.append(Table(word >> 4 << 6, 3 * ((word >> 2 & 3) + 1), table.used + table.bits, *place))
    return found


# ---- leaves of polygons ----------------------------------------------------------------------------------


class Leaves(NamedTuple):
    """A leaf for each of n points."""

    at: Integers  # (n,) positions in `leaves`
    units: Integers  # (n,) how many of them it takes
    polygon_counts: Integers  # (n,)
    vertex_counts: Integers  # (n,)
    bits: Integers  # that number the cell
    near: Integers  # the leaf can't decide at this many steps from an edge, or fewer
    vertices: Integers  # (n, most, 2) in steps from the cell's lower left corner


def read_leaves(tree: Tree, words: Integers) -> Leaves:
    """Return the leaves of these words."""
    at = (words >> 2) * 2
    polygons, vertex_counts, bits, near = (tree.leaves[at] >> shift & 0xFF for shift in (0, 8, 16, 24))
    masks = np.where((vertex_counts > NARROW) & (polygons > 0), 2 * (polygons - 1), polygons // 2)
    first = ANSWERS + polygons + masks
    packed = tree.leaves.take((at + first)[:, None] + np.arange(vertex_counts.max(initial=2)), mode="clip")
    vertices = np.stack([packed & 0xFFFF, packed >> 16], axis=-1).astype(np.uint16).view(np.int16)
    return Leaves(at, first + vertex_counts, polygons, vertex_counts, bits, near, vertices.astype(np.int64))


def masks_of(tree: Tree, leaves: Leaves, polygon: int) -> Integers:
    """Return which edges belong to a leaf polygon, for leaves that have it and where it is not the last."""
    at = leaves.at + ANSWERS + leaves.polygon_counts
    narrow = tree.leaves.take(at + polygon // 2, mode="clip") >> 16 * (polygon & 1) & 0xFFFF
    low, high = (tree.leaves.take(at + 2 * polygon + half, mode="clip") for half in range(2))
    return np.where(leaves.vertex_counts > NARROW, low | (high & 0x7FFFFFFF) << 32, narrow)


def look(leaves: Leaves, steps: Integers) -> tuple[Integers, Integers]:
    """Return bit masks of edges: crossed by the ray from (n, 2) `steps` to the left; and near."""
    u, v, near = steps[:, None, 0], steps[:, None, 1], leaves.near[:, None]
    a, b = leaves.vertices[:, :-1], leaves.vertices[:, 1:]
    low, high, (dx, dy) = np.minimum(a, b), np.maximum(a, b), np.moveaxis(b - a, -1, 0)
    cross = dx * (v - a[..., 1]) - dy * (u - a[..., 0])
    edges = np.arange(a.shape[1])
    there = edges < leaves.vertex_counts[:, None] - 1
    crossed = there & ((a[..., 1] > v) != (b[..., 1] > v)) & ((cross < 0) != (dy < 0))
    beside = np.maximum(low - steps[:, None], steps[:, None] - high).max(axis=-1)
    close = there & (beside <= near) & (abs(cross) <= near * (abs(dx) + abs(dy)))
    return crossed @ (1 << edges), close @ (1 << edges)


def decide_polygons(tree: Tree, ends: Ends, at: Integers, answers: Integers) -> None:
    """Answer the points `at` positions that are in leaves of polygons."""
    leaves = read_leaves(tree, ends.words[at])
    steps = ends.fixed[at] >> (FIXED_BITS - STEP_BITS - leaves.bits)[:, None] & (STEPS - 1)
    crossed, near = look(leaves, steps)
    open_ = np.ones(len(at), dtype=bool)
    for polygon in range(int(leaves.polygon_counts.max(initial=0))):
        word = tree.leaves.take(leaves.at + ANSWERS + polygon, mode="clip")
        mask = masks_of(tree, leaves, polygon)
        last = polygon == leaves.polygon_counts - 1
        inside = (word ^ np.bitwise_count(crossed & mask)) & 1 == 1
        unsure = ~last & ((near & mask > 0) | (word & 2 > 0))
        ended = open_ & (last | unsure | inside)
        answers[at[ended]] = np.where(unsure, UNDECIDED, (word >> 2) - 1)[ended]
        open_ &= ~ended


def edges_of(tree: Tree, leaf: int, polygons: int) -> Doubles:
    """Return the input's edges of a leaf's polygons, (n, 2, 2), each once; all edges of small polygons."""
    at, found = int(tree.leaves[leaf + 1]), []
    for _ in range(polygons - 1):
        part, runs = tree.origins[at : at + 2].tolist()
        pairs = tree.origins[at + 2 : at + 2 + 2 * runs].reshape(-1, 2)
        if runs == 0:
            rings = tree.rings[tree.polygons[part] : tree.polygons[part + 1] + 1]
            pairs = np.column_stack([rings[:-1], np.diff(rings) - 1])
        found += [np.arange(first, first + count) for first, count in pairs.tolist()]
        at += 2 + 2 * runs
    edges = np.concatenate(found)
    ends = tree.vertices[edges], tree.vertices[edges + 1]
    turned = (ends[0] @ (1, 1j) > ends[1] @ (1, 1j))[:, None]  # by x, then y: neighbours go the other way
    return np.unique(np.stack([np.where(turned, *ends[::-1]), np.where(turned, *ends)], axis=1), axis=0)


# ---- leaves of disks -------------------------------------------------------------------------------------


def decide_disks(tree: Tree, ends: Ends, points: Doubles, at: Integers, answers: Integers) -> None:
    """Answer the points `at` positions that are in leaves of disks."""
    place = (ends.words[at] >> 2) * 2
    while at.size:
        entry = tree.leaves[place]
        number, last = entry & 0x7FFFFFFF, entry >> 31 == 1
        x, y, radius = tree.disks[number - 1].T
        square = (x - points[at, 0]) ** 2 + (y - points[at, 1]) ** 2
        unsure = ~last & (abs(square - radius**2) <= 2.0**-50 * radius**2)
        ended = last | unsure | (square < radius**2)
        answers[at[ended]] = np.where(unsure, UNDECIDED, number - 1)[ended]
        at, place = at[~ended], place[~ended] + 1


def match(tree: Tree, points: Doubles) -> tuple[Integers, Ends]:
    """Return the answers, UNDECIDED where exact arithmetic is needed, and where the points end."""
    ends = descend(tree, points)
    answers = (ends.words >> 2) - 1
    at = np.flatnonzero(ends.words & 3 == LEAF)
    if tree.covers:
        decide_polygons(tree, ends, at, answers)
    else:
        decide_disks(tree, ends, points, at, answers)
    return answers, ends
