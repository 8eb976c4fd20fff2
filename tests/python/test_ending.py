"""However a command ends: the right exit code, no file half written, the file that was there intact."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import stat
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import geopandas
import numpy as np
import poly_match as pm
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from conftest import FULL
from poly_match import _files
from poly_match._cli import main as cli

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX signals, modes and limits")

COMMAND = [sys.executable, "-m", "poly_match._cli"]
ENDINGS = [".csv", ".csv.gz", ".parquet", ".arrow", ".gpkg", ".geojson", ".fgb", ".shp"]
BEFORE = b"as before"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    squares = [shapely.box(0, 0, 4, 4), shapely.box(1, 1, 2, 2)]
    geopandas.GeoDataFrame({"name": ["outer", "inner"]}, geometry=squares).to_parquet("squares.parquet")
    write_points("points.parquet", 1000)
    return tmp_path


def write_points(path: str, count: int) -> None:
    x = np.linspace(0, 5, count)
    pq.write_table(pa.table({"id": np.arange(count), "x": x, "y": x}), path, row_group_size=20_000)


def match(*words: str) -> tuple[str, ...]:
    return ("match", "points.parquet", "squares.parquet", "-q", *words)


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, timeout=120)


# ---- exit codes --------------------------------------------------------------------------------------------


def test_the_exit_code_is_right_on_a_busy_machine(folder):
    """It was 134 in 12 of 603 runs: a thread of Arrow's gave memory back while Python shut down."""
    Path("points.csv").write_text("id,X_COORD,Y_COORD\n1,0.5,0.5\n")
    with ThreadPoolExecutor(6) as pool:
        words = "match", "points.csv", "squares.parquet"
        runs = list(pool.map(lambda _: run(*words), range(600 if FULL else 12)))
    assert {done.returncode for done in runs} == {2}
    assert {done.stderr.count("\n") for done in runs} == {1}


def test_the_interpreter_is_not_shut_down(folder):
    program = """
        import atexit
        from poly_match._cli import main as cli
        atexit.register(print, "shut down")
        cli.command()
        """
    words = [sys.executable, "-c", textwrap.dedent(program), "info", "squares.parquet"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "rows" in done.stdout
    assert "shut down" not in done.stdout


def test_an_error_of_our_own_has_its_traceback(folder):
    program = """
        from poly_match._cli import main as cli
        cli.main = lambda: 1 / 0
        cli.command()
        """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


# ---- signals -----------------------------------------------------------------------------------------------


def is_ready(child: subprocess.Popen[str]) -> bool:
    """Return whether the process handles signals by now; where that can't be seen, wait for it."""
    try:
        status = Path(f"/proc/{child.pid}/status").read_text()
    except OSError:
        time.sleep(1)
        return True
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(caught >> (signal.SIGTERM - 1) & 1)


def stopped(words: tuple[str, ...], number: int, delay: float) -> tuple[int, str]:
    """Start a command, send it a signal some time after it began to handle them; return how it ends."""
    child = subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    limit = time.monotonic() + 60
    while child.poll() is None and not is_ready(child) and time.monotonic() < limit:
        time.sleep(0.001)
    time.sleep(delay)
    child.send_signal(number)
    try:
        return child.wait(60), child.communicate()[1]
    finally:
        child.kill()


@posix
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_signal_at_any_moment(folder, ending):
    write_points("points.parquet", 150_000)
    out = Path(f"out{ending}")
    words = match("-o", str(out), "--overwrite")
    draw = random.Random(ending)
    signals = draw.sample([signal.SIGINT, signal.SIGTERM, signal.SIGHUP], 3)
    ends = []
    for k in range(200 if FULL else 2):
        for part in folder.glob("out*"):
            part.unlink()
        out.write_bytes(BEFORE)
        number = signals[k % 3]
        code, said = stopped(words, number, draw.uniform(0, 0.6) if k else 0)
        ends.append(code)
        assert not list(folder.glob(".*")), (code, said)
        if code == 0:  # it was ready before
            assert said == ""
            continue
        assert code == 128 + number, said
        assert said.count("\n") == 1, said
        if said.endswith("; no file was written\n"):
            assert out.read_bytes() == BEFORE
            assert sorted(each.name for each in folder.glob("out*")) == [out.name]
        else:
            assert f"; {out.resolve()} was written" in said
    assert any(ends)


@posix
def test_an_interrupt_while_libraries_are_imported(folder):
    out = Path("out.csv")
    for k in range(100 if FULL else 3):
        out.unlink(missing_ok=True)
        code, said = stopped(
            match("-o", "out.csv", "--overwrite"), signal.SIGINT, random.Random(k).uniform(0, 0.4)
        )
        written = "no file"
        if out.exists():  # it was renamed already, and so it is complete
            assert out.read_text().count("\n") == 1001
            written = str(out.resolve())
        if code != 0:
            assert (code, said) == (130, f"poly-match: interrupted; {written} was written\n")


@posix
@pytest.mark.parametrize("ending", [".csv", ".parquet", ".gpkg", ".pmx"])
def test_a_signal_just_after_the_file_has_its_name(folder, ending):
    program = """
        import os, signal
        from poly_match._cli import main as cli
        replace = os.replace
        def stopped(*paths):
            replace(*paths)
            os.kill(os.getpid(), signal.SIGTERM)
        os.replace = stopped
        cli.command()
        """
    words = ("index", "squares.parquet", "-q") if ending == ".pmx" else match()
    words = [sys.executable, "-c", textwrap.dedent(program), *words, "-o", f"out{ending}"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 143
    assert done.stderr == f"poly-match: ended by SIGTERM; {folder / f'out{ending}'} was written\n"
    assert (folder / f"out{ending}").stat().st_size > 0
    assert not list(folder.glob(".*"))


@posix
def test_a_signal_that_is_ignored_stays_ignored(folder):
    program = """
        import os, signal, sys
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        from poly_match._cli import ending
        ending.end_at_signals()
        os.kill(os.getpid(), signal.SIGHUP)
        print("here")
        """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "here\n")


@posix
def test_a_signal_between_the_parts_of_a_shapefile(folder):
    """All of them are put in their places, or none."""
    program = """
        import os, signal, sys
        from poly_match._cli import main as cli
        replace = os.replace
        def stopped(*paths):
            os.kill(os.getpid(), signal.SIGTERM)
            replace(*paths)
        os.replace = stopped
        cli.command()
        """
    geopandas.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(0, 0)]).to_file("out.shp")
    words = [sys.executable, "-c", textwrap.dedent(program), *match("-o", "out.shp", "--overwrite")]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 143
    assert done.stderr.startswith("poly-match: ended by SIGTERM; ")
    assert "out.shp was written" in done.stderr
    assert len(geopandas.read_file("out.shp")) == 1000
    assert not list(folder.glob(".*"))


@posix
def test_a_bar_leaves_the_terminal_as_it_was(folder):
    program = """
        import os, signal, sys
        from poly_match._cli import main as cli, match
        matched = match.xy_of
        def stopped(*arguments):
            os.kill(os.getpid(), signal.SIGINT)
            return matched(*arguments)
        match.xy_of = stopped
        cli.command()
        """
    words = [sys.executable, "-c", textwrap.dedent(program), *match("-o", "out.csv")]
    words = [*(word for word in words if word != "-q"), "--progress"]
    done = subprocess.run(
        words, capture_output=True, text=True, env=os.environ | {"FORCE_COLOR": "1", "TERM": "xterm"}
    )
    assert done.returncode == 130
    assert done.stderr.endswith("poly-match: interrupted; no file was written\n")
    assert done.stderr.count("\x1b[?25l") == done.stderr.count("\x1b[?25h")  # the cursor


# ---- a file that was there ---------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("ending", [*ENDINGS, ".pmx", ".png"])
def test_overwriting_keeps_the_mode_and_follows_a_link(folder, ending):
    if ending == ".pmx":
        words = ["index", "squares.parquet", "-q"]
    elif ending == ".png":
        words = ["plot", "points.parquet", "squares.parquet", "-q"]
    else:
        words = list(match())
    Path("elsewhere").mkdir()
    target, link = Path(f"elsewhere/kept{ending}"), Path(f"out{ending}")
    target.write_bytes(BEFORE)
    target.chmod(0o600)
    link.symlink_to(target)
    assert cli.main([*words, "-o", str(link), "--overwrite"]) == 0
    assert link.is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert target.read_bytes() != BEFORE
    assert not list(folder.rglob(".*"))
    if ending == ".shp":
        assert len(geopandas.read_file(target)) == 1000


@posix
@pytest.mark.parametrize("ending", [*ENDINGS, ".pmx", ".png"])
def test_a_full_disk_names_the_file(folder, ending):
    """A limit for the size of files fails as a full disk does: in the middle of writing."""
    out = f"out{ending}"
    words = match("-o", out, "--overwrite")
    write_points("points.parquet", 100_000)
    if ending in (".pmx", ".png"):
        words = ("index", "squares.parquet", "-q", "-o", out, "--overwrite")
    if ending == ".png":
        words = ("plot", "points.parquet", *words[1:])
    limit = 400 if ending == ".pmx" else 5000
    Path(out).write_bytes(BEFORE)
    program = f"""
        import resource, signal, sys
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
        sys.dont_write_bytecode = True
        from poly_match._cli import main as cli
        cli.command()
        """
    words = (sys.executable, "-c", textwrap.dedent(program), *words)
    done = subprocess.run(
        words, capture_output=True, text=True, env=os.environ | {"MPLCONFIGDIR": str(folder)}
    )
    assert done.returncode == 1, done.stderr
    said = [line for line in done.stderr.splitlines() if "font_manager" not in line]  # Matplotlib's
    assert len(said) == 1, said
    assert said[0].startswith(f"poly-match: {out}: "), said
    assert Path(out).read_bytes() == BEFORE
    assert not list(folder.glob(".*"))


def test_outputs_and_inputs_are_compared_as_files(folder, capsys):
    Path("folder").mkdir()
    pm.Index([shapely.box(0, 0, 1, 1)] * 2).save("squares.pmx")
    saved = Path("squares.pmx").read_bytes()
    for other in ("./out.csv", "folder/../out.csv", str(folder / "out.csv")):
        assert cli.main([*match("-o", "out.csv", "--rejects", other)]) == 2
        assert capsys.readouterr().err == "poly-match: --output and --rejects are the same file\n"
    index = match("--index", "squares.pmx", "--overwrite", "-f", "csv")
    for output in (["-o", "./squares.pmx"], ["-o", "out.csv", "--rejects", "folder/../squares.pmx"]):
        assert cli.main([*index, *output]) == 2
        assert capsys.readouterr().err == "poly-match: the output is the same file as an input: squares.pmx\n"
    assert cli.main([*match("-o", "out.csv", "--rejects", "./points.parquet", "--overwrite")]) == 2
    assert "the same file as an input: points.parquet" in capsys.readouterr().err
    assert Path("squares.pmx").read_bytes() == saved
    assert not Path("out.csv").exists()
    with contextlib.suppress(OSError):
        Path("link.csv").symlink_to("out.csv")
        assert cli.main([*match("-o", "out.csv", "--rejects", "link.csv")]) == 2


# ---- what a process that was killed has left ---------------------------------------------------------------


def test_a_dataset_removes_what_a_killed_run_has_left(folder):
    Path("points").mkdir()
    os.replace("points.parquet", "points/a.parquet")
    Path("out").mkdir()
    index = pm.Index([shapely.box(0, 0, 4, 4)])
    abandoned = Path("out/.a.parquet.123-00c0ffee.partial")
    others = [Path("out/.b.parquet.123-00c0ffee.partial"), Path("out/.a.parquet.crc"), Path("out/_SUCCESS")]
    for path in (abandoned, *others):
        path.write_bytes(b"half")
    pm.match_dataset("points", index, "out", x="x", y="y")
    assert sorted(Path("out").iterdir()) == sorted([*others, Path("out/a.parquet")])


@posix
def test_a_file_that_is_being_written_is_not_abandoned(folder):
    with _files.replacing(Path("out.csv")) as file:
        (partial,) = Path.cwd().glob(".out.csv.*")
        assert _files.complete_of(partial) == Path.cwd() / "out.csv"
        _files.remove_abandoned(partial)
        file.write(b"all")
    assert Path("out.csv").read_bytes() == b"all"
    assert _files.complete_of(Path("out.csv")) is None
