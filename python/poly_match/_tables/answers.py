"""Answers as columns of a table: the region, NULL for none, and the status of each point."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["as_column", "status_codes"]


def as_column(answers: npt.NDArray[Any]) -> Any:
    """Return answers as an Arrow array of int64, null for none, as in every table and SQL engine."""
    import pyarrow as pa  # type: ignore[import-untyped]

    return pa.array(answers, pa.int64(), mask=answers < 0)


def status_codes(
    answers: npt.NDArray[Any], bad: npt.NDArray[np.bool_], outside: npt.NDArray[np.bool_] | None
) -> npt.NDArray[np.int8]:
    """Return the status of each point, as positions in `STATUSES`.

    Parameters
    ----------
    bad
        Which points are missing or not finite.
    outside
        Which points are not in the region that they have; None where a region has to be close enough only.
    """
    codes = np.where(answers >= 0, 0, np.where(bad, 2, 1)).astype(np.int8)
    if outside is not None:
        codes[outside] = 3
    return codes
