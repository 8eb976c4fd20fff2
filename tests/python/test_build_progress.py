"""A long build shows its seconds on stderr if asked to, ends at Ctrl-C, and a short one shows nothing."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import poly_match as pm
import pytest
from conftest import square
from poly_match import _core
from poly_match._engine import progress
from poly_match._engine.prepared import Prepared

SHOWN = r"(\rbuilding the index, \d+\.\d s)+\n"


def long_ring(vertices: int = 300_000) -> npt.NDArray[np.float64]:
    """Return a ring whose map of answers takes some 0.2 s to build."""
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    radius = np.random.default_rng(5).uniform(0.99999, 1.00001, vertices)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


RING = long_ring()
BUILDS: dict[str, Callable[..., Any]] = {
    "regions": lambda **options: pm.Index([RING], **options),
    "disks": lambda **options: pm.Index(
        [pm.Polygon([x], [y]) for x, y in RING[:100_000]],
        predicate="center_within",
        distance=0.001,
        **options,
    ),
}


@pytest.mark.parametrize("kind", BUILDS)
def test_a_long_build_shows_its_seconds(
    kind: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)
    quiet = BUILDS[kind]()
    assert capsys.readouterr().err == ""
    loud = BUILDS[kind](progress=True)
    assert re.fullmatch(SHOWN, capsys.readouterr().err)
    assert bytes(loud._core.block) == bytes(quiet._core.block)


def test_a_short_build_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    pm.Index([square(0, 0, 1)], progress=True)
    assert capsys.readouterr().err == ""


def test_match_shows_the_build_and_then_its_points(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)
    points = np.resize(0.99997 * RING, (500_000, 2))  # cells without a point take no time
    assert pm.match(points, [RING], progress=True).max() == 0
    assert re.match(SHOWN + r"\rmatching .*100%", capsys.readouterr().err)
    assert pm.count(points, [RING], progress=True).unmatched == 0
    assert re.match(SHOWN + r"\rmatching .*100%", capsys.readouterr().err)


class Broken:
    """A stderr that can't be written."""

    def write(self, text: str) -> int:
        raise OSError("no space")

    def flush(self) -> None: ...


def test_what_showing_raises_ends_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)
    monkeypatch.setattr(sys, "stderr", Broken())
    with pytest.raises(OSError, match="no space"):
        pm.Index([RING], progress=True)


def test_the_extension_calls_what_it_is_given() -> None:
    calls: list[str] = []
    arrays = Prepared.of([RING], "covers", None, "smallest", None, None).arrays
    rest = "covers", "smallest", None, None, "tree", None, 0, 0.0, b""
    _core.Index(*arrays, *rest, lambda: calls.append(threading.current_thread().name))
    assert set(calls) == {"MainThread"}
    with pytest.raises(ZeroDivisionError):
        _core.Index(*arrays, *rest, lambda: 1 / 0)
    with pytest.raises(TypeError, match="not callable"):
        _core.Index(*arrays, *rest, 5)  # type: ignore[arg-type]


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_ends_a_build_that_is_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def show_and_interrupt(text: str) -> int:
        count = written(text)
        os.kill(os.getpid(), signal.SIGINT)
        return count

    monkeypatch.setattr(progress, "EVERY", 0.0)
    written = sys.stderr.write
    monkeypatch.setattr(sys.stderr, "write", show_and_interrupt)
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            pm.Index([RING], progress=True)
    finally:
        signal.signal(signal.SIGINT, handler)
    assert "building the index" in capsys.readouterr().err


# ---- several workers ---------------------------------------------------------------------------------------


def rough_rings(count: int = 12, vertices: int = 10_000) -> list[npt.NDArray[np.float64]]:
    """Return rings around one another, enough edges for many tasks."""
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    random = np.random.default_rng(6)
    lengths = [1 + ring + random.uniform(0, 0.5, vertices) for ring in range(count)]
    return [np.column_stack([length * np.cos(angle), length * np.sin(angle)]) for length in lengths]


def test_any_number_of_workers_builds_the_same_bytes() -> None:
    rings = rough_rings()
    alone = bytes(pm.Index(rings)._core.block)
    for workers in (2, 3, 7, -1):
        assert bytes(pm.Index(rings, workers=workers)._core.block) == alone


def test_every_task_runs_once_on_threads() -> None:
    done: list[int] = []
    threads: set[int] = set()

    def run(work: Callable[[int, int], None], count: int) -> None:
        def half(numbers: range) -> None:
            threads.add(threading.get_ident())
            for number in numbers:
                work(number, number + 1)
                done.append(number)

        helper = threading.Thread(target=half, args=(range(0, count, 2),))
        helper.start()
        half(range(1, count, 2))
        helper.join()

    prepared = Prepared.of(rough_rings(), "covers", None, "smallest", None, None)
    rules = prepared.predicate, prepared.rule, None, None, "tree", None, 0, 0.0, b"", None, "planar", False
    index = _core.Index(*prepared.arrays, *rules, run)
    assert len(done) > 10
    assert len(threads) > 1
    assert bytes(index.block) == bytes(prepared.build("tree").block)


@pytest.mark.parametrize("fails", [0, 3])
def test_an_error_between_tasks_ends_a_build(fails: int) -> None:
    def run(work: Callable[[int, int], None], count: int) -> None:
        work(0, min(fails, count))
        raise KeyboardInterrupt

    prepared = Prepared.of(rough_rings(), "covers", None, "smallest", None, None)
    rules = prepared.predicate, prepared.rule, None, None, "tree", None, 0, 0.0, b"", None, "planar", False
    with pytest.raises(KeyboardInterrupt):
        _core.Index(*prepared.arrays, *rules, run)


@pytest.mark.parametrize("range_", [(-1, 1), (2, 1), (0, 100_000)])
def test_tasks_out_of_range_are_refused(range_: tuple[int, int]) -> None:
    def run(work: Callable[[int, int], None], count: int) -> None:
        work(*range_)

    prepared = Prepared.of(rough_rings(), "covers", None, "smallest", None, None)
    rules = prepared.predicate, prepared.rule, None, None, "tree", None, 0, 0.0, b"", None, "planar", False
    with pytest.raises(ValueError, match="range of the tasks"):
        _core.Index(*prepared.arrays, *rules, run)


def test_ctrl_c_ends_a_build_on_several_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    before = threading.active_count()
    calls = []

    def show_and_interrupt(text: str) -> int:
        calls.append(text)
        os.kill(os.getpid(), signal.SIGINT)
        return len(text)

    monkeypatch.setattr(progress, "EVERY", 0.0)
    monkeypatch.setattr(sys.stderr, "write", show_and_interrupt)
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            pm.Index(rough_rings(30), workers=3, progress=True)
    finally:
        signal.signal(signal.SIGINT, handler)
    assert calls
    assert threading.active_count() == before


@pytest.mark.parametrize("workers", [0, -2, 1.5, "2"])
def test_workers_are_a_number_of_threads(workers: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="workers"):
        pm.Index([square(0, 0, 1)], workers=workers)
