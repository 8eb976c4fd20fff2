"""`poly-match count --sum --mean`: exact sums and means, whatever the chunks, and columns that have none."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from poly_match._cli import main as cli
from poly_match._cli import totals
from poly_match._cli.totals import ExactSums
from poly_match._readers import csv, sources

ZONES = [shapely.box(0, 0, 4, 4), shapely.box(10, 0, 12, 2), shapely.box(20, 0, 21, 1)]


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    geopandas.GeoDataFrame({"name": ["a", "b", "c"]}, geometry=ZONES).to_parquet("zones.parquet")


def write(columns: dict[str, Any], x: list[float], path: str = "points.parquet") -> None:
    pq.write_table(pa.table({"x": x, "y": [1.0] * len(x), **columns}), path)


def count(*words: str, points: str = "points.parquet") -> dict[str, list[Any]]:
    assert cli.main(["count", points, "zones.parquet", "-o", "out.parquet", "-q", "--overwrite", *words]) == 0
    table = pq.read_table("out.parquet")
    assert table.column_names[:1] == ["name"]
    return {name: table[name].to_pylist() for name in table.column_names[1:] if name != "geometry"}


# ---- exact sums --------------------------------------------------------------------------------------------


def rounded(number: Fraction) -> float:
    try:
        return number.numerator / number.denominator
    except OverflowError:
        return math.inf if number > 0 else -math.inf


VALUES = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.1, 1e16, 1.0, -1e16, 5e-324, -5e-324, 2.0**-1022, 1.7976931348623157e308]),
)


@given(
    st.lists(st.tuples(st.integers(0, 2), VALUES), max_size=40), st.integers(1, 9), st.sampled_from([2, 99])
)
@settings(deadline=None)
def test_sums_and_means_are_those_of_real_numbers_rounded_once(pairs, size, many):
    sums = ExactSums(3)
    before, totals.MANY = totals.MANY, many
    try:
        for at in range(0, len(pairs), size):
            regions, values = zip(*pairs[at : at + size], strict=True)
            sums.add(np.array(regions), np.array(values))
    finally:
        totals.MANY = before
    for region in range(3):
        values = [Fraction(value) for each, value in pairs if each == region]
        assert sums.sums()[region] == rounded(sum(values, Fraction(0)))
        mean = sums.means()[region]
        assert mean == rounded(sum(values, Fraction(0)) / len(values)) if values else math.isnan(mean)


@pytest.mark.parametrize("kind", ["int8", "int64", "uint64"])
def test_sums_of_integers_are_integers(kind):
    limits = np.iinfo(kind)
    values = np.array([limits.min, limits.max, limits.max - 1, 0, 1, 3], dtype=kind)
    sums = ExactSums(2)
    sums.add(np.array([0, 0, 0, 0, 1, 1]), values)
    assert sums.integers() == [int(limits.min) + 2 * int(limits.max) - 1, 4]
    assert sums.sums().tolist() == [float(int(limits.min) + 2 * int(limits.max) - 1), 4.0]


def test_words_are_carried_before_they_overflow():
    unit = 2.0 ** (40 * totals.WORD - totals.LEAST)
    sums = ExactSums(1)
    sums._words, sums._pending = {40: np.array([2**63 - 1])}, totals.MANY
    sums.add(np.zeros(1, np.intp), np.array([unit]))
    assert sums.sums().tolist() == [2.0**63 * unit]


# ---- the command -------------------------------------------------------------------------------------------


def test_sums_and_means_of_columns():
    values = {"v": [0.1] * 10 + [5.0, None], "n": [*range(10), None, 7]}
    write(values, [1.0] * 10 + [11.0, 99.0])
    found = count("--sum", "v", "--mean", "v", "--sum", "n", "--mean", "n", "--sum", "v")
    assert found == {
        "count": [10, 1, 0], "sum_v": [1.0, 5.0, 0.0], "sum_n": [45, 0, 0], "mean_v": [0.1, 5.0, None],
        "mean_n": [4.5, None, None],
    }  # fmt: skip
    assert sum([0.1] * 10) != 1.0
    assert [type(value) for value in found["sum_n"]] == [int] * 3
    frame = geopandas.read_parquet("out.parquet")
    assert frame.geometry.geom_equals(geopandas.GeoSeries(ZONES)).all()


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("ending", ["parquet", "csv", "arrow"])
def test_chunks_and_workers_change_no_bit(ending, workers, monkeypatch):
    random = np.random.default_rng(1)
    values = random.normal(size=5000) * 10.0 ** random.integers(-18, 18, 5000)
    x = random.uniform(0, 22, 5000)
    write(
        {
            "v": values,
            "n": random.integers(-(2**62), 2**62, 5000) // 5000,
            "w": 1 / random.uniform(1, 2, 5000),
        },
        x.tolist(),
    )
    if ending != "parquet":
        assert (
            cli.main(
                [
                    "match",
                    "points.parquet",
                    "zones.parquet",
                    "-o",
                    f"points.{ending}",
                    "-q",
                    "--columns",
                    "name",
                ]
            )
            == 0
        )
    words = ["--sum", "v", "--mean", "v", "--sum", "w", "--mean", "w", "--sum", "n", "-j", workers]
    whole = count(*words, points=f"points.{ending}")
    monkeypatch.setattr(sources, "ROWS", 97)
    monkeypatch.setattr(csv, "BLOCK", 3001)
    assert count(*words, points=f"points.{ending}") == whole
    order = random.permutation(5000)
    pq.write_table(pq.read_table("points.parquet").take(order), "points.parquet")
    if ending == "parquet":
        assert count(*words) == whole
    for region, zone in enumerate(ZONES):
        there = (x >= zone.bounds[0]) & (x <= zone.bounds[2])
        assert whole["sum_v"][region] == math.fsum(values[there])
        assert math.isclose(whole["mean_v"][region], math.fsum(values[there]) / there.sum(), rel_tol=1e-15)


def test_text_is_numbers_as_coordinates_are(capsys):
    Path("points.csv").write_text(
        "x;y;people;price\n1;1;80220000000;2,5\n1;1; 70000000000 ;NA\n11;1;;-0,5\n99;1;1;9\n"
    )
    found = count(
        "--sum", "people", "--mean", "people", "--sum", "price", "--mean", "price", points="points.csv"
    )
    assert found == {
        "count": [2, 1, 0], "sum_people": [150220000000, 0, 0], "sum_price": [2.5, -0.5, 0.0],
        "mean_people": [75110000000.0, None, None], "mean_price": [2.5, -0.5, None],
    }  # fmt: skip
    assert capsys.readouterr().err == ""  # the word for no price is no missing coordinate
    assert cli.main(["count", "points.csv", "zones.parquet", "-q", "--sum", "people", "--mean", "price"]) == 0
    assert capsys.readouterr().out.splitlines()[1:3] == ["a,2,150220000000,2.5", "b,1,0,-0.5"]
    Path("odd.csv").write_text("x,y,v\n1,1,1\n1,1,many\n")
    assert cli.main(["count", "odd.csv", "zones.parquet", "--mean", "v"]) == 1
    said = capsys.readouterr().err
    assert "odd.csv: row 2 (the first after the header is 1): column v is 'many', not a number" in said


@pytest.mark.filterwarnings("error")
def test_infinities_and_decimals_and_what_is_missing():
    inf = math.inf
    columns = {
        "v": pa.array([inf, 1.0, -inf, inf, -inf, math.nan]),
        "d": pa.array([Decimal("0.10"), Decimal("0.20"), None, Decimal(1), Decimal(2), Decimal(3)]),
        "none": pa.array([None] * 6, pa.int32()),
    }
    write(columns, [1.0, 1.0, 11.0, 20.5, 20.5, 20.5])
    found = count("--sum", "v", "--mean", "v", "--sum", "d", "--sum", "none", "--mean", "none")
    assert math.isnan(found["sum_v"].pop())
    assert math.isnan(found["mean_v"].pop())
    assert found == {
        "count": [2, 1, 3], "sum_v": [inf, -inf], "mean_v": [inf, -inf],
        "sum_d": [rounded(Fraction(0.1) + Fraction(0.2)), 0, 6],
        "sum_none": [0, 0, 0], "mean_none": [None] * 3,
    }  # fmt: skip


def test_keys_distances_and_an_index_have_totals(capsys):
    write({"name": ["a", "b", "b", "c"], "v": [1, 2, 4, 8]}, [1.0, 1.0, 13.0, 11.0])
    assert count("--sum", "v", "--on", "name")["sum_v"] == [1, 0, 0]
    assert count("--sum", "v", "--predicate", "nearest")["sum_v"] == [3, 12, 0]
    assert cli.main(["index", "zones.parquet", "-o", "zones.pmx", "-q"]) == 0
    assert cli.main(["count", "points.parquet", "zones.pmx", "-q", "--sum", "v"]) == 0
    assert capsys.readouterr().out == "region,count,sum_v\n0,2,3\n1,1,8\n2,0,0\n"


def test_a_name_that_is_taken():
    zones = geopandas.read_parquet("zones.parquet").assign(sum_v=1, count=2)
    zones.to_parquet("zones.parquet")
    write({"v": [1]}, [1.0])
    assert list(count("--sum", "v")) == ["sum_v", "count", "count_points", "sum_v_points"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--sum", "pop"], 2, "--sum pop: points.parquet has no column pop; did you mean population?"),
        (["--mean", "Town"], 2, "--mean Town: points.parquet has no column Town; did you mean town?"),
        (["--sum", "twon"], 2, "--sum twon: points.parquet has no column twon; did you mean town?"),
        (["--sum", "zzz"], 2, "--sum zzz: points.parquet has no column zzz; it has x, y, population, town, "
         "big, yes"),
        (["--sum", "town"], 2, "--sum town: points.parquet: the column is not numeric but string"),
        (["--mean", "yes"], 2, "--mean yes: points.parquet: the column is not numeric but bool"),
        (["--sum", "big"], 1, "points.parquet: --sum big: the sum of region 0 (counted from 0) is "
         "9223372036854775808, beyond 64 bits; make the column one of floats"),
    ],
)  # fmt: skip
def test_columns_that_cannot_be_added_up(capsys, words, code, message):
    columns = {"population": [1, 2], "town": ["a", "b"], "big": [2**63 - 1, 1], "yes": [True, False]}
    write(columns, [1.0, 1.0])
    assert cli.main(["count", "points.parquet", "zones.parquet", "-o", "out.csv", *words]) == code
    assert capsys.readouterr().err == f"poly-match: {message}\n"
    assert not Path("out.csv").exists()
    assert count("--mean", "big")["mean_big"][0] == 2.0**62
