"""How many instructions do the hot paths execute, and is that more than recorded?

    python3 tests/counts/counts.py BUILD/tests/counts/count            compare with recorded.json
    python3 tests/counts/counts.py BUILD/tests/counts/count record     record the counts of now

Time on a shared machine varies by tens of percent, so it doesn't show that a path got 5 % slower.
Instructions are the same in every run of the same code, so a change of 3 % comes from the code. They don't
measure time: cache misses and mispredicted branches don't show, and AVX-512, which valgrind doesn't run, is
left to the benchmark.

Callgrind counts what runs inside of the function measured() of count.c. Counts belong to a compiler and its
version; without records for a compiler there is nothing to compare, which is printed and is no failure.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

RECORDED = Path(__file__).with_name("recorded.json")
LIMIT = 0.03
NOT_HERE = 77  # the exit code of count when this machine lacks the instructions


class Case(NamedTuple):
    """One line of the table: what a path takes now and took when it was recorded, None where not known."""

    name: str
    now: int | None
    recorded: int | None

    @property
    def change(self) -> float:
        """How much more than recorded, as a fraction; 0 where one of them is not known."""
        return self.now / self.recorded - 1 if self.now and self.recorded else 0.0

    def problem(self) -> str:
        """What is wrong, or nothing."""
        if self.recorded is None:
            return "not recorded"
        if self.change > LIMIT:
            return "more than recorded: make it faster, or record with a reason"
        if self.change < -LIMIT:
            return "less than recorded: record it"
        return ""


def compare(now: dict[str, int | None], recorded: dict[str, int]) -> list[Case]:
    """Pair the counts by name. A path that this machine can't run is None in `now`."""
    return [Case(name, count, recorded.get(name)) for name, count in now.items()]


def table(cases: list[Case], units: dict[str, tuple[int, str]]) -> str:
    """Instructions per unit of what a path handles."""
    lines = [f"{'path':<26} {'instructions':>13} {'per':>9} {'recorded':>9} {'change':>8}"]
    for case in cases:
        count, unit = units[case.name]
        cells = [f"{value / count:.1f}" if value else "-" for value in (case.now, case.recorded)]
        change = f"{case.change:+.1%}" if case.now and case.recorded else "-"
        note = case.problem() if case.now else "not run: this machine lacks the instructions"
        lines.append(f"{case.name:<26} {cells[0]:>13} {unit:>9} {cells[1]:>9} {change:>8}  {note}".rstrip())
    return "\n".join(lines)


def count(program: Path, name: str) -> int | None:
    """Instructions inside of measured(), or None where the machine lacks those that the case is about."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind.out"
        command = ["valgrind", "--quiet", "--tool=callgrind", "--toggle-collect=measured"]
        command += [f"--callgrind-out-file={out}", str(program), name]
        environment = {key: value for key, value in os.environ.items() if key != "PM_TEST_SEED"}
        code = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL).returncode
        if code == NOT_HERE:
            return None
        if code:
            sys.exit(f"{' '.join(command)}: exit code {code}")
        totals = [line for line in out.read_text().splitlines() if line.startswith(("totals:", "summary:"))]
    counted = int(totals[-1].split()[1]) if totals else 0
    if counted == 0:
        sys.exit(f"{name}: callgrind counted nothing in measured()")
    return counted


def main(arguments: list[str]) -> int:
    """Count, print the table, and compare or record."""
    if len(arguments) not in (1, 2) or arguments[1:] not in ([], ["record"]):
        sys.exit(__doc__)
    if not shutil.which("valgrind"):
        sys.exit("valgrind is not installed: it does the counting")
    program = Path(arguments[0])
    listing = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    compiler, units = listing[0], {}
    for line in listing[1:]:
        size, name = line.split("\t")
        units[name] = (int(size.split()[0]), size.split()[1])
    known: dict[str, dict[str, int]] = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    now = {name: count(program, name) for name in units}
    cases = compare(now, known.get(compiler, {}))
    print(f"instructions, {compiler}\n{table(cases, units)}")
    if arguments[1:]:
        kept = known.get(compiler, {})
        known[compiler] = {
            case.name: case.now or kept[case.name] for case in cases if case.now or case.name in kept
        }
        RECORDED.write_text(json.dumps(known, indent=2) + "\n")
        print(f"recorded for {compiler}")
        return 0
    if compiler not in known:
        print(
            f"NOTHING IS RECORDED for {compiler}, only for {', '.join(known) or 'none'}: nothing was compared"
        )
        return 0
    wrong = [case for case in cases if case.now and case.problem()]
    if wrong:
        print(f"to record: python3 {sys.argv[0]} {program} record")
    print(f"{len(cases) - len(wrong)} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
