# ruff: noqa: RUF001  (the multiplication sign is meant)
"""Draw a run: one bar per rung, as multiples of the baseline, on a logarithmic scale."""

from pathlib import Path

from ladder.report import digits

INK, QUIET, GRID = "#1d2733", "#6b7785", "#e4e8ed"
PYTHON, NUMPY, NATIVE, WHOLE, DEBUG = "#9aa7b5", "#e0a458", "#3f88c5", "#1b998b", "#c8b6d9"


def colour(row: dict) -> str:
    number = int(row["rung"][1:3])
    if number in (1, 5):
        return PYTHON
    if number <= 4:
        return NUMPY
    if number <= 11:
        return NATIVE
    return WHOLE if number <= 13 else DEBUG


def time_text(milliseconds: float) -> str:
    return f"{digits(milliseconds)} ms" if milliseconds >= 0.1 else f"{digits(1e3 * milliseconds)} µs"


def draw(rows: list[dict], machine: dict, paths: list[Path]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    style = {
        "font.family": "DejaVu Sans",
        "svg.fonttype": "path",
        "svg.hashsalt": "ladder",
        "text.color": INK,
        "axes.labelcolor": QUIET,
        "xtick.color": QUIET,
    }
    ran = [row for row in rows if "times_baseline" in row]
    with plt.rc_context(style):
        figure, axes = plt.subplots(figsize=(10.4, 0.42 * len(ran) + 1.9))
        values = [row["times_baseline"] for row in ran]
        low, high = min(0.08, *(v / 2 for v in values)), 12 * max(values)
        # Bars grow from 1, the baseline: to the right is faster, to the left slower.
        for y, row in enumerate(ran):
            times = row["times_baseline"]
            begin, end = sorted((1.0, times))
            # The baseline has no length on this scale: a thin mark stands for it.
            begin, end = (0.97, 1.03) if end / begin < 1.06 else (begin, end)
            axes.barh(y, end - begin, left=begin, height=0.62, color=colour(row), zorder=3, linewidth=0)
            # Within the bar where there is room: beside it the mark of the ceiling may stand.
            inside = times >= 5
            axes.text(
                end if inside else max(end, 1.03),
                y,
                f"{digits(times)}×  " if inside else f"  {digits(times)}×",
                ha="right" if inside else "left",
                va="center",
                fontsize=10,
                fontweight="bold",
                color="white" if inside and colour(row) in (NATIVE, WHOLE) else INK,
                zorder=5,
            )
            axes.text(high, y, time_text(row["median_ms"]), ha="right", va="center", fontsize=9, color=QUIET)
            ceiling = row.get("ceiling_ms")
            if ceiling and int(row["rung"][1:3]) >= 6:
                at = ran[0]["median_ms"] / ceiling
                axes.plot([at, at], [y - 0.42, y + 0.42], color="#c1443c", linewidth=1.8, zorder=6)
        ceilings = [y for y, row in enumerate(ran) if row.get("ceiling_ms") and int(row["rung"][1:3]) >= 6]
        if ceilings:
            label = "red: the ceiling, what the Python select_best_polygon alone would allow"
            axes.plot([], [], color="#c1443c", linewidth=1.8, label=label)
            axes.legend(
                loc="upper left", bbox_to_anchor=(-0.005, -0.06), frameon=False, fontsize=9, labelcolor=QUIET
            )
        axes.set_xscale("log")
        axes.set_xlim(low, high)
        axes.set_ylim(len(ran) - 0.4, -0.7)
        axes.set_yticks(range(len(ran)), [f"{row['name']}  {int(row['rung'][1:3]):>2}" for row in ran])
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
