"""What a type checker and a reader are promised: marked as typed, fully annotated, documented."""

from __future__ import annotations

import dataclasses
import doctest
import importlib
import inspect
import os
import pkgutil
import re
import subprocess
import sys
import textwrap
import typing
from importlib import resources
from importlib.metadata import version
from pathlib import Path

import poly_match as pm
import pytest

MODULES = sorted(
    module.name.removeprefix("poly_match.")
    for module in pkgutil.walk_packages(pm.__path__, "poly_match.")
    if not module.ispkg and not module.name.endswith(("._core", ".__main__"))
)


def test_the_public_names_are_written_down():
    source = resources.files(pm).joinpath("__init__.py").read_text(encoding="utf-8")
    assert re.search(r"^__all__ = \[\n", source, re.MULTILINE)
    assert pm.__all__ == sorted(pm.__all__)
    assert all(hasattr(pm, name) for name in pm.__all__)
    wanted = "Index Polygon Regions check count find_all_close_polygons find_close_polygons generate_example"
    wanted += " generate_one_polygon main match plot digest match_dataset Matched select_best_polygon"
    wanted += " examples InputError InputTypeError InputValueError show_versions sjoin __version__"
    assert set(pm.__all__) == set(wanted.split())
    modules = {"dask", "duckdb", "examples", "polars", "ray", "spark"}
    assert {name for name in MODULES if not name.startswith("_")} == modules


def test_the_version_is_the_installed_one():
    assert pm.__version__ == version("poly-match")
    assert re.fullmatch(r"\d+\.\d+\.\d+", pm.__version__)
    with pytest.raises(AttributeError, match="module 'poly_match' has no attribute 'nothing'"):
        _ = pm.nothing


def test_the_package_says_that_it_is_typed():
    assert resources.files(pm).joinpath("py.typed").is_file()
    assert "class Polygon" in resources.files(pm).joinpath("_core.pyi").read_text(encoding="utf-8")


@pytest.mark.parametrize("module", MODULES)
def test_every_function_is_annotated(module):
    seen = 0
    namespace = importlib.import_module(f"poly_match.{module}")
    for _, item in inspect.getmembers(namespace):
        functions = [item] if inspect.isfunction(item) else []
        if inspect.isclass(item):
            made = dataclasses.is_dataclass(item)  # its own methods are written by the decorator
            members = inspect.getmembers(item, inspect.isfunction)
            functions = [each for name, each in members if not (made and name.startswith("__"))]
        for function in functions:
            if function.__module__ != namespace.__name__:
                continue
            hints = typing.get_type_hints(function)
            names = [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]
            assert set(names) | {"return"} <= set(hints) | {"args", "kwargs"}, function.__qualname__
            seen += 1
    assert seen > 0 or module in ("_cli.commands", "_cli.options", "_cli.errors")


@pytest.mark.parametrize("name", [name for name in pm.__all__ if not name.startswith("__")])
def test_everything_public_is_documented(name):
    documentation = inspect.getdoc(getattr(pm, name))
    assert documentation
    assert len(documentation) > 40


def test_match_has_the_options_of_both():
    options = inspect.signature(pm.match).parameters
    assert list(options) == [
        "points", "polygons", "on", "predicate", "distance", "best", "metric", "period", "invalid",
        "max_bytes", "names", "workers", "progress", "out", "return_distance",
    ]  # fmt: skip
    both = {**inspect.signature(pm.Index).parameters, **inspect.signature(pm.Index.match).parameters}
    for name, option in options.items():
        if name != "on":  # of a match alone: an index knows no keys
            if name != "names":  # an index takes True as well, for those that it stores
                assert option.annotation == both[name].annotation
            assert option.default == both[name].default
        if name not in ("points", "polygons"):
            assert option.kind is inspect.Parameter.KEYWORD_ONLY


USE = """
    from pathlib import Path
    from typing import assert_type
    import numpy as np
    import numpy.typing as npt
    import poly_match as pm

    class Named(pm.Polygon):
        def __init__(self, x: list[float], y: list[float], name: str) -> None:
            super().__init__(x, y)
            self.name = name

        def area(self) -> float:
            return 1.0

    polygons = [Named([0, 1, 1], [0, 0, 1], "a")]
    index = pm.Index(polygons, predicate="center_within", distance=3, best=np.array([1]))
    found = index.match([(0.5, 0.5)], workers=-1)
    assert_type(found, npt.NDArray[np.intp])
    assert_type(pm.match([(0.5, 0.5)], polygons), npt.NDArray[np.intp])
    assert_type(index.match(0.5, 1), int)
    assert_type(index.match(np.float32(0.5), np.int64(1)), int)
    assert_type(index.match(0.5, None, return_distance=True), tuple[int, float])
    answer, distance = index.match(0.5, 0.5, names=["a"], return_distance=True)
    assert_type(distance, float)
    small = index.match([(0.5, 0.5)], out=np.empty(1, np.int32))
    assert_type(small.dtype, np.dtype[np.int32])
    assert_type(index.match([(0.5, 0.5)], names=["a"]), npt.NDArray[np.object_])
    assert_type(pm.match([(0.5, 0.5)], polygons, names=np.arange(1)), npt.NDArray[np.object_])
    assert_type(
        pm.match([(0.5, 0.5)], polygons, predicate="nearest", return_distance=True),
        tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]],
    )
    assert_type(pm.count([(0.5, 0.5)], polygons).regions, npt.NDArray[np.intp])
    assert_type(pm.sjoin(polygons, None, columns=["a"]), list[Named])  # as the points, whatever they are
    assert_type(len(index), int)
    assert_type(index.bounds, tuple[float, float, float, float])
    assert_type(pm.__version__, str)
    assert_type(pm.examples.cities, Path)
    assert_type(pm.examples.write("folder"), list[Path])
    assert_type(polygons[0].area(), float)
    point, best = pm.main(polygons, [np.array([0.5, 0.5])])[0]
    name: str = best.name
"""

MISUSE = [
    ('pm.Index([], predicate="touches")', "arg-type"),
    ('pm.Index([], "covers")', "call-arg"),
    ("pm.match([], [], workers=None)", "call-overload"),
    ('pm.Index([]).match(1, "1")', "call-overload"),
    ("pm.Index([]).match([1.0], [2.0])", "call-overload"),
    ("pm.Index([]).match(np.zeros(1), np.zeros(1))", "call-overload"),
    ("pm.Index([]).match(1, 2, out=np.zeros(1, np.int64))", "call-overload"),
    ("pm.Index([]).best = 'first'", "misc"),
    ("pm.nothing", "attr-defined"),
]


def mypy(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "use.py"
    file.write_text(textwrap.dedent(program), encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / "cache"), str(file)]
    package = Path(pm.__file__).parents[1]
    where = {} if package.name == "site-packages" else {"MYPYPATH": str(package)}  # an editable install
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=os.environ | where)


def test_a_type_checker_follows_and_refuses_misuse(tmp_path):
    """One run of mypy for all: what must pass has no error, and each misuse has one on its line."""
    lines = textwrap.dedent(USE).splitlines()
    first = len(lines) + 1
    result = mypy("\n".join([*lines, *(line for line, _ in MISUSE)]), tmp_path)
    found = dict(re.findall(r"use\.py:(\d+): error: .*\[([a-z-]+)\]", result.stdout))
    expected = {str(first + i): code for i, (_, code) in enumerate(MISUSE)}
    assert found.keys() == expected.keys(), result.stdout + result.stderr
    for line, code in expected.items():
        assert found[line] == code, result.stdout


def test_the_examples_in_the_documentation_are_true():
    results = [doctest.testmod(importlib.import_module(f"poly_match.{name}")) for name in MODULES]
    results.append(doctest.testmod(pm))
    assert sum(result.failed for result in results) == 0
    assert sum(result.attempted for result in results) >= 10
