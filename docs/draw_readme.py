"""Draw the pictures of the README from the example data: python docs/draw_readme.py (with `.[cli,ladder]`)

`readme.png` is the map: cities in the colours of their countries. `rule-*.svg` show one rule each. Every
colour in them is an answer of the library, computed when they are drawn, so no picture can contradict it.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import poly_match as pm
import shapely
from matplotlib.axes import Axes
from PIL import Image

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent / "examples"
INK, QUIET, FAINT, WINNER = "#1d2733", "#8a96a3", "#e4e8ed", "#0b7a75"
HUES = ("#0b7a75", "#e0a458", "#5b7db1", "#b5651d", "#7a9e3a", "#8d5a97", "#c9757d", "#4d9fb3")
STYLE = {"font.family": "DejaVu Sans", "svg.fonttype": "path", "svg.hashsalt": "rules"}

BOX = (-10.5, 40.2, 26.5, 55.2)  # of the map: west, south, east, north


def draw_map(path: Path) -> None:
    """Draw the cities of Europe in the colours of their countries; a cross where there is none."""
    cities = np.loadtxt(
        EXAMPLES / "cities.csv", delimiter=",", skiprows=1, usecols=(2, 3), quotechar='"', encoding="utf-8"
    )
    text = (EXAMPLES / "countries.geojson").read_text(encoding="utf-8")
    countries = shapely.get_parts(shapely.from_geojson(text))
    winner = pm.match(cities, countries)

    west, south, east, north = BOX
    figure = plt.figure(figsize=(9.0, 5.65), dpi=110)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(west, east), ylim=(south, north), aspect=1 / np.cos(np.radians(50)))
    axes.set_axis_off()
    for country in countries:
        for ring in shapely.get_rings(shapely.get_parts(country)):
            x, y = shapely.get_coordinates(ring).T
            axes.fill(x, y, facecolor="#f6f8f9", edgecolor="#b4bfca", linewidth=0.6)
    hues = np.array(HUES)[hue_of(countries)]
    found = winner >= 0
    axes.scatter(*cities[found].T, s=4, c=hues[winner[found]], linewidths=0)
    axes.scatter(*cities[~found].T, s=13, c=INK, marker="x", linewidths=0.9)
    figure.savefig(path, facecolor="white")
    plt.close(figure)
    Image.open(path).convert("RGB").quantize(96).save(path, optimize=True)  # a quarter of the bytes


def hue_of(countries: np.ndarray) -> list[int]:
    """Return a colour number for each country, different from its neighbours' while there are enough."""
    first, second = shapely.STRtree(countries).query(shapely.buffer(countries, 0.6), predicate="intersects")
    hues: list[int] = []
    for country in range(len(countries)):
        near = {hues[other] for other in second[first == country] if other < country}
        free = [hue for hue in range(len(HUES)) if hue not in near]
        hues.append(free[0] if free else country % len(HUES))
    return hues


# ---- one small picture for each rule ----


def box(x: float, y: float, width: float, height: float) -> np.ndarray:
    """Return a rectangle with this lower left corner."""
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])


NESTED = [box(0.4, 0.3, 5.2, 3.4), box(1.2, 0.7, 3.4, 2.5), box(2.1, 1.1, 1.7, 1.5)]
PAIR = [box(0.4, 0.8, 3.4, 2.8), box(2.1, 0.3, 3.4, 2.8)]
TWINS = [box(0.5, 0.7, 2.5, 2.5), box(3.0, 0.7, 2.5, 2.5)]
SCATTER = [box(0.5, 0.5, 1.5, 1.0), box(3.3, 2.3, 1.2, 1.1), box(4.4, 0.4, 1.2, 1.4)]

RULES = {
    "covers": (PAIR[:1], [(1.6, 2.2), (3.8, 1.6), (5.0, 2.4)], {}, ()),
    "center_within": (SCATTER, [(2.5, 1.9)], {"predicate": "center_within", "distance": 1.9}, ()),
    "dwithin": (SCATTER, [(2.5, 1.9)], {"predicate": "dwithin", "distance": 1.2}, ()),
    "nearest": (SCATTER, [(2.7, 1.2), (5.0, 1.4)], {"predicate": "nearest"}, ()),
    "smallest": (NESTED, [(2.9, 1.8)], {}, ()),
    "largest": (NESTED, [(2.9, 1.8)], {"best": "largest"}, ()),
    "first": (PAIR, [(2.9, 1.9)], {"best": "first"}, ("0", "1")),
    "score": (PAIR, [(2.9, 1.9)], {"best": [7, 2]}, ("7", "2")),
    "tie": (TWINS, [(3.0, 1.95)], {}, ("0", "1")),
}


def draw_rule(name: str, path: Path) -> None:
    """Draw regions and points: candidates have a coloured border, the answer is filled."""
    regions, points, options, labels = RULES[name]
    index = pm.Index(regions, **options)
    answers = index.match(points)
    candidates = index.candidates(points, k=len(regions))[1]
    figure = plt.figure(figsize=(1.8, 1.2))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 6), ylim=(0, 4), aspect="equal")
    axes.set_axis_off()
    for region, ring in enumerate(regions):
        wins = region in answers
        axes.fill(*ring.T, facecolor=WINNER if wins else FAINT, alpha=0.35 if wins else 0.6, zorder=1 + wins)
        edge = WINNER if region in candidates else QUIET
        axes.fill(*ring.T, facecolor="none", edgecolor=edge, linewidth=1.6 if wins else 1.0, zorder=4)
    for label, ring in zip(labels, regions, strict=False):
        corner = (0.35, 0.45) if label == labels[0] else (-0.35, -0.45)
        at = (ring[0] if label == labels[0] else ring[2]) + corner
        axes.text(*at, label, ha="center", va="center", fontsize=9, color=INK, zorder=5)
    predicate = options.get("predicate")
    if predicate == "nearest":
        for point, far in zip(points, index.match(points, return_distance=True)[1], strict=True):
            draw_circle(axes, point, far)
    elif predicate is not None:
        draw_circle(axes, points[0], options["distance"])
    if predicate == "center_within":
        for ring in regions:
            axes.plot(*ring.mean(axis=0), "+", color=INK, markersize=5, zorder=5)
    for point, answer in zip(points, answers, strict=True):
        face = WINNER if answer >= 0 else "white"
        axes.plot(*point, "o", color=face, markeredgecolor=INK, markersize=5.5, zorder=6)
    figure.savefig(path, facecolor="white", metadata={"Date": None})
    plt.close(figure)


def draw_circle(axes: Axes, point: tuple[float, float], distance: float) -> None:
    """Draw how far a point reaches: a center or a border must be within, or the closest border is there."""
    turn = np.linspace(0, 2 * np.pi, 90)
    x, y = point[0] + distance * np.cos(turn), point[1] + distance * np.sin(turn)
    axes.plot(x, y, color=INK, linewidth=0.8, dashes=(3, 2), zorder=3)


if __name__ == "__main__":
    draw_map(HERE / "readme.png")
    with plt.rc_context(STYLE):
        for name in RULES:
            draw_rule(name, HERE / f"rule-{name}.svg")
