"""cProfile: every call counted, at the price of making each one slower."""

import cProfile
import pstats
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROWS = 8


def calls_for(rung, polygons, points) -> int:
    """Enough calls of a rung for about a second under the profiler."""
    from ladder.sampling import batches

    taken = batches(rung.run, polygons, points, 0.2)
    per_call = sum(t for t, _ in taken) / sum(n for _, n in taken)
    return max(1, min(20_000, int(0.3 / per_call)))


def count_calls(rung) -> dict:
    """The functions with the most time of their own, most first."""
    polygons, points = rung.prepare()
    calls = calls_for(rung, polygons, points)
    recorder = cProfile.Profile()
    recorder.enable()
    for _ in range(calls):
        rung.run(polygons, points)
    recorder.disable()
    stats = {key: value for key, value in pstats.Stats(recorder).stats.items() if "_lsprof" not in key[2]}
    total = sum(own for _, _, own, _, _ in stats.values())
    rows = []
    for (file, _, function), (_, count, own, _, _) in sorted(stats.items(), key=lambda item: -item[1][2])[
        :ROWS
    ]:
        where = function if file == "~" else f"{function} ({Path(file).name})"
        rows.append(
            {"function": where, "own_ms": 1e3 * own / calls, "share": own / total, "calls": count / calls}
        )
    return {"ms": 1e3 * total / calls, "calls": calls, "functions": rows}


def show(counted: dict, console: Console) -> None:
    table = Table(title=f"cProfile: {counted['calls']:,} calls of run, {counted['ms']:.3g} ms each under it")
    for column in ("own ms", "share", "calls per run", "function"):
        table.add_column(column, justify="left" if column == "function" else "right")
    for row in counted["functions"]:
        numbers = (f"{row['own_ms']:.4f}", f"{row['share']:.1%}", f"{row['calls']:,.0f}")
        table.add_row(*numbers, row["function"])
    console.print(table)
