"""A job from files to totals, like Q10 of Apache SpatialBench: how many trips begin in each zone, and how
long and how far they are on average.

The trips are those of SpatialBench's own generator (PyPI: `spatialbench-cli`). Its zones can't be made
here, so a stand-in takes their place, with as many zones and vertices: a tiling of the box around all trips
whose tiles share rough borders. So the figures are not SpatialBench's. Both are Parquet files with WKB.

Each contender runs in a process of its own, from opening the files to the last total; all totals are
compared. Where a contender has no separate steps, only the total is there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bench import maps
from bench.layers import Doubles
from bench.scale import Table

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(__file__).resolve().parent / ".data" / "spatial"
ZONES = 156_000
COLUMNS = ["t_pickuploc", "t_pickuptime", "t_dropofftime", "t_distance"]
HEAD = (
    "| contender | read, s | build, s | match, s | aggregate, s | total, s | processor, s "
    "| beside poly-match |"
)
STEPS = ("read", "build", "match", "aggregate", "total", "processor")
TOLERANCE = 1e-9  # of averages, which are summed in another order

PAGE = """# From files to totals

A job like Q10 of Apache SpatialBench: how many trips begin in each zone, and how long and how far they are
on average. The trips, {trips} million, are those of its own generator. Its zones can't be made here, so
these are not SpatialBench's figures: a tiling of the box around all trips takes their place, of 156,000
zones with {vertices} vertices each, which share rough borders.

Trips and zones are Parquet files with well-known binary. The time goes from opening the files to the last
total, in a process of its own, on {workers}; *processor* is that of all threads together. Of {rounds} turns
the fastest counts. All contenders give the same totals. Where a contender has no separate steps, only the
total is there.

<!-- not run: it takes minutes -->
```sh
{command}
```
"""


# ---- the files -------------------------------------------------------------------------------------------


def make(folder: Path, scale: float, vertices: int) -> tuple[Path, Path]:
    """Return the files of the trips and of the zones; make those that are not there."""
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]
    import shapely  # type: ignore[import-untyped]

    trips = folder / f"scale-{scale:g}" / "trip.parquet"
    if not trips.exists():
        trips.parent.mkdir(parents=True, exist_ok=True)
        command = ["spatialbench-cli", "-s", f"{scale:g}", "--tables", "trip", "-o", str(trips.parent)]
        subprocess.run(command, check=True)
    zones = folder / f"zone-{vertices}.parquet"
    if not zones.exists():
        layer = maps.tiling(ZONES, between=(vertices - 5) // 4)
        coords = layer.coords * [360.0, 140.0] + [-180.0, -60.0]  # all trips begin there
        levels = layer.ring_offsets, layer.polygon_offsets
        shapes = shapely.from_ragged_array(shapely.GeometryType.POLYGON, coords, levels)
        key = np.arange(len(shapes))
        table = {"z_zonekey": key, "z_name": [f"zone {i}" for i in key], "z_boundary": shapely.to_wkb(shapes)}
        pq.write_table(pa.table(table), zones, compression="zstd", row_group_size=20_000)
    return trips, zones


# ---- contenders ------------------------------------------------------------------------------------------


class Watch:
    """Seconds of each step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the time of a step."""
        began = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began


def totals(zone: Any, seconds: Doubles, miles: Doubles, zones: int) -> Doubles:
    """Return count, mean seconds and mean distance per zone, given the zone of each trip, -1 for none."""
    count, *sums = (np.bincount(zone + 1, weights, zones + 1)[1:] for weights in (None, seconds, miles))
    with np.errstate(invalid="ignore"):
        return np.column_stack([count, *(each / count for each in sums)])


def _numbers(trips: Any) -> tuple[Doubles, Doubles]:
    """Return seconds and distances of trips."""
    import pyarrow as pa

    begin, end = (trips[name].cast(pa.int64()).to_numpy() for name in ("t_pickuptime", "t_dropofftime"))
    return (end - begin) / 1000, trips["t_distance"].cast(pa.float64()).to_numpy()


def poly_match(trips: Path, zones: Path, workers: int, watch: Watch) -> Doubles:
    """Read columns with pyarrow, match in one call."""
    import poly_match
    import pyarrow.parquet as pq

    with watch.step("read"):
        places = pq.read_table(trips, columns=COLUMNS)
        areas = pq.read_table(zones, columns=["z_zonekey", "z_boundary"])
    with watch.step("match"):
        zone = poly_match.match(places["t_pickuploc"], areas["z_boundary"], workers=workers)
    with watch.step("aggregate"):
        return totals(zone, *_numbers(places), len(areas))


def poly_match_index(trips: Path, zones: Path, workers: int, watch: Watch) -> Doubles:
    """Read columns with pyarrow, build an index, match."""
    import poly_match
    import pyarrow.parquet as pq

    with watch.step("read"):
        places = pq.read_table(trips, columns=COLUMNS)
        areas = pq.read_table(zones, columns=["z_zonekey", "z_boundary"])
    with watch.step("build"):
        index = poly_match.Index(areas["z_boundary"], workers=workers)
    with watch.step("match"):
        zone = index.match(places["t_pickuploc"], workers=workers)
    with watch.step("aggregate"):
        return totals(zone, *_numbers(places), len(areas))


def sedona(trips: Path, zones: Path, workers: int, watch: Watch) -> Doubles:
    """Run the query of SpatialBench, with a partition per worker."""
    import sedonadb

    context = sedonadb.connect()
    context.sql(f"SET datafusion.execution.target_partitions = {workers}").execute()
    context.read_parquet(str(trips)).to_view("trip")
    context.read_parquet(str(zones)).to_view("zone")
    found = context.sql("""
        SELECT z_zonekey AS zone, COUNT(t_distance) AS trips, AVG(t_dropofftime - t_pickuptime) AS long,
            AVG(CAST(t_distance AS DOUBLE)) AS far
        FROM (SELECT z_zonekey, ST_GeomFromWKB(z_boundary) AS shape FROM zone) AS zones
        LEFT JOIN (SELECT *, ST_GeomFromWKB(t_pickuploc) AS place FROM trip) AS trips
        ON ST_Within(trips.place, zones.shape)
        GROUP BY z_zonekey ORDER BY z_zonekey
    """).to_arrow_table()
    long = found["long"].cast("int64").to_numpy() / 1000
    return np.column_stack([found["trips"].to_numpy(), long, found["far"].to_numpy()])


def geopandas(trips: Path, zones: Path, workers: int, watch: Watch) -> Doubles:
    """Read frames, join, group."""
    import geopandas
    import pyarrow.parquet as pq
    import shapely

    with watch.step("read"):
        places = pq.read_table(trips, columns=COLUMNS)
        areas = pq.read_table(zones, columns=["z_zonekey", "z_boundary"])
        left = geopandas.GeoDataFrame(geometry=shapely.from_wkb(places["t_pickuploc"].to_numpy()))
        right = geopandas.GeoDataFrame(geometry=shapely.from_wkb(areas["z_boundary"].to_numpy()))
    with watch.step("match"):
        joined = geopandas.sjoin(left, right, how="left", predicate="intersects")
        joined = joined[~joined.index.duplicated()]
        zone = joined["index_right"].fillna(-1).to_numpy(np.int64)
    with watch.step("aggregate"):
        return totals(zone, *_numbers(places), len(areas))


Contender = Callable[[Path, Path, int, Watch], Doubles]
CONTENDERS: dict[str, Contender] = {
    "poly-match": poly_match,
    "poly-match, an index": poly_match_index,
    "SedonaDB": sedona,
    "GeoPandas": geopandas,
}


# ---- the table -------------------------------------------------------------------------------------------


def one(name: str, trips: Path, zones: Path, workers: int) -> tuple[dict[str, float], Doubles]:
    """Return the steps of a contender in a process of its own, the imports left out, and its totals."""
    out = zones.with_suffix(".npy")
    command = [sys.executable, "-m", "bench.spatial", name, str(trips), str(zones), str(workers), str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no message"])[-1])
    return json.loads(done.stdout), np.load(out)


def differences(ours: Doubles, theirs: Doubles) -> int:
    """Return how many zones have other totals."""
    same = (ours[:, 0] == theirs[:, 0]) & np.isclose(ours, theirs, TOLERANCE, 2e-3, equal_nan=True).all(
        axis=1
    )
    return int((~same).sum())


def run(options: argparse.Namespace) -> int:
    """Print the table."""
    trips, zones = make(options.folder or FOLDER, options.scale, options.vertices)
    table = Table(f"{HEAD}\n|---|{'--:|' * 7}")
    problems, first, reference = [], 0.0, None
    for name in options.contender or CONTENDERS:
        best: dict[str, float] = {}
        for _ in range(options.rounds):
            steps, found = one(name, trips, zones, options.workers)
            if not best or steps["total"] < best["total"]:
                best = steps
        reference = found if reference is None else reference
        first = first or best["total"]
        if differ := differences(reference, found):
            problems.append(f"{name}: {differ} of {len(found)} zones have other totals")
        steps_shown = (f"{best[key]:.2f}" if key in best else "" for key in STEPS)
        table.add(f"| {name} | {' | '.join(steps_shown)} | {best['total'] / first:.2f} |")
    table.write(options.docs, "bench-spatial.md", _page(options))
    for problem in problems:
        print(f"WRONG: {problem}")
    return 1 if problems else 0


def _page(options: argparse.Namespace) -> str:
    """Return the page's text, with the options of this run."""
    return PAGE.format(
        trips=f"{6 * options.scale:g}",
        vertices=options.vertices,
        workers="one core" if options.workers == 1 else f"{options.workers} cores",
        rounds=options.rounds,
        command=f"python -m bench spatial --scale {options.scale:g} --vertices {options.vertices} "
        f"--workers {options.workers} --rounds {options.rounds} --docs docs",
    )


def main() -> None:
    """Run one contender, in this process."""
    name, trips, zones, workers, out = sys.argv[1:]
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(workers)])
    import geopandas  # noqa: F401
    import poly_match  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import sedonadb  # noqa: F401

    watch = Watch()
    began, busy = time.perf_counter(), time.process_time()
    found = CONTENDERS[name](Path(trips), Path(zones), int(workers), watch)
    watch.seconds["total"] = time.perf_counter() - began
    watch.seconds["processor"] = time.process_time() - busy
    np.save(out, found)
    print(json.dumps(watch.seconds))


if __name__ == "__main__":
    main()
