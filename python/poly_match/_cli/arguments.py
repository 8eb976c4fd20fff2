"""The words of a command line as the options of its job; combinations that make no sense are refused.

What can be said before a file is opened is said here, so that it is said immediately.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from poly_match._cli.console import Console
from poly_match._cli.options import MatchOptions, Picture, PointsFile, Rules, check_distance_column
from poly_match._readers.dialect import Dialect
from poly_match._readers.formats import PIPE, is_index
from poly_match._readers.problems import UsageProblem
from poly_match._rules import NEED_DISTANCE, TAKE_DISTANCE

__all__ = [
    "check_outputs",
    "check_workers",
    "console_of",
    "match_options",
    "picture_of",
    "points_file",
    "rules_of",
]

# Options that an index is built with.
RULES = ("predicate", "distance", "best", "score", "invalid", "period", "metric")
_BY_HAND = click.core.ParameterSource.COMMANDLINE


def check_workers(workers: int) -> None:
    """Refuse what is no number of threads."""
    if workers == 0 or workers < -1:
        raise UsageProblem("--workers must be positive, or -1 for all usable cores")


def match_options(context: click.Context, options: dict[str, Any]) -> MatchOptions:
    """Return the options of `match` and `count`."""
    rules = rules_of(options)
    workers, polygons, saved = options["workers"], options["polygons"], options["index"]
    check_workers(workers)
    if is_index(polygons) and saved is not None:
        raise UsageProblem("--index goes with the file that the index was built from, not with an index")
    if saved is not None or is_index(polygons):
        given = [name for name in RULES if context.get_parameter_source(name) is _BY_HAND]
        if given:
            raise UsageProblem(f"--{given[0]} has no effect on an index that is built already; leave it out")
        if options["on"]:
            raise UsageProblem("--on needs the file of the polygons; an index that is built has no fields")
    if options["points"] == options["polygons"] == PIPE:
        raise UsageProblem("POINTS and POLYGONS cannot both come from standard input")
    distance_column = options.get("distance_column")
    if distance_column is not None and saved is None and not is_index(polygons):
        check_distance_column(rules.predicate)
    rejects = options.get("rejects")
    if rejects == PIPE:
        raise UsageProblem("--rejects needs a file; standard output is for all points")
    outputs, inputs = [options["output"]], [options["points"], options["polygons"]]
    if rejects is not None:
        outputs.append(rejects)
        if _is_same(rejects, options["output"]):
            raise UsageProblem("--output and --rejects are the same file")
    if saved is not None:
        inputs.append(saved)
    check_outputs(outputs, inputs, options["overwrite"])

    columns = options["columns"]
    same = ("points", "polygons", "output", "format", "points_format", "points_layer", "polygons_layer")
    return MatchOptions(
        **{
            name: options[name]
            for name in (*same, "index", "x", "y", "reproject", "fail_unmatched", "workers")
        },
        rules=rules,
        dialect=_dialect(options),
        on=list(options["on"]),
        columns=None if columns is None else [name for name in columns.split(",") if name],
        distance_column=distance_column,
        audit=options.get("audit", False),
        rejects=rejects,
        sums=list(options.get("sums", ())),
        means=list(options.get("means", ())),
    )


def rules_of(options: dict[str, Any]) -> Rules:
    """Return the rules of a match."""
    predicate, distance, best, score = (options[name] for name in RULES[:4])
    if predicate in NEED_DISTANCE and distance is None:
        raise UsageProblem(f"--predicate {predicate} needs --distance")
    if predicate not in TAKE_DISTANCE and distance is not None:
        raise UsageProblem(f"--distance belongs to --predicate {', '.join(TAKE_DISTANCE)}")
    if best is not None and score is not None:
        raise UsageProblem("--best and --score exclude each other")

    period, metric = options["period"], options["metric"]
    if metric == "sphere" and period not in (None, 360):
        raise UsageProblem("--period is 360 with --metric sphere, which counts longitudes so anyway")
    return Rules(predicate, distance, best or "smallest", score, options["invalid"], period, metric)


def picture_of(options: dict[str, Any]) -> Picture:
    """Return the options of a picture."""
    pairs = [each.partition("=") for each in options["highlight"]]
    for field, equals, _ in pairs:
        if not (field and equals):
            raise UsageProblem("--highlight expects FIELD=VALUE")
        if field != pairs[0][0]:
            raise UsageProblem(f"--highlight: the values are of one field, got {pairs[0][0]} and {field}")
    by = pairs[0][0] if pairs else None
    values = [value for _, _, value in pairs]
    return Picture(options["title"], options["extent"], options["size"], by, values, options["cells"])


def console_of(options: dict[str, Any]) -> Console:
    """Return what a command prints to."""
    progress = options.get("progress")
    if progress is None and options["output"] == PIPE:
        progress = False  # a bar would garble rows that end up on the same screen, for example through `head`
    return Console(options["quiet"], options["as_json"], progress)


def points_file(options: dict[str, Any]) -> PointsFile:
    """Return where the points are."""
    format, layer, x, y = (options[name] for name in ("points_format", "points_layer", "x", "y"))
    reproject = options.get("reproject", False)
    return PointsFile(options["points"], format, layer, x, y, _dialect(options), reproject)


def _dialect(options: dict[str, Any]) -> Dialect:
    """Return what is known of a text table."""
    words = tuple(word.strip() for word in options["na"].split(",") if word.strip())
    return Dialect(
        options["delimiter"], options["decimal"], options["encoding"], not options["no_header"], words
    )


def check_outputs(outputs: list[str], inputs: list[str], overwrite: bool) -> None:
    """Raise if an output is also an input, or exists and --overwrite was not given."""
    for output in outputs:
        path = Path(output)
        if output == PIPE:
            continue
        if not path.parent.is_dir():
            raise UsageProblem(f"{output}: there is no folder {path.parent}; make it first")
        for each in inputs:
            if _is_same(output, each):
                raise UsageProblem(f"the output is the same file as an input: {each}")
        if not path.exists():
            continue
        if path.is_dir():
            raise UsageProblem(f"{output}: is a folder; name a file in it")
        if path.is_file() and not overwrite:
            raise UsageProblem(f"{output}: exists already; add --overwrite to replace it")


def _is_same(path: str, other: str) -> bool:
    """Return whether two paths lead to one file, which need not be there yet."""
    if PIPE in (path, other):
        return False
    if os.path.exists(path) and os.path.exists(other):
        return os.path.samefile(path, other)
    return os.path.realpath(path) == os.path.realpath(other)
