"""Distances on the command line: a column of them in every format, the status and summary of nearest."""

from __future__ import annotations

import json
import math
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import poly_match as pm
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from poly_match._cli import main as cli

SQUARES = [shapely.box(0, 0, 4, 4), shapely.box(1, 1, 2, 2), shapely.box(10, 0, 12, 2)]
POINTS = [(1.5, 1.5), (3, 3), (5, 2), (9, 3), (7, 2), (99, 99), (None, 1)]
DISTANCES = [0, 0, 1, math.sqrt(2), None, None, None]
NEAREST = ["--predicate", "nearest", "--distance", "2"]
FORMATS = [
    "csv",
    "csv.gz",
    "tsv",
    "parquet",
    "geoparquet",
    "arrow",
    "geojson",
    "geojsonl",
    "gpkg",
    "fgb",
    "shp",
]


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = {"name": ["outer", "inner", "east"], "floor": [1, 1, 2]}
    geopandas.GeoDataFrame(names, geometry=SQUARES).to_parquet("squares.parquet")
    pd.DataFrame(POINTS, columns=["x", "y"]).assign(floor=[1, 1, 2, 2, 1, 1, 1]).to_parquet("points.parquet")


def match(*words: str) -> list[str]:
    return ["match", "points.parquet", "squares.parquet", "-q", "--columns", "name", "--overwrite", *words]


def read(path: str) -> pd.DataFrame:
    kind = path.split(".")[1]
    if kind in ("csv", "tsv"):
        return pd.read_csv(path, sep="\t" if kind == "tsv" else ",")
    if kind in ("parquet", "geoparquet"):
        return pq.read_table(path).to_pandas()
    if kind == "arrow":
        return pd.read_feather(path)
    return pyogrio.read_dataframe(path)


@pytest.mark.parametrize("ending", FORMATS)
def test_distances_are_a_column_of_every_format(ending):
    out = f"out.{ending}"
    assert cli.main(match("-o", out, *NEAREST, "--distance-column", "far", "--audit")) == 0
    frame = read(out)
    named = [name for name in frame.columns if name not in ("x", "y", "floor", "geometry")]
    assert named == ["name", "far", "status"]
    assert frame["far"].dtype == np.float64
    exact = np.array(DISTANCES, dtype=float)
    np.testing.assert_allclose(frame["far"], exact, rtol=1e-15 if ending == "shp" else 0)  # has 15 decimals
    assert frame["status"].tolist() == [
        "matched", "matched", "nearest", "nearest", "no candidate", "no candidate", "bad point",
    ]  # fmt: skip
    assert [None if pd.isna(name) else name for name in frame["name"]] == [
        "inner", "outer", "outer", "east", None, None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "rules", [["nearest"], ["dwithin", "--distance", "2"], ["center_within", "--distance", "6"]]
)
def test_distances_are_those_of_match(rules):
    assert cli.main(match("-o", "out.parquet", "--predicate", *rules, "--distance-column", "d")) == 0
    keywords = {"predicate": rules[0], "distance": float(rules[2]) if len(rules) > 1 else None}
    points = np.array(POINTS, dtype=float)
    _, expected = pm.match(points, SQUARES, **keywords, return_distance=True)
    np.testing.assert_array_equal(read("out.parquet")["d"], expected)
    words = ["--on", "floor", "--predicate", *rules, "--distance-column", "d"]
    assert cli.main(match("-o", "out.parquet", *words)) == 0
    keys = [1, 1, 2, 2, 1, 1, 1], [1, 1, 2]
    _, keyed = pm.match(points, SQUARES, on=keys, **keywords, return_distance=True)
    np.testing.assert_array_equal(read("out.parquet")["d"], keyed)
    assert not np.array_equal(keyed, expected, equal_nan=True)


def test_a_saved_index_has_distances(capsys):
    assert cli.main(["index", "squares.parquet", "-o", "near.pmx", *NEAREST, "-q"]) == 0
    assert cli.main(["index", "squares.parquet", "-o", "in.pmx", "-q"]) == 0
    for words in (["near.pmx"], ["squares.parquet", "--index", "near.pmx"]):
        job = ["match", "points.parquet", *words, "--distance-column", "d", "--overwrite", "-o", "out.csv"]
        assert cli.main(job) == 0
        assert "2 points are in no region and get the nearest one\n" in capsys.readouterr().err
        assert [None if far != far else far for far in read("out.csv")["d"]] == DISTANCES
    assert cli.main(["match", "points.parquet", "in.pmx", "--distance-column", "d"]) == 2
    assert "--predicate covers has no distances; --predicate nearest has" in capsys.readouterr().err


def test_the_summary_says_how_many_have_the_nearest_one(capsys):
    words = [word for word in match("-o", "out.csv") if word != "-q"]
    said = []
    for rules in (
        NEAREST,
        ["--predicate", "nearest", "--distance", "1"],
        ["--predicate", "dwithin", "--distance", "2"],
    ):
        assert cli.main([*words, *rules]) == 0
        said.append([line for line in capsys.readouterr().err.splitlines() if "in no region" in line])
        assert cli.main([*words, *rules, "--json"]) == 0
        said[-1].append(json.loads(capsys.readouterr().err).get("nearest"))
    assert said == [
        ["2 points are in no region and get the nearest one", 2],
        ["1 point is in no region and gets the nearest one", 1],
        [None],
    ]
    assert cli.main(["count", *words[1:3], "-o", "count.csv", *NEAREST, "--on", "floor", "--json"]) == 0
    assert json.loads(capsys.readouterr().err)["nearest"] == 1


def test_rejects_have_no_distances():
    assert cli.main(match("-o", "out.csv", *NEAREST, "--distance-column", "d", "--rejects", "rest.csv")) == 0
    assert read("rest.csv").columns.tolist() == ["x", "y", "floor"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "--distance-column: --predicate covers has no distances; --predicate nearest has, and is 0 for "
         "a point in its region"),
        ([*NEAREST, "--columns", "floor,name"],
         "--distance-column name: there is a column name already; choose another name"),
    ],
)  # fmt: skip
def test_where_there_are_no_distances(capsys, words, message):
    assert cli.main(match("-o", "out.csv", "--distance-column", "name", *words)) == 2
    assert capsys.readouterr().err == f"poly-match: {message}\n"
    assert not Path("out.csv").exists()
