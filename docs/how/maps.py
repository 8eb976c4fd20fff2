"""Draw maps of answers with their cells: regions, disks, and the tables that hold the cells."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import poly_match as pm
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle, Patch

from bench.layers import Layer, disks
from common.chart import INK, QUIET
from docs.how import tree as trees
from docs.how.paint import (
    GREYS,
    Axes,
    Box,
    Figure,
    add_boxes,
    draw_cells,
    draw_edges,
    frame,
    layout,
    legend,
    mark,
    paint,
    picture_of,
    rgb,
    tints_of,
)  # fmt: skip
from docs.how.tree import INNER, LEAF, Integers, Table, Tree

TABLES = {3: ("8 × 8", "#f3dcb4"), 6: ("64 × 64", "#7fb0c2"), 9: ("512 × 512", "#3f6f86")}  # noqa: RUF001


def draw_map(layer: Layer, boxes: tuple[Box, Box, Box]) -> Figure:
    """Draw the map of answers, the cells of a part of it, and a few of them."""
    index = pm.Index(layer.regions())
    shapes = [(box[2] - box[0]) / (box[3] - box[1]) for box in boxes]
    figure, axes = plt.subplots(1, 3, figsize=(11, 2.6), layout=layout(), width_ratios=shapes)
    titles = ("the map of answers", "cut into cells, border cells bright", "a few of the cells")
    for panel, (box, title) in enumerate(zip(boxes, titles, strict=True)):
        picture = picture_of(index, box)
        if panel < 2:
            tints = tints_of(picture)  # and those of the third panel in the second, which contains it
        paint(axes[panel], picture, box, tints)
        if panel > 0:
            draw_cells(axes[panel], index, box)
            draw_edges(axes[panel], layer, box, 0.9 * panel)
        if panel < 2:
            mark(axes[panel], boxes[panel + 1])
        axes[panel].set_title(title)
    return figure


# ---- disks -----------------------------------------------------------------------------------------------


def draw_disks(count: int = 40, candidates: float = 3.0) -> Figure:
    """Draw disks, best on top, and the cells of their map."""
    layer = disks(count, candidates, seed=11)
    index = pm.Index(layer.regions(), predicate="center_within", distance=layer.radius)
    tree = trees.read(index)
    box = box_of(tree, Table(0, 0, 0, 0, 0))
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.4, 5.5), layout=layout())
    picture = picture_of(index, box)
    tints = tints_of(picture)
    paint(left, picture, box, tints)
    for center in layer.centers:
        left.add_patch(Circle(center, layer.radius, fill=False, edgecolor=QUIET, linewidth=0.5))
        left.plot(*center, ".", color=INK, markersize=3)
    left.set_title(f"{count} disks, the best one on top")

    boxes, kinds, answers = index._cells()
    words = trees.descend(tree, (boxes[:, :2] + boxes[:, 2:]) / 2).words
    colours = 0.5 + 0.5 * rgb(tints[answers])  # paler, for the greys
    for i in np.flatnonzero(kinds == 2).tolist():
        tested = int(np.argmax(tree.leaves[int(words[i] >> 2) * 2 :] >> 31))
        colours[i] = to_rgb(GREYS[min(tested, len(GREYS)) - 1])
    add_boxes(right, boxes, colours, width=0.3)
    frame(right, box)
    right.set_title(f"{len(kinds):,} cells, {int((kinds == 2).sum()):,} of them with rims")
    labels = ("one disk to test", "two", "more")
    legend(figure, [Patch(facecolor=grey, label=label) for grey, label in zip(GREYS, labels, strict=True)])
    return figure


# ---- tables ----------------------------------------------------------------------------------------------


def box_of(tree: Tree, table: Table) -> Box:
    """Return the cell whose children a table holds."""
    size = tree.size / 2**table.used
    x, y = tree.min + np.array([table.column, table.row]) * size
    return float(x), float(y), float(x + size), float(y + size)


def draw_tables(index: pm.Index, box: Box) -> Figure:
    """Draw which tables there are, and what a large one is made of."""
    tree = trees.read(index)
    tables = trees.tables(tree)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout=layout(), width_ratios=[1.62, 1])
    add_boxes(
        left, np.array([box_of(tree, each) for each in tables]), [TABLES[each.bits][1] for each in tables]
    )
    land = picture_of(index, box) >= 0
    left.contour(land, [0.5], extent=(box[0], box[2], box[1], box[3]), colors=INK, linewidths=1.1)
    frame(left, box)
    left.set_title("the tables, over the map")
    table = busiest(tree, [each for each in tables if each.bits == 6] or tables, box)
    draw_table(right, index, tree, table)
    right.set_title(f"one table of {TABLES[table.bits][0]}")
    there = sorted({each.bits for each in tables})
    handles = [Patch(facecolor=TABLES[bits][1], label=f"tables of {TABLES[bits][0]}") for bits in there]
    handles += [Patch(facecolor=GREYS[0], label="border cells"), Patch(facecolor=INK, label="cut again")]
    legend(figure, handles)
    return figure


def words_of(tree: Tree, table: Table) -> Integers:
    """Return the words of a table, row by row from below."""
    side = 1 << table.bits
    return tree.tables[table.first : table.first + side * side].reshape(side, side)


def draw_table(axes: Axes, index: pm.Index, tree: Tree, table: Table) -> None:
    """Draw the words of a table with thin lines, and with thick ones their cells."""
    words = words_of(tree, table)
    side = len(words)
    answers = np.where(words & 3 == trees.ANSWER, (words >> 2) - 1, -1)
    colours = rgb(tints_of(answers)[answers])
    colours[words & 3 == LEAF] = to_rgb(GREYS[0])
    colours[words & 3 == INNER] = to_rgb(INK)
    axes.imshow(colours, origin="lower", extent=(0, side, 0, side), interpolation="nearest")
    axes.vlines(np.arange(side), 0, side, colors=QUIET, linewidths=0.2)
    axes.hlines(np.arange(side), 0, side, colors=QUIET, linewidths=0.2)
    corner = np.array(box_of(tree, table))
    cells = (index._cells()[0] - np.tile(corner[:2], 2)) / (corner[2] - corner[0]) * side
    here = (cells[:, :2] > -0.5).all(axis=1) & (cells[:, 2:] < side + 0.5).all(axis=1)
    as_large = cells[:, 2] - cells[:, 0] > 0.9  # as a word; smaller cells are in other tables
    add_boxes(axes, cells[here & as_large], "none", width=0.7)
    frame(axes, (0, 0, side, side))


def busiest(tree: Tree, tables: list[Table], box: Box) -> Table:
    """Return the table in a box that holds many large cells and many small ones, and little sea."""

    def score(table: Table) -> float:
        cell = np.array(box_of(tree, table))
        if (cell[2:] < box[:2]).any() or (cell[:2] > box[2:]).any():
            return -1.0
        words = words_of(tree, table)
        copies = float((words[:, 1:] == words[:, :-1]).mean())
        return min(copies, 0.6) + 5 * float((words & 3 == INNER).mean()) + float((words > 3).mean())

    return max(tables, key=score)
