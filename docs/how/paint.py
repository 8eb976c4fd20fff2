"""What the pictures share: their style, the tints of a map, the cells and edges on it."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import poly_match as pm
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle

from bench.layers import Layer
from common.chart import INK, QUIET
from docs.how.tree import Doubles, Integers

mpl.use("Agg")

Axes = Any
Figure = Any
Box = tuple[float, float, float, float]  # min x, min y, max x, max y

# From light to dark, so that most neighbours also differ in greyscale; the last is for no answer.
TINTS = ("#f6edd8", "#d5e5d0", "#ecd0a4", "#abd0d8", "#c3b4d6", "#93b39e", "#d49a8f", "#ffffff")
MARK = "#c1443c"
GREYS = ("#aeb6bf", "#6d7884", INK)
STYLE = {
    "font.family": "DejaVu Sans", "font.size": 9, "svg.fonttype": "path", "svg.hashsalt": "how",
    "text.color": INK, "axes.edgecolor": QUIET, "axes.linewidth": 0.8, "xtick.color": QUIET,
    "ytick.color": QUIET, "axes.titlesize": 10.5, "axes.titleweight": "bold", "axes.titlelocation": "left",
}  # fmt: skip


def layout() -> ConstrainedLayoutEngine:
    """Return the layout of the panels of a figure."""
    return ConstrainedLayoutEngine(h_pad=0.1, w_pad=0.06)


def legend(figure: Figure, handles: list[Any]) -> None:
    """Explain colours and lines below all panels."""
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)


def picture_of(index: pm.Index, box: Box, width: int = 900) -> Integers:
    """Return the answers at the pixels of a box, row by row from below."""
    height = round(width * (box[3] - box[1]) / (box[2] - box[0]))
    x = box[0] + (np.arange(width) + 0.5) / width * (box[2] - box[0])
    y = box[1] + (np.arange(height) + 0.5) / height * (box[3] - box[1])
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return np.asarray(index.match(points).reshape(height, width))


def tints_of(picture: Integers) -> Integers:
    """Return a tint for each answer in a picture, the last for none; neighbours get different tints."""
    beside = [(picture[1:], picture[:-1]), (picture[:, 1:], picture[:, :-1])]
    pairs = np.concatenate([np.stack([a.ravel(), b.ravel()], axis=1) for a, b in beside])
    pairs = np.unique(pairs[(pairs >= 0).all(axis=1) & (pairs[:, 0] != pairs[:, 1])], axis=0)
    neighbours: dict[int, set[int]] = {}
    for a, b in pairs.tolist():
        neighbours.setdefault(a, set()).add(b)
        neighbours.setdefault(b, set()).add(a)
    count = len(TINTS) - 1
    tints = np.full(int(picture.max()) + 2, count)
    used = [0] * count
    for answer in np.unique(picture[picture >= 0]).tolist():
        taken = {tints[other] for other in neighbours.get(answer, ())}
        free = [tint for tint in range(count) if tint not in taken] or [0]
        tints[answer] = min(free[:4], key=lambda tint: used[tint])
        used[tints[answer]] += 1
    return tints


def rgb(tints: Integers) -> Doubles:
    """Return the colours of tints."""
    return np.array([to_rgb(each) for each in TINTS])[tints]


def paint(axes: Axes, picture: Integers, box: Box, tints: Integers) -> None:
    """Paint answers."""
    extent = (box[0], box[2], box[1], box[3])
    axes.imshow(
        tints[picture], ListedColormap(TINTS), vmin=0, vmax=len(TINTS) - 1, extent=extent, origin="lower",
        interpolation="nearest",
    )  # fmt: skip
    frame(axes, box)


def frame(axes: Axes, box: Box) -> None:
    """Show a box and nothing else around it."""
    axes.set_xlim(box[0], box[2])
    axes.set_ylim(box[1], box[3])
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])


def add_boxes(axes: Axes, boxes: Doubles, colours: Any, line: str = INK, width: float = 0.35) -> None:
    """Draw boxes, rows of min x, min y, max x, max y."""
    corners = list(boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]])
    axes.add_collection(PolyCollection(corners, facecolors=colours, edgecolors=line, linewidths=width))


def draw_cells(axes: Axes, index: pm.Index, box: Box) -> None:
    """Draw the cells in a box over the painted answers, border cells brighter."""
    boxes, kinds, _ = index._cells()
    seen = (boxes[:, 2:] > box[:2]).all(axis=1) & (boxes[:, :2] < box[2:]).all(axis=1)
    add_boxes(axes, boxes[seen], [(1, 1, 1, 0.72 if kind == 2 else 0) for kind in kinds[seen]])


def draw_edges(axes: Axes, layer: Layer, box: Box, width: float) -> None:
    """Draw the regions' edges."""
    edges = np.stack([layer.coords[:-1], layer.coords[1:]], axis=1)
    between = np.zeros(len(edges), dtype=bool)
    between[layer.ring_offsets[1:-1] - 1] = True
    near = (edges.max(axis=1) > box[:2]).all(axis=1) & (edges.min(axis=1) < box[2:]).all(axis=1)
    axes.add_collection(LineCollection(list(edges[near & ~between]), colors=INK, linewidths=width))


def mark(axes: Axes, box: Box) -> None:
    """Mark the part that the next panel shows."""
    for colour, width in (("white", 3.2), (MARK, 1.6)):
        axes.add_patch(
            Rectangle(
                box[:2], box[2] - box[0], box[3] - box[1], fill=False, edgecolor=colour, linewidth=width
            )
        )
