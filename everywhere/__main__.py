"""Let every host answer, print a line for each, and compare: python3 dev.py everywhere [--page FILE].

Ends with 1 when two digests differ or a host that is there fails. With --page the table of a page is written.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import dev
from everywhere.hosts import FOLDER, HOSTS, NPM, PYTHON, Host, Missing

BEGIN, END = "<!-- written by dev.py everywhere -->\n", "<!-- end -->\n"
POINTS = 1_000_000
LIMIT = 600  # seconds that a host may take


@dataclass(frozen=True)
class Line:
    """What is known about a host."""

    host: Host
    answer: dict | None = None  # what it printed
    missing: str = ""
    failed: str = ""

    def __str__(self) -> str:
        name = f"{self.host.name:12}"
        if self.answer is None:
            return f"{name} {f'missing: {self.missing}' if self.missing else f'FAILED: {self.failed}'}"
        speed = self.answer["points"] / self.answer["seconds"]
        return f"{name} {speed:14,.0f} points per second   {self.answer['digest']}"


def ask(host: Host, files: list[Path]) -> Line:
    """Prepare a host and let it answer."""
    try:
        host.prepare()
    except Missing as error:
        return Line(host, missing=str(error))
    try:
        host.build()
        command = [*host.command, *files]
        done = subprocess.run(command, cwd=dev.ROOT, capture_output=True, text=True, timeout=LIMIT)
    except SystemExit:
        return Line(host, failed="it could not be built, see above")
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        return Line(host, failed=str(error)[-2000:])
    lines = done.stdout.splitlines()
    try:
        answer = json.loads(lines[-1])
        is_complete = answer["host"] == host.name and answer["points"] == POINTS
    except (IndexError, KeyError, TypeError, ValueError):
        is_complete = False
    if done.returncode or not is_complete:
        return Line(host, failed=f"exit code {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
    return Line(host, answer=answer)


def files() -> list[Path]:
    """Install the package, and write the index and the points by it."""
    is_there = (
        PYTHON.exists()
        and not subprocess.run([PYTHON, "-c", "import poly_match"], capture_output=True).returncode
    )
    if not is_there:
        dev.install(dev.TEST, ".")
    dev.apt(*NPM)  # the counties are in a package of npm
    dev.run(PYTHON, "-m", "everywhere.counties", FOLDER)
    return [FOLDER / "counties.pmx", FOLDER / "points.bin"]


def table(lines: list[Line]) -> str:
    """Return the table of a page."""
    rows = ["| host | how to install | points per second | digest |", "|---|---|---|---|"]
    for line in lines:
        known = line.answer
        speed = f"{known['points'] / known['seconds'] / 1e6:.1f} million" if known else ""
        digest = f"`{known['digest']}`" if known else f"missing: {line.missing}"
        rows.append(f"| {line.host.name} | {line.host.install} | {speed} | {digest} |")
    return "\n".join(rows) + "\n"


def write_page(page: Path, lines: list[Line]) -> None:
    """Put the table between the marks of a page."""
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    page.write_text(before + BEGIN + table(lines) + END + after, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python3 dev.py everywhere")
    parser.add_argument("--page", type=Path, help="write the table into this page")
    options = parser.parse_args()
    start = time.monotonic()
    given, lines = files(), []
    for host in HOSTS:
        lines.append(ask(host, given))
        print(lines[-1], flush=True)
    answers = [line.answer for line in lines if line.answer]
    digests = {answer["digest"] for answer in answers}
    failed = [line for line in lines if line.failed]
    print(f"\nThe same counties and points, after {time.monotonic() - start:.0f} s:")
    for line in lines:
        print(line)
    if len(digests) != 1 or failed:
        sys.exit(f"digests: {len(digests)}, hosts that failed: {len(failed)}")
    print(f"{len(answers)} hosts, one digest")
    if options.page:
        write_page(options.page, lines)


if __name__ == "__main__":
    main()
