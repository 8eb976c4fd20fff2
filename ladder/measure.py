"""Run the rungs and compare them: times, multiples of the baseline, ceilings, answers.

The baseline runs before, in the middle of and after the others, and every multiple is taken against the
median of all its samples: on a machine that slows down or speeds up meanwhile, no rung profits from where
it stands.
"""

import importlib
import pkgutil
from collections.abc import Callable
from statistics import median

from ladder import rungs as rungs_package
from ladder.environments import NotRun, run_worker
from ladder.sampling import time_rung

BASELINE = "r01_baseline"


def rung_names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(rungs_package.__path__))


def pick(wanted: list[str] | None, with_baseline: bool = True) -> list[str]:
    """The rungs meant by names, parts of names or numbers, in order, with what they compare with."""
    names = rung_names()
    if not wanted:
        return names
    chosen = {BASELINE} if with_baseline else set()
    for word in wanted:
        prefix = f"r{int(word):02d}_" if word.isdigit() else None
        found = [n for n in names if (n.startswith(prefix) if prefix else word in n)]
        if not found:
            raise SystemExit(f"no rung is called {word!r}; there are: {', '.join(names)}")
        chosen.update(found)
    return [name for name in names if name in chosen]


def load(name: str):
    """The rung's module; a missing package is a reason not to run it."""
    try:
        return importlib.import_module(f"ladder.rungs.{name}")
    except ImportError as error:
        package = (error.name or "").partition(".")[0]
        if not package or package == "ladder":
            raise
        if package == "poly_match":
            raise NotRun(f"poly_match is not installed, or lacks what this rung uses ({error})") from error
        raise NotRun(f"{package} is not installed") from error


def title(name: str) -> str:
    """The rung's NAME, also when importing the rung fails."""
    path = f"{rungs_package.__path__[0]}/{name}.py"
    with open(path, encoding="utf-8") as file:
        line = next(line for line in file if line.startswith("NAME = "))
    return line.removeprefix("NAME = ").strip().strip('"')


def run_one(name: str, seconds: float, iterations: int | None, warmup: int) -> dict:
    rung = load(name)
    kind = getattr(rung, "WORKER", None)
    if kind:
        record = run_worker(kind, rung.RUNG_IN_WORKER, seconds, iterations, warmup)
    else:
        record = time_rung(rung, seconds, iterations, warmup)
    return record | {"arithmetic": rung.ARITHMETIC, "of": getattr(rung, "RUNG_IN_WORKER", None)}


def summary(batches: list) -> dict:
    """Average, median and minimum in milliseconds of (seconds, calls) pairs."""
    per_call = [1e3 * seconds / calls for seconds, calls in batches]
    calls = sum(n for _, n in batches)
    return {
        "average_ms": 1e3 * sum(t for t, _ in batches) / calls,
        "median_ms": median(per_call),
        "min_ms": min(per_call),
        "calls": calls,
        "samples_ms": [float(f"{ms:.4g}") for ms in per_call],
    }


def measure(
    names: list[str],
    seconds: float = 1.0,
    iterations: int | None = None,
    warmup: int = 0,
    tell: Callable[[str], None] = lambda text: None,
) -> list[dict]:
    """One row per rung, in order; `times_baseline` and `same_as` compare it with the others of this run."""
    others = [name for name in names if name != BASELINE]
    half = (len(others) + 1) // 2
    order = [BASELINE, *others[:half], BASELINE, *others[half:], BASELINE] if others else [BASELINE]
    found: dict[str, dict] = {}
    for position, name in enumerate(order, 1):
        tell(f"{position}/{len(order)}  {title(name)}")
        try:
            record = run_one(name, 2 * seconds if name == BASELINE else seconds, iterations, warmup)
        except NotRun as reason:
            found[name] = {"reason": str(reason)}
            continue
        if name in found:
            for key in ("batches", "ceiling"):
                record[key] = found[name][key] + record[key]
        found[name] = record

    rows = []
    for name in names:
        row = {"rung": name, "name": title(name)} | found[name]
        if "batches" in row:
            row |= summary(row.pop("batches"))
            if "ceiling" in row:
                row["ceiling_ms"] = summary(row.pop("ceiling"))["median_ms"]
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
    """What must not happen: other winners with the same arithmetic, or a point matched by some rungs only."""
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
