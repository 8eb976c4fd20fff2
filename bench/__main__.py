"""The command line, from the root of the checkout: python -m bench fetch, run, report, scale, ..."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench import machine

ROOT = Path(__file__).resolve().parent.parent
QUICK_POINTS, QUICK_ROUNDS = 20_000, 3
ROUNDS = 7


def arguments() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__import__("bench").__doc__)
    commands = parser.add_subparsers(dest="command", title="commands", metavar="", required=True)
    commands.add_parser("fetch", help="get the data, and check it")

    run = commands.add_parser("run", help="measure, and keep the results")
    run.add_argument("--job", nargs="+", metavar="NAME", help="only jobs whose names begin like this")
    run.add_argument(
        "--rounds", type=int, metavar="N", help=f"timed calls of each contender (default: {ROUNDS})"
    )
    run.add_argument(
        "--seconds",
        type=float,
        default=1.0,
        help="longest call; a slower contender gets fewer points (default: 1)",
    )
    run.add_argument(
        "--quick", action="store_true",
        help="a smoke run: the example data and few points, nothing fetched, no results kept",
    )  # fmt: skip
    run.add_argument(
        "--output", type=Path, metavar="FILE", help="where the results go (default: bench/results.json)"
    )
    run.add_argument("--list", action="store_true", help="only show the names of the jobs")

    scale = commands.add_parser("scale", help="how build, bytes and match grow on maps of every kind")
    grid = commands.add_parser(
        "grid", help="one call of match beside shapely, by regions and points per region"
    )
    for command in (scale, grid):
        command.add_argument("--map", nargs="+", metavar="NAME", help="only these maps")
        command.add_argument(
            "--most", type=float, default=1e5, metavar="N", help="most regions (default: 1e5)"
        )
        command.add_argument("--docs", type=Path, metavar="FOLDER", help="write a page there")
    scale.add_argument("--points", type=int, default=1_000_000, metavar="N", help="(default: a million)")
    scale.add_argument("--workers", type=int, default=1, metavar="N", help="threads of ours (default: 1)")
    scale.add_argument("--quick", action="store_true", help="the small end, whose growth is checked")
    commands.add_parser("costs", help="measure the costs that src/index/costs.c chooses by")

    spatial = commands.add_parser("spatial", help="a job from Parquet to totals, like SpatialBench's Q10")
    spatial.add_argument("--scale", type=float, default=1.0, metavar="N", help="6 million trips (default: 1)")
    spatial.add_argument("--vertices", type=int, default=97, metavar="N", help="of each zone (default: 97)")
    spatial.add_argument("--workers", type=int, default=2, metavar="N", help="threads (default: 2)")
    spatial.add_argument("--rounds", type=int, default=3, metavar="N", help="the fastest counts (default: 3)")
    spatial.add_argument(
        "--contender", nargs="+", metavar="NAME", help="only these, the first to compare with"
    )
    spatial.add_argument("--docs", type=Path, metavar="FOLDER", help="write a page there")
    spatial.add_argument("--folder", type=Path, metavar="FOLDER", help="where the files are, or are made")

    report = commands.add_parser("report", help="write the page and its charts from the results")
    report.add_argument("--results", type=Path, metavar="FILE", help="(default: bench/results.json)")
    report.add_argument("--docs", type=Path, default=ROOT / "docs", metavar="FOLDER", help="(default: docs)")
    return parser


def run_fetch(_: argparse.Namespace) -> int:
    """Get the data."""
    from bench import fetch

    try:
        for path in fetch.everything():
            print(path)
    except fetch.Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    return 0


def run_run(options: argparse.Namespace) -> int:
    """Measure the jobs; each is printed and saved as soon as it is done."""
    core = machine.settle()

    from rich.console import Console

    from bench import contenders, fetch, frames, jobs, measure, report, results

    chosen = jobs.pick(options.job, options.quick)
    if options.list:
        print("\n".join(f"{job.name:20} {job.title}" for job in chosen))
        return 0
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    seconds = min(options.seconds, 0.2) if options.quick else options.seconds
    output = options.output or (None if options.quick else results.FILE)
    order = [job.name for job in jobs.JOBS + jobs.QUICK]
    facts = machine.describe(core, contenders.DISTRIBUTIONS)
    kept = results.merged(output, facts, order) if output else {"machine": facts, "jobs": []}
    problems = []
    status = Console(stderr=True).status("")
    for job in chosen:
        with status:
            try:
                most = QUICK_POINTS if options.quick else None
                run_job = frames.run_job if job.group == "frames" else measure.run_job
                record = run_job(job, rounds, seconds, status.update, most)
            except (fetch.Missing, ImportError) as missing:
                problems.append(f"{job.name}: not run: {missing}")
                continue
        report.show(record)
        problems += report.problems(record)
        results.add(kept, record, order)
        if output:
            results.write(output, kept)
    for problem in problems:
        print(f"WRONG: {problem}", file=sys.stderr)
    return 1 if problems else 0


def run_report(options: argparse.Namespace) -> int:
    """Write the page and the charts."""
    from bench import chart, report, results

    found = results.read(options.results or results.FILE)
    charts = chart.draw_all(found, options.docs)
    page = options.docs / "bench.md"
    page.write_text(report.page(found, [path.name for path in charts]), encoding="utf-8")
    for path in [page, *charts]:
        print(path)
    return 0


def run_scale(options: argparse.Namespace) -> int:
    """Show how maps grow, and return 1 if the small end grows too fast."""
    machine.settle()
    from bench import scale

    return scale.run(options)


def run_grid(options: argparse.Namespace) -> int:
    """Show one call beside shapely."""
    machine.settle()
    from bench import grid

    return grid.run(options)


def run_costs(_: argparse.Namespace) -> int:
    """Print costs."""
    machine.settle()
    from bench import costs

    return costs.run()


def run_spatial(options: argparse.Namespace) -> int:
    """Show a job from files to totals."""
    from bench import spatial

    return spatial.run(options)


def main() -> int:
    """Run the command line and return the exit code."""
    options = arguments().parse_args()
    run = {
        "fetch": run_fetch, "run": run_run, "report": run_report, "scale": run_scale, "grid": run_grid,
        "costs": run_costs, "spatial": run_spatial,
    }[options.command]  # fmt: skip
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
