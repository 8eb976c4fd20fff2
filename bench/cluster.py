"""Points on Spark: poly-match beside the transport alone, shapely in the same function, and Sedona's join.

    python -m bench.cluster [--points N] [--rounds N] [--cores N] [--only NAME ...]

One job, as in a pipeline: read points from Parquet, give each the smallest of 3,025 overlapping stars of 41
vertices that covers it, and pass the rows on (to a sink that drops them). The contenders take turns in one
session:

identity    the batches go to Python and come back: the cost of any function of batches
poly-match  `poly_match.spark.match`
shapely     a tree of each batch's points, queried with the prepared stars, in the same function
Sedona      join and GROUP BY; default plan, and with the stars broadcast

Each runs once before it is timed and computes a digest of its answers; equal digests mean equal answers for
every point. The output is Markdown: the measurement, and what follows from it for larger jobs.

Needs Java and ``pip install '.[cluster]'``. Sedona's jars are fetched with Maven; without them, Sedona is
left out.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.fetch import FOLDER
from bench.layers import Layer, layer_of
from common.machine import describe

ROOT = Path(__file__).resolve().parent.parent
SIDE, VERTICES = 55, 41
FILES = 8
JARS = (
    "org.apache.sedona:sedona-spark-shaded-4.0_2.13:1.8.0",  # for Spark 4.0, so that is what pyspark must be
    "org.datasyslab:geotools-wrapper:1.8.0-33.1",
)
BATCH = 100_000  # rows in an Arrow batch; Spark's default is 10,000

Frame = Any  # a DataFrame of Spark
Contender = Callable[[Any, Frame], Frame]


# ---- the data ----------------------------------------------------------------------------------------------


def stars(seed: int = 6) -> Layer:
    """Return 55 x 55 stars of 41 vertices; a point has 0.9 of them on average."""
    random = np.random.default_rng(seed)
    corners = np.stack(np.divmod(np.arange(SIDE * SIDE), SIDE), axis=1)
    centers = corners + random.uniform(0.3, 0.7, (SIDE * SIDE, 2))
    angles = np.arange(VERTICES) * (2 * np.pi / VERTICES)
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    radii = random.uniform(0.34, 0.74, (len(centers), VERTICES)) * random.uniform(0.8, 1.2, (len(centers), 1))
    rings = centers[:, None, :] + radii[:, :, None] * directions
    return layer_of([[[ring]] for ring in rings])


def points_folder(count: int) -> Path:
    """Return a folder of Parquet files of points (id, x, y); write it if it is missing."""
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    folder = FOLDER / f"cluster-{count}"
    if folder.exists():
        return folder
    random = np.random.default_rng(7)
    beside = folder.with_suffix(".partial")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    ends = np.linspace(0, count, FILES + 1).astype(np.int64)
    for number, (start, stop) in enumerate(itertools.pairwise(ends)):
        x, y = random.uniform(0, SIDE, (2, stop - start))
        pq.write_table(pa.table({"id": np.arange(start, stop), "x": x, "y": y}), beside / f"{number}.parquet")
    beside.rename(folder)
    return folder


# ---- the contenders ----------------------------------------------------------------------------------------


def identity(spark: Any, points: Frame) -> Frame:
    """Return every batch unchanged."""
    return points.mapInArrow(lambda batches: batches, points.schema)


def poly_match(spark: Any, points: Frame) -> Frame:
    """Match in place."""
    import poly_match as pm
    import poly_match.spark

    return pm.spark.match(points, pm.Index(stars().regions()), x="x", y="y")


def shapely(spark: Any, points: Frame) -> Frame:
    """Query a tree of each batch's points, in the same function; the stars are prepared once per process."""
    return points.mapInArrow(shapely_batches, "id long, x double, y double, region long")


PREPARED: list[Callable[[Any], Any]] = []


def shapely_batches(batches: Iterator[Any]) -> Iterator[Any]:
    """Append the region to each batch."""
    import pyarrow as pa

    from bench.cluster import PREPARED  # from the module, which stays loaded, as functions do not
    from bench.polygons import shapely_tree

    if not PREPARED:
        PREPARED.append(shapely_tree(stars()))
    for batch in batches:
        places = np.stack([batch.column("x").to_numpy(), batch.column("y").to_numpy()], axis=1)
        yield batch.append_column("region", pa.array(PREPARED[0](places), pa.int64()))


def sedona(spark: Any, points: Frame, hint: str = "") -> Frame:
    """Join, then choose the candidate of lowest rank; points without one are not in the result."""
    import shapely as geometries  # type: ignore[import-untyped]

    layer = stars()
    offsets = (layer.ring_offsets, layer.polygon_offsets)
    polygons = geometries.from_ragged_array(geometries.GeometryType.POLYGON, layer.coords, offsets)
    wkb = geometries.to_wkb(polygons).tolist()
    rows = [(rank, region, wkb[region]) for rank, region in enumerate(order_of(layer).tolist())]
    spark.createDataFrame(rows, "rank long, region long, wkb binary").createOrReplaceTempView("wkb")
    spark.sql("SELECT rank, ST_GeomFromWKB(wkb) AS star FROM wkb").createOrReplaceTempView("stars")
    points.createOrReplaceTempView("points")
    return spark.sql(
        f"SELECT {hint} id, min(rank) AS rank FROM points JOIN stars "
        "ON ST_Intersects(star, ST_Point(x, y)) GROUP BY id"
    )


def sedona_broadcast(spark: Any, points: Frame) -> Frame:
    """The same with the stars sent to every worker."""
    return sedona(spark, points, "/*+ BROADCAST(stars) */")


def order_of(layer: Layer) -> Any:
    """Return the regions, smallest first."""
    x, y = layer.coords.reshape(-1, VERTICES, 2).transpose(2, 0, 1)
    areas = np.abs((x * np.roll(y, -1, axis=1) - np.roll(x, -1, axis=1) * y).sum(axis=1))
    return np.argsort(areas, kind="stable")


CONTENDERS: dict[str, Contender] = {
    "identity": identity,
    "poly-match": poly_match,
    "shapely": shapely,
    "Sedona": sedona,
    "Sedona, broadcast": sedona_broadcast,
}


# ---- Spark -------------------------------------------------------------------------------------------------


def sedona_jars() -> list[str]:
    """Return Sedona's jars, fetched from Maven Central once; none, and the reason, if that fails."""
    folder = FOLDER / "jars"
    for jar in JARS:
        _, name, version = jar.split(":")
        if (folder / f"{name}-{version}.jar").exists():
            continue
        command = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={jar}", f"-DoutputDirectory={folder}"]
        if shutil.which("mvn") is None or subprocess.run(command, stdout=sys.stderr).returncode:
            print(f"Sedona is not run: {jar} could not be fetched with mvn", file=sys.stderr)
            return []
    return [str(path) for path in sorted(folder.glob("*.jar"))]


def session(cores: int, jars: list[str]) -> Any:
    """Start Spark on this machine, with this Python for its workers."""
    from pyspark.sql import SparkSession

    os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1", "PYTHONPATH": str(ROOT)}
    settings = {
        "spark.driver.memory": "8g",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(BATCH),
        "spark.sql.files.openCostInBytes": str(2**30),  # a partition for every file
    }
    if jars:
        settings |= {
            "spark.jars": ",".join(jars),
            "spark.sql.extensions": "org.apache.sedona.sql.SedonaSqlExtensions",
            "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
            "spark.kryo.registrator": "org.apache.sedona.core.serde.SedonaKryoRegistrator",
        }
    spark = SparkSession.builder.master(f"local[{cores}]").config(map=settings).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def digest_of(frame: Frame) -> tuple[int, int]:
    """Run a job; return how many points have a region, and the digest of the answers."""
    order = order_of(stars())
    ranked = "rank" in frame.columns

    def parts(batches: Iterator[Any]) -> Iterator[Any]:
        import poly_match as pm
        import pyarrow as pa

        for batch in batches:
            found = batch.column("rank" if ranked else "region").fill_null(-1).to_numpy()
            regions = order[found] if ranked else found
            keys = batch.column("id").to_numpy()[regions >= 0]
            part = pm.digest(regions[regions >= 0], keys)
            yield pa.record_batch({"count": [len(keys)], "digest": [str(part)]})

    found = frame.mapInArrow(parts, "count long, digest string").collect()
    return sum(row[0] for row in found), sum(int(row[1]) for row in found) % 2**64


def seconds_of(frame: Frame) -> float:
    """Run a job with the sink that drops all rows."""
    began = time.perf_counter()
    frame.write.format("noop").mode("overwrite").save()
    return time.perf_counter() - began


def alone() -> float:
    """Return the processor time of the match alone, without Spark: nanoseconds per point."""
    import poly_match as pm

    index = pm.Index(stars().regions())
    count = 1_000_000
    x, y = np.random.default_rng(8).uniform(0, SIDE, (2, count))
    index.match((x, y))
    began = time.process_time()
    index.match((x, y))
    return (time.process_time() - began) / count * 1e9


# ---- the run -----------------------------------------------------------------------------------------------


def measure(count: int, rounds: int, cores: int, only: list[str] | None) -> int:
    """Let the contenders take turns and print the results; return 1 if answers differ."""
    facts = describe(None, ("poly-match", "pyspark")) | {"cores": cores, "load": os.getloadavg()[0]}
    jars = sedona_jars()
    names = [name for name in CONTENDERS if only is None or name in only]
    names = [name for name in names if jars or not name.startswith("Sedona")]
    folder = points_folder(count)
    spark = session(cores, jars)
    points = spark.read.parquet(str(folder))
    frames = {name: CONTENDERS[name](spark, points) for name in names}
    digests = {}
    for name, frame in frames.items():
        if name == "identity":
            seconds_of(frame)
        else:
            digests[name] = digest_of(frame)
    times: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            spark.sparkContext._jvm.System.gc()  # no contender pays for another's garbage
            times[name].append(seconds_of(frames[name]))
            print(f"round {number + 1}: {name} {times[name][-1]:.2f} s", file=sys.stderr)
    spark.stop()
    report(facts, count, times, digests, sum(path.stat().st_size for path in folder.iterdir()))
    if len(set(digests.values())) > 1:
        print(f"WRONG: the answers differ: {digests}", file=sys.stderr)
        return 1
    return 0


def report(
    facts: dict[str, Any],
    count: int,
    times: dict[str, list[float]],
    digests: dict[str, tuple[int, int]],
    size: int,
) -> None:
    """Print the measurement, and a table of larger jobs that follows from it."""
    cores = facts["cores"]
    print(f"\n{count:,} points, {cores} cores, {facts['cpu']}, load {facts['load']:.1f} before")
    print("\n| contender | s, median | s, fastest | of identity | points matched | digest |")
    print("|---|---:|---:|---:|---:|---|")
    for name, seconds in times.items():
        shares = [mine / floor for mine, floor in zip(seconds, times.get("identity", seconds), strict=True)]
        matched, digest = digests.get(name, (0, 0))
        answers = f"{matched:,} | `{digest:016x}`" if name in digests else "| "
        print(
            f"| {name} | {statistics.median(seconds):.2f} | {min(seconds):.2f} | "
            f"{statistics.median(shares):.2f} | {answers} |"
        )
    if "poly-match" not in times:
        return
    rate = count / statistics.median(times["poly-match"]) / cores
    print(
        f"\npoly-match: {rate / 1e6:.2f} M points/s and core, {rate * 3.6e-6:.2f} billion an hour and core;"
    )
    print(f"of that the match alone is {alone():.0f} ns per point;")
    print(f"a point is {size / count:.1f} bytes in Parquet\n")
    print("| points | in Parquet | core hours | on 16 cores | on 128 cores | on 1,024 cores |")
    print("|---:|---:|---:|---:|---:|---:|")
    for power in range(8, 13):
        hours = 10**power / rate / 3600
        spans = " | ".join(span(hours / number) for number in (16, 128, 1024))
        print(f"| 10^{power} | {size / count * 10**power / 1e9:,.0f} GB | {hours:,.2f} | {spans} |")


def span(hours: float) -> str:
    """Return a time as text."""
    if hours < 1 / 60:
        return f"{hours * 3600:.0f} s"
    return f"{hours * 60:.0f} min" if hours < 2 else f"{hours:.1f} h"


def main() -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--points", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", nargs="+", choices=list(CONTENDERS), metavar="NAME")
    options = parser.parse_args()
    return measure(options.points, options.rounds, options.cores, options.only)


if __name__ == "__main__":
    # Workers import this file as a module; they can't import names from __main__.
    from bench.cluster import main as run

    sys.exit(run())
