"""Commands that differ from click's: help in groups, and an option whose value may be left out.

Each group has the options that answer one question. The table is the only place that knows the groups. An
option that is in none is shown last, so a new one is never lost.
"""

from __future__ import annotations

import click

__all__ = ["GROUPS", "HEAD", "GroupedCommand", "HeadCommand"]

GROUPS = {
    "Which region a point gets": (
        "predicate", "distance", "best", "score", "metric", "on", "period", "invalid", "index",
    ),
    "Reading the points": (
        "x", "y", "points_layer", "points_format",
        "delimiter", "decimal", "encoding", "no_header", "na", "reproject",
    ),
    "Reading the polygons": ("polygons_layer",),
    "What is written": (
        "output", "format", "overwrite", "columns", "sums", "means", "distance_column", "audit", "rejects",
        "fail_unmatched",
    ),
    "The picture": ("title", "extent", "size", "highlight", "cells"),
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


HEAD = 10  # rows


class HeadCommand(click.Command):
    """A command with an option --head, whose number may be left out: `--head FILE` is not `--head N`."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Give --head its number where the next word is none."""
        for at, word in enumerate(args):
            if word == "--head" and not "".join(args[at + 1 : at + 2]).isdigit():
                args[at] = f"--head={HEAD}"
        return super().parse_args(context, args)
