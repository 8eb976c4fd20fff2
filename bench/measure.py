"""Measure one job: build, check, then time in rounds, one call of each contender after the other.

For fairness, all run in this process, on the same core, from the same arrays; each has built and run once on
a tiny layer before its build is timed, and runs on a few of the points right before each timed call; each
round starts with another contender, so that none always follows the same one; the garbage collector is off
during a call, as in timeit. A contender that would need longer than `seconds` for all points gets the first n
of them, and three rounds instead of all.
"""

from __future__ import annotations

import contextlib
import datetime
import gc
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from bench import answers, contenders, explain, machine
from bench.answers import Answers, Matcher
from bench.jobs import Job
from bench.layers import Disks, Doubles, Layer, disks, layer_of
from bench.polygons import NotRun

Tell = Callable[[str], None]

FIRST_PROBE = 20  # points
SLOW_ROUNDS = 3
BUILD_SECONDS = 1.0  # builds are repeated, up to three times, within this time


@dataclass
class Contender:
    """One contender of a job, and its results so far."""

    name: str
    builder: contenders.Builder
    match: Matcher = lambda points: np.empty(0)
    points: int = 0
    slow: bool = False
    build: list[float] = field(default_factory=list)
    samples: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)  # the processor time of each sample
    answers: Answers = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    reason: str = ""

    @property
    def bytes(self) -> dict[str, int]:
        """The size of an index of ours, whose method `match` is."""
        size = getattr(getattr(self.match, "__self__", None), "nbytes", None)
        return {} if size is None else {"bytes": size}

    def record(self) -> dict[str, Any]:
        """Return the record for the results."""
        if self.reason:
            return {"name": self.name, "reason": self.reason}
        times = {"build_s": self.build, "samples_s": self.samples, "busy_s": self.busy}
        seconds = {key: [float(f"{value:.5g}") for value in values] for key, values in times.items()}
        return {"name": self.name, "points": self.points} | seconds | self.bytes


def run_job(
    job: Job, rounds: int, seconds: float, tell: Tell, most_points: int | None = None
) -> dict[str, Any]:
    """Run a job and return its record for the results."""
    tell(f"{job.name}: data")
    layer, points = job.layer(), np.ascontiguousarray(job.points()[:most_points])
    field_of = [
        Contender(name, build) for name, build in contenders.pick(layer, job.contenders, job.group).items()
    ]
    with machine.cores(job.pinned):
        for contender in field_of:
            tell(f"{job.name}: {contender.name}: build")
            prepare(contender, layer, points, job.one_by_one, seconds)
        ran = [contender for contender in field_of if not contender.reason]
        for number in range(rounds):
            tell(f"{job.name}: round {number + 1} of {rounds}")
            turn(ran, points, number, rounds)
    records = [contender.record() for contender in field_of]
    reference = ran[0].match(points) if ran else None  # all points, even if it is timed with fewer
    for contender, record in zip(field_of, records, strict=True):
        if reference is not None and not contender.reason:
            record["disagreements"] = explain.disagreements(
                layer, points, reference, contender.answers, job.group
            )
    matched = None if reference is None else answers.matched(reference)
    return {
        "name": job.name, "title": job.title, "group": job.group, "points": len(points), "matched": matched,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        **layer.facts, "contenders": records,
    }  # fmt: skip


def prepare(
    contender: Contender, layer: Layer | Disks, points: Doubles, one_by_one: bool, seconds: float
) -> None:
    """Build a contender, find how many points it can take, and keep its answers for them."""
    try:
        warm_up(contender.builder, layer)
        while not contender.build or (sum(contender.build) < BUILD_SECONDS and len(contender.build) < 3):
            contender.match = lambda points: np.empty(0)  # free the previous one
            took, _, contender.match = timed(contender.builder, layer)
            contender.build.append(took)
        if one_by_one:
            contender.match = singly(contender.match)
        contender.points, contender.slow = sample_size(contender.match, points, seconds)
        _, _, contender.answers = timed(contender.match, points[: contender.points])
    except ImportError as error:
        contender.reason = f"{(error.name or str(error)).partition('.')[0]} is not installed"
    except NotRun as error:
        contender.reason = str(error)
    except Exception as error:  # a peer's failure becomes a line of the table; the run goes on
        contender.reason = (
            f"failed: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        )


def warm_up(builder: contenders.Builder, layer: Layer | Disks) -> None:
    """Trigger a contender's imports and compilation."""
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]])
    tiny = disks(10, 3) if isinstance(layer, Disks) else layer_of([[[square]], [[square + 0.5]]])
    with contextlib.suppress(NotRun):  # it may still run on the real layer
        builder(tiny)(np.random.default_rng(0).random((10, 2)))


def singly(match: Matcher) -> Matcher:
    """Return the matcher that makes one call per point."""

    def match_each(points: Doubles) -> npt.NDArray[np.int64]:
        found = np.empty(len(points), dtype=np.int64)
        for i in range(len(points)):
            found[i] = match(points[i : i + 1])[0]
        return found

    return match_each


def timed(function: Callable[[Any], Any], argument: Any) -> tuple[float, float, Any]:
    """Return the time of a call, its processor time, and its result."""
    gc.disable()
    try:
        begin, own = time.perf_counter(), time.process_time()
        result = function(argument)
        return time.perf_counter() - begin, time.process_time() - own, result
    finally:
        gc.enable()


def sample_size(match: Matcher, points: Doubles, seconds: float) -> tuple[int, bool]:
    """Return how many points to give a contender, and whether its calls take long.

    All points if that is possible in `seconds`. Some contenders do a fixed amount of work in each call,
    whatever the number of points. They should not be judged by that alone, so the time *per further point*
    counts, and such a call may take longer than `seconds`. The number grows step by step, up to the one that
    the last two steps predict; each step runs twice, since the first run may do one-time work. Processor time
    counts, so that a busy machine does not make the samples too small.
    """
    before, count, took_before = 0, min(FIRST_PROBE, len(points)), 0.0
    while True:
        took = min(timed(match, points[:count])[1] for _ in range(2))
        per_point = (took - took_before) / (count - before)
        fixed = max(took - per_point * count, 0.0)
        possible = max(seconds - fixed, seconds / 2) / max(per_point, 1e-9)
        can_tell = before > 0 or took > 4 * seconds  # separate the time per point from that per call
        if count == len(points) or (can_tell and count > possible / 2):
            fits = count == len(points) and took < 2 * seconds
            chosen = count if fits else min(rounded(possible), len(points))
            return chosen, fixed + per_point * chosen > seconds / 2
        before, took_before = count, took
        count = min(5 * count, max(int(possible), 2 * count), len(points))


def rounded(count: float) -> int:
    """Round down to one significant digit."""
    size = 10 ** int(np.log10(max(count, 1)))
    return int(count // size * size)


def turn(ran: list[Contender], points: Doubles, number: int, rounds: int) -> None:
    """Time one call of each contender."""
    spread = {round(i * (rounds - 1) / (SLOW_ROUNDS - 1)) for i in range(SLOW_ROUNDS)}
    first = number % max(len(ran), 1)
    for contender in ran[first:] + ran[:first]:
        if contender.slow and number not in spread:
            continue
        contender.match(points[: max(contender.points // 50, 1)])
        took, own, found = timed(contender.match, points[: contender.points])
        contender.samples.append(took)
        contender.busy.append(own)
        if not answers.equal(found, contender.answers):
            raise RuntimeError(f"{contender.name} gave other answers than before to the same points")
