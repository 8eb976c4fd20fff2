"""The layers to match: regions as ragged arrays, or disks; and how each becomes poly-match's input.

Every contender starts from these arrays, so that the time to build includes making its own objects.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from poly_match import Regions

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Ring = Doubles
Polygon = list[Ring]  # a shell and its holes


@dataclass(frozen=True)
class Layer:
    """Regions, nested as in GeoArrow: coordinates → rings → polygons → regions."""

    coords: Doubles
    ring_offsets: Integers
    polygon_offsets: Integers
    geom_offsets: Integers
    distance: float = 0.0  # of dwithin

    def __len__(self) -> int:
        return len(self.geom_offsets) - 1

    @property
    def facts(self) -> dict[str, int]:
        """The size of the layer."""
        return {
            "regions": len(self),
            "parts": len(self.polygon_offsets) - 1,
            "vertices": len(self.coords),
        }

    def regions(self) -> Regions:
        """Return poly-match's view of the arrays."""
        import poly_match

        return poly_match.Regions(self.coords, self.ring_offsets, self.polygon_offsets, self.geom_offsets)


@dataclass(frozen=True)
class Disks:
    """Disks of one radius; the areas only say which one is best."""

    centers: Doubles
    half_sides: Doubles
    radius: float

    def __len__(self) -> int:
        return len(self.centers)

    @property
    def facts(self) -> dict[str, int]:
        """The size of the layer."""
        return {"regions": len(self), "parts": len(self), "vertices": 4 * len(self)}

    @property
    def areas(self) -> Doubles:
        """The areas of the squares, without rounding."""
        return np.asarray((2 * self.half_sides) ** 2)

    def regions(self) -> Regions:
        """Return squares around the centers. Their centers and areas are exact: see `disks`."""
        import poly_match

        corners = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
        coords = self.centers[:, None, :] + corners * self.half_sides[:, None, None]
        count = len(self)
        return poly_match.Regions(coords.reshape(-1, 2), 4 * np.arange(count + 1), np.arange(count + 1))


def layer_of(regions: Iterable[list[Polygon]]) -> Layer:
    """Return the ragged arrays of regions given as nested lists of rings.

    On a coarse grid a ring may shrink to one edge and its reverse. It is still a ring, but peers want four
    positions, so the first one is repeated, as TopoJSON's own client does.
    """
    rings: list[Ring] = []
    polygon_ends, geom_ends = [0], [0]
    for polygons in regions:
        for polygon in polygons:
            rings += [np.concatenate([ring, *[ring[:1]] * (4 - len(ring))]) for ring in polygon]
            polygon_ends.append(len(rings))
        geom_ends.append(len(polygon_ends) - 1)
    ring_ends = np.concatenate(([0], np.cumsum([len(ring) for ring in rings], dtype=np.int64)))
    return Layer(
        np.ascontiguousarray(np.concatenate(rings)), ring_ends, np.array(polygon_ends), np.array(geom_ends)
    )


def stations(count: int) -> Disks:
    """Return places spread evenly over the unit square, without a radius."""
    centers = np.random.default_rng(8).random((count, 2))
    return Disks(centers, np.ones(count), np.inf)


def disks(count: int, candidates: float, seed: int = 6) -> Disks:
    """Return disks spread evenly over the unit square, of such a radius that a point has this many candidates
    on average.

    Centers are multiples of 2^-30 and sides of 2^-22, so sums, means and areas of the squares are exact, and
    every contender ranks the same numbers. Some areas are equal, so the rule for ties matters too.
    """
    random = np.random.default_rng(seed)
    centers = random.integers(0, 2**30, (count, 2)) / 2**30
    half_sides = random.integers(1, 2**20, count) / 2**22
    return Disks(centers, half_sides, float(np.sqrt(candidates / (count * np.pi))))
