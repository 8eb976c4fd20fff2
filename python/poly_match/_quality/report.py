"""What a look at the data found: findings with their rows, and the report of them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Finding", "Report", "Rows", "counted", "finding"]

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes
    ----------
    kind : str
        Its name, one of those that `check` lists.
    argument : {"polygons", "points"}
        What the rows count.
    rows : (n,) array of intp
        The rows concerned, rising; without any when it is about all of them.
    message : str
        What was found.
    fix : str
        What to do about it.
    """

    kind: str
    argument: Literal["polygons", "points"]
    rows: Rows
    message: str
    fix: str

    def rows_text(self) -> str:
        """Return the first rows, as text."""
        return ", ".join(str(row) for row in self.rows[:5].tolist()) + (", ..." if len(self.rows) > 5 else "")

    def __str__(self) -> str:
        rows = self.rows_text()
        where = f" [row{'' if len(self.rows) == 1 else 's'} {rows}]" if rows else ""
        return f"{self.kind}: {self.message}{where}\n    fix: {self.fix}"


@dataclass(frozen=True, repr=False)
class Report:
    """What `check` found: true when that is anything, and readable as text.

    Attributes
    ----------
    findings : tuple of Finding
        In the order of the list in `check`.
    regions : int
        How many regions were looked at.
    points : int or None
        How many points were looked at; None when there were none to look at.
    """

    findings: tuple[Finding, ...]
    regions: int
    points: int | None

    def __bool__(self) -> bool:
        return bool(self.findings)

    def __repr__(self) -> str:
        looked = counted(self.regions, "region")
        if self.points is not None:
            looked += f", {counted(self.points, 'point')}"
        found = counted(len(self.findings), "finding") if self.findings else "nothing found"
        return "\n".join([f"{looked}: {found}", *map(str, self.findings)])

    def _repr_html_(self) -> str:
        """Return the HTML for notebooks: a table of the findings."""
        from poly_match._show.notebook import report_html

        return report_html(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as numbers, texts, lists and dicts, for JSON; all rows are in it."""
        findings = [vars(finding) | {"rows": finding.rows.tolist()} for finding in self.findings]
        return {"regions": self.regions, "points": self.points, "findings": findings}


def finding(
    kind: str, rows: Rows | None, message: str, fix: str, argument: Literal["polygons", "points"] = "polygons"
) -> Finding | None:
    """Return a finding, unless it is of rows and there are none; None: of all the points."""
    if rows is None:
        return Finding(kind, "points", np.empty(0, dtype=np.intp), message, fix)
    if not rows.size:
        return None
    item = "region" if argument == "polygons" else "point"
    return Finding(kind, argument, rows, f"{counted(len(rows), item)}: {message}", fix)


def counted(count: int, item: str) -> str:
    return f"{count:,} {item}{'' if count == 1 else 's'}"
