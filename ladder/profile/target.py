"""The target of a profiler: one rung, run repeatedly for some seconds.

Run as `python -m ladder.profile.target RUNG SECONDS`. At the end it prints a line of JSON: the wall time of a
call, and with `--count`, which enables cProfile, its figures.
"""

import argparse
import cProfile
import importlib
import json
import pstats
from pathlib import Path
from time import perf_counter, process_time

from common import machine
from ladder.worker import check_build, use_build

ROWS = 8


def repeat(rung, polygons, points, seconds: float) -> dict:
    begin, calls = perf_counter(), 0
    processor_begin = process_time()
    while (elapsed := perf_counter() - begin) < seconds:
        rung.run(polygons, points)
        calls += 1
    share = (process_time() - processor_begin) / elapsed
    return {"ms": 1e3 * elapsed / calls, "calls": calls, "processor_share": share}


def is_ours(file: str, line: int, function: str) -> bool:
    """Whether this is the loop around the rung, or cProfile itself."""
    return file == __file__ or "method time." in function or "_lsprof" in function


def count_calls(rung, polygons, points, seconds: float) -> dict:
    """The functions with the most own time, most first."""
    recorder = cProfile.Profile()
    recorder.enable()
    found = repeat(rung, polygons, points, seconds)
    recorder.disable()
    stats = {key: value for key, value in pstats.Stats(recorder).stats.items() if not is_ours(*key)}
    total = sum(own for _, _, own, _, _ in stats.values())
    rows = []
    for (file, _, function), (_, count, own, _, _) in sorted(stats.items(), key=lambda item: -item[1][2]):
        where = function if file == "~" else f"{function} ({Path(file).name})"
        share, calls = own / total, count / found["calls"]
        rows.append({"function": where, "share": share, "calls": calls})
    return found | {"functions": rows[:ROWS]}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m ladder.profile.target")
    parser.add_argument("rung")
    parser.add_argument("seconds", type=float)
    parser.add_argument("--build", help="the folder that C code must come from")
    parser.add_argument("--count", action="store_true", help="with cProfile at work")
    options = parser.parse_args()
    machine.settle()
    if options.build:
        use_build(options.build)
    rung = importlib.import_module(f"ladder.rungs.{options.rung}")
    if options.build:
        check_build(options.build)
    polygons, points = rung.prepare()
    rung.run(polygons, points)
    act = count_calls if options.count else repeat
    print(json.dumps(act(rung, polygons, points, options.seconds)), flush=True)


if __name__ == "__main__":
    main()
