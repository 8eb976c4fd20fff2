"""`sjoin`: held against GeoPandas' own join, and what is different on purpose."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import warnings

import geopandas
import numpy as np
import pandas as pd
import poly_match as pm
import pytest
import shapely
from conftest import draws
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st

Frame = geopandas.GeoDataFrame
GRID = [shapely.box(x, y, x + 2, y + 2) for y in (0, 2) for x in (0, 2)]  # side by side


def points(places, **columns):
    x, y = zip(*places, strict=True) if places else ((), ())
    return Frame(columns, geometry=geopandas.points_from_xy(x, y), crs="EPSG:3857")


def polygons(shapes, **columns):
    return Frame(columns, index=range(len(shapes)), geometry=list(shapes), crs="EPSG:3857")


def some_points():
    return points([(1, 1), (9, 9), (3, 1), (1, 3), (1, 1.5)], v=range(5))


def same_as_geopandas(left, right, **options):
    """Assert that both joins are the same in every respect; for regions that don't overlap."""
    for how in ("left", "inner"):
        expected = geopandas.sjoin(left, right, how=how, **options)
        found = pm.sjoin(left, right, how=how, **options)
        assert type(found) is type(expected)
        assert_geodataframe_equal(found, expected, check_index_type="equiv")
        assert found.index.names == expected.index.names
        assert found.crs == expected.crs
        assert found.active_geometry_name == expected.active_geometry_name


COLUMNS = {
    "int64": [1, 2, 3, 4],
    "int8": np.arange(4, dtype=np.int8),
    "float32": np.arange(4, dtype=np.float32),
    "bool": [True, False, True, False],
    "text": ["a", "b", None, "d"],
    "object": [{"a": 1}, [2], None, "d"],
    "category": pd.Categorical(["a", "b", "a", None], categories=["b", "a", "c"], ordered=True),
    "nullable": pd.array([1, None, 3, 4], dtype="Int16"),
    "nullable bool": pd.array([True, None, False, True], dtype="boolean"),
    "arrow": pd.array([1, None, 3, 4], dtype="int32[pyarrow]"),
    "arrow text": pd.array(["a", None, "c", "d"], dtype="string[pyarrow]"),
    "day": pd.to_datetime(["2020-01-01", "2021-01-01", None, "2022-01-01"]),
    "moment": pd.to_datetime(["2020-01-01"] * 4).tz_localize("Europe/Vienna"),
    "span": pd.to_timedelta([1, 2, None, 4], unit="h"),
    "period": pd.period_range("2020-01", periods=4, freq="M"),
    "interval": pd.interval_range(0, 4),
    "complex": np.arange(4) * 1j,
}


@pytest.mark.parametrize("name", COLUMNS)
def test_every_type_of_column_is_attached_as_geopandas_does(name):
    right = polygons(GRID, **{name: COLUMNS[name]})
    same_as_geopandas(some_points(), right)
    same_as_geopandas(some_points().drop(index=1), right)  # all have a region: types stay
    same_as_geopandas(some_points().iloc[1:2], right)  # none has


def test_all_types_at_once_and_those_of_the_points():
    same_as_geopandas(some_points(), polygons(GRID, **COLUMNS))
    left = points([(1, 1), (9, 9), (3, 1), (1, 3)], **COLUMNS)
    same_as_geopandas(left, polygons(GRID, name=list("abcd")))


INDEXES = {
    "named": pd.Index([10, 20, 30, 40], name="code"),
    "text": pd.Index(list("wxyz"), name="code"),
    "nameless text": pd.Index(list("wxyz")),
    "repeated": pd.Index([7, 7, 8, 8]),
    "days": pd.DatetimeIndex(["2020-01-01", "2020-01-02", "2021-01-01", "2022-01-01"], name="code"),
    "categories": pd.CategoricalIndex(list("abab")),
    "two levels": pd.MultiIndex.from_tuples([(1, "a"), (1, "b"), (2, "a"), (2, "b")]),
    "two named levels": pd.MultiIndex.from_product([[1, 2], ["a", "b"]], names=["code", "letter"]),
    "one of two named": pd.MultiIndex.from_product([[1, 2], ["a", "b"]], names=["code", None]),
}


@pytest.mark.parametrize("right", INDEXES)
@pytest.mark.parametrize("left", INDEXES)
def test_every_kind_of_index_is_kept_on_the_left_and_attached_from_the_right(left, right):
    here = points([(1, 1), (9, 9), (3, 1), (1, 3)], v=range(4)).set_axis(INDEXES[left])
    there = polygons(GRID, name=list("abcd")).set_axis(INDEXES[right])
    same_as_geopandas(here, there)


@pytest.mark.parametrize(
    ("lsuffix", "rsuffix"), [("left", "right"), ("p", "q"), ("", "x"), ("x", ""), (None, "r"), ("l", None)]
)
def test_overlapping_labels_get_the_suffixes_of_geopandas(lsuffix, rsuffix):
    left = some_points().rename_geometry("where").rename_axis("code")
    right = polygons(GRID, v=range(4), code=range(4), where=list("abcd"), other=1.5).rename_geometry("shape")
    if rsuffix is None:
        right = right.drop(columns="where")
    same_as_geopandas(left, right, lsuffix=lsuffix, rsuffix=rsuffix)


def test_an_index_of_the_polygons_that_is_called_like_a_column_of_the_points_gets_a_suffix():
    same_as_geopandas(some_points(), polygons(GRID).rename_axis("v"))


def test_what_is_missing_is_nan_where_pandas_has_nothing_better():
    found = pm.sjoin(some_points(), polygons(GRID, any=pd.Series([{}, (), "", None], dtype=object)))
    assert [type(value) for value in found["any"][:2]] == [dict, float]


def test_other_geometry_columns_come_along():
    left = some_points().assign(home=geopandas.points_from_xy(range(5), range(5), crs="EPSG:4326"))
    right = polygons(GRID).assign(capital=geopandas.points_from_xy(range(4), range(4), crs="EPSG:4326"))
    same_as_geopandas(left, right)
    assert pm.sjoin(left, right)["capital"].crs == "EPSG:4326"


def test_labels_may_be_numbers():
    left = some_points().rename(columns={"v": 0})
    same_as_geopandas(left, polygons(GRID).assign(a=1).rename(columns={"a": 0}))


@pytest.mark.filterwarnings("ignore:GeoDataFrame columns are not unique")
def test_labels_may_repeat():
    left = points([(1, 1), (9, 9)], a=[1, 2], b=[3, 4]).rename(columns={"b": "a"})
    right = polygons(GRID, c=range(4), d=list("abcd")).rename(columns={"d": "c"})
    same_as_geopandas(left, polygons(GRID, name=list("abcd")))
    same_as_geopandas(some_points(), right)
    assert pm.sjoin(left, right, columns="c").shape == (2, 6)


def test_empty_frames_on_either_side():
    none = polygons([], name=pd.array([], dtype="int64"))
    same_as_geopandas(some_points(), none)
    same_as_geopandas(some_points().iloc[:0], polygons(GRID, name=list("abcd")))
    same_as_geopandas(some_points().iloc[:0], none)


def test_missing_empty_and_nan_points_keep_their_row():
    left = some_points()
    left.geometry = [
        shapely.Point(1, 1),
        None,
        shapely.Point(),
        shapely.Point(np.nan, 1),
        shapely.Point(3, 1),
    ]
    found = pm.sjoin(left, polygons(GRID, name=list("abcd")), audit=True)
    assert found["v"].tolist() == list(range(5))
    assert found["name"].tolist()[::4] == ["a", "b"]
    assert found["status"].tolist() == ["matched", *["bad point"] * 3, "matched"]
    same_as_geopandas(left, polygons([*GRID[:3], None], name=list("abcd")))


def test_z_is_ignored():
    left = some_points()
    left.geometry = shapely.force_3d(left.geometry.values, 7.0)
    same_as_geopandas(left, polygons(GRID, name=list("abcd")))


# ---- regions that overlap ----------------------------------------------------------------------------

coordinate = st.integers(0, 6)
box = st.tuples(coordinate, coordinate, st.integers(1, 5), st.integers(1, 5))


@settings(max_examples=draws(150), deadline=None)
@given(
    st.lists(st.tuples(coordinate, coordinate), max_size=12),
    st.lists(box, max_size=8),
    st.sampled_from(["left", "inner"]),
    st.data(),
)
def test_the_rows_are_those_of_a_join_sorted_by_area_without_duplicates(places, boxes, how, data):
    shapes = [shapely.box(x, y, x + width, y + height) for x, y, width, height in boxes]
    labels = st.lists(st.integers(0, 3), min_size=len(places), max_size=len(places), unique=False)
    left = points(places, v=range(len(places))).set_axis(pd.Index(data.draw(labels), dtype="int64"))
    right = polygons(shapes, v=[f"r{i}" for i in range(len(shapes))], n=pd.array(range(len(shapes)), "Int64"))

    pairs = geopandas.sjoin(left.assign(point=range(len(left))), right.assign(area=right.area), how=how)
    pairs = pairs.sort_values(["point", "area", "index_right"], kind="stable")
    expected = pairs.drop_duplicates("point").drop(columns=["point", "area"])

    found = pm.sjoin(left, right, how=how)
    assert_geodataframe_equal(found, expected, check_index_type="equiv", check_dtype=len(found) > 0)
    assert how == "inner" or len(found) == len(left)


def test_a_point_on_a_border_has_one_row():
    right = polygons(GRID, name=list("abcd"))
    assert len(geopandas.sjoin(points([(2, 2)]), right)) == 4
    assert pm.sjoin(points([(2, 2)]), right)["name"].tolist() == ["a"]


def test_best_and_predicate_are_those_of_match():
    right = polygons([shapely.box(0, 0, side, side) for side in (4, 2, 8)], name=list("abc"), order=[2, 3, 1])
    left = points([(1, 1), (3, 3)])
    rules = {"smallest": ["b", "a"], "largest": ["c", "c"], "first": ["a", "a"], "order": ["c", "c"]}
    for best, expected in rules.items():
        assert pm.sjoin(left, right, best=best)["name"].tolist() == expected
    assert pm.sjoin(left, right, best=[1, 1, 0])["name"].tolist() == ["c", "c"]
    near = pm.sjoin(left, right, predicate="center_within", distance=0.5, workers=2)
    assert near["name"].fillna("-").tolist() == ["b", "-"]


@pytest.mark.parametrize("predicate", ["intersects", "covered_by"])
def test_the_words_of_geopandas_that_mean_the_same_are_taken(predicate):
    left = points([(1, 1), (9, 9), (0, 0), (4, 4)])
    same_as_geopandas(left, polygons(GRID), predicate=predicate)


def test_a_join_without_borders_is_not_silently_another_one():
    with pytest.raises(ValueError, match=r'predicate: "within" leaves points on a border .* "covers"'):
        pm.sjoin(some_points(), polygons(GRID), predicate="within")
    with pytest.raises(ValueError, match=r'predicate: expected one of "covers", .*; got \'touches\''):
        pm.sjoin(some_points(), polygons(GRID), predicate="touches")


# ---- what is attached --------------------------------------------------------------------------------


def test_columns_says_what_is_attached():
    right = polygons(GRID, a=1, b=2, c=3)
    assert list(pm.sjoin(some_points(), right, columns=["c", "a"]).columns[2:]) == ["index_right", "c", "a"]
    assert list(pm.sjoin(some_points(), right, columns="b").columns[2:]) == ["index_right", "b"]
    assert list(pm.sjoin(some_points(), right, columns=[]).columns[2:]) == ["index_right"]
    assert "status" in pm.sjoin(some_points(), right.assign(status=1), columns=["a"], audit=True)
    for unknown in ("d", "geometry"):
        message = rf"columns: '{unknown}' is no attribute of polygons; there are: \['a', 'b', 'c'\]"
        with pytest.raises(ValueError, match=message):
            pm.sjoin(some_points(), right, columns=["a", unknown])


def test_statuses_add_up_to_the_points():
    left = pd.concat([some_points(), points([(np.inf, 1)], v=[5])])
    found = pm.sjoin(left, polygons(GRID, name=list("abcd")), audit=True)
    counts = found["status"].value_counts()
    assert counts.to_dict() == {"matched": 4, "no candidate": 1, "bad point": 1}
    assert counts.sum() == len(left)
    assert list(found["status"].cat.categories) == ["matched", "no candidate", "bad point"]
    assert found.columns[-1] == "status"
    assert (found["name"].notna() == (found["status"] == "matched")).all()


def test_audit_that_could_not_add_up_is_refused():
    with pytest.raises(ValueError, match='audit: needs how="left"'):
        pm.sjoin(some_points(), polygons(GRID), "inner", audit=True)
    for left, right in (
        (some_points().assign(status=1), polygons(GRID)),
        (some_points(), polygons(GRID, status=1)),
    ):
        with pytest.raises(ValueError, match='audit: adds a column "status"'):
            pm.sjoin(left, right, audit=True)


def test_attrs_and_subclasses_of_the_points_are_kept():
    class Stations(Frame):
        @property
        def _constructor(self):
            return Stations

    left = Stations(some_points())
    left.attrs["source"] = "register"
    for how in ("left", "inner"):
        found = pm.sjoin(left, polygons(GRID, v=1), how)
        assert type(found) is Stations
        assert found.attrs == {"source": "register"}


def test_the_frames_handed_over_do_not_change():
    left, right = some_points(), polygons(GRID, v=1, code=2).rename_axis("id")
    before = left.copy(), right.copy()
    found = pm.sjoin(left.rename_axis("code"), right)
    found["v_right"] = -1
    found.loc[:, "v_left"] = -1
    found.index.name = "other"
    assert_geodataframe_equal(left, before[0])
    assert_geodataframe_equal(right, before[1])


@pytest.mark.skipif(int(pd.__version__.split(".")[0]) < 3, reason="pandas 2 copies the columns of a join")
def test_the_columns_of_the_points_are_not_copied():
    left = some_points().assign(wide=np.arange(5.0))
    found = pm.sjoin(left, polygons(GRID, name=list("abcd")))
    assert np.shares_memory(found["wide"].to_numpy(), left["wide"].to_numpy())


def test_invalid_polygons_are_used_warned_of_skipped_or_refused():
    bow_tie = shapely.Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])
    left, right = points([(0.5, 1), (9, 9)]), polygons([shapely.box(0, 0, 8, 8), bow_tie])
    winners = {"use": 1.0, "warn": 1.0, "skip": 0.0}
    for invalid, winner in winners.items():
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            assert pm.sjoin(left, right, invalid=invalid)["index_right"][0] == winner
        assert [each.filename for each in seen] == [__file__] * (invalid != "use")
    with pytest.raises(ValueError, match=r"polygons\[1\]: invalid: Self-intersection"):
        pm.sjoin(left, right, invalid="error")
    with pytest.raises(ValueError, match="invalid: expected one of"):
        pm.sjoin(left, right, invalid="ignore")


# ---- what is refused ---------------------------------------------------------------------------------


def test_only_frames_are_taken():
    for wrong in ([(1, 1)], some_points().geometry, pd.DataFrame({"x": [1]})):
        with pytest.raises(TypeError, match=f"points: expected a GeoDataFrame, got {type(wrong).__name__}"):
            pm.sjoin(wrong, polygons(GRID))
    with pytest.raises(TypeError, match="polygons: expected a GeoDataFrame, got list"):
        pm.sjoin(some_points(), GRID)
    with pytest.raises(ValueError, match=r"polygons: has no active geometry; .* set_geometry"):
        pm.sjoin(some_points(), Frame({"a": [1]}))


def test_geometries_of_another_kind_are_named_with_their_row():
    left = some_points()
    left.geometry = [*left.geometry[:3], shapely.MultiPoint([(1, 1), (2, 2)]), None]
    with pytest.raises(TypeError, match=r"points\[3\]: expected a Point, got MultiPoint"):
        pm.sjoin(left, polygons(GRID))
    with pytest.raises(TypeError, match=r"polygons\[0\]: expected a Polygon or MultiPolygon, got Point"):
        pm.sjoin(some_points(), some_points())


def test_swapped_frames_are_told():
    with pytest.raises(TypeError, match="the two frames are swapped, points come first"):
        pm.sjoin(polygons(GRID), some_points())


def test_another_join_is_refused():
    with pytest.raises(ValueError, match='how: expected "left" or "inner", got \'right\''):
        pm.sjoin(some_points(), polygons(GRID), how="right")


def test_frames_in_different_crs_are_refused_and_one_without_is_told_of():
    with pytest.raises(ValueError, match=r"points are in EPSG:3857 and polygons in EPSG:4326: .*to_crs"):
        pm.sjoin(some_points(), polygons(GRID).set_crs("EPSG:4326", allow_override=True))
    with pytest.warns(UserWarning, match="polygons have no CRS") as seen:
        pm.sjoin(some_points(), polygons(GRID).set_crs(None, allow_override=True))
    assert [each.filename for each in seen] == [__file__]


def test_columns_that_would_be_there_twice_are_refused():
    once = pm.sjoin(some_points(), polygons(GRID))
    with pytest.raises(ValueError, match=r"points: has a column 'index_right', .*rename"):
        pm.sjoin(once, polygons(GRID))
    assert "index_again" in pm.sjoin(once, polygons(GRID), rsuffix="again")
    assert "id" in pm.sjoin(once, polygons(GRID).rename_axis("id"))
    with pytest.raises(ValueError, match=r"polygons: has a column 'id', .*rename"):
        pm.sjoin(some_points(), polygons(GRID, id=1).rename_axis("id"))
    for suffixes in ({"lsuffix": None, "rsuffix": None}, {"lsuffix": "", "rsuffix": ""}):
        with pytest.raises(ValueError, match=r"lsuffix, rsuffix: needed, both frames have \['v'\]"):
            pm.sjoin(some_points(), polygons(GRID, v=1), **suffixes)
    for columns in ({"v_right": 1}, {"v_left": 1}):
        with pytest.raises(ValueError, match="lsuffix, rsuffix: make two columns called 'v_"):
            pm.sjoin(some_points().assign(**columns), polygons(GRID, v=1))
    with pytest.raises(ValueError, match="make two columns called 'geometry'"):
        pm.sjoin(some_points(), polygons(GRID).rename_geometry("shape").assign(geometry=1), rsuffix=None)
    with pytest.raises(ValueError, match="make two columns called 'v_x'"):
        pm.sjoin(some_points(), polygons(GRID, v=1), lsuffix="x", rsuffix="x")


def test_the_package_alone_imports_neither_pandas_nor_geopandas():
    program = """
        import sys
        import poly_match
        poly_match.sjoin
        heavy = {"pandas", "geopandas", "shapely", "pyproj", "pyarrow"}
        print(sorted(heavy & set(sys.modules)))
    """
    result = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr
