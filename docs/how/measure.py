"""Where points end and where the time goes: the figures of docs/how.md, written to docs/how.json.

    python -m docs.how.measure [JOB ...]

Counts come from reading the index (`tree.py`) with the benchmark's regions and points, which `python -m bench
fetch` gets once. Times are processor time, of the fastest of some calls into one array of answers, on one
core. Shares of the stages come from Linux's `perf`, which samples a process that only matches, about a
thousand times per second. The function of a sample gives its stage; where the compiler merged functions,
`addr2line` separates them. Samples outside the library are not counted. Without perf there are no shares.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench import machine

CORE = machine.settle() if __name__ == "__main__" else None  # before NumPy is imported

import numpy as np  # noqa: E402
import poly_match as pm  # noqa: E402

from bench import jobs  # noqa: E402
from bench.layers import Disks, Doubles, Layer  # noqa: E402
from docs.how import tree as trees  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docs" / "how.json"
JOBS = ("counties-uniform", "counties-cities", "countries-uniform", "disks-1000-30", "disks-100000-30")
KNOWN = {job.name: job for job in jobs.JOBS + jobs.QUICK}
SECONDS = 6.0
READ, FIRST, DOWN, LEAVES, EXACT = "read", "first look", "further looks", "leaves", "exact"
STAGES = (READ, FIRST, DOWN, LEAVES, EXACT)

Facts = dict[str, Any]


def build(layer: Layer | Disks) -> pm.Index:
    """Return the index of a job's regions."""
    if isinstance(layer, Disks):
        return pm.Index(layer.regions(), predicate="center_within", distance=layer.radius)
    return pm.Index(layer.regions())


# ---- counts ----------------------------------------------------------------------------------------------


def count(index: pm.Index, points: Doubles) -> Facts:
    """Return how an index is cut into cells, and where points end in it."""
    tree = trees.read(index)
    answers, ends = trees.match(tree, points)
    unsure = answers == trees.UNDECIDED
    if not (answers == index.match(points))[~unsure].all():
        raise RuntimeError("the tree as it is read here answers differently")
    _, kinds, _ = index._cells()
    found = Counter(1 << table.bits for table in trees.tables(tree))
    looks = np.bincount(ends.looks, minlength=2) / len(points)
    in_leaf = ends.words & 3 == trees.LEAF
    return {
        "points": len(points),
        "cells": len(kinds),
        "border cells": int((kinds == 2).sum()),
        "tables": {f"{side} x {side}": found[side] for side in sorted(found)},
        "bytes": index.nbytes,
        "bytes of tables": 4 * len(tree.tables),
        "bytes of leaves": 4 * len(tree.leaves),
        "looks": [round(float(share), 6) for share in looks],
        "in leaves": round(float(in_leaf.mean()), 6),
        "undecided": round(float(unsure.mean()), 8),
    }


def leaf_facts(index: pm.Index, points: Doubles) -> Facts:
    """Return facts about the leaves that these points end in."""
    tree = trees.read(index)
    ends = trees.descend(tree, points)
    leaves = trees.read_leaves(tree, ends.words[ends.words & 3 == trees.LEAF])
    edges = np.maximum(leaves.vertex_counts - 1, 0)
    return {
        "edges looked at": round(float(edges.mean()), 3),
        "in one line of the cache": round(float((leaves.at % 16 + leaves.units <= 16).mean()), 6),
        "up to three polygons": round(float((leaves.polygon_counts <= 3).mean()), 6),
    }


# ---- times -----------------------------------------------------------------------------------------------


def spin(name: str, seconds: float) -> None:
    """Match a job's points repeatedly."""
    job = KNOWN[name]
    points = np.ascontiguousarray(job.points())
    index = build(job.layer())
    out = np.empty(len(points), dtype=np.int64)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        index.match(points, out=out)


def fastest(index: pm.Index, points: Doubles, calls: int = 30) -> float:
    """Return the processor time per point of the fastest call, in ns."""
    out, took = np.empty(len(points), dtype=np.int64), []
    for _ in range(calls):
        begin = time.process_time()
        index.match(points, out=out)
        took.append(time.process_time() - begin)
    return round(1e9 * min(took) / len(points), 3)


def variants(index: pm.Index, layer: Layer | Disks, points: Doubles) -> Facts:
    """Return times of the same job with points in another order, and on edges."""
    fixed = trees.descend(trees.read(index), points).fixed >> trees.FIXED_BITS - 10
    order = np.lexsort((fixed[:, 0], fixed[:, 1]))
    found = {"as they are": fastest(index, points), "neighbours together": fastest(index, points[order])}
    if isinstance(layer, Layer):
        edges = np.random.default_rng(4).integers(0, len(layer.coords) - 1, 100_000)
        on_edges = (layer.coords[edges] + layer.coords[edges + 1]) / 2
        found["on edges"] = fastest(index, np.ascontiguousarray(on_edges), 5)
    return found


def stage_of(symbol: str, functions: list[str]) -> str | None:
    """Return the stage of a sample by its function and those merged into it there, or None."""
    symbol = symbol.partition(".")[0]
    if symbol.startswith("locate_"):
        return FIRST
    if symbol.startswith(("find_avx2", "find_portable", "leaf_")):
        return LEAVES
    if symbol.startswith(("find", "decide_", "runs_", "edges_", "ring_", "pm_polygon_covers")):
        return EXACT
    if symbol.startswith(("pm_orient", "pm_is_", "pm_exact", "normalize", "decompose")):
        return EXACT
    if symbol == "pm_tree_match":
        return DOWN if "descend" in functions else READ
    return None


def functions_at(library: str, symbol: str, offsets: list[int]) -> dict[int, list[str]]:
    """Return for each offset into a function which functions were merged into it there."""
    table = subprocess.run(["nm", library], capture_output=True, text=True, check=True).stdout
    found = re.search(rf"^([0-9a-f]+) [tT] {re.escape(symbol)}$", table, re.MULTILINE)
    if not found:
        return {}
    base, merged = int(found.group(1), 16), {}
    for offset in offsets:
        command = ["addr2line", "-fi", "-e", library, f"{base + offset:#x}"]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        merged[offset] = lines[::2]
    return merged


def profile(name: str) -> Facts:
    """Return the shares of the stages in the time of a job."""
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/perf.data"
        child = [sys.executable, "-m", "docs.how.measure", "--spin", name]
        record = ["perf", "record", "--quiet", "-e", "cpu-clock", "-F", "4999", "-o", data, *child]
        subprocess.run(record, capture_output=True, check=True, cwd=ROOT)
        script = ["perf", "script", "-i", data, "-F", "ip,sym,symoff,dso"]
        lines = subprocess.run(script, capture_output=True, text=True, check=True).stdout
    sample = re.compile(r"^\s*[0-9a-f]+ (\S+)\+0x([0-9a-f]+) \((\S*/_core[^)/]*\.so)\)$", re.MULTILINE)
    counts = Counter(sample.findall(lines))
    stages: Counter[str] = Counter()
    merged: dict[int, list[str]] = {}
    library = next((file for symbol, _, file in counts if symbol == "pm_tree_match"), None)
    if library:
        places = [int(offset, 16) for symbol, offset, _ in counts if symbol == "pm_tree_match"]
        merged = functions_at(library, "pm_tree_match", places)
    for (symbol, offset, _), number in counts.items():
        inner = merged.get(int(offset, 16), []) if symbol == "pm_tree_match" else []
        stage = stage_of(symbol, inner)
        if stage:
            stages[stage] += number
    total = stages.total()
    return {
        "samples": total,
        "stages": {stage: round(stages[stage] / total, 4) for stage in STAGES},
    }


# ---- the file --------------------------------------------------------------------------------------------


def run(names: list[str]) -> Facts:
    """Return the figures of these jobs."""
    found = []
    for name in names:
        print(name, flush=True)
        job = KNOWN[name]
        layer, points = job.layer(), np.ascontiguousarray(job.points())
        index = build(layer)
        facts = {"name": name, "title": job.title, **layer.facts, **count(index, points)}
        if not isinstance(layer, Disks):
            facts |= leaf_facts(index, points)
        facts["ns per point"] = variants(index, layer, points)
        found.append(facts | (profile(name) if shutil.which("perf") else {}))
    command = " ".join(["python -m docs.how.measure", *sys.argv[1:]])
    return {"machine": machine.describe(CORE, ("poly-match", "numpy")) | {"command": command}, "jobs": found}


def read(path: Path = FILE) -> Facts:
    """Return the figures of a file."""
    results: Facts = json.loads(path.read_text(encoding="utf-8"))
    return results


def write(results: Facts, path: Path = FILE) -> None:
    """Write figures with one line per job."""
    lines = ",\n".join("  " + json.dumps(job) for job in results["jobs"])
    described = json.dumps(results["machine"], indent=2).replace("\n", "\n ")
    text = f'{{\n "machine": {described},\n "jobs": [\n{lines}\n ]\n}}\n'
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--spin"]:
        spin(sys.argv[2], SECONDS)
    else:
        write(run(sys.argv[1:] or list(JOBS)))
