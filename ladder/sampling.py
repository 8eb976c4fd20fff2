"""Time a call. Python 3.9 and the standard library, since it also runs under PyPy.

If the thread's clock is fine enough, its processor time is measured, which excludes time taken by other
programs; otherwise wall time. A sample is the time of one call, or, for calls so short that reading the clock
would matter, the mean of a batch of calls that together take about two milliseconds. The first call counts
like any other unless there is a warm-up: this shows the time of a just-in-time compiler, or leaves it out.
The garbage collector runs as in normal use, and each result is freed before the next one is made.
"""

import time
from itertools import repeat
from time import perf_counter

BATCH_SECONDS = 0.002
FINE_SECONDS = BATCH_SECONDS / 20  # the coarsest clock step that can time a batch


def smallest_step(clock, patience=0.05, readings=1000):
    """The smallest step of this clock, or infinity if it does not move within `patience` seconds.

    It also makes that many readings: on a busy machine the seconds may pass between two of them.
    """
    smallest = float("inf")
    begin = perf_counter()
    before = clock()
    count = 0
    while count < readings or perf_counter() - begin < patience:
        count += 1
        now = clock()
        if now != before:
            smallest = min(smallest, now - before)
            before = now
    return smallest


def choose_clock():
    """(clock, its name): processor time of the thread if its steps are fine, else wall time."""
    thread_time = getattr(time, "thread_time", None)
    if thread_time is not None and smallest_step(thread_time) <= FINE_SECONDS:
        return thread_time, "processor time of the thread"
    return perf_counter, "wall time"


class Repeated:
    """A call to be timed in slices; the size of a batch is kept from slice to slice."""

    def __init__(self, call, clock):
        self.call = call
        self.clock = clock
        self.batch = 1
        self.is_first = True

    def slice(self, seconds, iterations=None):
        """A list of (seconds, wall seconds, calls), one per batch, for `seconds` or for `iterations`."""
        call, clock = self.call, self.clock
        taken = []
        total, calls = 0.0, 0
        while (calls < iterations) if iterations else (not taken or total < seconds):
            batch = min(self.batch, iterations - calls) if iterations else self.batch
            wall_begin, begin = perf_counter(), clock()
            for _ in repeat(None, batch):
                call()
            elapsed, wall = clock() - begin, perf_counter() - wall_begin
            taken.append((elapsed, wall, batch))
            total += elapsed
            calls += batch
            if not self.is_first:  # the first call may include compilation and other one-time work
                fastest = min(t / n for t, _, n in taken)
                self.batch = max(1, int(BATCH_SECONDS / max(fastest, 1e-9)))
            self.is_first = False
        return taken
