"""The tree and the scan give the same answers; the C tests compare both with exact arithmetic."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from conftest import draws
from hypothesis import given, settings
from hypothesis import strategies as st
from poly_match import Index, Regions, _core
from poly_match._engine.prepared import is_few

shapely = pytest.importorskip("shapely", reason="reads the example data")
pyogrio = pytest.importorskip("pyogrio", reason="reads the example data")

COUNTRIES = "examples/countries.geojson"


def answers(regions: Regions, points: npt.NDArray[np.float64], engine: str) -> npt.NDArray[np.int64]:
    index = _core.Index(*regions._arrays, "covers", "smallest", None, None, engine)
    out = np.empty(len(points), dtype=np.int64)
    index.match(points[:, 0], points[:, 1], out)
    return out


def countries() -> Regions:
    shapes = shapely.from_wkb(pyogrio.raw.read(COUNTRIES)[2])
    kind, coords, offsets = shapely.to_ragged_array(shapes)
    assert kind == shapely.GeometryType.MULTIPOLYGON
    return Regions(coords, *offsets)


def test_real_regions() -> None:
    regions = countries()
    rng = np.random.default_rng(1)
    somewhere = rng.uniform((-181, -91), (181, 91), (20_000, 2))
    vertices = regions.coords[rng.integers(0, len(regions.coords), 3_000)]
    beside = np.nextafter(vertices, rng.choice([-np.inf, np.inf], vertices.shape))
    close = vertices + rng.normal(0, 0.01, vertices.shape)
    middles = (regions.coords[:-1] + regions.coords[1:])[::40] / 2  # on edges, or very close
    points = np.concatenate([somewhere, vertices, beside, close, middles])
    found = answers(regions, points, "tree")
    assert (found == answers(regions, points, "scan")).all()
    assert 0.2 < (found >= 0).mean() < 0.9


@pytest.fixture(scope="module")
def cases() -> tuple[list[Index], npt.NDArray[np.float64], list[npt.NDArray[np.int64]]]:
    """Indices over the countries, points, and the answers of each index to all of them at once."""
    regions = countries()
    indices = [Index(regions), Index(regions, predicate="center_within", distance=8.0)]
    rng = np.random.default_rng(3)
    spread = rng.uniform((-181, -91), (181, 91), (1_000, 2))
    points = np.concatenate([spread, regions.coords[rng.integers(0, len(regions.coords), 1_000)]])
    return indices, points, [index.match(points) for index in indices]


def unaligned(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    moved = np.frombuffer(b"x" + values.tobytes(), dtype=np.float64, offset=1)
    assert not moved.flags.aligned or not len(moved)
    return moved.reshape(values.shape)


LAYOUTS: dict[str, Callable[[npt.NDArray[np.float64]], Any]] = {
    "rows": np.ascontiguousarray,
    "a view of rows": lambda points: points,
    "Fortran order": np.asfortranarray,
    "columns": lambda points: tuple(points.T.copy()),
    "views of columns": lambda points: (points[:, 0], points[:, 1]),
    "one column backwards": lambda points: (points[::-1, 0].copy()[::-1], points[:, 1]),
    "rows of three": lambda points: np.insert(points, 1, np.nan, axis=1)[:, ::2],
    "unaligned rows": unaligned,
    "unaligned columns": lambda points: (unaligned(points[:, 0]), unaligned(points[:, 1])),
    "big-endian": lambda points: points.astype(">f8"),
}


@settings(max_examples=draws(300), deadline=None)
@given(
    layout=st.sampled_from(sorted(LAYOUTS)),
    start=st.integers(0, 1999),
    count=st.integers(0, 700),
    step=st.sampled_from([1, 2, 3, -1, -2]),
    workers=st.integers(1, 3),
)
def test_any_number_of_points_in_any_layout(
    cases: Any, layout: str, start: int, count: int, step: int, workers: int
) -> None:
    indices, points, expected = cases
    chosen = slice(start, None, step)
    for index, answers in zip(indices, expected, strict=True):
        found = index.match(LAYOUTS[layout](points[chosen][:count]), workers=workers)
        assert np.array_equal(found, answers[chosen][:count])


small = st.integers(-4, 4) | st.floats(-4, 4, width=16)


@settings(max_examples=draws(200), deadline=None)
@given(
    rings=st.lists(st.lists(st.tuples(small, small), min_size=1, max_size=6), min_size=1, max_size=8),
    points=st.lists(st.tuples(small, small), min_size=1, max_size=30),
    scale=st.sampled_from([1.0, 1e-300, 1e9, 1e300, 2.0**-1070]),
    shift=st.sampled_from([0.0, 1e9, 1 / 3]),
)
def test_any_regions(
    rings: list[list[tuple[float, float]]], points: list[tuple[float, float]], scale: float, shift: float
) -> None:
    coords = np.concatenate([np.array(ring, dtype=float) for ring in rings]) * scale + shift
    offsets = np.cumsum([0, *map(len, rings)])
    regions = Regions(coords, offsets, np.arange(len(rings) + 1))
    where = np.concatenate([np.array(points, dtype=float) * scale + shift, coords])
    expected = answers(regions, where, "scan")
    assert (answers(regions, where, "tree") == expected).all()
    for way in ("scan", "boxes", "tree", "auto"):
        assert (job_answers(regions, where, way) == expected).all()


def job_answers(regions: Regions, points: np.ndarray, way: str, best: str = "smallest") -> np.ndarray:
    x, y = np.array(points, dtype=float).reshape(-1, 2).T.copy()
    job = _core.Job(*regions._arrays, "covers", best, None, None, way, None, 0, 0.0, x, y)
    assert way in ("auto", job.engine)
    found = np.empty(len(x), dtype=np.int64)
    job.match(x, y, found)
    return found


@pytest.mark.parametrize("best", ["smallest", "largest", "first"])
def test_every_way_of_a_job(best: str) -> None:
    regions = countries()
    points = np.concatenate(
        [np.random.default_rng(3).uniform((-180, -90), (180, 90), (3000, 2)), regions.coords]
    )
    expected = Index(regions, best=best).match(points)
    for way in ("scan", "boxes", "tree", "auto"):
        assert (job_answers(regions, points, way, best) == expected).all()


def test_a_job_goes_the_cheapest_way() -> None:
    regions = countries()
    found = []
    for points in (np.zeros((1, 2)), np.random.default_rng(4).uniform((-180, -90), (180, 90), (500_000, 2))):
        x, y = points.T.copy()
        job = _core.Job(*regions._arrays, "covers", "first", None, None, "auto", None, 0, 0.0, x, y)
        found.append(job.engine)
    assert found == ["scan", "tree"]


def test_a_job_is_for_its_own_kinds_of_arguments() -> None:
    arrays = countries()._arrays
    x = np.zeros(2)
    with pytest.raises(TypeError, match="keywords"):
        _core.Job(*arrays, x=x)
    with pytest.raises(ValueError, match="one length"):
        _core.Job(*arrays, "covers", "first", None, None, "auto", None, 0, 0.0, x, np.zeros(3))
    with pytest.raises(ValueError, match="pm_engine"):
        _core.Job(*arrays, "covers", "first", None, None, "quick", None, 0, 0.0, x, x)
    job = _core.Job(*arrays, "covers", "first", None, None, "auto", None, 0, 0.0, x, x)
    assert len(job) == len(countries())
    with pytest.raises(TypeError, match="got 2 arguments"):
        job.match(x, x)
    with pytest.raises(ValueError, match="nearest"):
        job.match(x, x, np.empty(2, np.int64), np.empty(2))


def test_an_unknown_engine_is_refused() -> None:
    regions = Regions([[0, 0]], [0, 1], [0, 1])
    with pytest.raises(ValueError, match="pm_engine"):
        answers(regions, np.zeros((1, 2)), "quick")


def test_few_points_are_scanned() -> None:
    regions = countries()
    for predicate in ("center_within", "dwithin", "nearest"):
        sizes = len(regions), len(regions.coords)
        assert is_few(10, *sizes, predicate)
        assert not is_few(10_000_000, *sizes, predicate)
    assert Index(regions).nbytes > 2 * regions.coords.nbytes


@pytest.mark.parametrize("candidates", [0.3, 3, 300])
def test_disks(candidates: float) -> None:
    rng = np.random.default_rng(2)
    x, y, area = rng.random((3, 2000))
    radius = np.sqrt(np.array([candidates / 2000 / np.pi]))
    points = np.concatenate([rng.random((20_000, 2)), np.column_stack([x + radius, y])])
    found = []
    for engine in ("tree", "scan"):
        index = _core.Index.from_disks(x, y, area, "smallest", None, radius, engine)
        out = np.empty(len(points), dtype=np.int64)
        index.match(points[:, 0], points[:, 1], out)
        found.append(out)
    assert (found[0] == found[1]).all()
    assert (found[0] >= 0).mean() > 0.1
