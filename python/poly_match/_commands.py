"""The commands and options of `poly-match`, and their help.

Only click is imported here, so that `--help` and a mistake in the options answer at once.
"""

from __future__ import annotations

from pathlib import Path

import click

from poly_match._index import BESTS, PREDICATES, Best, Predicate

__all__ = ["cli"]


def _print_version(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        import poly_match

        click.echo(f"poly-match {poly_match.__version__}")
        context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version,
    help="Show the version and exit.",
)  # fmt: skip
def cli() -> None:
    """Give every point its best region."""


@cli.command(short_help="Add to every point the attributes of its best region.")
@click.argument("points", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("polygons", type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The CSV file to write.")
@click.option("--x", "x_name", metavar="COLUMN", help="Column of x or longitude; found when it is obvious.")
@click.option("--y", "y_name", metavar="COLUMN", help="Column of y or latitude; found when it is obvious.")
@click.option(
    "--predicate", type=click.Choice(PREDICATES), default="covers", show_default=True,
    help="Which regions are candidates for a point.",
)  # fmt: skip
@click.option("--distance", type=float, help="How close the center must be, for center_within.")
@click.option("--best", type=click.Choice(BESTS), help="Which candidate wins.  [default: smallest]")
@click.option("--score", metavar="FIELD", help="Instead of --best: the lowest value of this field wins.")
@click.option(
    "--columns", metavar="FIELD,...", help="Fields of the region to add.  [default: all but the geometry]"
)
@click.option(
    "-j", "--workers", type=int, default=-1, show_default=True, help="Threads; -1: all usable cores."
)
@click.option("--progress/--no-progress", default=None, help="Show a bar.  [default: on a terminal]")
@click.option("-q", "--quiet", is_flag=True, help="No bar and no summary.")
def match(
    points: Path,
    polygons: Path,
    output: Path,
    x_name: str | None,
    y_name: str | None,
    predicate: Predicate,
    distance: float | None,
    best: Best | None,
    score: str | None,
    columns: str | None,
    workers: int,
    progress: bool | None,
    quiet: bool,
) -> None:
    """Add to every point the attributes of its best region.

    POINTS is a CSV file (.gz, .bz2 and .zst as well), POLYGONS any file GDAL reads: GeoJSON, GeoPackage,
    Shapefile, FlatGeobuf, and more. The output has one row per point, in the same order, with all columns of
    the points as they are, and then the region's. A point without a region keeps its row: the added cells
    are empty. POINTS is read in pieces, so it may be larger than the memory.

    \b
    poly-match match cities.csv countries.geojson -o matched.csv
    """
    if predicate == "center_within" and distance is None:
        raise click.UsageError("--predicate center_within needs --distance")
    if predicate == "covers" and distance is not None:
        raise click.UsageError("--distance belongs to --predicate center_within")
    if best is not None and score is not None:
        raise click.UsageError("--best and --score exclude each other")
    if workers == 0 or workers < -1:
        raise click.UsageError("--workers must be positive, or -1 for all usable cores")
    for argument, path in (("POINTS", points), ("POLYGONS", polygons)):
        if output.exists() and output.samefile(path):
            raise click.UsageError(f"the output is the same file as {argument}: {path}")

    from poly_match import _job

    job = _job.Job(
        points=points,
        polygons=polygons,
        output=output,
        x_name=x_name,
        y_name=y_name,
        predicate=predicate,
        distance=distance,
        best=best or "smallest",
        score=score,
        columns=None if columns is None else [name for name in columns.split(",") if name],
        workers=workers,
    )
    try:
        _job.run(job, progress=progress, quiet=quiet)
    except _job.UsageProblem as problem:
        raise click.UsageError(str(problem)) from None
    except _job.Problem as problem:
        raise click.ClickException(str(problem)) from None
