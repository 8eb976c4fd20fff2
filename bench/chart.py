"""Draw the results as SVG: one panel of dots per job, and a line per contender where vertices are counted.

All scales of rates are logarithmic, because the contenders are up to four powers of ten apart. A logarithmic
scale has no zero, so there are dots with labels, not bars. Only poly-match has a strong colour.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.contenders import OURS
from bench.report import GROUPS, Record, ran, rate, times
from bench.report import ours as ours_of
from common.chart import GRID, INK, QUIET, digits, style

PEER, YARDSTICK, FIRST, MINE = "#b4bfca", "#e0a458", "#3f88c5", "#1b998b"
BAR = 0.27  # inches
TITLES = {
    "polygons": "Points to regions: million points per second, one core",
    "nearest": "Points to the region around them or the nearest: million points per second, one core",
    "distances": "The nearest region and its distance: million points per second, one core",
    "dwithin": "The smallest region within a distance: million points per second, one core",
    "candidates": "All candidates of a point: million points per second, one core",
    "covers": "Nearest beside covers: million points per second, one core",
    "disks": "Points to disks: million points per second, one core",
    "sphere": "Points to places on the sphere: million points per second, one core",
    "vertices": "The same map with more vertices: million points per second, one core",
    "frames": "From GeoDataFrame to GeoDataFrame: million points per second, one core",
    "calls": "One point per call, from Python: microseconds per call",
    "workers": "One and two workers: million points per second",
}


def draw_all(results: dict[str, Any], folder: Path) -> list[Path]:
    """Draw a chart for each group of jobs; return the files."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    files = []
    for group in GROUPS:
        records = [record for record in results["jobs"] if record["group"] == group and ran(record)]
        if not records:
            continue
        with plt.rc_context(style("bench") | {"ytick.color": INK}):
            figure = lines(records) if group == "vertices" else panels(records, group)
            titled(figure, group, results["machine"])
            path = folder / f"bench-{group}.svg"
            figure.savefig(path, facecolor="white", metadata={"Date": None})
            plt.close(figure)
        files.append(path)
    return files


def titled(figure: Any, group: str, machine: dict[str, Any]) -> None:
    """Put the title and the source of the numbers above a figure."""
    height = figure.get_figheight()
    figure.text(0.012, 1 - 0.12 / height, TITLES[group], fontsize=14, fontweight="bold", va="top")
    scale = {"calls": "left is better", "vertices": "up is better"}.get(group, "right is better")
    text = f"{scale} · logarithmic · {machine['cpu']} · {machine['python']} · median of the calls"
    figure.text(0.012, 1 - 0.42 / height, text, fontsize=9, color=QUIET, va="top")


def value_of(group: str, contender: Record) -> float:
    """Return the value of a dot: microseconds per call, or million points per second."""
    return 1e6 / rate(contender) if group == "calls" else rate(contender) / 1e6


def colour(name: str) -> str:
    """Return the colour of a contender."""
    if name in (OURS, "nearest") or name.endswith(("worker", "workers")):
        return str(MINE)
    return YARDSTICK if name.startswith("Numba") else PEER


def panels(records: list[Record], group: str) -> Any:
    """Return a figure with a panel for each job, in two columns."""
    import matplotlib.pyplot as plt

    rows = -(-len(records) // 2)
    pairs = [records[2 * i : 2 * i + 2] for i in range(rows)]
    counts = [max(len(ran(record)) for record in pair) for pair in pairs]
    height = 0.8 + sum(BAR * count + 0.78 for count in counts)
    figure, grid = plt.subplots(
        rows, 2, figsize=(11.0, height), squeeze=False, layout="constrained",
        gridspec_kw={"height_ratios": [BAR * count + 0.78 for count in counts]},
    )  # fmt: skip
    figure.get_layout_engine().set(rect=(0.005, 0, 0.99, 1 - 0.72 / height), wspace=0.05, hspace=0.04)
    values = [value_of(group, row) for record in records for row in ran(record)]
    for axes, record in zip(grid.flat, records, strict=False):
        bars(axes, record, group, (min(values) / 2, max(values) * 14))
    for axes in list(grid.flat)[len(records) :]:
        axes.set_visible(False)
    return figure


def bars(axes: Any, record: Record, group: str, limits: tuple[float, float]) -> None:
    """Draw one job: the fastest contender on top."""
    rows = sorted(ran(record), key=rate, reverse=True)
    reference = ours_of(record)
    assert reference is not None
    for y, row in enumerate(rows):
        value = value_of(group, row)
        shade = colour(row["name"])
        axes.plot([limits[0], value], [y, y], color=shade, linewidth=2.4, solid_capstyle="butt", zorder=3)
        axes.plot(value, y, "o", color=shade, markersize=8, zorder=4)
        text = digits(value)
        factor = times(row, reference)
        if factor and group != "workers":
            text += f"   ({factor} slower)" if rate(row) < rate(reference) else ""
        weight = "bold" if row["name"] == OURS else "normal"
        axes.text(value * 1.4, y, text, va="center", fontsize=8.5, fontweight=weight, color=INK, zorder=4)
    axes.set_xscale("log")
    axes.set_xlim(*limits)
    axes.set_ylim(len(rows) - 0.45, -0.55)
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows])
    for label, row in zip(axes.get_yticklabels(), rows, strict=True):
        label.set_fontweight("bold" if row["name"] == OURS else "normal")
    title = f"{record['title'][0].upper()}{record['title'][1:]}"
    axes.set_title(title, loc="left", fontsize=10.5, fontweight="bold", color=INK, pad=6)
    plain(axes)


def plain(axes: Any) -> None:
    """Remove all decoration but the numbers on the axis and faint lines."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.tick_params(axis="both", which="both", length=0)
    axes.tick_params(axis="y", labelsize=9)
    axes.tick_params(axis="x", labelsize=8)
    axes.xaxis.set_major_locator(LogLocator(numticks=12))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.xaxis.grid(True, color=GRID, zorder=0)
    for side in axes.spines.values():
        side.set_visible(False)


def lines(records: list[Record]) -> Any:
    """Return a figure of rates against vertices, a line for each contender."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    figure, axes = plt.subplots(figsize=(8.4, 4.8), layout="constrained")
    figure.get_layout_engine().set(rect=(0.005, 0, 0.99, 1 - 0.72 / 4.8))
    names = list(dict.fromkeys(row["name"] for record in records for row in ran(record)))
    shades = dict(
        zip([name for name in names if name != OURS], (FIRST, YARDSTICK, PEER, QUIET), strict=False)
    )
    for name in names:
        found = [
            (record["vertices"], row) for record in records for row in ran(record) if row["name"] == name
        ]
        x, y = [vertices for vertices, _ in found], [rate(row) / 1e6 for _, row in found]
        shade = MINE if name == OURS else shades.get(name, PEER)
        axes.plot(x, y, color=shade, linewidth=2.2, marker="o", markersize=5, zorder=3)
        weight = "bold" if name == OURS else "normal"
        axes.annotate(
            name, (x[-1], y[-1]), (9, 0), textcoords="offset points", va="center", color=shade, fontsize=9.5,
            fontweight=weight,
        )  # fmt: skip
        for each in zip(x, y, strict=True):
            axes.annotate(
                digits(each[1]),
                each,
                (0, -13 if name == names[-1] else 7),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color=QUIET,
            )
    axes.set_xscale("log")
    axes.set_yscale("log")
    counts = [record["vertices"] for record in records]
    axes.set_xlim(min(counts) / 1.6, max(counts) * 5)
    low, high = axes.get_ylim()
    axes.set_ylim(low / 1.3, high * 1.5)
    plain(axes)
    axes.yaxis.set_major_locator(LogLocator(numticks=8))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.yaxis.grid(True, color=GRID, zorder=0)
    axes.set_xticks(counts, [f"{count:,}" for count in counts])
    axes.set_xlabel("vertices", fontsize=9)
    return figure
