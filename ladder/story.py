"""Put the figures of a run into docs/story.md, so that its prose and its tables are always of one run.

A figure in the text stands between two comments that a reader of the page does not see, as in
`<!--r06.x-->75.0<!---->`, and never at the start of a line, all of which a comment makes HTML; a block of
lines stands between `<!--table-->` and `<!--/table-->`. Names of figures:

    r06.x   times the baseline        r06.ms  median in milliseconds     r06.us  in microseconds
    r06.avg average in ms             r06.ceiling  in ms                 r15.ms/r12.ms  a quotient of two
    py-spy.r06.NAME, perf.r06.NAME, cProfile.r06.NAME   share: on the stack, for cProfile its own
    agree.B  at how many points the answers of group B are those of the baseline
    machine.cpu, machine.python, machine.numpy, machine.extension, machine.date
"""

import json
import re
from pathlib import Path

from ladder import report

FIGURE = re.compile(r"<!--([^\s/][^>]*?)-->([^<\n]*)<!---->")
BLOCK = re.compile(r"(<!--([\w.-]+)-->\n).*?(<!--/\2-->)", re.DOTALL)


class Figures:
    """Looks up figures by name; a name this run does not have is a KeyError."""

    def __init__(self, rows: list[dict], machine: dict, profiles: dict) -> None:
        self.rows = rows
        self.machine = machine
        self.profiles = profiles
        self.by_number = {row["rung"].split("_")[0]: row for row in rows}

    def number(self, name: str) -> float:
        rung, _, what = name.partition(".")
        key = {"x": "times_baseline", "ms": "median_ms", "us": "median_ms", "avg": "average_ms"}.get(what)
        value = self.by_number[rung][key or f"{what}_ms"]
        return 1e3 * value if what == "us" else value

    def share(self, profiler: str, rung: str, function: str) -> float:
        name = next(name for name in self.profiles if name.startswith(rung + "_"))
        profile = self.profiles[name][profiler]
        if profiler == "cProfile":
            shares = {row["function"]: row["share"] for row in profile["functions"]}
        else:
            shares = profile["inclusive"]
        for frame, share in shares.items():
            if frame == function or frame.startswith(function + " "):
                return share
        raise KeyError(function)

    def text(self, name: str) -> str:
        first, _, rest = name.partition(".")
        if first in ("py-spy", "perf", "cProfile"):
            rung, _, function = rest.partition(".")
            percent = 100 * self.share(first, rung, function)
            return f"{percent:.1f} %" if 99 < percent < 100 else f"{percent:.0f} %"
        if first == "machine":
            facts = self.machine | {
                "numpy": self.machine["packages"]["numpy"],
                "date": self.machine["date"][:10],
            }
            return str(facts[rest])
        if first == "agree":
            answers = {row["same_as"]: row["answers"] for row in self.rows if "same_as" in row}
            pairs = zip(answers["A"], answers[rest], strict=True)
            return f"{sum(a == b for a, b in pairs)} of {len(answers['A'])}"
        above, _, below = name.partition("/")
        return report.digits(self.number(above) / (self.number(below) if below else 1.0))

    def block(self, name: str) -> str:
        if name == "table":
            return report.markdown(self.rows, self.machine)
        if name == "targets":
            return report.targets_markdown(self.rows)
        if name.startswith("profile."):
            return profile_markdown(self.profiles[name.removeprefix("profile.")])
        raise KeyError(name)


def profile_markdown(profile: dict, count: int = 6) -> str:
    """cProfile and the sampling profilers side by side: the functions with the most time of their own."""
    columns = {"cProfile": [(row["function"], row["share"]) for row in profile["cProfile"]["functions"]]}
    columns |= {name: profile[name]["own"] for name in ("py-spy", "perf") if name in profile}
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for i in range(count):
        cells = []
        for own in columns.values():
            cells.append(f"{100 * own[i][1]:.0f} % `{own[i][0]}`" if i < len(own) else "")
        if any(cells):
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def rewrite(path: Path, rows: list[dict], machine: dict) -> list[str]:
    """Renew every figure of the page; returns the names of those that this run does not have."""
    profile_file = path.parent / "profile.json"
    profiles = json.loads(profile_file.read_text(encoding="utf-8")) if profile_file.exists() else {}
    figures = Figures(rows, machine, profiles)
    missing = []

    def figure(found: re.Match) -> str:
        try:
            return f"<!--{found[1]}-->{figures.text(found[1])}<!---->"
        except (KeyError, StopIteration):
            missing.append(found[1])
            return found[0]

    def block(found: re.Match) -> str:
        try:
            return f"{found[1]}{figures.block(found[2])}\n{found[3]}"
        except KeyError:
            missing.append(found[2])
            return found[0]

    text = path.read_text(encoding="utf-8")
    path.write_text(FIGURE.sub(figure, BLOCK.sub(block, text)), encoding="utf-8")
    return missing
