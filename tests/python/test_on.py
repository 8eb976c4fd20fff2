"""`on=`: a match with keys is a loop over the keys, whatever kind they are of, and however many there are."""

from __future__ import annotations

import datetime as dt
import signal
import threading
from decimal import Decimal

import geopandas
import numpy as np
import pandas as pd
import polars as pl
import poly_match as pm
import pyarrow as pa
import pytest
import shapely
from conftest import draws
from hypothesis import given, settings
from hypothesis import strategies as st
from poly_match import _core
from poly_match._engine import groups

SQUARE = np.array([[0.0, 0], [4, 0], [4, 4], [0, 4]])


def by_a_loop(points, shapes, keys, region_keys, **options):
    """Return the answers of one match for each key, in the caller's rows."""
    points, answers = np.asarray(points, dtype=float).reshape(-1, 2), np.full(len(points), -1)
    per_region = {name for name in ("best", "distance") if isinstance(options.get(name), list)}
    for key in {key for key in keys if key is not None}:
        rows = [row for row, each in enumerate(keys) if each == key]
        regions = [row for row, each in enumerate(region_keys) if each == key]
        own = {name: [options[name][row] for row in regions] for name in per_region}
        found = pm.match(points[rows], [shapes[row] for row in regions], **options | own)
        answers[rows] = [-1 if each < 0 else regions[each] for each in found]
    return answers


coordinate = st.integers(0, 6)
box = st.tuples(coordinate, coordinate, st.integers(1, 4), st.integers(1, 4))
some_key = st.sampled_from([None, "a", "b", "c", "d"])
RULES = [
    {},
    {"best": "largest"},
    {"best": "first"},
    {"best": "scores"},
    {"best": "whole scores"},
    {"predicate": "center_within", "distance": 2.5},
    {"predicate": "center_within", "distance": "each"},
    {"predicate": "center_within", "distance": 3, "best": "largest"},
    {"predicate": "nearest"},
    {"predicate": "nearest", "distance": 2, "best": "largest"},
    {"predicate": "dwithin", "distance": 1},
]


@settings(max_examples=draws(200), deadline=None)
@given(
    st.lists(st.tuples(coordinate, coordinate, some_key), max_size=30),
    st.lists(st.tuples(box, some_key), max_size=12),
    st.sampled_from(RULES),
    st.sampled_from(["rings", "polygons", "shapely"]),
    st.sampled_from([0.0, 1e-9, 1.0]),
    st.data(),
)
def test_the_answers_are_those_of_a_loop_over_the_keys(rows, boxes, rules, form, long, data):
    points, keys = [row[:2] for row in rows], [row[2] for row in rows]
    region_keys = [key for _, key in boxes]
    shapes = [
        np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h)], dtype=float) for (x, y, w, h), _ in boxes
    ]
    if form == "polygons":
        shapes = [pm.Polygon(ring[:, 0], ring[:, 1]) for ring in shapes]
    elif form == "shapely":  # every other one a multipolygon with a hole
        shapes = [
            shapely.MultiPolygon(
                [shapely.Polygon(ring, [ring / 2 + ring[0] / 2]), shapely.box(9, 9, 9.5, 9.5)]
            )
            if row % 2
            else shapely.Polygon(ring)
            for row, ring in enumerate(shapes)
        ]
    several = st.lists(st.integers(0, 3), min_size=len(boxes), max_size=len(boxes))
    if rules.get("best") in ("scores", "whole scores"):
        kind = float if rules["best"] == "scores" else int
        rules = {**rules, "best": [kind(each) for each in data.draw(several)]}
    if rules.get("distance") == "each":
        rules = {**rules, "distance": [each + 0.5 for each in data.draw(several)]}
    expected = by_a_loop(points, shapes, keys, region_keys, **rules)
    before = groups.LONG
    groups.LONG = long  # which groups are matched alone: all, some, none
    try:
        for workers in (1, 3):
            found = pm.match(list(points), shapes, on=(keys, region_keys), workers=workers, **rules)
            assert found.dtype == np.intp
            assert found.tolist() == expected.tolist()
    finally:
        groups.LONG = before


def many(keys=300, regions=4, points=60, seed=1):
    """Return points and rings on a grid of whole numbers, in no order of their keys."""
    random = np.random.default_rng(seed)
    region_keys = random.permutation(np.repeat(np.arange(keys), regions))
    point_keys = random.integers(-1, keys + 1, keys * points)
    corner, size = (
        random.integers(0, 8, (len(region_keys), 1, 2)),
        random.integers(1, 5, (len(region_keys), 1, 2)),
    )
    rings = (corner + size * np.array([[0, 0], [1, 0], [1, 1], [0, 1]])).astype(float)
    return random.integers(0, 12, (len(point_keys), 2)).astype(float), rings, point_keys, region_keys


@pytest.mark.parametrize("workers", [1, 4])
def test_hundreds_of_keys_in_any_order(workers):
    points, rings, keys, region_keys = many()
    expected = by_a_loop(points, list(rings), keys.tolist(), region_keys.tolist())
    found = pm.match(points, list(rings), on=(keys, region_keys), workers=workers)
    np.testing.assert_array_equal(found, expected)
    assert (found >= 0).mean() > 0.2


@pytest.mark.parametrize("long", [0.0, 1.0])
@pytest.mark.parametrize("form", ["rings", "polygons"])
@pytest.mark.parametrize("best", ["smallest", "largest", "first", "scores"])
@pytest.mark.parametrize("distance", [None, 2.5, "each"])
def test_every_rule_in_groups_matched_alone_and_together(best, distance, form, long, monkeypatch):
    monkeypatch.setattr(groups, "LONG", long)
    points, rings, keys, region_keys = many(keys=12, regions=9)
    random = np.random.default_rng(2)
    rules = {"best": random.integers(0, 4, len(rings)).tolist() if best == "scores" else best}
    if distance is not None:
        distances = (random.integers(0, 8, len(rings)) / 2).tolist()
        rules |= {"predicate": "center_within", "distance": distances if distance == "each" else distance}
    shapes = [pm.Polygon(*ring.T) for ring in rings] if form == "polygons" else list(rings)
    expected = by_a_loop(points, shapes, keys.tolist(), region_keys.tolist(), **rules)
    np.testing.assert_array_equal(pm.match(points, shapes, on=(keys, region_keys), **rules), expected)


@pytest.mark.parametrize("long", [0.0, 1.0])
def test_distances_are_those_to_the_region_of_the_key(long, monkeypatch):
    monkeypatch.setattr(groups, "LONG", long)
    points, rings, keys, region_keys = many(keys=12, regions=9)
    rules = {"predicate": "nearest", "distance": 2, "return_distance": True}
    found, distances = pm.match(points, list(rings), on=(keys, region_keys), **rules)
    for key in np.unique(keys):
        rows, regions = keys == key, np.flatnonzero(region_keys == key)
        expected, measured = pm.match(points[rows], list(rings[regions]), **rules)
        np.testing.assert_array_equal(found[rows], np.append(regions, -1)[expected])
        np.testing.assert_array_equal(distances[rows], measured)


def test_large_groups_beside_small_ones():
    """Circles of many vertices under two keys, which get an index each, and squares under hundreds."""
    points, rings, keys, region_keys = many()
    turn = np.linspace(0, 2 * np.pi, 50_000, endpoint=False)
    circle = np.column_stack([np.cos(turn), np.sin(turn)]) * 5 + 6
    shapes = [circle, *rings, circle[::-1] + 0.5]
    region_keys = np.array([1000, *region_keys, 1001])
    keys[::3], keys[1::3] = 1000, 1001
    expected = by_a_loop(points, shapes, keys.tolist(), region_keys.tolist())
    np.testing.assert_array_equal(pm.match(points, shapes, on=(keys, region_keys)), expected)


def test_areas_and_centers_that_a_subclass_overrides_count_within_groups():
    class Odd(pm.Polygon):
        def area(self):
            return -super().area()

    shapes = [Odd(*(SQUARE * scale).T) for scale in (1, 2, 1, 3)]
    keys = ["a", "a", "b", "b"]
    points = [(1, 1), (1, 1), (7, 7), (11, 11)]
    assert pm.match(points, shapes, on=(["a", "b", "a", "b"], keys)).tolist() == [1, 3, 1, 3]
    points[0] = (3, 3)
    near = pm.match(points, shapes, on=(["a", "b", "b", "b"], keys), predicate="center_within", distance=4)
    assert near.tolist() == [1, 2, 3, -1]


def test_names_out_workers_progress(capsys):
    points, shapes = [(1, 1), (3, 3), (9, 9)], [SQUARE, SQUARE / 2]
    on = ([1, 2, 1], [2, 1])
    assert pm.match(points, shapes, on=on, names=["p", "q"]).tolist() == ["q", "p", None]
    out = np.full(6, 7, dtype=np.int32)[::2]
    assert pm.match(points, shapes, on=on, out=out, workers=-1, progress=True) is out
    assert out.tolist() == [1, 0, -1]
    assert "100%" in capsys.readouterr().err
    with pytest.raises(ValueError, match="out: takes positions, not names"):
        pm.match(points, shapes, on=on, out=out, names=["p", "q"])
    with pytest.raises(ValueError, match="out: expected shape"):
        pm.match(points, shapes, on=on, out=out[:2])
    with pytest.raises(ValueError, match="names: expected one name"):
        pm.match(points, shapes, on=on, names=["p"])
    with pytest.raises(ValueError, match="max_bytes is 10"):
        pm.match(points, shapes, on=on, max_bytes=10)


def test_points_without_a_place_and_regions_without_vertices():
    points = [(1, 1), (np.nan, 1), (np.inf, 0)]
    assert pm.match(points, [None, SQUARE], on=([0, 0, 0], [0, 0])).tolist() == [1, -1, -1]
    assert pm.match(points, [None], on=([0, 0, 0], [0])).tolist() == [-1] * 3


def test_nothing_on_either_side():
    assert pm.match([], [SQUARE], on=([], ["a"])).tolist() == []
    assert pm.match([(1, 1)], [], on=(["a"], [])).tolist() == [-1]
    assert pm.match([], [], on=([], [])).tolist() == []


def test_count_has_keys_as_well():
    counted = pm.count([(1, 1), (1, 1), (3, 3)], [SQUARE, SQUARE / 2], on=([1, 2, 3], [1, 1]))
    assert counted.regions.tolist() == [0, 1]
    assert counted.unmatched == 2


# ---- what keys may be ------------------------------------------------------------------------------------

DAY = dt.datetime(2020, 1, 1)
UTC = dt.UTC
A, B = 3, 7
YEARS = pd.PeriodIndex(["2020", "NaT", "2021", "2020"], freq="Y")
LATER = DAY.replace(year=2021)
KINDS = {
    "list of numbers": ([A, None, B, A], [B, A]),
    "integers and floats": (np.array([3.0, np.nan, 7, 3]), np.array([7, 3], dtype=np.int8)),
    "far apart": (np.array([-(2**62), 5, 2**62, -(2**62)]), np.array([2**62, -(2**62)])),
    "beyond int64": (np.array([2**64 - 1, 5, 2**63, 2**64 - 1], dtype=np.uint64), [2**63, 2**64 - 1]),
    "not rounded": (np.array([2**53, 5, 2**53 + 1, 2**53]), [2**53 + 1, 2**53]),
    "booleans": (np.array([True, True, False, True])[[0, 2, 2, 0]], [False, True]),
    "decimals and floats": ([Decimal("0.5"), Decimal("NaN"), Decimal(2), Decimal("0.5")], [2.0, 0.5]),
    "text": (["x", None, "y", "x"], ["y", "x"]),
    "array of text": (np.array(["x", "?", "y", "x"]), np.array(["y", "x"], dtype=object)),
    "bytes": ([b"x", None, b"y", b"x"], np.array([b"y", b"x"])),
    "tuples": ([(1, "x"), None, (2, "y"), (1, "x")], [(2, "y"), (1, "x")]),
    "objects": ([object, None, type, object], [type, object]),
    "masked": (np.ma.array([A, B, B, A], mask=[0, 1, 0, 0]), [B, A]),
    "datetimes": ([DAY, None, LATER, DAY], np.array([LATER, DAY], "M8[s]")),
    "days and years": (np.array(["2020", "NaT", "2021", "2020"], "M8[Y]"), [LATER.date(), DAY.date()]),
    "zones": (
        pd.Series([DAY, None, LATER, DAY]).dt.tz_localize("Europe/Vienna"),
        [dt.datetime(2020, 12, 31, 23, tzinfo=UTC), dt.datetime(2019, 12, 31, 23, tzinfo=UTC)],
    ),
    "spans": (
        pd.Series(pd.to_timedelta([1, None, 2, 1], unit="h")),
        [dt.timedelta(hours=2), dt.timedelta(hours=1)],
    ),
    "pandas' numbers": (pd.Series([A, None, B, A], dtype="Int64"), pd.Series([B, A])),
    "pandas' text": (pd.Series(["x", None, "y", "x"]), pd.Index(["y", "x"])),
    "categories": (
        pd.Series(["x", None, "y", "x"], dtype="category"),
        pd.Categorical(["y", "x"], categories=["z", "x", "y"]),
    ),
    "categories and text": (pd.Categorical(["x", None, "y", "x"]), ["y", "x"]),
    "pandas over Arrow": (pd.Series([A, None, B, A], dtype="int32[pyarrow]"), pd.array([B, A], dtype="Int8")),
    "pandas' objects": (pd.Series(["x", np.nan, "y", "x"], dtype=object), ["y", "x"]),
    "periods": (pd.Series(YEARS), list(YEARS[[2, 0]])),
    "Arrow numbers": (pa.array([A, None, B, A]), pa.chunked_array([[B], [A]])),
    "Arrow numbers, not rounded": (pa.array([2**53, None, 2**53 + 1, 2**53]), [2**53 + 1, 2**53]),
    "Arrow text": (pa.chunked_array([["x", None], ["y", "x"]]), pa.array(["y", "x"], pa.large_string())),
    "Arrow views": (pa.array(["x", None, "y", "x"], pa.string_view()), ["y", "x"]),
    "Arrow dictionaries": (pa.array(["x", None, "y", "x"]).dictionary_encode(), ["y", "x"]),
    "Arrow floats": (pa.array([3.5, float("nan"), 7, 3.5]), [7, 3.5]),
    "Arrow times": (pa.array([DAY, None, LATER, DAY]), pd.to_datetime([LATER, DAY])),
    "Arrow zones": (
        pa.array([DAY, None, LATER, DAY], pa.timestamp("us", "UTC")),
        pd.to_datetime([LATER, DAY]).tz_localize("UTC"),
    ),
    "Arrow days": (pa.array([DAY.date(), None, LATER.date(), DAY.date()]), [LATER.date(), DAY.date()]),
    "Polars": (pl.Series([A, None, B, A]), pl.Series([B, A], dtype=pl.UInt8)),
    "Polars' text": (pl.Series(["x", None, "y", "x"]), pl.Series(["y", "x"], dtype=pl.Categorical)),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_keys_of_every_kind(kind):
    """Both sides have two values, in the other order; the second point has none, or another one."""
    here, there = KINDS[kind]
    expected = [1, 0, 0, 1] if kind == "booleans" else [1, -1, 0, 1]
    points = [(1, 1)] * 4
    assert pm.match(points, [SQUARE, SQUARE], on=(here, there)).tolist() == expected
    both = pm.match(points, [SQUARE, SQUARE], on=[(here, there), ([0, 0, 0, 1], [0, 0])])
    assert both.tolist() == [*expected[:3], -1]


@pytest.mark.parametrize(
    ("here", "there"),
    [
        (["1"], [1]),
        ([1], np.array(["1"])),
        (pd.Series(["1"]), pd.Series([1])),
        (pa.array([1]), pa.array(["1"])),
        ([b"1"], ["1"]),
        (pd.Series([DAY]), pd.Series([DAY]).dt.tz_localize("UTC")),
        (pd.Series([DAY]), [2020]),
        (pd.Categorical(["1"]), [1]),
        ([dt.timedelta(1)], [1]),
        ([1, "1"], [1]),
    ],
)
def test_keys_that_cannot_be_compared_are_an_error(here, there):
    points = [(1, 1)] * len(here)
    with pytest.raises(TypeError, match=r"^on: the keys of points are .*convert"):
        pm.match(points, [SQUARE], on=(here, there))
    with pytest.raises(TypeError, match=r"^on\[1\]: the keys of points are .*convert"):
        pm.match(points, [SQUARE], on=[([0] * len(here), [0]), (here, there)])


def test_missing_keys_can_be_compared_with_everything():
    for missing in ([None], [float("nan")], [pd.NA], [pd.NaT], pa.nulls(1), np.array(["NaT"], "M8[ns]")):
        assert pm.match([(1, 1)], [SQUARE], on=(missing, ["a"])).tolist() == [-1]
        assert pm.match([(1, 1)], [SQUARE], on=([1], missing)).tolist() == [-1]
        assert pm.match([(1, 1)], [SQUARE], on=(missing, missing)).tolist() == [-1]


def test_several_keys_are_all_equal():
    building, floor = list("aabb"), [1, 2, 1, None]
    points = [(1, 1)] * 5
    shapes = [SQUARE] * 4
    found = pm.match(points, shapes, on=[(list("abbac"), building), ([2, 1, None, 3, 1], floor)])
    assert found.tolist() == [1, 2, -1, -1, -1]


def test_wrong_keys_are_errors_that_name_on_and_the_side():
    points, shapes = [(1, 1), (2, 2)], [SQUARE]
    for on, message in (
        (([1], [1]), r"on: expected one key for each of 2 points, got 1"),
        (([1, 2], [1, 2]), r"on: expected one key for each of 1 polygons, got 2"),
        ([([1, 2], [1]), ([1], [1])], r"on\[1\]: expected one key for each of 2 points, got 1"),
        (([1], [1], [1]), "on: a tuple is .* got 3 items; several keys go in a list"),
        ([], "on: an empty list"),
        ((np.ones((2, 2)), [1]), r"on: expected a 1-D array of keys of points, got shape \(2, 2\)"),
    ):
        with pytest.raises(ValueError, match=message):
            pm.match(points, shapes, on=on)
    for on, message in (
        (1.5, "on: expected the name of a column"),
        ("floor", "on: 'floor' names a column, and points is no table .*on=\\(point_keys, polygon_keys\\)"),
        (([[1], [2]], [1]), r"on: the key of points\[0\] is a list"),
        ((object(), [1]), "on: expected keys of points, one for each"),
    ):
        with pytest.raises(TypeError, match=message):
            pm.match(points, shapes, on=on)


# ---- columns of tables -----------------------------------------------------------------------------------


def frames():
    points = pd.DataFrame({"x": [1.0, 1, 3], "y": [1.0, 1, 3], "floor": [1, 2, 1], "level": [2, 1, 1]})
    zones = geopandas.GeoDataFrame(
        {"floor": [2, 1], "wing": [1, 1]}, geometry=[shapely.box(0, 0, 4, 4), shapely.box(0, 0, 2, 2)]
    )
    return points, zones


def test_names_are_columns_of_tables():
    points, zones = frames()
    xy = points[["x", "y", "floor"]]
    as_frame = geopandas.GeoDataFrame(points, geometry=geopandas.points_from_xy(points.x, points.y))
    for table in (xy, as_frame, pa.table(xy), pl.DataFrame(xy)):
        assert pm.match(table, zones, on="floor").tolist() == [1, 0, -1]
        assert pm.match(table, zones, on=["floor"]).tolist() == [1, 0, -1]
    assert pm.match(points.drop(columns="floor"), zones, on=("level", "floor")).tolist() == [0, 1, -1]
    assert pm.match(points, zones, on=["floor", ("level", "wing")]).tolist() == [-1, 0, -1]
    assert pm.match(xy, zones, on=("floor", [2, 1])).tolist() == [1, 0, -1]


def test_columns_that_are_not_there_are_named():
    points, zones = frames()
    with pytest.raises(ValueError, match=r"on: points has no column 'wing'; there are: 'x', 'y', 'floor'"):
        pm.match(points[["x", "y", "floor"]], zones, on="wing")
    with pytest.raises(ValueError, match=r"on: polygons has no column 'level'; there are: 'floor'"):
        pm.match(points, zones, on="level")
    with pytest.raises(ValueError, match=r"on: points has 2 columns 'floor'"):
        pm.match(points.rename(columns={"level": "floor"}), zones, on="floor")


def test_a_series_in_another_order_is_not_taken_by_position():
    points, zones = frames()
    keys = points["floor"].iloc[::-1]
    with pytest.raises(ValueError, match=r"on: the keys of points have other labels than points; .*reindex"):
        pm.match(points[["x", "y"]], zones, on=(keys, "floor"))
    assert pm.match(points[["x", "y"]], zones, on=(keys.reindex(points.index), "floor")).tolist() == [
        1,
        0,
        -1,
    ]
    assert pm.match(points[["x", "y"]], zones, on=(keys.to_numpy(), "floor")).tolist() == [1, 0, -1]


# ---- long jobs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("alone", [False, True])
def test_ctrl_c_ends_the_call(workers, alone, monkeypatch):
    points, rings, keys, region_keys = many(keys=2000, points=20)
    monkeypatch.setattr(groups, "LONG", 0.0 if alone else 1.0)
    owner, name = (groups.Groups, "matcher") if alone else (_core, "match_groups")
    threads = threading.active_count()
    before, calls = getattr(owner, name), []

    def interrupted(*arguments):
        calls.append(None)
        if len(calls) == 3:  # in whichever thread: Python gives it to the main one
            signal.raise_signal(signal.SIGINT)
        return before(*arguments)

    monkeypatch.setattr(owner, name, interrupted)
    with pytest.raises(KeyboardInterrupt):
        pm.match(points, list(rings), on=(keys, region_keys), workers=workers)
    assert threading.active_count() == threads
