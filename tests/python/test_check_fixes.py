"""Every fix that `check` advises is followed: the finding is gone, and the data matches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geopandas
import numpy as np
import poly_match as pm
import pytest
import shapely
from conftest import square
from poly_match._forms.validity import REPAIR

BOWTIE = shapely.Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])
RAGGED = shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 3)])
PACIFIC = shapely.Polygon([(170, 0), (-170, 0), (-170, 10), (170, 10)])
SPOT = [(3.5, 2)]
Data = tuple[Any, Any]


def kinds(polygons: Any, points: Any) -> set[str]:
    return {finding.kind for finding in pm.check(polygons, points).findings}


def repaired(polygons: Any, points: Any) -> Data:
    """Follow the advice to the letter."""
    assert REPAIR == 'make_valid(method="structure", keep_collapsed=False)'
    return shapely.make_valid(polygons, method="structure", keep_collapsed=False), points


def without_invalid(polygons: Any, points: Any) -> Data:
    found = pm.check(polygons).findings
    rows = np.concatenate([each.rows for each in found if each.kind in ("invalid", "bow-tie")])
    return [each for row, each in enumerate(polygons) if row not in rows], points


def dropped(kind: str) -> Callable[[Any, Any], Data]:
    """Return what drops the rows of a finding."""

    def drop(polygons: Any, points: Any) -> Data:
        (rows,) = (each.rows for each in pm.check(polygons, points).findings if each.kind == kind)
        return [each for row, each in enumerate(polygons) if row not in rows], points

    return drop


def cut_at_the_antimeridian(polygons: Any, points: Any) -> Data:
    """Do what `antimeridian.fix_polygon` and `ogr2ogr -wrapdateline` do."""
    (crossing,) = polygons
    whole = shapely.transform(crossing, lambda xy: np.column_stack([xy[:, 0] % 360, xy[:, 1]]))
    parts = [shapely.box(0, -90, 180, 90), shapely.box(180, -90, 360, 90)]
    east, west = (shapely.intersection(whole, part) for part in parts)
    return [shapely.MultiPolygon([east, shapely.transform(west, lambda xy: xy - np.array([360, 0]))])], points


def frame(geometry: Any, crs: str) -> Any:
    return geopandas.GeoSeries(geometry, crs=crs)


def apart(polygons: Any, points: Any) -> Data:
    """Repair the data that overlaps: the second region loses what it has of the first."""
    return [polygons[0], shapely.difference(polygons[1], polygons[0])], points


VIENNA = shapely.Point(16.37, 48.21)
AUSTRIA = shapely.box(9.5, 46.4, 17.2, 49)
SPREAD = np.random.default_rng(1).uniform((100, 10), (110, 20), (200, 2))

# Of each kind: data that has it, the fixes, and the answers after each of them (None: whatever they are).
CASES: dict[str, tuple[Any, Any, list[tuple[Callable[[Any, Any], Data], list[int]]]]] = {
    "empty": ([None, shapely.box(0, 0, 9, 9)], SPOT, [(dropped("empty"), [0])]),
    "invalid": ([RAGGED, shapely.box(0, 0, 9, 9)], [(8, 4)], [(repaired, [0]), (without_invalid, [0])]),
    "bow-tie": ([shapely.box(0, 0, 9, 9), BOWTIE], SPOT, [(repaired, [1]), (without_invalid, [0])]),
    "zero area": (
        [square(0, 0, 4), np.array([[0, 0], [4, 0], [2, 0]])],
        [(2, 0)],
        [(dropped("zero area"), [0])],
    ),
    "duplicate": ([square(0, 0, 4), square(0, 0, 4)], SPOT, [(dropped("duplicate"), [0])]),
    "overlap": ([shapely.box(0, 0, 4, 4), shapely.box(3, 0, 9, 4)], SPOT, [(apart, [0])]),
    "antimeridian": ([PACIFIC], [(175, 5), (-175, 5), (0, 5)], [(cut_at_the_antimeridian, [0, 0, -1])]),
    "crs": (
        frame([AUSTRIA], "EPSG:4326"),
        frame([VIENNA], "EPSG:4326").to_crs("EPSG:3857"),
        [(lambda polygons, points: (polygons, points.to_crs(polygons.crs)), [0])],
    ),
    "bad point": ([square(0, 0, 4)], np.array([[1, 1], [np.nan, 1]]), [(lambda a, b: (a, b[:1]), [0])]),
    "units": (
        frame([AUSTRIA], "EPSG:4326").to_crs("EPSG:31287"),
        frame([VIENNA], "EPSG:4326"),
        [(lambda polygons, points: (polygons, points.to_crs(polygons.crs)), [0])],
    ),
    "swapped": (
        [shapely.box(100, 10, 110, 20)],
        SPREAD[:, ::-1],
        [(lambda polygons, points: (polygons, points[:, ::-1]), [0] * len(SPREAD))],
    ),
    "extent": (
        frame([AUSTRIA], "EPSG:4326").to_crs("EPSG:31287").set_crs(None, allow_override=True),
        frame([VIENNA], "EPSG:4326").to_crs("EPSG:3857").set_crs(None, allow_override=True),
        [(lambda a, b: (a.set_crs("EPSG:31287"), b.set_crs("EPSG:3857").to_crs("EPSG:31287")), [0])],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", CASES)
def test_the_fix_of_a_finding_works(kind: str) -> None:
    polygons, points, fixes = CASES[kind]
    assert kind in kinds(polygons, points)
    for fix, answers in fixes:
        polygons_after, points_after = fix(polygons, points)
        assert kind not in kinds(polygons_after, points_after)
        assert pm.match(points_after, polygons_after).tolist() == answers


def test_what_is_repaired_as_advised_is_polygons() -> None:
    """Random rings, most of them invalid: repaired, they are Polygons and MultiPolygons, and match."""
    random = np.random.default_rng(4)
    rings = [shapely.Polygon(random.integers(0, 5, (random.integers(4, 9), 2))) for _ in range(300)]
    invalid = [ring for ring in rings if not shapely.is_valid(ring)]
    assert len(invalid) > 100
    after = shapely.make_valid(invalid, method="structure", keep_collapsed=False)
    assert set(shapely.get_type_id(after)) <= {3, 6}
    valid = shapely.is_valid(after)
    assert (
        valid.mean() > 0.95
    )  # where edges cross at no double, GEOS rounds, and now and then that is too much
    points = random.uniform(0, 4, (50, 2))
    filled = np.flatnonzero(valid & (shapely.area(after) > 0))
    assert len(filled) > 100
    for ring, one in ((invalid[row], after[row]) for row in filled):
        assert pm.match(points, [one]).tolist() == [
            0 if inside else -1 for inside in shapely.intersects_xy(one, points)
        ]
        assert "invalid" not in kinds([one], None)
        assert "invalid" in kinds([ring], None)
    others = shapely.get_type_id(shapely.make_valid(invalid))  # without the options, a part of them is not
    assert set(others) - {3, 6}


def test_skip_leaves_out_what_check_finds_invalid() -> None:
    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([3.5], [2]))
    polygons = geopandas.GeoDataFrame(geometry=[shapely.box(0, 0, 9, 9), BOWTIE])
    assert pm.sjoin(points, polygons)["index_right"].tolist() == [1]
    assert pm.sjoin(points, polygons, invalid="skip")["index_right"].tolist() == [0]
