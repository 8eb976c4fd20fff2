"""Why a command failed: an exit code and one sentence that names the file and the fix."""

from __future__ import annotations

__all__ = ["InputProblem", "Problem", "UnmatchedProblem", "UsageProblem"]


class Problem(Exception):
    """Something cannot be read, written or computed."""

    exit_code = 1


class UsageProblem(Problem):
    """An option that does not fit the files, found only after opening them."""

    exit_code = 2


class InputProblem(Problem):
    """Input that can be read, but whose answer would be meaningless."""

    exit_code = 3


class UnmatchedProblem(Problem):
    """There are points without a region, and --fail-unmatched was given."""

    exit_code = 4
