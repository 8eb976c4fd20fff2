"""The same rules at every entry: which values are numbers, which are missing, which CRS are equal.

Each public entry gets every type of number and every pair of reference systems; there is one right answer, or
one error, for all. Spark, Dask and Ray have their own tests.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import duckdb
import geopandas
import pandas as pd
import polars as pl
import poly_match as pm
import poly_match.duckdb
import poly_match.polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from entries import INDEX, KINDS, RINGS, Y, kinds
from poly_match._cli.main import main

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")
pyplot = pytest.importorskip("matplotlib.pyplot")

SHAPES = [shapely.Polygon(ring) for ring in RINGS]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield
    pyplot.close("all")


def plain(answers: Any) -> list[int | None]:
    """Return the answers of an array as tables have them."""
    return [None if answer < 0 else int(answer) for answer in answers]


# ---- what is a number --------------------------------------------------------------------------------------


def counted(answers: list[int | None]) -> Any:
    return [answers.count(0), answers.count(1), answers.count(None)]


def count(x: pa.Array, y: pa.Array) -> Any:
    regions, unmatched = pm.count((x, y), RINGS)
    return [*regions.tolist(), unmatched]


def plot(x: pa.Array, y: pa.Array) -> Any:
    """Return how many points are matched, by the legend."""
    legend = pm.plot((x, y), RINGS).get_legend()  # None: nothing is drawn
    labels = [] if legend is None else [text.get_text() for text in legend.get_texts()]
    return sum(int(label.split("(")[1][:-1]) for label in labels if label.startswith("matched"))


def drawn(answers: list[int | None]) -> Any:
    return len(answers) - answers.count(None)


def check(x: pa.Array, y: pa.Array) -> Any:
    """Return which points are bad."""
    bad = [finding for finding in pm.check(RINGS, (x, y)).findings if finding.kind == "bad point"]
    return bad[0].rows.tolist() if bad else []


def table_of(x: pa.Array, y: pa.Array) -> pa.Table:
    return pa.table({"x": x, "y": y})


def dataset(x: pa.Array, y: pa.Array) -> Any:
    os.mkdir("source")
    pq.write_table(table_of(x, y), "source/a.parquet")
    pm.match_dataset("source", INDEX, "sink", x="x", y="y")
    return pq.read_table("sink/a.parquet")["region"].to_pylist()


def command(x: pa.Array, y: pa.Array) -> Any:
    pq.write_table(table_of(x, y), "points.parquet")
    INDEX.save("index.pmx")
    if main(["match", "points.parquet", "index.pmx", "-o", "out.parquet", "-q"]):
        raise SystemExit(2)
    return pq.read_table("out.parquet")["region"].to_pylist()


def in_duckdb(x: pa.Array, y: pa.Array) -> Any:
    connection, points = duckdb.connect(), table_of(x, y)
    pm.duckdb.register(connection, INDEX)
    assert points.num_rows
    return [row[0] for row in connection.sql("SELECT match_region(x, y) FROM points").fetchall()]


def in_polars(x: pa.Array, y: pa.Array) -> Any:
    frame = pl.from_arrow(table_of(x, y))
    return frame.select(pm.polars.match_region("x", "y", INDEX))["region"].to_list()


class Entry(NamedTuple):
    """An entry, its visible answers, and its error for a value that is no number."""

    call: Callable[[Any, Any], Any]
    seen: Callable[[list[int | None]], Any] = list
    error: type[BaseException] = pm.InputTypeError
    message: str = r"^points\[0\].*: expected numbers, got"


COLUMNS = "^points: .*exactly two numeric columns"
ENTRIES = {
    "match, Arrow": Entry(lambda x, y: plain(pm.match((x, y), RINGS))),
    "match, NumPy": Entry(lambda x, y: plain(pm.match((x.to_numpy(False), y.to_numpy(False)), RINGS))),
    "match, lists": Entry(lambda x, y: plain(pm.match((x.to_pylist(), y.to_pylist()), RINGS))),
    "match, Series": Entry(lambda x, y: plain(pm.match((x.to_pandas(), y.to_pandas()), RINGS))),
    "match, Series of Arrow": Entry(
        lambda x, y: plain(pm.match((x.to_pandas(types_mapper=pd.ArrowDtype), y.to_pandas()), RINGS))
    ),
    "match, Polars": Entry(lambda x, y: plain(pm.match((pl.Series(x), pl.Series(y)), RINGS))),
    "match, rows": Entry(
        lambda x, y: plain(pm.match(list(zip(x.to_pylist(), y.to_pylist(), strict=True)), RINGS)),
        message=r"^points(\[\d\])?: expected numbers, got",
    ),
    "match, a table": Entry(lambda x, y: plain(pm.match(table_of(x, y), RINGS)), message=COLUMNS),
    "match, a DataFrame": Entry(
        lambda x, y: plain(pm.match(table_of(x, y).to_pandas(), RINGS)), message=COLUMNS
    ),
    "match, a DataFrame of Arrow": Entry(
        lambda x, y: plain(pm.match(table_of(x, y).to_pandas(types_mapper=pd.ArrowDtype), RINGS)),
        message=COLUMNS,
    ),
    "match, a frame of Polars": Entry(
        lambda x, y: plain(pm.match(pl.from_arrow(table_of(x, y)), RINGS)), message=COLUMNS
    ),
    "Index.match": Entry(lambda x, y: plain(INDEX.match((x, y)))),
    "count": Entry(count, counted),
    "plot": Entry(plot, drawn),
    "check": Entry(check, lambda answers: [1] if answers[1] is None else []),
    "match_dataset": Entry(dataset, message="^x='x': expected numbers, got"),
    "the command line": Entry(command, error=SystemExit, message="2"),
    "DuckDB": Entry(in_duckdb, error=duckdb.BinderException, message="match_region.DOUBLE, DOUBLE."),
    "Polars": Entry(in_polars, message="^x: expected numbers, got"),
}
CANNOT_HOLD = {
    "match, Polars": {"decimal256"}, "match, a frame of Polars": {"decimal256"}, "Polars": {"decimal256"},
    "DuckDB": {"decimal256"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        (entry, kind)
        for entry in ENTRIES
        for kind in KINDS
        if kind.partition(",")[0] not in CANNOT_HOLD.get(entry, ())
    ],
)
def test_coordinates(entry, kind, capsys):
    call, seen, error, message = ENTRIES[entry]
    column, is_number = KINDS[kind]
    if is_number:
        answers = KINDS[kind].answers()
        expected = [0, 1, 2, 3] if entry == "check" and kind == "all missing" else seen(answers)
        assert call(column, pa.array(Y)) == expected
        return
    with pytest.raises(error, match=message):
        call(column, pa.array(Y))
    if entry == "the command line":
        assert "points.parquet: column x is not numeric but" in capsys.readouterr().err


# ---- scores and distances ----------------------------------------------------------------------------------

SCORES = kinds([2, 1])  # the second region is the better one
DISTANCES = kinds([3, 1])  # from the center (2, 2) of the first, and (5, 5) of the second
AT = [(3.0, 3.0)]  # in both regions, and 1.4 and 2.8 from their centers


def frame(column: pa.Array, name: str) -> geopandas.GeoDataFrame:
    return geopandas.GeoDataFrame({name: column.to_pandas(types_mapper=pd.ArrowDtype)}, geometry=SHAPES)


def here() -> geopandas.GeoDataFrame:
    return geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(*zip(*AT, strict=True)))


def there() -> geopandas.GeoDataFrame:
    return geopandas.GeoDataFrame(geometry=SHAPES)


def scored_by_command(column: pa.Array) -> Any:
    regions = there().to_wkb()
    wkb = pa.array(regions["geometry"].tolist(), pa.binary())
    column_and_shape = pa.table({"level": column, "geometry": wkb})
    geo = '{"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB", '
    geo += '"geometry_types": ["Polygon"], "crs": null}}}'
    pq.write_table(column_and_shape.replace_schema_metadata({"geo": geo}), "regions.parquet")
    pq.write_table(pa.table({"x": [3.0], "y": [3.0]}), "points.parquet")
    words = ["match", "points.parquet", "regions.parquet", "-o", "out.parquet", "-q", "--score", "level"]
    code = main(words)
    if code:
        raise SystemExit(code)
    (found,) = pq.read_table("out.parquet")["level"].to_pylist()
    return int(found == 1)


def plotted(**rules: Any) -> int:
    """Return the region of a point, by its colour in the drawing."""
    ax = pm.plot(AT, RINGS, **rules)
    regions, *_ = (each for each in ax.collections if len(each.get_paths()) == len(RINGS))
    (dot,) = (each for each in ax.collections if str(each.get_label()).startswith("matched"))
    colours = [tuple(colour[:3]) for colour in regions.get_edgecolors()]
    return colours.index(tuple(dot.get_facecolors()[0][:3]))


def with_scores(call: Callable[..., Any]) -> Callable[[pa.Array], Any]:
    return lambda column: call(best=column)


def with_distances(call: Callable[..., Any]) -> Callable[[pa.Array], Any]:
    return lambda column: call(predicate="center_within", distance=column)


CALLS: dict[str, Callable[..., Any]] = {
    "match": lambda **rules: int(pm.match(AT, RINGS, **rules)[0]),
    "Index": lambda **rules: int(pm.Index(RINGS, **rules).match(AT)[0]),
    "count": lambda **rules: pm.count(AT, RINGS, **rules).regions.tolist().index(1),
    "plot": plotted,
    "sjoin": lambda **rules: int(pm.sjoin(here(), there(), **rules)["index_right"][0]),
}  # fmt: skip
FORMS: dict[str, Callable[[pa.Array], Any]] = {
    "Arrow": lambda column: column,
    "NumPy": lambda column: column.to_numpy(zero_copy_only=False),
    "a list": lambda column: column.to_pylist(),
    "a Series": lambda column: column.to_pandas(),
    "a Series of Arrow": lambda column: column.to_pandas(types_mapper=pd.ArrowDtype),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("entry", CALLS)
@pytest.mark.parametrize("kind", SCORES)
def test_scores(entry, form, kind):
    column, is_number = SCORES[kind]
    given = FORMS[form](column)
    if not is_number:
        with pytest.raises(pm.InputTypeError, match=r"^best(\[\d\])?: expected numbers, got"):
            CALLS[entry](best=given)
    elif column.null_count:
        with pytest.raises(pm.InputValueError, match=r"^best\[\d\]: the score is missing or NaN"):
            CALLS[entry](best=given)
    else:
        assert CALLS[entry](best=given) == 1


@pytest.mark.parametrize("kind", SCORES)
def test_scores_that_are_a_column(kind, capsys):
    """The name of a column of the frame, and of a field of the file."""
    column, is_number = SCORES[kind]
    calls: list[Callable[[], Any]] = [
        lambda: int(pm.match(AT, frame(column, "level"), best="level")[0]),
        lambda: int(pm.sjoin(here(), frame(column, "level"), best="level")["index_right"][0]),
    ]
    if is_number and not column.null_count:
        assert [call() for call in calls] == [1, 1]
        assert scored_by_command(column) == 1
        return
    error = pm.InputValueError if is_number else pm.InputTypeError
    for call in calls:
        with pytest.raises(error, match=r"^best(\[\d\])?: "):
            call()
    with pytest.raises(SystemExit, match="1" if is_number else "2"):
        scored_by_command(column)
    message = "has no level to score by" if is_number else "--score level: the field is not numeric but"
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("entry", CALLS)
@pytest.mark.parametrize("kind", DISTANCES)
def test_distances(entry, form, kind):
    column, is_number = DISTANCES[kind]
    given = FORMS[form](column)

    def call() -> Any:
        return CALLS[entry](predicate="center_within", distance=given)

    if not is_number:
        with pytest.raises(pm.InputTypeError, match=r"^distance(\[\d\])?: expected numbers, got"):
            call()
    elif column.null_count:
        with pytest.raises(pm.InputValueError, match=r"^distance\[\d\]: expected at least 0, got nan"):
            call()
    else:
        assert call() == 0


# ---- which plane -------------------------------------------------------------------------------------------

SYSTEMS = {"none": None, "EPSG:4326": "EPSG:4326", "OGC:CRS84": "OGC:CRS84", "EPSG:3857": "EPSG:3857"}


def expected_of(points: str, polygons: str) -> str:
    """Return what is right for two reference systems: the first two that are named are one."""
    if points == polygons or {points, polygons} == {"EPSG:4326", "OGC:CRS84"}:
        return "taken"
    return "warned" if "none" in (points, polygons) else "refused"


def points_in(system: str) -> geopandas.GeoDataFrame:
    return geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([1.0], [1.0]), crs=SYSTEMS[system])


def polygons_in(system: str) -> geopandas.GeoDataFrame:
    return geopandas.GeoDataFrame({"name": ["a"]}, geometry=SHAPES[:1], crs=SYSTEMS[system])


def outcome(call: Callable[[Any, Any], Any], points: Any, polygons: Any) -> str:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            call(points, polygons)
        except ValueError as error:
            named = re.search(r"points are in .* and polygons in .*: bring them into one CRS", str(error))
            return "refused" if named and isinstance(error, pm.InputError) else str(error)
    texts = [str(each.message) for each in seen if each.category is UserWarning]
    return "warned" if any("have no CRS" in text for text in texts) else "taken"


PLANES: dict[str, Callable[[Any, Any], Any]] = {
    "match": pm.match,
    "match with keys": lambda points, polygons: pm.match(points, polygons, on=([1], [1])),
    "Index.match": lambda points, polygons: pm.Index(polygons).match(points),
    "count": pm.count,
    "plot": pm.plot,
}


@pytest.mark.parametrize("polygons", SYSTEMS)
@pytest.mark.parametrize("points", SYSTEMS)
@pytest.mark.parametrize("entry", PLANES)
def test_planes(entry, points, polygons):
    """Of frames, of series, and of Arrow tables, which say nothing where they have no CRS."""
    expected = expected_of(points, polygons)
    left, right = points_in(points), polygons_in(polygons)
    assert outcome(PLANES[entry], left, right) == expected
    assert outcome(PLANES[entry], left.geometry, right.geometry) == expected
    if "none" in (points, polygons):
        expected = "taken"
    assert outcome(PLANES[entry], left.to_arrow(), right.to_arrow()) == expected
    if points != "none":
        assert outcome(PLANES[entry], pa.table(left.to_arrow()), right.geometry) == expected_of(
            points, polygons
        )


@pytest.mark.parametrize("polygons", SYSTEMS)
@pytest.mark.parametrize("points", SYSTEMS)
def test_planes_of_frames_that_are_joined(points, polygons):
    assert outcome(pm.sjoin, points_in(points), polygons_in(polygons)) == expected_of(points, polygons)


@pytest.mark.parametrize("polygons", SYSTEMS)
@pytest.mark.parametrize("points", SYSTEMS)
def test_planes_that_are_checked(points, polygons):
    """What elsewhere is refused or warned of is a finding."""

    def found(here: Any, there: Any) -> bool:
        return [finding.kind for finding in pm.check(there, here).findings] == ["crs"]

    expected = expected_of(points, polygons) != "taken"
    here, there = points_in(points), polygons_in(polygons)
    assert found(here, there) == found(here.geometry, there.geometry) == expected
    if "none" not in (points, polygons):
        assert found(here.to_arrow(), there.to_arrow()) == expected


@pytest.mark.parametrize("polygons", SYSTEMS)
@pytest.mark.parametrize("points", SYSTEMS)
@pytest.mark.parametrize("command", ["match", "count", "plot", "check"])
def test_planes_of_files(command, points, polygons, capsys):
    points_in(points).to_parquet("points.parquet")
    polygons_in(polygons).to_parquet("polygons.parquet")
    expected = expected_of(points, polygons)
    if command == "check":
        assert main(["check", "polygons.parquet", "points.parquet"]) == 0
        printed = capsys.readouterr().out
        assert ("crs: " in printed, "nothing found" in printed) == (expected != "taken", expected == "taken")
        return
    out = "out.png" if command == "plot" else "out.csv"
    code = main([command, "points.parquet", "polygons.parquet", "-o", out])
    messages = capsys.readouterr().err
    assert code == (3 if expected == "refused" else 0)
    assert ("does not say its coordinate reference system" in messages) == (expected == "warned")
    named = re.search(r"points are in \S+ and polygons in \S+; --reproject converts", messages)
    assert (named is not None) == (expected == "refused")
