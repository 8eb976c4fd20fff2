"""The counties in PostgreSQL: a server is started, and the index is in a table."""

import numpy as np

from everywhere.result import arguments, least_seconds, read_points, report
from extensions.postgresql import server


def main() -> None:
    import psycopg

    file, path = arguments()
    call = "pm_match((SELECT block FROM ix), x, y)"
    with server.running() as (where, _), psycopg.connect(where, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION polymatch")
        connection.execute("CREATE TABLE ix (block bytea)")
        connection.execute("INSERT INTO ix VALUES (%s)", [file.read_bytes()])
        connection.execute("CREATE TABLE p (i int, x float8, y float8)")
        with connection.cursor().copy("COPY p FROM STDIN") as copy:
            for i, (x, y) in enumerate(read_points(path).tolist()):
                copy.write_row((i, x, y))
        connection.execute("VACUUM ANALYZE p")
        seconds = least_seconds(lambda: connection.execute(f"SELECT count({call}) FROM p").fetchall())
        rows = connection.execute(f"SELECT coalesce({call}, -1) FROM p ORDER BY i").fetchall()
    report("PostgreSQL", seconds, np.array(rows)[:, 0])


if __name__ == "__main__":
    main()
