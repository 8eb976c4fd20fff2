"""What a sampling profiler looks at: one rung, run again and again for some seconds.

Run as `python -m ladder.profile.target RUNG SECONDS`; prints "ready" when the loop begins.
"""

import sys
from time import perf_counter

from ladder.measure import load


def repeat(rung, polygons, points, seconds: float) -> None:
    end = perf_counter() + seconds
    while perf_counter() < end:
        rung.run(polygons, points)


def main() -> None:
    rung = load(sys.argv[1])
    polygons, points = rung.prepare()
    rung.run(polygons, points)
    print("ready", flush=True)
    repeat(rung, polygons, points, float(sys.argv[2]))


if __name__ == "__main__":
    main()
