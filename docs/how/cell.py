"""Draw a border cell as its leaf describes it: whole, and enlarged where the leaf differs from the edges."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import poly_match as pm
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from common.chart import INK, QUIET
from docs.how import tree as trees
from docs.how.paint import (
    MARK,
    Axes,
    Box,
    Figure,
    frame,
    layout,
    legend,
    mark,
    paint,
    picture_of,
    tints_of,
)  # fmt: skip
from docs.how.tree import LEAF, STEPS, Doubles, Integers, Tree

JUNCTION_CLOSE, COAST_CLOSE = 32, 320  # steps, shown enlarged
VEIL = 0.22  # of what is near an edge
ASIDE = 30  # from this `near` on, a leaf has clearly fewer vertices than the input


class Edge(NamedTuple):
    """An edge of a leaf."""

    local: Doubles  # (2, 2) in steps of its cell
    goes_up: bool  # outside of the cell


class Cell:
    """A border cell: its leaf, and its steps as coordinates."""

    def __init__(self, tree: Tree, fixed: Integers, word: int) -> None:
        self.tree = tree
        self.leaves = trees.read_leaves(tree, np.array([word]))
        self.at, self.polygon_count = int(self.leaves.at[0]), int(self.leaves.polygon_counts[0])
        self.vertices = self.leaves.vertices[0, : int(self.leaves.vertex_counts[0])]
        self.near = int(self.leaves.near[0])
        masks = [int(trees.masks_of(tree, self.leaves, i)[0]) for i in range(self.polygon_count - 1)]
        self.belong = functools.reduce(operator.or_, masks, 0)  # the edges of leaf polygons, as bits
        self.step = 2.0 ** (trees.FIXED_BITS - trees.STEP_BITS - int(self.leaves.bits[0]))
        self.low = np.floor(fixed / (self.step * STEPS)) * (self.step * STEPS)

    def points(self, steps: Doubles) -> Doubles:
        """Return the coordinates of places in the cell."""
        return np.asarray(self.tree.min + (self.low + steps * self.step) / self.tree.scale)

    def box(self, low: tuple[int, int], size: int) -> Box:
        """Return a square of steps in coordinates."""
        corners = self.points(np.array([low, (low[0] + size, low[1] + size)])).ravel().tolist()
        return corners[0], corners[1], corners[2], corners[3]

    def edges(self) -> list[Edge]:
        """Return the leaf's edges, without those between chains, which belong to no leaf polygon."""
        found = []
        for i in range(len(self.vertices) - 1):
            if self.belong >> i & 1:
                local = self.vertices[i : i + 2].astype(np.float64)
                found.append(Edge(local, bool((local[:, 0] < 0).all() and local[:, 1].max() > STEPS)))
        return found

    def input_edges(self) -> Doubles:
        """Return the input's edges that run through the cell, in steps."""
        edges = trees.edges_of(self.tree, self.at, self.polygon_count)
        edges = ((edges - self.tree.min) * self.tree.scale - self.low) / self.step
        beside = (edges.max(axis=1) < 0).any(axis=1) | (edges.min(axis=1) > STEPS).any(axis=1)
        corners = np.array([(0, 0), (STEPS, 0), (0, STEPS), (STEPS, STEPS)])
        along, to = edges[:, 1:] - edges[:, :1], corners - edges[:, :1]
        sides = np.sign(along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0])
        return np.asarray(edges[~beside & (abs(sides.sum(axis=1)) < 4)])


def leaves_in(tree: Tree, box: Box) -> Iterator[Cell]:
    """Yield border cells in a box, large ones often."""
    points = np.random.default_rng(5).uniform(box[:2], box[2:], (40_000, 2))
    ends = trees.descend(tree, points)
    for i in np.flatnonzero(ends.words & 3 == LEAF)[:6000].tolist():
        yield Cell(tree, ends.fixed[i], int(ends.words[i]))


def pick_junction(index: pm.Index, tree: Tree, box: Box) -> Cell:
    """Return the border cell in a box whose three regions share it best, with an edge that goes up."""
    grid = np.stack(np.meshgrid(*[np.arange(0.5, 24) / 24 * STEPS] * 2), axis=-1).reshape(-1, 2)
    best, score = None, -1.0
    for cell in leaves_in(tree, box):
        if cell.polygon_count != 3 or len(cell.vertices) < 7:
            continue
        answers, counts = np.unique(index.match(cell.points(grid)), return_counts=True)
        if len(answers) == 3 and answers[0] >= 0:
            worth = counts.min() / len(grid) + 0.1 * any(edge.goes_up for edge in cell.edges())
            best, score = (cell, worth) if worth > score else (best, score)
    if best is None:
        raise ValueError("no cell here has three regions")
    return best


def pick_coast(tree: Tree, box: Box) -> Cell:
    """Return the border cell in a box of one region and the sea whose leaf has the fewest of its vertices."""
    best, score = None, 1.0
    for cell in leaves_in(tree, box):
        spread = np.ptp(cell.vertices.clip(0, STEPS), axis=0).min()
        if cell.polygon_count != 2 or cell.near < ASIDE or spread < 0.8 * STEPS:
            continue
        worth = len(cell.input_edges()) / len(cell.vertices)
        best, score = (cell, worth) if worth > score else (best, score)
    if best is None:
        raise ValueError("no leaf here has fewer vertices than its coast")
    return best


def draw_junction(index: pm.Index, box: Box) -> Figure:
    """Draw a border cell of three regions in this part of the map."""
    tree = trees.read(index)
    cell = pick_junction(index, tree, box)
    inside = (abs(cell.vertices - STEPS / 2) < STEPS / 2 - JUNCTION_CLOSE).all(axis=1)
    vertices = cell.vertices[inside]
    moved = np.hypot(*np.moveaxis(vertices[:, None] - cell.input_edges().reshape(-1, 2), -1, 0)).min(axis=1)
    return draw_cell(index, cell, vertices[np.argmax(np.where(moved < 1, moved, -1))], JUNCTION_CLOSE)


def draw_coast(index: pm.Index, box: Box) -> Figure:
    """Draw a border cell of this part of the map whose leaf has few vertices for many edges."""
    cell = pick_coast(trees.read(index), box)
    vertices = cell.input_edges().reshape(-1, 2)
    vertices = vertices[(abs(vertices - STEPS / 2) < STEPS / 2 - COAST_CLOSE).all(axis=1)]
    beside = np.min([aside(edge.local, vertices) for edge in cell.edges()], axis=0)
    return draw_cell(index, cell, vertices[np.argmax(beside)].astype(np.int64), COAST_CLOSE)


def aside(edge: Doubles, points: Doubles) -> Doubles:
    """Return how far points are from an edge, in x or in y."""
    low, high, (dx, dy) = edge.min(axis=0), edge.max(axis=0), edge[1] - edge[0]
    beyond = np.maximum(low - points, points - high).max(axis=1)
    cross = dx * (points[:, 1] - edge[0, 1]) - dy * (points[:, 0] - edge[0, 0])
    return np.asarray(np.maximum(abs(cross) / (abs(dx) + abs(dy)), beyond))


def draw_cell(index: pm.Index, cell: Cell, middle: Integers, size: int) -> Figure:
    """Draw a border cell, and `size` steps of it enlarged."""
    low = (int(middle[0]) - size // 2, int(middle[1]) - size // 2)
    figure, (whole, close) = plt.subplots(1, 2, figsize=(10.4, 5.3), layout=layout())
    picture = picture_of(index, cell.box((0, 0), STEPS), 512)
    tints = tints_of(picture)
    paint(whole, picture, (0, 0, STEPS, STEPS), tints)
    draw_whole(whole, cell, low, size)
    paint(close, picture_of(index, cell.box(low, size), 512), (*low, low[0] + size, low[1] + size), tints)
    draw_close(close, cell, low, size)
    handles = [
        Line2D([], [], color=INK, linewidth=1.8, marker="o", markersize=4, label="edges of the leaf"),
        Line2D([], [], color=MARK, linewidth=1.4, linestyle="--", label="edges of the input"),
        Line2D([], [], color=INK, linewidth=2.2, linestyle=":", label="straight up, outside of the cell"),
        Line2D([], [], color=MARK, marker="o", markeredgecolor="white", markersize=8, label="a point's ray"),
        Patch(facecolor=(*to_rgb(INK), VEIL), label="near an edge"),
    ]
    legend(figure, handles)
    return figure


def draw_whole(axes: Axes, cell: Cell, low: tuple[int, int], size: int) -> None:
    """Draw the edges of the leaf and of the input, and a point whose ray crosses many of the former."""
    edges = cell.edges()
    for edge in edges:
        axes.plot(
            *edge.local.T, ":" if edge.goes_up else "-", color=INK, linewidth=2.4 if edge.goes_up else 1.8
        )
        axes.plot(*edge.local.T, "o", color=INK, markersize=4)
    axes.add_collection(LineCollection(list(cell.input_edges()), colors=MARK, linewidths=1, linestyles="--"))
    steps = np.stack(np.meshgrid(*[np.arange(200, STEPS, 97)] * 2), axis=-1).reshape(-1, 2)
    crossings = np.bitwise_count(trees.look(cell.leaves, steps)[0] & cell.belong)
    heights = [*cell.vertices[:, 1], low[1], low[1] + size]
    clear = (abs(steps[:, 1:] - heights) > STEPS / 48).all(axis=1) & (steps[:, 0] < 0.9 * STEPS)
    clear &= trees.look(cell.leaves._replace(near=np.array([STEPS // 20])), steps)[1] & cell.belong == 0
    steps = steps[clear & (crossings == crossings[clear].max())]
    u, v = steps[np.argmax(steps[:, 0])].tolist()
    axes.annotate("", (-170, v), (u, v), arrowprops={"arrowstyle": "->", "color": MARK, "linewidth": 1.8})
    axes.plot(u, v, "o", color=MARK, markersize=8, markeredgecolor="white")
    for (ax, ay), (bx, by) in (edge.local for edge in edges):
        if (ay > v) != (by > v) and (x := ax + (v - ay) / (by - ay) * (bx - ax)) < u:
            axes.plot(x, v, "s", color="white", markeredgecolor=MARK, markeredgewidth=1.6, markersize=7)
    axes.add_patch(Rectangle((0, 0), STEPS, STEPS, fill=False, edgecolor=QUIET, linewidth=0.8))
    mark(axes, (low[0] - 60, low[1] - 60, low[0] + size + 60, low[1] + size + 60))
    axes.set_xlim(-420, STEPS + 220)
    axes.set_ylim(-220, STEPS + 420)
    axes.set_xticks([0, STEPS], ["0", f"{STEPS:,}"])
    axes.set_yticks([0, STEPS], ["0", f"{STEPS:,}"])
    count, real = sum(not edge.goes_up for edge in edges), len(cell.input_edges())
    axes.set_title(f"one border cell: {count} edges for {real} of the input")


def draw_close(axes: Axes, cell: Cell, low: tuple[int, int], size: int) -> None:
    """Draw the steps that are near an edge, and how far the leaf's edges are from the input's."""
    steps = np.stack(np.meshgrid(*(at + np.arange(size) for at in low)), axis=-1).reshape(-1, 2)
    near = (trees.look(cell.leaves, steps)[1] & cell.belong > 0).reshape(size, size)
    veil = np.array([*to_rgb(INK), VEIL]) * near[..., None]
    axes.imshow(
        veil, extent=(low[0], low[0] + size, low[1], low[1] + size), origin="lower", interpolation="nearest"
    )
    axes.add_collection(
        LineCollection(list(cell.input_edges()), colors=MARK, linewidths=1.8, linestyles="--")
    )
    for edge in cell.edges():
        axes.plot(*edge.local.T, "-o", color=INK, linewidth=1.6, markersize=5)
    frame(axes, (*low, low[0] + size, low[1] + size))
    axes.set_title(f"{size} × {size} steps of it: undecided within {cell.near}")  # noqa: RUF001
