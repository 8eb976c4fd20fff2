"""What `check` finds: every kind in an example, and nothing in clean data."""

from __future__ import annotations

import json
import re
import sys

import geopandas
import numpy as np
import poly_match as pm
import pytest
import shapely
from conftest import square
from poly_match._quality import check as module

BOWTIE = np.array([[0, 0], [4, 4], [4, 0], [0, 4]], dtype=float)
FAR = np.array([100.0, 0.0])


def found(polygons, points=None):
    """Return the findings by kind."""
    return {finding.kind: finding for finding in pm.check(polygons, points).findings}


def only(kind, polygons, points=None):
    """Return the one finding that there is."""
    findings = found(polygons, points)
    assert list(findings) == [kind]
    return findings[kind]


def test_sound_data_has_no_findings_and_the_report_says_so():
    report = pm.check([square(0, 0, 4), square(4, 0, 4)], [(1, 1), (5, 2)])
    assert not report
    assert report.findings == ()
    assert str(report) == "2 regions, 2 points: nothing found"
    assert str(pm.check([square(0, 0, 4)])) == "1 region: nothing found"


@pytest.mark.parametrize("points", [None, [], [(1, 1)], [(np.nan, 1)]])
@pytest.mark.parametrize("polygons", [[], [None], [square(0, 0, 4)], [[(1, 1)]]])
def test_very_little_data_is_no_trouble(polygons, points):
    kinds = set(found(polygons, points))
    assert kinds <= {"empty", "invalid", "zero area", "bad point", "extent"}
    assert str(pm.check(polygons, points))


def test_empty_and_missing_regions_are_found():
    finding = only("empty", [None, shapely.box(0, 0, 1, 1), shapely.Polygon(), None])
    assert finding.rows.tolist() == [0, 2, 3]
    assert finding.argument == "polygons"


def test_invalid_regions_are_found_with_reasons_the_most_frequent_first():
    lobes = np.array([[0, 0], [9, 9], [9, 0], [0, 3]], dtype=float)
    holed = shapely.Polygon(square(50, 50, 2), [square(60, 60, 1)])
    shapes = [holed, *(shapely.Polygon(lobes + FAR * times) for times in (1, 2)), shapely.box(0, 0, 1, 1)]
    finding = only("invalid", shapes)
    assert finding.rows.tolist() == [0, 1, 2]
    assert finding.message.startswith("3 regions: invalid, 2 with Self-intersection (row 1 at 102.")
    assert "1 with Hole lies outside shell (row 0 at 60 60)" in finding.message
    assert "make_valid" in finding.fix


def test_a_bow_tie_is_told_from_a_region_without_a_surface():
    findings = found([square(0, 0, 4) + FAR, BOWTIE, square(0, 0, 4)[:2] - FAR, np.array([[50, 50]] * 4)])
    assert findings["bow-tie"].rows.tolist() == [1]
    assert findings["zero area"].rows.tolist() == [2, 3]
    assert 'wins every best="smallest"' in findings["bow-tie"].message
    assert pm.match([(3.5, 2)], [square(0, 0, 4), BOWTIE]).tolist() == [1]  # so it does


def test_lobes_that_cancel_in_one_part_of_a_region_with_area_are_no_bow_tie():
    region = shapely.MultiPolygon([shapely.Polygon(BOWTIE), shapely.Polygon(square(50, 0, 4))])
    assert only("invalid", [region]).rows.tolist() == [0]


def test_duplicates_are_found_wherever_they_start_and_whichever_way_they_go():
    one = np.array([[0, 0], [4, 0], [5, 3], [1, 4]], dtype=float)
    same_box = np.array([[0, 0], [5, 0], [4, 4]], dtype=float)
    finding = found([one, same_box, np.roll(one, 1, axis=0), one + FAR, one[::-1]])["duplicate"]
    assert finding.rows.tolist() == [2, 4]
    assert "as row 0" in finding.message


def test_overlaps_are_counted_and_the_largest_named():
    grid = [square(x, y, 1) for x in range(4) for y in range(4)]  # neighbours share borders only
    finding = only("overlap", [*grid, square(0.5, 10, 4), square(4, 13, 2), square(4.25, 10, 1)])
    assert finding.rows.tolist() == [16, 17, 18]
    assert "2 overlapping pairs of" in finding.message
    assert "the most: 0.25 of the smaller of rows 16 and 18" in finding.message
    assert "sample" not in finding.message


def test_one_region_within_another_overlaps_it():
    assert "1 of the smaller of rows 0 and 1" in only("overlap", [square(1, 1, 1), square(0, 0, 4)]).message


def test_what_rounding_leaves_is_no_overlap():
    assert not pm.check([square(0, 0, 1), square(1 - 2**-40, 0, 1)])
    assert pm.check([square(0, 0, 1), square(1 - 2**-20, 0, 1)])


def test_many_overlaps_are_sampled_and_the_message_says_so(monkeypatch):
    monkeypatch.setattr(module, "MOST_VERTICES", 1000)
    heap = [square(x / 100, 0, 2) for x in range(100)]  # 4,950 pairs of 10 vertices
    assert "100 overlapping pairs of a sample of 100 whose boxes" in only("overlap", heap).message
    assert str(pm.check(heap)) == str(pm.check(heap))


def test_edges_across_the_antimeridian_are_found_in_degrees_alone():
    across = np.array([[179, 0], [-179, 0], [-179, 5], [179, 5]], dtype=float)
    polar = np.array([[-180, -90], [180, -90], [180, -70], [0, -60], [-180, -70]], dtype=float)
    inner = shapely.Polygon(square(-20, 0, 9))
    finding = found([inner, shapely.MultiPolygon([inner, shapely.Polygon(across)]), shapely.Polygon(polar)])
    assert finding["antimeridian"].rows.tolist() == [1]
    assert not pm.check([across * 100])


def test_bad_points_are_found():
    finding = only("bad point", [square(0, 0, 4)], [(1, 1), (np.nan, 1), (1, np.inf), (2, 2)])
    assert finding.rows.tolist() == [1, 2]
    assert finding.argument == "points"


def test_swapped_points_are_found_and_not_also_said_to_be_elsewhere():
    places = np.random.default_rng(2).uniform((-120, 30), (-80, 45), (20_000, 2))
    region = shapely.box(-125, 25, -66, 49)
    finding = only("swapped", [region], places[:, ::-1])
    assert "0.0% of the points match as they are, 100.0% with x and y swapped" in finding.message
    assert not pm.check([region], places)


def test_points_that_match_either_way_are_not_called_swapped():
    places = np.random.default_rng(2).uniform(0, 4, (100, 2))
    assert not pm.check([square(0, 0, 4)], places)


@pytest.mark.parametrize("points_in_metres", [True, False])
def test_degrees_against_metres_are_found(points_in_metres):
    degrees, metres = np.array([[9.0, 48.0]]), np.array([[1e6, 6.1e6]])
    if points_in_metres:
        finding = only("units", [square(0, 40, 20)], metres)
        assert "the polygons look like degrees, and the points reach 6,100,000" in finding.message
    else:
        finding = only("units", [square(1e6, 6e6, 2e5)], degrees)
        assert "the points look like degrees, and the polygons reach 6,200,000" in finding.message
    assert "to_crs" in finding.fix


def test_boxes_that_do_not_meet_are_found():
    finding = only("extent", [square(0, 0, 4)], [(20, 1), (30, 2)])
    assert "[20, 30] x [1, 2]" in finding.message
    assert "[0, 4] x [0, 4]" in finding.message


def test_points_beside_the_regions_within_one_box_are_no_finding():
    assert not pm.check([square(0, 0, 1), square(9, 9, 1)], [(5, 4)])


def test_two_reference_systems_are_found():
    regions = geopandas.GeoSeries([shapely.box(0, 0, 4, 4)], crs="EPSG:4326")
    points = geopandas.GeoSeries([shapely.Point(1, 1)], crs="EPSG:3857")
    assert "EPSG:3857 and polygons in EPSG:4326" in only("crs", regions, points).message
    assert not pm.check(regions, points.set_crs("EPSG:4326", allow_override=True))
    assert not pm.check(regions, np.asarray(points))


def test_findings_come_in_the_order_of_the_documentation():
    lines = re.split(r"\n +=+ +=+\n", pm.check.__doc__)[2].splitlines()
    documented = [line[8:31].strip() for line in lines if line[8:9].isalpha() and line[32:33].isalpha()]
    polygons = [None, square(0, 0, 4), square(0, 0, 4), BOWTIE, [(1, 1)], square(1, 1, 4)]
    kinds = list(found(polygons, [(np.nan, 1), (50, 1)]))
    assert kinds == [
        "empty",
        "invalid",
        "bow-tie",
        "zero area",
        "duplicate",
        "overlap",
        "bad point",
        "extent",
    ]
    assert [kind for kind in documented if kind in kinds] == kinds
    assert len(module.FINDINGS) == len(documented)


def test_the_report_is_text_and_json_with_all_rows():
    report = pm.check([None] * 7, [(np.nan, 0)])
    assert report
    assert str(report).splitlines() == [
        "7 regions, 1 point: 2 findings",
        "empty: 7 regions: missing or empty; they match nothing [rows 0, 1, 2, 3, 4, ...]",
        "    fix: nothing to do if this is intended; otherwise find out where the geometry was lost",
        "bad point: 1 point: missing, NaN or infinite; they match nothing [row 0]",
        "    fix: nothing to do if this is intended; otherwise find out where the coordinates were lost",
    ]
    back = json.loads(json.dumps(report.to_dict()))
    assert (back["regions"], back["points"]) == (7, 1)
    assert back["findings"][0]["rows"] == list(range(7))
    assert set(back["findings"][1]) == {"kind", "argument", "rows", "message", "fix"}


def test_without_shapely_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "shapely", None)
    with pytest.raises(ImportError, match=r"pip install 'poly-match\[check\]'"):
        pm.check([square(0, 0, 4)])


def test_a_vertex_that_is_not_finite_is_found_with_its_row():
    finding = only("unusable", [square(0, 0, 4), square(0, np.nan, 4)])
    assert finding.rows.tolist() == [1]
    assert "(row 1: has a vertex that is not finite: (0.0, nan))" in finding.message
