"""The help of a command with many options: in groups, each with the options that answer one question.

The table is the only place that knows the groups. An option that is in none is shown last, so a new one is
never lost.
"""

from __future__ import annotations

import click

__all__ = ["GROUPS", "GroupedCommand"]

GROUPS = {
    "Which region a point gets": (
        "predicate", "distance", "best", "score", "on", "period", "invalid", "index",
    ),
    "Reading the points": (
        "x", "y", "points_layer", "points_format",
        "delimiter", "decimal", "encoding", "no_header", "na",
    ),
    "Reading the polygons": ("polygons_layer",),
    "What is written": (
        "output", "format", "overwrite", "columns", "distance_column", "audit", "rejects",
        "fail_unmatched",
    ),
    "The picture": ("cells",),
}  # fmt: skip
REST = "How it runs"


class GroupedCommand(click.Command):
    """A command whose help shows its options in the groups of the table."""

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, group by group."""
        group_of = {name: title for title, names in GROUPS.items() for name in names}
        records: dict[str, list[tuple[str, str]]] = {title: [] for title in (*GROUPS, REST)}
        for option in self.get_params(context):
            record = option.get_help_record(context) if isinstance(option, click.Option) else None
            if record is not None:
                records[group_of.get(option.name or "", REST)].append(record)
        for title, rows in records.items():
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)
