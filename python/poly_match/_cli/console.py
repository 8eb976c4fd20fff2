"""What a command says, all of it on stderr: warnings, a bar, a summary."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Console"]


@dataclass
class Console:
    """How much a command says.

    Parameters
    ----------
    quiet
        Neither bar nor summary; warnings are still told.
    as_json
        One JSON object instead of lines, warnings included, when all is done.
    progress
        Whether there is a bar; None: on a terminal.
    """

    quiet: bool = False
    as_json: bool = False
    progress: bool | None = None
    warnings: list[str] = field(default_factory=list)

    def warn(self, line: str) -> None:
        """Tell what the answer does not show, and go on."""
        self.warnings.append(line)
        if not self.as_json:
            print(f"warning: {line}", file=sys.stderr)

    def sum_up(self, facts: dict[str, Any], lines: list[str]) -> None:
        """Tell what was done."""
        if self.as_json:
            print(json.dumps({**facts, "warnings": self.warnings}), file=sys.stderr)
        elif not self.quiet:
            print("\n".join(lines), file=sys.stderr)

    @contextmanager
    def bar(self, what: str, total: int | None) -> Iterator[Callable[[int], None]]:
        """Show how much is done; the function that is given takes that."""
        if self.quiet or not (sys.stderr.isatty() if self.progress is None else self.progress):
            yield lambda done: None
            return
        from rich.console import Console as Terminal
        from rich.progress import (
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        terminal = Terminal(stderr=True)
        columns: list[Any] = [TextColumn("{task.description}"), BarColumn()]
        columns += [TimeElapsedColumn()] if total is None else [TaskProgressColumn(), TimeRemainingColumn()]
        with Progress(*columns, console=terminal, transient=terminal.is_terminal) as progress:
            task = progress.add_task(what, total=None if total is None else max(total, 1))
            yield lambda done: progress.update(task, completed=done)
