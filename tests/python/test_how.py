"""docs/how.md: the tree it explains answers as the library does, and the figures it quotes were measured."""

import re
import sys
from pathlib import Path

import numpy as np
import poly_match as pm
import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from bench import jobs  # noqa: E402
from bench.layers import disks  # noqa: E402
from docs.how import measure  # noqa: E402
from docs.how import tree as trees  # noqa: E402

WORLD = (-180.0, -60.0, 180.0, 84.0)


@pytest.fixture(scope="module")
def countries():
    return pm.Index(jobs.example_countries().regions())


@pytest.fixture(scope="module")
def points():
    return np.random.default_rng(3).uniform(WORLD[:2], WORLD[2:], (20_000, 2))


# ---- the tree, read in Python ----------------------------------------------------------------------------


def check(index, points):
    """Compare with the library, and return where points ended and the share of those left undecided."""
    answers, ends = trees.match(trees.read(index), points)
    unsure = answers == trees.UNDECIDED
    assert (answers == index.match(points))[~unsure].all()
    return ends, unsure.mean()


def test_the_tree_of_countries_answers_as_it_is_explained(countries, points):
    ends, unsure = check(countries, points)
    assert 0.05 < (ends.words & 3 == trees.LEAF).mean() < 0.9
    assert unsure < 0.01


def test_wide_leaves_that_stand_for_many_edges_answer_as_they_are_explained(countries, points):
    spare = 4 * len(trees.read(countries).leaves) // 4
    regions = jobs.example_countries().regions()
    small = next(
        index
        for size in range(countries.nbytes - spare, 0, -spare // 2)
        if (leaves := leaves_of(index := pm.Index(regions, max_bytes=size))).vertices.max() > trees.NARROW
        and leaves.near.max() > leaves.near.min()
    )
    ends, unsure = check(small, points)
    assert unsure < 0.1
    assert (ends.words & 3 == trees.LEAF).any()


def test_points_beside_edges_are_undecided_but_never_wrong(countries):
    coords = jobs.example_countries().coords
    random = np.random.default_rng(5)
    beside = coords[:-1] + random.uniform(0, 1, (len(coords) - 1, 1)) * np.diff(coords, axis=0)
    for distance in (1e-3, 1e-4, 1e-5, 1e-6):
        _, unsure = check(countries, beside + random.normal(0, distance, beside.shape))
    assert unsure > 0.8


def leaves_of(index):
    """Return all leaves of an index."""
    tree = trees.read(index)
    words = np.unique(tree.tables[tree.tables & 3 == trees.LEAF])
    return trees.read_leaves(tree, words)


def test_the_tree_of_disks_answers_as_explained():
    layer = disks(300, 5.0, seed=2)
    index = pm.Index(layer.regions(), predicate="center_within", distance=layer.radius)
    check(index, np.random.default_rng(7).uniform(*layer_box(layer), (5_000, 2)))


def layer_box(layer):
    return layer.centers.min(axis=0), layer.centers.max(axis=0)


def test_an_edge_of_a_leaf_lies_near_the_input_it_was_drawn_from(countries):
    pytest.importorskip("matplotlib")
    from docs.how import cell

    tree = trees.read(countries)
    seen = 0
    for border in cell.leaves_in(tree, WORLD):
        vertices = border.input_edges()[:, 0]
        vertices = vertices[(vertices >= 0).all(axis=1) & (vertices < trees.STEPS).all(axis=1)]
        if border.edges() and len(vertices):
            beside = np.min([cell.aside(edge.local, vertices) for edge in border.edges()], axis=0)
            seen += 1
            assert beside.max() <= border.near
        if seen == 200:
            break
    assert seen == 200


# ---- the page --------------------------------------------------------------------------------------------


def test_counts_add_up(countries, points):
    facts = measure.count(countries, points)
    assert sum(facts["looks"]) == pytest.approx(1, abs=1e-5)
    assert 0 < facts["border cells"] < facts["cells"]
    assert facts["bytes of tables"] + facts["bytes of leaves"] < facts["bytes"] == countries.nbytes
    assert 64 * facts["tables"].get("8 x 8", 0) * 4 <= facts["bytes of tables"]
    leaves = measure.leaf_facts(countries, points)
    assert 1 < leaves["edges looked at"] < 16
    assert 0.5 < leaves["in one line of the cache"] <= 1


def test_figures_of_the_page_are_those_that_were_measured():
    from docs import draw_how

    page = (ROOT / "docs" / "how.md").read_text(encoding="utf-8")
    names = [name for name, _ in draw_how.FIGURE.findall(page)]
    assert len(names) > 50
    assert "\n<!--" not in page  # Markdown takes such a line out of its paragraph
    assert draw_how.rewrite(page, draw_how.figures_of(measure.read())) == page
    with pytest.raises(KeyError):
        draw_how.rewrite("<!--counties.ns-->1<!---->", draw_how.figures_of(measure.read()))


def test_numbers_attributed_to_a_file_are_in_its_comments():
    page = (ROOT / "docs" / "how.md").read_text(encoding="utf-8")
    rejected = page.split("## What was tried and rejected")[1]
    for item in re.split(r"^- ", rejected, flags=re.MULTILINE)[1:]:
        file = re.search(r"\(`([\w/]+\.c)`\)", item)[1]
        comments = " ".join(
            re.findall(r"/\*.*?\*/", (ROOT / "src" / file).read_text(encoding="utf-8"), re.DOTALL)
        )
        for number in re.findall(r"(\d[\d,.]*)(?: to (\d+))? (?:%|ns|µs|million|MB)", item):
            for amount in filter(None, number):
                assert re.search(rf"(?<![\d.]){re.escape(amount)}(?![\d.]\d*\d)", comments), (
                    f"{amount}: {file}"
                )


def test_functions_and_files_that_the_page_names_are_there():
    page = (ROOT / "docs" / "how.md").read_text(encoding="utf-8")
    code = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "src").rglob("*.[ch]"))
    for name in set(re.findall(r"`(\w+)\(\)`", page)) - {"match"}:
        assert f"{name}(" in code, name
    for name in set(re.findall(r"`([\w/]+\.[ch])`", page)):
        assert (ROOT / "src" / name).exists(), name
    for name in re.findall(r"\]\((how-[\w.]+)\)", page):
        assert (ROOT / "docs" / name).exists(), name


# ---- the pictures ----------------------------------------------------------------------------------------


def test_pictures_are_drawn(countries, tmp_path):
    pytest.importorskip("matplotlib")
    from docs import draw_how
    from docs.how import maps, times

    figures = {
        "disks.png": maps.draw_disks(),
        "tables.png": maps.draw_tables(countries, WORLD),
        "time.svg": times.draw_time(measure.read()),
    }
    for name, figure in figures.items():
        draw_how.save(figure, tmp_path / name)
        assert 5_000 < (tmp_path / name).stat().st_size < 300_000
