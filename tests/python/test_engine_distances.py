"""Nearest and dwithin in table engines: the answers of `Index.match`, and its distances as a column.

Ray and Spark are tested in files of their own, with the session that those start.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import poly_match as pm
import poly_match.dask
import pytest
import shapely
from conftest import square

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

COUNT = 4000
RANDOM = np.random.default_rng(6)
X, Y = RANDOM.uniform(-3, 43, COUNT), RANDOM.uniform(-3, 43, COUNT)
X[7] = np.nan
SQUARES = [square(4 * x, 4 * y, 1 + (x + y) % 3) for x in range(10) for y in range(10)]
NAMES = {"name": [f"square {i}" for i in range(100)]}
RULES: list[dict[str, Any]] = [
    {"predicate": "nearest"},
    {"predicate": "nearest", "distance": 0.7},
    {"predicate": "dwithin", "distance": 1.0},
    {"predicate": "center_within", "distance": 1.5},
]


@pytest.fixture(params=RULES, ids=lambda rules: " ".join(map(str, rules.values())))
def rules(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(request.param)


@pytest.fixture(params=["an index", "a path"])
def index(request: pytest.FixtureRequest, rules: dict[str, Any], tmp_path: Path) -> Any:
    """Return an index by these rules, or the file of one."""
    made = pm.Index(SQUARES, **rules)
    if request.param == "an index":
        return made
    made.save(tmp_path / "squares.pmx")
    return tmp_path / "squares.pmx"


def expected(rules: dict[str, Any]) -> tuple[list[int | None], list[float | None]]:
    """Return answers and distances, None for none, of the scan of all squares for each point."""
    answers, distances = pm.match((X, Y), SQUARES, **rules, return_distance=True)
    assert 0 < (answers < 0).sum() < COUNT
    assert (distances > 0).sum() > COUNT / 10
    assert np.array_equal(np.isnan(distances), answers < 0)
    nones = [None if answer < 0 else answer for answer in answers.tolist()]
    return nones, [
        None if answer < 0 else distance for answer, distance in zip(answers, distances, strict=True)
    ]


def table() -> Any:
    return pa.table({"lon": X, "lat": Y, "id": np.arange(COUNT)})


def assert_same(found: Any, rules: dict[str, Any]) -> None:
    """Assert that an Arrow table has the answers, the names and the distances."""
    answers, distances = expected(rules)
    found = found.sort_by("id")
    assert found.column_names == ["lon", "lat", "id", "region", "name", "far"]
    assert found["region"].to_pylist() == answers
    assert found["far"].to_pylist() == distances
    assert found["name"].to_pylist() == [None if i is None else f"square {i}" for i in answers]


def test_duckdb(index, rules):
    duckdb = pytest.importorskip("duckdb")
    import poly_match.duckdb

    points = table()
    assert points.num_rows == COUNT
    with duckdb.connect() as connection:
        poly_match.duckdb.register(connection, index)
        found = connection.sql("SELECT match_region(lon, lat) FROM points ORDER BY id").fetchall()
    assert [row[0] for row in found] == expected(rules)[0]


def test_polars(index, rules):
    polars = pytest.importorskip("polars")
    from poly_match.polars import match_region

    frame = polars.DataFrame({"lon": X, "lat": Y})
    for engine in ("in-memory", "streaming"):
        found = frame.lazy().select(match_region("lon", "lat", index)).collect(engine=engine)
        assert found["region"].to_list() == expected(rules)[0]


def test_dask(index, rules):
    dd = pytest.importorskip("dask.dataframe")
    lazy = dd.from_pandas(table().to_pandas(), npartitions=3)
    matched = pm.dask.match(lazy, index, x="lon", y="lat", columns=NAMES, distance_column="far")
    frame = matched.compute(scheduler="threads")
    assert frame.dtypes.equals(matched._meta.dtypes)
    assert frame["far"].dtype == np.float64
    frame["lon"] = frame["lon"].fillna(-1)  # NaN would be null
    assert_same(pa.Table.from_pandas(frame, preserve_index=False), rules)


def test_a_dataset(index, rules, tmp_path, monkeypatch):
    monkeypatch.setattr("poly_match._tables.dataset.BATCH", 700)
    (tmp_path / "source").mkdir()
    pq.write_table(table(), tmp_path / "source" / "points.parquet")
    job = (tmp_path / "source", index, tmp_path / "sink")
    done = pm.match_dataset(*job, x="lon", y="lat", columns=NAMES, distance_column="far")
    assert_same(pq.read_table(tmp_path / "sink" / "points.parquet"), rules)
    answers = np.array([-1 if i is None else i for i in expected(rules)[0]])
    assert done == pm.Matched(1, COUNT, int((answers >= 0).sum()), pm.digest(answers, (X, Y)))
    again = pm.match_dataset(*job, x="lon", y="lat", columns=NAMES, distance_column="far")
    assert again == done
    for other in (None, "away"):
        with pytest.raises(ValueError, match="was made from another columns"):
            pm.match_dataset(*job, x="lon", y="lat", columns=NAMES, distance_column=other)


def test_a_dataset_and_the_command_line_write_the_same_columns(tmp_path):
    from poly_match._cli import main as cli

    frame = geopandas.GeoDataFrame(NAMES, geometry=[shapely.Polygon(ring) for ring in SQUARES])
    frame.to_parquet(tmp_path / "squares.parquet")
    (tmp_path / "source").mkdir()
    pq.write_table(table(), tmp_path / "source" / "points.parquet")
    words = ["match", str(tmp_path / "source" / "points.parquet"), str(tmp_path / "squares.parquet"), "-q"]
    words += ["-o", str(tmp_path / "out.parquet"), "--predicate", "nearest", "--distance-column", "far"]
    assert cli.main(words) == 0
    index = pm.Index(frame, predicate="nearest")
    pm.match_dataset(
        tmp_path / "source", index, tmp_path / "sink", x="lon", y="lat", columns=NAMES,
        distance_column="far",
    )  # fmt: skip
    found = pq.read_table(tmp_path / "sink" / "points.parquet").drop_columns(["region"])
    written = pq.read_table(tmp_path / "out.parquet")
    assert written.column_names == found.column_names
    for name in ("name", "far"):
        assert written[name].to_pylist() == found[name].to_pylist()


def test_distances_that_there_are_not(tmp_path):
    (tmp_path / "source").mkdir()
    pq.write_table(table(), tmp_path / "source" / "points.parquet")
    job = {"source": tmp_path / "source", "sink": tmp_path / "sink", "x": "lon", "y": "lat"}
    covers = pm.Index(SQUARES)
    near = pm.Index(SQUARES, predicate="nearest")
    for index, name, message in (
        (covers, "far", 'distance_column: "covers" has no distances; predicate="nearest" has'),
        (near, "LON", "distance_column: there is a column 'LON' already"),
        (near, "region", "distance_column: there is a column 'region' already"),
    ):
        with pytest.raises(pm.InputValueError, match=f"^{message}"):
            pm.match_dataset(index=index, **job, distance_column=name)
    with pytest.raises(pm.InputTypeError, match=r"^distance_column: expected the name of a column, got int"):
        pm.match_dataset(index=near, **job, distance_column=1)
    assert not (tmp_path / "sink").exists()
