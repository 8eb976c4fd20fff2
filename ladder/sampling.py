"""Time one rung. Shared by the ladder's own process and its workers, so Python 3.9 and no packages.

A sample is the time of one call; where a call is so short that reading the clock would show, it is the mean
of a batch of calls that together take about two milliseconds. The first call counts like every other one,
unless `warmup` calls went before: that is how the time of a just-in-time compiler is shown, or left out.
The garbage collector runs as it does in normal use, and a result is thrown away before the next one is
made.
"""

from itertools import repeat
from time import perf_counter

BATCH_SECONDS = 0.002
MIN_CALLS = 5


def batches(run, polygons, points, seconds, iterations=None, warmup=0):
    """A list of (seconds for the batch, calls in it), for about `seconds` or for `iterations` calls."""
    for _ in range(warmup):
        run(polygons, points)
    taken = []
    total, calls, batch = 0.0, 0, 1
    while calls < (iterations or MIN_CALLS) or (iterations is None and total < seconds):
        if iterations:
            batch = min(batch, iterations - calls)
        begin = perf_counter()
        for _ in repeat(None, batch):
            run(polygons, points)
        elapsed = perf_counter() - begin
        taken.append((elapsed, batch))
        total += elapsed
        calls += batch
        if len(taken) >= 2:  # the first call may hold compilation and other things done once
            fastest = min(t / n for t, n in taken[1:])
            batch = max(1, int(BATCH_SECONDS / max(fastest, 1e-9)))
    return taken


def time_rung(rung, seconds, iterations=None, warmup=0):
    """Times, ceiling and answers of one rung module, as plain numbers."""
    polygons, points = rung.prepare()
    record = {"batches": batches(rung.run, polygons, points, seconds, iterations, warmup)}
    if "candidates" in rung.__all__:
        polygon_sets = rung.candidates(polygons, points)
        select = batches(
            lambda sets, _: rung.select_best_polygon(sets), polygon_sets, None, seconds / 4, None, 1
        )
        record["ceiling"] = select
    record["answers"] = [int(a) for a in rung.answers(polygons, points, rung.run(polygons, points))]
    return record
