"""Match many points: in chunks, on several cores, with a progress bar, and interruptible.

A chunk is sized by time, not by count: about 30 ms of work at the rate measured so far. The interpreter runs
between two chunks, so that the bar can move and Ctrl-C can end the call. Answers don't depend on the chunks,
because each point is matched on its own. All threads end with the call.
"""

from __future__ import annotations

import operator
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy.typing as npt

from poly_match._engine.progress import Bar
from poly_match._errors import type_error, value_error
from poly_match._forms.numbers import Doubles

Match = Callable[..., None]  # of x, y, answers and, if wanted, distances

FIRST_CHUNK = 256  # points matched before anything is known about the rate
CHUNK_SECONDS = 0.03
GROWTH = 8  # a chunk may be this many times the one before it


def run(
    match: Match,
    x: Doubles,
    y: Doubles,
    out: npt.NDArray[Any],
    workers: int,
    progress: bool,
    distances: Doubles | None = None,
) -> None:
    """Call `match` on slices of x, y, out and any distances until all points have their answer."""
    count = worker_count(workers)
    arrays = (x, y, out) if distances is None else (x, y, out, distances)
    if len(x) <= FIRST_CHUNK and not progress:
        match(*arrays)
        return
    bar = Bar(len(x)) if progress else None

    def work(start: int, stop: int) -> None:
        match(*[array[start:stop] for array in arrays])

    try:
        ChunkQueue(work, len(x), count).run(None if bar is None else bar.show)
    finally:
        if bar is not None:
            bar.close()


class ChunkQueue:
    """Work that can be split anywhere, and its progress.

    Parameters
    ----------
    work
        Does the items between two positions.
    count
        The number of items.
    workers
        Threads, including the calling one.
    first
        The items of the first chunk, and the fewest that are worth a thread.
    """

    def __init__(
        self, work: Callable[[int, int], None], count: int, workers: int, first: int = FIRST_CHUNK
    ) -> None:
        self.work, self.count, self.first = work, count, first
        self.workers = max(min(workers, -(-count // first)), 1)
        self.lock = threading.Lock()
        self.next = 0  # the first item that no thread has taken
        self.done = 0
        self.chunk = first
        self.failure: BaseException | None = None

    def run(self, show: Callable[[int], None] | None) -> None:
        """Do all of it, and report progress to `show`."""
        threads = [threading.Thread(target=self._help, daemon=True) for _ in range(self.workers - 1)]
        try:
            for thread in threads:
                thread.start()
            self._work(show)
        except BaseException:
            self._stop()
            raise
        finally:
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
        if self.failure is not None:
            raise self.failure
        if show is not None:
            show(self.done)

    def _help(self) -> None:
        try:
            self._work(None)
        except BaseException as failure:
            self.failure = failure
            self._stop()

    def _stop(self) -> None:
        with self.lock:
            self.next = self.count

    def _work(self, show: Callable[[int], None] | None) -> None:
        while (taken := self._take()) is not None:
            start, stop = taken
            began = time.perf_counter()
            self.work(start, stop)
            self._finish(stop - start, time.perf_counter() - began)
            if show is not None:
                show(self.done)

    def _take(self) -> tuple[int, int] | None:
        with self.lock:
            start, left = self.next, self.count - self.next
            if left <= 0:
                return None
            # Near the end smaller chunks, so that all workers finish together.
            share = max(-(-left // self.workers), self.first)
            self.next = start + min(self.chunk, share, left)
            return start, self.next

    def _finish(self, items: int, seconds: float) -> None:
        with self.lock:
            self.done += items
            aim = int(items * CHUNK_SECONDS / max(seconds, 1e-9))
            self.chunk = max(min(aim, GROWTH * items), 1)


def task_runner(workers: int) -> Callable[[Callable[[int, int], None], int], None] | None:
    """Return what runs the tasks of a build on this many threads; None where one thread does them.

    Tasks take some milliseconds each, and are of different sizes: they are taken one by one at first.
    """
    threads = worker_count(workers)
    if threads == 1:
        return None
    return lambda work, count: ChunkQueue(work, count, threads, first=1).run(None)


# ---- how many cores --------------------------------------------------------------------------------------


def worker_count(workers: int) -> int:
    """Return the number of threads for `workers`, as in SciPy: -1 means all that this process may use."""
    try:
        count = operator.index(workers)
    except TypeError:
        raise type_error("workers", f"expected an integer, got {type(workers).__name__}") from None
    if count == -1:
        return usable_cores()
    if count < 1:
        raise value_error("workers", f"expected a positive number, or -1 for all cores, got {count}")
    return count


def usable_cores() -> int:
    """Return the cores this process may use: its affinity, and its control group's quota rounded up."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cgroup_quota()
    return max(1, cores if quota is None else min(cores, int(-(-quota // 1))))


def cgroup_quota(proc: Path = Path("/proc/self/cgroup"), root: Path = Path("/sys/fs/cgroup")) -> float | None:
    """Return how many cores' worth of time the control groups allow, None without a limit.

    A limit applies to everything below it, so the smallest on the path to the root counts. Version 2 has
    ``quota period`` in cpu.max, version 1 a file for each.
    """
    limits = []
    try:
        lines = proc.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            limits += [_read_quota(folder / "cpu.max") for folder in _upwards(root, path)]
        elif "cpu" in controllers.split(","):
            for folder in _upwards(root / "cpu", path):
                limits.append(_read_quota(folder / "cpu.cfs_quota_us", folder / "cpu.cfs_period_us"))
    return min((limit for limit in limits if limit is not None), default=None)


def _upwards(root: Path, path: str) -> list[Path]:
    folder = root / path.strip("/")
    return [folder, *(parent for parent in folder.parents if parent.is_relative_to(root))]


def _read_quota(*files: Path) -> float | None:
    try:
        quota, period = " ".join(file.read_text() for file in files).split()
        return int(quota) / int(period) if int(quota) > 0 else None
    except (OSError, ValueError):  # no such file, or "max"
        return None
