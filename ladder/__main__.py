"""The command line: `python -m ladder [measure | profile | story]`, from the root of the checkout."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from common.machine import settle
from ladder import machine, quiet
from ladder.catalogue import ROOT, pick


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ladder", description=__import__("ladder").__doc__)
    commands = parser.add_subparsers(dest="command", title="commands", metavar="")

    measure = commands.add_parser("measure", help="time the rungs and compare them (the default)")
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
        "story", help="measure and profile all, and rewrite docs/story.md; not on a busy machine"
    )
    timing_options(story, seconds=2.0, warmup=10)
    story.add_argument("--no-profile", action="store_true", help="keep the existing flame graphs")
    story.add_argument("--keep", action="store_true", help="measure nothing: use the existing ladder.json")
    story.add_argument("--force", action="store_true", help="also on a busy machine; the page then says so")
    story.add_argument(
        "--docs",
        type=Path,
        default=ROOT / "docs",
        metavar="FOLDER",
        help="where story.md and its pictures are",
    )
    return parser


def timing_options(parser: argparse.ArgumentParser, seconds: float = 1.0, warmup: int = 0) -> None:
    parser.add_argument(
        "--seconds", type=float, default=seconds, help=f"time for each rung (default: {seconds:g})"
    )
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
        help=f"calls to ignore at first, for just-in-time compilers (10 without N; default: {warmup})",
    )


def measured(options: argparse.Namespace, rung: list[str] | None) -> tuple[list[dict], dict]:
    from rich.console import Console

    from ladder.measure import measure

    core = settle()
    names = pick(rung)
    before = quiet.read_ticks()
    with Console(stderr=True).status("") as status:
        rows = measure(names, options.seconds, options.iterations, options.warmup, status.update)
    reasons = quiet.restless(before, quiet.read_ticks(), core, rows)
    return rows, machine.describe_run(core, rows) | {"restless": reasons}


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

    found = profile(options.rung, options.seconds, options.docs)
    return int(any("reason" in figures for figures in found.values()))


def refused(reasons: list[str], options: argparse.Namespace) -> bool:
    """Print why the figures of a run should not be published; true if the page must not be written."""
    for reason in reasons:
        print(f"NOT QUIET: {reason}", file=sys.stderr)
    if reasons and not options.force:
        print("The page is unchanged. Try again on a quiet machine, or use --force.", file=sys.stderr)
    return bool(reasons) and not options.force


def make_run(options: argparse.Namespace, folder: Path) -> bool:
    """Measure and profile into `folder`; false if the machine was too busy for published figures."""
    from ladder import report
    from ladder.profile import profile
    from ladder.winner import Example

    if not options.force and refused(quiet.busy_now(), options):
        return False
    rows, facts = measured(options, None)
    facts["winner"] = Example().facts()
    if not options.no_profile:
        facts["restless"] += quiet.disturbed(profile(None, 4.0, folder))
    report.write_json(folder / "ladder.json", rows, facts)
    if refused(facts["restless"], options):
        report.show(rows, facts)
        return False
    return True


def run_story(options: argparse.Namespace) -> int:
    from ladder import report, story
    from ladder.chart import draw

    docs = options.docs
    if not options.keep:
        with tempfile.TemporaryDirectory() as folder:
            if not make_run(options, Path(folder)):
                return 3
            for file in Path(folder).iterdir():
                shutil.move(file, docs / file.name)
    rows, facts = report.read_json(docs / "ladder.json")
    report.show(rows, facts)
    draw(rows, facts, [docs / "ladder.png", docs / "ladder.svg"])
    missing = story.rewrite(docs / "story.md", rows, facts)
    for key in missing:
        print(f"WRONG: story.md needs {key!r}, which this run does not have", file=sys.stderr)
    return check(rows) or (1 if missing else 0)


def main() -> int:
    words = sys.argv[1:]
    if not words or (words[0].startswith("--") and words[0] != "--help"):
        words = ["measure", *words]
    options = arguments().parse_args(words)
    return {"measure": run_measure, "profile": run_profile, "story": run_story}[options.command](options)


if __name__ == "__main__":
    sys.exit(main())
