"""The counties in SQLite, in its shell: Python's own sqlite3 often can't load extensions."""

import re
import sqlite3
import subprocess
import tempfile
from pathlib import Path

from everywhere.result import TURNS, arguments, read_points, report
from extensions.build import BUILD


def main() -> None:
    file, path = arguments()
    points = read_points(path).tolist()
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "points.db"
        connection = sqlite3.connect(database)
        connection.execute("CREATE TABLE p (i INTEGER PRIMARY KEY, x REAL, y REAL)")
        rows = ((i, *point) for i, point in enumerate(points))
        connection.executemany("INSERT INTO p VALUES (?, ?, ?)", rows)
        connection.commit()
        connection.close()
        call = f"match_region('{file}', x, y)"
        script = f".load {BUILD / 'sqlite' / 'polymatch'}\n.bail on\n.timer on\n"
        script += f"SELECT count({call}) FROM p;\n" * TURNS
        script += f".timer off\nSELECT coalesce({call}, -1) FROM p ORDER BY i;\n"
        done = subprocess.run(
            ["sqlite3", "-batch", database], input=script, capture_output=True, text=True, check=True
        )
    seconds = min(map(float, re.findall(r"real ([\d.]+)", done.stdout)))
    report("SQLite", seconds, list(map(int, done.stdout.splitlines()[-len(points) :])))


if __name__ == "__main__":
    main()
