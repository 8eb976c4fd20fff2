"""Where the time of a rung goes: cProfile's table, a flame graph of py-spy's samples, and what both cost.

cProfile counts every Python call, which slows calls down, and sees nothing inside C. A sampling profiler
reads the whole stack some hundred times per second; py-spy with `--native` puts Python functions and C
functions into one stack. The cost of each is measured: the wall time of a call without a profiler, under
py-spy and under cProfile.
"""

import json
from pathlib import Path

from common import machine
from ladder.catalogue import Rung, describe, pick
from ladder.environments import NotRun
from ladder.profile import flame, stacks

DEFAULT = ["r01_baseline", "r07_c1", "r08_c2_allocating", "r09_c2", "r16_native_main"]


def examine(rung: Rung, seconds: float) -> tuple[dict, stacks.Stacks]:
    """The figures of a rung under both profilers, and the samples."""
    alone = stacks.run_target(rung, seconds / 2)
    counted = stacks.run_target(rung, seconds / 2, "--count")
    sampled, said = stacks.py_spy(rung, seconds)
    again = stacks.run_target(rung, seconds / 2)
    return {
        "alone_ms": min(alone["ms"], again["ms"]),
        "processor_share": min(alone["processor_share"], again["processor_share"]),
        "cProfile": counted,
        "py-spy": {
            "ms": said["ms"],
            "rate": stacks.RATE,
            "samples": sum(sampled.values()),
            "own": stacks.hottest(sampled, 8),
            "inclusive": stacks.inclusive(sampled, 40),
        },
    }, sampled


def show(found: dict, path: Path) -> None:
    from rich import print
    from rich.markup import escape

    for profiler in ("cProfile", "py-spy"):
        times = found[profiler]["ms"] / found["alone_ms"]
        print(f"{profiler}: a call takes {times:.2f} times as long as without")
        if profiler == "cProfile":
            own = [(row["function"], row["share"]) for row in found[profiler]["functions"]]
        else:
            own = found[profiler]["own"]
        for function, share in own[:5]:
            print(f"   {share:6.1%}  {escape(function)}")
    print(path.name)


def profile(rungs: list[str] | None, seconds: float, docs: Path) -> dict:
    """Print and draw the profiles of some rungs, write their figures to profile.json, return the new ones.

    If a rung could not be profiled, its figures are only a `reason`, which is not written to the file.
    """
    machine.release()  # the sampler runs beside its target, on another core
    docs.mkdir(parents=True, exist_ok=True)
    figures = docs / "profile.json"
    kept = json.loads(figures.read_text(encoding="utf-8")) if rungs and figures.exists() else {}
    found: dict[str, dict] = {}
    for rung in map(describe, pick(rungs, with_baseline=False) if rungs else DEFAULT):
        print(f"\n{rung.number}. {rung.name}")
        try:
            found[rung.module], sampled = examine(rung, seconds)
        except NotRun as reason:
            found[rung.module] = {"reason": str(reason)}
            print(f"not run: {reason}")
            continue
        path = docs / f"flame-{rung.module}.svg"
        path.write_text(flame.svg(sampled, f"{rung.number}. {rung.name}"), encoding="utf-8")
        show(found[rung.module], path)
    kept |= {module: new for module, new in found.items() if "reason" not in new}
    figures.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return found
