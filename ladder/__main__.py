"""The command line: `python -m ladder [measure | profile | story]`, from the root of the checkout."""

import argparse
import sys
from pathlib import Path

from ladder import machine

ROOT = Path(__file__).resolve().parent.parent


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ladder", description=__import__("ladder").__doc__)
    commands = parser.add_subparsers(dest="command", title="commands", metavar="")

    measure = commands.add_parser(
        "measure", help="time the rungs and compare them (what happens without a command)"
    )
    timing_options(measure)
    measure.add_argument(
        "--rung", nargs="+", metavar="NAME", help="only these, by number or part of the name"
    )
    measure.add_argument("--json", type=Path, metavar="FILE", help="write every time and answer")
    measure.add_argument("--chart", type=Path, nargs="+", metavar="FILE", help="draw a chart: .png or .svg")

    profile = commands.add_parser(
        "profile", help="show where the time of a rung goes, two ways, with flame graphs"
    )
    profile.add_argument(
        "--rung", nargs="+", metavar="NAME", help="only these, by number or part of the name"
    )
    profile.add_argument("--seconds", type=float, default=4.0, help="time to sample each rung (default: 4)")
    profile.add_argument(
        "--docs", type=Path, default=ROOT / "docs", metavar="FOLDER", help="where the SVGs go"
    )

    story = commands.add_parser(
        "story", help="measure and profile all, and rewrite the figures of docs/story.md"
    )
    timing_options(story, warmup=10)
    story.add_argument("--no-profile", action="store_true", help="keep the flame graphs that are there")
    story.add_argument(
        "--keep", action="store_true", help="measure nothing: use the docs/ladder.json that is there"
    )
    return parser


def timing_options(parser: argparse.ArgumentParser, warmup: int = 0) -> None:
    parser.add_argument("--seconds", type=float, default=1.0, help="time for each rung (default: 1)")
    parser.add_argument(
        "--iterations", type=int, metavar="N", help="exactly N calls of each rung, however long"
    )
    parser.add_argument(
        "--warmup",
        type=int,
        nargs="?",
        const=10,
        default=warmup,
        metavar="N",
        help=f"first N calls that do not count, for just-in-time compilers (alone: 10; default: {warmup})",
    )


def measured(options: argparse.Namespace, rung: list[str] | None) -> tuple[list[dict], dict]:
    from rich.console import Console

    from ladder.measure import measure, pick

    core = machine.settle()
    facts = machine.describe(core)
    names = pick(rung)
    with Console(stderr=True).status("") as status:
        rows = measure(names, options.seconds, options.iterations, options.warmup, status.update)
    return rows, facts


def check(rows: list[dict]) -> int:
    from ladder.measure import disagreements

    problems = disagreements(rows)
    for problem in problems:
        print(f"WRONG: {problem}", file=sys.stderr)
    return 1 if problems else 0


def run_measure(options: argparse.Namespace) -> int:
    from ladder import report

    rows, facts = measured(options, options.rung)
    report.show(rows, facts)
    if options.json:
        report.write_json(options.json, rows, facts)
    if options.chart:
        from ladder.chart import draw

        draw(rows, facts, options.chart)
    return check(rows)


def run_profile(options: argparse.Namespace) -> int:
    from ladder.profile import profile

    machine.settle()
    return profile(options.rung, options.seconds, options.docs)


def run_story(options: argparse.Namespace) -> int:
    from ladder import report, story
    from ladder.chart import draw

    docs = ROOT / "docs"
    if options.keep:
        rows, facts = report.read_json(docs / "ladder.json")
    else:
        rows, facts = measured(options, None)
        report.write_json(docs / "ladder.json", rows, facts)
    report.show(rows, facts)
    draw(rows, facts, [docs / "ladder.png", docs / "ladder.svg"])
    if not options.no_profile and not options.keep:
        from ladder.profile import profile

        profile(None, 4.0, docs)
    missing = story.rewrite(docs / "story.md", rows, facts)
    for key in missing:
        print(f"WRONG: docs/story.md asks for {key!r}, which this run does not have", file=sys.stderr)
    return check(rows) or (1 if missing else 0)


def main() -> int:
    words = sys.argv[1:]
    if not words or (words[0].startswith("--") and words[0] != "--help"):
        words = ["measure", *words]
    options = arguments().parse_args(words)
    return {"measure": run_measure, "profile": run_profile, "story": run_story}[options.command](options)


if __name__ == "__main__":
    sys.exit(main())
