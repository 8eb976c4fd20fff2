"""What a contender answers: one region per point, regions and distances, or a list of regions per point.

The forms are compared by what they say of each point, so that a contender that got fewer points is compared
on those.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bench.layers import Doubles, Integers

ROUNDING = 1e-12  # of a distance, and of the greatest coordinate, that peers' arithmetic may be off


class Measured(NamedTuple):
    """One region per point, -1 for none, and the distance to it."""

    regions: Integers
    distances: Doubles


class Lists(NamedTuple):
    """The regions of point i are regions[offsets[i] : offsets[i + 1]], best first."""

    offsets: Integers
    regions: Integers


Answers = npt.NDArray[Any] | Measured | Lists
Matcher = Callable[[Doubles], Answers]


def equal(some: Answers, others: Answers) -> bool:
    """Whether two answers of one contender are the same."""
    if isinstance(some, tuple):
        return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(some, others, strict=True))
    return np.array_equal(some, others)


def matched(found: Answers) -> float:
    """Return the share of the points that have a region."""
    if isinstance(found, Lists):
        return float((np.diff(found.offsets) > 0).mean())
    return float((regions_of(found) >= 0).mean())


def regions_of(found: Answers) -> Any:
    """Return the regions of answers that have one per point."""
    return found.regions if isinstance(found, Measured) else found


def differing(ours: Answers, theirs: Answers, size: float) -> Integers:
    """Return the points, of those that both answer, to which the answers differ; coordinates are at most
    `size`."""
    if isinstance(ours, Lists):
        assert isinstance(theirs, Lists)
        return _differing_lists(ours, theirs)
    count = len(regions_of(theirs))
    differ = regions_of(ours)[:count] != regions_of(theirs)
    if isinstance(ours, Measured) and isinstance(theirs, Measured):
        a, b = ours.distances[:count], theirs.distances
        differ |= np.abs(a - b) > ROUNDING * (np.maximum(a, b) + size)
    return np.flatnonzero(differ)


def _differing_lists(ours: Lists, theirs: Lists) -> Integers:
    """Return the points whose lists have other regions or another order."""
    count = len(theirs.offsets) - 1
    sizes, begin = np.diff(theirs.offsets), ours.offsets[:count]
    differ = np.diff(ours.offsets[: count + 1]) != sizes
    alike = np.repeat(~differ, sizes)
    point = np.repeat(np.arange(count), sizes)[alike]
    at = np.arange(len(theirs.regions))[alike]
    other = ours.regions[begin[point] + at - theirs.offsets[point]] != theirs.regions[at]
    differ[point[other]] = True
    return np.flatnonzero(differ)
