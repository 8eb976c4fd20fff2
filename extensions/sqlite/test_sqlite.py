"""The SQLite extension, in the shell sqlite3: Python's own sqlite3 often can't load extensions."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from extensions.build import BUILD, make
from extensions.conftest import (
    EXPECTED,
    EXPECTED_NAMES,
    INDEX,
    NAMES,
    OTHER,
    POINTS,
    damaged_files,
)


@pytest.fixture(scope="session", autouse=True)
def extension() -> str:
    make("sqlite")
    return str(BUILD / "sqlite" / "polymatch")


@pytest.fixture
def run(extension, files: Path):
    """Return a function that runs statements and returns the rows of all of them, or raises their error."""

    def run(*statements: str) -> list[tuple]:
        script = "\n".join(statement + ";" for statement in statements)
        done = subprocess.run(
            ["sqlite3", "-batch", "-json", "-cmd", f".load {extension}", "t.db"],
            input=script, cwd=files, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode in (0, 1), done
        if done.stderr:
            raise RuntimeError(done.stderr)
        decoder, rest, rows = json.JSONDecoder(), done.stdout.strip(), []
        while rest:
            found, end = decoder.raw_decode(rest)
            rows += [tuple(row.values()) for row in found]
            rest = rest[end:].strip()
        return rows

    return run


@pytest.fixture
def points(run) -> None:
    rows = ",".join(f"({i},{x!r},{y!r})" for i, (x, y) in enumerate(POINTS.tolist()))
    run("CREATE TABLE p(i INTEGER PRIMARY KEY, x REAL, y REAL)", f"INSERT INTO p VALUES {rows}")


def test_answers_are_those_of_match(run, points):
    assert run("SELECT match_region('zones.pmx', x, y) FROM p ORDER BY i") == [(r,) for r in EXPECTED]
    assert run("SELECT match_name('zones.pmx', x, y) FROM p ORDER BY i") == [(n,) for n in EXPECTED_NAMES]


def test_the_name_of_the_file_may_be_a_column(run, points):
    two = [None if r < 0 else r for r in OTHER.match(POINTS).tolist()]
    found = run(
        "SELECT match_region(CASE i % 3 WHEN 0 THEN 'zones.pmx' WHEN 1 THEN 'other.pmx' END, x, y) FROM p"
    )
    assert found == [([EXPECTED, two][i % 3][i] if i % 3 < 2 else None,) for i in range(len(POINTS))]
    both = run("SELECT match_region('zones.pmx', x, y), match_region('other.pmx', x, y) FROM p")
    assert both == list(zip(EXPECTED, two, strict=True))


def test_no_point_has_no_region(run):
    x, y = POINTS[0].tolist()
    values = [f"{x}, {y}", f"NULL, {y}", f"{x}, NULL", "NULL, NULL", f"9e999, {y}", f"{x}, -9e999"]
    found = run(*(f"SELECT match_region('zones.pmx', {value})" for value in values))
    assert found == [(EXPECTED[0],)] + 5 * [(None,)]
    assert run(f"SELECT match_region(NULL, {x}, {y}), match_name(NULL, {x}, {y})") == [(None, None)]


def test_numbers_may_be_integers_and_text(run):
    x, y = next((x, y) for x in range(90) for y in range(90) if INDEX.match(x, y) >= 0)
    answer = INDEX.match(x, y)
    values = [f"{x}, {y}", f"{x}.0, {y}", f"'{x}', ' {y}.0'"]
    assert run(*(f"SELECT match_region('zones.pmx', {v}) AS r" for v in values)) == 3 * [(answer,)]
    for value, problem in {"'', 1": "x: expected a number, got text", "1, x'31'": "y: .* got a blob"}.items():
        with pytest.raises(RuntimeError, match=f"match_region: {problem}"):
            run(f"SELECT match_region('zones.pmx', {value})")


def test_a_statement_keeps_the_file_that_it_began_with(run):
    """It is opened once: rows after the file was replaced, and even damaged, have the old answers."""
    x, y = POINTS[0].tolist()
    point = f"('zones.pmx', {x}, {y})"
    replace = "writefile('zones.pmx', {})"
    found = run(
        f"SELECT match_name{point} AS name, {replace.format('readfile(' + repr('other.pmx') + ')')} > 0"
        " FROM (SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3)",
        f"SELECT match_name{point} AS name, {replace.format(repr('damage'))} > 0"
        " FROM (SELECT 1 UNION ALL SELECT 2)",
    )
    assert found == 3 * [(EXPECTED_NAMES[0], 1)] + 2 * [(str(OTHER.names[OTHER.match(x, y)]), 1)]
    with pytest.raises(RuntimeError, match=r"match_name: zones.pmx: "):
        run(f"SELECT match_name{point}")


def test_a_damaged_file_is_an_error_and_the_connection_lives(run, files):
    damaged = list(damaged_files(files))
    assert len(damaged) > 40
    for name, says in damaged:
        for call in (f"SELECT match_region('{name}', 1, 2)", f"SELECT * FROM index_regions('{name}')"):
            with pytest.raises(RuntimeError, match=rf"\w+: {name}: .*{says}"):
                run(call)
    script = "".join(f"SELECT match_region('{name}', 1, 2);\n" for name, _ in damaged)
    x, y = POINTS[0].tolist()
    script += f"SELECT match_region('zones.pmx', {x}, {y});"
    command = ["sqlite3", "-cmd", f".load {BUILD / 'sqlite' / 'polymatch'}", ":memory:"]
    done = subprocess.run(command, input=script, cwd=files, capture_output=True, text=True)
    assert done.stdout.strip() == str(EXPECTED[0])
    assert done.stderr.count("match_region") >= len(damaged)


def test_the_table_lists_regions(run):
    assert run("SELECT * FROM index_regions('zones.pmx')") == list(enumerate(NAMES))
    assert run("SELECT region, name FROM index_regions('other.pmx') WHERE region = 7") == [(7, "1007")]
    assert run("SELECT name FROM index_regions('zones.pmx') WHERE rowid = 3") == [(NAMES[3],)]
    assert run("SELECT count(*) FROM index_regions('zones.pmx') WHERE region IN (-1, 40, 3.5, NULL)") == [
        (0,)
    ]
    assert run("SELECT count(*) FROM index_regions(NULL)") == [(0,)]
    assert run("SELECT name FROM index_regions WHERE file = 'zones.pmx' AND region > 37") == [
        (name,) for name in NAMES[38:]
    ]
    with pytest.raises(RuntimeError, match="index_regions: expected the file of an index"):
        run("SELECT * FROM index_regions")


def test_the_table_joins_by_region(run, points):
    query = (
        "SELECT name FROM (SELECT i, match_region('zones.pmx', x, y) r FROM p) q"
        " LEFT JOIN index_regions('zones.pmx') t ON t.region = q.r ORDER BY i"
    )
    assert run(query) == [(name,) for name in EXPECTED_NAMES]


def test_an_index_without_names(run, files):
    import poly_match as pm

    pm.Index([[[0, 0], [1, 0], [0, 1]]]).save(files / "nameless.pmx")
    assert run("SELECT * FROM index_regions('nameless.pmx')") == [(0, None)]
    with pytest.raises(RuntimeError, match="match_name: the index has no names"):
        run("SELECT match_name('nameless.pmx', 0, 0)")


def test_names_that_are_not_text_are_json(run, files):
    import poly_match as pm

    triangle = [[0, 0], [1, 0], [0, 1]]
    pm.Index(3 * [triangle], names=[None, 3, "a"]).save(files / "mixed.pmx")
    assert run("SELECT name FROM index_regions('mixed.pmx')") == [(None,), ("3",), ('"a"',)]


def test_views_of_untrusted_schemas_cannot_read_files(run):
    x, y = POINTS[0].tolist()
    run(f"CREATE VIEW v AS SELECT match_region('zones.pmx', {x}, {y})")
    assert run("SELECT * FROM v") == [(EXPECTED[0],)]
    with pytest.raises(RuntimeError, match="unsafe use of match_region"):
        run("PRAGMA trusted_schema = OFF", "SELECT * FROM v")
