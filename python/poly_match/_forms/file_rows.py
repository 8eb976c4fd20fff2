"""The rows of a file that stands for points or regions."""

from __future__ import annotations

from typing import Any

import numpy as np

from poly_match._forms.numbers import XY

__all__ = ["FileRows"]


class FileRows:
    """The rows of a file: its columns, its CRS, and x and y of points or the geometry of regions."""

    def __init__(self, columns: dict[str, Any], crs: str | None, xy: XY | None, geometry: Any) -> None:
        self._columns, self.crs_text, self.geometry = columns, crs, geometry
        self.x, self.y = xy or (np.empty(0), np.empty(0))

    @property
    def columns(self) -> list[str]:
        return list(self._columns)

    def __getitem__(self, name: str) -> Any:
        return self._columns[name]
