"""What the comparison of instruction counts accepts, and what it rejects."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

COUNTS = Path(__file__).resolve().parents[1] / "counts"


@pytest.fixture(scope="module")
def counts() -> ModuleType:
    spec = importlib.util.spec_from_file_location("counts", COUNTS / "counts.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("now", "problem"),
    [(1000, ""), (1029, ""), (971, ""), (1031, "more than recorded"), (969, "less than recorded: record")],
)
def test_a_change_above_three_percent_is_a_problem_in_either_direction(
    counts: ModuleType, now: int, problem: str
) -> None:
    (case,) = counts.compare({"a": now}, {"a": 1000})
    assert case.problem().startswith(problem)
    assert bool(case.problem()) == bool(problem)


def test_a_path_without_a_record_is_a_problem(counts: ModuleType) -> None:
    assert [case.problem() for case in counts.compare({"a": 1, "b": 2}, {"a": 1})] == ["", "not recorded"]


def test_a_path_that_this_machine_cannot_run_is_none_and_is_said(counts: ModuleType) -> None:
    cases = counts.compare({"a": None, "b": 20}, {"a": 10, "b": 10})
    assert cases[0].problem() == ""
    lines = counts.table(cases, {"a": (10, "point"), "b": (10, "point")}).splitlines()
    assert lines[1].split()[:4] == ["a", "-", "point", "1.0"]
    assert "lacks the instructions" in lines[1]
    assert lines[2].split()[:5] == ["b", "2.0", "point", "1.0", "+100.0%"]


def test_every_compiler_has_the_same_paths_recorded() -> None:
    recorded = json.loads((COUNTS / "recorded.json").read_text())
    assert recorded
    assert len({tuple(paths) for paths in recorded.values()}) == 1
