"""The DuckDB extension, one binary in each DuckDB; `python3 dev.py extensions` makes their environments."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import poly_match as pm
import pytest

from extensions.build import BUILD, HERE, make
from extensions.conftest import (
    ANSWERS,
    EXPECTED,
    EXPECTED_NAMES,
    INDEX,
    NAMES,
    OTHER,
    POINTS,
    damaged_files,
    write_bad_name,
)

VERSIONS = {"1.5": ".venv-duckdb-1", "2": ".venv-duckdb-2"}
EXTENSION = BUILD / "duckdb" / "polymatch.duckdb_extension"
CLIENT = """
import duckdb, json, sys
connection = duckdb.connect("t.db", config={"allow_unsigned_extensions": "true"})
connection.execute("LOAD '" + sys.argv[1] + "'")
results = []
for statement in json.load(sys.stdin):
    try:
        results.append(connection.execute(statement).fetchall())
    except duckdb.Error as error:
        results.append(str(error))
print("\\n" + json.dumps(results))  # the last line: a slow query has a progress bar
"""


@pytest.fixture(scope="session", autouse=True)
def extension() -> None:
    make("duckdb")


@pytest.fixture(params=VERSIONS)
def run_all(request, files: Path):
    """Return a function that runs statements and returns the rows, or the error, of each."""
    python = HERE.parent / VERSIONS[request.param] / "bin" / "python"

    def run_all(*statements: str) -> list[list[tuple] | str]:
        command = [python, "-c", CLIENT, EXTENSION]
        done = subprocess.run(
            command, input=json.dumps(statements), cwd=files, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout[-500:] + done.stderr[-3000:]
        results = json.loads(done.stdout.splitlines()[-1])
        assert len(results) == len(statements)
        return [r if isinstance(r, str) else [tuple(row) for row in r] for r in results]

    version = run_all("SELECT version()")[0][0][0]
    assert version.startswith("v" + request.param)
    return run_all


@pytest.fixture
def run(run_all):
    """Return a function that runs statements and returns the rows of the last one, or raises its error."""

    def run(*statements: str) -> list[tuple]:
        *_, last = run_all(*statements)
        if isinstance(last, str):
            raise RuntimeError(last)
        return last

    return run


@pytest.fixture
def points(files: Path) -> str:
    """Return what makes the table of points, in several row groups."""
    np.savetxt(files / "p.csv", np.column_stack((np.arange(len(POINTS)), POINTS)), "%.17g", ",")
    columns = "{'i': 'BIGINT', 'x': 'DOUBLE', 'y': 'DOUBLE'}"
    read = f"SELECT * FROM read_csv('p.csv', header = false, columns = {columns})"
    return f"CREATE TABLE p AS SELECT i + 20000 * n AS i, x, y FROM ({read}), range(16) AS r(n)"


@pytest.mark.parametrize("threads", [1, 4])
def test_answers_are_those_of_match(run, points, threads):
    assert 16 * len(POINTS) > 2 * 122_880
    found = run(
        f"SET threads = {threads}", points,
        "SELECT match_region('zones.pmx', x, y), match_name('zones.pmx', x, y) FROM p ORDER BY i",
    )  # fmt: skip
    assert found == 16 * list(zip(EXPECTED, EXPECTED_NAMES, strict=True))


def test_the_registered_index_is_the_default(run_all, points):
    none, file, names, block, again, counted = run_all(
        "SELECT match_region(1, 2)",
        "SELECT register_index('zones.pmx')",
        "SELECT match_name({}, {})".format(*POINTS[0].tolist()),
        "SELECT register_index(content) FROM read_blob('other.pmx')",
        points,
        "SELECT match_region(x, y) AS r, count(*) // 16 FROM p GROUP BY match_region(x, y)"
        " ORDER BY r NULLS FIRST",
    )
    assert "match_region: no index is registered" in none
    assert (file, names, block) == ([(40,)], [(EXPECTED_NAMES[0],)], [(40,)])
    assert again == [(16 * len(POINTS),)]
    numbers, counts = np.unique(OTHER.match(POINTS), return_counts=True)
    assert counted == [
        (None if r < 0 else r, n) for r, n in zip(numbers.tolist(), counts.tolist(), strict=True)
    ]


def test_the_name_of_the_file_may_be_a_column(run, points):
    two = [None if r < 0 else r for r in OTHER.match(POINTS).tolist()]
    file = "CASE i % 3 WHEN 0 THEN 'zones.pmx' WHEN 1 THEN 'other.pmx' END"
    found = run(points, f"SELECT match_region({file}, x, y) FROM p WHERE i < {len(POINTS)} ORDER BY i")
    assert found == [([EXPECTED, two][i % 3][i] if i % 3 < 2 else None,) for i in range(len(POINTS))]
    named = run(f"SELECT match_name({file}, x, y) FROM p WHERE i < {len(POINTS)} ORDER BY i")
    names = [EXPECTED_NAMES, [None if r is None else str(1000 + r) for r in two], len(two) * [None]]
    assert named == [(names[i % 3][i],) for i in range(len(POINTS))]


def test_no_point_has_no_region(run):
    x, y = POINTS[0].tolist()
    values = f"({x}, {y}), (NULL, {y}), ({x}, NULL), (NULL, NULL), ('inf'::DOUBLE, {y}), ({x}, 'nan'::DOUBLE)"
    found = run(
        f"CREATE TABLE few AS SELECT x::DOUBLE AS x, y::DOUBLE AS y FROM (VALUES {values}) v(x, y)",
        "SELECT match_region('zones.pmx', x, y), match_name('zones.pmx', x, y) FROM few",
    )
    assert found == [(EXPECTED[0], EXPECTED_NAMES[0])] + 5 * [(None, None)]
    assert run("SELECT match_region('zones.pmx', x, y) FROM few WHERE x < -1e9") == []
    constants = (
        f"match_region(NULL, {x}, {y}), match_name(NULL, {x}, {y}), match_region('zones.pmx', NULL, {y})"
    )
    assert run(f"SELECT {constants}") == [(None, None, None)]


def test_a_file_that_was_replaced_is_read_again(run_all):
    x, y = POINTS[0].tolist()
    ask = f"SELECT match_name('t.pmx', x, y) FROM (SELECT {x} AS x, {y} AS y FROM range(1))"
    copy = "COPY (SELECT content FROM read_blob('{}')) TO 't.pmx' (FORMAT blob)"
    results = run_all(ask, copy.format("zones.pmx"), ask, copy.format("other.pmx"), ask, ask)
    assert "match_name: t.pmx: No such file" in results[0]
    other = str(OTHER.names[OTHER.match(x, y)])
    assert results[2::2] == [[(EXPECTED_NAMES[0],)], [(other,)]]
    assert results[5] == [(other,)]


def test_a_damaged_file_is_an_error_and_the_database_lives(run_all, files):
    damaged = dict(damaged_files(files))
    x, y = POINTS[0].tolist()
    forms = ["SELECT match_region('{}', 1, 2)", "FROM index_regions('{}')", "SELECT register_index('{}')"]
    for form in forms:
        *results, last = run_all(
            *(form.format(name) for name in damaged), f"SELECT match_region('zones.pmx', {x}, {y})"
        )
        for (name, says), result in zip(damaged.items(), results, strict=True):
            assert isinstance(result, str), (form, name)
            assert f": {name}: " in result
            assert any(word in result for word in says.split("|")), result
        assert last == [(EXPECTED[0],)]
    blocks = [name for name, says in damaged.items() if "index" in says]
    *results, last = run_all(
        *(f"SELECT register_index(content) FROM read_blob('{name}')" for name in blocks), "SELECT 1"
    )
    assert all("register_index: index: " in result for result in results)
    assert last == [(1,)]


def test_the_table_lists_regions(run):
    assert run("FROM index_regions('zones.pmx')") == list(enumerate(NAMES))
    assert run("SELECT name FROM index_regions('other.pmx') WHERE region = 7") == [("1007",)]
    with pytest.raises(RuntimeError, match="index_regions: expected the file of an index"):
        run("FROM index_regions(NULL)")
    assert run("SELECT 1") == [(1,)]


def test_many_regions_in_the_table(run, files):
    corners = np.array([[0, 0], [1, 0], [0, 1]]) + 2 * np.arange(5000)[:, None, None]
    pm.Index(list(corners)).save(files / "many.pmx")
    assert run("FROM index_regions('many.pmx')") == [(i, None) for i in range(5000)]


def test_an_index_without_names(run, files):
    pm.Index([[[0, 0], [1, 0], [0, 1]]]).save(files / "nameless.pmx")
    with pytest.raises(RuntimeError, match="match_name: the index has no names"):
        run("SELECT match_name('nameless.pmx', 0, 0)")


def test_a_name_that_is_not_text(run_all, files):
    write_bad_name(files / "bad.pmx")
    region, name, table, last = run_all(
        "SELECT match_region('bad.pmx', 0, 0)", "SELECT match_name('bad.pmx', 0, 0)",
        "FROM index_regions('bad.pmx')", "SELECT 1",
    )  # fmt: skip
    assert (region, last) == ([(0,)], [(1,)])
    assert "match_name: the name of region 0 is not UTF-8" in name
    assert "index_regions: a name is not UTF-8" in table


# ---- from Python -------------------------------------------------------------------------------------------


@pytest.fixture
def connection():
    import duckdb

    with duckdb.connect(config={"allow_unsigned_extensions": "true"}) as connection:
        connection.execute(f"LOAD '{EXTENSION}'")
        yield connection


def test_register_uses_the_extension(connection, files, monkeypatch):
    import poly_match.duckdb

    monkeypatch.chdir(files)
    x, y = POINTS[0].tolist()
    monkeypatch.setattr(pm.Index, "match", None)  # so that Python can't answer
    both = f"SELECT match_region({x}, {y}), match_region('zones.pmx', {x}, {y}), match_name({x}, {y})"
    for index in (INDEX, files / "zones.pmx", "zones.pmx"):
        poly_match.duckdb.register(connection, OTHER)
        poly_match.duckdb.register(connection, index)
        assert connection.sql(both).fetchall() == [(EXPECTED[0], EXPECTED[0], EXPECTED_NAMES[0])]
        assert connection.cursor().execute(both).fetchall() == [(EXPECTED[0], EXPECTED[0], EXPECTED_NAMES[0])]
    monkeypatch.chdir("/")
    assert connection.sql(f"SELECT match_region({x}, {y})").fetchall() == [(EXPECTED[0],)]


def test_register_in_a_transaction(connection):
    import duckdb
    import poly_match.duckdb

    with duckdb.connect() as plain:
        for each in (connection, plain):
            each.begin()
            poly_match.duckdb.register(each, INDEX)
            x, y = POINTS[0].tolist()
            assert each.execute(f"SELECT match_region({x}, {y})").fetchall() == [(EXPECTED[0],)]
            each.commit()


def test_another_name_is_a_function_of_python(connection):
    import poly_match.duckdb

    poly_match.duckdb.register(connection, OTHER, "other")
    poly_match.duckdb.register(connection, INDEX)
    x, y = POINTS[0].tolist()
    found = connection.sql(f"SELECT other({x}, {y}), match_region({x}, {y})").fetchall()
    assert found == [(OTHER.match(x, y), INDEX.match(x, y))]


def test_register_refuses_what_it_refuses_without_the_extension(connection, files):
    import poly_match.duckdb

    (files / "bad.pmx").write_bytes(b"no index")
    with pytest.raises(ValueError, match=r"bad\.pmx"):
        poly_match.duckdb.register(connection, files / "bad.pmx")
    with pytest.raises(TypeError, match="index: expected a poly_match"):
        poly_match.duckdb.register(connection, 3)


def test_threads_share_an_index(connection):
    """Readers go on while another thread registers one index after the other: answers are of these."""
    from concurrent.futures import ThreadPoolExecutor

    import poly_match.duckdb

    poly_match.duckdb.register(connection, INDEX)
    connection.execute("CREATE TABLE q AS SELECT 100 * random() AS x, 100 * random() AS y FROM range(200000)")
    query = "SELECT count(match_region(x, y)) FROM q"
    counts = set()
    for index in (OTHER, INDEX):
        poly_match.duckdb.register(connection, index)
        counts.add(connection.sql(query).fetchall()[0][0])

    def replace() -> None:
        for _ in range(50):
            for index in (OTHER, INDEX):
                poly_match.duckdb.register(connection.cursor(), index)

    with ThreadPoolExecutor(4) as pool:
        replaced = pool.submit(replace)
        found = [pool.submit(lambda: connection.cursor().execute(query).fetchall()[0][0]) for _ in range(30)]
        assert all(min(counts) <= each.result() <= max(counts) for each in found)
        replaced.result()


def test_some_points_match_and_some_do_not():
    assert 0.2 < (ANSWERS < 0).mean() < 0.8
