# ruff: noqa: RUF001  (the multiplication sign is meant)
"""Draw a run: one bar per rung, as multiples of the baseline, on a logarithmic scale."""

from pathlib import Path

from common.chart import GRID, INK, QUIET, digits, style
from ladder.catalogue import BASELINE
from ladder.catalogue import label as label_of

PYTHON, NUMPY, HUNDRED, LIBRARY, CEILING = "#9aa7b5", "#e0a458", "#1b998b", "#3f88c5", "#c1443c"
GROUPS = {"Python": PYTHON, "NumPy and Numba": NUMPY, "a hundred lines of C": HUNDRED, "the library": LIBRARY}


def colour(row: dict) -> str:
    if row["project"]:
        return HUNDRED if row["project"] == "extension" else LIBRARY
    return PYTHON if (row["of"] or row["rung"]) == BASELINE else NUMPY


def time_text(milliseconds: float) -> str:
    return f"{digits(milliseconds)} ms" if milliseconds >= 0.1 else f"{digits(1e3 * milliseconds)} µs"


def draw_bar(axes, y: float, height: float, row: dict) -> None:
    """A bar from 1, the baseline: to the right is faster, to the left slower."""
    times = row["times_baseline"]
    begin, end = sorted((1.0, times))
    # The baseline has no length on this scale: it is a thin mark.
    begin, end = (0.97, 1.03) if end / begin < 1.06 else (begin, end)
    axes.barh(y, end - begin, left=begin, height=height, color=colour(row), zorder=3, linewidth=0)
    # Inside the bar if there is room: the mark of the ceiling may be beside it.
    inside = times >= 5
    axes.text(
        end if inside else max(end, 1.03),
        y,
        f"{digits(times)}×  " if inside else f"  {digits(times)}×",
        ha="right" if inside else "left",
        va="center",
        fontsize=10,
        fontweight="bold",
        color="white" if inside and row["project"] else INK,
        zorder=5,
    )


def draw_beside(axes, y: float, row: dict) -> None:
    times = row["times_baseline"]
    axes.barh(y, times - 1, left=1, height=0.14, color=colour(row), alpha=0.55, zorder=3, linewidth=0)
    circumstance = {"debug": "debug build", "fresh memory": "memory fresh each time"}[row["with"]]
    text = f" {circumstance} {digits(times)}×"
    axes.text(times, y, text, ha="left", va="center", fontsize=7.5, color=QUIET, zorder=5)


def draw(rows: list[dict], machine: dict, paths: list[Path]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    ran = [row for row in rows if "times_baseline" in row]
    # A rung under other conditions is a thin bar below the rung that it repeats.
    steps = [row for row in ran if row["of"] in (None, BASELINE)]
    beside = {row["of"]: row for row in ran if row not in steps}
    with plt.rc_context(style("ladder")):
        figure, axes = plt.subplots(figsize=(10.4, 0.46 * len(steps) + 2.1))
        values = [row["times_baseline"] for row in ran]
        low, high = min(0.08, *(v / 2 for v in values)), 12 * max(values)
        for y, row in enumerate(steps):
            other = beside.get(row["rung"])
            draw_bar(axes, y - (0.1 if other else 0), 0.52 if other else 0.62, row)
            axes.text(high, y, time_text(row["median_ms"]), ha="right", va="center", fontsize=9, color=QUIET)
            if other:
                draw_beside(axes, y + 0.29, other)
            ceiling = row.get("ceiling_ms")
            if ceiling and row["project"]:
                at = ran[0]["median_ms"] / ceiling
                axes.plot(
                    [at, at],
                    [y - 0.42, y + (0.18 if other else 0.42)],
                    color=CEILING,
                    linewidth=1.8,
                    zorder=6,
                )
        for group, fill in GROUPS.items():
            axes.barh(0, 0, color=fill, label=group)
        label = "ceiling: the Python select_best_polygon alone"
        axes.plot([], [], color=CEILING, linewidth=1.8, label=label)
        axes.legend(
            loc="upper left",
            bbox_to_anchor=(-0.38, -0.035),
            ncols=5,
            frameon=False,
            fontsize=9,
            labelcolor=QUIET,
            columnspacing=1.4,
            handlelength=1.4,
        )
        axes.set_xscale("log")
        axes.set_xlim(low, high)
        axes.set_ylim(len(steps) - 0.4, -0.7)
        axes.set_yticks(range(len(steps)), [f"{row['name']}  {label_of(row['rung']):>2}" for row in steps])
        axes.tick_params(axis="y", length=0, labelsize=10, labelcolor=INK)
        axes.tick_params(axis="x", which="both", length=0, labelsize=9)
        ticks = [t for t in (0.1, 1, 10, 100, 1_000, 10_000, 100_000) if low <= t <= 3 * max(values)]
        axes.set_xticks(ticks, [f"{t:,}×" for t in ticks])
        axes.minorticks_off()
        axes.xaxis.grid(True, color=GRID, zorder=0)
        axes.axvline(1, color=QUIET, linewidth=1, zorder=4)
        for side in axes.spines.values():
            side.set_visible(False)
        figure.text(
            0.012,
            0.975,
            "The ladder: times as fast as the baseline",
            fontsize=15,
            fontweight="bold",
            va="top",
        )
        facts = f"main() on 100 points × 1000 polygons · {machine['cpu']}, one core · {machine['python']}"
        figure.text(0.012, 0.975 - 0.3 / figure.get_figheight(), facts, fontsize=9.5, color=QUIET, va="top")
        figure.tight_layout(rect=(0.0, 0.0, 1.0, 1 - 0.62 / figure.get_figheight()))
        for path in paths:
            metadata = {"Date": None} if path.suffix == ".svg" else {}
            figure.savefig(path, dpi=150, facecolor="white", metadata=metadata)
        plt.close(figure)
