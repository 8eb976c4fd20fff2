"""A million points and the counties in DuckDB: this extension, the function in Python, the spatial join.

    .venv-test/bin/python -m extensions.duckdb.bench    # after python3 dev.py extensions duckdb

Times are those of the processor on one thread, the least of several turns, with reading the table of points.
The spatial join finds all pairs, and NumPy picks the smallest of each point, which is faster than SQL.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from bench import polygons
from everywhere import counties
from extensions.build import BUILD

TURNS = 7


def milliseconds(run: Callable[[], object]) -> float:
    """Return the least time of several turns."""
    times = []
    for _ in range(TURNS):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return 1e3 * min(times)


def main() -> None:
    import duckdb
    import poly_match as pm
    import poly_match.duckdb
    import pyarrow as pa

    files = counties.files()
    points = files.read_points()
    index = pm.Index.open(files.index)
    table = pa.table({"x": points[:, 0], "y": points[:, 1]})
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true", "threads": 1})
    connection.execute(f"LOAD '{BUILD / 'duckdb' / 'polymatch.duckdb_extension'}'")
    connection.register("t", table)
    connection.execute("CREATE TABLE p AS SELECT * FROM t")
    poly_match.duckdb.register(connection, index, "in_python")
    poly_match.duckdb.register(connection, index)
    answers = index.match(points)
    expected = answers[answers >= 0].sum()
    print("milliseconds for a million points, one thread")
    for what, query in {
        "reading alone": "SELECT sum(x + y) FROM p",
        "match_region(file, x, y)": f"SELECT sum(match_region('{files.index}', x, y)) FROM p",
        "match_region(x, y)": "SELECT sum(match_region(x, y)) FROM p",
        "match_name(file, x, y)": f"SELECT count(match_name('{files.index}', x, y)) FROM p",
        "the function in Python": "SELECT sum(in_python(x, y)) FROM p",
    }.items():
        (found,) = connection.execute(query).fetchone()
        assert "match" not in what or "name" in what or found == expected
        print(f"{what:26} {milliseconds(lambda q=query: connection.execute(q).fetchall()):8.0f}", flush=True)
    join = polygons.duckdb_spatial(counties.layer())
    same = np.array_equal(join(points), answers)
    print(f"{'spatial join':26} {milliseconds(lambda: join(points)):8.0f}")
    print("the spatial join's answers are", "the same" if same else "different")


if __name__ == "__main__":
    main()
