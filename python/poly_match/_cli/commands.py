"""The commands and options of `poly-match`, and their help.

Only click is imported here, so that `--help` and usage errors appear immediately.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Any, TypeVar

import click

from poly_match._cli.arguments import (
    check_outputs,
    check_workers,
    console_of,
    match_options,
    picture_of,
    points_file,
    rules_of,
)
from poly_match._cli.groups import HEAD, GroupedCommand, HeadCommand
from poly_match._readers.dialect import MISSING
from poly_match._readers.formats import FORMATS, INDEX_ENDING, MODULE_ENDING, PIPE, is_index, is_module
from poly_match._readers.problems import UsageProblem
from poly_match._rules import BESTS, INVALID, METRICS, PREDICATES, TAKE_DISTANCE

__all__ = ["cli"]

F = TypeVar("F", bound=Callable[..., Any])
NAMES = [each.name for each in FORMATS]


def _options(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Combine several options into one decorator; the help lists them in this order."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def _version(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        from poly_match._versions import versions

        click.echo(versions())
        context.exit()


def _character(_: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Return a delimiter, given as itself or by its name."""
    character = {"tab": "\t", "\\t": "\t", "space": " "}.get(value or "", value)
    if character is not None and (len(character) != 1 or not character.isascii() or character in '"\r\n'):
        raise click.BadParameter("expected one character, or tab", param=option)
    return character


def _encoding(_: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Return the name of an encoding that Python knows."""
    try:
        return value and codecs.lookup(value).name
    except LookupError:
        raise click.BadParameter(f"Python knows no encoding {value!r}", param=option) from None


# ---- options of several commands ---------------------------------------------------------------------------

rule_options = _options(
    click.option(
        "--predicate", type=click.Choice(PREDICATES), default="covers", show_default=True,
        help="Which regions are candidates for a point.",
    ),
    click.option("--distance", type=float, help="How far away a region may be: its center, its border."),
    click.option(
        "--metric", type=click.Choice(METRICS), default="planar", show_default=True,
        help="planar: distances are in the unit of the coordinates. sphere: coordinates are longitude and "
        "latitude, edges great circles, distances metres.",
    ),
    click.option(
        "--best", type=click.Choice(BESTS),
        help="Which candidate wins; of equal ones, the first in the input.  [default: smallest]",
    ),
    click.option(
        "--score", metavar="FIELD",
        help="Instead of --best: a field of the regions to rank by; the lowest value wins.",
    ),
    click.option(
        "--period", type=click.FloatRange(0, min_open=True), metavar="NUMBER",
        help="After which x repeats: 360 for longitudes, whichever way they are counted.",
    ),
    click.option(
        "--invalid", type=click.Choice(INVALID), default="warn", show_default=True,
        help="What to do with invalid regions, such as bow-ties: use them, use them with a warning, skip "
        "them and all rows that can't be used, or stop with an error.",
    ),
)  # fmt: skip
point_options = _options(
    click.option("--x", "x", metavar="COLUMN", help="Column of x or longitude; found when it is obvious."),
    click.option("--y", "y", metavar="COLUMN", help="Column of y or latitude; found when it is obvious."),
    click.option("--points-layer", metavar="NAME", help="Layer of POINTS, where there are several."),
    click.option(
        "--points-format", type=click.Choice(NAMES),
        help="Format of POINTS.  [default: as the name ends; csv on standard input]",
    ),
    click.option(
        "--delimiter", metavar="CHARACTER", callback=_character,
        help="What delimits the cells of a text table, or its name: tab.  [default: recognized]",
    ),
    click.option(
        "--decimal", type=click.Choice([".", ","]),
        help="What is before the decimals.  [default: a comma where ; delimits]",
    ),
    click.option(
        "--encoding", metavar="NAME", callback=_encoding,
        help="Encoding of a text table, such as cp1252.  [default: UTF-8 or UTF-16, recognized]",
    ),
    click.option(
        "--no-header", is_flag=True,
        help="The first line has no names: columns are called column_1, column_2 …; two are x and y.",
    ),
    click.option(
        "--na", metavar="WORD,...", default=",".join(MISSING), show_default=True,
        help="Words, in any case, for numbers that are missing; an empty cell is always missing.",
    ),
)  # fmt: skip
reproject = click.option(
    "--reproject", is_flag=True,
    help="Where POINTS are in another coordinate reference system than POLYGONS, convert them for matching; "
    "they are written as they were read.",
)  # fmt: skip
polygons_layer = click.option(
    "--polygons-layer", metavar="NAME", help="Layer of POLYGONS, where there are several."
)
overwrite = click.option("--overwrite", is_flag=True, help="Replace files that exist.")
output_options = _options(
    click.option(
        "-o", "--output", default=PIPE, metavar="FILE",
        help="The file to write, its format as the name ends.  [default: -, standard output]",
    ),
    click.option(
        "-f", "--format", "format", type=click.Choice(NAMES),
        help="Format of the output.  [default: as the name ends; on standard output that of POINTS, or csv]",
    ),
    overwrite,
    click.option(
        "--columns", metavar="FIELD,...",
        help="Fields of the region to write.  [default: all but the geometry]",
    ),
    click.option("--index", metavar="FILE", help=f"A saved index of POLYGONS ({INDEX_ENDING}) to use."),
)  # fmt: skip
workers_option = click.option(
    "-j", "--workers", type=int, default=-1, show_default=True, help="Threads; -1: all usable cores."
)
run_options = _options(
    workers_option,
    click.option(
        "--progress/--no-progress",
        default=None,
        help="Show a bar.  [default: on a terminal, when rows go to a file]",
    ),
)
console_options = _options(
    click.option("-q", "--quiet", is_flag=True, help="No bar and no summary; warnings are still shown."),
    click.option("--json", "as_json", is_flag=True, help="The summary as one JSON object on stderr."),
)
keys = click.option(
    "--on", multiple=True, metavar="COLUMN",
    help="Match a point only to the regions whose field COLUMN is equal to its own; COLUMN=FIELD where the "
    "names differ. To be given again for several, all of which have to be equal.",
)  # fmt: skip
fail_unmatched = click.option(
    "--fail-unmatched", is_flag=True, help="Exit with code 4 when there are points without a region."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
    help="Show the versions of this and of the libraries it uses, and exit.",
)  # fmt: skip
def cli() -> None:
    """Give every point its best region.

    Files are CSV, TSV (.gz, .bz2 and .zst as well), Parquet, GeoParquet, Arrow, GeoJSON, GeoJSONSeq,
    GeoPackage, FlatGeobuf and Shapefile, inferred from the extension; for reading, any other GDAL format. A
    dash is standard input or standard output.

    \b
    Exit codes: 0 success, 1 failure, 2 usage error, 3 unsuitable input,
    4 unmatched points with --fail-unmatched, 130 interrupted.
    """


@cli.command(cls=GroupedCommand, short_help="Add to every point the attributes of its best region.")
@click.argument("points")
@click.argument("polygons")
@output_options
@click.option(
    "--distance-column",
    metavar="NAME",
    help=f"Add a column with the distance from the region, empty where there is none; for --predicate "
    f"{', '.join(TAKE_DISTANCE)}.",
)
@click.option(
    "--audit",
    is_flag=True,
    help="Add a column status: matched, no candidate, bad point, or, with --predicate nearest, nearest for a "
    "point that is in no region.",
)
@click.option("--rejects", metavar="FILE", help="Write the points without a region to this file as well.")
@fail_unmatched
@point_options
@reproject
@polygons_layer
@rule_options
@keys
@run_options
@console_options
@click.pass_context
def match(context: click.Context, /, **options: Any) -> None:
    """Add to every point the attributes of its best region.

    The output has one row per point, in the same order, with all columns of the points as they are, and then
    the region's. A point without a region keeps its row, with empty cells added. POINTS is read in chunks, so
    it may be larger than memory.

    POLYGONS may be an index written by `poly-match index`: then the position of the region is added, counted
    from 0. To add its fields, give the file that the index was built from, and --index.

    CSV has no types: other formats get x and y as numbers and all other columns as text.

    \b
    poly-match match cities.csv countries.geojson -o matched.csv
    """
    from poly_match._cli.match import run_match

    run_match(match_options(context, options), console_of(options))


@cli.command(cls=GroupedCommand, short_help="Count the points of every region.")
@click.argument("points")
@click.argument("polygons")
@output_options
@click.option(
    "--sum",
    "sums",
    multiple=True,
    metavar="COLUMN",
    help="Add the sum of a column of the points, sum_COLUMN: 0 for a region without points. Missing values "
    "are left out. To be given again for several.",
)
@click.option(
    "--mean",
    "means",
    multiple=True,
    metavar="COLUMN",
    help="Add the mean of a column of the points, mean_COLUMN: empty for a region without values.",
)
@fail_unmatched
@point_options
@reproject
@polygons_layer
@rule_options
@keys
@run_options
@console_options
@click.pass_context
def count(context: click.Context, /, **options: Any) -> None:
    """Count the points of every region.

    The output has one row per region, in their order, with its fields and the number of points whose best
    region it is. Each point counts once; the summary shows how many are unmatched. Formats that have
    geometries get that of the region.

    Sums and means are exact and rounded once, so the order of the points changes nothing.

    \b
    poly-match count cities.csv countries.geojson -o cities_per_country.geojson
    poly-match count cities.csv countries.geojson --sum population -o people_in_cities.csv
    """
    from poly_match._cli.count import run_count

    run_count(match_options(context, options), console_of(options))


@cli.command(cls=GroupedCommand, short_help="Build an index of polygons and save it.")
@click.argument("polygons")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    help=f"The file to write: an index, {INDEX_ENDING}, or a WebAssembly module, {MODULE_ENDING}.",
)
@overwrite
@polygons_layer
@rule_options
@click.option("--max-bytes", type=click.IntRange(min=1), help="The most that the index may take.")
@click.option(
    "--compact", is_flag=True, help="A quarter of the bytes or less, to be shipped; for the predicate covers."
)
@workers_option
@console_options
def index(**options: Any) -> None:
    """Build an index of polygons and save it.

    The command line and Python open it instantly. It keeps the rules that it was built with. As a
    WebAssembly module, it is one function region(x, y) without imports, for whatever runs WebAssembly.

    \b
    poly-match index countries.geojson -o countries.pmx
    poly-match index countries.geojson -o countries.wasm
    poly-match match cities.csv countries.geojson --index countries.pmx -o matched.csv
    """
    from poly_match._cli.inspect import run_index

    output = options["output"]
    if not (is_index(output) or is_module(output)):
        raise UsageProblem(
            f"{output}: an index ends in {INDEX_ENDING}, so that other commands know it; a module in "
            f"{MODULE_ENDING}"
        )
    rules = rules_of(options)
    check_workers(options["workers"])
    if options["compact"] and (rules.predicate, rules.metric) != ("covers", "planar"):
        raise UsageProblem(
            f"--compact: an index of {rules.predicate} ({rules.metric}) can't be, one of covers (planar) can"
        )
    check_outputs([output], [options["polygons"]], options["overwrite"])
    run_index(
        options["polygons"],
        options["polygons_layer"],
        output,
        rules,
        options["max_bytes"],
        options["compact"],
        options["workers"],
        console_of(options),
    )


@cli.command(cls=HeadCommand, short_help="Show what is in a file.")
@click.argument("file")
@click.option("--layer", metavar="NAME", help="The layer to look at, where there are several.")
@click.option(
    "--head",
    type=click.IntRange(min=1),
    default=None,
    metavar="[N]",
    help=f"Show the first rows as well, N of them.  [default: {HEAD}]",
)
@click.option("--count", is_flag=True, help="Count the rows by reading the file, where it does not say.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def info(file: str, layer: str | None, head: int | None, count: bool, as_json: bool) -> None:
    """Show what is in a file: format, layers, rows, coordinate reference system, columns.

    Parquet, Arrow, GeoPackage, FlatGeobuf and Shapefile say how many rows they have. Of an index: its rules,
    coordinate reference system, names and size.

    \b
    poly-match info cities.csv --head 3
    """
    import json

    from poly_match._cli.info import about, report

    facts = about(file, layer, head=head or 0, count=count)
    click.echo(json.dumps(facts) if as_json else report(facts))


@cli.command(
    cls=GroupedCommand, short_help="Find problems in polygons, and in points to be matched with them."
)
@click.argument("polygons")
@click.argument("points", required=False)
@point_options
@polygons_layer
@click.option(
    "--metric",
    type=click.Choice(METRICS),
    default="planar",
    show_default=True,
    help="What they are to be matched with.",
)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def check(**options: Any) -> None:
    """Find problems in polygons, and in points to be matched with them. Invalid, empty, duplicate and
    overlapping regions, extents that don't meet, longitude and latitude swapped: each with its rows and a
    fix.
    """
    from poly_match._cli.inspect import checked

    points = None if options["points"] is None else points_file(options)
    click.echo(
        checked(options["polygons"], options["polygons_layer"], points, options["as_json"], options["metric"])
    )


@cli.command(cls=GroupedCommand, short_help="Draw points on a map of their regions.")
@click.argument("points")
@click.argument("polygons")
@click.option("-o", "--output", required=True, metavar="FILE", help="The picture: .png, .svg or .pdf.")
@overwrite
@click.option("--title", metavar="TEXT", help="Title of the picture.  [default: how many points and regions]")
@click.option(
    "--extent",
    type=float,
    nargs=4,
    metavar="X Y X Y",
    help="Least x and y, greatest x and y of the map.  [default: all of it]",
)
@click.option(
    "--size",
    type=click.FloatRange(0, min_open=True),
    nargs=2,
    metavar="WIDTH HEIGHT",
    default=(8, 6),
    show_default=True,
    help="Size in inches; PNG has 200 dots per inch.",
)
@click.option(
    "--highlight",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Give the regions with this value a colour of their own, and all others grey. To be given again for "
    "up to nine values of one field.",
)
@click.option("--cells", is_flag=True, help="Draw the cells of the index as well, where it has any.")
@point_options
@reproject
@polygons_layer
@rule_options
@console_options
def plot(**options: Any) -> None:
    """Draw points on a map of their regions, each in the colour of its answer.

    \b
    poly-match plot cities.csv countries.geojson -o iberia.png \\
        --extent -10 36 4 44 --highlight name=Spain --highlight name=Portugal
    """
    output = options["output"]
    if not output.lower().endswith((".png", ".svg", ".pdf")):
        raise UsageProblem(f"{output}: a picture ends in .png, .svg or .pdf")
    if is_index(options["polygons"]):
        raise UsageProblem("an index has no outlines to draw; give the file that it was built from")
    rules = rules_of(options)
    check_outputs([output], [options["points"], options["polygons"]], options["overwrite"])

    from poly_match._cli.inspect import run_plot

    run_plot(
        points_file(options), options["polygons"], options["polygons_layer"], output, rules,
        picture_of(options), console_of(options),
    )  # fmt: skip
