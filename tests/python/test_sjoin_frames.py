"""`sjoin`: the frames are those of GeoPandas, to the type of each value, the names, keys and flags."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import geopandas
import numpy as np
import pandas as pd
import poly_match as pm
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

Frame = geopandas.GeoDataFrame
GRID = [shapely.box(x, y, x + 2, y + 2) for y in (0, 2) for x in (0, 2)]  # side by side


def points(places, **columns):
    x, y = zip(*places, strict=True)
    return Frame(columns, geometry=geopandas.points_from_xy(x, y))


def some_points():
    return points([(1, 1), (9, 9), (3, 1), (1, 3), (1, 1.5)], v=range(5))


def polygons(**columns):
    return Frame(columns, index=range(len(GRID)), geometry=list(GRID))


def same_as_geopandas(left, right, ours=None, **options):
    for how in ("left", "inner"):
        expected = geopandas.sjoin(left, right, how=how, **options)
        found = pm.sjoin(left, right, how=how, **(options if ours is None else ours))
        assert_geodataframe_equal(found, expected, check_index_type="equiv")
        assert list(found.columns) == list(expected.columns)
        for position, dtype in enumerate(expected.dtypes):
            assert found.dtypes.iloc[position] == dtype
            ours_are, theirs_are = (
                [type(value) for value in frame.iloc[:, position]] for frame in (found, expected)
            )
            assert ours_are == theirs_are
        assert found.flags.allows_duplicate_labels == expected.flags.allows_duplicate_labels


# ---- objects of one kind ---------------------------------------------------------------------------------

OBJECTS = {
    "str": list("abcd"),
    "str and None": ["a", None, "c", None],
    "datetime": [dt.datetime(2020, 1, day) for day in range(1, 5)],
    "Timestamp": list(pd.date_range("2020", periods=4)),
    "zoned": list(pd.date_range("2020", periods=4, tz="Europe/Vienna")),
    "date": [dt.date(2020, 1, day) for day in range(1, 5)],
    "timedelta": [dt.timedelta(day) for day in range(4)],
    "Timedelta": list(pd.to_timedelta(range(4), unit="h")),
    "Period": list(pd.period_range("2020", periods=4, freq="M")),
    "Interval": list(pd.interval_range(0, 4)),
    "NaT": [pd.NaT] * 4,
    "None": [None] * 4,
    "NaN": [np.nan] * 4,
    "NA": [pd.NA] * 4,
    "bool": [True, False, True, False],
    "bool and None": [True, None, True, False],
    "int": [1, 2, 3, 4],
    "large int": [2**70, 2, 3, 4],
    "float": [1.0, 2.0, 3.0, 4.0],
    "Decimal": [Decimal(number) for number in range(4)],
    "complex": [1j, 2j, 3j, 4j],
    "bytes": [b"a", b"b", b"c", b"d"],
    "list": [[1], [2], [], [4]],
    "geometry": GRID,
}
WHICH = {"some have none": slice(None), "all have one": [0, 2, 3, 4], "one has none": [1], "one": [3]}


@pytest.mark.parametrize("which", WHICH)
@pytest.mark.parametrize("kind", OBJECTS)
def test_objects_of_one_kind_stay_what_they_are(kind, which):
    right = polygons()
    right["what"] = pd.Series(OBJECTS[kind], dtype=object)
    left = some_points().iloc[WHICH[which]]
    same_as_geopandas(left, right)
    found = pm.sjoin(left, right)["what"]
    assert found.dtype == object
    for value, row in zip(found, pm.sjoin(left, right)["index_right"], strict=True):
        if not np.isnan(row):
            assert value is OBJECTS[kind][int(row)]
        else:
            assert isinstance(value, float)


def test_the_type_does_not_depend_on_which_points_came():
    right = polygons()
    right["what"] = pd.Series([True, "a", None, 1.5], dtype=object)
    for row in range(5):
        assert pm.sjoin(some_points().iloc[[row]], right)["what"].dtype == object


# ---- names -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("left_reset", [False, True])
@pytest.mark.parametrize("right_reset", [False, True])
@pytest.mark.parametrize(("lsuffix", "rsuffix"), [("left", "right"), ("a", "b")])
def test_frames_after_reset_index_are_named_as_in_geopandas(left_reset, right_reset, lsuffix, rsuffix):
    left, right = some_points(), polygons(name=list("abcd"))
    left = left.reset_index() if left_reset else left
    right = right.reset_index() if right_reset else right
    same_as_geopandas(left, right, lsuffix=lsuffix, rsuffix=rsuffix)
    label = f"index_{rsuffix}{0 if right_reset else ''}"
    assert label in pm.sjoin(left, right, lsuffix=lsuffix, rsuffix=rsuffix)


def test_a_column_index_that_is_not_attached_changes_no_name():
    right = polygons(name=list("abcd")).reset_index()
    assert list(pm.sjoin(some_points(), right, columns="name"))[2:] == ["index_right", "name"]
    same_as_geopandas(
        some_points(), polygons().assign(index=GRID).set_geometry("index").drop(columns="geometry")
    )


def test_the_index_of_both_frames_may_have_a_name_called_index():
    same_as_geopandas(some_points().rename_axis("index"), polygons(name=1).rename_axis("index"))
    same_as_geopandas(some_points().reset_index(), polygons(name=1).rename_axis("index"))


@pytest.mark.filterwarnings("ignore:Setting a new column on a DataFrame with a MultiIndex")
def test_columns_in_levels_become_plain_labels():
    left, right = some_points(), polygons(name=list("abcd"))
    wide_left, wide_right = (_in_levels(frame) for frame in (left, right))
    assert wide_left.columns.nlevels == 2
    for here, there in ((wide_left, right), (left, wide_right), (wide_left, wide_right)):
        same_as_geopandas(here, there)
    assert pm.sjoin(left, wide_right).columns.tolist()[2:] == ["index_right", ("k", "name")]


def _in_levels(frame):
    """Return a frame whose columns have two levels."""
    wide = pd.concat({"k": frame.drop(columns="geometry")}, axis=1)
    return Frame(wide.assign(geometry=frame.geometry), geometry="geometry")


def test_the_flag_against_duplicate_labels_is_kept():
    plain = some_points(), polygons(name=1)
    strict = [frame.set_flags(allows_duplicate_labels=False) for frame in plain]
    for left, right in ((strict[0], plain[1]), (plain[0], strict[1]), strict):
        assert not pm.sjoin(left, right).flags.allows_duplicate_labels
        if int(pd.__version__.split(".")[0]) >= 3:  # with earlier ones GeoPandas refuses such frames
            same_as_geopandas(left, right)
    assert pm.sjoin(some_points(), polygons()).flags.allows_duplicate_labels
    twice = some_points().set_axis([1, 1, 2, 3, 4])
    assert pm.sjoin(twice, strict[1]).flags.allows_duplicate_labels  # in GeoPandas a flag that is not so


# ---- keys ------------------------------------------------------------------------------------------------


def floors():
    """Return points on two floors, and overlapping polygons on both; no point has two on its own."""
    left = points([(1, 1), (1, 1), (3, 3), (9, 9), (1, 1)], floor=[1, 2, 2, 1, 3], wing=list("aabab"))
    right = Frame(
        {"floor": [1, 2, 1], "wing": list("aab"), "name": list("xyz")},
        geometry=[shapely.box(0, 0, 2, 2), shapely.box(0, 0, 4, 4), shapely.box(8, 8, 9.5, 9.5)],
    )
    return left, right


@pytest.mark.parametrize("on", ["floor", ["floor"], ["floor", "wing"]])
def test_keys_are_the_on_attribute_of_geopandas(on):
    left, right = floors()
    same_as_geopandas(left, right, {"on": on}, on_attribute=on)
    same_as_geopandas(left, right, on_attribute=on)
    same_as_geopandas(left, right, on_attribute=tuple(on) if isinstance(on, list) else on)


def test_keys_of_other_names_stay_on_both_sides():
    left, right = floors()
    same = pm.sjoin(left, right, on="floor")
    assert list(same.columns) == ["floor", "wing_left", "geometry", "index_right", "wing_right", "name"]
    assert same["name"].fillna("-").tolist() == ["x", "y", "y", "z", "-"]
    other = pm.sjoin(left.rename(columns={"floor": "level"}), right, on=("level", "floor"))
    assert other["name"].equals(same["name"])
    assert other["floor"].tolist()[:4] == [1, 2, 2, 1]
    arrays = pm.sjoin(left, right, on=(left["floor"].to_numpy(), "floor"))
    assert arrays["name"].equals(same["name"])
    assert {"floor_left", "floor_right"} <= set(arrays.columns)


def test_a_missing_key_has_no_region_and_its_status():
    left, right = floors()
    left["floor"] = pd.array([1, None, 2, 1, 3], dtype="Int64")
    left.loc[3, "geometry"] = None
    found = pm.sjoin(left, right, on="floor", audit=True)
    assert found["status"].tolist() == ["matched", "no candidate", "matched", "bad point", "no candidate"]


def test_of_regions_with_one_key_the_rule_decides():
    left, right = floors()
    right["floor"] = 1
    assert pm.sjoin(left, right, on="floor")["name"].fillna("-").tolist() == ["x", "-", "-", "z", "-"]
    assert pm.sjoin(left, right, on="floor", best="largest")["name"].fillna("-").tolist() == list("y--z-")


def test_keys_that_cannot_be_are_errors():
    left, right = floors()
    with pytest.raises(ValueError, match="on, on_attribute: mean the same"):
        pm.sjoin(left, right, on="floor", on_attribute="floor")
    with pytest.raises(ValueError, match="on_attribute: 'name' is no attribute of points"):
        pm.sjoin(left, right, on_attribute=["floor", "name"])
    with pytest.raises(ValueError, match="on_attribute: 'geometry' is no attribute of points"):
        pm.sjoin(left, right, on_attribute="geometry")
    with pytest.raises(ValueError, match="on: points has no column 'name'"):
        pm.sjoin(left, right, on="name")
    with pytest.raises(TypeError, match="on: the keys of points are numbers and those of polygons text"):
        pm.sjoin(left, right, on=("floor", "wing"))


# ---- integers that can be missing ------------------------------------------------------------------------


@pytest.mark.parametrize("which", WHICH)
def test_integers_and_booleans_stay_whole_on_request(which):
    right = polygons(
        large=[2**60 + 1, 2, 3, 4],
        small=np.array([1, 2, 3, 4], dtype=np.uint8),
        flag=[True, False, True, False],
        height=[1.5, 2, 3, 4],
        name=list("abcd"),
    )
    found = pm.sjoin(some_points().iloc[WHICH[which]], right, dtype_backend="numpy_nullable")
    plain = pm.sjoin(some_points().iloc[WHICH[which]], right)
    types = {"index_right": "Int64", "large": "Int64", "small": "UInt8", "flag": "boolean", "v": "int64"}
    assert {name: str(found[name].dtype) for name in types} == types
    for name in ("height", "name"):
        assert found[name].dtype == plain[name].dtype
    assert (found.isna() == plain.isna()).all(axis=None)
    assert found["large"].dropna().isin([2**60 + 1, 2, 3, 4]).all()


def test_another_backend_is_refused():
    with pytest.raises(ValueError, match='dtype_backend: expected "numpy_nullable" or None'):
        pm.sjoin(some_points(), polygons(), dtype_backend="pyarrow")


# ---- what differs, as the docstring says -----------------------------------------------------------------


def test_covers_means_that_the_polygon_covers_the_point():
    left, right = some_points(), polygons(name=list("abcd"))
    assert len(geopandas.sjoin(left, right, predicate="covers")) == 0
    expected = geopandas.sjoin(left, right, how="left", predicate="covered_by")
    assert_geodataframe_equal(pm.sjoin(left, right, predicate="covers"), expected, check_index_type="equiv")


def test_the_frames_are_called_points_and_polygons():
    left, right = some_points(), polygons()
    assert_geodataframe_equal(pm.sjoin(points=left, polygons=right), pm.sjoin(left, right))
    with pytest.raises(TypeError, match="left_df"):
        pm.sjoin(left_df=left, right_df=right)


def test_suffixes_that_make_two_columns_of_one_name_are_an_error():
    left, right = some_points().assign(v_left=1), polygons(v=1)
    with pytest.warns(FutureWarning, match="cause duplicate columns"):
        geopandas.sjoin(left, right)
    with pytest.raises(ValueError, match="lsuffix, rsuffix: make two columns called 'v_left'"):
        pm.sjoin(left, right)
