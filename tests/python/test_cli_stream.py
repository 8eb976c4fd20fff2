"""The command line as a process: memory interrupts, closed pipes, terminals, the time of --help."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import shapely
from poly_match._cli import main as cli

COMMAND = [sys.executable, "-m", "poly_match._cli"]
posix = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")

# Runs a command and then prints its peak memory in bytes.
MEASURED = """
import resource, sys
from poly_match._cli import main as cli
code = cli.main(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
sys.exit(code)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    squares = pa.table(
        {"name": ["outer", "inner"], "geometry": shapely.to_wkb([shapely.box(0, 0, 4, 4)] * 2)}
    )
    metadata = (
        b'{"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB"}}}'
    )
    pq.write_table(squares.replace_schema_metadata({b"geo": metadata}), tmp_path / "squares.parquet")
    return tmp_path


def points(count: int) -> pa.Table:
    rows = pa.array(range(count))
    x = pa.compute.divide(rows.cast(pa.float64()), count / 5)
    return pa.table({"id": rows, "x": x, "y": x})


def write(table: pa.Table, path: Path, times: int) -> None:
    """Write a table several times over, one after the other."""
    if path.suffix == ".csv":
        with path.open("wb") as file:
            for i in range(times):
                options = pa.csv.WriteOptions(include_header=i == 0)
                pa.csv.write_csv(table, file, options)
    elif path.suffix == ".parquet":
        with pq.ParquetWriter(path, table.schema) as out:
            for _ in range(times):
                out.write_table(table)
    else:
        with pa.ipc.new_stream(str(path), table.schema) as out:
            for _ in range(times):
                out.write_table(table)


def most_bytes(folder: Path, *words: str) -> int:
    result = subprocess.run(
        [sys.executable, "-c", MEASURED, *words], cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr
    return int(result.stdout)


# ---- memory ------------------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("ending", [".csv", ".parquet", ".arrows"])
def test_memory_does_not_grow_with_the_points(folder, ending):
    table = points(250_000)
    used = []
    for times in (2, 16):
        write(table, folder / f"points{ending}", times)
        words = ["match", f"points{ending}", "squares.parquet", "-o", f"out{ending}", "-q", "--overwrite"]
        used.append(most_bytes(folder, *words))
    grown, more = used[1] - used[0], 14 * table.nbytes
    assert grown < 0.5 * more, (used, more)


# ---- how it ends -------------------------------------------------------------------------------------------

INTERRUPTIBLE = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from poly_match._cli import main as cli
cli.command()
"""


def interrupted(folder: Path, words: list[str], ready, **options) -> tuple[int, str]:
    """Start a command, wait until it works, send Ctrl-C; return its exit code and messages."""
    child = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, *words],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    deadline = time.monotonic() + 60
    while not ready(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    began = time.monotonic()
    try:
        said = child.communicate(timeout=20)[1]
    finally:
        child.kill()
    assert time.monotonic() - began < 10
    return child.returncode, said.lstrip()


@posix
@pytest.mark.parametrize("ending", [".csv", ".parquet", ".gpkg", ".shp", ".geojsonl"])
def test_ctrl_c_leaves_nothing_behind(folder, ending):
    write(points(250_000), folder / "points.parquet", 12)
    words = ["match", "points.parquet", "squares.parquet", "-o", f"out{ending}"]
    code, said = interrupted(folder, words, lambda child: list(folder.glob(".out*.partial")))
    assert (code, said) == (130, "poly-match: interrupted; no file was written\n")
    assert sorted(os.listdir(folder)) == ["points.parquet", "squares.parquet"]


@posix
@pytest.mark.parametrize("format", ["csv", "arrow", "geojsonseq"])
def test_ctrl_c_ends_a_command_that_waits_for_input(folder, format):
    reader, writer = os.pipe()
    words = ["match", "-", "squares.parquet", "-o", "out.csv", "--points-format", format]
    started = time.monotonic()
    code, said = interrupted(folder, words, lambda child: time.monotonic() > started + 3, stdin=reader)
    os.close(writer)
    os.close(reader)
    assert (code, said) == (130, "poly-match: interrupted; no file was written\n")
    assert os.listdir(folder) == ["squares.parquet"]


@posix
@pytest.mark.parametrize("format", ["csv", "arrow", "geojsonseq"])
def test_a_reader_that_goes_away_is_no_reason_to_cry(folder, format):
    write(points(250_000), folder / "points.parquet", 4)
    child = subprocess.Popen(
        [*COMMAND, "match", "points.parquet", "squares.parquet", "-f", format, "-q"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stderr is not None
    assert len(child.stdout.read(10)) == 10
    child.stdout.close()
    assert child.stderr.read() == b""
    assert child.wait(60) == 1


def test_a_failure_in_the_middle_leaves_nothing_behind(folder, capsys, monkeypatch):
    from poly_match._readers import csv

    monkeypatch.setattr(csv, "BLOCK", 1 << 16)
    monkeypatch.chdir(folder)
    (folder / "points.csv").write_text("x,y\n" + "1,1\n" * 100_000 + "oops,1\n")
    for ending in (".csv", ".parquet", ".gpkg", ".shp", ".arrow"):
        assert cli.main(["match", "points.csv", "squares.parquet", "-o", f"out{ending}"]) == 1
        said = capsys.readouterr().err
        assert said.startswith(
            "poly-match: points.csv: row 100001 (the first after the header is 1): column x is 'oops'"
        )
        assert sorted(os.listdir(folder)) == ["points.csv", "squares.parquet"]


# ---- terminals ---------------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_for_terminals_that_want_them(folder, variables, coloured):
    import pty

    write(points(1000), folder / "points.csv", 1)
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", **variables}
    words = [*COMMAND, "match", "points.csv", "squares.parquet"]
    shown = []
    for output in ("out.csv", "-"):
        subprocess.run(
            [*words, "-o", output],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            env=environment,
        )
        os.write(theirs, b"END")
        said = b""
        while not said.endswith(b"END"):
            said += os.read(ours, 65536)
        shown.append(said)
    os.close(ours)
    os.close(theirs)
    assert b"matching points.csv" in shown[0]
    assert (b"\x1b[3" in shown[0]) == coloured
    assert b"matching points.csv" not in shown[1]  # rows may go to the same screen


@posix
def test_help_is_quick():
    """It takes less than 0.1 s on an idle machine; here processor time is measured."""
    import resource

    took = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*COMMAND, "match", "--help"], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(took) < 0.2
