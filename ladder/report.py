# ruff: noqa: RUF001  (the multiplication sign is meant)
"""Show a run: as a table on the terminal, as a table in Markdown, and as JSON."""

import json
from pathlib import Path

from common.chart import digits
from ladder.catalogue import label

# Multiples of the baseline of the same run: the minimum, and the aim. For a native Polygon both with the
# Python select_best_polygon, which sets a ceiling, and with the native one.
TARGETS = {
    "r07_c1": (12, 13.8),
    "r09_c2": (150, 180),
    "r10_native_find": (75, 100),
    "r12_native_polygon": (310, 400),
    "r13_native_select": (310, 400),
    "r14_native_area": (640, 800),
    "r15_native_area_select": (640, 800),
    "r16_native_main": (10_000, 15_000),
}
COLUMNS = ("rung", "lines of C", "average ms", "median ms", "min ms", "× baseline", "ceiling ms", "answers")


def names_by_answer(rows: list[dict]) -> dict[str, str]:
    """For each group letter, the rung that represents it in the table."""
    leaders: dict[str, str] = {}
    for row in rows:
        if "same_as" in row:
            leaders.setdefault(row["same_as"], label(row["rung"]))
    return leaders


def c_lines(row: dict) -> str:
    return str(row["lines_of_c"]) if row["lines_of_c"] else "library" if row["project"] else ""


def cells(row: dict, leaders: dict[str, str]) -> list[str]:
    number = label(row["rung"])
    title = f"{number}. {row['name']}"
    if "reason" in row:
        return [title, c_lines(row), f"not run: {row['reason']}"]
    leader = leaders[row["same_as"]]
    same = f"{row['same_as']}" if leader == number else f"{row['same_as']} (as {leader})"
    times = [row["average_ms"], row["median_ms"], row["min_ms"], row["times_baseline"], row.get("ceiling_ms")]
    return [title, c_lines(row), *(digits(value) for value in times), same]


def footnotes(rows: list[dict], machine: dict) -> list[str]:
    answers = {row["same_as"]: row["answers"] for row in rows if "same_as" in row}
    count = len(answers["A"])
    notes = [
        f"{machine['cpu']}, one core; {machine['python']}, NumPy {machine['packages']['numpy']}; "
        f"examples/extension: {machine['extension']}; library: {machine['library']}; {machine['date'][:10]}",
        f"times are {machine['clock']}; every rung in its own process, in turns; malloc: "
        + ", ".join(f"{name}={value}" for name, value in machine["malloc"].items()),
        "× baseline: median of the baseline, which ran before, between and after, by the rung's median",
        "ceiling: the Python select_best_polygon alone, over the candidates of that rung",
        "lines of C: without blank lines and comments; library: all of poly_match and its extension module, "
        f"{machine['library lines']:,} lines",
    ]
    notes += [f"the machine was not quiet: {reason}" for reason in machine["restless"]]
    for letter, other in answers.items():
        if letter != "A":
            equal = sum(a == b for a, b in zip(answers["A"], other, strict=True))
            notes.append(f"answers {letter}: the same polygon as A at {equal} of {count} points")
    return notes


def show(rows: list[dict], machine: dict) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        console = Console(width=124)
    leaders = names_by_answer(rows)
    table = Table(title="main() on 100 points × 1000 polygons", title_justify="left", box=box.SIMPLE_HEAD)
    for column in COLUMNS:
        justify = "left" if column in ("rung", "answers") else "right"
        table.add_column(column.replace(" ", "\n", 1), justify=justify, no_wrap=True)
    fastest = max((row["times_baseline"] for row in rows if "times_baseline" in row), default=1.0)
    for row in rows:
        values = cells(row, leaders)
        if "reason" in row:
            table.add_row(Text(values[0] + ": not run", style="dim"))
            continue
        slower = row["times_baseline"] < 0.9
        style = "red" if slower else "bold green" if row["times_baseline"] == fastest else "cyan"
        texts = [Text(value) for value in values]
        texts[COLUMNS.index("× baseline")].stylize(style)
        table.add_row(*texts)
    if console.width < 96:
        table.columns.pop(COLUMNS.index("average ms"))
    console.print(table)
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if "reason" in row:
            reasons.setdefault(row["reason"], []).append(label(row["rung"]))
    for reason, numbers in reasons.items():
        console.print(f"[dim]{', '.join(numbers)} not run: {escape(reason)}[/]", highlight=False)
    for note in footnotes(rows, machine):
        console.print(f"[dim]{escape(note)}[/]", highlight=False)


def markdown(rows: list[dict], machine: dict) -> str:
    leaders = names_by_answer(rows)
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---|---:|---:|---:|---:|---:|---:|---|"]
    for row in rows:
        values = cells(row, leaders)
        values += [""] * (len(COLUMNS) - len(values))
        values[0] = f"[{values[0]}](../ladder/rungs/{row['rung']}.py)"
        lines.append("| " + " | ".join(values) + " |")
    notes = "\n".join(f"- {note}" for note in footnotes(rows, machine))
    return "\n".join(lines) + "\n\n" + notes


def targets(rows: list[dict]) -> list[tuple]:
    """(name, must, aim, reached, by the fastest calls, verdict) of the rungs that have a target and ran."""
    found = []
    fastest = next((row["min_ms"] for row in rows if "min_ms" in row), 0.0)
    for row in rows:
        if row["rung"] in TARGETS and "times_baseline" in row:
            must, aim = TARGETS[row["rung"]]
            times = row["times_baseline"]
            verdict = "aim reached" if times >= aim else "reached" if times >= must else "missed"
            found.append((row["name"], must, aim, times, fastest / row["min_ms"], verdict))
    return found


def targets_markdown(rows: list[dict]) -> str:
    lines = [
        "| rung | wanted | hoped for | measured | fastest call against fastest call | |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for name, must, aim, times, best, verdict in targets(rows):
        lines.append(f"| {name} | {must:,}× | {aim:,}× | {digits(times)}× | {digits(best)}× | {verdict} |")
    return "\n".join(lines)


def write_json(path: Path, rows: list[dict], machine: dict) -> None:
    """JSON with one line per key of a row, so that differences between runs stay readable."""
    parts = [
        "  {\n" + ",\n".join(f"   {json.dumps(key)}: {json.dumps(row[key])}" for key in row) + "\n  }"
        for row in rows
    ]
    text = '{\n "machine": ' + json.dumps(machine, indent=2).replace("\n", "\n ") + ',\n "rungs": [\n'
    path.write_text(text + ",\n".join(parts) + "\n ]\n}\n", encoding="utf-8")


def read_json(path: Path) -> tuple[list[dict], dict]:
    run = json.loads(path.read_text(encoding="utf-8"))
    return run["rungs"], run["machine"]
