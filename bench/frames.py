"""Frames: time and memory from GeoDataFrame to GeoDataFrame, every call in its own process.

This is the view of a GeoPandas user: points and regions are frames, and the result is a frame with the
attributes of the best region for each point, one row per point, in the order of the points. Memory can only
be measured in a process where nothing else has run. So each call gets a fresh process, which makes the
frames, joins a few points so that everything is imported, frees unused memory, and then makes the one
measured call: its time, and the rise of the process's memory.
"""

from __future__ import annotations

import contextlib
import ctypes
import datetime
import gc
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench import explain, measure
from bench.contenders import OURS
from bench.jobs import JOBS, QUICK, Job
from bench.layers import Doubles, Integers, Layer

ROOT = Path(__file__).resolve().parent.parent
FEW = 1000
PROCESS = Path("/proc/self")  # Linux; elsewhere memory is not measured

Join = Callable[[Any, Any], Any]


def poly_match(points: Any, polygons: Any) -> Any:
    """Join."""
    import poly_match

    return poly_match.sjoin(points, polygons, how="left")


def geopandas_sjoin(points: Any, polygons: Any) -> Any:
    """Join, sort by area, keep the first of each point.

    Other forms were slower overall: the predicate "within", which builds its tree of the points; sorting by
    area alone and restoring the order of the points afterwards.
    """
    import geopandas
    import shapely  # type: ignore[import-untyped]

    pairs = geopandas.sjoin(points, polygons.assign(area=shapely.area(polygons.geometry)), how="left")
    return pairs.sort_values(["id", "area"], kind="stable").drop_duplicates("id").drop(columns="area")


CONTENDERS: dict[str, Join] = {OURS: poly_match, "GeoPandas sjoin, sort, drop": geopandas_sjoin}


def run_job(
    job: Job, rounds: int, _seconds: float, tell: measure.Tell, most_points: int | None = None
) -> dict[str, Any]:
    """Run a job and return its record for the results."""
    tell(f"{job.name}: data")
    layer, points = job.layer(), job.points()[:most_points]
    assert isinstance(layer, Layer)
    rows: dict[str, dict[str, Any]] = {name: {"name": name, "points": len(points)} for name in CONTENDERS}
    answers: dict[str, Integers] = {}
    for number in range(rounds):
        for name in list(rows)[:: 1 if number % 2 else -1]:
            if "reason" in rows[name]:
                continue
            tell(f"{job.name}: round {number + 1} of {rounds}: {name}")
            try:
                found, result = in_a_process(job, name, len(points))
            except RuntimeError as error:
                rows[name] = {"name": name, "reason": f"failed: {error}"}
                continue
            if not np.array_equal(answers.setdefault(name, found), found):
                raise RuntimeError(f"{name} gave other answers than before to the same points")
            for key, value in result.items():
                rows[name].setdefault(key, []).append(value)
    reference = answers.get(OURS)
    for name, found in answers.items():
        if reference is not None and "reason" not in rows[name]:
            rows[name]["disagreements"] = explain.disagreements(layer, points, reference, found)
    return {
        "name": job.name, "title": job.title, "group": job.group, "points": len(points),
        "matched": None if reference is None else float((reference >= 0).mean()),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        **layer.facts, "contenders": list(rows.values()),
    }  # fmt: skip


def in_a_process(job: Job, name: str, count: int) -> tuple[Integers, dict[str, Any]]:
    """Return the answers of one call in a fresh process, its time and its memory."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "answers.npy")
        command = [sys.executable, "-m", "bench.frames", job.name, name, str(count), str(file)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError((done.stderr.strip().splitlines() or ["no message"])[-1])
        return np.load(file), json.loads(done.stdout)


# ---- in that process -------------------------------------------------------------------------------------


def frames(layer: Layer, points: Doubles) -> tuple[Any, Any]:
    """Return points and regions as frames, each with two attributes."""
    import geopandas
    import shapely

    offsets = (layer.ring_offsets, layer.polygon_offsets, layer.geom_offsets)
    shapes = shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, layer.coords, offsets)
    code = np.arange(len(layer))
    return (
        geopandas.GeoDataFrame(
            {"id": np.arange(len(points)), "value": np.random.default_rng(4).random(len(points))},
            geometry=geopandas.points_from_xy(points[:, 0], points[:, 1]), crs="EPSG:4326",
        ),
        geopandas.GeoDataFrame(
            {"code": code, "name": [f"region {i}" for i in code]}, geometry=shapes, crs="EPSG:4326"
        ),
    )  # fmt: skip


def one_call(join: Join, layer: Layer, places: Doubles) -> tuple[Integers, dict[str, Any]]:
    """Return the answers of one call, its time and its memory."""
    points, polygons = frames(layer, places)
    join(points[:FEW], polygons)
    gc.collect()
    before = memory("VmRSS", reset=True)
    seconds, busy, joined = measure.timed(lambda points: join(points, polygons), points)
    peak = memory("VmHWM")
    if not joined["id"].equals(points["id"]):
        raise RuntimeError("the rows are not those of the points, in their order")
    answers = joined["index_right"].fillna(-1).to_numpy(np.int64)
    rise = None if before is None or peak is None else peak - before
    return answers, {"samples_s": seconds, "busy_s": busy, "peak_bytes": rise}


def memory(what: str, reset: bool = False) -> int | None:
    """Return a figure of this process's memory in bytes; `reset` frees unused memory first."""
    if not (PROCESS / "clear_refs").exists():
        return None
    if reset:
        with contextlib.suppress(AttributeError):  # not every libc has it
            ctypes.CDLL(None).malloc_trim(0)
        (PROCESS / "clear_refs").write_text("5")
    lines = (PROCESS / "status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{what}:"))


def main() -> None:
    """Make the one measured call of this process."""
    name, contender, count, file = sys.argv[1:]
    job = next(job for job in JOBS + QUICK if job.name == name)
    layer = job.layer()
    assert isinstance(layer, Layer)
    answers, result = one_call(CONTENDERS[contender], layer, job.points()[: int(count)])
    np.save(file, answers)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
