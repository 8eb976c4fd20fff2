"""Why a command could not be done: an exit code and one sentence that names the file and the fix."""

from __future__ import annotations

__all__ = ["Problem", "Refused", "Unmatched", "Wrong"]


class Problem(Exception):
    """The job failed: something cannot be read, written or computed."""

    exit_code = 1


class Wrong(Problem):
    """An option that does not fit the files, found only when they were open."""

    exit_code = 2


class Refused(Problem):
    """Input that can be read but whose answer would mean nothing."""

    exit_code = 3


class Unmatched(Problem):
    """There are points without a region, and the caller wants to know."""

    exit_code = 4
