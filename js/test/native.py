"""What Python answers: python native.py FOLDER writes native.json there, which the tests of JavaScript read.

Each case has regions as flat arrays, options, points, and of Python the answers, the distances and the
SHA-256 of the index. The cases are the shared vectors, the example, and random regions on a coarse grid,
where borders, vertices and ties are common. The answers are held to exact arithmetic by the tests of C and
Python.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import poly_match as pm
from poly_match._engine.module import module_of
from poly_match._rules import BESTS, NEED_DISTANCE, PREDICATES

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/python")]

import oracle  # noqa: E402
from test_vectors import CASES, numbers  # noqa: E402

INDEXES: list[pm.Index] = []  # of all cases
SCORES = {"double": np.float64, "int64": np.int64, "uint64": np.uint64}


def flat(array: Any) -> list[Any]:
    """Return numbers for JSON, as text where it has none."""
    values = np.ravel(array).tolist()
    return [value if abs(value) < np.inf else str(value) for value in values]


def sha256(index: pm.Index) -> str:
    """Return the hash of the bytes that `save` writes."""
    return hashlib.sha256(index._core.block).hexdigest()


def case(name: str, regions: pm.Regions, points: Any, names: Any = None, **options: Any) -> dict[str, Any]:
    """Return a case with Python's answers."""
    index = pm.Index(regions, names=names, **options)
    INDEXES.append(index)
    points = np.array(points, float).reshape(-1, 2)
    has_distances = index.predicate != "covers"
    measured = index.match(points, return_distance=True) if has_distances else (index.match(points), None)
    k = 2 if index.predicate == "nearest" else None  # two at most where all are candidates
    listed = [flat(each) for each in index.candidates(points, k=k, return_distance=has_distances)]
    compact = pm.Index(regions, names=names, compact=True, **options) if index.predicate == "covers" else None
    best, given = options.get("best"), dict(options)
    if isinstance(best, np.ndarray):
        given |= {"best": [str(score) for score in best.tolist()], "scores": best.dtype.name}
    if "distance" in given:
        distances = flat(given["distance"])
        given["distance"] = distances if np.ndim(given["distance"]) else distances[0]
    _, ring_offsets, polygon_offsets, geom_offsets, kinds = regions._arrays
    levels = {"ringOffsets": ring_offsets, "polygonOffsets": polygon_offsets, "geomOffsets": geom_offsets}
    levels["kinds"] = kinds
    return {
        "name": name,
        "regions": {key: level.tolist() for key, level in levels.items() if level is not None},
        "coords": flat(regions.coords),
        "options": given,
        "names": names,
        "points": flat(points),
        "answers": measured[0].tolist(),
        "distances": None if measured[1] is None else flat(measured[1]),
        "listed": listed,
        "sha256": sha256(index),
        "compact": None if compact is None else sha256(compact),
    }


def vectors() -> list[dict[str, Any]]:
    """Return the shared vectors."""
    found = []
    for each in CASES:
        coords, *offsets = oracle.ragged(each["regions"])
        levels = (np.array(level, np.int64) for level in offsets)
        regions = pm.Regions(np.array(coords, float).reshape(-1, 2), *levels)
        for match in each["matches"]:
            options = {"predicate": match["predicate"], "best": match["best"]}
            if "distance" in match:
                options["distance"] = numbers(match["distance"])
            if match["best"] == "score":
                options["best"] = np.array(numbers(match["scores"]), SCORES[match["score_type"]])
            found.append(case(each["name"], regions, numbers(each["points"]), **options))
            found[-1]["answers"] = match["answers"]  # those of the file, which the oracle gave
    return found


def random_cases(count: int) -> list[dict[str, Any]]:
    """Return random rings on a grid, lines and points among them, under random rules."""
    random = np.random.default_rng(15)
    found = []
    for number in range(count):
        predicate = PREDICATES[number % 4]
        has_lines = predicate != "covers" and number % 3 == 0
        kinds = random.integers(0, 3 if has_lines else 1, random.integers(1, 12)).astype(np.uint8)
        sizes = [1 if kind == 2 else random.integers(2 if kind else 3, 9) for kind in kinds]
        rings = [random.integers(0, 12, (size, 2)) / 4 + random.integers(0, 3, 2) for size in sizes]
        each = np.arange(len(rings) + 1)
        ends = np.cumsum([0, *sizes])
        regions = pm.Regions(np.concatenate(rings), ends, each, each, kinds=kinds if has_lines else None)
        options: dict[str, Any] = {"predicate": predicate, "best": BESTS[number // 4 % 3]}
        if predicate in NEED_DISTANCE:
            options["distance"] = random.integers(0, 6, len(rings)) / 4
        elif number % 5 == 0 and predicate == "covers":
            options["period"] = 7.0
        names = [None, [f"ré{row}" for row in each[:-1]], [None, True, 2.5, '"ü"\n', 10**12] * 3][number % 3]
        points = random.integers(-4, 40, (60, 2)) / 8
        found.append(case(f"random {number}", regions, points, names and names[: len(rings)], **options))
    return found


def example(folder: Path) -> dict[str, Any]:
    """Return the example's cities and what its index and its answers are; write it as a module."""
    countries = json.loads((ROOT / "examples/countries.geojson").read_text(encoding="utf-8"))
    rows = [line.rsplit(",", 3) for line in (ROOT / "examples/cities.csv").read_text("utf-8").splitlines()]
    points = np.array([[float(row[1]), float(row[2])] for row in rows[1:]])
    index = pm.Index(countries, names=[each["properties"]["name"] for each in countries["features"]])
    ids = index.match(points)
    (folder / "example.wasm").write_bytes(module_of(index._core.block, len(index)))
    return {
        "points": flat(points),
        "digest": hex(pm.digest(ids, ordered=True)),
        "matched": int((ids >= 0).sum()),
        "sha256": sha256(index),
    }


def dropped(folder: Path) -> dict[str, Any]:
    """Write files of points as people have them, all at the same places; return the digests."""
    random = np.random.default_rng(3)
    x, y = (random.uniform(-most, most, 20_000).round(6) for most in (180, 90))
    x[::1000] = np.array(
        [float(f"{value:.6f}12345678") for value in x[::1000].tolist()]
    )  # more than 15 digits
    y[7::5000] = np.nan
    rows = [("" if v != v else repr(v) for v in pair) for pair in zip(x.tolist(), y.tolist(), strict=True)]
    pairs = [tuple(row) for row in rows]
    names = ["plain", '"a, b; c"', '"say ""hi"""', '"two\nlines"', ""]
    lines = [f"{names[i % 5]},{lon},{lat},{i}" for i, (lon, lat) in enumerate(pairs)]
    comma = "\n".join(["name,Longitude,Latitude,number", *lines]) + "\n"
    semicolon = "\r\n".join(["lat;lon", *(f"{b};{a}".replace(".", ",") for a, b in pairs)])
    bare = "\n".join(f"{a}\t{b}" for a, b in pairs)
    point = '{{"type": "Feature", "properties": {{"n": {}}}, "geometry": {}}}'
    place = '{{"type": "Point", "coordinates": [{}, {}]}}'
    features = [point.format(i, place.format(a, b) if b else "null") for i, (a, b) in enumerate(pairs)]
    files = {
        "comma.csv": comma.encode(),
        "semicolon.csv": b"\xef\xbb\xbf" + semicolon.encode(),
        "utf16.csv": semicolon.encode("utf-16"),
        "bare.tsv": bare.encode(),
        "points.geojson": f'{{"type": "FeatureCollection", "features": [{", ".join(features)}]}}'.encode(),
        "swapped.csv": comma.replace("Longitude,Latitude", "Latitude,Longitude", 1).encode(),
        "unnamed.csv": comma.replace("Longitude,Latitude", "east,north", 1).encode(),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    countries = json.loads((ROOT / "examples/countries.geojson").read_text(encoding="utf-8"))
    answers = {
        predicate: pm.match((x, y), countries, predicate=predicate) for predicate in ("covers", "nearest")
    }
    found = {predicate: hex(pm.digest(ids, ordered=True)) for predicate, ids in answers.items()}
    return {"files": list(files), "digests": found, "count": len(x), "nowhere": int(np.isnan(y).sum())}


def write_modules(folder: Path, cases: list[dict[str, Any]]) -> None:
    """Write some cases as modules, number.wasm: each predicate, and a period."""
    for number, index in enumerate(INDEXES):
        if number % 5 == 0 or index.period is not None:
            cases[number]["module"] = f"{number}.wasm"
            (folder / f"{number}.wasm").write_bytes(module_of(index._core.block, len(index)))


def sphere(folder: Path) -> dict[str, Any]:
    """Write an index on the sphere, as itself and as a module; return points and answers."""
    index = pm.Index([np.array([[-10, 50], [10, 50], [0, 40]])], metric="sphere")
    index.save(folder / "sphere.pmx")
    (folder / "sphere.wasm").write_bytes(module_of(index._core.block, len(index)))
    points = [(0, 50.1), (0, 50.6), (0, 45), (10, 50), (0, 39)]  # arcs bulge to the north
    return {"points": points, "answers": index.match(points).tolist()}


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    cases = vectors() + random_cases(120)
    write_modules(folder, cases)
    found = {"cases": cases, "example": example(folder), "dropped": dropped(folder)}
    found["sphere"] = sphere(folder)
    (folder / "native.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
