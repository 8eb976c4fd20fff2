"""The caller's memory may change while it is used: by a signal handler, by another thread, later.

Then there is an error, or some answer; never a crash, and never an index that changes. Arrays that a call
writes to are tested here as well.
"""

from __future__ import annotations

import ast
import pickle
import signal
import subprocess
import sys
import textwrap

import numpy as np
import poly_match as pm
import pytest
from conftest import square

POINTS = np.array([(1.0, 1.0), (5.0, 5.0), (2.0, 2.0), (9.0, 9.0)])
REGIONS = [square(0, 0, 3), square(4, 4, 2)]
ANSWERS = [0, 1, 0, -1]

SETUP = """
    import signal, sys, threading, time
    import numpy as np
    import poly_match as pm

    random = np.random.default_rng(1)
    t = np.linspace(0, 2 * np.pi, 1000)
    ring = np.column_stack([np.cos(t), np.sin(t)]) * 5
    moves = random.uniform(0, 100, (count, 2))
    rings = [ring * (1 + 0.1 * random.random((1000, 1))) + move for move in moves]
    for each in rings:
        each[-1] = each[0]
    good = np.concatenate(rings)
    coords = good.copy()
    regions = pm.Regions(coords, np.arange(count + 1) * 1000, np.arange(count + 1))
    distances = np.full(count, 3.0)
    rules = [
        {},
        {"best": "first"},
        {"predicate": "center_within", "distance": 3.0},
        {"predicate": "center_within", "distance": distances},
    ]

    def build(options):
        try:
            index = pm.Index(regions, **options)
        except ValueError as error:
            return str(error)
        assert set(index.match(np.random.default_rng(2).uniform(0, 100, (1000, 2)))) <= set(range(-1, count))
        return ""
"""
BY_SIGNAL = """
    def handler(*_):
        spoil()

    signal.signal(signal.SIGALRM, handler)
    errors = set()
    for after in (0.001, 0.025):  # it is handled when the build looks for signals, every 20 ms
        for options in rules:
            coords[:], distances[:] = good, 3.0
            signal.setitimer(signal.ITIMER_REAL, after)
            errors.add(build(options))
            signal.setitimer(signal.ITIMER_REAL, 0)
    print(sorted(errors))
"""
BY_THREAD = """
    ended = threading.Event()

    def writer():
        while not ended.wait(0.001):
            spoil()
            time.sleep(0.002)
            coords[:], distances[:] = good, 3.0

    thread = threading.Thread(target=writer)
    thread.start()
    errors = {build(rules[k % 4]) for k in range(24)}
    ended.set()
    thread.join()
    print(sorted(errors))
"""
SPOILERS = {
    "NaN": "coords[::7] = np.nan",
    "infinite": "coords[::5, 1] = np.inf",
    "opened": "coords[999::1000] += 1",
    "distances": "distances[:] = -1",
}
HOW = {"thread": BY_THREAD} | ({"signal": BY_SIGNAL} if hasattr(signal, "SIGALRM") else {})


def run(program: str) -> str:
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, (result.returncode, result.stderr)
    return result.stdout


@pytest.mark.parametrize("spoiler", SPOILERS)
@pytest.mark.parametrize("how", HOW)
def test_coordinates_that_change_during_a_build(how, spoiler):
    spoil = f"def spoil():\n    {SPOILERS[spoiler]}\n"
    count = (
        f"count = {1600 if how == 'signal' else 200}\n"  # so that copying takes a while, or building doesn't
    )
    printed = run(count + textwrap.dedent(SETUP) + spoil + textwrap.dedent(HOW[how]))
    for error in ast.literal_eval(printed):
        assert not error or any(word in error for word in ("coordinate", "distance", "area")), error


def test_offsets_cannot_be_changed():
    offsets = np.array([0, 4, 8])
    regions = pm.Regions(np.concatenate(REGIONS), offsets, [0, 1, 2], np.array([0, 1, 2], dtype=np.uint8))
    offsets[:] = 99
    for kept in (regions.ring_offsets, regions.polygon_offsets, regions.geom_offsets):
        array = kept
        while array is not None:
            if isinstance(array, np.ndarray):
                with pytest.raises(ValueError, match="WRITEABLE"):
                    array.flags.writeable = True
            array = getattr(array, "base", None)
        assert kept.dtype == np.int64
    assert pm.match(POINTS, regions).tolist() == ANSWERS
    assert pm.match(POINTS, pickle.loads(pickle.dumps(regions))).tolist() == ANSWERS


@pytest.mark.parametrize("step", [0, 1, 4, -4, 7])
def test_an_out_that_overlaps_itself_is_refused(step):
    memory = np.zeros(64, dtype=np.uint8)[8:]
    out = np.ndarray(4, dtype=np.int64, buffer=memory, offset=24, strides=(step,))
    index = pm.Index(REGIONS)
    for call in (lambda: index.match(POINTS, out=out), lambda: pm.match(POINTS, REGIONS, out=out)):
        with pytest.raises(ValueError, match=r"^out: its items overlap in memory$"):
            call()
    assert not memory.any()
    one = np.ndarray(1, dtype=np.int64, buffer=memory, strides=(step,))
    assert index.match(POINTS[1:2], out=one).tolist() == [1]


def test_an_out_with_any_other_stride_is_taken():
    index = pm.Index(REGIONS)
    for out in (np.zeros(8, np.int32)[::2], np.zeros(4, np.int64)[::-1], np.zeros((4, 3), np.int64)[:, 1]):
        assert index.match(POINTS, out=out).tolist() == ANSWERS
    memory = POINTS.copy()
    out = memory.view(np.int64)[:, 0]  # over the points themselves
    assert index.match(memory, out=out).tolist() == ANSWERS
