"""`--on`: points match only regions whose fields equal columns of the points.

The regions are grouped once. The points come in chunks, and the indexes of large groups are kept between
chunks. CSV has no types, so a column of text is converted to the type of the field it is compared with.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from poly_match._engine.groups import Groups
from poly_match._engine.prepared import Prepared
from poly_match._errors import InputError
from poly_match._forms.keys import Keys
from poly_match._forms.numbers import Doubles
from poly_match._readers.layer import Layer
from poly_match._readers.problems import Problem, UsageProblem
from poly_match._readers.sources import Source

__all__ = ["KeyedRegions"]


class KeyedRegions:
    """The regions of a layer, grouped by equal fields.

    Parameters
    ----------
    on
        "NAME", or "COLUMN=FIELD" if the points use another name.
    """

    def __init__(self, on: list[str], source: Source, layer: Layer, prepared: Prepared) -> None:
        self.source = source
        self.pairs = [_pair(each, source, layer) for each in on]
        self.types = [layer.fields[field].type for _, field in self.pairs]
        self.keys = Keys([layer.fields[field] for _, field in self.pairs], len(layer))
        self.groups = Groups(prepared, self.keys.regions, self.keys.count, keep=True)

    def __len__(self) -> int:
        return len(self.keys.regions)

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """Min x, min y, max x, max y of all that can match, whatever its key."""
        return self.groups.prepared.build("scan").bounds

    @property
    def predicate(self) -> str:
        return self.groups.prepared.predicate

    @property
    def metric(self) -> str:
        return self.groups.prepared.metric

    @property
    def period(self) -> float | None:
        return self.groups.prepared.period or None

    def match(
        self,
        batch: pa.RecordBatch,
        x: Doubles,
        y: Doubles,
        rows_before: int,
        workers: int,
        distances: Doubles | None = None,
    ) -> npt.NDArray[np.intp]:
        """Return the answers of a chunk of the points, and fill in distances where there are answers."""
        columns = [
            self._column(batch, name, kind, rows_before)
            for (name, _), kind in zip(self.pairs, self.types, strict=True)
        ]
        try:
            codes = self.keys.of_points(columns, len(x))
        except InputError as error:
            names = ", ".join(f"{name}={field}" for name, field in self.pairs)
            raise Problem(f"{self.source.path}: --on {names}: {error.reason}") from None
        return self.groups.match(x, y, codes, workers, False, distances).astype(np.intp, copy=False)

    def _column(self, batch: pa.RecordBatch, name: str, kind: Any, rows_before: int) -> Any:
        """Return a column of the points, text converted to the field's type; empty cells are missing."""
        column = batch[name]
        numbers = self.source.numbers
        if numbers is None:
            return column
        text = numbers.cells(column)
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            return text
        try:
            return pc.cast(text, kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return numbers.parsed(column, name, rows_before)


def _pair(on: str, source: Source, layer: Layer) -> tuple[str, str]:
    """Return the column of the points and the field of the regions."""
    names = source.schema.names
    if on in names and on in layer.fields:
        return on, on
    column, equals, field = on.partition("=")
    field = field if equals else column
    for path, name, there in ((source.path, column, names), (layer.path, field, list(layer.fields))):
        if name not in there:
            raise UsageProblem(
                f"--on {on}: {path} has no column {name}; it has {', '.join(there) or '(none)'}"
            )
    return column, field
