"""The counties in DuckDB, by the extension."""

import numpy as np

from everywhere.result import arguments, least_seconds, read_points, report
from extensions.build import BUILD

EXTENSION = BUILD / "duckdb" / "polymatch.duckdb_extension"


def main() -> None:
    import duckdb

    file, path = arguments()
    points = read_points(path)
    frame = {"i": np.arange(len(points)), "x": points[:, 0].copy(), "y": points[:, 1].copy()}
    with duckdb.connect(config={"allow_unsigned_extensions": "true"}) as connection:
        connection.execute(f"LOAD '{EXTENSION}'")
        connection.register("given", frame)
        connection.execute("CREATE TABLE p AS SELECT * FROM given")
        call = f"match_region('{file}', x, y)"
        count = f"SELECT count({call}) FROM p"
        seconds = least_seconds(lambda: connection.execute(count).fetchall())
        found = connection.execute(f"SELECT coalesce({call}, -1) AS region FROM p ORDER BY i").fetchnumpy()
    report("DuckDB", seconds, found["region"])


if __name__ == "__main__":
    main()
