"""Misplaced points are found, with one finding per cause."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import poly_match as pm
import pytest
import shapely

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
COUNTRIES = geopandas.read_file(EXAMPLES / "countries.geojson")
CITIES = pd.read_csv(EXAMPLES / "cities.csv", keep_default_na=False)
X, Y = CITIES["lon"].to_numpy(), CITIES["lat"].to_numpy()
TENTH = np.arange(len(X)) % 10 == 0


def found(x: object, y: object, regions: object = COUNTRIES) -> dict[str, list[int]]:
    """Return the findings about the points: their kinds and rows."""
    findings = list(pm.check(regions, (np.asarray(x), np.asarray(y))).findings)
    return {each.kind: each.rows.tolist() for each in findings if each.argument == "points"}


def test_clean_points_have_no_finding():
    assert found(X, Y) == {}


@pytest.mark.parametrize(
    ("kind", "x", "y"),
    [
        ("swapped", Y, X),
        ("units", X * 1e7, Y * 1e7),
        ("units", X, Y * 1e4),
        ("units", X, 540 + 5 * Y),
        ("radians", np.radians(X), np.radians(Y)),
        ("extent", X * 0 + 500 + np.arange(len(X)) / 1e4, Y * 0 + 500 + np.arange(len(X)) / 1e4),
    ],
)
def test_what_concerns_all_points_is_one_finding(kind, x, y):
    assert list(found(x, y)) == [kind]


def test_a_part_that_is_swapped():
    there = np.flatnonzero(TENTH & (pm.match((Y, X), COUNTRIES) < 0) & (pm.match((X, Y), COUNTRIES) >= 0))
    assert len(there) > 50
    rows = found(np.where(TENTH, Y, X), np.where(TENTH, X, Y))
    assert list(rows) == ["swapped"]
    assert set(there) <= set(rows["swapped"])
    assert TENTH[rows["swapped"]].mean() > 0.8


def test_many_points_at_one_place():
    assert list(found(np.zeros(100), np.zeros(100))) == ["one place"]
    x, y = np.where(TENTH, 0.0, X), np.where(TENTH, -0.0, Y)
    assert found(x, y) == {"one place": np.flatnonzero(TENTH).tolist()}
    half = np.arange(len(X)) % 2 == 0
    assert found(np.where(half, 10.0, X), np.where(half, 50.0, Y)) == {
        "one place": np.flatnonzero(half).tolist()
    }
    assert found(np.where(TENTH, 10.0, X), np.where(TENTH, 50.0, Y)) == {}  # many live at one place


def test_longitudes_a_turn_away():
    west = np.flatnonzero((X < 0) & (pm.match((X, Y), COUNTRIES) >= 0))
    for turn in (360, -360):
        rows = found(np.where(X < 0, X + turn, X), Y)
        assert list(rows) == ["turned"]
        assert set(west) <= set(rows["turned"])
    box = [(170, -10), (190, -10), (190, 10), (170, 10)]
    assert found([175.0, -175.0], [0.0, 0.0], [box]) == {"turned": [1]}
    assert found([10.0, 20.0, 182.8], [50.0, 50.0, -17.8]) == {"turned": [2]}
    all_beyond = pm.check([[(-120, 30), (-60, 30), (-60, 60)]], [(260.0, 40.0), (250.0, 45.0)]).findings
    assert [each.kind for each in all_beyond] == ["extent"]
    assert "1 point would match if turned by 360" in all_beyond[0].message
    assert "period=360" in all_beyond[0].fix
    assert found([500.0], [10.0], [[(-300, 0), (0, 0), (0, 900)]]).keys() == {"extent"}  # no degrees


def test_parts_of_regions():
    frame = geopandas.GeoDataFrame(
        {"name": ["a", "b", "c"], "level": [1, 1, 1]},
        geometry=[
            shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(5, 5, 9, 9)]),
            shapely.box(2, 0, 3, 1),
            shapely.MultiPolygon([shapely.box(20, 0, 21, 1), shapely.box(25, 5, 29, 9)]),
        ],
    )

    def rows(regions: object) -> list[int]:
        (finding,) = (each for each in pm.check(regions).findings if each.kind == "parts")
        assert "dissolve" in finding.fix
        return finding.rows.tolist()

    assert rows(frame.explode()) == [0, 1, 3, 4]
    assert rows(frame.explode(ignore_index=True)) == [0, 1, 3, 4]
    for fine in (
        frame,
        frame.geometry,
        frame[["geometry"]],
        frame.explode().dissolve(level=0),
        list(frame.geometry),
    ):
        assert not pm.check(fine)
    same = frame.iloc[[1, 1, 0]].reset_index(drop=True)
    assert [each.kind for each in pm.check(same).findings] == ["duplicate", "overlap"]
