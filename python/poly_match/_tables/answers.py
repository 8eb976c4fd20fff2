"""Answers as columns of a table: the region, NULL for none, and the status of each point."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from poly_match._forms.numbers import Doubles
from poly_match._forms.points import are_bad

__all__ = ["as_column", "status_codes"]


def as_column(answers: npt.NDArray[Any]) -> Any:
    """Return answers as an Arrow array of int64, null for none, as in every table and SQL engine."""
    import pyarrow as pa  # type: ignore[import-untyped]

    return pa.array(answers, pa.int64(), mask=answers < 0)


def status_codes(answers: npt.NDArray[Any], x: Doubles, y: Doubles) -> npt.NDArray[np.int8]:
    """Return the status of each point, as positions in `STATUSES`."""
    return np.where(answers >= 0, 0, np.where(are_bad(x, y), 2, 1)).astype(np.int8)
