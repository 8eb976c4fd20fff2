"""Draw a border cell as its leaf knows it, and a place where edges meet from close by."""

from __future__ import annotations

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import poly_match as pm
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from docs.how import tree as trees
from docs.how.paint import (
    INK,
    MARK,
    QUIET,
    Axes,
    Box,
    Figure,
    add_boxes,
    layout,
    legend,
    mark,
    paint,
    picture_of,
    tints_of,
)  # fmt: skip
from docs.how.tree import LEAF, STEPS, Doubles, Integers, Tree
from ladder.chart import INK, QUIET

CLOSE = 32  # steps, seen from close by


class Edge(NamedTuple):
    """An edge of a leaf, (2, 2) in steps of its cell."""

    local: Doubles
    real: Doubles | None  # the input's edge that it is of; None: it goes up, outside of the cell


class Cell:
    """A border cell: its leaf, and its steps as coordinates."""

    def __init__(self, tree: Tree, place: Integers, word: int) -> None:
        self.tree = tree
        self.leaves = trees.read_leaves(tree, np.array([word]))
        self.at, self.pieces = int(self.leaves.at[0]), int(self.leaves.pieces[0])
        self.corners = self.leaves.corners[0, : int(self.leaves.vertices[0])]
        self.step = 2.0 ** (trees.PLACE_BITS - trees.STEP_BITS - int(self.leaves.bits[0]))
        self.low = np.floor(place / (self.step * STEPS)) * (self.step * STEPS)

    def points(self, steps: Doubles) -> Doubles:
        """Return the coordinates of places in the cell."""
        return np.asarray(self.tree.min + (self.low + steps * self.step) / self.tree.scale)

    def box(self, low: tuple[int, int], size: int) -> Box:
        """Return a square of steps in coordinates."""
        corners = self.points(np.array([low, (low[0] + size, low[1] + size)])).ravel().tolist()
        return corners[0], corners[1], corners[2], corners[3]

    def edges(self) -> list[Edge]:
        """Return the leaf's edges, but for those between chains, which belong to no piece."""
        first, belong, found = self.at + 1 + self.pieces + self.pieces // 2, 0, []
        for piece in range(self.pieces - 1):
            masks = int(self.tree.leaves[self.at + 1 + self.pieces + piece // 2])
            belong |= masks >> 16 * (piece & 1) & 0xFFFF
        for i in range(len(self.corners) - 1):
            if belong >> i & 1:
                origin, real = int(self.tree.origins[first + i]), None
                if origin != 0xFFFFFFFF:
                    ends = self.tree.vertices[origin : origin + 2]
                    real = ((ends - self.tree.min) * self.tree.scale - self.low) / self.step
                found.append(Edge(self.corners[i : i + 2].astype(np.float64), real))
        return found


def pick_cell(index: pm.Index, tree: Tree, box: Box) -> Cell:
    """Return the border cell in a box whose three regions share it best, with an edge that goes up."""
    points = np.random.default_rng(5).uniform(box[:2], box[2:], (40_000, 2))
    ends = trees.descend(tree, points)
    grid = np.stack(np.meshgrid(*[np.arange(0.5, 24) / 24 * STEPS] * 2), axis=-1).reshape(-1, 2)
    best, score = None, -1.0
    for i in np.flatnonzero(ends.words & 3 == LEAF)[:6000].tolist():
        cell = Cell(tree, ends.places[i], int(ends.words[i]))
        if cell.pieces != 3 or len(cell.corners) < 7:
            continue
        answers, counts = np.unique(index.match(cell.points(grid)), return_counts=True)
        if len(answers) == 3 and answers[0] >= 0:
            worth = counts.min() / len(grid) + 0.1 * any(edge.real is None for edge in cell.edges())
            best, score = (cell, worth) if worth > score else (best, score)
    if best is None:
        raise ValueError("no cell here has three regions")
    return best


def draw_cell(index: pm.Index, box: Box) -> Figure:
    """Draw a border cell of this part of the map, whole and from close by."""
    tree = trees.read(index)
    cell = pick_cell(index, tree, box)
    edges = cell.edges()
    low = crowded_corner(edges)
    figure, (whole, close) = plt.subplots(1, 2, figsize=(10.4, 5.3), layout=layout())
    picture = picture_of(index, cell.box((0, 0), STEPS), 512)
    tints = tints_of(picture)
    paint(whole, picture, (0, 0, STEPS, STEPS), tints)
    draw_whole(whole, cell, edges, low)
    paint(close, picture_of(index, cell.box(low, CLOSE), 512), (*low, low[0] + CLOSE, low[1] + CLOSE), tints)
    draw_close(close, cell, edges, low)
    handles = [
        Line2D([], [], color=INK, linewidth=1.8, marker="o", markersize=4, label="edges of the leaf"),
        Line2D([], [], color=MARK, linewidth=1.8, linestyle="--", label="edges of the input"),
        Line2D([], [], color=INK, linewidth=2.2, linestyle=":", label="straight up, outside of the cell"),
    ]
    legend(figure, handles)
    return figure


def draw_whole(axes: Axes, cell: Cell, edges: list[Edge], low: tuple[int, int]) -> None:
    """Draw the edges of the leaf, and a point whose ray crosses many of them."""
    for edge in edges:
        style = "-" if edge.real is not None else ":"
        axes.plot(*edge.local.T, style, color=INK, linewidth=1.8 if edge.real is not None else 2.4)
        axes.plot(*edge.local.T, "o", color=INK, markersize=4)
    steps = np.stack(np.meshgrid(*[np.arange(200, STEPS, 97)] * 2), axis=-1).reshape(-1, 2)
    crossings = np.bitwise_count(trees.look(cell.leaves, steps)[0])
    clear = (abs(steps[:, 1:] - [*cell.corners[:, 1], low[1]]) > STEPS / 24).all(axis=1)
    steps = steps[clear & (steps[:, 0] < 0.9 * STEPS) & (crossings == crossings[clear].max())]
    u, v = steps[np.argmax(steps[:, 0])].tolist()
    axes.annotate("", (-170, v), (u, v), arrowprops={"arrowstyle": "->", "color": MARK, "linewidth": 1.8})
    axes.plot(u, v, "o", color=MARK, markersize=8, markeredgecolor="white")
    for (ax, ay), (bx, by) in (edge.local for edge in edges):
        if (ay > v) != (by > v) and (x := ax + (v - ay) / (by - ay) * (bx - ax)) < u:
            axes.plot(x, v, "s", color="white", markeredgecolor=MARK, markeredgewidth=1.6, markersize=7)
    axes.add_patch(Rectangle((0, 0), STEPS, STEPS, fill=False, edgecolor=QUIET, linewidth=0.8))
    mark(axes, (low[0] - 60, low[1] - 60, low[0] + CLOSE + 60, low[1] + CLOSE + 60))
    axes.set_xlim(-420, STEPS + 220)
    axes.set_ylim(-220, STEPS + 420)
    axes.set_xticks([0, STEPS], ["0", f"{STEPS:,}"])
    axes.set_yticks([0, STEPS], ["0", f"{STEPS:,}"])
    count = sum(edge.real is not None for edge in edges)
    axes.set_title(f"one border cell: {count} edges between {cell.pieces} regions")


def draw_close(axes: Axes, cell: Cell, edges: list[Edge], low: tuple[int, int]) -> None:
    """Draw the steps that are near an edge, and how far rounding moved the edges."""
    steps = np.stack(np.meshgrid(*(at + np.arange(CLOSE) for at in low)), axis=-1).reshape(-1, 2)
    near = steps[trees.look(cell.leaves, steps)[1] > 0]
    add_boxes(axes, np.hstack([near, near + 1]), (1, 1, 1, 0.45), QUIET, 0.25)
    for edge in edges:
        if edge.real is not None:
            axes.plot(*edge.real.T, "--", color=MARK, linewidth=1.8)
        axes.plot(*edge.local.T, "-o", color=INK, linewidth=1.6, markersize=5)
    axes.set_title(f"{CLOSE} × {CLOSE} steps of it: the squares are near an edge")  # noqa: RUF001


def crowded_corner(edges: list[Edge]) -> tuple[int, int]:
    """Return the lower left corner of what is seen from close by, around a vertex that rounding moved far."""
    best, at = -1.0, (STEPS // 2, STEPS // 2)
    for edge in edges:
        for end in range(2):
            local = edge.local[end]
            if edge.real is not None and (abs(local - STEPS / 2) < STEPS / 2 - CLOSE).all():
                moved = float(np.hypot(*(local - edge.real[end])))
                if best < moved < 1:
                    best, at = moved, (int(local[0]), int(local[1]))
    return at[0] - CLOSE // 2, at[1] - CLOSE // 2
