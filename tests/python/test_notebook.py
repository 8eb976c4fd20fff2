"""What notebooks show: small, well-formed, of the right shape, whatever the coordinates."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import poly_match as pm
import pytest
from conftest import square
from poly_match._quality.report import Finding, Report

SVG = "{http://www.w3.org/2000/svg}"


def corners_of(picture):
    [polygon] = picture.iter(f"{SVG}polygon")
    return [tuple(map(float, corner.split(","))) for corner in polygon.get("points").split()]


def test_a_polygon_is_its_outline():
    picture = ElementTree.fromstring(pm.Polygon([0, 4, 4, 0], [0, 0, 2, 1])._repr_svg_())
    assert corners_of(picture) == [(0, 80), (160, 80), (160, 0), (0, 40)]  # y goes up
    assert picture.get("viewBox") == "-2 -2 164 84"
    assert picture.findtext(f"{SVG}title").startswith("<Polygon of 4 vertices")


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([3], [5]), ([3, 3], [1, 2]), ([0, 0], [0, 0]), ([-1.7e308, 1.7e308, 0], [0, 0, 1.7e308]),
        ([0, 5e-324, 0], [0, 0, 5e-324]), ([1e9, 1e9 + 1, 1e9], [0, 0, 1]),
    ],
)  # fmt: skip
def test_any_coordinates_have_a_picture(x, y):
    picture = ElementTree.fromstring(pm.Polygon(x, y)._repr_svg_())
    corners = np.array(corners_of(picture))
    assert np.isfinite(corners).all()
    assert corners.min() >= 0
    assert corners.max() <= 160
    assert np.ptp(corners) == pytest.approx(160 if len({*x}) + len({*y}) > 2 else 0)


def test_many_vertices_make_a_small_picture():
    angle = np.linspace(0, 2 * np.pi, 200_000)
    radius = 1 + 0.1 * np.random.default_rng(1).uniform(size=len(angle))
    text = pm.Polygon(radius * np.cos(angle), radius * np.sin(angle))._repr_svg_()
    assert 10_000 < len(text) < 50_000


def test_the_name_of_a_subclass_and_one_without_vertices():
    class Lake(pm.Polygon):
        def __init__(self, *ring):
            if ring:
                super().__init__(*ring)

    assert "<title>&lt;Lake of 2 vertices" in Lake([0, 1], [0, 1])._repr_svg_()
    with pytest.raises(RuntimeError, match="not initialized"):
        Lake()._repr_svg_()


def test_an_index_is_its_answers_on_a_grid():
    index = pm.Index([square(0, 0, 8), square(0, 4, 4)])
    page = ElementTree.fromstring(index._repr_html_())
    facts = {row.findtext("th"): row.findtext("td") for row in page.iter("tr")}
    assert facts == {
        "regions": "2", "predicate": "covers", "best": "smallest", "bounds": "0, 0, 8, 8",
        "size": f"{index.nbytes:,} bytes",
    }  # fmt: skip
    paths = {path.get("fill"): path.get("d") for path in page.iter(f"{SVG}path")}
    assert len(paths) == 2
    outer, inner = paths.values() if next(iter(paths.values())).startswith("M40") else [*paths.values()][::-1]
    assert inner.count("h40v1h-40z") == 40  # the upper left quarter of 80 rows
    assert "M0 0h40" in inner
    assert outer.count("h40v1h-40z") == 40
    assert outer.count("h80v1h-80z") == 40


@pytest.mark.parametrize(
    ("index", "pictures"),
    [
        (lambda: pm.Index([]), 0),
        (lambda: pm.Index([square(0, 0, 0)]), 0),
        (lambda: pm.Index([square(0, 0, 1)], predicate="center_within", distance=np.inf), 0),
        (lambda: pm.Index([square(0, 0, 1)], predicate="center_within", distance=3), 1),
        (lambda: pm.Index([square(0, 0, 1) * [1e6, 1]]), 1),
    ],
)
def test_an_index_without_bounds_to_draw_has_facts_alone(index, pictures):
    page = ElementTree.fromstring(index()._repr_html_())
    assert len(list(page.iter(f"{SVG}svg"))) == pictures
    assert len(list(page.iter("tr"))) == 5


def test_an_index_of_many_regions_makes_a_small_picture():
    corners = np.random.default_rng(1).uniform(0, 100, (5000, 2))
    assert len(pm.Index([square(x, y, 1.5) for x, y in corners])._repr_html_()) < 100_000


def facts_of(page):
    return {row.findtext("th"): row.findtext("td") for row in page.iter("tr")}


def test_regions_are_their_outlines():
    coords = np.concatenate([square(0, 0, 8), square(2, 2, 2), square(8, 0, 8)])
    regions = pm.Regions(coords, [0, 4, 8, 12], [0, 2, 3], [0, 1, 2])
    page = ElementTree.fromstring(regions._repr_html_())
    assert facts_of(page) == {
        "regions": "2", "polygons": "2", "rings": "3", "vertices": "12", "bounds": "0, 0, 16, 8",
    }  # fmt: skip
    [path] = page.iter(f"{SVG}path")
    assert path.get("fill-rule") == "evenodd"
    assert path.get("d") == (
        "M0 80L80 80L80 0L0 0zM20 60L40 60L40 40L20 40zM80 80L160 80L160 0L80 0z"  # y goes up
    )
    assert next(page.iter(f"{SVG}title")).text == repr(regions)


@pytest.mark.parametrize(
    "regions",
    [
        pm.Regions(np.empty((0, 2)), [0], [0]),
        pm.Regions(
            np.random.default_rng(1).uniform(size=(90_000, 2)), np.arange(0, 90_001, 3), np.arange(30_001)
        ),
    ],
)
def test_regions_without_vertices_or_with_too_many_have_facts_alone(regions):
    text = regions._repr_html_()
    assert f"<td>{len(regions):,}</td>" in text
    assert "<svg" not in text
    assert len(text) < 1000


def test_many_vertices_of_regions_make_a_small_picture():
    text = pm.Regions(*_wheel(100_000))._repr_html_()
    assert "<svg" in text
    assert len(text) < 20_000


def _wheel(corners):
    angle = np.linspace(0, 2 * np.pi, corners)
    return np.column_stack([np.cos(angle), np.sin(angle)]) * 1e300, [0, corners], [0, 1]


def test_a_report_is_a_table_of_its_findings():
    report = pm.check([square(0, 0, 4), square(0, 0, 4)], [(1, 1), (np.nan, 2)])
    page = ElementTree.fromstring(f"<body>{report._repr_html_()}</body>")
    assert page.findtext("p") == repr(report).split("\n")[0]
    titles, *rows = [[cell.text for cell in row] for row in page.iter("tr")]
    assert titles == [None, "found", "rows", "what to do"]
    assert rows == [[each.kind, each.message, each.rows_text(), each.fix] for each in report.findings]
    assert len(rows) == len(report.findings) > 1


def test_a_report_without_findings_is_a_line():
    text = pm.check([square(0, 0, 4)], [(1, 1)])._repr_html_()
    assert text == "<p>1 region, 1 point: nothing found</p>"


def test_text_of_a_report_is_escaped():
    found = Finding("<kind>", "points", np.arange(7), "<script>alert('a & b')</script>", "<b>")
    text = Report((found,), 1, None)._repr_html_()
    assert "<script" not in text
    assert "<b>" not in text
    page = ElementTree.fromstring(f"<body>{text}</body>")
    cells = [cell.text for cell in list(page.iter("tr"))[1]]
    assert cells == ["<kind>", "<script>alert('a & b')</script>", "0, 1, 2, 3, 4, ...", "<b>"]
