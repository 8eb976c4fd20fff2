"""What a command prints, all of it to stderr: warnings, a progress bar, a summary."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from poly_match._cli.ending import tidied

__all__ = ["Console"]


@dataclass
class Console:
    """How much a command prints.

    Parameters
    ----------
    quiet
        Neither bar nor summary; warnings are still shown.
    as_json
        One JSON object at the end instead of lines; it includes the warnings.
    progress
        Whether to show a bar; None: if stderr is a terminal.
    """

    quiet: bool = False
    as_json: bool = False
    progress: bool | None = None
    warnings: list[str] = field(default_factory=list)
    _terminal: Any = None  # that a bar is shown on

    def warn(self, line: str) -> None:
        """Print a warning and continue."""
        self.warnings.append(line)
        if self.as_json:
            return
        if self._terminal is None:
            print(f"warning: {line}", file=sys.stderr)
        else:  # above the bar, and not broken into lines, so that a command in it can be copied
            self._terminal.print(f"warning: {line}", markup=False, highlight=False, soft_wrap=True)

    def sum_up(self, facts: dict[str, Any], lines: list[str]) -> None:
        """Print the summary."""
        if self.as_json:
            print(json.dumps({**facts, "warnings": self.warnings}), file=sys.stderr)
        elif not self.quiet:
            print("\n".join(lines), file=sys.stderr)

    @contextmanager
    def bar(self, what: str, total: int | None) -> Iterator[Callable[[int], None]]:
        """Show a progress bar; the function it yields sets the amount done. With no total it runs on."""
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
        progress = Progress(*columns, console=terminal, transient=terminal.is_terminal)
        with tidied(progress.stop), progress:
            task = progress.add_task(what, total=None if total is None else max(total, 1))
            self._terminal = terminal
            try:
                yield lambda done: progress.update(task, completed=done)
            finally:
                self._terminal = None
