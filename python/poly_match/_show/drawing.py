"""The layers of a map, one function for each: regions or a raster, disks, cells, points, frame and words."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from poly_match._engine.results import Answers
from poly_match._forms.column import doubles_in
from poly_match._forms.numbers import Doubles
from poly_match._forms.parts import POINT
from poly_match._forms.regions import Regions
from poly_match._index import Index
from poly_match._show.colours import Colours
from poly_match._show.outlines import Raster

__all__ = [
    "draw_cells",
    "draw_disks",
    "draw_frame",
    "draw_marks",
    "draw_points",
    "draw_raster",
    "draw_regions",
]

BORDER = 2  # the kind of a cell that a border crosses
NO_REGION, TIE = "#777777", "#D4006A"


def draw_regions(ax: Any, outlines: list[Any], colours: Colours) -> None:
    """Draw each region's outline, filled lightly; those that are highlighted lie on top."""
    from matplotlib.collections import PathCollection
    from matplotlib.colors import to_rgba_array

    filled = [row for row, outline in enumerate(outlines) if len(outline.vertices)]
    filled.sort(key=lambda row: row in colours.named)
    edges = to_rgba_array(colours.of[filled])
    opaque = np.array([[1, 1, 1, 0.5 if row in colours.named else 0.2] for row in filled]).reshape(-1, 4)
    drawn = PathCollection(
        [outlines[row] for row in filled],
        facecolors=edges * opaque, edgecolors=edges, linewidths=0.6 if len(filled) < 1000 else 0.3,
    )  # fmt: skip
    ax.add_collection(drawn)
    ax.autoscale_view()


def draw_marks(ax: Any, regions: Regions, colours: Colours) -> None:
    """Draw a mark at each point that is a region, or a part of one."""
    if regions.kinds is None:
        return
    polygons = np.arange(len(regions)) if regions.geom_offsets is None else regions.geom_offsets
    rows = np.flatnonzero(regions.kinds == POINT)
    rows = rows[regions.polygon_offsets[rows] < regions.polygon_offsets[rows + 1]]
    places = regions.coords[regions.ring_offsets[regions.polygon_offsets[rows]]]
    of = np.searchsorted(polygons, rows, side="right") - 1
    ax.scatter(places[:, 0], places[:, 1], s=12, c=colours.of[of], marker="^", linewidths=0, zorder=2)


def draw_raster(ax: Any, raster: Raster, colours: Colours) -> None:
    """Draw answers as squares in the colours of their regions."""
    from matplotlib.colors import to_rgba_array

    of = np.concatenate([to_rgba_array(colours.of), np.zeros((1, 4))])  # the last: no region
    of[:-1, 3] = 0.3
    of[list(colours.named), 3] = 0.6
    left, bottom, right, top = raster.extent
    ax.imshow(
        of[raster.answers],
        origin="lower",
        extent=(left, right, bottom, top),
        interpolation="nearest",
        zorder=0,
    )


def draw_disks(ax: Any, centers: Doubles, distance: Any, colours: Colours) -> None:
    """Draw a circle of the distance around each center, for "center_within"."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Circle

    radii = np.broadcast_to(doubles_in(distance, "distance"), len(centers))
    rows = np.flatnonzero(np.isfinite(radii) & np.isfinite(centers).all(axis=1))
    circles = [Circle(tuple(centers[row]), radii[row]) for row in rows]
    ax.add_collection(
        PatchCollection(
            circles, facecolors="none", edgecolors=colours.of[rows], linestyles="dotted", linewidths=0.8
        )
    )
    ax.autoscale_view()


def draw_cells(ax: Any, index: Index) -> str:
    """Draw the cells of an index; return a note if there are none."""
    from matplotlib.collections import PolyCollection

    boxes, kinds, _ = index._cells()
    corners = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
    for kind, colour in ((0, "#BBBBBB"), (BORDER, "#555555")):
        ax.add_collection(
            PolyCollection(corners[kinds == kind], facecolors="none", edgecolors=colour, linewidths=0.4),
            autolim=False,
        )
    if len(boxes):
        return ""
    if index.predicate == "nearest":
        return "no cells to draw: an index for nearest has none"
    return "no cells to draw: so few regions are compared one by one"


def draw_points(
    ax: Any,
    points: tuple[Doubles, Doubles],
    found: Answers,
    tied: npt.NDArray[np.bool_],
    colours: Colours,
) -> None:
    """Draw points in the colours of their regions, crosses for no region, rings around ties."""
    from matplotlib.colors import to_rgba_array

    x, y = points
    hit = np.flatnonzero(found >= 0)
    special = np.isin(found[hit], list(colours.named))
    hit = hit[np.argsort(special, kind="stable")]  # the highlighted ones on top
    none = found < 0
    size = 16 if len(x) < 1000 else 4
    if hit.size:
        others = "other regions" if colours.named else "matched"
        label = f"{others} ({len(hit) - int(special.sum()):,})"
        faces = to_rgba_array(colours.of[found[hit]])
        if colours.named:
            faces[: len(hit) - int(special.sum()), 3] = 0.4
        ax.scatter(x[hit], y[hit], s=size, c=faces, linewidths=0, zorder=3, label=label)
    for row, name in colours.named.items():
        label = f"{name} ({int((found == row).sum()):,})"
        ax.scatter([], [], s=30, color=colours.of[row], marker="s", linewidths=0, label=label)
    if none.any():
        label = f"no region ({none.sum():,})"
        ax.scatter(x[none], y[none], s=size, c=NO_REGION, marker="x", linewidths=0.7, zorder=3, label=label)
    if tied.any():
        ring = {"facecolors": "none", "edgecolors": TIE, "linewidths": 1.2, "zorder": 4}
        ax.scatter(x[tied], y[tied], s=4 * size + 20, label=f"tie ({tied.sum():,})", **ring)


def draw_frame(ax: Any, title: str, notes: str, lonlat: bool, middle: float) -> None:
    """Write the title, the labels of the axes and the legend below them, and set the scale of y."""
    ax.set_title(title)
    ax.set_xlabel("longitude" if lonlat else "x")
    ax.set_ylabel("latitude" if lonlat else "y")
    ax.set_aspect(1 / max(np.cos(np.radians(middle)), 0.1) if lonlat else 1.0)
    handles, labels = ax.get_legend_handles_labels()
    if handles or notes:
        below = {"loc": "upper center", "bbox_to_anchor": (0.5, 0), "borderaxespad": 3.5}  # the label of x
        legend = ax.legend(handles, labels, ncols=min(max(len(handles), 1), 4), frameon=False, **below)
        for handle in legend.legend_handles:
            handle.set_sizes([30.0])  # those of many points are too small to see
        if notes:
            legend.set_title(notes)
