"""An index as bytes: saved, opened, pickled, shared, damaged; and builds that are limited or interrupted."""

from __future__ import annotations

import copy
import math
import multiprocessing
import operator
import os
import pickle
import signal
import threading
import time
from typing import Any

import numpy as np
import poly_match as pm
import pytest
from conftest import square
from poly_match import _core

POINTS = np.random.default_rng(5).uniform(-1, 21, (2000, 2))


def grid(side: int) -> pm.Regions:
    """Return side x side unit squares."""
    number = np.arange(side * side)
    x = (number % side)[:, None] + np.array([0, 1, 1, 0])
    y = (number // side)[:, None] + np.array([0, 0, 1, 1])
    coords = np.stack([x, y], axis=-1).reshape(-1, 2).astype(float)
    return pm.Regions(coords, np.arange(0, len(coords) + 1, 4), np.arange(side * side + 1))


class Halved(pm.Polygon):
    """Overrides the area."""

    def area(self) -> float:
        return -super().area()


def overlapping() -> list[Any]:
    return [square(x, y, 1 + (x + y) % 3) for x in range(20) for y in range(20)]


INDEXES: dict[str, pm.Index] = {
    "tree": pm.Index(overlapping()),
    "largest": pm.Index(overlapping(), best="largest"),
    "first": pm.Index(overlapping()[:3], best="first"),
    "scores": pm.Index(overlapping(), best=np.arange(400) % 7),
    "disks": pm.Index(overlapping(), predicate="center_within", distance=1.5),
    "disks, many radii": pm.Index(overlapping(), predicate="center_within", distance=np.linspace(0, 2, 400)),
    "own areas": pm.Index([Halved(*ring.T) for ring in overlapping()]),
    "nothing": pm.Index([]),
}


@pytest.fixture(params=INDEXES)
def index(request: pytest.FixtureRequest) -> pm.Index:
    return INDEXES[request.param]


def assert_same(one: pm.Index, other: pm.Index) -> None:
    assert repr(one) == repr(other)
    assert (one.predicate, one.best, len(one), one.nbytes) == (
        other.predicate,
        other.best,
        len(other),
        other.nbytes,
    )
    np.testing.assert_array_equal(one.bounds, other.bounds)
    np.testing.assert_array_equal(one.match(POINTS), other.match(POINTS))


def address(buffer: Any) -> int:
    return int(np.frombuffer(buffer, dtype=np.uint8).ctypes.data)


# ---- files -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{}, {"mmap": False}, {"verify": False}, {"mmap": False, "verify": False}]
)
def test_a_saved_index_is_the_same(index, options, tmp_path):
    path = tmp_path / "an index.pmx"
    index.save(path)
    assert path.stat().st_size == index.nbytes
    assert os.listdir(tmp_path) == [path.name]
    assert_same(pm.Index.open(path, **options), index)
    assert_same(pm.Index.open(str(path), **options), index)


def test_rules_are_in_the_file():
    assert INDEXES["own areas"].best == "smallest"
    assert INDEXES["scores"].best == "score"
    assert INDEXES["disks"].predicate == "center_within"


def test_saving_replaces_a_file_even_one_that_is_open(tmp_path):
    path = tmp_path / "index.pmx"
    INDEXES["tree"].save(path)
    opened = pm.Index.open(path)
    INDEXES["disks"].save(path)
    assert_same(opened, INDEXES["tree"])
    opened.save(path)
    assert_same(pm.Index.open(path), INDEXES["tree"])


def test_a_save_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "index.pmx"
    path.write_text("precious")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        INDEXES["tree"].save(path)
    assert os.listdir(tmp_path) == [path.name]
    assert path.read_text() == "precious"
    with pytest.raises(FileNotFoundError):
        INDEXES["tree"].save(tmp_path / "no such folder" / "index.pmx")


@pytest.mark.parametrize("mmap", [True, False])
def test_what_is_no_index(tmp_path, mmap):
    path = tmp_path / "other.pmx"
    with pytest.raises(FileNotFoundError):
        pm.Index.open(path, mmap=mmap)
    with pytest.raises(IsADirectoryError if os.name == "posix" else OSError):
        pm.Index.open(tmp_path, mmap=mmap)
    block = bytes(INDEXES["tree"]._core.block)
    other = block[:12] + b"\x63" + block[13:]
    for content, message in (
        (b"", "not an index: the file is empty"),
        (b"x,y\n1,2\n", "not an index"),
        (block[:100], "damaged: these 100 bytes end within the header"),
        (block[:-1], f"damaged: it should have {len(block)} bytes and has {len(block) - 1}"),
        (block + b"\0", "damaged: it should have"),
        (block[:-70] + bytes([block[-70] ^ 1]) + block[-69:], "damaged: the checksum is wrong"),
        (other, "written in format 99, .*: rebuild the index"),
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f"other.pmx: {message}"):
            pm.Index.open(path, mmap=mmap)


def test_every_changed_byte_is_found(tmp_path):
    block = bytearray(INDEXES["first"]._core.block)
    for at in range(len(block)):
        block[at] ^= 0x10
        with pytest.raises(ValueError, match=r"damaged|not an index|rebuild"):
            _core.Index.open(block, True)
        block[at] ^= 0x10
    _core.Index.open(block, True)


def test_open_is_no_way_around_types():
    with pytest.raises(TypeError):
        _core.Index.open("text", True)
    with pytest.raises(TypeError):
        _core.Index.open()


# ---- pickles ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle(index, protocol):
    assert_same(pickle.loads(pickle.dumps(index, protocol)), index)


def test_pickle_out_of_band_copies_nothing(index):
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(index, 5, buffer_callback=buffers.append)
    assert len(data) < 200
    (buffer,) = buffers
    assert address(buffer) == address(index._core.block)
    other = pickle.loads(data, buffers=buffers)
    assert address(other._core.block) == address(index._core.block)
    assert_same(other, index)
    again = pickle.loads(pickle.dumps(other, 5))
    del other, buffers, buffer
    assert_same(again, index)


def test_buffers_at_odd_places_are_copied(index):
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(index, 5, buffer_callback=buffers.append)
    for shift in range(9):
        memory = bytes(shift) + bytes(buffers[0])
        other = pickle.loads(data, buffers=[memoryview(memory)[shift:]])
        assert (address(other._core.block) == address(memory) + shift) == (
            address(memory) % 8 == 0 and shift % 8 == 0
        )
        assert_same(other, index)


def test_buffers_that_can_be_written_are_copied(index):
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(index, 5, buffer_callback=buffers.append)
    memory = bytearray(buffers[0].raw())
    other = pickle.loads(data, buffers=[memory])
    assert address(other._core.block) != address(memory)
    assert address(other._core.block) % 64 == 0
    memory[:] = b"\xfe" * len(memory)
    assert_same(other, index)
    del memory[:]  # nothing holds it
    again = pickle.loads(data, buffers=[memoryview(bytearray(buffers[0].raw())).toreadonly()])
    assert_same(again, index)


def test_a_damaged_pickle():
    data = bytearray(pickle.dumps(INDEXES["tree"], 5))
    data[-500] ^= 1
    with pytest.raises(ValueError, match="damaged: the checksum is wrong"):
        pickle.loads(data)


class Named(pm.Index):
    """A subclass with an attribute."""

    name = ""


def test_subclasses_and_copies(tmp_path):
    index = Named(overlapping())
    index.name = "counties"
    other = pickle.loads(pickle.dumps(index))
    assert type(other) is Named
    assert other.name == "counties"
    assert_same(other, index)
    assert copy.copy(index) is index
    assert copy.deepcopy([index])[0] is index
    index.save(tmp_path / "index.pmx")
    assert type(Named.open(tmp_path / "index.pmx")) is Named


def test_the_block_is_read_only():
    view = INDEXES["tree"]._core.block
    assert view.readonly
    assert view.nbytes == INDEXES["tree"].nbytes


def test_other_processes(tmp_path):
    index, path = INDEXES["tree"], tmp_path / "index.pmx"
    index.save(path)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        answers = pool.map(operator.methodcaller("match", POINTS), [index, pm.Index.open(path)])
        assert_same(pool.apply(pm.Index.open, (path,)), index)
    for each in answers:
        np.testing.assert_array_equal(each, index.match(POINTS))


# ---- limits ----------------------------------------------------------------------------------------------


def test_max_bytes():
    regions = grid(100)
    free = pm.Index(regions)
    points = np.random.default_rng(6).uniform(-1, 101, (5000, 2))
    least = math.inf
    for budget in (free.nbytes, free.nbytes // 2, 3_000_000):
        tight = pm.Index(regions, max_bytes=budget)
        assert tight.nbytes <= budget
        least = min(least, tight.nbytes)
        np.testing.assert_array_equal(tight.match(points), free.match(points))
        np.testing.assert_array_equal(pm.match(points, regions, max_bytes=budget), free.match(points))
    assert least < free.nbytes
    with pytest.raises(ValueError, match="max_bytes is 1000"):
        pm.Index(regions, max_bytes=1000)
    with pytest.raises(ValueError, match="max_bytes is 1000"):
        pm.Index([pm.Polygon([0, 1], [0, 1])] * 100, predicate="center_within", distance=1, max_bytes=1000)
    for bad in (0, -1):
        with pytest.raises(ValueError, match="max_bytes: expected a positive number"):
            pm.Index(regions, max_bytes=bad)
    with pytest.raises(TypeError, match="max_bytes: expected an integer, got float"):
        pm.Index(regions, max_bytes=1e6)  # type: ignore[arg-type]
    assert pm.Index(regions, max_bytes=10**30).nbytes >= least


def build_for_ever(regions: pm.Regions) -> None:
    while True:
        pm.Index(regions)


@pytest.mark.skipif(os.name != "posix", reason="needs kill()")
def test_a_long_build_is_interrupted():
    regions = grid(600)
    sent: list[float] = []

    def press() -> None:
        time.sleep(0.2)
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        build_for_ever(regions)
    took = time.perf_counter() - sent[0]
    thread.join()
    assert took < 0.3  # 0.02 on a machine with nothing else to do
