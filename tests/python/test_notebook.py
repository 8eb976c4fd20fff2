"""What notebooks show: small, well-formed, of the right shape, whatever the coordinates."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import poly_match as pm
import pytest
from conftest import square

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
