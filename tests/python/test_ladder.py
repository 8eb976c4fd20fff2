# ruff: noqa: RUF001  (the multiplication sign is meant)
"""The rungs of the ladder agree where their arithmetic is the same, and the ladder sees when they do not."""

import argparse
import ast
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from fractions import Fraction
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from ladder import __main__ as command  # noqa: E402
from ladder import catalogue, environments, listing, measure, quiet, report, sampling, story, winner  # noqa: E402
from ladder.profile import flame, stacks  # noqa: E402
from ladder.rungs import r01_baseline as baseline  # noqa: E402
from ladder.workers import Worker  # noqa: E402

RUNGS = {name: catalogue.describe(name) for name in catalogue.rung_names()}
WITH_CODE = [name for name, rung in RUNGS.items() if rung.same_as is None]
MACHINE = {
    "cpu": "C",
    "python": "P",
    "packages": {"numpy": "N"},
    "extension": "E",
    "library": "L",
    "library lines": 7000,
    "clock": "time",
    "malloc": {"A": "1"},
    "restless": [],
    "date": "2000-01-01T00",
}


def answers_of(name):
    """In this process with the installed poly_match; examples/extension in the ladder's build of it."""
    rung = RUNGS[name]
    if rung.project == "extension":
        with Worker(rung) as worker:
            return worker.ask("answers")["answers"]
    if "numba" in name:
        pytest.importorskip("numba")
    module = __import__(f"ladder.rungs.{name}", fromlist=["run"])
    polygons, points = module.prepare()
    return module.answers(polygons, points, module.run(polygons, points))


@pytest.fixture(scope="module")
def numpy_answers():
    return answers_of("r01_baseline")


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


@pytest.mark.parametrize("name", WITH_CODE)
def test_same_arithmetic_same_winners(name, numpy_answers, exact_answers):
    expected = {"numpy": numpy_answers, "exact": exact_answers}[RUNGS[name].arithmetic]
    assert answers_of(name) == expected


def test_every_rung_is_checked():
    assert len(WITH_CODE) == 16
    assert len(RUNGS) == 21


def test_rungs_describe_themselves():
    c2, debug = RUNGS["r09_c2"], RUNGS["r09b_c2_debug"]
    assert (c2.number, c2.code, c2.project, c2.c_file) == ("9", "r09_c2", "extension", "poly_match_c2.c")
    assert (debug.number, debug.code, debug.project) == ("9b", "r09_c2", "extension")
    assert debug.circumstance == "debug"
    for rung in RUNGS.values():
        text = (catalogue.FOLDER / f"{rung.module}.py").read_text()
        assert text.startswith(f'"""Rung {rung.number}: ')
        imported = re.search(r"^(?:import|from) (poly_match\w*)", text, re.MULTILINE)
        if imported:
            assert rung.project == ("poly_match" if imported[1] == "poly_match" else "extension")


def test_lines_of_c_are_those_with_code(tmp_path):
    file = tmp_path / "a.c"
    file.write_text('/* one\n two */\n\nint a; // three\nchar *b = "/*"; /* four\n */ int c;\n// five\n')
    assert catalogue.lines_of_c(file) == 3
    for name in ("r07_c1", "r08_c2_allocating", "r09_c2"):
        assert 30 < catalogue.lines_of_rung(RUNGS[name]) < 100
    assert catalogue.lines_of_rung(RUNGS["r16_native_main"]) is None
    assert catalogue.lines_of_library() > 3000


def test_the_example_is_the_trap_it_is_said_to_be(numpy_answers, exact_answers):
    assert [a < 0 for a in numpy_answers] == [a < 0 for a in exact_answers]
    example = winner.Example()
    assert example.error("NumPy") > 1000 * example.spread() > 0
    assert example.error("exact") < 1e-16
    chosen = {name: winner.first_vertex(polygon) for name, _, polygon in example.at_point()}
    assert chosen["expected"] == (9, 27)
    assert chosen["exact"] == (4, 34)
    assert chosen["pairs"] == (4, 31)
    facts = example.facts()
    assert facts["vertex.exact"] == "(4, 34)"
    assert facts["table"].count("\n") == 5
    assert winner.scientific(1.2e-11) == "1.2 · 10⁻¹¹"


def test_pypy_matches_the_same_points(numpy_answers):
    version = sorted(environments.cache_folder().glob("pypy-*"))
    if not version:
        pytest.skip("no PyPy environment yet: `python -m ladder measure --rung pypy` makes one")
    try:
        with Worker(RUNGS["r06_pypy"]) as worker:
            assert worker.said["python"].startswith("PyPy")
            answers = worker.ask("answers")["answers"]
    except environments.NotRun as reason:
        pytest.skip(str(reason))
    assert [a < 0 for a in answers] == [a < 0 for a in numpy_answers]


RUN_BY_PYPY = ["__init__", "sampling", "worker", "rungs/__init__", "rungs/r01_baseline"]


@pytest.mark.parametrize("file", [*RUN_BY_PYPY, "../examples/extension/program"])
def test_what_pypy_runs_is_python_3_9_and_needs_only_numpy(file):
    tree = ast.parse((ROOT / "ladder" / f"{file}.py").read_text(), feature_version=(3, 9))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.partition(".")[0])
    allowed = sys.stdlib_module_names | {"numpy", "program"}
    if file == "worker":
        allowed |= {"ladder"}
    assert imported <= allowed


# ---- measuring ----


def row(rung, answers, arithmetic="numpy", **more):
    times = {"average_ms": 2.0, "median_ms": 2.0, "min_ms": 1.0, "times_baseline": 1.0}
    kind = {"project": None, "lines_of_c": None, "of": None, "with": None}
    return {"rung": rung, "name": rung, "answers": answers, "arithmetic": arithmetic} | times | kind | more


def test_measure_interleaves_the_baseline_and_counts_iterations():
    messages = []
    names = ["r01_baseline", "r03_vectorized", "r02_vectorized_distances"]
    rows = measure.measure(names, 0.0, 1, 0, messages.append)
    titles = [RUNGS[name].name for name in names]
    assert [line.split("  ")[1] for line in messages] == titles + [titles[i] for i in (0, 1, 0, 2, 0)]
    assert [row["calls"] for row in rows] == [3, 1, 1]
    assert len(rows[0]["slices_ms"]) == 3
    assert rows[0]["times_baseline"] == 1.0
    assert rows[1]["times_baseline"] > 2.0
    assert rows[0]["ceiling_ms"] < rows[0]["median_ms"]
    assert "ceiling_ms" not in rows[1]
    assert [r["same_as"] for r in rows] == ["A", "A", "A"]
    assert measure.disagreements(rows) == []


def test_every_rung_has_its_turn_in_every_round():
    order = measure.turns(["r01_baseline", "r02", "r03", "r04"], 2)
    assert order == ["r01_baseline", "r02", "r03", "r01_baseline", "r04"] * 2 + ["r01_baseline"]


def test_what_is_measured_is_processor_time():
    clock, name = sampling.choose_clock()
    assert name == "processor time of the thread"
    ((elapsed, wall, calls),) = sampling.Repeated(lambda: time.sleep(0.05), clock).slice(0.0, 1)
    assert calls == 1
    assert elapsed < 0.02 < 0.05 <= wall


def test_a_clock_with_large_steps_is_not_used(monkeypatch):
    monkeypatch.setattr(sampling.time, "thread_time", lambda: time.perf_counter() // 0.015 * 0.015)
    assert sampling.choose_clock() == (time.perf_counter, "wall time")
    assert sampling.smallest_step(lambda: 1.0, 0.01) == float("inf")


def test_a_fine_clock_is_used_also_when_the_machine_leaves_no_time_to_look(monkeypatch):
    seconds = iter(range(10**6))  # on the wall a second passes between any two readings
    monkeypatch.setattr(sampling, "perf_counter", lambda: next(seconds))
    assert sampling.choose_clock()[1] == "processor time of the thread"


def test_short_calls_are_timed_in_batches():
    repeated = sampling.Repeated(lambda: None, time.perf_counter)
    batches = repeated.slice(0.02)
    assert batches[0][2] == 1
    assert batches[-1][2] > 1000
    assert repeated.slice(0.0, 7)[0][2] == 7


def test_the_allocator_is_fixed_and_differs_where_that_is_the_point():
    usual = environments.place(RUNGS["r03_vectorized"]).environment
    fresh = environments.place(RUNGS["r03b_vectorized_fresh"]).environment
    assert usual["MALLOC_MMAP_THRESHOLD_"] == str(32 << 20)
    assert fresh["MALLOC_MMAP_THRESHOLD_"] == str(128 << 10)


def test_builds_are_what_they_are_called():
    from common.machine import compiled_by

    for is_debug, level in ((False, "-O3"), (True, "-O0")):
        (module,) = environments.build("extension", is_debug).glob("poly_match_c2.*.so")
        assert compiled_by(module).partition(",")[0].endswith(level)


def test_builds_survive_two_makers_and_are_kept_while_used(tmp_path, monkeypatch):
    old, used = tmp_path / "extension-release-old", tmp_path / "extension-release-used"
    for folder in (old, used):
        folder.mkdir()
    os.utime(old, (0, 0))
    made = []

    def fake_pip(command, what, **kwargs):
        made.append(what)
        if len(made) == 1:
            environments.build("extension")  # by another process, and ready before this one
        target = command[command.index("--target") + 1]
        target.mkdir()
        (target / "module").touch()

    monkeypatch.setattr(environments, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(environments, "_call", fake_pip)
    folder = environments.build("extension")
    assert (folder / "module").exists()
    assert environments.build("extension") == folder
    assert len(made) == 2
    assert set(tmp_path.iterdir()) == {used, folder}


def test_disagreements_are_found():
    rows = [row("r01_a", [1, 2, -1]), row("r02_b", [1, 3, -1]), row("r10_c", [0, 2, 5], "exact")]
    assert measure.disagreements(rows) == [
        "r02_b and r01_a differ at 1 points",
        "r10_c and r01_a match different points",
    ]
    measure.group_answers(rows)
    assert [r["same_as"] for r in rows] == ["A", "B", "C"]


def test_rungs_are_picked_by_number_and_name():
    assert catalogue.pick(["5", "16b"]) == ["r01_baseline", "r05_numba", "r16b_native_main_debug"]
    assert catalogue.pick(["native_main"], with_baseline=False) == [
        "r16_native_main",
        "r16b_native_main_debug",
    ]
    with pytest.raises(SystemExit, match="no rung is called 'rust'"):
        catalogue.pick(["rust"])


def test_a_rung_without_its_tool_is_not_run_with_the_reason(monkeypatch):
    monkeypatch.setattr(environments.shutil, "which", lambda name: None)
    rows = measure.measure(["r01_baseline", "r06_pypy"], 0.0, 1)
    assert rows[1]["reason"] == "there is no pypy3 on the path"
    assert "| not run: there is no pypy3 on the path |" in report.markdown(rows, MACHINE)


def test_a_worker_that_ends_says_why():
    missing = subprocess.CompletedProcess(
        [], 1, "", "Traceback\nModuleNotFoundError: No module named 'numba'\n"
    )
    from ladder.workers import reason

    assert reason(missing) == "numba is not installed"
    with pytest.raises(environments.NotRun, match="no_such_rung"):
        Worker(catalogue.Rung("no_such_rung", "N", "numpy"))


# ---- a quiet machine ----


def ticks(busy, stolen, total):
    return {0: (busy, 0, total), 1: (stolen, stolen, total)}


@pytest.mark.parametrize(
    ("after", "share", "slices", "words"),
    [
        ((10, 0, 100), 0.99, [1.0, 1.05], None),
        ((60, 0, 100), 0.99, [1.0, 1.05], "other programs kept the other cores 60% busy"),
        ((10, 9, 100), 0.99, [1.0, 1.05], "took 9% of the time"),
        ((10, 0, 100), 0.60, [1.0, 1.05], "had the processor for 60% of the time"),
        ((10, 0, 100), 0.99, [1.0, 1.40, 1.2], "took 1.40 times as long as the fastest"),
    ],
)
def test_what_disturbs_a_run_is_named(after, share, slices, words):
    rows = [row("r01_a", [1], processor_share=share, slices_ms=slices)]
    found = quiet.restless(ticks(0, 0, 0), ticks(*after), 1, rows)
    assert len(found) == (words is not None)
    assert words is None or words in found[0]
    assert bool(found) == command.refused(found, argparse.Namespace(force=False))
    assert not command.refused(found, argparse.Namespace(force=True))


def test_a_profile_that_others_disturbed_is_named():
    assert quiet.disturbed({"r01": {"processor_share": 0.99}, "r02": {"reason": "no"}}) == []
    (found,) = quiet.disturbed({"r01": {"processor_share": 0.99}, "r02": {"processor_share": 0.4}})
    assert "for 40% of the time" in found


@pytest.mark.skipif(not quiet.read_ticks(), reason="only Linux reports how busy its cores are")
def test_story_leaves_the_page_alone_on_a_busy_machine(tmp_path):
    page = tmp_path / "story.md"
    page.write_text("took <!--r01.ms-->9<!----> ms\n")
    spin = "import time\nend = time.monotonic() + 20\nwhile time.monotonic() < end: pass"
    loaders = [subprocess.Popen([sys.executable, "-c", spin]) for _ in quiet.read_ticks()]
    try:
        run = [sys.executable, "-m", "ladder", "story", "--docs", tmp_path]
        done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, timeout=60)
    finally:
        for loader in loaders:
            loader.kill()
            loader.wait()
    assert done.returncode == 3
    assert "NOT QUIET: the machine is" in done.stderr
    assert "busy before the run begins" in done.stderr
    assert page.read_text() == "took <!--r01.ms-->9<!----> ms\n"
    assert list(tmp_path.iterdir()) == [page]


# ---- what is shown ----


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


def test_a_run_on_a_busy_machine_says_so():
    rows = [
        row("r01_a", [1], same_as="A"),
        row("r09_b", [1], same_as="A", project="extension", lines_of_c=88),
    ]
    text = report.markdown(rows, MACHINE | {"restless": ["others were busy"]})
    assert "- the machine was not quiet: others were busy" in text
    assert "| [9. r09_b](../ladder/rungs/r09_b.py) | 88 |" in text


def test_no_figure_of_the_story_begins_a_line():  # its comment would make HTML of all of the line
    lines = (ROOT / "docs/story.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if story.FIGURE.match(line)] == []


def test_the_page_is_what_the_run_and_the_files_say(tmp_path):
    """After a change of a rung or of a C file on the page: `python -m ladder story --keep`."""
    for name in ("story.md", "ladder.json", "profile.json"):
        shutil.copy(ROOT / "docs" / name, tmp_path)
    rows, machine = report.read_json(tmp_path / "ladder.json")
    assert story.rewrite(tmp_path / "story.md", rows, machine) == []
    assert (tmp_path / "story.md").read_text() == (ROOT / "docs/story.md").read_text()


def test_story_is_rewritten_and_names_what_is_missing(tmp_path):
    page = tmp_path / "story.md"
    page.write_text(
        "took <!--r01.ms-->9<!----> ms, <!--r99.x-->7<!---->\n<!--targets-->\nold\n<!--/targets-->\n"
        "<!--code ladder/rungs/r07_c1.py find_close_polygons-->\nold\n<!--/code-->\n"
        "<!--code ladder/rungs/r07_c1.py no_such-->\nold text\n<!--/code-->\nend\n"
    )
    missing = story.rewrite(page, [row("r01_a", [1]), row("r16_native_main", [1])], {})
    text = page.read_text()
    assert missing == ["code ladder/rungs/r07_c1.py no_such", "r99.x"]
    assert "took <!--r01.ms-->2.00<!----> ms, <!--r99.x-->7<!---->" in text
    assert "old\n" not in text
    assert "old text" in text
    assert "| 10,000× | 15,000× | 1.00× | 1.00× | missed |" in text
    assert "```python\nfrom poly_match_c1 import find_close_polygons\n```\n<!--/code-->" in text
    assert text.endswith("<!--/code-->\nend\n")


def test_listings_are_whole_functions():
    found = listing.listing("examples/extension/program.py", ["Polygon.center", "main"])
    assert found.startswith("```python\n    @cached_property\n    def center(self) -> np.ndarray:\n")
    assert found.endswith("    return select_best_polygon(polygon_sets)\n```")
    found = listing.listing("examples/extension/poly_match_c2.c", ["find_close_polygons"])
    assert found.startswith("```c\nstatic PyObject *find_close_polygons(PyObject *")
    assert found.count("{") == found.count("}")
    found = listing.listing("ladder/rungs/r08_c2_allocating.py", ["native", "program", "Polygon"])
    imports = "import poly_match_c2_allocating as native\nimport program\n\nclass Polygon(native.Polygon):\n"
    assert found.startswith(f"```python\n{imports}")
    with pytest.raises(KeyError):
        listing.listing("examples/extension/poly_match_c2.c", ["missing"])


# ---- profiles ----


def test_samples_are_folded_from_run_on():
    top = "<module> (ladder/profile/target.py:70);repeat (ladder/profile/target.py:22);"
    text = (
        f"{top}run (ladder/rungs/r09_c2.py:38);find (poly_match_c2.c:70);Py_DECREF (object.h:537) 3\n"
        f"{top}run (ladder/rungs/r09_c2.py:38);find (poly_match_c2.c:70);0x7f81e6f55480 (libc.so.6) 2\n"
        "<module> (ladder/profile/target.py:68);run (ladder/rungs/r09_c2.py:38) 9\n"
    )
    folded = stacks.fold(text)
    assert folded == {("run (r09_c2.py:38)", "find (poly_match_c2.c:70)"): 5}
    assert stacks.hottest(folded, 1) == [("find (poly_match_c2.c)", 1.0)]
    assert stacks.inclusive(folded, 1) == {"run (r09_c2.py)": 1.0} or len(stacks.inclusive(folded, 2)) == 2


def test_what_cprofile_saw_of_the_loop_around_a_rung_is_left_out():
    found = stacks.run_target(RUNGS["r01_baseline"], 0.2, "--count")
    functions = [row["function"] for row in found["functions"]]
    assert "find_close_polygons (program.py)" in functions
    assert not [name for name in functions if "time" in name or "target.py" in name]
    assert 0 < found["processor_share"] < 1.05
    assert found["ms"] > 10


def test_profile_frames_are_tidy():
    assert stacks.tidy("norm (numpy/linalg/_linalg.py:2768)") == "norm (_linalg.py:2768)"
    assert stacks.tidy("__memcpy@@GLIBC_2.14 (libc.so.6)") == "__memcpy (libc)"
    assert stacks.tidy("dot.constprop.0 (/usr/lib/_core.cpython-311-x86_64-linux-gnu.so)") == "dot (_core)"
    assert stacks.without_line("pm_rank (rank.c:85)") == "pm_rank (rank.c)"
    assert not stacks.is_function("? (python)")
    assert not stacks.is_function("pm_rounded_square (closer.h:31)")
    assert stacks.is_function("roll (numeric.py:1308)")


def test_flame_graphs_have_names_places_and_a_script():
    folded = {("run (r01_a.py:3)", "pm_rank (rank.c:85)"): 3, ("run (r01_a.py:3)",): 1}
    root = ElementTree.fromstring(flame.svg(folded, "a < b"))
    space = "{http://www.w3.org/2000/svg}"
    titles = [node.text for node in root.iter(f"{space}title")]
    assert titles == ["all 4 samples: 100.0%", "run (r01_a.py:3): 100.0%", "pm_rank (rank.c:85): 75.0%"]
    boxes = [node for node in root.iter(f"{space}g") if node.get("class") == "box"]
    assert [(b.get("data-x"), b.get("data-w"), b.get("data-d")) for b in boxes][-1] == (
        "0.000000",
        "0.750000",
        "2",
    )
    (script,) = root.iter(f"{space}script")
    for word in ("zoom", "search", f"CHARACTER = {flame.CHARACTER};"):
        assert word in script.text
    assert flame.colour("pm_rank (rank.c:85)") == flame.OURS
    assert flame.colour("find_close_polygons (poly_match_c2.c:70)") == flame.OURS
    assert flame.colour("norm (_linalg.py:5)") == flame.PYTHON
    assert flame.shown("pm_rank (rank.c:85)", 1000) == "pm_rank (rank.c:85)"
    assert flame.shown("pm_rank (rank.c:85)", 70) == "pm_rank"
    assert flame.shown("pm_rank (rank.c:85)", 40) == "pm_…"
    assert flame.shown("pm_rank (rank.c:85)", 10) == ""
