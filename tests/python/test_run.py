"""How a match is run: workers, chunks, progress, interrupts. None of them changes an answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import poly_match as pm
import pytest
from conftest import square
from poly_match import _core
from poly_match._engine import run


def test_answers_do_not_depend_on_workers_or_chunks(monkeypatch):
    rng = np.random.default_rng(2)
    shapes = [square(*rng.uniform(0, 90, 2), rng.uniform(1, 10)) for _ in range(300)]
    places = rng.uniform(0, 100, (20_000, 2))
    index = pm.Index(shapes)
    expected = index._core
    whole = np.empty(len(places), np.int64)
    expected.match(places[:, 0], places[:, 1], whole)
    assert 0.1 < (whole >= 0).mean() < 0.99
    for first in (1, 7, 256, 100_000):
        monkeypatch.setattr(run, "FIRST_CHUNK", first)
        for workers in (1, 2, 3, -1):
            assert np.array_equal(index.match(places, workers=workers), whole)


def test_workers_share_the_work_and_none_is_left_over(monkeypatch):
    seen: dict[int, int] = {}
    before = threading.active_count()  # Dask keeps threads in a process that used it

    def slow(x, y, out):
        time.sleep(0.002)
        seen[threading.get_ident()] = seen.get(threading.get_ident(), 0) + len(x)
        out[:] = 5

    monkeypatch.setattr(run, "CHUNK_SECONDS", 0.002)
    out = np.zeros(10_000, np.int64)
    run.run(slow, out.astype(float), out.astype(float), out, 3, False)
    assert (out == 5).all()
    assert len(seen) == 3
    assert sum(seen.values()) == 10_000
    assert threading.active_count() == before


def test_a_failure_in_a_worker_is_raised_and_ends_the_work():
    main, before = threading.get_ident(), threading.active_count()
    calls = []

    def failing(x, y, out):
        calls.append(len(x))
        time.sleep(0.001)
        if threading.get_ident() != main:
            raise MemoryError("no more")

    out = np.zeros(10_000_000, np.int64)
    x = np.broadcast_to(np.zeros(1), len(out))
    with pytest.raises(MemoryError, match="no more"):
        run.run(failing, x, x, out, 2, False)
    assert sum(calls) < len(out)
    assert threading.active_count() == before


def test_chunks_are_sized_by_time(monkeypatch):
    clock = [0.0]
    sizes = []

    def match(x, y, out):
        sizes.append(len(x))
        clock[0] += len(x) * 1e-5  # 100,000 points a second

    monkeypatch.setattr(run.time, "perf_counter", lambda: clock[0])
    out = np.zeros(100_000, np.int64)
    run.run(match, out, out, out, 1, False)
    assert sum(sizes) == 100_000
    assert sizes[0] == run.FIRST_CHUNK
    assert all(size * 1e-5 <= run.CHUNK_SECONDS * 1.01 for size in sizes)
    assert sizes[2] == pytest.approx(3000, abs=1)


@pytest.mark.parametrize("workers", [0, -2, -100])
def test_workers_must_be_positive_or_all(workers):
    with pytest.raises(ValueError, match="workers: expected a positive number, or -1"):
        pm.match([(0, 0)], [square(0, 0, 1)], workers=workers)
    with pytest.raises(TypeError, match="workers"):
        pm.match([(0, 0)], [square(0, 0, 1)], workers=1.5)


def test_all_cores_are_those_this_process_may_use(tmp_path: Path):
    assert 1 <= run.usable_cores() <= len(os.sched_getaffinity(0))
    group = tmp_path / "cgroup"
    group.write_text("0::/a/b\n")
    inner = tmp_path / "fs" / "a" / "b"
    inner.mkdir(parents=True)
    assert run.cgroup_quota(group, tmp_path / "fs") is None
    (inner / "cpu.max").write_text("max 100000\n")
    assert run.cgroup_quota(group, tmp_path / "fs") is None
    (inner.parent / "cpu.max").write_text("150000 100000\n")
    assert run.cgroup_quota(group, tmp_path / "fs") == 1.5
    group.write_text("4:cpu,cpuacct:/\n")
    old = tmp_path / "fs" / "cpu"
    old.mkdir()
    (old / "cpu.cfs_quota_us").write_text("-1\n")
    (old / "cpu.cfs_period_us").write_text("100000\n")
    assert run.cgroup_quota(group, tmp_path / "fs") is None
    (old / "cpu.cfs_quota_us").write_text("250000\n")
    assert run.cgroup_quota(group, tmp_path / "fs") == 2.5
    assert run.cgroup_quota(tmp_path / "none", tmp_path) is None


def test_a_quota_limits_the_cores(monkeypatch):
    monkeypatch.setattr(run.os, "sched_getaffinity", lambda _: set(range(8)))
    for quota, cores in ((None, 8), (0.5, 1), (1.5, 2), (16.0, 8)):
        monkeypatch.setattr(run, "cgroup_quota", lambda quota=quota: quota)
        assert run.usable_cores() == cores


def test_progress_ends_at_all_of_it(capsys):
    places = np.zeros((50_000, 2))
    quiet = pm.match(places, [square(0, 0, 1)])
    assert capsys.readouterr().err == ""
    loud = pm.match(places, [square(0, 0, 1)], progress=True, workers=2)
    shown = capsys.readouterr().err
    assert np.array_equal(quiet, loud)
    assert shown.startswith("\rmatching")
    assert " 0%" in shown
    assert shown.count("100%") == 1
    assert shown.endswith("points/s\n")
    pm.match([], [square(0, 0, 1)], progress=True)
    assert "100%" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_ends_a_long_match_soon(workers):
    program = textwrap.dedent(
        f"""
        import signal, sys, threading, time
        import numpy as np, poly_match as pm
        signal.signal(signal.SIGINT, signal.default_int_handler)
        rings = [np.array([[0, 0], [1, 0], [1, 1], [0, 1.]])] * 20_000
        ramps = [np.array([[0, 0], [1, 1], [0, 1.]])] * 20_000
        index = pm.Index(ramps)
        points = np.broadcast_to(np.array([[0.9, 0.1]]), (10**8, 2))
        print("ready", flush=True)
        try:
            index.match(points, workers={workers}, out=np.empty(len(points), np.int32))
        except KeyboardInterrupt:
            print("interrupted", time.time(), threading.active_count(), flush=True)
        """
    )
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "ready\n"
        time.sleep(0.5)
        sent = time.time()
        child.send_signal(signal.SIGINT)
        word, at, threads = child.communicate(timeout=30)[0].split()
    finally:
        child.kill()
    assert (word, threads) == ("interrupted", "1")
    assert float(at) - sent < 1.5


def test_the_gil_is_free_while_matching():
    triangles = np.tile([[0, 0], [1, 1], [0, 1.0]], (3000, 1))
    offsets = np.arange(3001)
    index = _core.Index(triangles, 3 * offsets, offsets, None, None, "covers", "smallest", None, None, "scan")
    places = np.broadcast_to(np.array([[0.9, 0.1]]), (30_000, 2))
    ticks = []
    done = threading.Event()

    def tick():
        while not done.wait(0.001):
            ticks.append(time.perf_counter())

    out = np.empty(len(places), np.int64)
    thread = threading.Thread(target=tick)
    thread.start()
    began = time.perf_counter()
    index.match(places[:, 0], places[:, 1], out)
    ended = time.perf_counter()
    done.set()
    thread.join()
    assert ended - began > 0.02, "too fast to tell: match more points"
    assert sum(began < at < ended for at in ticks) > 3
