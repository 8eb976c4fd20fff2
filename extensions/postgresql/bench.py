"""A million points and the counties in PostgreSQL: this extension beside PostGIS.

    .venv-test/bin/python -m extensions.postgresql.bench    # after python3 dev.py extensions postgresql

Times are those of the backend's processor, without parallel workers and without reading the row. PostGIS has
a sample of the points: each is looked up in the GiST index, its candidates are tested, the smallest is taken,
over the counties as they are, and cut by ST_Subdivide. The other way round, it joins each county with the
points in an index of the points, and DISTINCT ON keeps the smallest.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from everywhere import counties
from extensions.postgresql import server

SAMPLE = 50_000
TURNS = 3
COVERING = "SELECT id FROM {} c WHERE ST_Covers(c.shape, p.place) ORDER BY area, id LIMIT 1"
BEST = f"LEFT JOIN LATERAL ({COVERING}) c ON true"
WAYS = {
    "pm_match(bytea, x, y)": ("SELECT sum(pm_match((SELECT block FROM ix), x, y)) FROM p", None),
    "pm_match(file, x, y)": ("SELECT sum(pm_match('counties.pmx', x, y)) FROM p", None),
    "pm_match_name(bytea, x, y)": ("SELECT count(pm_match_name((SELECT block FROM ix), x, y)) FROM p", None),
    "PostGIS, per point": (f"SELECT sum(c.id) FROM p {BEST.format('counties')} WHERE i < {SAMPLE}", SAMPLE),
    "PostGIS, ST_Subdivide": (f"SELECT sum(c.id) FROM p {BEST.format('parts')} WHERE i < {SAMPLE}", SAMPLE),
    "PostGIS, per county": (
        "SELECT sum(id) FROM (SELECT DISTINCT ON (p.i) p.i, c.id FROM counties c"
        " JOIN p ON ST_Covers(c.shape, p.place) ORDER BY p.i, area, c.id) t", None,
    ),
}  # fmt: skip
SET_UP = """
CREATE EXTENSION postgis;
CREATE EXTENSION polymatch;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE counties (id int, area float8, shape geometry);
CREATE TABLE p (i int, x float8, y float8, place geometry);
"""
INDEXES = """
CREATE TABLE parts AS SELECT id, area, ST_Subdivide(shape, 64) AS shape FROM counties;
CREATE INDEX ON counties USING gist (shape);
CREATE INDEX ON parts USING gist (shape);
UPDATE p SET place = ST_Point(x, y);
CREATE INDEX ON p USING gist (place);
CREATE TABLE ix AS SELECT pm_build(shape, '' ORDER BY id) AS block FROM counties;
VACUUM ANALYZE;
"""


def processor_seconds(pid: int) -> float:
    """Return the time that a process has had of a processor."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def seconds(connection: Any, query: str) -> tuple[Any, float]:
    """Return the answer, and the least processor time of several turns."""
    pid, times = connection.info.backend_pid, []
    for _ in range(TURNS):
        start = processor_seconds(pid)
        ((answer,),) = connection.execute(query).fetchall()
        times.append(processor_seconds(pid) - start)
    return answer, min(times)


def fill(connection: Any, files: counties.Files) -> None:
    """Make the tables."""
    layer = counties.layer()
    shapes = shapely.from_ragged_array(
        shapely.GeometryType.MULTIPOLYGON, layer.coords,
        (layer.ring_offsets, layer.polygon_offsets, layer.geom_offsets),
    )  # fmt: skip
    areas = shapely.area(shapes).tolist()
    for statement in SET_UP.strip().split("\n"):
        connection.execute(statement)
    with connection.cursor() as cursor:
        with cursor.copy("COPY counties FROM STDIN") as copy:
            for i, (area, wkb) in enumerate(
                zip(areas, shapely.to_wkb(shapes, hex=True).tolist(), strict=True)
            ):
                copy.write_row((i, area, wkb))
        with cursor.copy("COPY p (i, x, y) FROM STDIN") as copy:
            for i, (x, y) in enumerate(files.read_points().tolist()):
                copy.write_row((i, x, y))
    for statement in INDEXES.strip().split("\n"):
        connection.execute(statement)
    connection.execute("UPDATE ix SET block = %s", [files.index.read_bytes()])


def main() -> None:
    import poly_match as pm
    import psycopg

    server.install()
    with server.running() as (where, shared), psycopg.connect(where, autocommit=True) as connection:
        files = counties.files(shared)
        fill(connection, files)
        connection.execute(f"SET polymatch.directory = '{shared}'")
        answers = pm.Index.open(files.index).match(files.read_points())
        _, nothing = seconds(connection, "SELECT sum(x + y) FROM p")
        print("µs per point, without reading it; one core")
        for what, (query, sample) in WAYS.items():
            count = sample or len(answers)
            answer, time = seconds(connection, query)
            first = answers[:count]
            same = what.startswith("pm_match_name") or answer == np.sum(first[first >= 0])
            per_point = time / count - nothing / len(answers)
            print(f"{what:28} {per_point * 1e6:8.2f}", "" if same else "another answer", flush=True)


if __name__ == "__main__":
    main()
