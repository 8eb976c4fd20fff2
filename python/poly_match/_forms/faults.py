"""Rows that can't be used: which they are, and why.

Whoever reads rows notes a bad one here, gives it no vertices and no place, and goes on with the next. So one
reading serves everybody: a match stops at the first of them, `invalid="skip"` leaves them out, and `check`
lists them all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from poly_match._errors import InputError, type_error, value_error
from poly_match._rules import TAKE_LINES, listed

__all__ = ["Fault", "Faults", "rows_listed"]

MOST_LISTED = 10  # rows of one kind in a message
LINES = ("LineString", "LinearRing", "MultiLineString", "Point", "MultiPoint")  # and points


class Fault(NamedTuple):
    """A row that can't be used: what it is, in a word, and the error it is worth."""

    kind: str
    error: InputError


class Faults:
    """What was found while rows were read."""

    def __init__(self, takes_lines: bool = False, metric: str = "planar") -> None:
        self.takes_lines = takes_lines  # lines and points are regions
        self.metric = metric  # what edges are
        self.rows: dict[int, Fault] = {}
        self.dropped: list[int] = []  # collections whose lines or points were left out

    def __len__(self) -> int:
        return len(self.rows)

    def wrong_type(self, argument: str, row: int, expected: str, kind: str) -> None:
        """Note a row that holds something else."""
        self.rows[row] = Fault(kind, type_error(argument, f"expected {expected}, got {kind}", row))

    @property
    def expected(self) -> str:
        """What a region may be, in words."""
        return (
            "a Polygon, LineString, Point or a Multi one" if self.takes_lines else "a Polygon or MultiPolygon"
        )

    def no_region(self, argument: str, row: int, kind: str) -> None:
        """Note a row that holds a geometry which is no region."""
        hint = ""
        if kind in LINES:
            hint = f"; lines and points are regions for {listed(TAKE_LINES)}"
        self.rows[row] = Fault(kind, type_error(argument, f"expected {self.expected}, got {kind}{hint}", row))

    def wrong_value(self, argument: str, row: int, kind: str, reason: str) -> None:
        """Note a row whose type is right and whose content is not."""
        self.rows[row] = Fault(kind, value_error(argument, reason, row))

    def note(self, row: int, error: InputError) -> None:
        """Note a row by the error that reading it raised."""
        self.rows[row] = Fault("unreadable", error)

    def by_kind(self) -> dict[str, npt.NDArray[np.intp]]:
        """Return the rows of each kind, rising; the kinds in the order of their first rows."""
        kinds: dict[str, list[int]] = {}
        for row in sorted(self.rows):
            kinds.setdefault(self.rows[row].kind, []).append(row)
        return {kind: np.array(rows, dtype=np.intp) for kind, rows in kinds.items()}

    def check(self) -> None:
        """Raise the error of the first row; the message lists the others."""
        if not self.rows:
            return
        first = min(self.rows)
        kind, error = self.rows[first]
        alike = self.by_kind()[kind]
        if len(alike) > 1:
            make = type_error if isinstance(error, TypeError) else value_error
            raise make(
                error.argument or "", f"{error.reason} ({len(alike):,} such: {rows_listed(alike)})", first
            )
        raise error


def rows_listed(rows: npt.NDArray[np.intp]) -> str:
    """Return rows as messages list them: the first ten."""
    listed = ", ".join(map(str, rows[:MOST_LISTED].tolist())) + (", ..." if len(rows) > MOST_LISTED else "")
    return f"row{'' if len(rows) == 1 else 's'} {listed}"
