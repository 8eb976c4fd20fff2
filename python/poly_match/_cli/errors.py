"""Why a command failed: an exit code and one sentence that names the file and the fix."""

from __future__ import annotations

import shlex

__all__ = ["InputProblem", "Problem", "UnmatchedProblem", "UsageProblem"]


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


class InputProblem(Problem):
    """Input that can be read, but whose answer would be meaningless."""

    exit_code = 3


class UnmatchedProblem(Problem):
    """There are points without a region, and --fail-unmatched was given."""

    exit_code = 4
