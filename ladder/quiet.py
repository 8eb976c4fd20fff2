"""Was the machine quiet enough for published figures?

Processor time excludes the time of other programs, but they also empty the caches, share the memory bandwidth
and slow down the host of a virtual machine. So a run records how busy the other cores were, how much time the
host stole, for how much of its wall time a rung really ran, and whether the baseline was as fast at the end
as at the beginning. Only Linux (/proc) gives the first two.
"""

import time
from pathlib import Path
from statistics import median

MOST_BUSY = 0.25  # of the other cores' time, on average
MOST_STOLEN = 0.02  # of this core's time
LEAST_SHARE = 0.95  # processor time by wall time, of the rungs
MOST_SPREAD = 1.15  # the slowest slice of the baseline by the fastest

Ticks = dict[int, tuple[int, int, int]]  # core: busy, stolen, all


def read_ticks() -> Ticks:
    try:
        text = Path("/proc/stat").read_text(encoding="ascii")
    except OSError:
        return {}
    ticks = {}
    for line in text.splitlines():
        name, *numbers = line.split()
        if name.startswith("cpu") and name != "cpu":
            user, nice, system, idle, wait, irq, soft, stolen = map(int, numbers[:8])
            busy = user + nice + system + irq + soft + stolen
            ticks[int(name[3:])] = (busy, stolen, busy + idle + wait)
    return ticks


def shares(before: Ticks, after: Ticks, core: int | None) -> tuple[float, float]:
    """How busy the cores other than `core` were, and the share of `core`'s time that was stolen."""
    busy, total, stolen = 0, 0, 0.0
    for number, (busy_after, stolen_after, total_after) in after.items():
        busy_before, stolen_before, total_before = before.get(number, (busy_after, stolen_after, total_after))
        elapsed = total_after - total_before
        if number != core:
            busy += busy_after - busy_before
            total += elapsed
        elif elapsed:
            stolen = (stolen_after - stolen_before) / elapsed
    return (busy / total if total else 0.0), stolen


def busy_now(seconds: float = 1.0) -> list[str]:
    """Reasons not to begin, from a short look at all cores."""
    before = read_ticks()
    time.sleep(seconds)
    busy, _ = shares(before, read_ticks(), None)
    return [f"the machine is {busy:.0%} busy before the run begins"] if busy > MOST_BUSY else []


def disturbed(profiles: dict) -> list[str]:
    """Problems with the wall times of calls, from which the cost of a profiler is computed."""
    shares = [found["processor_share"] for found in profiles.values() if "processor_share" in found]
    share = min(shares, default=1.0)
    if share >= LEAST_SHARE:
        return []
    return [f"a program to be profiled had the processor for {share:.0%} of the time"]


def restless(before: Ticks, after: Ticks, core: int | None, rows: list[dict]) -> list[str]:
    """Problems with a run from `before` to `after` on `core`, one sentence each."""
    busy, stolen = shares(before, after, core)
    found = []
    if core is not None and busy > MOST_BUSY:
        found.append(f"other programs kept the other cores {busy:.0%} busy")
    if stolen > MOST_STOLEN:
        found.append(f"the host of this virtual machine took {stolen:.0%} of the time")
    ran = [row for row in rows if "processor_share" in row]
    share = median(row["processor_share"] for row in ran)
    if share < LEAST_SHARE:
        found.append(f"the rungs had the processor for {share:.0%} of the time")
    slices = ran[0]["slices_ms"]
    spread = max(slices) / min(slices)
    if spread > MOST_SPREAD:
        found.append(f"the slowest turn of the baseline took {spread:.2f} times as long as the fastest")
    return found
