"""How many instructions a build and a match execute: the same number on a busy machine and on a quiet one.

A process of its own builds and matches under callgrind, which counts within the extension, and writes the
count at the end of each call of the library.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from bench import maps

ROOT = Path(__file__).resolve().parent.parent
POINTS = 2000
CALLS = {"index_new": "pm_index_build", "index_match": "pm_index_match"}  # in the order of each case


def counts(cases: list[tuple[str, int]]) -> list[dict[str, float]]:
    """Return the instructions of a build and of a match per point, for maps of these names and sizes."""
    if shutil.which("valgrind") is None:
        raise FileNotFoundError("the growth of a map is counted by valgrind, which is not here")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "counts")
        command = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}"]
        command += [f"--toggle-collect={outer}*" for outer in CALLS]
        command += [f"--dump-after={inner}" for inner in CALLS.values()]
        words = [f"{name}:{size}" for name, size in cases]
        subprocess.run([*command, sys.executable, "-m", "bench.counted", *words], cwd=ROOT, check=True)
        parts = [Path(f"{out}.{number + 1}") for number in range(len(CALLS) * len(cases))]
        found = [int(re.findall(r"^totals: (\d+)", part.read_text(), re.M)[-1]) for part in parts]
    pairs = zip(found[::2], found[1::2], strict=True)
    return [{"build_count": build, "match_count": match / POINTS} for build, match in pairs]


def main() -> None:
    """Build and match once for each case."""
    import poly_match

    for case in sys.argv[1:]:
        name, size = case.split(":")
        layer = maps.MAPS[name].make(int(size))
        x, y = maps.points(layer, POINTS).T.copy()
        poly_match.Index(layer.regions())._core.match(x, y, np.empty(POINTS, dtype=np.int64))


if __name__ == "__main__":
    main()
