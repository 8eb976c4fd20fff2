"""Where the time of a rung goes: cProfile's table, and flame graphs from profilers that sample.

cProfile counts every Python call, and by doing so slows calls down and sees nothing within C. A sampling
profiler looks at the whole stack some hundred times a second and hardly disturbs; py-spy with `--native`
puts Python functions and C functions into one stack. `perf` sees the C side only, but sees it as the
operating system does, the kernel included. Showing both on the same rung shows what each one gets wrong.
"""

import json
from pathlib import Path

from ladder.environments import NotRun
from ladder.measure import load, pick, title
from ladder.profile import deterministic, flame, stacks

DEFAULT = ["r01_baseline", "r06_native_find", "r08_no_allocation", "r12_native_main"]
PROFILERS = {"py-spy": stacks.py_spy, "perf": stacks.perf}


def profile(rungs: list[str] | None, seconds: float, docs: Path) -> int:
    """Print and draw the profiles of some rungs and keep their figures in profile.json; 0 when all worked."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=110)
    docs.mkdir(parents=True, exist_ok=True)
    names = pick(rungs, with_baseline=False) if rungs else DEFAULT
    figures = docs / "profile.json"
    kept = json.loads(figures.read_text(encoding="utf-8")) if figures.exists() else {}
    failed = False
    for name in names:
        console.rule(f"[bold]{title(name)}", align="left")
        try:
            counted = deterministic.count_calls(load(name))
        except NotRun as reason:
            console.print(f"not run: {reason}", markup=False)
            failed = True
            continue
        deterministic.show(counted, console)
        kept[name] = {"cProfile": counted}
        for profiler, record in PROFILERS.items():
            try:
                folded = record(name, seconds)
            except NotRun as reason:
                console.print(f"{profiler}: not run: {reason}", highlight=False, markup=False)
                failed = failed or profiler == "py-spy"
                continue
            path = docs / f"flame-{name}-{profiler}.svg"
            caption = f"{title(name)} · {profiler}, {sum(folded.values()):,} samples"
            path.write_text(flame.svg(folded, caption), encoding="utf-8")
            console.print(f"{profiler}: {path}", highlight=False, soft_wrap=True)
            own = flame.hottest(folded, 8)
            for frame, share in own[:5]:
                console.print(f"   {share:6.1%}  {frame}", highlight=False, markup=False)
            inclusive = list(flame.inclusive(folded).items())[:40]
            kept[name][profiler] = {"samples": sum(folded.values()), "own": own, "inclusive": dict(inclusive)}
    figures.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return int(failed)
