"""`Index` and `match`: the rules, against the definitions in exact arithmetic, and one by one."""

from __future__ import annotations

import math
import subprocess
import sys
import weakref

import geopandas
import numpy as np
import oracle
import pandas
import poly_match as pm
import pytest
import shapely
from conftest import draws, square
from hypothesis import given, settings
from hypothesis import strategies as st
from poly_match._rules import BESTS

# ---- against the oracle ------------------------------------------------------------------------------

small = st.integers(-4, 4).map(float)
near = small.flatmap(lambda v: st.sampled_from([v, v, math.nextafter(v, 9), math.nextafter(v, -9), v + 0.5]))
vertex = st.tuples(near, near)
ring = st.lists(vertex, min_size=0, max_size=6)
part = st.lists(ring, min_size=0, max_size=3)
region = st.lists(part, min_size=0, max_size=3)
regions = st.lists(region, min_size=0, max_size=5)
odd = st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 5e-324, 1e308])
points = st.lists(st.tuples(near | odd, near | odd), max_size=12)


def ragged(nested: list[list[list[list[tuple[float, float]]]]]) -> pm.Regions:
    """Return nested lists as ragged arrays."""
    rings = [ring for region in nested for part in region for ring in part]
    parts = [part for region in nested for part in region]
    coords = np.array([vertex for ring in rings for vertex in ring], dtype=float).reshape(-1, 2)
    return pm.Regions(coords, *(np.cumsum([0, *map(len, level)]) for level in (rings, parts, nested)))


@settings(max_examples=draws(400), deadline=None)
@given(regions, points, st.sampled_from(BESTS))
def test_covers_is_what_the_definitions_say(nested, places, best):
    expected = oracle.best_match(places, nested, "covers", best)
    assert pm.match(places, ragged(nested), best=best).tolist() == expected


@settings(max_examples=draws(300), deadline=None)
@given(regions, points, st.sampled_from(BESTS), st.data())
def test_center_within_is_what_the_definitions_say(nested, places, best, data):
    limit = st.sampled_from([0.0, 1.0, math.sqrt(2), 2.5, 5.0, math.inf])
    distance = data.draw(limit | st.lists(limit, min_size=len(nested), max_size=len(nested)))
    expected = oracle.best_match(places, nested, "center_within", best, distance)
    found = pm.match(places, ragged(nested), predicate="center_within", best=best, distance=distance)
    assert found.tolist() == expected


@settings(max_examples=draws(200), deadline=None)
@given(regions, points, st.data())
def test_scores_are_what_the_definitions_say(nested, places, data):
    huge = st.sampled_from([2**53, 2**53 + 1, 2**62, 2**62 + 1, -(2**63), 2**63 - 1, 0])
    scores = data.draw(st.lists(huge, min_size=len(nested), max_size=len(nested)))
    expected = oracle.best_match(places, nested, "covers", "score", scores=scores)
    assert pm.match(places, ragged(nested), best=np.array(scores, dtype=np.int64)).tolist() == expected


# ---- the rules, one by one ---------------------------------------------------------------------------


def test_every_best_on_nested_squares():
    nested = [square(0, 0, 4), square(1, 1, 1), square(0, 0, 8)]
    at = [(1.5, 1.5), (3, 3), (7, 7), (9, 9)]
    assert pm.match(at, nested).tolist() == [1, 0, 2, -1]
    assert pm.match(at, nested, best="largest").tolist() == [2, 2, 2, -1]
    assert pm.match(at, nested, best="first").tolist() == [0, 0, 2, -1]
    assert pm.match(at, nested, best=[5, 9, 1]).tolist() == [2, 2, 2, -1]
    assert pm.match(at, nested, best=[1.0, math.inf, -math.inf]).tolist() == [2, 2, 2, -1]


def test_ties_go_to_the_first_in_the_input():
    twins = [square(2, 2, 2), square(0, 0, 4)[::-1], square(0, 0, 4), square(0, 0, 4)]
    for best, winner in (("largest", 1), ([7, 3, 3, 3], 1), ([7, 4, 3, 3], 2)):
        assert pm.match([(3, 3)], twins, best=best).tolist() == [winner]
    assert pm.match([(1, 1)], twins).tolist() == [1]


def test_a_shared_border_belongs_to_both_sides():
    pair = [square(0, 0, 2), square(2, 0, 2)]
    assert pm.match([(2, 1), (2, 0), (2, 2)], pair).tolist() == [0, 0, 0]
    assert pm.match([(2, 1), (2, 0), (2, 2)], pair, best=[1, 0]).tolist() == [1, 1, 1]


def test_a_hole_is_outside_and_its_border_inside():
    frame = pm.Regions(np.vstack([square(0, 0, 9), square(3, 3, 3)]), [0, 4, 8], [0, 2])
    assert pm.match([(1, 1), (4, 4), (3, 4), (6, 6)], frame).tolist() == [0, -1, 0, 0]


def test_overlapping_parts_are_a_union():
    parts = pm.Regions(np.vstack([square(0, 0, 4), square(2, 2, 4)]), [0, 4, 8], [0, 1, 2], [0, 2])
    assert pm.match([(3, 3), (1, 1), (5, 5), (1, 5)], parts).tolist() == [0, 0, 0, -1]


def test_overlapping_parts_count_twice_in_the_area():
    parts = np.vstack([square(0, 0, 4), square(0, 0, 4), square(0, 0, 5)])
    both = pm.Regions(parts, [0, 4, 8, 12], [0, 1, 2, 3], [0, 2, 3])
    assert pm.match([(1, 1)], both).tolist() == [1]  # 25 is less than 16 + 16


def test_a_bow_tie_has_area_zero_and_covers_its_lobes():
    bow_tie = np.array([[0, 0], [4, 4], [4, 0], [0, 4]], dtype=float)
    nested = [square(1.75, 1.75, 0.5), bow_tie]
    assert pm.match([(2, 2), (3.5, 2), (2, 3), (2, 3.9)], nested).tolist() == [1, 1, -1, -1]


@pytest.mark.parametrize("shape", [[(1, 1)], [(1, 1), (3, 3)], [(1, 1), (3, 3), (2, 2)], [(1, 1)] * 5])
def test_what_has_no_area_covers_its_border_alone(shape):
    at = [(1, 1), (2, 2), (1, 2)]
    expected = [0, 0 if (3, 3) in shape else -1, -1]
    assert pm.match(at, [np.array(shape, dtype=float)]).tolist() == expected


def test_a_closed_ring_is_the_open_one():
    open_ring = square(0, 0, 4)
    closed = np.vstack([open_ring, open_ring[:1]])
    at = [(0, 0), (2, 0), (2, 2), (5, 5)]
    assert pm.match(at, [open_ring]).tolist() == pm.match(at, [closed]).tolist() == [0, 0, 0, -1]
    near_center = {"predicate": "center_within", "distance": 0.1}
    assert pm.match([(2, 2)], [closed], **near_center).tolist() == [0]  # the closing vertex left out
    assert pm.match([(2, 2)], [pm.Polygon(*closed.T)], **near_center).tolist() == [-1]  # as given
    assert pm.match([(1.6, 1.6)], [pm.Polygon(*closed.T)], **near_center).tolist() == [0]


def test_points_that_are_not_finite_never_match():
    world = [square(-1e308, -1e308, 1.5e308)]
    odd = [(math.nan, 0), (0, math.nan), (math.inf, 0), (0, -math.inf), (0, 0)]
    assert pm.match(odd, world).tolist() == [-1, -1, -1, -1, 0]
    within = pm.match(odd, world, predicate="center_within", distance=math.inf)
    assert within.tolist() == [-1, -1, -1, -1, 0]


def test_center_within_is_strict_and_exact():
    unit = [square(-1, -1, 2)]
    for distance, winner in ((5.0, -1), (math.nextafter(5, 9), 0), (0.0, -1)):
        assert pm.match([(3, 4)], unit, predicate="center_within", distance=distance)[0] == winner
    assert pm.match([(0, 0)], unit, predicate="center_within", distance=0)[0] == -1


def test_center_within_takes_one_distance_per_region():
    pair = [square(0, 0, 2), square(4, 0, 4)]
    at = [(1, 1), (3, 1), (6, 2)]
    found = pm.match(at, pair, predicate="center_within", distance=[1, 4])
    assert found.tolist() == [0, 1, 1]


def test_the_drop_in_and_the_index_agree_on_the_example():
    polygons, places = pm.generate_example()
    index = pm.match(places, polygons, predicate="center_within", distance=10.0)
    expected = [(id(point), id(polygon)) for point, polygon in pm.main(polygons, places, 10.0)]
    found = [(id(p), id(polygons[i])) for p, i in zip(places, index, strict=True) if i >= 0]
    assert len(found) > 90
    assert found == expected


def test_the_example_is_the_one_everybody_measures():
    polygons, places = pm.generate_example()
    assert (len(polygons), len(places)) == (1000, 100)
    assert isinstance(places, list)
    random = np.random.RandomState(6)
    xs, ys = np.arange(0, 100), np.arange(0, 100)
    random.shuffle(xs)
    random.shuffle(ys)
    assert np.array(places).tolist() == np.column_stack([xs, ys]).tolist()
    x, y = random.randint(0, 100), random.randint(0, 100)
    one = pm.generate_one_polygon()
    assert one.x.tolist() == np.arange(0.0, 1.0, 0.1).tolist()
    assert one.y.tolist() == np.sqrt(1 - one.x**2).tolist()
    assert polygons[0].x.tolist() == (one.x + x).tolist()
    assert polygons[0].y.tolist() == (one.y + y).tolist()


# ---- overrides in subclasses -------------------------------------------------------------------------


class OwnArea(pm.Polygon):
    """A polygon that overrides its area, and counts the calls."""

    def __init__(self, x, y, given):
        super().__init__(x, y)
        self.given = given
        self.calls = 0

    def area(self):
        self.calls += 1
        return self.given


class Moved(pm.Polygon):
    """A polygon whose center is somewhere else."""

    @property
    def center(self):
        return np.array([100.0, 100.0])


@pytest.mark.parametrize("rules", [{}, {"predicate": "center_within", "distance": 10.0}])
def test_an_overridden_area_decides(rules):
    shapes = [
        OwnArea(*square(0, 0, side).T, given) for side, given in ((1, 9.0), (2, 5.0), (3, 5.0), (4, 7.0))
    ]
    assert pm.match([(0.5, 0.5)], shapes, **rules).tolist() == [1]
    assert pm.match([(0.5, 0.5)], shapes, best="largest", **rules).tolist() == [0]
    assert [shape.calls for shape in shapes] == [2, 2, 2, 2]
    assert pm.match([(0.5, 0.5)], shapes, best=[3, 3, 2, 2], **rules).tolist() == [2]
    shapes[2].given = math.nan
    with pytest.raises(ValueError, match=r"polygons\[2\].*NaN"):
        pm.match([(0.5, 0.5)], shapes, **rules)


def test_an_overridden_center_decides():
    shapes = [pm.Polygon(*square(0, 0, 2).T), Moved(*square(0, 0, 2).T)]
    found = pm.match([(1, 1), (100, 100)], shapes, predicate="center_within", distance=1.0)
    assert found.tolist() == [0, 1]
    assert pm.match([(1, 1)], shapes[1:]).tolist() == [0]  # its own position is used


# ---- the index as an object --------------------------------------------------------------------------


def test_index_says_what_it_is():
    index = pm.Index([square(0, 0, 4), square(2, 2, 4)], best="first")
    assert (len(index), index.predicate, index.best) == (2, "covers", "first")
    assert index.bounds == (0.0, 0.0, 6.0, 6.0)
    assert index.nbytes > 8 * 2 * 8
    assert repr(index) == "Index(2 regions, predicate='covers', best='first')"
    assert pm.Index([square(0, 0, 1)], best=[3]).best == "score"
    with pytest.raises(AttributeError):
        index.best = "smallest"


def test_an_index_of_nothing_matches_nothing():
    for nothing in ([], pm.Regions(np.empty((0, 2)), [0], [0]), np.array([], dtype=object)):
        index = pm.Index(nothing)
        assert len(index) == 0
        assert index.match([(0, 0)]).tolist() == [-1]
        assert all(map(math.isnan, index.bounds))
        assert pm.match([(0, 0)], nothing, predicate="center_within", distance=1).tolist() == [-1]


def test_the_index_keeps_nothing_of_the_input():
    ring = square(0, 0, 4)
    polygons = [pm.Polygon(*ring.T)]
    index = pm.Index(polygons)
    gone = weakref.ref(polygons[0])
    del polygons
    assert gone() is None
    assert index.match([(1, 1)]).tolist() == [0]
    index_of_arrays = pm.Index([ring])
    ring += 100
    assert index_of_arrays.match([(1, 1)]).tolist() == [0]


@pytest.mark.parametrize("dtype", [np.int32, np.int64, ">i8", "<i4"])
@pytest.mark.parametrize("step", [1, 2, -1])
def test_out_receives_the_answers(dtype, step):
    places = np.random.default_rng(1).uniform(-1, 5, (1000, 2))
    index = pm.Index([square(0, 0, 4), square(1, 1, 1)])
    expected = index.match(places)
    assert expected.dtype == np.intp
    assert set(expected) == {-1, 0, 1}
    out = np.full(1000 * abs(step), 99, dtype=dtype)[::step]
    assert index.match(places, out=out, workers=2) is out
    assert out.tolist() == expected.tolist()


def test_out_may_lie_over_the_points():
    places = np.random.default_rng(1).uniform(-1, 5, (1000, 2))
    index = pm.Index([square(0, 0, 4), square(1, 1, 1)])
    expected = index.match(places).tolist()
    for shift in (0, 1, 300):  # the answer of one point over the place of a later one
        memory = np.empty(1000 + shift)
        x, out = memory[:1000], memory.view(np.int64)[shift:]
        x[:] = places[:, 0]
        assert index.match((x, places[:, 1]), out=out).tolist() == expected


# ---- real data ---------------------------------------------------------------------------------------


def smallest_in_geos(places, shapes):
    """Return for each point the smallest shape that covers it by GEOS, or -1."""
    point, shape = shapely.STRtree(shapes).query(shapely.points(places), predicate="covered_by")
    order = np.lexsort((shape, shapely.area(shapes)[shape], point))[::-1]
    expected = np.full(len(places), -1)
    expected[point[order]] = shape[order]
    return expected


def test_real_countries_answer_as_in_geos(examples):
    text = (examples / "countries.geojson").read_text(encoding="utf-8")
    countries = shapely.get_parts(shapely.from_geojson(text))
    cities = np.loadtxt(
        examples / "cities.csv", delimiter=",", skiprows=1, usecols=(2, 3), quotechar='"', encoding="utf-8"
    )[::10]
    assert shapely.is_valid(countries).all()
    found = pm.match(cities, countries)
    assert (found >= 0).mean() > 0.95
    assert np.array_equal(found, smallest_in_geos(cities, countries))


# Taveuni in Fiji, which lies on the antimeridian and is not cut there: its edges cross in the plane.
TAVEUNI = [
    (180, -16.54),
    (179.9856, -16.5417),
    (179.9856, -16.5227),
    (-180, -16.4897),
    (-179.9424, -16.4411),
    (-179.8992, -16.4324),
    (-179.928, -16.4793),
    (-179.928, -16.5036),
    (-180, -16.54),
    (180, -16.54),
]


def test_a_real_invalid_polygon_answers_as_its_repaired_form_in_geos():
    island = shapely.Polygon(TAVEUNI)
    assert not island.is_valid
    repaired = shapely.make_valid(island)
    assert len(repaired.geoms) == 3
    rng = np.random.default_rng(4)
    wide = rng.uniform((-180, -16.55), (180, -16.43), (1000, 2))
    west = rng.uniform((-180, -16.55), (-179.89, -16.43), (1000, 2))
    east = rng.uniform((179.98, -16.545), (180, -16.52), (1000, 2))
    places = np.concatenate([wide, west, east, TAVEUNI])
    found = pm.match(places, [island])
    assert np.array_equal(found, smallest_in_geos(places, np.array([repaired])))
    assert (found[-len(TAVEUNI) :] == 0).all()
    for part in repaired.geoms:
        assert 10 < shapely.intersects_xy(part, places[found == 0]).sum() < 2000


def test_the_quickstart_runs(examples):
    result = subprocess.run(
        [sys.executable, examples / "quickstart.py"], capture_output=True, text=True, check=True
    )
    assert result.stdout == "47,661 of 49,025 cities are in one of 241 countries\n"


# ---- names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [["a", "b"], ("a", "b"), np.array(["a", "b"]), iter("ab"), pandas.Series(["a", "b"], index=[7, 7])],
)
def test_names_stand_for_the_answers_and_none_for_none(names):
    found = pm.match([(1, 1), (9, 9), (3, 3)], [square(0, 0, 4), square(0, 0, 2)], names=names)
    assert found.dtype == object
    assert found.tolist() == ["b", None, "a"]


def test_names_may_be_anything_and_stay_what_they_are():
    index = pm.Index([square(0, 0, 1), square(2, 0, 1), square(4, 0, 1)])
    at = [(4.5, 0.5), (0.5, 0.5), (2.5, 0.5)]
    assert index.match(at, names=[(1, 2), [3], None]).tolist() == [None, (1, 2), [3]]
    assert [type(name) for name in index.match(at, names=np.arange(3))] == [int] * 3
    assert pm.Index([]).match(at, names=[]).tolist() == [None] * 3


def test_names_that_do_not_fit_are_refused():
    index = pm.Index([square(0, 0, 1), square(2, 0, 1)])
    with pytest.raises(ValueError, match="names: expected one name for each of 2 regions, got 3"):
        index.match([(0, 0)], names=["a", "b", "c"])
    with pytest.raises(TypeError, match="names: expected one name for each of 2 regions, got the text 'ab'"):
        index.match([(0, 0)], names="ab")
    with pytest.raises(ValueError, match="out: takes positions, not names"):
        index.match([(0, 0)], names=["a", "b"], out=np.empty(1, np.int64))


# ---- a column of scores ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int64", "float32", "Int64", "uint8[pyarrow]", "double[pyarrow]"])
def test_best_may_be_a_column_of_the_polygons(dtype):
    frame = geopandas.GeoDataFrame(
        {"order": pandas.array([2, 1, 3], dtype=dtype)},
        geometry=[shapely.box(0, 0, 4, 4), shapely.box(0, 0, 8, 8), shapely.box(0, 0, 2, 2)],
    )
    assert pm.match([(1, 1), (3, 3), (9, 9)], frame, best="order").tolist() == [1, 1, -1]
    assert pm.Index(frame, best="order").best == "score"


def test_a_rule_is_no_column_and_an_unknown_word_is_neither():
    frame = geopandas.GeoDataFrame({"first": [2, 1]}, geometry=[shapely.box(0, 0, 4, 4)] * 2)
    assert pm.match([(1, 1)], frame, best="first").tolist() == [0]
    with pytest.raises(ValueError, match="or a column of the polygons' frame; got 'second'"):
        pm.match([(1, 1)], frame, best="second")
