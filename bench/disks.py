"""Contenders for disks: the trees of SciPy and scikit-learn, and two yardsticks in Numba.

The contract is that of regions. The disks are sorted best first, so the best candidate of a point is the one
of lowest position; areas are exact, so sorting by area is the whole ranking. The yardsticks are what a
specialist would write for exactly this job; they are faster than every library.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.layers import Disks, Doubles, Integers
from bench.polygons import Matcher


def poly_match(layer: Disks) -> Matcher:
    """Build an index, match in one call."""
    import poly_match

    return poly_match.Index(layer.regions(), predicate="center_within", distance=layer.radius).match


class Sorted:
    """The centers of the disks, best first."""

    def __init__(self, layer: Disks) -> None:
        self.order = np.argsort(layer.areas, kind="stable")
        self.centers = layer.centers[self.order]
        self.region = np.append(self.order, -1)  # the last one is for points without a candidate

    def answers(self, lowest: npt.NDArray[Any]) -> Integers:
        """Return the answers, given the lowest position of each point."""
        return np.asarray(self.region[lowest])

    def lowest_of_lists(self, lists: Any) -> Integers:
        """Return the answers, given one list or array of positions per point."""
        none = len(self.order)
        lowest = np.fromiter((min(found, default=none) for found in lists), np.int64, len(lists))
        return self.answers(lowest)

    def lowest_of_arrays(self, arrays: Any) -> Integers:
        """Return the answers, given one array of positions per point."""
        counts = np.fromiter(map(len, arrays), np.int64, len(arrays))
        lowest = np.full(len(arrays), len(self.order))
        starts = (np.cumsum(counts) - counts)[counts > 0]
        if starts.size:
            lowest[counts > 0] = np.minimum.reduceat(np.concatenate(arrays), starts)
        return self.answers(lowest)


def scipy_ball(layer: Disks) -> Matcher:
    """A tree of the centers gives each point the list of its candidates."""
    from scipy.spatial import cKDTree

    disks = Sorted(layer)
    tree = cKDTree(disks.centers)
    return lambda points: disks.lowest_of_lists(tree.query_ball_point(points, layer.radius))


def scipy_pairs(layer: Disks) -> Matcher:
    """A tree of the centers and one of the points give all pairs at once."""
    from scipy.spatial import cKDTree

    disks = Sorted(layer)
    tree = cKDTree(disks.centers)

    def match(points: Doubles) -> Integers:
        pairs = cKDTree(points).sparse_distance_matrix(tree, layer.radius, output_type="ndarray")
        lowest = np.full(len(points), len(disks.order))
        np.minimum.at(lowest, pairs["i"], pairs["j"])
        return disks.answers(lowest)

    return match


def sklearn_kd(layer: Disks) -> Matcher:
    """scikit-learn's k-d tree gives each point the array of its candidates."""
    from sklearn.neighbors import KDTree

    disks = Sorted(layer)
    tree = KDTree(disks.centers)
    return lambda points: disks.lowest_of_arrays(tree.query_radius(points, layer.radius))


def sklearn_ball(layer: Disks) -> Matcher:
    """scikit-learn's ball tree gives each point the array of its candidates."""
    from sklearn.neighbors import BallTree

    disks = Sorted(layer)
    tree = BallTree(disks.centers)
    return lambda points: disks.lowest_of_arrays(tree.query_radius(points, layer.radius))


# ---- yardsticks ------------------------------------------------------------------------------------------


def numba_loop(layer: Disks) -> Matcher:
    """Try the disks of each point, best first, and stop at the first one."""
    loop, _, _ = _kernels()
    disks = Sorted(layer)
    x, y = disks.centers.T.copy()

    def match(points: Doubles) -> Integers:
        return disks.answers(loop(points, x, y, layer.radius**2))

    return match


CELLS_PER_RADIUS = 8  # of the fine grid: the best of 1, 2, 4 and 8 for 1,000 disks
MEMBERS = 4_000_000  # members of all cells together: for 100,000 disks 2 to 4 cells per radius were best
MAX_CELLS = 1024  # along each side


def numba_grid(layer: Disks) -> Matcher:
    """Search a grid whose cells are as wide as the radius, as in most fixed-radius searches."""
    return _grid(layer, 1.0)


def numba_fine_grid(layer: Disks) -> Matcher:
    """Search the fastest grid that was found for these jobs."""
    # A disk is a member of about π (1 + cells per radius)² cells.
    affordable = max(np.sqrt(MEMBERS / (np.pi * len(layer))) - 1, 1.0)
    return _grid(layer, min(CELLS_PER_RADIUS, affordable))


def _grid(layer: Disks, cells_per_radius: float) -> Matcher:
    """Try the disks that reach the cell of each point, best first, and stop at the first one."""
    _, fill, look = _kernels()
    disks = Sorted(layer)
    low, high = disks.centers.min(axis=0) - layer.radius, disks.centers.max(axis=0) + layer.radius
    size = float(max(layer.radius / cells_per_radius, (high - low).max() / MAX_CELLS))
    shape = np.ceil((high - low) / size).astype(np.int64) + 1
    starts, members = fill(disks.centers, layer.radius, low, size, shape)

    def match(points: Doubles) -> Integers:
        return disks.answers(look(points, disks.centers, layer.radius**2, low, size, shape, starts, members))

    return match


@cache
def _kernels() -> tuple[Any, Any, Any]:
    """Compile the yardsticks if Numba is installed."""
    from numba import njit

    @njit
    def loop(points: Any, x: Any, y: Any, limit: float) -> Any:
        lowest = np.full(len(points), len(x))
        for i in range(len(points)):
            px, py = points[i, 0], points[i, 1]
            for j in range(len(x)):
                dx, dy = x[j] - px, y[j] - py
                if dx * dx + dy * dy < limit:
                    lowest[i] = j
                    break
        return lowest

    @njit
    def reaches(x: float, y: float, left: float, bottom: float, size: float, radius: float) -> Any:
        """Whether a disk reaches a cell; true for slightly too many, since the map rounds."""
        dx = max(left - x, 0.0, x - left - size)
        dy = max(bottom - y, 0.0, y - bottom - size)
        return dx * dx + dy * dy <= radius * radius * (1 + 1e-9) + size * size * 1e-9

    @njit
    def fill(centers: Any, radius: float, low: Any, size: float, shape: Any) -> Any:
        starts = np.zeros(shape[0] * shape[1] + 1, np.int64)
        members = np.empty(0, np.int32)
        for write in (False, True):  # first count, then write; each cell keeps its disks best first
            for j in range(len(centers)):
                x, y = centers[j, 0], centers[j, 1]
                for row in range(int((y - radius - low[1]) / size), int((y + radius - low[1]) / size) + 1):
                    for col in range(
                        int((x - radius - low[0]) / size), int((x + radius - low[0]) / size) + 1
                    ):
                        inside = 0 <= row < shape[1] and 0 <= col < shape[0]
                        left, bottom = low[0] + col * size, low[1] + row * size
                        if inside and reaches(x, y, left, bottom, size, radius):
                            cell = row * shape[0] + col
                            if write:
                                members[starts[cell]] = j
                            starts[cell if write else cell + 1] += 1
            if not write:
                starts = np.cumsum(starts)
                members = np.empty(starts[-1], np.int32)
        ends = starts[:-1].copy()  # writing advanced each start to its end
        starts[1:] = ends
        starts[0] = 0
        return starts, members

    @njit
    def look(
        points: Any, centers: Any, limit: float, low: Any, size: float, shape: Any, starts: Any, members: Any
    ) -> Any:
        lowest = np.full(len(points), len(centers))
        for i in range(len(points)):
            px, py = points[i, 0], points[i, 1]
            col, row = int(np.floor((px - low[0]) / size)), int(np.floor((py - low[1]) / size))
            if 0 <= col < shape[0] and 0 <= row < shape[1]:
                cell = row * shape[0] + col
                for k in range(starts[cell], starts[cell + 1]):
                    j = members[k]
                    dx, dy = centers[j, 0] - px, centers[j, 1] - py
                    if dx * dx + dy * dy < limit:
                        lowest[i] = j
                        break
        return lowest

    return loop, fill, look
