"""Why a file can't be used: one sentence that names the file and the fix, and the command's exit code."""

from __future__ import annotations

import shlex

__all__ = ["Problem", "UsageProblem"]


class Problem(Exception):
    """Something cannot be read, written or computed.

    Parameters
    ----------
    add
        What the command lacked: the message ends with the whole command that has it.
    """

    exit_code = 1

    def __init__(self, message: str, add: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.add = add

    def sentence(self, words: list[str]) -> str:
        """Return the message for a command that was run with these words, with the one to run instead."""
        if not self.add:
            return str(self)
        joint = " " if str(self).endswith("?") else "; "
        return f"{self}{joint}run: {shlex.join(['poly-match', *words, *self.add])}"


class UsageProblem(Problem):
    """An option that does not fit the files, found only after opening them."""

    exit_code = 2
