"""Run the rungs and compare them: times, multiples of the baseline, ceilings, answers.

Every rung has its own process, and they take turns. In each round every rung runs for a slice of its time,
and the baseline runs at the beginning and in the middle. A multiple compares the medians of all slices, so if
the machine slows down or speeds up meanwhile, no rung gains from when it ran.
"""

from collections.abc import Callable
from contextlib import ExitStack
from statistics import median

from ladder.catalogue import BASELINE, Rung, describe, lines_of_rung
from ladder.environments import NotRun
from ladder.workers import Worker

ROUNDS = 5


def milliseconds(batches: list) -> list[float]:
    return [1e3 * seconds / calls for seconds, _, calls in batches]


def summary(batches: list) -> dict:
    """Average, median and minimum in milliseconds of (seconds, wall seconds, calls)."""
    per_call = milliseconds(batches)
    calls = sum(n for _, _, n in batches)
    return {
        "average_ms": 1e3 * sum(t for t, _, _ in batches) / calls,
        "median_ms": median(per_call),
        "min_ms": min(per_call),
        "calls": calls,
        "samples_ms": [float(f"{ms:.4g}") for ms in per_call],
    }


def turns(names: list[str], rounds: int) -> list[str]:
    """The order of the slices: in each round the baseline, half of the others, the baseline, the rest."""
    others = [name for name in names if name != BASELINE]
    half = (len(others) + 1) // 2
    one = [BASELINE, *others[:half], BASELINE, *others[half:]] if others else [BASELINE]
    return one * rounds + ([BASELINE] if others else [])


def start(rungs: list[Rung], stack: ExitStack, tell: Callable[[str], None]) -> tuple[dict, dict]:
    """A worker for each rung that can run, and the reason for each that cannot."""
    workers: dict[str, Worker] = {}
    reasons: dict[str, str] = {}
    for rung in rungs:
        tell(f"starting  {rung.name}")
        try:
            workers[rung.module] = stack.enter_context(Worker(rung))
        except NotRun as why:
            reasons[rung.module] = str(why)
    return workers, reasons


def measure(
    names: list[str],
    seconds: float = 1.0,
    iterations: int | None = None,
    warmup: int = 0,
    tell: Callable[[str], None] = lambda text: None,
) -> list[dict]:
    """One row per rung, in order; `times_baseline` and `same_as` compare it with the others of this run."""
    rungs = [describe(name) for name in names]
    slices: dict[str, list] = {name: [] for name in names}
    ceilings: dict[str, list] = {name: [] for name in names}
    with ExitStack() as stack:
        workers, reasons = start(rungs, stack, tell)
        if BASELINE in reasons:
            raise SystemExit(f"the baseline does not run: {reasons[BASELINE]}")
        for worker in workers.values():
            worker.ask("warm", calls=warmup)
        rounds = 1 if iterations else ROUNDS
        order = [name for name in turns(names, rounds) if name in workers]
        slice_seconds = seconds / rounds
        for position, name in enumerate(order, 1):
            tell(f"{position}/{len(order)}  {workers[name].rung.name}")
            ask = workers[name].ask
            slices[name].append(ask("run", seconds=slice_seconds, iterations=iterations)["batches"])
            ceilings[name] += ask("select", seconds=slice_seconds / 4)["batches"]
        answers = {name: worker.ask("answers")["answers"] for name, worker in workers.items()}
        said = {name: worker.said for name, worker in workers.items()}

    rows = []
    for rung in rungs:
        row = {"rung": rung.module, "name": rung.name, "arithmetic": rung.arithmetic}
        row |= {"project": rung.project, "lines_of_c": lines_of_rung(rung), "of": rung.same_as}
        row["with"] = rung.circumstance
        if rung.module in reasons:
            rows.append(row | {"reason": reasons[rung.module]})
            continue
        batches = [batch for part in slices[rung.module] for batch in part]
        row |= said[rung.module] | {"answers": answers[rung.module]} | summary(batches)
        row["slices_ms"] = [median(milliseconds(part)) for part in slices[rung.module]]
        row["processor_share"] = sum(t for t, _, _ in batches) / sum(wall for _, wall, _ in batches)
        if ceilings[rung.module]:
            row["ceiling_ms"] = summary(ceilings[rung.module])["median_ms"]
        rows.append(row)
    baseline = rows[names.index(BASELINE)]["median_ms"]
    for row in rows:
        if "median_ms" in row:
            row["times_baseline"] = baseline / row["median_ms"]
    group_answers(rows)
    return rows


def group_answers(rows: list[dict]) -> None:
    """Give each set of winners a letter, the baseline's first, and every row its letter as `same_as`."""
    letters: dict[tuple, str] = {}
    for row in rows:
        if "answers" in row:
            row["same_as"] = letters.setdefault(tuple(row["answers"]), chr(ord("A") + len(letters)))


def disagreements(rows: list[dict]) -> list[str]:
    """The failures: other winners with the same arithmetic, or a point matched by some rungs only."""
    problems = []
    first: dict[str, dict] = {}
    ran = [row for row in rows if "answers" in row]
    for row in ran:
        other = first.setdefault(row["arithmetic"], row)
        differ = sum(a != b for a, b in zip(row["answers"], other["answers"], strict=True))
        if differ:
            problems.append(f"{row['rung']} and {other['rung']} differ at {differ} points")
        if [a < 0 for a in row["answers"]] != [a < 0 for a in ran[0]["answers"]]:
            problems.append(f"{row['rung']} and {ran[0]['rung']} match different points")
    return problems
