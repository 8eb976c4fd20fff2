"""How charts look: their inks, their type, and how numbers are written in them and in tables."""

from __future__ import annotations

from typing import Any

INK, QUIET, GRID = "#1d2733", "#6b7785", "#e4e8ed"


def style(salt: str) -> dict[str, Any]:
    """Return the settings of matplotlib; with one salt an SVG of the same chart has the same bytes."""
    return {
        "font.family": "DejaVu Sans",
        "svg.fonttype": "path",
        "svg.hashsalt": salt,
        "text.color": INK,
        "axes.labelcolor": QUIET,
        "xtick.color": QUIET,
    }


def digits(value: float | None) -> str:
    """Return three significant digits, without exponent: 175, 5.25, 0.0172, 9,230."""
    if value is None:
        return ""
    if value >= 100:
        return f"{float(f'{value:.3g}'):,.0f}"
    places = 2
    while places < 6 and value < 10 ** (1 - places + 1) and value > 0:
        places += 1
    return f"{value:.{places}f}" if value < 10 else f"{value:.1f}"
