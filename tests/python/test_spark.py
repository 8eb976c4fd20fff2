"""Spark: the same answers as in one call, for DataFrames, in SQL and in streams.

Needs pyspark and Java; without them these tests are skipped, and say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import entries
import numpy as np
import poly_match as pm
import poly_match.spark
import pyarrow as pa
import pytest
from spark_helpers import (
    ANSWERS,
    COUNT,
    FILES,
    INDEX,
    NAMES,
    X,
    Y,
    assert_complete,
    pq,
    session,
    table,
    write_points,
)

# Run at the start of every Python that the session starts: notes each index that is taken out of a pickle.
WATCH = """
import os, poly_match._engine.block as module
restored = module._restored
def noted(*arguments):
    with open({log!r}, "a") as file:
        file.write(f"{{os.getpid()}}\\n")
    return restored(*arguments)
module._restored = noted
"""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file that says which processes took an index out of a pickle."""
    return tmp_path_factory.mktemp("watch") / "log"


@pytest.fixture(scope="module")
def spark(log: Path) -> Iterator[Any]:
    (log.parent / "sitecustomize.py").write_text(WATCH.format(log=str(log)), encoding="utf-8")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", str(log.parent))
        with session("local[2]") as spark:
            yield spark


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the folder of the points."""
    return write_points(tmp_path_factory.mktemp("spark") / "points")


# ---- DataFrames ------------------------------------------------------------------------------------------


def test_nearest_and_its_distances(spark, folder):
    squares = [np.array([[x, y], [x + 1, y], [x + 1, y + 1]], float) for x, y in ((0, 0), (9, 9), (20, 3))]
    names = {"name": ["a", "b", "c"]}
    for rules in ({"predicate": "nearest", "distance": 5}, {"predicate": "dwithin", "distance": 4}):
        near = pm.Index(squares, **rules)
        answers, distances = near.match((X, Y), return_distance=True)
        assert 0 < (answers < 0).sum() < COUNT
        points = spark.read.parquet(folder)
        matched = pm.spark.match(points, near, x="lon", y="lat", columns=names, distance_column="far")
        assert matched.dtypes[-3:] == [("region", "bigint"), ("name", "string"), ("far", "double")]
        found = matched.toArrow().sort_by("id")
        assert found["region"].fill_null(-1).to_pylist() == answers.tolist()
        assert found["name"].null_count == found["far"].null_count == (answers < 0).sum()
        np.testing.assert_array_equal(found["far"].to_pandas(), distances)
        function = pm.spark.register(spark, near, "near_region")
        column = points.select("id", function("lon", "lat").alias("region")).toArrow().sort_by("id")
        assert column["region"].fill_null(-1).to_pylist() == answers.tolist()


@pytest.mark.parametrize("given", ["an index", "a path"])
def test_rows_order_columns_and_partitions_are_kept(spark, folder, given, tmp_path):
    points = spark.read.parquet(folder)
    index: Any = INDEX
    if given == "a path":
        index = tmp_path / "squares.pmx"
        INDEX.save(index)
    matched = pm.spark.match(points, index, x="lon", y="lat", columns=NAMES)
    assert matched.dtypes == [
        ("id", "bigint"), ("lon", "double"), ("lat", "double"),
        ("region", "bigint"), ("name", "string"), ("number", "int"),
    ]  # fmt: skip
    assert matched.rdd.getNumPartitions() == points.rdd.getNumPartitions() == FILES
    before, after = points.toArrow(), matched.toArrow()
    assert after.select(before.column_names).to_pandas().equals(before.to_pandas())
    assert after["region"].null_count == (ANSWERS < 0).sum() > 0  # never -1
    ids = after["region"].fill_null(-1).to_numpy()
    np.testing.assert_array_equal(ids, ANSWERS[before["id"].to_numpy()])
    assert after["name"].to_pylist() == [f"square {i}" if i >= 0 else None for i in ids]
    assert after["number"].to_pylist() == [i if i >= 0 else None for i in ids.tolist()]


@pytest.mark.parametrize("batch", ["1", "97", "100000"])
def test_the_digest_is_that_of_one_call_for_every_batch_size(spark, folder, batch):
    before = spark.conf.get("spark.sql.execution.arrow.maxRecordsPerBatch")
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", batch)
    try:
        points = spark.read.parquet(folder).repartition(3)
        if batch == "1":
            points = points.where("id < 100")
            found = pm.spark.match(points, INDEX, x="lon", y="lat").toArrow()
            expected = pm.digest(ANSWERS[:100], np.arange(100))
            assert pm.digest(found["region"], found["id"]) == expected
        else:
            assert_complete(pm.spark.match(points, INDEX, x="lon", y="lat"))
    finally:
        spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", before)


def test_a_worker_process_opens_a_broadcast_index_once(spark, folder, log):
    log.write_text("")
    assert_complete(pm.spark.match(spark.read.parquet(folder), INDEX, x="lon", y="lat"))
    opened = log.read_text().split()
    assert 1 <= len(opened) <= 2 < FILES  # for more tasks than processes
    assert len(set(opened)) == len(opened)


@pytest.mark.parametrize("kind", ["int", "float", "decimal(10,3)"])
def test_numbers_of_every_type_and_nulls(spark, kind):
    rows = [(2.5, 3.0), (None, 1.0), (4.0, None), (float(100), 5.0)]
    points = spark.createDataFrame(rows, "a double, b double").selectExpr(f"CAST(a AS {kind}) a", "b")
    found = pm.spark.match(points, INDEX, x="a", y="b", into="best").toArrow()
    first = 2.0 if kind == "int" else 2.5
    assert found["best"].to_pylist() == [int(INDEX.match([(first, 3.0)])[0]), None, None, None]


def test_the_rule_of_all_entries_for_numbers(spark):
    """Of the types that Spark has; each as a column and as an argument of a function of SQL."""
    function = pm.spark.register(spark, entries.INDEX, name="of_entries")
    others = ("uint", "decimal256", "all missing")
    held = {kind: entries.KINDS[kind] for kind in entries.KINDS if not kind.startswith(others)}
    assert len(held) == 22
    for kind, (column, is_number) in held.items():
        points = spark.createDataFrame(pa.table({"x": column, "y": entries.Y}))
        matched = pm.spark.match(points, entries.INDEX, x="x", y="y")
        called = points.withColumn("region", function("x", "y"))
        if is_number:
            for frame in (matched, called):
                assert frame.toArrow()["region"].to_pylist() == held[kind].answers(), kind
            continue
        with pytest.raises(Exception, match="x='x': expected numbers, got"):
            matched.collect()
        with pytest.raises(Exception, match="of_entries: x: expected numbers, got"):
            called.collect()


def test_geometries_as_well_known_binary(spark):
    shapely = pytest.importorskip("shapely")
    wkb = shapely.to_wkb(shapely.points(X[8:200], Y[8:200])).tolist()
    points = spark.createDataFrame([(each,) for each in [*wkb, None]], "place binary")
    found = pm.spark.match(points, INDEX, geometry="place").toArrow()
    assert found["region"].to_pylist() == [*(i if i >= 0 else None for i in ANSWERS[8:200].tolist()), None]


def test_attributes_of_other_types(spark):
    pandas = pytest.importorskip("pandas")
    names = pandas.DataFrame(
        {
            "founded": pandas.date_range("1800-01-01", periods=400, unit="ns"),
            "kind": pandas.Categorical(["town", "village"] * 200),
            "share": np.linspace(0, 1, 400, dtype=np.float32),
        },
        index=np.arange(400) * 2,
    )
    points = spark.range(1).selectExpr("2.5 AS x", "3.0 AS y")
    row = pm.spark.match(points, INDEX, x="x", y="y", columns=names).first()
    expected = names.iloc[INDEX.match([(2.5, 3)])[0]]
    assert (pandas.Timestamp(row.founded), row.kind, row.share) == tuple(expected)


def test_columns_of_other_types_come_through(spark):
    query = """
        SELECT id, timestamp_seconds(id) t, array(id, null) l, struct(id AS i) s, map(id, 'm') m,
               CAST(null AS string) n, CAST('b' AS binary) y, id * 0.5 lon, 1.5 lat
        FROM range(20)"""
    before = spark.sql(query)
    after = pm.spark.match(before, INDEX, x="lon", y="lat").drop("region")
    assert after.dtypes == before.dtypes
    assert after.collect() == before.collect()


# ---- SQL -------------------------------------------------------------------------------------------------


def test_a_function_of_sql(spark, folder):
    spark.read.parquet(folder).createOrReplaceTempView("fixes")
    function = pm.spark.register(spark, INDEX)
    assert_complete(spark.sql("SELECT *, match_region(lon, lat) AS region FROM fixes"))
    assert_complete(spark.table("fixes").withColumn("region", function("lon", "lat")))
    found = spark.sql("SELECT match_region(null, 1) n, match_region(2, CAST(3.0 AS decimal(3,1))) d").first()
    assert tuple(found) == (None, INDEX.match([(2, 3)])[0])


def test_a_function_of_sql_by_path_and_name_on_geometries(spark, tmp_path):
    shapely = pytest.importorskip("shapely")
    INDEX.save(tmp_path / "squares.pmx")
    pm.spark.register(spark, str(tmp_path / "squares.pmx"), name="square_of")
    places = [(shapely.to_wkb(shapely.Point(2, 3)),), (None,)]
    spark.createDataFrame(places, "place binary").createOrReplaceTempView("places")
    found = [row[0] for row in spark.sql("SELECT square_of(place) FROM places").collect()]
    assert found == [INDEX.match([(2, 3)])[0], None]


# ---- streams ---------------------------------------------------------------------------------------------


def test_a_stream_of_files(spark, tmp_path):
    (tmp_path / "in").mkdir()
    stream = spark.readStream.schema("id bigint, lon double, lat double").parquet(str(tmp_path / "in"))
    matched = pm.spark.match(stream, INDEX, x="lon", y="lat", columns=NAMES)
    for part in (slice(COUNT // 3), slice(COUNT // 3, None)):  # the second finds the stream where it was
        pq.write_table(table(part), tmp_path / "in" / f"{part.start}.parquet")
        query = (
            matched.writeStream.format("parquet")
            .option("checkpointLocation", str(tmp_path / "checkpoint"))
            .trigger(availableNow=True)
            .start(str(tmp_path / "out"))
        )
        assert query.awaitTermination(60)
    assert_complete(spark.read.parquet(str(tmp_path / "out")))


# ---- what is refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "options", "error", "message"),
    [
        (INDEX, {"x": "lon"}, ValueError, "x, y, geometry: name the two columns"),
        (INDEX, {"x": "lon", "y": "lat", "geometry": "id"}, ValueError, "x, y, geometry: name the two"),
        (INDEX, {"x": "longitude", "y": "lat"}, ValueError, "x: no column 'longitude'; there are id"),
        (INDEX, {"x": 1, "y": "lat"}, TypeError, "x: expected the name of a column, got int"),
        (INDEX, {"x": "lon", "y": "lat", "into": "ID"}, ValueError, "into: there is a column 'ID' already"),
        (INDEX, {"x": "lon", "y": "lat", "columns": {"lon": [1]}}, ValueError, "columns: there is a column"),
        (INDEX, {"x": "lon", "y": "lat", "columns": {"n": [1]}}, ValueError, "columns: expected one row"),
        (INDEX, {"x": "lon", "y": "lat", "columns": ["name"]}, TypeError, "columns: expected a table"),
        (b"block", {"x": "lon", "y": "lat"}, TypeError, "index: expected a poly_match.Index, or the path"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named_before_anything_runs(spark, folder, index, options, error, message):
    with pytest.raises(error, match=message):
        pm.spark.match(spark.read.parquet(folder), index, **options)


def test_text_is_not_parsed_and_attributes_must_fit(spark, folder, tmp_path):
    points = spark.read.parquet(folder).selectExpr("CAST(lon AS string) lon", "lat")
    with pytest.raises(Exception, match="x='lon': expected numbers, got text"):
        pm.spark.match(points, INDEX, x="lon", y="lat").collect()
    INDEX.save(tmp_path / "squares.pmx")  # what is in a file is seen by the workers
    matched = pm.spark.match(
        spark.read.parquet(folder), tmp_path / "squares.pmx", x="lon", y="lat", columns={"n": [1]}
    )
    with pytest.raises(Exception, match="columns: expected one row for each of 400 regions, got 1"):
        matched.collect()
