"""How build, bytes and match grow with a map, beside prepared polygons of shapely in the same run.

Times are processor time, the least of several turns, so that other work on the machine counts little. The
growth is that from one size to the next, which is ten times as large: a build that grows by far more than
ten, or a match that grows as the map does, is a cliff. The quick run counts instructions at the small end
instead, which are the same whatever else the machine does, and compares the answers with shapely's.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench import counted, machine, maps, polygons
from bench.layers import Doubles, Layer

SAMPLE = 20_000  # points for shapely
QUICK = ("squares", "outlines", "tiling", "zones", "hierarchy", "city")
QUICK_POINTS = 5000
QUICK_SIZES = (300, 3000)
MOST = {"build_count": 16.0, "match_count": 3.0}  # growth per factor of ten that the quick run allows


def least(
    call: Callable[[], Any],
    seconds: float = 0.5,
    turns: int = 5,
    clock: Callable[[], float] = time.process_time,
) -> float:
    """Return the least processor time of some turns, of one if that takes long; or that of another clock."""
    times: list[float] = []
    while not times or (len(times) < turns and sum(times) < seconds):
        began = clock()
        call()
        times.append(clock() - began)
    return min(times)


def measured(layer: Layer, places: Doubles, workers: int) -> dict[str, float]:
    """Return seconds to build, bytes, nanoseconds per point, and the same of shapely.

    With several workers the time is that of the clock, for ours; shapely has one.
    """
    import poly_match

    regions = layer.regions()
    clock = time.process_time if workers == 1 else time.perf_counter
    build = least(lambda: poly_match.Index(regions, workers=workers), clock=clock)
    index = poly_match.Index(regions, workers=workers)
    match = least(lambda: index.match(places, workers=workers), clock=clock)
    sample = places[:SAMPLE]
    shapely_build = least(lambda: polygons.shapely_prepared(layer), turns=2)
    shapely_match = polygons.shapely_prepared(layer)
    expected = shapely_match(sample)
    wrong = int((index.match(sample) != expected).sum())
    return {
        **layer.facts, "build_s": build, "bytes": index.nbytes, "match_ns": 1e9 * match / len(places),
        "shapely_build_s": shapely_build, "differ": wrong,
        "shapely_match_ns": 1e9 * least(lambda: shapely_match(sample), turns=2) / len(sample),
    }  # fmt: skip


HEAD = """\
| map | regions | vertices | build, ms | growth | bytes per vertex | match, ns | growth | shapely: build, ms \
| match, ns | times as fast |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"""


def row(title: str, found: dict[str, float], before: dict[str, float] | None) -> str:
    """Return a line of the table."""
    growth = ["" if before is None else f"{found[key] / before[key]:.1f}" for key in ("build_s", "match_ns")]
    figures = [
        title, f"{found['regions']:,}", f"{found['vertices']:,}", f"{1e3 * found['build_s']:,.1f}", growth[0],
        f"{found['bytes'] / found['vertices']:.0f}", f"{found['match_ns']:.0f}", growth[1],
        f"{1e3 * found['shapely_build_s']:,.1f}", f"{found['shapely_match_ns']:,.0f}",
        f"{found['shapely_match_ns'] / found['match_ns']:.0f}",
    ]  # fmt: skip
    return f"| {' | '.join(figures)} |"


class Table:
    """Lines that are printed as they come, and kept for a page."""

    def __init__(self, head: str) -> None:
        self.lines: list[str] = []
        self.add(head)

    def add(self, line: str) -> None:
        """Print a line."""
        self.lines.append(line)
        print(line, flush=True)

    def write(self, docs: Path | None, name: str, text: str) -> None:
        """Write the page of this name, if there is a folder for it."""
        if docs is not None:
            facts = machine.describe(None, ("poly-match", "shapely"))
            where = ", ".join(
                f"{key}: {value}" for key, value in facts.items() if isinstance(value, (str, int))
            )
            page = f"{text}\n{chr(10).join(self.lines)}\n\n{where}\n"
            (docs / name).write_text(page, encoding="utf-8")


PAGE = """# How it grows

Maps made from numbers, from small to large, under `covers`, on one core. Growth is that from one size to the
next. shapely has prepared polygons in a tree, the polygons sorted best first; both gave the same answers.
Times are processor time, the least of several turns. Measured with other work on the machine, which makes
some of them longer: compare within a line.

<!-- not run: it takes minutes -->
```sh
python -m bench scale --docs docs
```
"""


def run(options: argparse.Namespace) -> int:
    """Measure the maps that are wanted; print, and keep what was found."""
    problems = quick(options.map or QUICK) if options.quick else full(options)
    for problem in problems:
        print(f"WRONG: {problem}")
    return 1 if problems else 0


def full(options: argparse.Namespace) -> list[str]:
    """Measure maps of all sizes, and return what is wrong."""
    problems, table = [], Table(HEAD)
    for name in options.map or list(maps.MAPS):
        kind, before = maps.MAPS[name], None
        for size in (size for size in kind.sizes if size <= options.most):
            layer = kind.make(size)
            now = measured(layer, maps.points(layer, options.points), options.workers)
            table.add(row(kind.title, now, before))
            if now["differ"]:
                problems.append(f"{name}: {now['differ']} answers are not shapely's")
            before = now
    table.write(options.docs, "bench-scale.md", PAGE)
    return problems


def quick(names: Sequence[str]) -> list[str]:
    """Count instructions at the small end, and return what grows too fast or is wrong."""
    print("| map | regions | build, million instructions | growth | match, instructions | growth |")
    print("|---|--:|--:|--:|--:|--:|")
    problems: list[str] = []
    cases = [(name, size) for name in names for size in QUICK_SIZES]
    before: dict[str, float] = {}
    for (name, size), now in zip(cases, counted.counts(cases), strict=True):
        layer = maps.MAPS[name].make(size)
        before = {} if size == QUICK_SIZES[0] else before
        growth = {key: now[key] / before[key] for key in MOST if before}
        shown = [f"{growth[key]:.1f}" if growth else "" for key in MOST]
        build, match = now["build_count"] / 1e6, now["match_count"]
        print(f"| {name} | {len(layer):,} | {build:,.1f} | {shown[0]} | {match:,.0f} | {shown[1]} |")
        for key, times in growth.items():
            if times > MOST[key]:
                problems.append(f"{name}: {key} grows {times:.0f} times, {MOST[key]:.0f} at most")
        places = maps.points(layer, QUICK_POINTS)
        differ = int((polygons.poly_match(layer)(places) != polygons.shapely_prepared(layer)(places)).sum())
        if differ:
            problems.append(f"{name}: {differ} answers are not shapely's")
        before = now
    return problems
