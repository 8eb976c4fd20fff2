"""A million points and the counties, in the shell sqlite3: this extension beside SpatiaLite's R-tree.

    .venv-test/bin/python -m extensions.sqlite.bench    # after python3 dev.py extensions sqlite

SpatiaLite gets a sample of the points. Its query looks the point up in the R-tree, tests the candidates, and
takes the smallest, which is what `match_region` answers. Times are the shell's, without reading the table.
"""

from __future__ import annotations

import re
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import shapely

from everywhere import counties
from extensions.build import BUILD

SAMPLE = 5_000
TIMES = 5

OWN = "SELECT sum(match_region('{index}', x, y)) FROM p"
NAME = "SELECT count(match_name('{index}', x, y)) FROM p"
PASS = "SELECT sum(x + y) FROM p"
SPATIALITE = f"""
SELECT sum((
    SELECT c.id FROM c
    WHERE c.id IN (
        SELECT rowid FROM SpatialIndex WHERE f_table_name = 'c' AND search_frame = MakePoint(p.x, p.y)
    ) AND ST_Covers(c.shape, MakePoint(p.x, p.y))
    ORDER BY area, id LIMIT 1
)) FROM p WHERE i < {SAMPLE}"""
SET_UP = """
SELECT InitSpatialMetaDataFull(1);
CREATE TABLE c(id INTEGER PRIMARY KEY, area REAL);
SELECT AddGeometryColumn('c', 'shape', -1, 'MULTIPOLYGON', 'XY');
INSERT INTO c SELECT id, area, GeomFromWKB(wkb, -1) FROM regions;
SELECT CreateSpatialIndex('c', 'shape');
"""


def shell(database: Path, extension: str, script: str) -> str:
    command = ["sqlite3", "-batch", "-cmd", f".load {extension}", str(database)]
    done = subprocess.run(command, input=script, capture_output=True, text=True)
    if done.stderr:
        raise SystemExit(done.stderr)
    return done.stdout


def seconds(database: Path, extension: str, query: str, times: int = TIMES) -> tuple[str, float]:
    """Return the answer, and the least processor time of several turns."""
    output = shell(database, extension, ".timer on\n" + f"{query};\n" * times)
    found = [float(user) for user in re.findall(r"user ([\d.]+)", output)]
    return output.split()[0], min(found)


def main() -> None:
    import poly_match as pm

    files = counties.files()
    layer, points = counties.layer(), files.read_points()
    shapes = shapely.from_ragged_array(
        shapely.GeometryType.MULTIPOLYGON, layer.coords,
        (layer.ring_offsets, layer.polygon_offsets, layer.geom_offsets),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "bench.db"
        with sqlite3.connect(database) as connection:
            connection.execute("CREATE TABLE p(i INTEGER PRIMARY KEY, x REAL, y REAL)")
            connection.executemany(
                "INSERT INTO p VALUES (?, ?, ?)", ((i, *p) for i, p in enumerate(points.tolist()))
            )
            connection.execute("CREATE TABLE regions(id INTEGER PRIMARY KEY, area REAL, wkb BLOB)")
            rows = zip(
                range(len(shapes)),
                shapely.area(shapes).tolist(),
                shapely.to_wkb(shapes).tolist(),
                strict=True,
            )
            connection.executemany("INSERT INTO regions VALUES (?, ?, ?)", rows)
        connection.close()
        own = str(BUILD / "sqlite" / "polymatch")
        shell(database, "mod_spatialite", SET_UP)
        answers = pm.Index.open(files.index).match(points)
        _, nothing = seconds(database, own, PASS)
        total, region = seconds(database, own, OWN.format(index=files.index))
        _, name = seconds(database, own, NAME.format(index=files.index))
        sample, spatialite = seconds(database, "mod_spatialite", SPATIALITE, 2)
    assert int(total) == answers[answers >= 0].sum(), "another answer"
    first = answers[:SAMPLE]
    print("µs per point, without reading it; one core")
    for what, time, count in (
        ("match_region", region - nothing, len(points)),
        ("match_name", name - nothing, len(points)),
        ("SpatiaLite, R-tree", spatialite, SAMPLE),
    ):
        print(f"{what:20} {time / count * 1e6:8.2f}")
    print("SpatiaLite's answers are", "the same" if int(sample) == np.sum(first[first >= 0]) else "different")


if __name__ == "__main__":
    main()
