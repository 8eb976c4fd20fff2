"""bench/results.json: every sample of every contender, and the machine it was measured on.

Jobs may be measured one at a time: a job that is measured again replaces its record, and the other records
stay if they come from the same machine, the same packages and the same build of the extension.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent / "results.json"
CHANGES = ("date", "command", "load average before", "pinned to core")  # differ from run to run

Results = dict[str, Any]


def read(path: Path) -> Results:
    """Return the results of a file."""
    results: Results = json.loads(path.read_text(encoding="utf-8"))
    return results


def write(path: Path, results: Results) -> None:
    """Write results with one line per contender, so that differences between runs stay readable."""
    jobs = []
    for job in results["jobs"]:
        facts = {key: value for key, value in job.items() if key != "contenders"}
        lines = ",\n".join("    " + json.dumps(contender) for contender in job["contenders"])
        jobs.append(f'  {json.dumps(facts)[:-1]},\n   "contenders": [\n{lines}\n  ]}}')
    machine = json.dumps(results["machine"], indent=2).replace("\n", "\n ")
    text = f'{{\n "machine": {machine},\n "jobs": [\n' + ",\n".join(jobs) + "\n ]\n}\n"
    path.write_text(text, encoding="utf-8")


def merged(path: Path, machine: dict[str, Any], order: list[str]) -> Results:
    """Return a file's results if they are of the same machine and packages, to be added to; else none."""
    if path.exists():
        old = read(path)
        facts = [{k: v for k, v in each.items() if k not in CHANGES} for each in (old["machine"], machine)]
        if facts[0] == facts[1]:
            jobs = [job for job in old["jobs"] if job["name"] in order]
            return {"machine": machine, "jobs": jobs}
    return {"machine": machine, "jobs": []}


def add(results: Results, record: dict[str, Any], order: list[str]) -> None:
    """Insert the record of a job in its place, or replace the older one."""
    jobs = [job for job in results["jobs"] if job["name"] != record["name"]]
    results["jobs"] = sorted([*jobs, record], key=lambda job: order.index(job["name"]))
