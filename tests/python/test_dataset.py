"""A folder of files in, a folder of files with answers out: complete, resumable, bounded in memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import numpy as np
import poly_match as pm
import pytest
from conftest import square
from poly_match._tables import dataset

pa = pytest.importorskip("pyarrow")
ds = pytest.importorskip("pyarrow.dataset")
pq = pytest.importorskip("pyarrow.parquet")

INDEX = pm.Index([square(x, y, 1 + (x + y) % 3) for x in range(20) for y in range(20)])
COUNT = 30_000
RANDOM = np.random.default_rng(6)
X, Y = RANDOM.uniform(-1, 23, COUNT), RANDOM.uniform(-1, 23, COUNT)
X[7] = np.nan
ANSWERS = INDEX.match((X, Y))
EXPECTED = pm.Matched(6, COUNT, int((ANSWERS >= 0).sum()), pm.digest(ANSWERS, (X, Y)))
NAMES = {"name": [f"square {i}" for i in range(400)], "number": np.arange(400)}
XY = {"x": "lon", "y": "lat"}


def table(rows: Any = slice(None)) -> Any:
    return pa.table({"id": np.arange(COUNT)[rows], "lon": X[rows], "lat": Y[rows]})


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a folder of three partitions of two files each."""
    for i in range(6):
        folder = tmp_path / "source" / f"day={i // 2 + 1}"
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(table(slice(i * COUNT // 6, (i + 1) * COUNT // 6)), folder / f"{i}.parquet")
    return tmp_path / "source"


@pytest.fixture
def sink(tmp_path: Path) -> Path:
    return tmp_path / "sink"


def times(sink: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in sink.rglob("*.parquet")}


# ---- what comes out --------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("batch", [1000, 65_536])
def test_files_partitions_rows_and_columns_are_kept(source, sink, workers, batch, monkeypatch):
    monkeypatch.setattr(dataset, "BATCH", batch)
    assert pm.match_dataset(source, INDEX, sink, **XY, columns=NAMES, workers=workers) == EXPECTED
    names = sorted(path.relative_to(source) for path in source.rglob("*.parquet"))
    assert sorted(path.relative_to(sink) for path in sink.rglob("*") if path.is_file()) == names
    found = ds.dataset(sink, partitioning="hive").to_table().to_pandas()
    assert list(found.columns) == ["id", "lon", "lat", "region", "name", "number", "day"]
    assert found[["id", "lon", "lat"]].equals(table().to_pandas())
    assert found["region"].isna().tolist() == (ANSWERS < 0).tolist()  # never -1
    np.testing.assert_array_equal(found["region"].fillna(-1), ANSWERS)
    np.testing.assert_array_equal(found["day"], np.repeat([1, 2, 3], COUNT // 3))
    assert found["name"].isna().tolist() == (ANSWERS < 0).tolist()
    matched = found[ANSWERS >= 0]
    assert (matched["number"] == matched["region"]).all()


def test_datasets_lists_files_and_an_index_by_path(source, sink, tmp_path):
    INDEX.save(tmp_path / "squares.pmx")
    files = [str(path) for path in sorted(source.rglob("*.parquet"))]
    for number, form in enumerate([ds.dataset(source, partitioning="hive"), files, str(source)]):
        out = tmp_path / str(number)
        assert pm.match_dataset(form, tmp_path / "squares.pmx", out, **XY) == EXPECTED
        assert (out / "day=1" / "0.parquet").exists()
    part = pm.match_dataset(files[0], INDEX, sink, **XY)
    assert part[:2] == (1, COUNT // 6)
    assert (sink / "0.parquet").exists()


def test_geometries(tmp_path, sink):
    shapely = pytest.importorskip("shapely")
    (tmp_path / "source").mkdir()
    wkb = [*shapely.to_wkb(shapely.points(X[8:100], Y[8:100])).tolist(), None]
    pq.write_table(pa.table({"place": wkb}), tmp_path / "source" / "a.parq")
    done = pm.match_dataset(tmp_path / "source", INDEX, sink, geometry="place")
    assert pq.read_table(sink / "a.parq")["region"].to_pylist() == [
        *(i if i >= 0 else None for i in ANSWERS[8:100].tolist()),
        None,
    ]
    assert done.digest == pm.digest([*ANSWERS[8:100], -1], ([*X[8:100], np.nan], [*Y[8:100], np.nan]))


def test_metadata_that_stays_true_is_kept(tmp_path, sink):
    pandas = pytest.importorskip("pandas")
    (tmp_path / "source").mkdir()
    frame = pandas.DataFrame({"lon": [1.5], "lat": [1.5]}, index=pandas.Index(["a"], name="key"))
    written = pa.Table.from_pandas(frame)
    more = {b"geo": b"{}", b"org.apache.spark.sql.parquet.row.metadata": b"{}"}
    written = written.replace_schema_metadata(written.schema.metadata | more)
    pq.write_table(written, tmp_path / "source" / "a.parquet")
    pm.match_dataset(tmp_path / "source", INDEX, sink, **XY)
    found = pq.read_table(sink / "a.parquet")
    assert set(found.schema.metadata) == {b"geo", b"pandas"}
    assert found.to_pandas().equals(frame.assign(region=INDEX.match([(1.5, 1.5)])))


def test_an_empty_file_stays_one(tmp_path, sink):
    (tmp_path / "source").mkdir()
    pq.write_table(table(slice(0)), tmp_path / "source" / "a.parquet")
    assert pm.match_dataset(tmp_path / "source", INDEX, sink, **XY, columns=NAMES) == (1, 0, 0, 0)
    assert pq.read_table(sink).column_names == ["id", "lon", "lat", "region", "name", "number"]


def test_a_bar_shows_all_points(source, sink, capsys):
    pm.match_dataset(source, INDEX, sink, **XY, progress=True)
    assert "100%" in capsys.readouterr().err


# ---- stopped and resumed ---------------------------------------------------------------------------------


def test_finished_files_are_not_made_again(source, sink):
    assert pm.match_dataset(source, INDEX, sink, **XY) == EXPECTED
    before = times(sink)
    (sink / "day=2" / "3.parquet").unlink()
    assert pm.match_dataset(source, INDEX, sink, **XY, workers=2) == EXPECTED
    after = times(sink)
    assert [name for name in before if before[name] != after[name]] == ["3.parquet"]


@pytest.mark.parametrize("workers", [1, 3])
def test_an_interrupted_run_leaves_whole_files_and_goes_on(source, sink, workers, monkeypatch):
    monkeypatch.setattr(dataset, "BATCH", 1000)
    answers = dataset._Job.advance
    left = [12_500]

    def interrupted(job: Any, points: int) -> None:
        left[0] -= points
        if left[0] < 0:
            raise KeyboardInterrupt
        answers(job, points)

    with monkeypatch.context() as patch:
        patch.setattr(dataset._Job, "advance", interrupted)
        with pytest.raises(KeyboardInterrupt):
            pm.match_dataset(source, INDEX, sink, **XY, workers=workers)
    kept = times(sink)
    assert len(kept) < 6
    assert not list(sink.rglob("*.partial"))
    assert pm.match_dataset(source, INDEX, sink, **XY) == EXPECTED
    assert kept.items() <= times(sink).items()


def test_a_killed_run_goes_on(source, sink, tmp_path):
    """A process is killed while it works: what it finished is not made again, nothing is wrong or lost."""
    INDEX.save(tmp_path / "squares.pmx")
    program = f"""
        import time, poly_match as pm
        from poly_match._tables import dataset
        dataset.BATCH = 500
        advance = dataset._Job.advance
        dataset._Job.advance = lambda *arguments: (advance(*arguments), time.sleep(0.02))
        pm.match_dataset({str(source)!r}, {str(tmp_path / "squares.pmx")!r}, {str(sink)!r}, x="lon", y="lat")
    """
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)])
    limit = time.monotonic() + 60
    while not (len(times(sink)) >= 2 and list(sink.rglob("*.partial"))):
        assert child.poll() is None, "the child ended before it was killed"
        assert time.monotonic() < limit
        time.sleep(0.005)
    child.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
    child.wait()
    kept = times(sink)
    assert 2 <= len(kept) < 6
    assert pm.match_dataset(source, INDEX, sink, **XY) == EXPECTED
    assert kept.items() <= times(sink).items()


def test_a_file_of_another_job_is_no_part_of_the_result(source, sink):
    pm.match_dataset(source, INDEX, sink, **XY)
    other = pm.Index([square(0, 0, 1)])
    with pytest.raises(ValueError, match=r"sink: .*0\.parquet was made from another index; delete it"):
        pm.match_dataset(source, other, sink, **XY)
    with pytest.raises(ValueError, match=r"0\.parquet was made from another columns"):
        pm.match_dataset(source, INDEX, sink, **XY, columns=NAMES)
    pq.write_table(table(slice(10)), source / "day=1" / "0.parquet")
    with pytest.raises(ValueError, match=r"0\.parquet was made from another source"):
        pm.match_dataset(source, INDEX, sink, **XY)
    pq.write_table(table(slice(10)), sink / "day=1" / "0.parquet")
    with pytest.raises(ValueError, match=r"0\.parquet was not made by this function"):
        pm.match_dataset(source, INDEX, sink, **XY)
    pq.write_table(table(slice(10)), sink / "more.parquet")
    with pytest.raises(ValueError, match=r"more\.parquet is none of the files of this job"):
        pm.match_dataset(source, INDEX, sink, **XY)


def test_a_file_that_fails_ends_the_job_and_is_named(source, sink):
    pq.write_table(table(slice(10)).drop_columns("lat"), source / "day=2" / "3.parquet")
    with pytest.raises(ValueError, match=r"source: .*3\.parquet has no column 'lat'"):
        pm.match_dataset(source, INDEX, sink, **XY, workers=2)
    assert not list(sink.rglob("*.partial"))


# ---- memory ----------------------------------------------------------------------------------------------

PEAK = """
    import resource, sys, numpy as np, pyarrow as pa, pyarrow.parquet as pq, poly_match as pm
    folder, count = sys.argv[1], int(sys.argv[2])
    index = pm.Index([np.array([[0, 0], [1, 0], [1, 0.5]])])
    pm.match_dataset(folder, index, folder + "-out", x="x", y="y")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="measures memory as on Linux")
def test_memory_does_not_grow_with_the_file(tmp_path):
    """A file of 4 million points (some 96 MB decoded) takes little more than one of half a million."""
    random = np.random.default_rng(1)
    peaks = []
    for count in (500_000, 4_000_000):
        folder = tmp_path / str(count)
        folder.mkdir()
        schema = pa.schema([(name, pa.float64()) for name in "xyz"])
        with pq.ParquetWriter(folder / "a.parquet", schema) as out:
            for _ in range(count // 250_000):
                out.write_table(pa.table({name: random.random(250_000) for name in "xyz"}))
        command = [sys.executable, "-c", textwrap.dedent(PEAK), str(folder), str(count)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout))
    assert peaks[1] - peaks[0] < 40, peaks


def test_regions_in_the_place_of_an_index(source, tmp_path):
    line, square = "LINESTRING (0 0, 9 9)", "POLYGON ((0 0, 40 0, 40 40, 0 40, 0 0))"
    path = tmp_path / "zones.geojson"
    geometry = {"type": "Polygon", "coordinates": [[[0, 0], [40, 0], [40, 40], [0, 40], [0, 0]]]}
    features = [{"type": "Feature", "properties": {"n": 1}, "geometry": geometry}]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    expected = pm.match_dataset(source, pm.Index([None, square]), tmp_path / "a", **XY)
    assert expected.matched > 0
    with pytest.warns(UserWarning, match=r"1 of 2 regions can't be used: 1 LineString \(row 0\)"):
        assert pm.match_dataset(source, [line, square], tmp_path / "b", **XY, invalid="skip") == expected
    with pytest.raises(TypeError, match=r"polygons\[0\]: .*got LineString"):
        pm.match_dataset(source, [line, square], tmp_path / "c", **XY)
    with pytest.raises(ValueError, match="invalid: the index is built already"):
        pm.match_dataset(source, INDEX, tmp_path / "c", **XY, invalid="skip")
    assert pm.match_dataset(source, path, tmp_path / "d", **XY).matched == expected.matched


# ---- what is refused -------------------------------------------------------------------------------------


def test_bad_arguments_are_named(source, sink, tmp_path):
    (tmp_path / "nothing").mkdir()
    csv = tmp_path / "a.csv"
    csv.write_text("lon,lat\n1,2\n")
    for error, message, given, index, out, options in [
        (ValueError, "source: there are no files in it", tmp_path / "nothing", INDEX, sink, XY),
        (TypeError, "source: expected a path", 5, INDEX, sink, XY),
        (TypeError, "source: expected Parquet files", ds.dataset(table()), INDEX, sink, XY),
        (TypeError, "source: expected Parquet files", ds.dataset(csv, format="csv"), INDEX, sink, XY),
        (TypeError, "polygons: expected a list of", source, 5, sink, XY),
        (ValueError, "sink: .* lies in the source", source, INDEX, source / "out", XY),
        (ValueError, "sink: expected a folder", source, INDEX, Path(__file__), XY),
        (ValueError, "x: no column 'x'; there are id", source, INDEX, sink, {"x": "x", "y": "y"}),
        (ValueError, "into: there is a column 'day' already", source, INDEX, sink, {**XY, "into": "day"}),
        (ValueError, "columns: expected one row", source, INDEX, sink, {**XY, "columns": {"n": [1]}}),
        (ValueError, "workers: expected a positive", source, INDEX, sink, {**XY, "workers": 0}),
        (FileNotFoundError, "nowhere", tmp_path / "nowhere", INDEX, sink, XY),
    ]:  # fmt: skip
        with pytest.raises(error, match=message):
            pm.match_dataset(given, index, out, **options)
    assert not sink.exists()
