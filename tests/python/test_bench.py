# ruff: noqa: RUF001  (the multiplication sign is meant)
"""The benchmark reads its data correctly, contenders answer as brute force does, reports are true."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from bench import (  # noqa: E402
    answers,
    chart,
    contenders,
    explain,
    fetch,
    frames,
    jobs,
    measure,
    report,
    results,
    sphere,
    topojson,
)
from bench.layers import Disks, Doubles, Layer, disks, layer_of, stations  # noqa: E402

# Two squares that share the border from (11, 20) to (11, 21); the left one with a hole that is one edge,
# there and back; no geometry; both squares as one region.
TOPOLOGY: dict[str, Any] = {
    "transform": {"scale": [0.5, 0.25], "translate": [10, 20]},
    "arcs": [
        [[2, 0], [0, 4]],
        [[2, 4], [-2, 0], [0, -4], [2, 0]],
        [[2, 0], [2, 0], [0, 4], [-2, 0]],
        [[0, 0], [1, 1], [-1, -1]],
    ],
    "objects": {
        "squares": {
            "geometries": [
                {"type": "Polygon", "arcs": [[0, 1], [3]]},
                {"type": "Polygon", "arcs": [[2, -1]]},
                {"type": None},
                {"type": "MultiPolygon", "arcs": [[[0, 1]], [[2, ~0]]]},
            ]
        }
    },
}
LEFT = [[11, 20], [11, 21], [10, 21], [10, 20], [11, 20]]
RIGHT = [[11, 20], [12, 20], [12, 21], [11, 21], [11, 20]]


def rings_of(layer: Layer) -> list[Any]:
    return [ring.tolist() for ring in np.split(layer.coords, layer.ring_offsets[1:-1])]


def test_topojson_is_decoded() -> None:
    layer = topojson.decode(TOPOLOGY, "squares")
    there_and_back = [[10, 20], [10.5, 20.25], [10, 20], [10, 20]]
    assert rings_of(layer) == [LEFT, there_and_back, RIGHT, LEFT, RIGHT]
    assert layer.polygon_offsets.tolist() == [0, 2, 3, 4, 5]
    assert layer.geom_offsets.tolist() == [0, 1, 2, 2, 4]
    assert layer.facts == {"regions": 4, "parts": 4, "vertices": 24}


def test_rings_are_cut_at_the_antimeridian() -> None:
    ring = [[170, 0], [180, 0], [-170, 0], [-170, 10], [180, 10], [170, 10], [170, 0]]
    topology = {"arcs": [ring], "objects": {"one": {"geometries": [{"type": "Polygon", "arcs": [[0]]}]}}}
    layer = topojson.decode(topology, "one")
    assert topojson.edges_over_antimeridian(layer) == 0
    assert topojson.edges_over_antimeridian(layer_of([[[np.array(ring, dtype=float)]]])) == 2
    east, west = sorted(rings_of(layer), key=lambda ring: -ring[0][0])
    assert {tuple(point) for point in east} == {(170, 0), (180, 0), (180, 10), (170, 10)}
    assert {tuple(point) for point in west} == {(-180, 0), (-170, 0), (-170, 10), (-180, 10)}


def test_finer_borders_are_still_shared_and_close_to_what_they_were() -> None:
    layer = topojson.decode(TOPOLOGY, "squares", levels=3)
    left, _, right, *_ = rings_of(layer)
    assert len(left) == len(right) == 4 * 8 + 1
    assert [point for point in left[:-1] if point in right] == left[:9]
    assert [11, 20] in left
    assert [10, 21] in left
    assert np.abs(np.array(left[:9])[:, 0] - 11).max() < 0.1
    arc = np.array([[180.0, 0.0], [180.0, 8.0]])
    assert (topojson.roughened(arc, 2, 0)[:, 0] == 180).all()


def test_cities_are_read() -> None:
    steps = [bytes([0x50, 20, 0x58, 40]), bytes([0x50, 3, 0x58, 1])]  # zigzag: 10 and 20, then -2 and -1
    data = b"".join(bytes([len(step)]) + step for step in steps)
    assert jobs.positions(data).tolist() == [[10e-5, 20e-5], [8e-5, 19e-5]]


def test_points_are_where_they_are_said_to_be() -> None:
    points = jobs.around(np.array([[0.0, 0.0], [100.0, 0.0], [10.0, 5.0]]), (-20, -20, 20, 20), 1000)
    assert points.shape == (1000, 2)
    near = [np.hypot(*(points - city).T) < 0.5 for city in ([0, 0], [10, 5])]
    assert (near[0] | near[1]).all()
    assert 400 < near[0].sum() < 600
    assert jobs.uniform(jobs.STATES, 10).tolist() == jobs.uniform(jobs.STATES, 10).tolist()


# ---- contenders against brute force ----------------------------------------------------------------------


def some_regions() -> Layer:
    """Return overlapping regions of one to three parts, some with holes, two of them equal."""
    random = np.random.default_rng(4)
    regions = []
    for _ in range(40):
        polygons = []
        for _ in range(random.integers(1, 4)):
            angles = np.linspace(0, 2 * np.pi, 12)[:-1]
            center, reach = random.random(2), random.uniform(0.05, 0.2, 11)
            around = np.column_stack((np.cos(angles), np.sin(angles)))
            shell = center + reach[:, None] * around
            hole = center + 0.3 * reach.min() * around
            rings = [shell, hole][: random.integers(1, 3)]
            polygons.append([np.concatenate((ring, ring[:1])) for ring in rings])
        regions.append(polygons)
    return layer_of([*regions, regions[7]])


def brute_force(layer: Layer, points: Doubles) -> Any:
    """Return the answers by counting crossings, one ring at a time."""
    inside = np.zeros((len(layer), len(points)), dtype=bool)
    areas = np.zeros(len(layer))
    x, y = points.T
    for region in range(len(layer)):
        for part in range(*layer.geom_offsets[region : region + 2]):
            odd = np.zeros(len(points), dtype=bool)
            for number, ring in enumerate(range(*layer.polygon_offsets[part : part + 2])):
                corners = layer.coords[slice(*layer.ring_offsets[ring : ring + 2])]
                for (ax, ay), (bx, by) in pairwise(corners):
                    odd ^= ((ay > y) != (by > y)) & (x < ax + (y - ay) * (bx - ax) / (by - ay))
                cross = np.sum(corners[:-1, 0] * corners[1:, 1] - corners[1:, 0] * corners[:-1, 1])
                areas[region] += abs(cross) / 2 * (-1 if number else 1)
            inside[region] |= odd
    rank = np.argsort(areas, kind="stable")
    found = inside[rank]
    return np.where(found.any(axis=0), rank[found.argmax(axis=0)], -1)


def brute_force_disks(layer: Disks, points: Doubles) -> Any:
    rank = np.argsort(layer.areas, kind="stable")
    dx, dy = (layer.centers[rank, None, :] - points[None, :, :]).transpose(2, 0, 1)
    found = dx * dx + dy * dy < layer.radius**2
    return np.where(found.any(axis=0), rank[found.argmax(axis=0)], -1)


def answers_of(name: str, builder: contenders.Builder, layer: Layer | Disks, points: Doubles) -> Any:
    contender = measure.Contender(name, builder)
    measure.prepare(contender, layer, points, False, 60.0)
    if contender.reason.endswith("is not installed") or "no spatial extension" in contender.reason:
        pytest.skip(contender.reason)
    assert contender.reason == ""
    assert contender.points == len(points)
    return contender.answers


@pytest.mark.parametrize("name", [*contenders.FOR_REGIONS, "1 worker", "2 workers"])
def test_contenders_for_regions_agree_with_brute_force(name: str) -> None:
    layer, points = some_regions(), np.random.default_rng(5).uniform(-0.1, 1.1, (3000, 2))
    expected = brute_force(layer, points)
    assert (expected == 7).any()
    assert not (expected == 40).any()  # equal to 7, and later
    assert 0.1 < (expected < 0).mean() < 0.9
    found = answers_of(name, (contenders.FOR_REGIONS | contenders.SPECIAL)[name], layer, points)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("count", "candidates"), [(50, 0.5), (300, 20), (2000, 3), (40, 200)])
@pytest.mark.parametrize("name", [*contenders.FOR_DISKS, "2 workers"])
def test_contenders_for_disks_agree_with_brute_force(name: str, count: int, candidates: float) -> None:
    layer = disks(count, candidates)
    points = np.random.default_rng(5).uniform(-0.3, 1.3, (1000, 2))
    expected = brute_force_disks(layer, points)
    found = answers_of(name, (contenders.FOR_DISKS | contenders.SPECIAL)[name], layer, points)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("group", ["nearest", "distances", "dwithin"])
def test_contenders_for_distances_agree(group: str) -> None:
    layer, points = (
        replace(some_regions(), distance=0.05),
        np.random.default_rng(5).uniform(-0.3, 1.3, (2000, 2)),
    )
    field = contenders.GROUPS[group]
    ours = answers_of(contenders.OURS, field[contenders.OURS], layer, points)
    assert 0.5 < answers.matched(ours) <= 1
    for name, builder in field.items():
        found = answers_of(name, builder, layer, points)
        assert explain.disagreements(layer, points, ours, found, group)["count"] == 0, name
    other = np.where(np.arange(2000) == 7, 40, answers.regions_of(ours))
    wrong = answers.Measured(other, ours.distances) if group == "distances" else other
    assert explain.disagreements(layer, points, ours, wrong, group)["unexplained"] == 1


def test_contenders_for_stations_agree() -> None:
    layer, points = stations(500), np.random.default_rng(5).uniform(-0.3, 1.3, (1000, 2))
    away = np.hypot(*(layer.centers[:, None] - points).transpose(2, 0, 1))
    for name, builder in contenders.FOR_STATIONS.items():
        np.testing.assert_array_equal(answers_of(name, builder, layer, points), away.argmin(axis=0))


@pytest.mark.parametrize(("count", "candidates"), [(50, 0.5), (300, 20)])
def test_contenders_for_candidates_agree(count: int, candidates: float) -> None:
    layer, points = disks(count, candidates), np.random.default_rng(5).uniform(-0.1, 1.1, (500, 2))
    rank = np.argsort(layer.areas, kind="stable")
    away = np.hypot(*(layer.centers[rank, None] - points).transpose(2, 0, 1))
    point, found = np.nonzero((away < layer.radius).T)
    for name, builder in contenders.FOR_CANDIDATES.items():
        lists = answers_of(name, builder, layer, points)
        np.testing.assert_array_equal(np.repeat(np.arange(len(points)), np.diff(lists.offsets)), point)
        np.testing.assert_array_equal(lists.regions, rank[found])


def test_lists_and_distances_are_compared_by_point() -> None:
    ours = answers.Lists(np.array([0, 2, 2, 3, 5]), np.array([4, 1, 6, 2, 3]))
    theirs = answers.Lists(np.array([0, 2, 3, 4]), np.array([4, 1, 6, 6]))  # of three points
    assert answers.differing(ours, theirs, 1).tolist() == [1]
    turned = answers.Lists(ours.offsets, np.array([1, 4, 6, 2, 5]))
    assert answers.differing(ours, turned, 1).tolist() == [0, 3]
    assert answers.matched(ours) == 0.75
    assert answers.equal(ours, ours)
    assert not answers.equal(ours, turned)
    regions = np.array([3, -1, 5])
    near = answers.Measured(regions, np.array([1.0, np.nan, 0.0]))
    far = answers.Measured(regions[:2], np.array([1 + 1e-9, np.nan]))
    assert answers.differing(near, far, 1).tolist() == [0]
    assert answers.differing(near, answers.Measured(np.array([3, 2]), near.distances[:2]), 1).tolist() == [1]
    assert answers.equal(near, near)


def test_another_answer_within_a_distance_is_explained_where_it_is_no_mistake() -> None:
    square = np.array([[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]], dtype=np.float64)
    bow_tie = np.array([[5, 0], [6, 1], [6, 0], [5, 1], [5, 0]], dtype=np.float64)
    layer = replace(layer_of([[[square]], [[square + 2.5]], [[bow_tie]]]), distance=0.5)
    points = np.array([[1, 2.5], [1, 2.6], [1, 2.4], [5.5, -0.1], [5.5, -0.1]])
    ours, theirs = np.array([0, -1, 0, 2, -1]), np.array([-1, 0, -1, -1, 2])
    found = explain.disagreements(layer, points, ours, theirs, "dwithin")
    reasons = {"border": 1, "tie": 0, "overlap": 0, "invalid": 1, "unexplained": 3}
    assert found == {"count": 5} | reasons


def test_candidates_differ_at_the_radius_only() -> None:
    layer = Disks(np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 3.0]]), np.ones(3), 1.0)
    ours = answers.Lists(np.array([0, 1, 2]), np.array([0, 0]))
    theirs = answers.Lists(np.array([0, 2, 4]), np.array([0, 1, 0, 2]))
    found = explain.disagreements(layer, np.array([[1.0, 0.0], [0.5, 0.0]]), ours, theirs, "candidates")
    assert (found["count"], found["border"], found["unexplained"]) == (2, 1, 1)


def test_nearest_beside_covers_must_agree_where_a_region_covers_the_point() -> None:
    layer, points = some_regions(), np.random.default_rng(5).uniform(-0.1, 1.1, (300, 2))
    ours = contenders.BESIDE_COVERS["covers"](layer)(points)
    theirs = contenders.BESIDE_COVERS["nearest"](layer)(points)
    assert explain.disagreements(layer, points, ours, theirs, "covers")["count"] == 0
    assert explain.disagreements(layer, points, ours, np.full(300, -1), "covers")["count"] > 100


@pytest.mark.parametrize("candidates", [5, np.inf])
def test_contenders_on_the_sphere_agree(candidates: float) -> None:
    pytest.importorskip("sklearn")
    layer, points = sphere.sphere_disks(300, candidates), sphere.evenly(2000, 1)
    answers = [build(layer)(points) for build in contenders.FOR_SPHERE.values()]
    assert len(np.unique(answers[0])) > 60
    for other in answers[1:]:
        assert np.array_equal(answers[0], other)
    rows = list(range(len(layer)))
    nearest = [int(np.argmin(sphere.away(layer, rows, point))) for point in points[:50]]
    assert candidates < np.inf or answers[0][:50].tolist() == nearest


def test_another_answer_on_the_sphere_is_explained_near_a_border_only() -> None:
    layer = Disks(np.array([[0.0, 0.0], [10.0, 0.0]]), np.ones(2), np.inf)
    ours, theirs = np.array([0, 0]), np.array([1, 1])
    points = np.array([[5.0, 0.0], [4.9, 0.0]])
    found = explain.disagreements(layer, points, ours, theirs, "sphere")
    assert (found["count"], found["border"], found["unexplained"]) == (2, 1, 1)


def test_disks_are_exact() -> None:
    import poly_match

    layer = disks(200, 3)
    for region in range(0, 200, 20):
        corners = layer.regions().coords[4 * region : 4 * region + 4]
        polygon = poly_match.Polygon(*corners.T)
        assert polygon.center.tolist() == layer.centers[region].tolist()
        assert polygon.area() == layer.areas[region]


# ---- measuring -------------------------------------------------------------------------------------------


def test_a_job_is_measured_and_each_failure_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(layer: Layer) -> Any:
        raise RuntimeError("no luck\nat all")

    def absent(layer: Layer) -> Any:
        import a_package_that_is_not_there  # type: ignore[import-not-found]  # noqa: F401

    def wrong(layer: Layer) -> Any:
        return lambda points: np.full(len(points), -1)

    ours = contenders.FOR_REGIONS[contenders.OURS]
    field = {contenders.OURS: ours, "broken": broken, "absent": absent, "wrong": wrong}
    monkeypatch.setattr(contenders, "FOR_REGIONS", field)
    points = np.array([[0.5, 0.5], [5, 5], [1, 0.5], [0.5, 0.5]])
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]], dtype=np.float64)
    job = jobs.Job("small", "a square", "polygons", lambda: layer_of([[[square]]]), lambda: points)
    messages: list[str] = []
    record = measure.run_job(job, 4, 1.0, messages.append)
    assert messages[0] == "small: data"
    assert messages[-1] == "small: round 4 of 4"
    assert (record["points"], record["regions"], record["matched"]) == (4, 1, 0.75)
    rows = {row["name"]: row for row in record["contenders"]}
    assert len(rows[contenders.OURS]["samples_s"]) == len(rows[contenders.OURS]["busy_s"]) == 4
    assert rows["broken"]["reason"] == "failed: RuntimeError: no luck"
    assert rows["absent"]["reason"] == "a_package_that_is_not_there is not installed"
    assert rows["wrong"]["disagreements"] == {
        "count": 3,
        "border": 1,
        "tie": 0,
        "overlap": 0,
        "invalid": 0,
        "unexplained": 2,
    }
    assert report.problems(record) == ["small: wrong gives another answer to 2 of 4 points"]


def test_joins_of_frames_answer_alike_in_the_order_of_the_points() -> None:
    square = np.array([[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]], dtype=np.float64)
    layer = layer_of([[[square]], [[square / 2]], [[square + 9]]])
    places = np.array([[9.5, 9.5], [1, 1], [20, 20], [3, 3], [2, 2]])
    for join in frames.CONTENDERS.values():
        answers, result = frames.one_call(join, layer, places)
        assert answers.tolist() == [2, 1, -1, 0, 1]
        assert result.keys() == {"samples_s", "busy_s", "peak_bytes"}
    with pytest.raises(RuntimeError, match="not those of the points"):
        frames.one_call(lambda points, polygons: frames.poly_match(points[::-1], polygons), layer, places)


def test_every_call_with_frames_has_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    job = next(job for job in jobs.QUICK if job.group == "frames")
    record = frames.run_job(job, 2, 1.0, lambda text: None, most_points=200)
    assert [len(row["samples_s"]) for row in record["contenders"]] == [2, 2]
    assert [row["disagreements"]["count"] for row in record["contenders"]] == [0, 0]
    assert report.problems(record) == []
    assert report.rows_of(record)[0][-2] == "200"
    monkeypatch.setitem(frames.CONTENDERS, "nobody", frames.poly_match)  # unknown to that process
    record = frames.run_job(job, 1, 1.0, lambda text: None, most_points=10)
    assert record["contenders"][-1] == {"name": "nobody", "reason": "failed: KeyError: 'nobody'"}


def test_slow_contenders_get_fewer_points_and_three_rounds() -> None:
    import time

    def slow(points: Doubles) -> Any:
        end = time.process_time() + 1e-5 * len(points)
        while time.process_time() < end:
            pass
        return np.zeros(len(points))

    count, is_slow = measure.sample_size(slow, np.zeros((100_000, 2)), 0.2)
    assert is_slow
    assert 1_000 <= count <= 20_000
    assert measure.sample_size(len, np.zeros((700, 2)), 0.2) == (700, False)  # type: ignore[arg-type]
    assert [measure.rounded(value) for value in (1.0, 9.99, 10, 4321)] == [1, 9, 10, 4000]

    order: list[str] = []
    ran = []
    for name in "abc":
        contender = measure.Contender(name, lambda layer: slow, points=1, slow=name == "b")
        contender.match = lambda points, name=name: order.append(name) or np.zeros(1)  # type: ignore[misc]
        contender.answers = np.zeros(1)
        ran.append(contender)
    for number in range(7):
        measure.turn(ran, np.zeros((1, 2)), number, 7)
    assert [len(contender.samples) for contender in ran] == [7, 3, 7]
    assert order[::2][:6] == ["a", "b", "c", "c", "a", "c"]
    ran[0].answers = np.ones(1)
    with pytest.raises(RuntimeError, match="a gave other answers than before"):
        measure.turn(ran, np.zeros((1, 2)), 0, 7)


def test_disagreements_are_explained() -> None:
    square = np.array([[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]], dtype=np.float64)
    layer = layer_of([[[square]], [[square + 1]]])
    points = np.array([[1.5, 1.5], [2 + 1e-8, 0.5], [0.5, 0.5], [0.5, 0.5]])
    ours, theirs = np.array([0, -1, 0, 0]), np.array([1, 0, 1, 0])
    found = explain.disagreements(layer, points, ours, theirs)
    assert found == {"count": 3, "border": 1, "tie": 0, "overlap": 1, "invalid": 0, "unexplained": 1}
    assert explain.disagreements(layer, points, ours, theirs[:1])["count"] == 1
    circle = Disks(np.array([[0.0, 0.0]]), np.array([1.0]), 1.0)
    found = explain.disagreements(
        circle, np.array([[1.0, 0], [0.5, 0]]), np.array([-1, 0]), np.array([0, -1])
    )
    assert found == {"count": 2, "border": 1, "tie": 0, "overlap": 0, "invalid": 0, "unexplained": 1}


def test_jobs_are_picked_by_the_start_of_their_names() -> None:
    assert [job.name for job in jobs.pick(["counties"], False)] == ["counties-uniform", "counties-cities"]
    assert jobs.pick(None, True) == jobs.QUICK
    names = [job.name for job in jobs.JOBS + jobs.QUICK]
    assert len(set(names)) == len(names)
    with pytest.raises(SystemExit, match="no job is called 'mars'"):
        jobs.pick(["counties", "mars"], False)


def test_data_with_another_checksum_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "FOLDER", tmp_path)
    file = tmp_path / fetch.PACKAGES["us-atlas"].file
    file.write_bytes(b"something else")
    with pytest.raises(fetch.Missing, match=r"us-atlas-3.0.1.tgz: expected SHA-256 e6daba18"):
        fetch.archive("us-atlas")
    assert not file.exists()
    package = replace(fetch.PACKAGES["us-atlas"], registry="npm", name="a", version="0")
    monkeypatch.setattr(fetch.subprocess, "run", lambda *_, **__: (_ for _ in ()).throw(OSError("no npm")))
    monkeypatch.setitem(fetch.PACKAGES, "us-atlas", package)
    with pytest.raises(fetch.Missing, match="a: npm could not be started: no npm"):
        fetch.archive("us-atlas")


# ---- results and reports ---------------------------------------------------------------------------------


def row(name: str, points: int, seconds: float, **disagreements: int) -> dict[str, Any]:
    counts = {"count": sum(disagreements.values()), "border": 0, "overlap": 0, "unexplained": 0}
    return {
        "name": name, "points": points, "build_s": [0.5, 0.25], "samples_s": [seconds, 2 * seconds, seconds],
        "busy_s": [seconds] * 3, "disagreements": counts | disagreements,
    }  # fmt: skip


def record(name: str, group: str, *rows: dict[str, Any], vertices: int = 1000) -> dict[str, Any]:
    return {
        "name": name, "title": f"the {name}", "group": group, "points": 1000, "matched": 0.5,
        "date": "2000-01-02T03:04:05", "regions": 10, "parts": 12, "vertices": vertices,
        "contenders": list(rows),
    }  # fmt: skip


@pytest.fixture
def run() -> results.Results:
    ours = row(contenders.OURS, 1000, 0.001)
    peer, gone = row("SedonaDB", 100, 0.001, border=2), {"name": "DuckDB spatial", "reason": "no | luck"}
    machine = {
        "cpu": "C", "cores": 2, "system": "S", "python": "P", "extension": "E", "date": "2000-01-02",
        "packages": {"numpy": "2.0", "duckdb": None},
    }  # fmt: skip
    join = row("A", 1000, 0.001) | {"peak_bytes": [5e6, 7e6]}
    del join["build_s"]
    records = [
        record("land", "polygons", peer, ours, gone),
        record("map", "vertices", ours, peer),
        record("finer map", "vertices", ours, peer, vertices=8000),
        record("join", "frames", join),
        record("one", "calls", ours, peer),
        record(
            "land",
            "covers",
            row("covers", 9, 0.001) | {"bytes": 4e6},
            row("nearest", 9, 0.002) | {"bytes": 8e6},
        ),
        record("both", "workers", row("1 worker", 1000, 0.002), row("2 workers", 1000, 0.001)),
    ]
    return {"machine": machine, "jobs": records}


def test_results_come_back_and_merge(tmp_path: Path, run: results.Results) -> None:
    file = tmp_path / "results.json"
    results.write(file, run)
    assert results.read(file) == run == json.loads(file.read_text())
    order = ["both", "land", "map", "one"]
    again = results.merged(file, run["machine"] | {"date": "2001"}, order)
    assert {job["name"] for job in again["jobs"]} == set(order)
    results.add(again, record("land", "polygons"), order)
    assert [job["name"] for job in again["jobs"]] == order
    assert again["jobs"][1]["contenders"] == []
    assert results.merged(file, run["machine"] | {"cpu": "another"}, order)["jobs"] == []


def test_the_page_says_what_was_measured(run: results.Results) -> None:
    page = report.page(run, ["bench-polygons.svg"])
    assert "| the land | 1.00 | 0.100 | SedonaDB | 10.0× |" in page
    assert "| **poly-match** | **1.00** | **1.00** |  | **250** | **1,000** | **0** |" in page
    assert "| SedonaDB | 0.100 | 0.100 | 10.0× | 250 | 100 | 2 on a border |" in page
    assert "| DuckDB spatial | not run: no \\| luck |" in page
    assert "| the finer map | 8,000 | 1.00 | 0.100 | 250 |" in page
    assert "| **poly-match** | **1.00** | **1.00** |" in page.split("## One point per call")[1]
    assert "| A | 1.00 | 1.00 |  | 6.00 | 1,000 | 0 |" in page.split("## GeoDataFrames")[1]
    assert (
        "| 0.500× | 250 | 250 | 1.00× | 4.00 | 8.00 | 0.0160 |" in page.split("## Nearest beside covers")[1]
    )
    assert "| the both | 0.500 | 1.00 | 2.00× |" in page
    assert "(bench-polygons.svg)" in page
    assert "bench-calls.svg" not in page
    assert "not installed: duckdb" in page
    assert "50.0 % of the points have a region" in page
    assert report.problems(run["jobs"][0]) == []


def test_the_page_says_when_the_machine_was_not_quiet(run: results.Results) -> None:
    ours = run["jobs"][0]["contenders"][1]
    ours["busy_s"] = ours["samples_s"]
    quiet = record("land", "polygons", ours)
    assert report.restless([quiet]) == ""
    assert "not quiet**: 1 of 2 rows" in report.restless(
        [quiet, run["jobs"][1] | {"contenders": [row("a", 1, 1.0)]}]
    )


def test_charts_are_drawn(tmp_path: Path, run: results.Results) -> None:
    pytest.importorskip("matplotlib")
    files = chart.draw_all(run, tmp_path)
    assert [file.name for file in files] == [
        f"bench-{group}.svg" for group in report.GROUPS if group in {job["group"] for job in run["jobs"]}
    ]
    for file in files:
        assert ElementTree.parse(file).getroot().tag.endswith("svg")


def test_a_table_is_shown(capsys: pytest.CaptureFixture[str], run: results.Results) -> None:
    report.show(run["jobs"][0])
    shown = capsys.readouterr().out
    assert "land: the land" in shown
    assert "DuckDB spatial: not run: no | luck" in shown


def test_a_result_says_on_which_machine_and_build() -> None:
    from bench import machine

    facts = machine.describe(None, ["numpy", "a-package-that-is-not-there"])
    assert facts["packages"]["numpy"] == np.__version__
    assert facts["packages"]["a-package-that-is-not-there"] is None
    assert {"cpu", "cores", "system", "python", "date", "extension", "extension SHA-256"} <= facts.keys()
