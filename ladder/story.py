"""Put the figures of a run and the code of the rungs into docs/story.md, so that they stay consistent.

A figure in the text is between two comments that readers of the page do not see, as in
`<!--r07.x-->15.0<!---->`, and never at the start of a line, since a comment there makes the whole line HTML.
A block of lines is between `<!--table-->` and `<!--/table-->`. Names of figures:

    r07.x   times the baseline        r07.ms  median in milliseconds     r07.us  in microseconds
    r07.avg average in ms             r07.ceiling  in ms                 r08.ms/r09.ms  a quotient of two
    r07.lines  of C                   library.lines
    py-spy.r07.NAME, cProfile.r07.NAME   share: on the stack, for cProfile its own
    cost.py-spy.r07, cost.cProfile.r07   a call's time under a profiler by its time without
    cost.rate  samples per second of py-spy
    agree.B  at how many points the answers of group B are those of the baseline
    winner.WHAT  see ladder/winner.py
    machine.cpu, machine.python, machine.numpy, machine.library, machine.extension, machine.date

Blocks: `table`, `targets`, `profile.RUNG`, `winner`, and `code FILE NAME ...` (see ladder/listing.py).
"""

import json
import re
from pathlib import Path

from ladder import report
from ladder.listing import listing

FIGURE = re.compile(r"<!--([^\s/][^>\n]*?)-->([^<\n]*)<!---->")
BLOCK = re.compile(r"(^<!--(([\w.-]+)(?: [^>\n]*)?)-->\n).*?(^<!--/\3-->)", re.DOTALL | re.MULTILINE)


class Figures:
    """Looks up figures by name; a name this run does not have is a KeyError."""

    def __init__(self, rows: list[dict], machine: dict, profiles: dict) -> None:
        self.rows = rows
        self.machine = machine
        self.by_number = {row["rung"].split("_")[0]: row for row in rows}
        self.profiles = {rung.split("_")[0]: found for rung, found in profiles.items()}

    def number(self, name: str) -> float:
        rung, _, what = name.partition(".")
        key = {"x": "times_baseline", "ms": "median_ms", "us": "median_ms", "avg": "average_ms"}.get(what)
        value = self.by_number[rung][key or f"{what}_ms"]
        return 1e3 * value if what == "us" else value

    def share(self, profiler: str, rung: str, function: str) -> float:
        profile = self.profiles[rung][profiler]
        if profiler == "cProfile":
            shares = {row["function"]: row["share"] for row in profile["functions"]}
        else:
            shares = profile["inclusive"]
        for frame, share in shares.items():
            if frame == function or frame.startswith(function + " "):
                return share
        raise KeyError(function)

    def cost(self, name: str) -> str:
        profiler, _, rung = name.partition(".")
        if profiler == "rate":
            return str(next(iter(self.profiles.values()))["py-spy"]["rate"])
        profile = self.profiles[rung]
        return report.digits(profile[profiler]["ms"] / profile["alone_ms"])

    def text(self, name: str) -> str:
        first, _, rest = name.partition(".")
        if first in ("py-spy", "cProfile"):
            rung, _, function = rest.partition(".")
            percent = 100 * self.share(first, rung, function)
            return f"{percent:.1f} %" if 99 < percent < 100 else f"{percent:.0f} %"
        if first == "cost":
            return self.cost(rest)
        if first == "winner":
            return self.machine["winner"][rest]
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
        if name == "library.lines":
            return f"{self.machine['library lines']:,}"
        if rest == "lines":
            return str(self.by_number[first]["lines_of_c"])
        above, _, below = name.partition("/")
        return report.digits(self.number(above) / (self.number(below) if below else 1.0))

    def block(self, name: str) -> str:
        if name == "table":
            return report.markdown(self.rows, self.machine)
        if name == "targets":
            return report.targets_markdown(self.rows)
        if name == "winner":
            return self.machine["winner"]["table"]
        if name.startswith("profile."):
            return profile_markdown(self.profiles[name.removeprefix("profile.")])
        if name.startswith("code "):
            _, file, *parts = name.split()
            return listing(file, parts)
        raise KeyError(name)


def profile_markdown(profile: dict, count: int = 6) -> str:
    """cProfile and py-spy side by side: the functions with the most time of their own."""
    columns = {
        "cProfile": [(row["function"], row["share"]) for row in profile["cProfile"]["functions"]],
        "py-spy": profile["py-spy"]["own"],
    }
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for i in range(count):
        cells = []
        for own in columns.values():
            cells.append(f"{100 * own[i][1]:.0f} % `{own[i][0]}`" if i < len(own) else "")
        if any(cells):
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def rewrite(path: Path, rows: list[dict], machine: dict) -> list[str]:
    """Update every figure and listing of the page; return the names of those that this run does not have."""
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
            return f"{found[1]}{figures.block(found[2])}\n{found[4]}"
        except (KeyError, FileNotFoundError):
            missing.append(found[2])
            return found[0]

    text = path.read_text(encoding="utf-8")
    path.write_text(FIGURE.sub(figure, BLOCK.sub(block, text)), encoding="utf-8")
    return missing
