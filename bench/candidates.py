"""Contenders for all candidates of every point: the disks that reach it, in one array, best first.

The disks are sorted as in disks.py, so a list is best first when its positions ascend.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.answers import Answers, Lists, Matcher
from bench.disks import Sorted
from bench.layers import Disks, Doubles, Integers


def poly_match(layer: Disks) -> Matcher:
    """Build an index, list in one call."""
    import poly_match

    index = poly_match.Index(layer.regions(), predicate="center_within", distance=layer.radius)
    return lambda points: Lists(*index.candidates(points))


def _offsets(counts: npt.NDArray[Any]) -> Integers:
    return np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))


def scipy_ball(layer: Disks) -> Matcher:
    """A tree of the centers gives each point a sorted list."""
    from scipy.spatial import cKDTree

    disks = Sorted(layer)
    tree = cKDTree(disks.centers)

    def match(points: Doubles) -> Answers:
        lists = tree.query_ball_point(points, layer.radius, return_sorted=True)
        offsets = _offsets(np.fromiter(map(len, lists), np.int64, len(lists)))
        found = np.fromiter(chain.from_iterable(lists), np.int64, int(offsets[-1]))
        return Lists(offsets, disks.answers(found))

    return match


def scipy_pairs(layer: Disks) -> Matcher:
    """A tree of the centers and one of the points give all pairs at once, which are then sorted."""
    from scipy.spatial import cKDTree

    disks = Sorted(layer)
    tree = cKDTree(disks.centers)

    def match(points: Doubles) -> Answers:
        pairs = cKDTree(points).sparse_distance_matrix(tree, layer.radius, output_type="ndarray")
        both = np.sort(pairs["i"] * len(layer) + pairs["j"])
        point, found = np.divmod(both, len(layer))
        return Lists(_offsets(np.bincount(point, minlength=len(points))), disks.answers(found))

    return match


def sklearn_kd(layer: Disks) -> Matcher:
    """scikit-learn's k-d tree gives each point an array, which is then sorted."""
    from sklearn.neighbors import KDTree

    disks = Sorted(layer)
    tree = KDTree(disks.centers)

    def match(points: Doubles) -> Answers:
        arrays = tree.query_radius(points, layer.radius)
        counts = np.fromiter(map(len, arrays), np.int64, len(arrays))
        point = np.repeat(np.arange(len(points)), counts)
        both = np.sort(point * len(layer) + np.concatenate(arrays))
        return Lists(_offsets(counts), disks.answers(both % len(layer)))

    return match
