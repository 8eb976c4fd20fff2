"""Points and polygons with a CRS: an error, a warning, or neither."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
import textwrap
import warnings

import geopandas
import numpy as np
import poly_match as pm
import pyproj
import pytest
import shapely
from conftest import square
from poly_match._forms.crs import crs_text, difference, text_of

WGS84 = pyproj.CRS("EPSG:4326")
ALBERS = pyproj.CRS("EPSG:5070")
FIX = r"points\.to_crs\(polygons\.crs\) or polygons\.to_crs\(points\.crs\)"


def points(crs):
    return geopandas.GeoSeries([shapely.Point(1, 1), shapely.Point(9, 9)], crs=crs)


def polygons(crs):
    return geopandas.GeoSeries([shapely.Polygon(square(0, 0, 4))], crs=crs)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (None, None),
        (WGS84, WGS84),
        (WGS84, "EPSG:4326"),
        ("OGC:CRS84", WGS84),  # x comes first here, whatever the axes are called
        (WGS84.to_json(), WGS84.to_json_dict()),
        (WGS84.to_json_dict(), WGS84.to_wkt()),
        ("epsg:5070", ALBERS),
    ],
)
def test_what_means_the_same_passes_however_it_is_written(one, other):
    assert difference(text_of(one), text_of(other)) is None
    assert difference(text_of(other), text_of(one)) is None


@pytest.mark.parametrize("one", [WGS84, "EPSG:4326", WGS84.to_json(), WGS84.to_json_dict()])
@pytest.mark.parametrize("other", [ALBERS, "EPSG:5070", ALBERS.to_json_dict()])
def test_what_differs_is_an_error_that_names_both_and_the_fix(one, other):
    found = difference(text_of(one), text_of(other))
    assert found.reason == "points are in EPSG:4326 and polygons in EPSG:5070"
    assert re.search(FIX, found.fix)
    assert found.lacking is None


def test_a_crs_without_a_code_is_called_by_its_name():
    found = difference(ALBERS.to_wkt(), "nonsense")
    assert found.reason == "points are in NAD83 / Conus Albers and polygons in nonsense"
    nameless = ALBERS.to_json_dict()
    del nameless["id"]
    found = difference(text_of(nameless), "{broken")
    assert found.reason == "points are in NAD83 / Conus Albers and polygons in {broken"


@pytest.mark.parametrize(("one", "other"), [(None, WGS84), (ALBERS, None)])
def test_one_that_is_missing_is_a_warning_at_the_callers_line(one, other):
    lacking = "points" if one is None else "polygons"
    with pytest.warns(UserWarning, match=rf"^{lacking} have no CRS .*{lacking}\.set_crs.*\.to_crs\(") as seen:
        pm.match(points(one), polygons(other))
    with pytest.warns(UserWarning, match=f"{lacking} have no CRS") as more:
        pm.Index(polygons(other)).match(points(one))
    assert [each.filename for each in (*seen, *more)] == [__file__] * 2


def test_match_and_index_refuse_frames_that_differ():
    with pytest.raises(ValueError, match=FIX):
        pm.match(points(WGS84), polygons(ALBERS))
    index = pm.Index(polygons(ALBERS))
    with pytest.raises(ValueError, match=FIX):
        index.match(points(WGS84))
    with pytest.raises(ValueError, match=FIX):
        pickle.loads(pickle.dumps(index)).match(points(WGS84))
    assert index.match(points(ALBERS).to_frame("here")).tolist() == [0, -1]


@pytest.mark.filterwarnings("error")
def test_what_cannot_have_a_crs_is_the_callers_own_affair(tmp_path):
    numbers, rings = np.array([[1.0, 1.0], [9.0, 9.0]]), [square(0, 0, 4)]
    index = pm.Index(polygons(ALBERS))
    assert index.match(numbers).tolist() == [0, -1]
    assert pm.Index(rings).match(points(WGS84)).tolist() == [0, -1]
    assert pm.match(points(WGS84), rings).tolist() == [0, -1]
    assert pm.match(numbers, polygons(WGS84)).tolist() == [0, -1]
    pm.Index(rings).save(tmp_path / "index.pmx")
    assert pm.Index.open(tmp_path / "index.pmx").match(points(WGS84)).tolist() == [0, -1]


def test_arrow_is_checked_where_it_names_a_crs():
    polygons_arrow = polygons(ALBERS).to_frame("shape").to_arrow(geometry_encoding="geoarrow")
    with pytest.raises(ValueError, match=rf"points are in EPSG:4326 and polygons in EPSG:5070: .*{FIX}"):
        pm.match(points(WGS84), polygons_arrow)
    with pytest.raises(ValueError, match=FIX):
        pm.Index(polygons(WGS84)).match(points(ALBERS).to_frame("here").to_arrow(geometry_encoding="WKB"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pm.match(points(ALBERS), polygons_arrow).tolist() == [0, -1]
        nothing_told = polygons(None).to_frame("shape").to_arrow(geometry_encoding="geoarrow")
        assert pm.match(points(WGS84), nothing_told).tolist() == [0, -1]


def test_what_a_series_says():
    assert crs_text(points(WGS84)) == "EPSG:4326"
    assert crs_text(points(None)) == ""
    assert crs_text(points(ALBERS).to_frame("here")) == "EPSG:5070"
    assert crs_text(np.zeros((1, 2))) is None


def test_pyproj_is_not_needed_to_compare_codes_and_projjson():
    program = f"""
        import sys
        sys.modules["pyproj"] = None
        from poly_match._forms.crs import difference, text_of
        assert difference("EPSG:4326", {WGS84.to_json()!r}) is None
        print(difference("EPSG:4326", text_of({ALBERS.to_json_dict()!r})).reason)
    """
    result = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True)
    assert result.stdout.startswith("points are in EPSG:4326 and polygons in EPSG:5070"), result.stderr


def test_pyproj_is_not_imported_for_what_is_written_alike():
    program = """
        import sys
        from poly_match._forms.crs import difference
        assert difference("EPSG:4326", "EPSG:4326") is None
        print("pyproj" in sys.modules, "shapely" in sys.modules)
    """
    result = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True)
    assert result.stdout.split() == ["False", "False"], result.stderr
