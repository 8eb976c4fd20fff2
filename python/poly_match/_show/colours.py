"""Which colour a region has on a map.

A palette of nine colours that people with colour-blindness can distinguish repeats on a map of many regions:
what a colour says is only "another region than beside it", so regions whose boxes meet get different ones if
possible. Where a few regions are highlighted, these have colours of their own, in a legend, and all others
are grey.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from poly_match._engine.results import Answers
from poly_match._errors import type_error, value_error
from poly_match._forms.numbers import Doubles

__all__ = ["PALETTE", "Colours", "colouring", "colours_of"]

# Paul Tol's "muted" scheme: nine colours that people with colour-blindness can tell apart.
# https://sronpersonalpages.nl/~pault/
PALETTE = (
    "#332288", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77", "#CC6677", "#882255", "#AA4499",
)  # fmt: skip
OTHER = "#B8BFC6"  # a region that is not highlighted


class Colours(NamedTuple):
    """A colour for each region, and the regions that the legend names, with their labels."""

    of: npt.NDArray[np.str_]
    named: dict[int, str]


def colouring(boxes: Doubles) -> Answers:
    """Return a colour number for each region, different from those of regions whose boxes meet.

    From left to right, each takes the colour that is rarest among its neighbours, then overall.
    O(n log n + the pairs that meet in x).
    """
    colours = np.full(len(boxes), 0, dtype=np.intp)
    order = np.argsort(boxes[:, 0], kind="stable")
    left, bottom, right, top = boxes[order].T
    used, reach = np.zeros(len(PALETTE)), np.maximum.accumulate(np.nan_to_num(right, nan=-np.inf))
    for place, row in enumerate(order.tolist()):
        first = int(np.searchsorted(reach[:place], left[place]))
        before = slice(first, place)
        meets = (
            (right[before] >= left[place]) & (bottom[before] <= top[place]) & (top[before] >= bottom[place])
        )
        around = np.bincount(colours[order[before][meets]], minlength=len(PALETTE))
        colours[row] = np.lexsort((used, around))[0]
        used[colours[row]] += 1
    return colours


def colours_of(boxes: Doubles, highlight: Any, names: npt.NDArray[np.object_] | None) -> Colours:
    """Return the colours: of all regions by their neighbours, or of those that are highlighted."""
    if highlight is None:
        return Colours(np.array(PALETTE)[colouring(boxes)], {})
    rows = _rows_of(highlight, len(boxes), names)
    colours = np.full(len(boxes), OTHER)
    colours[rows] = np.array(PALETTE)[np.arange(len(rows)) * 4 % len(PALETTE)]  # consecutive ones are unlike
    named = {row: f"region {row}" if names is None else str(names[row]) for row in rows}
    return Colours(colours, named)


def _rows_of(highlight: Any, count: int, names: npt.NDArray[np.object_] | None) -> list[int]:
    """Return the positions of the regions to highlight, given as positions or as names."""
    listed = [highlight] if isinstance(highlight, (str, int, np.integer)) else list(highlight)
    if len(listed) > len(PALETTE):
        raise value_error(
            "highlight", f"at most {len(PALETTE)} regions can have a colour of their own, got {len(listed)}"
        )
    rows: list[int] = []
    for place, each in enumerate(listed):
        if isinstance(each, (int, np.integer)) and not isinstance(each, bool):
            if not 0 <= each < count:
                raise value_error("highlight", f"{each} is not one of {count} regions", place)
            rows.append(int(each))
        elif isinstance(each, str):
            if names is None:
                raise type_error("highlight", f"to find the region {each!r}, give names= as well", place)
            found = np.flatnonzero(names[:-1] == each).tolist()
            if not found:
                raise value_error("highlight", f"no region is called {each!r}", place)
            rows += found
        else:
            raise type_error(
                "highlight",
                f"expected the position or the name of a region, got {type(each).__name__}",
                place,
            )
    return list(dict.fromkeys(rows))
