"""What a host in Python prints: one line of JSON with its name, the points, the seconds and the digest."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TURNS = 5


def least_seconds(match: Callable[[], object], turns: int = TURNS) -> float:
    """Return the least time of several turns."""
    times = []
    for _ in range(turns):
        start = time.perf_counter()
        match()
        times.append(time.perf_counter() - start)
    return min(times)


def report(host: str, seconds: float, answers: Any) -> None:
    """Print the line, the last one; answers are in the order of the points, NULL as -1."""
    import numpy as np
    import poly_match as pm

    ids = np.asarray(answers, dtype=np.int64)
    digest = pm.digest(ids, ordered=True)
    line = json.dumps({"host": host, "points": len(ids), "seconds": seconds, "digest": hex(digest)})
    print(f"\n{line}")  # a host may have left a progress bar in its line


def arguments() -> tuple[Path, Path]:
    """Return the files of the command line: the index and the points."""
    index, points = map(Path, sys.argv[1:])
    return index, points


def read_points(path: Path) -> Any:
    """Return the points, (n, 2)."""
    import numpy as np

    return np.fromfile(path, dtype="<f8").reshape(-1, 2)
