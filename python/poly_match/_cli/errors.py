"""Why a command failed although it could read its files; each kind of `Problem` has its own exit code."""

from __future__ import annotations

from poly_match._readers.problems import Problem

__all__ = ["InputProblem", "UnmatchedProblem"]


class InputProblem(Problem):
    """Input that can be read, but whose answer would be meaningless."""

    exit_code = 3


class UnmatchedProblem(Problem):
    """There are points without a region, and --fail-unmatched was given."""

    exit_code = 4
