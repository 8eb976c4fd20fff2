"""Invalid regions: found by shapely, and used, warned about, skipped or refused, as `invalid=` says."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import poly_match as pm
import pytest
import shapely
from conftest import square
from poly_match._forms.regions import read_regions, regions_of, without
from poly_match._forms.validity import invalid_rows, screened, shapes_of

BOWTIE = np.array([[0, 0], [4, 4], [4, 0], [0, 4]], dtype=float)
MIXED = [square(0, 0, 4), BOWTIE, None, BOWTIE + 10, square(10, 10, 2)]
RNG = np.random.default_rng(9)
PLACES = RNG.uniform(-1, 15, (500, 2))


def geometries() -> list[shapely.Geometry | None]:
    """Polygons and multipolygons with holes, parts that overlap, bow-ties, empty and missing ones."""
    shell, hole = square(0, 0, 8), square(2, 2, 2)
    return [
        shapely.Polygon(shell, [hole]),
        shapely.Polygon(BOWTIE),
        None,
        shapely.MultiPolygon([shapely.Polygon(square(0, 0, 2)), shapely.Polygon(square(5, 5, 2))]),
        shapely.MultiPolygon(),
        shapely.MultiPolygon([shapely.Polygon(square(0, 0, 2)), shapely.Polygon(square(1, 1, 2))]),
        shapely.Polygon(square(0, 0, 2), [square(1, 1, 4)]),
        shapely.Polygon(),
    ]


def test_the_invalid_rows_are_those_shapely_calls_invalid():
    given = geometries()
    expected = [row for row, shape in enumerate(given) if shape is not None and not shape.is_valid]
    assert expected == [1, 5, 6]
    assert invalid_rows(regions_of(given)).tolist() == expected
    assert invalid_rows(regions_of(given[:3])).tolist() == [1]  # without the level of multipolygons


def test_the_shapes_are_those_that_came_in():
    def parts(shape):
        return [part for part in shapely.get_parts(shape) if not part.is_empty]

    given = geometries()
    for shape, back in zip(given, shapes_of(regions_of(given)), strict=True):
        assert parts(shape) == parts(back)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_rings_of_few_vertices_have_a_shape(count):
    ring = square(0, 0, 4)[:count]
    for closed in (ring, np.concatenate([ring, ring[:1]])):
        shape = shapes_of(regions_of([closed]))[0]
        assert shapely.get_coordinates(shape).tolist()[:count] == ring.tolist()
        assert shape.area == (8 if count == 3 else 0)
        assert invalid_rows(regions_of([closed])).tolist() == ([0] if count in (1, 2) else [])


def test_vertices_and_rings_that_no_region_owns_are_not_looked_at():
    coords = np.concatenate([BOWTIE, square(0, 0, 1), BOWTIE, BOWTIE])
    regions = pm.Regions(coords, [0, 4, 4, 8, 12], [1, 3, 4], [0, 1, 2])
    assert invalid_rows(regions).tolist() == [1]
    assert pm.match([(0.5, 0.5), (3, 3)], without(regions, np.array([1]))).tolist() == [0, -1]
    assert pm.match([(0.5, 0.25), (4, 2)], without(regions, np.array([0]))).tolist() == [-1, 1]


def test_use_is_the_very_regions_and_needs_no_shapely(monkeypatch):
    monkeypatch.setitem(sys.modules, "shapely", None)
    reading = read_regions(MIXED)
    assert screened(reading, "use").regions is reading.regions


def test_without_shapely_the_others_say_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "shapely", None)
    for invalid in ("warn", "skip", "error"):
        with pytest.raises(
            ImportError, match=r"shapely, which is not installed: pip install 'poly-match\[check\]'"
        ):
            screened(read_regions(MIXED), invalid)


def test_warn_warns_once_with_the_number_and_changes_nothing():
    reading = read_regions(MIXED)
    with pytest.warns(
        UserWarning, match=r"2 of 5 regions are invalid, row 1 first.*poly_match\.check"
    ) as caught:
        assert screened(reading, "warn").regions is reading.regions
    assert len(caught) == 1


def test_skip_empties_the_rows_and_keeps_their_position():
    given = geometries()
    with pytest.warns(UserWarning, match=r"3 of 8 regions can't be used: 3 invalid \(rows 1, 5, 6\)"):
        skipped = screened(read_regions(given), "skip").regions
    emptied = [None if shape is None or not shape.is_valid else shape for shape in given]
    assert len(skipped) == len(given)
    answers = pm.match(PLACES, skipped)
    assert answers.tolist() == pm.match(PLACES, emptied).tolist()
    assert set(answers.tolist()) >= {-1, 0, 3}
    assert invalid_rows(skipped).size == 0


def test_error_names_the_first_row_its_reason_and_the_fix():
    with pytest.raises(ValueError, match=r"polygons\[1\]: invalid: Self-intersection.*2 of 5.*make_valid"):
        screened(read_regions(MIXED), "error")


@pytest.mark.parametrize("invalid", ["warn", "skip", "error"])
def test_valid_regions_pass_every_policy_untouched(invalid):
    reading = read_regions([square(0, 0, 4), None, []])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert screened(reading, invalid).regions is reading.regions


def test_another_policy_is_refused_with_those_there_are():
    with pytest.raises(
        ValueError, match='invalid: expected one of "use", "warn", "skip", "error"; got \'drop\''
    ):
        screened(read_regions(MIXED), "drop")
