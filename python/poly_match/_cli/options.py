"""The options of the command line, as passed to the modules that implement the commands."""

from __future__ import annotations

from dataclasses import dataclass, field

from poly_match._readers.dialect import Dialect
from poly_match._readers.problems import UsageProblem
from poly_match._rules import TAKE_DISTANCE, Best, Invalid, Metric, Predicate

__all__ = ["MatchOptions", "Picture", "PointsFile", "Rules", "check_distance_column"]


@dataclass
class Rules:
    """The rules of a match."""

    predicate: Predicate = "covers"
    distance: float | None = None
    best: Best = "smallest"
    score: str | None = None
    invalid: Invalid = "warn"
    period: float | None = None
    metric: Metric = "planar"


@dataclass
class PointsFile:
    """Where the points are."""

    path: str
    format: str | None = None
    layer: str | None = None
    x: str | None = None
    y: str | None = None
    dialect: Dialect = field(default_factory=Dialect)
    reproject: bool = False


@dataclass
class Picture:
    """What a map shows, and how."""

    title: str | None = None
    extent: tuple[float, float, float, float] | None = None
    size: tuple[float, float] = (8, 6)
    highlight_by: str | None = None  # the field whose values name the regions to highlight
    highlight: list[str] = field(default_factory=list)
    cells: bool = False


@dataclass
class MatchOptions:
    """The arguments and options of the commands that match."""

    points: str
    polygons: str
    output: str
    format: str | None = None
    points_format: str | None = None
    points_layer: str | None = None
    polygons_layer: str | None = None
    index: str | None = None
    x: str | None = None
    y: str | None = None
    dialect: Dialect = field(default_factory=Dialect)
    reproject: bool = False
    rules: Rules = field(default_factory=Rules)
    on: list[str] = field(default_factory=list)
    columns: list[str] | None = None
    distance_column: str | None = None
    audit: bool = False
    rejects: str | None = None
    sums: list[str] = field(default_factory=list)  # of `count`: columns of the points
    means: list[str] = field(default_factory=list)
    fail_unmatched: bool = False
    workers: int = -1


def check_distance_column(predicate: str) -> None:
    """Raise unless a match by these rules has distances."""
    if predicate not in TAKE_DISTANCE:
        raise UsageProblem(
            f"--distance-column: --predicate {predicate} has no distances; --predicate nearest has, and is 0 "
            "for a point in its region"
        )
