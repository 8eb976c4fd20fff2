"""Dask and Ray: the same answers as in one call, whatever the partitions; columns kept, attributes added."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import entries
import numpy as np
import poly_match as pm
import poly_match.dask
import poly_match.ray
import pytest
from conftest import square
from poly_match._tables.columns import Columns

pa = pytest.importorskip("pyarrow")
pd = pytest.importorskip("pandas")

INDEX = pm.Index([square(x, y, 1 + (x + y) % 3) for x in range(20) for y in range(20)])
COUNT = 5000
RANDOM = np.random.default_rng(6)
X, Y = RANDOM.uniform(-1, 23, COUNT), RANDOM.uniform(-1, 23, COUNT)
X[7] = np.nan
ANSWERS = INDEX.match((X, Y))
NAMES = {"name": [f"square {i}" for i in range(400)], "number": np.arange(400)}


def points() -> Any:
    return pd.DataFrame({"id": np.arange(COUNT), "lon": X, "lat": Y})


@pytest.fixture(params=["an index", "a path"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "an index":
        return INDEX
    INDEX.save(tmp_path / "squares.pmx")
    return tmp_path / "squares.pmx"


def assert_complete(frame: Any) -> None:
    """Assert that every point occurs once, with the answer of a single call and its attributes."""
    assert list(frame.columns) == ["id", "lon", "lat", "region", "name", "number"]
    assert (frame["region"].isna() == (ANSWERS[frame["id"].to_numpy()] < 0)).all()  # never -1
    ids = frame["region"].fillna(-1).to_numpy(dtype=np.int64)
    assert pm.digest(ids, frame["id"].to_numpy()) == pm.digest(ANSWERS, np.arange(COUNT))
    assert (frame["name"].isna() == (ids < 0)).all()
    assert (frame["name"][ids >= 0] == [f"square {i}" for i in ids[ids >= 0]]).all()
    assert (frame["number"][ids >= 0] == ids[ids >= 0]).all()


# ---- Dask ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("partitions", [1, 7])
def test_dask_partitions_keep_rows_order_and_columns(index, partitions):
    dd = pytest.importorskip("dask.dataframe")
    lazy = dd.from_pandas(points(), npartitions=partitions)
    matched = pm.dask.match(lazy, index, x="lon", y="lat", columns=NAMES)
    assert matched.npartitions == partitions
    frame = matched.compute(scheduler="threads")
    assert frame.dtypes.equals(matched._meta.dtypes)
    assert frame["id"].tolist() == list(range(COUNT))
    assert_complete(frame)


def test_dask_worker_processes_give_the_same():
    dd = pytest.importorskip("dask.dataframe")
    lazy = dd.from_pandas(points(), npartitions=3)
    matched = pm.dask.match(lazy, INDEX, x="lon", y="lat", columns=pd.DataFrame(NAMES))
    assert_complete(matched.compute(scheduler="processes", num_workers=2))


def test_dask_takes_missing_numbers_and_refuses_text():
    dd = pytest.importorskip("dask.dataframe")
    frame = points().assign(lon=pd.array(X, dtype="Float64"), text="1.5")
    frame.loc[3, "lon"] = pd.NA
    matched = pm.dask.match(dd.from_pandas(frame, npartitions=2), INDEX, x="lon", y="lat").compute()
    expected = ANSWERS.copy()
    expected[3] = -1
    assert matched["region"].dtype == "Int64"
    np.testing.assert_array_equal(matched["region"].fillna(-1), expected)
    wrong = pm.dask.match(dd.from_pandas(frame, npartitions=2), INDEX, x="lon", y="text")
    with pytest.raises(TypeError, match=r"y='text'.*: expected numbers, got (str|text)"):
        wrong.compute(scheduler="synchronous")


@pytest.mark.parametrize("kind", entries.KINDS)
def test_dask_has_the_rule_of_all_entries_for_numbers(kind):
    dd = pytest.importorskip("dask.dataframe")
    column, is_number = entries.KINDS[kind]
    frame = pa.table({"x": column, "y": entries.Y}).to_pandas(types_mapper=pd.ArrowDtype)
    matched = pm.dask.match(dd.from_pandas(frame, npartitions=1), entries.INDEX, x="x", y="y")
    if is_number:
        answers = matched.compute(scheduler="synchronous")["region"]
        assert [None if pd.isna(answer) else answer for answer in answers] == entries.KINDS[kind].answers()
        return
    with pytest.raises(pm.InputTypeError, match=r"x='x'(\[0\])?: expected numbers, got"):
        matched.compute(scheduler="synchronous")


@pytest.mark.parametrize("system", [None, "EPSG:4326", "OGC:CRS84", "EPSG:3857"])
def test_dask_refuses_geometries_on_another_plane(system):
    """Partitions of dask-geopandas have a CRS; an index without one accepts any."""
    geopandas = pytest.importorskip("geopandas")
    polygons = geopandas.GeoSeries.from_wkt(["POLYGON ((0 0, 4 0, 4 4, 0 0))"], crs="EPSG:4326")
    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([3], [1]), crs=system)
    task = Columns.of(["geometry"], INDEX, x=None, y=None, geometry="geometry", into="region", columns=None)
    if system == "EPSG:3857":
        with pytest.raises(pm.InputValueError, match="points are in EPSG:3857 and polygons in EPSG:4326"):
            pm.dask._append(points, pm.Index(polygons), task)
        return
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert pm.dask._append(points, pm.Index(polygons), task)["region"].tolist() == [0]
    assert any("points have no CRS" in str(each.message) for each in seen) == (system is None)


def test_dask_takes_geometries():
    dd = pytest.importorskip("dask.dataframe")
    shapely = pytest.importorskip("shapely")
    frame = pd.DataFrame({"place": shapely.points(X[8:], Y[8:])})
    import dask

    with dask.config.set({"dataframe.convert-string": False}):
        lazy = dd.from_pandas(frame, npartitions=2)
        matched = pm.dask.match(lazy, INDEX, geometry="place", into="best").compute()
    np.testing.assert_array_equal(matched["best"].fillna(-1), ANSWERS[8:])


# ---- Ray -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    ray = pytest.importorskip("ray")
    pytest.importorskip("ray.data")
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, object_store_memory=200_000_000)
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield ray
    ray.shutdown()


def test_ray_has_distances(ray):
    near = pm.Index([square(x, y, 1) for x, y in ((0, 0), (9, 9), (20, 3))], predicate="nearest", distance=5)
    answers, distances = near.match((X, Y), return_distance=True)
    assert 0 < (answers < 0).sum() < COUNT
    matched = pm.ray.match(
        ray.data.from_pandas(points()).repartition(3), near, x="lon", y="lat", distance_column="far"
    )
    found = pa.concat_tables(ray.get(matched.to_arrow_refs())).sort_by("id")
    assert found.column_names == ["id", "lon", "lat", "region", "far"]
    assert found["region"].fill_null(-1).to_pylist() == answers.tolist()
    np.testing.assert_array_equal(found["far"].to_pandas(), distances)
    assert found["far"].null_count == (answers < 0).sum()


def test_ray_blocks_keep_rows_and_columns(ray, index):
    dataset = ray.data.from_pandas(points()).repartition(5)
    matched = pm.ray.match(dataset, index, x="lon", y="lat", columns=NAMES)
    assert_complete(pa.concat_tables(ray.get(matched.to_arrow_refs())).to_pandas())


@pytest.mark.parametrize("kind", [kind for kind in entries.KINDS if "one missing" in kind])
def test_ray_has_the_rule_of_all_entries_for_numbers(ray, kind):
    column, is_number = entries.KINDS[kind]
    dataset = ray.data.from_arrow(pa.table({"x": column, "y": entries.Y}))
    matched = pm.ray.match(dataset, entries.INDEX, x="x", y="y")
    if is_number:
        (block,) = ray.get(matched.to_arrow_refs())
        assert block["region"].to_pylist() == entries.KINDS[kind].answers()
        return
    with pytest.raises(Exception, match=r"x='x'(\[0\])?: expected numbers, got"):
        matched.materialize()


def test_ray_takes_geometries(ray):
    shapely = pytest.importorskip("shapely")
    wkb = shapely.to_wkb(shapely.points(X[8:], Y[8:])).tolist()
    dataset = ray.data.from_arrow(pa.table({"id": np.arange(8, COUNT), "place": [*wkb[:-1], None]}))
    matched = pm.ray.match(dataset, INDEX, geometry="place").to_pandas().sort_values("id")
    assert matched["region"].isna().iloc[-1]
    np.testing.assert_array_equal(matched["region"].fillna(-1), [*ANSWERS[8:-1], -1])


# ---- what both refuse ------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["dask", "ray"])
def test_bad_arguments_are_named_before_anything_runs(module, request):
    if module == "dask":
        lazy = pytest.importorskip("dask.dataframe").from_pandas(points(), npartitions=2)
        match = pm.dask.match
    else:
        lazy = request.getfixturevalue("ray").data.from_pandas(points())
        match = pm.ray.match
    for error, message, index, options in [
        (ValueError, "x: no column 'x'; there are id, lon, lat", INDEX, {"x": "x", "y": "lat"}),
        (ValueError, "x, y, geometry: name the two columns", INDEX, {"x": "lon"}),
        (ValueError, "into: there is a column 'LON' already", INDEX,
         {"x": "lon", "y": "lat", "into": "LON"}),
        (ValueError, "columns: expected one row for each of 400 regions, got 2", INDEX,
         {"x": "lon", "y": "lat", "columns": {"name": ["a", "b"]}}),
        (TypeError, "index: expected a poly_match.Index, or the path", 5, {"x": "lon", "y": "lat"}),
    ]:  # fmt: skip
        with pytest.raises(error, match=message):
            match(lazy, index, **options)


def test_a_frame_of_pandas_is_no_frame_of_dask():
    pytest.importorskip("dask.dataframe")
    with pytest.raises(
        TypeError, match=r"points: expected a Dask DataFrame, got DataFrame; .*from_pandas\(points"
    ):
        pm.dask.match(points(), INDEX, x="lon", y="lat")
