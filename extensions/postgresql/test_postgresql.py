"""The PostgreSQL extension in a real server with PostGIS, started here."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import numpy as np
import poly_match as pm
import psycopg
import pytest
import shapely

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
from extensions.postgresql import server

POSTGIS = "SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'"


@pytest.fixture(scope="session")
def running():
    server.install()
    with server.running() as found:
        yield found


@pytest.fixture(scope="session")
def place(running) -> Path:
    """Return the folder of index files."""
    INDEX.save(running[1] / "zones.pmx")
    OTHER.save(running[1] / "other.pmx")
    return running[1]


@pytest.fixture(scope="session")
def database(running, place) -> str:
    """Return how to connect to a database with everything in it."""
    with psycopg.connect(running[0], autocommit=True) as connection:
        if connection.execute(POSTGIS).fetchone():
            connection.execute("CREATE EXTENSION postgis")
        connection.execute("CREATE EXTENSION polymatch")
        connection.execute(f"ALTER SYSTEM SET polymatch.directory = '{place}'")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CREATE TABLE p (i int, x float8, y float8)")
        with connection.cursor().copy("COPY p FROM STDIN") as copy:
            for i, (x, y) in enumerate(POINTS.tolist()):
                copy.write_row((i, x, y))
        connection.execute("CREATE TABLE ix (name text, block bytea)")
        for name in ("zones", "other"):
            block = (place / f"{name}.pmx").read_bytes()
            assert len(block) > 8_000  # a TOAST value
            connection.execute("INSERT INTO ix VALUES (%s, %s)", (name, block))
        connection.execute("ANALYZE p")
    return running[0]


@pytest.fixture
def connection(database):
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


@pytest.fixture
def postgis(connection) -> None:
    if not connection.execute(POSTGIS).fetchone():
        pytest.skip("this PostgreSQL has no PostGIS")


@pytest.fixture
def run(connection):
    def run(statement: str, *arguments) -> list[tuple]:
        return connection.execute(statement, arguments or None).fetchall()

    return run


ZONES = "(SELECT block FROM ix WHERE name = 'zones')"
X, Y = POINTS[0].tolist()


# ---- matching ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", [ZONES, "'zones.pmx'"])
def test_answers_are_those_of_match(run, index):
    found = run(f"SELECT pm_match({index}, x, y), pm_match_name({index}, x, y) FROM p ORDER BY i")
    assert found == list(zip(EXPECTED, EXPECTED_NAMES, strict=True))


def test_an_index_per_row(run):
    two = [None if r < 0 else r for r in OTHER.match(POINTS).tolist()]
    found = run(
        "SELECT pm_match(block, x, y) FROM p"
        " LEFT JOIN ix ON name = (ARRAY['zones', 'other'])[i % 3 + 1] ORDER BY i"
    )
    assert found == [([EXPECTED, two][i % 3][i] if i % 3 < 2 else None,) for i in range(len(POINTS))]
    found = run("SELECT pm_match((ARRAY['zones.pmx', 'other.pmx'])[i % 3 + 1], x, y) FROM p ORDER BY i")
    assert found == [([EXPECTED, two][i % 3][i] if i % 3 < 2 else None,) for i in range(len(POINTS))]


def test_bytes_that_are_in_no_table(run, place):
    block = (place / "zones.pmx").read_bytes()
    assert run("SELECT pm_match(%s::bytea, x, y) FROM p ORDER BY i", block) == [(r,) for r in EXPECTED]
    again = f"pm_match({ZONES} || ''::bytea, x, y)"
    assert run(f"SELECT {again} FROM p WHERE i < 100 ORDER BY i") == [(r,) for r in EXPECTED[:100]]


def test_parallel_workers_give_the_same_answers(connection, run):
    for setting in ("parallel_setup_cost", "parallel_tuple_cost", "min_parallel_table_scan_size"):
        connection.execute(f"SET {setting} = 0")
    for index in (ZONES, "'zones.pmx'"):
        query = f"SELECT pm_match({index}, x, y) AS r, count(*) FROM p GROUP BY r"
        assert any("Parallel Seq Scan" in line for (line,) in run("EXPLAIN " + query))
        numbers, counts = np.unique(ANSWERS, return_counts=True)
        found = {-1 if r is None else r: count for r, count in run(query)}
        assert found == dict(zip(numbers.tolist(), counts.tolist(), strict=True))


def test_no_point_has_no_region(run):
    values = [(X, Y), (None, Y), (X, None), (float("inf"), Y), (X, float("nan"))]
    found = [run(f"SELECT pm_match({ZONES}, %s::float8, %s::float8)", *value)[0][0] for value in values]
    assert found == [EXPECTED[0], None, None, None, None]
    assert run(f"SELECT pm_match(NULL::bytea, {X}, {Y}), pm_match(NULL::text, {X}, {Y})") == [(None, None)]


def test_the_regions_of_an_index(run):
    assert run(f"SELECT * FROM pm_regions({ZONES})") == list(enumerate(NAMES))
    assert run("SELECT name FROM pm_regions('other.pmx') WHERE region = 7") == [("1007",)]
    regions = "pm_regions('zones.pmx') ON region = pm_match('zones.pmx', x, y)"
    assert run(f"SELECT name FROM p LEFT JOIN {regions} ORDER BY i") == [(name,) for name in EXPECTED_NAMES]


def test_an_index_is_opened_once_per_backend(connection, run):
    """A second query finds the index by its TOAST id: it takes no more memory, and hardly any time."""
    used = "SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'polymatch index'"
    assert run(used) == [(0,)]
    for _ in range(3):
        assert run(f"SELECT count(pm_match({ZONES}, x, y)) FROM p") == [(len(POINTS) - EXPECTED.count(None),)]
        assert run("SELECT count(pm_match('zones.pmx', x, y)) FROM p")[0][0] > 0
        assert run(used) == [(2,)]


def test_a_value_that_was_updated_is_another_index(connection, run):
    connection.execute("CREATE TEMP TABLE t AS SELECT block FROM ix WHERE name = 'zones'")
    ask = f"SELECT pm_match_name((SELECT block FROM t), {X}, {Y})"
    assert run(ask) == [(EXPECTED_NAMES[0],)]
    connection.execute("UPDATE t SET block = (SELECT block FROM ix WHERE name = 'other')")
    assert run(ask) == [(str(OTHER.names[OTHER.match(X, Y)]),)]


def test_functions_of_plpgsql_pass_one_index_after_the_other(connection, run):
    connection.execute(
        """
        CREATE FUNCTION pg_temp.both(x float8, y float8) RETURNS text[] LANGUAGE plpgsql AS $$
        DECLARE b bytea; answers text[];
        BEGIN
            FOR b IN SELECT block FROM ix ORDER BY name DESC LOOP
                answers := answers || pm_match_name(b, x, y) || pm_match_name(b || ''::bytea, x, y);
            END LOOP;
            RETURN answers;
        END $$
        """
    )
    other = str(OTHER.names[OTHER.match(X, Y)])
    expected = [EXPECTED_NAMES[0], EXPECTED_NAMES[0], other, other]
    assert run(f"SELECT pg_temp.both({X}, {Y})") == [(expected,)]


def test_a_file_that_was_replaced_is_read_again(run, place):
    INDEX.save(place / "t.pmx")
    ask = f"SELECT pm_match_name('t.pmx', {X}, {Y})"
    assert run(ask) == [(EXPECTED_NAMES[0],)]
    OTHER.save(place / "t.pmx")
    assert run(ask) == [(str(OTHER.names[OTHER.match(X, Y)]),)]


def test_the_cache_has_a_size(connection, run, place):
    connection.execute("SET polymatch.cache_size = 0")
    used = "SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'polymatch index'"
    for file in ("zones.pmx", "other.pmx"):
        assert run(
            f"SELECT count(pm_match('{file}', x, y)) > 0, count(pm_match({ZONES}, x, y)) > 0 FROM p"
        ) == [(True, True)]
    assert run(used)[0][0] <= 2
    assert run(f"SELECT pm_match('zones.pmx', {X}, {Y})") == [(EXPECTED[0],)]
    assert run(used)[0][0] <= 1


# ---- damage, and who may read what -------------------------------------------------------------------------


def test_damaged_bytes_are_an_error_and_the_backend_lives(connection, run, place):
    pid = run("SELECT pg_backend_pid()")
    damaged = dict(damaged_files(place))
    for name, says in damaged.items():
        with pytest.raises(psycopg.Error, match=f"polymatch: {name}: ") as caught:
            run(f"SELECT pm_match('{name}', 1, 2)")
        assert any(word in str(caught.value) for word in says.split("|"))
        if "index" in says:
            block = (place / name).read_bytes()
            connection.execute("CREATE TEMP TABLE IF NOT EXISTS d (name text, block bytea)")
            connection.execute("INSERT INTO d VALUES (%s, %s)", (name, block))
            for index in ("%s::bytea", "(SELECT block FROM d WHERE name = %s)"):
                with pytest.raises(psycopg.Error, match="polymatch: the index: "):
                    run(f"SELECT pm_match({index}, 1, 2)", block if "bytea" in index else name)
    assert run(f"SELECT pm_match({ZONES}, {X}, {Y}), pg_backend_pid()") == [(EXPECTED[0], pid[0][0])]


def test_damage_after_a_good_look_at_it(connection, run, place):
    """Bytes with the header of an open index are compared whole."""
    assert run(f"SELECT pm_match({ZONES}, {X}, {Y})") == [(EXPECTED[0],)]
    size = (place / "zones.pmx").stat().st_size
    for at in (100, size // 2, size - 1):
        with pytest.raises(psycopg.errors.InvalidBinaryRepresentation, match="polymatch: the index: damaged"):
            run(f"SELECT pm_match(set_byte({ZONES}, {at}, 255 - get_byte({ZONES}, {at})), {X}, {Y})")
    with pytest.raises(psycopg.errors.InvalidBinaryRepresentation):
        connection.execute(
            f"DO $$ DECLARE b bytea := {ZONES}; BEGIN FOR i IN 0 .. 3 LOOP PERFORM pm_match(b, {X}, {Y}); "
            "b := set_byte(b, 2000, (get_byte(b, 2000) + 1) % 256); END LOOP; END $$"
        )


def test_errors_leave_no_memory_behind(connection, run, place):
    contexts = (
        "SELECT count(*), sum(total_bytes) FROM pg_backend_memory_contexts WHERE name ~ 'polymatch|pm_build'"
    )
    (place / "bad.pmx").write_bytes((place / "zones.pmx").read_bytes()[:-1])
    run(f"SELECT pm_match('zones.pmx', {X}, {Y})")
    before = run(contexts)
    for _ in range(50):
        for call in (
            "pm_match('bad.pmx', 1, 2)",
            "pm_match('\\x00'::bytea, 1, 2)",
            "pm_build('\\x01'::bytea)",
        ):
            with pytest.raises(psycopg.Error):
                run(f"SELECT {call}")
    assert run(contexts) == before


def test_who_may_read_files(connection, run, place):
    connection.execute("CREATE ROLE guest")
    connection.execute("SET ROLE guest")
    assert run(f"SELECT pm_match('zones.pmx', {X}, {Y})") == [(EXPECTED[0],)]
    for name in (place / "zones.pmx", "../zones.pmx", "a/../../b"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(f"SELECT pm_match('{name}', {X}, {Y})")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run("SET polymatch.directory = '/'")
    connection.execute("RESET ROLE")
    assert run(f"SELECT pm_match('{place}/zones.pmx', {X}, {Y})") == [(EXPECTED[0],)]
    connection.execute("SET polymatch.directory = ''")
    with pytest.raises(psycopg.errors.UndefinedFile, match="there is no folder"):
        run("SELECT pm_match('zones.pmx', 1, 2)")


def test_a_role_is_asked_in_each_call(connection, run, place):
    """A function that changes the role can't read what another one opened."""
    connection.execute(
        f"CREATE FUNCTION probe() RETURNS int LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1 .. 2 LOOP PERFORM "
        f"pm_match('{place}/zones.pmx', {X}, {Y}); SET LOCAL ROLE pg_monitor; END LOOP; RETURN 1; END $$"
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run("SELECT probe()")


def test_an_index_without_names(run, place):
    pm.Index([[[0, 0], [1, 0], [0, 1]]]).save(place / "nameless.pmx")
    assert run("SELECT * FROM pm_regions('nameless.pmx')") == [(0, None)]
    with pytest.raises(psycopg.errors.UndefinedObject, match="the index has no names"):
        run("SELECT pm_match_name('nameless.pmx', 0, 0)")


def test_a_name_that_is_not_text(run, place):
    write_bad_name(place / "name.pmx")
    assert run("SELECT pm_match('name.pmx', 0, 0)") == [(0,)]
    for call in ("SELECT pm_match_name('name.pmx', 0, 0)", "SELECT * FROM pm_regions('name.pmx')"):
        with pytest.raises(psycopg.errors.CharacterNotInRepertoire):
            run(call)


# ---- building ----------------------------------------------------------------------------------------------

SHAPES = [
    "POLYGON((0 0, 10 0, 10 10, 0 10, 0 0), (2 2, 4 2, 4 4, 2 4, 2 2))",
    "MULTIPOLYGON(((20 0, 30 0, 30 10, 20 0)), ((0 20, 10 20, 10 30, 0 20), (1 20.5, 2 20.5, 2 21, 1 20.5)))",
    "POLYGON((1 1, 3 1, 3 3, 1 3, 1 1))",
    "POLYGON EMPTY",
    None,
    "GEOMETRYCOLLECTION(POINT(50 50), POLYGON((40 40, 45 40, 45 45, 40 40)))",
    "POLYGON Z((60 60 1, 70 60 2, 70 70 3, 60 60 1))",
    "POLYGON M((80 60 1, 90 60 2, 90 70 3, 80 60 1))",
    "POLYGON ZM((60 80 1 2, 70 80 2 3, 70 90 3 4, 60 80 1 2))",
]
GEOMETRIES = [None if text is None else shapely.force_2d(shapely.from_wkt(text)) for text in SHAPES]
SHAPE_NAMES = [f"größe {i}" for i in range(len(SHAPES))]
GRID = np.array([(x / 2, y / 2) for x in range(-4, 190) for y in range(-4, 190)])


def rows(column: str) -> str:
    """Return a table of the shapes."""
    values = ", ".join(
        f"({i}, {'NULL' if text is None else repr(text)}, '{name}')"
        for i, (text, name) in enumerate(zip(SHAPES, SHAPE_NAMES, strict=True))
    )
    return f"(SELECT i, name, {column} AS shape FROM (VALUES {values}) v(i, wkt, name)) s"


@pytest.mark.parametrize(
    "column",
    ["ST_GeomFromText(wkt)", "ST_GeomFromText(wkt, 4326)", "ST_SetSRID(ST_GeomFromText(wkt), 900913)",
     "ST_AsBinary(ST_GeomFromText(wkt))",
     "ST_AsBinary(ST_GeomFromText(wkt), 'XDR')", "ST_AsGeoJSON(ST_GeomFromText(wkt))::jsonb",
     "jsonb_build_object('type', 'Feature', 'geometry', ST_AsGeoJSON(ST_GeomFromText(wkt))::jsonb)"],
)  # fmt: skip
def test_an_index_that_is_built_is_that_of_python(postgis, run, column, tmp_path):
    ((block,),) = run(f"SELECT pm_build(shape, name ORDER BY i) FROM {rows(column)}")
    (tmp_path / "built.pmx").write_bytes(block)
    built = pm.Index.open(tmp_path / "built.pmx")
    assert built.names.tolist() == SHAPE_NAMES
    assert built.crs == ("EPSG:4326" if "4326" in column else None)
    expected = pm.Index(GEOMETRIES, names=SHAPE_NAMES).match(GRID)
    assert len(np.unique(expected)) == 8
    assert built.match(GRID).tolist() == expected.tolist()
    if "4326" not in column:
        pm.Index(GEOMETRIES, names=SHAPE_NAMES).save(tmp_path / "python.pmx")
        assert block == (tmp_path / "python.pmx").read_bytes()


def test_rules_and_order(postgis, run, tmp_path):
    for predicate, distance, best in [
        ("covers", None, "largest"), ("covers", None, "first"), ("nearest", 3.0, "smallest"),
        ("nearest", None, None), ("dwithin", 2.0, "first"), ("center_within", 8.0, "smallest"),
    ]:  # fmt: skip
        ((block,),) = run(
            f"SELECT pm_build(shape, name, %s, %s, %s ORDER BY i DESC) FROM {rows('ST_GeomFromText(wkt)')}",
            predicate, distance, best,
        )  # fmt: skip
        (tmp_path / "built.pmx").write_bytes(block)
        expected = pm.Index(GEOMETRIES[::-1], predicate=predicate, distance=distance, best=best or "smallest")
        built = pm.Index.open(tmp_path / "built.pmx")
        assert built.match(GRID).tolist() == expected.match(GRID).tolist(), predicate
        assert built.names.tolist() == SHAPE_NAMES[::-1]


def test_lines_and_points_are_regions_for_nearest(postgis, run, tmp_path):
    texts = [
        "LINESTRING(0 0, 10 10)",
        "MULTIPOINT(20 0, 30 5)",
        "POINT EMPTY",
        "MULTILINESTRING((0 20, 5 25), (9 9, 8 0))",
    ]
    geometries = [shapely.from_wkt(text) for text in texts]
    expected = pm.Index(geometries, predicate="nearest").match(GRID).tolist()
    values = ", ".join(f"({i}, '{text}')" for i, text in enumerate(texts))
    for column in ("ST_GeomFromText(wkt)", "ST_AsGeoJSON(ST_GeomFromText(wkt))::jsonb"):
        ((block,),) = run(
            f"SELECT pm_build({column}, '', 'nearest', NULL, NULL ORDER BY i)"
            f" FROM (VALUES {values}) v(i, wkt)"
        )
        (tmp_path / "built.pmx").write_bytes(block)
        assert pm.Index.open(tmp_path / "built.pmx").match(GRID).tolist() == expected


def test_built_matched_and_listed_in_one_place(postgis, connection, run):
    connection.execute(
        "CREATE TEMP TABLE b AS SELECT pm_build(shape, name ORDER BY i) AS block"
        f" FROM {rows('ST_GeomFromText(wkt)')}"
    )
    assert run(
        "SELECT pm_match(block, 1.5, 1.5), pm_match_name(block, 9, 9), pm_match(block, 3, 3) FROM b"
    ) == [(2, SHAPE_NAMES[0], 2)]
    assert run("SELECT name FROM b, pm_regions(block)") == [(name,) for name in SHAPE_NAMES]
    assert run(
        "SELECT pm_build(NULL::bytea) IS NULL, pm_build(b) IS NULL FROM (SELECT ''::bytea b) t WHERE false"
    ) == [(True, True)]


def test_aggregates_over_nulls(run, tmp_path):
    """A NULL shape is an empty region; rules that are NULL are the default; no rows are no index."""
    shape = json.dumps(json.loads(shapely.to_geojson(shapely.box(0, 0, 2, 2))))
    values = f"(0, NULL::jsonb), (1, '{shape}'::jsonb), (2, NULL), (3, '{shape}')"
    expected = pm.Index([None, shapely.box(0, 0, 2, 2), None, shapely.box(0, 0, 2, 2)])
    for more in ("", ", 'a', NULL, NULL, NULL", ", '', 'nearest', NULL, NULL"):
        ((block,),) = run(f"SELECT pm_build(shape{more} ORDER BY i) FROM (VALUES {values}) v(i, shape)")
        (tmp_path / "built.pmx").write_bytes(block)
        built = pm.Index.open(tmp_path / "built.pmx")
        assert len(built) == 4
        assert built.match(1, 1) == expected.match(1, 1) == 1
    ((none,),) = run("SELECT pm_build(NULL::jsonb, 'a') FROM generate_series(1, 3)")
    (tmp_path / "none.pmx").write_bytes(none)
    assert pm.Index.open(tmp_path / "none.pmx").match(1, 1) == -1
    rows = f"FROM (VALUES {values}) v(i, shape)"
    assert run(f"SELECT pm_build(shape) IS NULL {rows} WHERE i > 9") == [(True,)]
    found = run(f"SELECT i % 2, pm_match(pm_build(shape ORDER BY i), 1, 1) {rows} GROUP BY 1")
    assert sorted(found) == [(0, None), (1, 0)]


BAD = {
    "pm_build('\\x'::bytea)": "row 0.*|ends too early",
    "pm_build('\\x0103000000ffffffff'::bytea)": "ends too early",
    "pm_build('\\x010300000001000000ffffffff'::bytea)": "ends too early",
    "pm_build('\\x0501000000'::bytea)": "neither 0 nor 1",
    "pm_build('\\x0109000000'::bytea)": "expected a point, a line, a polygon",
    "pm_build(ST_GeomFromText('CIRCULARSTRING(0 0, 1 1, 2 0)'))": "expected a point, a line, a polygon",
    "pm_build(ST_AsBinary(ST_Point(1, 2)) || '\\x00'::bytea)": "1 bytes after",
    'pm_build(\'{"type": "Polygon"}\'::jsonb)': "expected GeoJSON with an array",
    'pm_build(\'{"type": "Polygon", "coordinates": [[[1, "a"]]]}\'::jsonb)': "two numbers",
    'pm_build(\'{"type": "Polygon", "coordinates": [[[1]]]}\'::jsonb)': "two numbers",
    'pm_build(\'{"type": "Blob", "coordinates": []}\'::jsonb)': "expected a geometry or a feature",
    "pm_build('3'::jsonb)": "expected a geometry or a feature",
    'pm_build(\'{"type": "GeometryCollection", "geometries": [3]}\'::jsonb)': "expected a geometry in a Geom",
    "pm_build(ST_Point(1, 2))": "pm_build: ",
    "pm_build(ST_Buffer(ST_Point(1, 2), 3), NULL)": "the name is NULL",
    "pm_build(ST_Buffer(ST_Point(1, 2), 3), 'a', 'cover', NULL, NULL)": "predicate: there is no 'cover'",
    "pm_build(ST_Buffer(ST_Point(1, 2), 3), 'a', NULL, NULL, 'score')": "best: there is no 'score'",
    "pm_build(ST_Buffer(ST_Point(1, 2), 3), 'a', 'dwithin', -1, NULL)": "pm_build: .*distance",
    "pm_build(ST_Buffer(ST_Point(1, 2), 3), 'a', 'dwithin', i, NULL)": "must be the same in every row",
    "pm_build(ST_Buffer(ST_SetSRID(ST_Point(1, 2), 4326 + i), 3))": "SRID",
}


@pytest.mark.parametrize("call", BAD)
def test_what_cannot_be_built_is_an_error(request, run, call):
    if "ST_" in call:
        request.getfixturevalue("postgis")
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=BAD[call]):
        run(f"SELECT {call} FROM generate_series(1, 2) AS g(i)")
    assert run("SELECT 1") == [(1,)]


def test_random_bytes_are_an_error_or_a_shape(run):
    """No bytes end the backend: well-known binary with bytes changed."""
    rng = np.random.default_rng(11)
    pid = run("SELECT pg_backend_pid()")
    good = [np.frombuffer(g.wkb, np.uint8) for g in GEOMETRIES if g is not None]
    kinds = {True: 0, False: 0}
    for _ in range(600):
        bytes_ = good[rng.integers(len(good))].copy()
        bytes_[rng.integers(0, len(bytes_), 2)] ^= 1 << rng.integers(0, 8, 2).astype(np.uint8)
        size = len(bytes_) if rng.random() < 0.8 else rng.integers(1, len(bytes_))
        try:
            run("SELECT pm_build(%s::bytea)", bytes_[:size].tobytes())
            kinds[True] += 1
        except psycopg.errors.InvalidParameterValue:
            kinds[False] += 1
    assert min(kinds.values()) > 10, kinds
    assert run("SELECT pg_backend_pid()") == pid


def test_deep_collections_are_an_error(run):
    deep = json.loads('{"type": "Point", "coordinates": [1, 2]}')
    for _ in range(400):
        deep = {"type": "GeometryCollection", "geometries": [deep]}
    assert run("SELECT pm_build(%s::jsonb, '', 'nearest', NULL, NULL) IS NOT NULL", json.dumps(deep)) == [
        (True,)
    ]
    bytes_ = b"\x01\x07\x00\x00\x00\x01\x00\x00\x00" * 2_000_000
    with pytest.raises(psycopg.errors.StatementTooComplex):
        run("SELECT pm_build(%s::bytea)", bytes_)


@pytest.mark.parametrize("way", ["timeout", "cancel"])
def test_a_long_build_is_cancelled(postgis, connection, run, way):
    """Disks of many vertices over each other: a build of seconds, that ends soon after it is told to."""
    connection.execute(
        "CREATE TEMP TABLE disks AS SELECT ST_Buffer(ST_Point(random(), random()), 1, 20000) AS s "
        "FROM generate_series(1, 60)"
    )
    used = "SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'pm_build'"
    start = time.monotonic()
    if way == "timeout":
        connection.execute("SET statement_timeout = '300ms'")
    else:
        threading.Timer(0.3, connection.cancel).start()
    with pytest.raises(psycopg.errors.QueryCanceled):
        run("SELECT length(pm_build(s)) FROM disks")
    taken = time.monotonic() - start
    connection.execute("SET statement_timeout = 0")
    assert taken < 5
    assert run(used) == [(0,)]
    assert run(f"SELECT pm_match({ZONES}, {X}, {Y})") == [(EXPECTED[0],)]


# ---- versions ----------------------------------------------------------------------------------------------


def test_the_upgrade_gives_what_a_new_installation_has(connection, run):
    listed = (
        "SELECT pg_describe_object(classid, objid, 0) FROM pg_depend WHERE deptype = 'e' AND refobjid = "
        "(SELECT oid FROM pg_extension WHERE extname = 'polymatch') ORDER BY 1"
    )
    fresh = run(listed)
    connection.execute("CREATE DATABASE old")
    with psycopg.connect(connection.info.dsn + " dbname=old", autocommit=True) as old:
        old.execute("CREATE EXTENSION polymatch VERSION '1.0'")
        assert len(old.execute(listed).fetchall()) == 6
        old.execute("ALTER EXTENSION polymatch UPDATE")
        assert old.execute(listed).fetchall() == fresh
        assert len(fresh) == 19
        old.execute("DROP EXTENSION polymatch")
    connection.execute("DROP DATABASE old")
