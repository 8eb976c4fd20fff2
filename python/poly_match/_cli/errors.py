"""Why a command could not be done: an exit code and one sentence that names the file and the fix."""

from __future__ import annotations

__all__ = ["InputProblem", "Problem", "UnmatchedProblem", "UsageProblem"]


class Problem(Exception):
    """The job failed: something cannot be read, written or computed."""

    exit_code = 1


class UsageProblem(Problem):
    """An option that does not fit the files, found only when they were open."""

    exit_code = 2


class InputProblem(Problem):
    """Input that can be read but whose answer would mean nothing."""

    exit_code = 3


class UnmatchedProblem(Problem):
    """There are points without a region, and the caller wants to know."""

    exit_code = 4
