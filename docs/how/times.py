"""Draw where the time goes: a bar per job, divided into stages."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.patches import Patch

from common.chart import INK
from docs.how.measure import DOWN, EXACT, FIRST, LEAVES, READ, STAGES
from docs.how.paint import Figure, layout, legend

LABELS = {
    READ: "read the points", FIRST: "first look-up", DOWN: "further look-ups",
    LEAVES: "edges or disks of a leaf", EXACT: "exact, or many polygons",
}  # fmt: skip
SHADES = {READ: "#d5dbe2", FIRST: "#9fc6d0", DOWN: "#4d8ba3", LEAVES: "#e0a458", EXACT: "#c1443c"}


def draw_time(results: dict[str, Any]) -> Figure:
    """Draw nanoseconds per point."""
    rows = [job for job in results["jobs"] if "stages" in job]
    times = [job["ns per point"]["as they are"] for job in rows]
    figure, axes = plt.subplots(figsize=(10.4, 0.5 * len(rows) + 0.9), layout=layout())
    for y, (job, time) in enumerate(zip(rows, times, strict=True)):
        left = 0.0
        for stage in STAGES:
            width = time * job["stages"][stage]
            axes.barh(y, width, left=left, height=0.62, color=SHADES[stage], edgecolor="white", linewidth=0.8)
            if width > 0.04 * max(times):
                colour = "white" if stage in (DOWN, EXACT) else INK
                axes.text(
                    left + width / 2, y, f"{width:.1f}", ha="center", va="center", fontsize=8.5, color=colour
                )
            left += width
        text = f"{time:.1f} ns   {100 * job['in leaves']:.0f} % of the points end in a leaf"
        axes.text(left + 0.01 * max(times), y, text, va="center")
    axes.set_yticks(range(len(rows)), [job["title"] for job in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, 1.6 * max(times))
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0, labelsize=9.5, labelcolor=INK)
    for spine in axes.spines.values():
        spine.set_visible(False)
    legend(figure, [Patch(facecolor=SHADES[stage], label=LABELS[stage]) for stage in STAGES])
    return figure
