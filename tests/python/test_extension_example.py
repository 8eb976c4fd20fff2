"""examples/extension, the hundred lines of C: as fast to read, as right and as safe as it says.

The modules are built once, as a reader builds them, and then get everything that a caller can do to C code:
wrong types, half-made polygons, lists that change meanwhile. An exception or Python's own answer, never a
crash; under_asan runs this file too, where memory that is read after it was freed is a failure.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import re
import subprocess
import sys
import tracemalloc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from ladder.rungs import r01_baseline as baseline  # noqa: E402

FOLDER = ROOT / "examples/extension"
NAMES = ("poly_match_c1", "poly_match_c2_allocating", "poly_match_c2")
NATIVE = NAMES[1:]  # those with a Polygon

X, Y = [0.0, 4.0, 4.0, 0.0], [0.0, 0.0, 3.0, 3.0]


def install(source: Path, target: Path, *options: str) -> None:
    """Install a project from its folder, as a reader does, but with what is installed already."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command = [*pip, "--no-build-isolation", "--no-deps", "--no-index", "--target", target, *options, source]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # where meson is
    result = subprocess.run(
        [str(word) for word in command], env=os.environ | {"PATH": path}, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Return the three modules by name, built from the folder, or by under_asan already."""
    target = Path(os.environ.get("BUILT_EXTENSION", ""))
    if "BUILT_EXTENSION" not in os.environ:
        target = tmp_path_factory.mktemp("extension")
        install(FOLDER, target)
    sys.path.insert(0, str(target))
    try:
        yield {name: importlib.import_module(name) for name in NAMES}
    finally:
        sys.path.remove(str(target))


@pytest.fixture(params=NAMES)
def find(request: pytest.FixtureRequest, modules: dict[str, Any]) -> Any:
    """Return find_close_polygons of each module."""
    return modules[request.param].find_close_polygons


@pytest.fixture(params=NATIVE)
def native(request: pytest.FixtureRequest, modules: dict[str, Any]) -> Any:
    """Return each module with a Polygon."""
    return modules[request.param]


class Plain:
    """A polygon as c1 sees it: an object with a center."""

    def __init__(self, center: Any) -> None:
        self.center = center


def polygons_for(find: Any, modules: dict[str, Any], count: int) -> list[Any]:
    """Return polygons around (0, 0), (1, 0), … of the type that belongs to the function."""
    module = modules[find.__self__.__name__]
    if not hasattr(module, "Polygon"):
        return [Plain(np.array([float(i), 0.0])) for i in range(count)]
    return [module.Polygon([i - 1.0, i + 1.0], [0.0, 0.0]) for i in range(count)]


# ---- what the page promises ----


def code_lines(path: Path) -> int:
    """Return the number of lines that are neither blank nor only a comment."""
    comment = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
    text = comment.sub(lambda found: "\n" * found[0].count("\n"), path.read_text())
    return sum(bool(line.strip()) for line in text.splitlines())


def test_code_lines_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "five.c"
    path.write_text("/* one\n * two */\nint a;\n\n// three\nint b; /* four\n */ int c;\nint f(void) {\n}\n")
    assert code_lines(path) == 5


def test_each_file_has_fewer_than_a_hundred_lines() -> None:
    counts = {path.name: code_lines(path) for path in FOLDER.rglob("*.c")}
    assert set(counts) == {f"{name}.c" for name in NAMES}
    assert all(20 < count < 100 for count in counts.values()), counts


def test_only_the_loop_differs_between_the_last_two() -> None:
    first, second = ((FOLDER / f"{name}.c").read_text().replace(name, "M") for name in NATIVE)
    for start, stop in (
        ("#include", "static PyObject *find_close"),
        ("static PyMethodDef", "PyMODINIT_FUNC"),
    ):
        parts = [re.sub(r"\s+", " ", text[text.index(start) : text.index(stop)]) for text in (first, second)]
        assert parts[0] == parts[1]


# ---- answers ----


def by_baseline(polygons: list[Any], point: Any, max_dist: float) -> list[Any]:
    return baseline.find_close_polygons(polygons, point, max_dist)


def test_the_example_has_the_answers_of_the_baseline(modules: dict[str, Any]) -> None:
    polygons, points = baseline.prepare()
    expected = baseline.answers(polygons, points, baseline.run(polygons, points))
    assert sum(winner >= 0 for winner in expected) > 90
    for name in NAMES:
        kind: type = baseline.Polygon
        if name in NATIVE:
            members = {"_area": None, "area": baseline.Polygon.area}
            kind = type("Polygon", (modules[name].Polygon,), members)
        polygons, points = baseline.generate_example(kind)
        find = modules[name].find_close_polygons
        sets = [(point, find(polygons, point, baseline.MAX_DIST)) for point in points]
        best = baseline.select_best_polygon([(point, close) for point, close in sets if close])
        assert baseline.answers(polygons, points, best) == expected, name


def test_random_polygons_have_the_answers_of_the_baseline(modules: dict[str, Any]) -> None:
    random = np.random.default_rng(3)
    matched = 0
    for count in (1, 2, 3, 7, 8, 9, 31, 200):  # numpy adds short and long arrays in different orders
        vertices = random.normal(scale=10.0, size=(100, 2, count))
        plain = [baseline.Polygon(x, y) for x, y in vertices]
        point, max_dist = random.normal(scale=10.0, size=2), float(random.uniform(10, 20))
        close = {id(polygon) for polygon in by_baseline(plain, point, max_dist)}
        expected = [i for i, polygon in enumerate(plain) if id(polygon) in close]
        matched += len(expected)
        for name in NAMES:
            kind = modules[name].Polygon if name in NATIVE else baseline.Polygon
            polygons = [kind(x, y) for x, y in vertices]
            assert all((a.center == b.center).all() for a, b in zip(polygons, plain, strict=True))
            position = {id(polygon): i for i, polygon in enumerate(polygons)}
            result = modules[name].find_close_polygons(polygons, point, max_dist)
            assert [position[id(polygon)] for polygon in result] == expected
    assert matched > 150


def test_closer_is_strict_and_the_order_is_kept(find: Any, modules: dict[str, Any]) -> None:
    polygons = polygons_for(find, modules, 5)
    assert find(polygons, np.zeros(2), 3.0) == polygons[:3]
    assert find(polygons[::-1], np.zeros(2), 3.0) == polygons[2::-1]
    assert find(polygons, [0, 0], float("inf")) == polygons
    assert find(polygons, (4, 0), 1) == polygons[4:]


@pytest.mark.parametrize("max_dist", [0.0, -1.0, float("nan"), -float("inf")])
def test_nothing_is_closer_than_nothing(find: Any, modules: dict[str, Any], max_dist: float) -> None:
    assert find(polygons_for(find, modules, 3), np.zeros(2), max_dist) == []


def test_nan_is_no_match(find: Any, modules: dict[str, Any]) -> None:
    polygons = polygons_for(find, modules, 3)
    assert find(polygons, np.array([np.nan, 0.0]), 9.0) == []
    kind = getattr(modules[find.__self__.__name__], "Polygon", None)
    polygons.insert(1, kind([np.nan], [0.0]) if kind else Plain(np.array([np.nan, 0.0])))
    assert find(polygons, np.zeros(2), float("inf")) == [polygons[0], *polygons[2:]]


# ---- arguments ----


@pytest.mark.parametrize(
    "point", [None, 3.0, [1.0], [1.0, 2.0, 3.0], "ab", [1j, 0], [None, 1.0], np.zeros((2, 2))]
)
def test_what_is_no_point(find: Any, modules: dict[str, Any], point: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        find(polygons_for(find, modules, 3), point, 1.0)


@pytest.mark.parametrize(
    "arguments", [(), ([],), ([], [0, 0]), (None, [0, 0], 1.0), ([], [0, 0], "far"), ([], [0, 0], 1, 2)]
)
def test_what_are_no_arguments(find: Any, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        find(*arguments)


def test_what_is_no_polygon(find: Any, modules: dict[str, Any]) -> None:
    polygons = polygons_for(find, modules, 2)
    for other in (None, 3, "polygon", object(), np.zeros(2), type(polygons[0])):
        with pytest.raises((AttributeError, TypeError, ValueError)):
            find([polygons[0], other, polygons[1]], np.zeros(2), 5.0)


def test_the_polygon_of_another_module(modules: dict[str, Any]) -> None:
    first, second = (modules[name] for name in NATIVE)
    for module, other in ((first, second), (second, first)):
        with pytest.raises(TypeError, match=r"polygons\[0\]: expected a Polygon"):
            module.find_close_polygons([other.Polygon(X, Y)], np.zeros(2), 5.0)


# ---- c1: a center is whatever Python code makes of it ----


@pytest.mark.parametrize(
    "center",
    [
        None,
        1.0,
        [1.0],
        [1.0, 2.0, 3.0],
        "ab",
        [[1.0, 2.0]],
        [None, 1.0],
        ["1", "2"],
        np.array([1j, 0j]),
        np.array([None, 1.0]),
    ],
)
def test_what_is_no_center(modules: dict[str, Any], center: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        modules["poly_match_c1"].find_close_polygons([Plain(center)], np.zeros(2), 1.0)


@pytest.mark.parametrize("center", [[0, 1], (0, 1), np.array([0, 1], dtype=np.int8), np.arange(4.0)[::2] / 2])
def test_what_is_a_center_too(modules: dict[str, Any], center: Any) -> None:
    polygon = Plain(center)
    assert modules["poly_match_c1"].find_close_polygons([polygon], np.zeros(2), 1.5) == [polygon]


def test_an_error_of_center_arrives(modules: dict[str, Any]) -> None:
    class Failing:
        @property
        def center(self) -> Any:
            raise LookupError("no center today")

    with pytest.raises(LookupError, match="no center today"):
        modules["poly_match_c1"].find_close_polygons([Plain([0, 0]), Failing()], np.zeros(2), 1.0)


def test_a_list_that_shrinks_while_center_runs(modules: dict[str, Any]) -> None:
    """As in Python: a polygon in use stays, the loop ends where the list ends."""

    class Clearing:
        def __init__(self, polygons: list[Any]) -> None:
            self.polygons = polygons

        @property
        def center(self) -> Any:
            self.polygons.clear()
            gc.collect()
            return np.zeros(2)

    for function in (modules["poly_match_c1"].find_close_polygons, by_baseline):
        polygons: list[Any] = []
        polygons += [Clearing(polygons) for _ in range(100)]
        close = function(polygons, np.zeros(2), 1.0)
        assert len(close) == 1
        assert isinstance(close[0], Clearing)
        assert polygons == []


def test_a_point_that_shrinks_while_center_runs(modules: dict[str, Any]) -> None:
    point = np.zeros(2)

    class Resizing:
        @property
        def center(self) -> Any:
            point.resize(100_000, refcheck=False)
            return np.zeros(2)

    polygons = [Resizing() for _ in range(10)]
    assert modules["poly_match_c1"].find_close_polygons(polygons, point, 1.0) == polygons


def test_any_iterable_of_polygons(modules: dict[str, Any]) -> None:
    polygons = [Plain([i, 0]) for i in range(4)]

    def failing() -> Iterator[Plain]:
        yield from polygons
        raise LookupError("no more")

    find = modules["poly_match_c1"].find_close_polygons
    assert find(iter(polygons), np.zeros(2), 1.5) == polygons[:2]
    with pytest.raises(LookupError, match="no more"):
        find(failing(), np.zeros(2), 1.5)


# ---- Polygon ----


def test_a_polygon_has_copies_of_its_numbers(native: Any) -> None:
    x, y = np.array(X), np.array(Y)
    polygon = native.Polygon(x, y=y)
    x[:] = 100
    assert polygon.x.tolist() == X
    assert polygon.y.tolist() == Y
    assert polygon.center.tolist() == [2.0, 1.5]
    assert polygon.x.dtype == polygon.center.dtype == np.float64
    polygon.center[:] = 7
    polygon.x[:] = 7
    polygon.x.resize(100_000, refcheck=False) if polygon.x.flags.owndata else None
    assert native.find_close_polygons([polygon], (2.0, 1.5), 1e-9) == [polygon]


@pytest.mark.parametrize("kind", [list, tuple, np.float32, np.int64, np.uint8, bool, np.bool_])
def test_numbers_of_other_types(native: Any, kind: Any) -> None:
    x = kind([0, 1]) if kind in (list, tuple) else np.array([0, 1], dtype=kind)
    assert native.Polygon(x, x).center.tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([0.0, 1.0], [0.0]),
        (np.zeros(3), np.zeros(4)),
        ([], []),
        (1.0, 2.0),
        (None, None),
        ([None], [1.0]),
        ("ab", "cd"),
        (["1"], ["2"]),
        ([1j], [0.0]),
        (np.array([1j]), np.zeros(1)),
        (np.zeros((2, 2)), np.zeros((2, 2))),
        (np.zeros(1, "M8[s]"), np.zeros(1, "M8[s]")),
        (object(), object()),
        ([10**400], [1.0]),
    ],
)
def test_what_are_no_vertices(native: Any, x: Any, y: Any) -> None:
    with pytest.raises((TypeError, ValueError, OverflowError)):
        native.Polygon(x, y)


@pytest.mark.parametrize("arguments", [(), (X,), (X, Y, Y)])
def test_a_polygon_takes_two_arguments(native: Any, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        native.Polygon(*arguments)
    with pytest.raises(TypeError):
        native.Polygon(X, Y, color="red")


def test_a_skipped_init(native: Any) -> None:
    class Careless(native.Polygon):  # type: ignore[misc]
        def __init__(self) -> None:
            pass

    for polygon in (Careless(), native.Polygon.__new__(native.Polygon)):
        for name in ("x", "y", "center"):
            with pytest.raises(AttributeError):
                getattr(polygon, name)
        with pytest.raises((AttributeError, TypeError)):
            native.find_close_polygons([polygon], np.zeros(2), 1.0)


def test_a_repeated_init(native: Any) -> None:
    polygon = native.Polygon(X, Y)
    for _ in range(100):
        with pytest.raises(RuntimeError, match="already initialized"):
            polygon.__init__([9.0], [9.0])
    assert polygon.center.tolist() == [2.0, 1.5]


def test_an_init_inside_init(native: Any) -> None:
    """Reading x runs Python code, which initializes the same polygon: the first to finish wins."""
    polygon = native.Polygon.__new__(native.Polygon)

    class Again:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            polygon.__init__([1.0], [2.0])
            return np.array(X)

    with pytest.raises(RuntimeError, match="already initialized"):
        polygon.__init__(Again(), Y)
    assert polygon.center.tolist() == [1.0, 2.0]


def test_a_failed_init_can_be_repeated(native: Any) -> None:
    polygon = native.Polygon.__new__(native.Polygon)
    with pytest.raises(ValueError, match="inhomogeneous"):
        polygon.__init__([1.0], [])
    polygon.__init__(X, Y)
    assert polygon.center.tolist() == [2.0, 1.5]


def test_attributes_cannot_be_replaced_or_deleted(native: Any) -> None:
    polygon = native.Polygon(X, Y)
    for name in ("x", "y", "center"):
        with pytest.raises(AttributeError):
            setattr(polygon, name, np.zeros(2))
        with pytest.raises(AttributeError):
            delattr(polygon, name)


def test_subclasses_have_what_python_gives_them(native: Any) -> None:
    class Named(native.Polygon):  # type: ignore[misc]
        def __init__(self, name: str, x: Any, y: Any) -> None:
            super().__init__(x, y)
            self.name = name

        def area(self) -> float:
            return 12.0

    polygon = Named("park", X, Y)
    assert (polygon.name, polygon.area(), vars(polygon)) == ("park", 12.0, {"name": "park"})
    assert native.find_close_polygons([polygon], (2.0, 1.0), 1.0)[0] is polygon
    assert weakref.ref(polygon)() is polygon
    with pytest.raises(TypeError, match="weak reference"):
        weakref.ref(native.Polygon(X, Y))


def test_a_center_of_a_subclass_is_not_looked_at(native: Any) -> None:
    """The price of the last two steps, said in the opening comment of poly_match_c2.c."""

    class Elsewhere(native.Polygon):  # type: ignore[misc]
        center = np.array([100.0, 100.0])

    polygon = Elsewhere(X, Y)
    assert native.find_close_polygons([polygon], (2.0, 1.5), 1.0) == [polygon]


def test_polygons_in_a_cycle_are_collected(native: Any) -> None:
    class Linked(native.Polygon):  # type: ignore[misc]
        other: Any

    first, second = Linked(X, Y), Linked(X, Y)
    first.other, second.other = second, first
    watch = weakref.ref(first)
    del first, second
    gc.collect()
    assert watch() is None


def test_arrays_outlive_their_polygon(native: Any) -> None:
    polygon = native.Polygon(X, Y)
    x, center = polygon.x, polygon.center
    del polygon
    gc.collect()
    assert x.tolist() == X
    assert center.tolist() == [2.0, 1.5]


# ---- references ----


def test_no_reference_is_lost_or_kept(modules: dict[str, Any]) -> None:
    for name in NAMES:
        find = modules[name].find_close_polygons
        polygons = polygons_for(find, modules, 4)
        point, distance = np.zeros(2), 1.5
        objects = [*polygons, polygons, point]
        before = [sys.getrefcount(thing) for thing in objects]
        for _ in range(100):
            find(polygons, point, distance)
            with pytest.raises((AttributeError, TypeError)):
                find([*polygons, None], point, distance)
        assert [sys.getrefcount(thing) for thing in objects] == before, name


def test_no_memory_is_lost(modules: dict[str, Any]) -> None:
    """A lost array would be a hundred bytes and more in each of a thousand rounds."""

    def fail(function: Any, *arguments: Any) -> None:
        with contextlib.suppress(AttributeError, RuntimeError, TypeError, ValueError):
            function(*arguments)
            raise AssertionError(arguments)

    def work(module: Any) -> None:
        kind = getattr(module, "Polygon", None)
        polygon = kind(X, Y) if kind else Plain([2.0, 1.5])
        for _ in range(1000):
            if kind:
                kind(X, Y)
                for x, y in ((X, [1.0]), (["a"], ["b"]), ([], []), ([None], [1.0])):
                    fail(kind, x, y)
                fail(polygon.__init__, X, Y)
                fail(module.find_close_polygons, [polygon, kind.__new__(kind)], [0.0, 0.0], 9.0)
            else:
                for center in ([1.0], "ab", [None, 1.0]):
                    fail(module.find_close_polygons, [Plain(center)], [0.0, 0.0], 9.0)
            fail(module.find_close_polygons, [polygon, None], [0.0, 0.0], 9.0)
            assert len(module.find_close_polygons([polygon], [0.0, 0.0], 9.0)) == 1

    for name in NAMES:
        work(modules[name])
        gc.collect()
        tracemalloc.start()
        try:
            work(modules[name])
            gc.collect()
            assert tracemalloc.get_traced_memory()[0] < 30_000, name
        finally:
            tracemalloc.stop()
