"""The picture says what the answers say: colours, crosses, rings, and how many points it leaves out."""

from __future__ import annotations

import numpy as np
import poly_match as pm
import pytest
from conftest import square
from poly_match._forms.regions import regions_of
from poly_match._show.colours import PALETTE, colouring
from poly_match._show.outlines import boxes_of, outlines_of
from poly_match._show.plot import _ties

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")

from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: E402
from matplotlib.collections import PatchCollection, PathCollection, PolyCollection  # noqa: E402
from matplotlib.colors import to_hex, to_rgba  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

LEFT, RIGHT, INNER = square(0, 0, 4), square(4, 0, 4), square(1, 1, 1)
SQUARES = [LEFT, RIGHT, INNER]
POINTS = [(0.5, 0.5), (4, 2), (5, 3), (9, 2), (1, 1)]  # left, a tie, right, nothing, inner


def drawn(points, polygons, **options):
    """Return the axes of a new figure, drawn once, so that what can't be drawn fails."""
    figure = Figure()
    ax = pm.plot(points, polygons, ax=figure.subplots(), **options)
    FigureCanvasAgg(figure).draw()
    return ax


def labelled(ax, start):
    """Return the points whose label starts so; None when there are none."""
    found = [each for each in ax.collections if str(each.get_label()).startswith(start)]
    assert len(found) <= 1
    return found[0] if found else None


def places(scatter):
    return [] if scatter is None else scatter.get_offsets().tolist()


def test_points_have_the_colour_of_their_region():
    ax = drawn(POINTS, SQUARES)
    regions = ax.collections[0]
    edges = [to_hex(edge) for edge in regions.get_edgecolors()]
    assert len(set(edges)) == 3
    assert set(edges) <= {colour.lower() for colour in PALETTE}
    matched = labelled(ax, "matched (4)")
    assert places(matched) == [[0.5, 0.5], [4, 2], [5, 3], [1, 1]]
    assert [edges.index(to_hex(face)) for face in matched.get_facecolors()] == [0, 0, 1, 2]
    assert places(labelled(ax, "no region (1)")) == [[9, 2]]
    assert ax.get_title() == "5 points and 3 regions"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "matched (4)",
        "no region (1)",
        "tie (1)",
    ]


@pytest.mark.parametrize(
    ("options", "tied"),
    [
        ({}, [[4, 2]]),
        ({"best": "largest"}, [[4, 2]]),
        ({"best": "first"}, []),
        ({"best": [1, 2, 3]}, []),
        ({"best": [2.0, 1.0, 2.0]}, [[1, 1]]),
        ({"best": [7, 7, 7]}, [[4, 2], [1, 1]]),
        ({"answers": [0, 0, 1, -1, 2]}, []),
    ],
)
def test_a_ring_marks_points_whose_answer_the_order_decided(options, tied):
    assert places(labelled(drawn(POINTS, SQUARES, **options), "tie")) == tied


@pytest.mark.parametrize("best", ["smallest", "largest", "score"])
def test_ties_are_those_that_counting_finds(best):
    """Against the definition: more than one candidate as good as the winner."""
    rng = np.random.default_rng(2)
    squares = [square(*rng.integers(0, 12, 2), rng.integers(1, 5)) for _ in range(40)]
    points = rng.integers(0, 34, (500, 2)) / 2
    areas = np.array([np.ptp(ring[:, 0]) ** 2 for ring in squares])
    scores = rng.integers(0, 6, 40)
    covered = np.array(
        [(points >= s.min(axis=0)).all(1) & (points <= s.max(axis=0)).all(1) for s in squares]
    ).T
    worth = np.where(covered, {"smallest": areas, "largest": -areas, "score": scores}[best], np.inf)
    expected = (worth == worth.min(axis=1, keepdims=True)).sum(axis=1) * covered.any(axis=1) > 1
    rule = scores if best == "score" else best
    found = pm.match(points, squares, best=rule)
    xy = points[:, 0], points[:, 1]
    tied = _ties(xy, found, squares, regions_of(squares), rule, {"predicate": "covers", "metric": "planar"})
    assert 20 < expected.sum() < 400
    assert tied.tolist() == expected.tolist()


def test_a_polygon_that_answers_for_its_own_area_ties_by_it():
    class Weighed(pm.Polygon):
        def area(self):
            return 1.0

    polygons = [Weighed(*ring.T) for ring in (LEFT, INNER)]
    assert places(labelled(drawn([(1.5, 1.5)], polygons), "tie")) == [[1.5, 1.5]]
    assert places(labelled(drawn([(1.5, 1.5)], [LEFT, INNER]), "tie")) == []


def test_answers_that_are_given_are_drawn():
    ax = drawn(POINTS, SQUARES, answers=[1, -1, -1, -1, -1])
    assert places(labelled(ax, "matched")) == [[0.5, 0.5]]
    edges = ax.collections[0].get_edgecolors()
    assert labelled(ax, "matched").get_facecolors()[0].tolist() == edges[1].tolist()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"answers": [0, 1]}, r"answers: expected one integer for each of 5 points, got int64 \(2,\)"),
        ({"answers": [0.0] * 5}, "answers: expected one integer for each of 5 points, got float64"),
        ({"answers": [0, 0, 3, 0, 0]}, r"answers\[2\]: 3 is not one of 3 regions, nor -1 for none"),
        ({"answers": [0, -2, 3, 0, 0]}, r"answers\[1\]: -2 is not one of 3 regions"),
        ({"max_points": -1}, "max_points: expected at least 0, got -1"),
        ({"best": "smalest"}, "best: expected one of"),
        ({"extent": (0, 0, 4)}, r"extent: expected four numbers: least x and y, .* got \(0, 0, 4\)"),
        ({"extent": (0, 0, -4, 4)}, "extent: expected least x, least y, greatest x, greatest y"),
        ({"figsize": (3, 3)}, "figsize: goes with a new figure; ax has a figure"),
        ({"highlight": [0, 3]}, r"highlight\[1\]: 3 is not one of 3 regions"),
        ({"highlight": ["x"]}, r"highlight\[0\]: to find the region 'x', give names= as well"),
        ({"highlight": "x", "names": ["a", "b", "c"]}, r"highlight\[0\]: no region is called 'x'"),
        ({"highlight": [1.0]}, r"highlight\[0\]: expected the position or the name of a region, got float"),
        ({"highlight": range(10)}, "highlight: at most 9 regions can have a colour of their own, got 10"),
        ({"names": ["a"]}, "names: expected one name for each of 3 regions, got 1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        drawn(POINTS, SQUARES, **options)


def test_a_sample_says_so_and_is_the_same_each_time():
    points = np.random.default_rng(0).uniform(0, 8, (1000, 2))
    points[:10] = np.nan
    ax, again = (drawn(points, SQUARES, max_points=50) for _ in range(2))
    assert ax.get_title() == "A sample of 50 of 990 points and 3 regions, 10 without coordinates not drawn"
    shown = places(labelled(ax, "matched")) + places(labelled(ax, "no region"))
    assert len(shown) == 50
    assert {tuple(place) for place in shown} <= {tuple(point) for point in points.tolist()}
    assert places(labelled(ax, "matched")) == places(labelled(again, "matched"))
    answers = np.arange(1000) % 3
    given = drawn(points, SQUARES, max_points=50, answers=answers)
    where = {tuple(point): answer for point, answer in zip(points.tolist(), answers, strict=True)}
    edges = given.collections[0].get_edgecolors().tolist()
    faces = labelled(given, "matched").get_facecolors().tolist()
    for place, face in zip(places(labelled(given, "matched")), faces, strict=True):
        assert face == edges[where[tuple(place)]]


# ---- regions -----------------------------------------------------------------------------------------------


def test_holes_are_left_open_and_overlapping_parts_are_not():
    ring = square(0, 0, 9)
    for hole in (square(3, 3, 3), square(3, 3, 3)[::-1]):  # whichever way round
        coords = np.concatenate([ring, hole, square(8, 8, 4)])
        regions = pm.Regions(coords, [0, 4, 8, 12], [0, 2, 3], [0, 2])
        [outline] = outlines_of(regions)
        corners = outline.to_polygons(closed_only=True)
        assert len(corners) == 3
        turns = [np.sign(c[:-1, 0] @ c[1:, 1] - c[:-1, 1] @ c[1:, 0]) for c in corners]
        assert turns[0] == turns[2] == -turns[1]
        ax = drawn([], regions)
        ax.set_position([0, 0, 1, 1])
        ax.axis((0, 12, 0, 12))
        ax.figure.canvas.draw()
        pixels = np.asarray(ax.figure.canvas.buffer_rgba())

        def at(x, y, ax=ax, pixels=pixels):
            column, row = ax.transData.transform((x, y))
            return pixels[int(len(pixels) - row), int(column), :3].tolist()

        assert at(4.5, 4.5) == at(11, 3) == [255, 255, 255]
        assert at(1.5, 1.5) == at(8.5, 8.5) == at(11, 11) != [255, 255, 255]


@pytest.mark.parametrize(
    "polygons",
    [[], pm.Regions(np.empty((0, 2)), [0], [0]), pm.Regions(LEFT, [0, 0, 4], [0, 1, 1, 2])],
)
def test_nothing_and_empty_regions_are_drawn_as_nothing(polygons):
    ax = drawn([(1, 1), (9, 9)], polygons)
    assert len(ax.collections[0].get_paths()) == (len(polygons) > 0)
    assert "no region" in ax.get_legend().get_texts()[-1].get_text()
    drawn(np.empty((0, 2)), polygons)


def test_regions_that_touch_have_different_colours(examples):
    shapely = pytest.importorskip("shapely")
    pyogrio = pytest.importorskip("pyogrio")
    shapes = shapely.from_wkb(pyogrio.raw.read(examples / "countries.geojson")[2])
    colours = colouring(boxes_of(outlines_of(regions_of(shapes))))
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    apart = first < second
    assert apart.sum() > 300
    assert (colours[first[apart]] != colours[second[apart]]).all()
    assert len(np.unique(colours)) == len(PALETTE)


def test_a_frame_names_its_scores_and_its_degrees():
    geopandas = pytest.importorskip("geopandas")
    pytest.importorskip("shapely")
    from shapely import box

    frame = geopandas.GeoDataFrame(
        {"level": [1, 1]}, geometry=[box(0, 58, 4, 62), box(1, 59, 2, 60)], crs=4326
    )
    ax = drawn([(1.5, 59.5), (3, 61)], frame, best="level")
    assert places(labelled(ax, "tie")) == [[1.5, 59.5]]
    assert ax.get_xlabel() == "longitude"
    assert ax.get_aspect() == pytest.approx(2)  # at 60 degrees
    assert drawn([(1.5, 59.5)], frame, extent=(0, 0, 9, 20)).get_aspect() == pytest.approx(1.0154, abs=1e-4)
    plain = drawn([(1.5, 59.5)], frame.set_crs(3857, allow_override=True))
    assert (plain.get_xlabel(), plain.get_aspect()) == ("x", 1)
    assert drawn([(1.5, 59.5)], frame.geometry.to_numpy(), lonlat=True).get_aspect() == pytest.approx(2)


# ---- disks and cells ---------------------------------------------------------------------------------------


def test_center_within_draws_how_far_each_center_reaches():
    ax = drawn(POINTS, SQUARES, predicate="center_within", distance=[1, 2, np.inf])
    [disks] = [each for each in ax.collections if type(each) is PatchCollection]
    boxes = [path.get_extents().bounds for path in disks.get_paths()]
    np.testing.assert_allclose(boxes, [(1, 1, 2, 2), (4, 0, 4, 4)], atol=1e-12)


def cells_of(ax):
    """Return the boxes of the cells that are drawn, the quiet ones and those with a border."""
    both = [each for each in ax.collections if type(each) is PolyCollection]
    assert to_rgba("#BBBBBB") == tuple(both[0].get_edgecolors()[0])
    return [[path.get_extents().extents.tolist() for path in each.get_paths()] for each in both]


def test_cells_are_drawn_by_kind_and_do_not_widen_the_map(monkeypatch):
    boxes = np.array([[0, 0, 1, 1], [1, 0, 2, 1], [-50, -50, 50, 50.0]])
    cells = boxes, np.array([0, 2, 0], np.uint8), np.array([1, -1, -1])
    monkeypatch.setattr(pm.Index, "_cells", lambda self: cells)
    ax = drawn(POINTS, SQUARES, cells=True)
    assert cells_of(ax) == [boxes[[0, 2]].tolist(), boxes[[1]].tolist()]
    assert ax.get_xlim() == drawn(POINTS, SQUARES).get_xlim()


def test_the_cells_are_those_of_the_index():
    quiet, borders = cells_of(drawn(POINTS, SQUARES, cells=True))
    assert len(quiet) + len(borders) == len(pm.Index(SQUARES)._cells()[0])


# ---- where it draws ----------------------------------------------------------------------------------------


def test_without_axes_there_is_a_new_figure():
    from matplotlib import pyplot

    ax = pm.plot(POINTS, SQUARES)
    assert ax.figure.number in pyplot.get_fignums()
    assert isinstance(ax.collections[0], PathCollection)
    pyplot.close(ax.figure)


def test_a_missing_matplotlib_is_told_with_its_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install 'poly-match\[plot\]'"):
        pm.plot(POINTS, SQUARES)


# ---- what to show ------------------------------------------------------------------------------------------


def words_below(ax):
    return ax.get_legend().get_title().get_text()


def test_an_extent_limits_the_map_and_the_points():
    ax = drawn(POINTS, SQUARES, extent=(0, 0, 4, 2))
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, 4), (0, 2))
    assert places(labelled(ax, "matched (3)")) == [[0.5, 0.5], [4, 2], [1, 1]]
    assert ax.get_title() == "3 points within this extent and 3 regions"
    sampled = drawn(POINTS, SQUARES, extent=(0, 0, 4, 2), max_points=2)
    assert sampled.get_title() == "A sample of 2 of 3 points within this extent and 3 regions"


def test_a_title_moves_the_numbers_below_the_map():
    ax = drawn([*POINTS, (np.nan, 0)], SQUARES, title="My map")
    assert ax.get_title() == "My map"
    assert words_below(ax) == "5 points and 3 regions, 1 without coordinates not drawn"
    assert words_below(drawn(POINTS, SQUARES)) == ""
    assert words_below(drawn([], SQUARES, title="Empty")) == "0 points and 3 regions"


def test_a_new_figure_has_the_size_that_is_asked_for():
    from matplotlib import pyplot

    ax = pm.plot(POINTS, SQUARES, figsize=(3, 2))
    assert ax.figure.get_size_inches().tolist() == [3, 2]
    pyplot.close(ax.figure)


def test_what_is_refused_leaves_no_figure():
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    with pytest.raises(ValueError, match="highlight"):
        pm.plot(POINTS, SQUARES, highlight=[7])
    assert pyplot.get_fignums() == before


@pytest.mark.parametrize("highlight", [[2], 2, ["pond"], "pond", ["pond", 2]])
def test_highlighted_regions_are_the_only_ones_in_colour(highlight):
    ax = drawn(POINTS, SQUARES, names=["park", "field", "pond"], highlight=highlight)
    edges = [to_hex(edge) for edge in ax.collections[0].get_edgecolors()]
    assert edges == ["#b8bfc6", "#b8bfc6", PALETTE[0].lower()]  # on top: the last
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["other regions (3)", "pond (1)", "no region (1)", "tie (1)"]
    faces = {tuple(place): to_hex(face) for place, face in zip(
        labelled(ax, "other regions").get_offsets().tolist(),
        labelled(ax, "other regions").get_facecolors(), strict=True,
    )}  # fmt: skip
    assert [place for place, face in faces.items() if face != "#b8bfc6"] == [(1, 1)]


def test_highlighted_regions_have_different_colours_and_numbers_without_names():
    ax = drawn(POINTS, SQUARES, highlight=[2, 0])
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts[:3] == ["other regions (1)", "region 2 (1)", "region 0 (2)"]
    assert len({to_hex(edge) for edge in ax.collections[0].get_edgecolors()}) == 3


def test_an_index_is_drawn_by_its_answers():
    index = pm.Index(SQUARES, best="largest", names=["park", "field", "pond"])
    ax = drawn(POINTS, index, highlight="park")
    [image] = ax.images
    assert list(image.get_extent()) == [0, 8, 0, 4]
    colours = image.get_array()
    assert colours.shape == (500, 1000, 4)
    assert to_hex(colours[10, 10]) == PALETTE[0].lower()  # the park, in which the pond is never the answer
    assert to_hex(colours[10, 990]) == "#b8bfc6"
    assert len(np.unique(colours.reshape(-1, 4), axis=0)) == 2
    assert places(labelled(ax, "other regions (1)"))
    assert labelled(ax, "park (3)") is not None
    assert ax.get_title() == "5 points and 3 regions"
    zoomed = drawn(POINTS, index, extent=(6, 0, 10, 4))
    assert (np.asarray(zoomed.images[0].get_array())[:, :, 3] > 0).mean() == pytest.approx(0.5)
    assert zoomed.get_xlim() == (6, 10)


def test_an_index_without_answers_is_an_empty_map():
    assert drawn(POINTS, pm.Index([])).get_title() == "5 points and 0 regions"
    assert drawn([], pm.Index([square(0, 0, 0)])).get_title() == "0 points and 1 regions"


@pytest.mark.parametrize(
    "rule", [{"predicate": "nearest"}, {"distance": 1}, {"best": "first"}, {"period": 360}]
)
def test_an_index_has_its_own_rules(rule):
    with pytest.raises(
        ValueError, match="polygons: an index has its rules; leave out predicate, distance, best"
    ):
        drawn(POINTS, pm.Index(SQUARES), **rule)


def test_an_index_checks_the_plane_of_the_points():
    geopandas = pytest.importorskip("geopandas")
    points = geopandas.GeoSeries.from_xy([1], [1], crs=4326)
    index = pm.Index(geopandas.GeoSeries.from_wkt(["POLYGON ((0 0, 1 0, 1 1, 0 0))"], crs=3857))
    with pytest.raises(ValueError, match="to_crs"):
        drawn(points, index)


def test_a_map_without_cells_says_why():
    no_cells = "no cells to draw: so few regions are compared one by one"
    assert words_below(drawn(POINTS, SQUARES, cells=True)) == no_cells
    assert words_below(drawn(POINTS, SQUARES, cells=True, title="a")) == f"5 points and 3 regions\n{no_cells}"
    near = drawn(POINTS, SQUARES, cells=True, predicate="nearest")
    assert words_below(near) == "no cells to draw: an index for nearest has none"
    many = [square(x, y, 1) for x in range(20) for y in range(20)]
    assert len(pm.Index(many)._cells()[0])
    assert words_below(drawn(POINTS, many, cells=True)) == ""
