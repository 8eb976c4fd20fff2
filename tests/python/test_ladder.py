# ruff: noqa: RUF001  (the multiplication sign is meant)
"""The rungs of the ladder agree where their arithmetic is the same, and the ladder sees when they do not."""

import ast
import sys
import xml.etree.ElementTree as ElementTree
from fractions import Fraction
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from ladder import environments, measure, report, story  # noqa: E402
from ladder.profile import flame, stacks  # noqa: E402
from ladder.rungs import r01_baseline as baseline  # noqa: E402

IN_PROCESS = [
    name
    for name in measure.rung_names()
    if "WORKER" not in (ROOT / "ladder/rungs" / f"{name}.py").read_text()
]


def answers_of(name):
    if "numba" in name:
        pytest.importorskip("numba")
    rung = measure.load(name)
    polygons, points = rung.prepare()
    result = rung.run(polygons, points)
    return rung.ARITHMETIC, rung.answers(polygons, points, result)


@pytest.fixture(scope="module")
def numpy_answers():
    return answers_of("r01_baseline")[1]


@pytest.fixture(scope="module")
def exact_answers():
    """Every point against every polygon in rational arithmetic; areas rounded once, at the end."""
    polygons, points = baseline.prepare()
    disks = []
    for polygon in polygons:
        xs = [Fraction(v) for v in polygon.x.tolist()]
        ys = [Fraction(v) for v in polygon.y.tolist()]
        doubled = sum(xs[i] * ys[i - 1] - xs[i - 1] * ys[i] for i in range(len(xs)))
        # The center is a pair of doubles: the exact sum rounded, then divided.
        center = [Fraction(float(sum(values)) / len(values)) for values in (xs, ys)]
        disks.append((float(abs(doubled) / 2), *center))
    best = []
    for point in points:
        px, py = (Fraction(v) for v in point.tolist())
        near = [
            (area, i)
            for i, (area, x, y) in enumerate(disks)
            if (x - px) ** 2 + (y - py) ** 2 < baseline.MAX_DIST**2
        ]
        best.append(min(near)[1] if near else -1)
    return best


@pytest.mark.parametrize("name", IN_PROCESS)
def test_same_arithmetic_same_winners(name, numpy_answers, exact_answers):
    arithmetic, found = answers_of(name)
    expected = {"numpy": numpy_answers, "exact": exact_answers}[arithmetic]
    assert found == expected


def test_every_rung_is_checked():
    assert len(IN_PROCESS) == 12
    assert len(measure.rung_names()) == 15


def test_the_example_is_the_trap_it_is_said_to_be(numpy_answers, exact_answers):
    assert [a < 0 for a in numpy_answers] == [a < 0 for a in exact_answers]
    polygons, _ = baseline.prepare()
    areas = [polygon.area() for polygon in polygons]
    assert min(areas) != max(areas)
    assert max(areas) - min(areas) < 1e-10


def test_pypy_matches_the_same_points(numpy_answers):
    version = sorted(environments.cache_folder().glob("pypy-*"))
    if not version:
        pytest.skip("no PyPy environment yet: `python -m ladder measure --rung pypy` makes one")
    try:
        record = environments.run_worker("pypy", "r01_baseline", 0.0, 1, 0)
    except environments.NotRun as reason:
        pytest.skip(str(reason))
    assert record["python"].startswith("PyPy")
    assert [a < 0 for a in record["answers"]] == [a < 0 for a in numpy_answers]


@pytest.mark.parametrize("file", ["__init__", "sampling", "worker", "rungs/__init__", "rungs/r01_baseline"])
def test_what_pypy_runs_is_python_3_9_and_needs_only_numpy(file):
    tree = ast.parse((ROOT / "ladder" / f"{file}.py").read_text(), feature_version=(3, 9))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.partition(".")[0])
    allowed = sys.stdlib_module_names | {"numpy"}
    if file == "worker":
        allowed |= {"ladder"}
    assert imported <= allowed


def row(rung, answers, arithmetic="numpy", **more):
    times = {"average_ms": 2.0, "median_ms": 2.0, "min_ms": 1.0, "times_baseline": 1.0}
    return {"rung": rung, "name": rung, "answers": answers, "arithmetic": arithmetic} | times | more


def test_measure_interleaves_the_baseline_and_counts_iterations():
    told = []
    names = ["r01_baseline", "r03_vectorized", "r02_vectorized_distances"]
    rows = measure.measure(names, 0.0, 1, 0, told.append)
    titles = [measure.title(name) for name in names]
    assert [line.split("  ")[1] for line in told] == [titles[i] for i in (0, 1, 0, 2, 0)]
    assert [row["calls"] for row in rows] == [3, 1, 1]
    assert rows[0]["times_baseline"] == 1.0
    assert rows[1]["times_baseline"] > 2.0
    assert rows[0]["ceiling_ms"] < rows[0]["median_ms"]
    assert "ceiling_ms" not in rows[1]
    assert [r["same_as"] for r in rows] == ["A", "A", "A"]
    assert measure.disagreements(rows) == []


def test_disagreements_are_found():
    rows = [row("r01_a", [1, 2, -1]), row("r02_b", [1, 3, -1]), row("r10_c", [0, 2, 5], "exact")]
    assert measure.disagreements(rows) == [
        "r02_b and r01_a differ at 1 points",
        "r10_c and r01_a match different points",
    ]
    measure.group_answers(rows)
    assert [r["same_as"] for r in rows] == ["A", "B", "C"]


def test_rungs_are_picked_by_number_and_name():
    assert measure.pick(["4", "native_main"]) == ["r01_baseline", "r04_numba", "r12_native_main"]
    assert measure.pick(["12"], with_baseline=False) == ["r12_native_main"]
    with pytest.raises(SystemExit, match="no rung is called 'rust'"):
        measure.pick(["rust"])


def test_a_rung_without_its_tool_is_not_run_with_the_reason(monkeypatch):
    monkeypatch.setattr(environments.shutil, "which", lambda name: None)
    rows = measure.measure(["r01_baseline", "r05_pypy"], 0.0, 1)
    assert rows[1]["reason"] == "there is no pypy3 on the path"
    machine = {
        "cpu": "C",
        "python": "P",
        "packages": {"numpy": "N"},
        "extension": "E",
        "date": "2000-01-01T00",
    }
    assert "| not run: there is no pypy3 on the path |" in report.markdown(rows, machine)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (12345.0, "12,300"), (175.2, "175"), (17.46, "17.5"), (1.0, "1.00"), (0.01724, "0.0172")],
)
def test_digits(value, text):
    assert report.digits(value) == text


def test_json_comes_back(tmp_path):
    rows = [row("r01_a", [1, 2]), {"rung": "r02_b", "name": "b", "reason": "none"}]
    report.write_json(tmp_path / "run.json", rows, {"cpu": "C"})
    assert report.read_json(tmp_path / "run.json") == (rows, {"cpu": "C"})


def test_no_figure_of_the_story_begins_a_line():  # its comment would make HTML of all of the line
    lines = (ROOT / "docs/story.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if story.FIGURE.match(line)] == []


def test_story_is_rewritten_and_names_what_is_missing(tmp_path):
    page = tmp_path / "story.md"
    page.write_text(
        "took <!--r01.ms-->9<!----> ms, <!--r99.x-->7<!---->\n<!--targets-->\nold\n<!--/targets-->\nend\n"
    )
    missing = story.rewrite(page, [row("r01_a", [1]), row("r12_native_main", [1])], {})
    text = page.read_text()
    assert missing == ["r99.x"]
    assert "took <!--r01.ms-->2.00<!----> ms, <!--r99.x-->7<!---->" in text
    assert "old" not in text
    assert "| 10,000× | 15,000× | 1.00× | 1.00× | missed |" in text
    assert text.endswith("<!--/targets-->\nend\n")


def test_perf_output_is_folded_and_drawn():
    block = (
        "python3 \n\t  55d0 dot.constprop.0 (/usr/lib/_core.cpython-311-x86_64-linux-gnu.so)\n"
        "\t  44c0 _PyEval_EvalFrameDefault (/usr/bin/python3.11)\n\t  1 main (/usr/bin/python3.11)\n\n"
    )
    folded = stacks.fold(block * 3)
    assert folded == {("_PyEval_EvalFrameDefault (python3.11)", "dot (_core)"): 3}
    root = ElementTree.fromstring(flame.svg(folded, "a < b"))
    titles = [node.text for node in root.iter("{http://www.w3.org/2000/svg}title")]
    assert titles == ["_PyEval_EvalFrameDefault (python3.11): 100.0%", "dot (_core): 100.0%"]
    assert flame.hottest(folded, 1) == [("dot (_core)", 1.0)]
    assert flame.colour("dot (_core)") == flame.OURS


def test_profile_frames_are_tidy():
    assert stacks.tidy("norm (numpy/linalg/_linalg.py:2768)") == "norm (_linalg.py)"
    assert stacks.tidy("pm_rank (rank.c:85)") == "pm_rank (rank.c)"
    assert flame.colour("pm_rank (rank.c)") == flame.OURS
    assert flame.colour("norm (_linalg.py)") == flame.PYTHON
    assert stacks.tidy("__memcpy@@GLIBC_2.14 (libc.so.6)") == "__memcpy (libc)"
