"""Inside DuckDB, Polars and pandas the answers are those of `Index.match`, missing where there is none."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import poly_match as pm
import pytest

rng = np.random.default_rng(3)
CORNERS = rng.uniform(0, 90, (40, 1, 2))
BOX = np.array([[0, 0], [12, 0], [12, 9], [0, 9]])
INDEX = pm.Index(list(CORNERS + BOX))
POINTS = rng.uniform(-5, 105, (300_000, 2))
ANSWERS = INDEX.match(POINTS)
EXPECTED = [None if answer < 0 else answer for answer in ANSWERS.tolist()]

# What matches nothing: missing, NaN or infinite in x, in y, in both. The first row is found.
INSIDE = (CORNERS[0, 0] + 1).tolist()
NOWHERE = [
    INSIDE, (None, INSIDE[1]), (INSIDE[0], None), (None, None), (np.nan, INSIDE[1]), (INSIDE[0], np.inf),
]  # fmt: skip


def test_some_points_match_and_some_do_not():
    assert INDEX.match([INSIDE])[0] >= 0
    assert 0.2 < (ANSWERS < 0).mean() < 0.8
    assert len(np.unique(ANSWERS)) > 30


# ---- DuckDB ------------------------------------------------------------------------------------------------


@pytest.fixture
def connection():
    duckdb = pytest.importorskip("duckdb")
    pytest.importorskip("pyarrow")
    import poly_match.duckdb

    with duckdb.connect() as connection:
        poly_match.duckdb.register(connection, INDEX)
        yield connection


@pytest.mark.parametrize("threads", [1, 4])
def test_duckdb_answers_as_match_does(connection, threads):
    import pyarrow as pa

    points = pa.table({"i": np.arange(len(POINTS)), "lon": POINTS[:, 0], "lat": POINTS[:, 1]})
    connection.execute(f"SET threads = {threads}")
    connection.execute("CREATE TABLE fixes AS SELECT * FROM points")  # as DuckDB's own, in many row groups
    assert points.num_rows > 2 * 122_880
    found = connection.sql("SELECT i, match_region(lon, lat) AS region FROM fixes ORDER BY i").fetchall()
    assert found == list(enumerate(EXPECTED))
    counted = connection.sql("SELECT match_region(lon, lat) AS r, count(*) FROM fixes GROUP BY r").fetchall()
    numbers, counts = np.unique(ANSWERS, return_counts=True)
    assert {-1 if r is None else r: n for r, n in counted} == dict(zip(numbers, counts, strict=True))


def test_duckdb_gives_null_where_there_is_no_point(connection):
    connection.execute("CREATE TABLE few (x DOUBLE, y DOUBLE)")
    connection.executemany("INSERT INTO few VALUES (?, ?)", NOWHERE)
    found = connection.sql("SELECT match_region(x, y) FROM few ORDER BY rowid").fetchall()
    assert found == [(INDEX.match([INSIDE])[0],)] + 5 * [(None,)]
    assert connection.sql("SELECT match_region(x, y) FROM few WHERE x < -1e9").fetchall() == []
    x, y = INSIDE
    assert connection.sql(f"SELECT match_region({x}::FLOAT, NULL), match_region({x}, {y})").fetchall() == [
        (None, INDEX.match([INSIDE])[0])
    ]


def test_duckdb_takes_the_file_of_an_index_and_another_name(connection, tmp_path):
    import poly_match.duckdb

    pm.Index(list(CORNERS[:1] + BOX)).save(tmp_path / "one.pmx")
    poly_match.duckdb.register(connection, tmp_path / "one.pmx", "zone")
    x, y = INSIDE
    assert connection.sql(f"SELECT zone({x}, {y}), zone({x}, -99)").fetchall() == [(0, None)]
    with pytest.raises(TypeError, match="index: expected a poly_match"):
        poly_match.duckdb.register(connection, 3)


# ---- Polars ------------------------------------------------------------------------------------------------


def chunked(polars):
    """Return the points as a frame of several chunks that don't end where batches do."""
    frame = polars.DataFrame({"lon": POINTS[:, 0], "lat": POINTS[:, 1]})
    frame = polars.concat([frame[:7], frame[7:100_001], frame[100_001:]], rechunk=False)
    assert frame.n_chunks() == 3
    return frame


def test_polars_answers_as_match_does():
    polars = pytest.importorskip("polars")
    from poly_match.polars import match_region

    frame = chunked(polars)
    found = frame.with_columns(match_region("lon", "lat", INDEX, workers=2))
    assert found.columns == ["lon", "lat", "region"]
    assert found["region"].dtype == polars.Int64
    assert found["region"].to_list() == EXPECTED
    kept = frame.filter(match_region(polars.col("lon"), polars.col("lat"), INDEX).is_null())
    assert len(kept) == (ANSWERS < 0).sum()


def test_polars_answers_in_lazy_and_streaming_queries():
    polars = pytest.importorskip("polars")
    from poly_match.polars import match_region

    query = chunked(polars).lazy().select(match_region("lon", "lat", INDEX).alias("zone"))
    assert query.collect_schema() == {"zone": polars.Int64}
    assert query.collect()["zone"].to_list() == EXPECTED
    assert query.collect(engine="streaming")["zone"].to_list() == EXPECTED
    assert query.limit(0).collect()["zone"].to_list() == []


def test_polars_gives_null_where_there_is_no_point():
    polars = pytest.importorskip("polars")
    from poly_match.polars import match_region

    frame = polars.DataFrame(NOWHERE, schema=["x", "y"], orient="row", strict=False)
    assert frame.select(match_region("x", "y", INDEX)).to_series().to_list() == [
        INDEX.match([INSIDE])[0], *5 * [None]
    ]  # fmt: skip
    nothing = polars.DataFrame({"x": [None, None], "y": [1, 2]})
    assert nothing.select(match_region("x", "y", INDEX)).to_series().to_list() == [None, None]


def test_polars_refuses_text():
    polars = pytest.importorskip("polars")
    from poly_match.polars import match_region

    frame = polars.DataFrame({"x": ["1"], "y": [2]})
    with pytest.raises((TypeError, polars.exceptions.ComputeError), match="x: expected numbers, got text"):
        frame.select(match_region("x", "y", INDEX))
    with pytest.raises(TypeError, match="index: expected a poly_match"):
        match_region("x", "y", None)


# ---- pandas ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "Float64", "double[pyarrow]"])
def test_pandas_answers_as_match_does(dtype):
    pandas = pytest.importorskip("pandas")
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    frame = pandas.DataFrame(POINTS[:1000], columns=["lon", "lat"]).astype(dtype)
    frame.index = frame.index[::-1]  # positions count, not labels
    frame["region"] = INDEX.match(frame[["lon", "lat"]])
    assert frame["region"].tolist() == ANSWERS[:1000].tolist()
    names = [f"zone {number}" for number in range(len(INDEX))]
    frame["zone"] = INDEX.match(frame[["lon", "lat"]], names=names)
    assert [None if pandas.isna(zone) else zone for zone in frame["zone"]] == [
        None if answer < 0 else names[answer] for answer in ANSWERS[:1000]
    ]


@pytest.mark.parametrize("dtype", ["float64", "Float64", "double[pyarrow]"])
def test_pandas_rows_without_a_point_match_nothing(dtype):
    pandas = pytest.importorskip("pandas")
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    frame = pandas.DataFrame(NOWHERE, columns=["x", "y"], dtype="float64").astype(dtype)
    assert INDEX.match(frame).tolist() == [INDEX.match([INSIDE])[0], *5 * [-1]]


# ---- the page on them --------------------------------------------------------------------------------------


def test_the_page_gives_the_same_in_every_engine(tmp_path, monkeypatch):
    """What the examples of docs/engines.md make, in one go: every city's country, the same in all three."""
    for module in ("duckdb", "geopandas", "pandas", "polars", "pyarrow", "shapely"):
        pytest.importorskip(module)
    monkeypatch.chdir(tmp_path)
    page = (Path(__file__).resolve().parents[2] / "docs" / "engines.md").read_text(encoding="utf-8")
    made: dict[str, Any] = {}
    exec("\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL)), made)
    fixes = made["fixes"]
    region = fixes["region"].tolist()
    country = [None if name != name else name for name in fixes["country_name"]]
    assert region == pm.match((fixes["lon"], fixes["lat"]), made["countries"].geometry.values).tolist()
    assert len(set(region)) > 200
    counts = Counter(None if answer < 0 else answer for answer in region)
    assert dict(made["counted"].fetchall()) == counts
    places = zip(fixes["name"], fixes["lon"], fixes["lat"], strict=True)
    by_place = dict(zip(places, country, strict=True))
    named = made["named"].fetchall()
    assert len(named) == len(fixes)
    assert all(by_place[row[0], row[2], row[3]] == row[5] for row in named)
    labelled = made["labelled"]
    assert len(labelled) == len(fixes)
    for row in labelled.select("name", "lon", "lat", "country_name").iter_rows():
        assert by_place[row[:3]] == row[3]
