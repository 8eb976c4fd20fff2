"""The machine and what is installed on it; one core for most jobs, all cores for jobs about workers.

Import it before NumPy, and before the process is pinned.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common import machine

THREADS = ("RAYON_NUM_THREADS", "TOKIO_WORKER_THREADS")  # SedonaDB's


def settle() -> int | None:
    """Use one core and one thread per library; return the core."""
    for variable in THREADS:
        os.environ[variable] = "1"
    return machine.settle()


@contextmanager
def cores(pinned: bool) -> Iterator[None]:
    """Run the block on the process's one core, or on all the cores that it was started with."""
    if pinned or machine.ALLOWED is None:
        yield
        return
    before = os.sched_getaffinity(0)
    machine.release()
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def describe(core: int | None, distributions: Iterable[str]) -> dict[str, Any]:
    """Return what affects a result: date, machine, versions, and the build of the extension."""
    command = "python -m bench " + " ".join(sys.argv[1:])
    return machine.describe(core, distributions) | {
        "extension": machine.compiled_by(_extension()),
        "extension SHA-256": hashlib.sha256(_extension().read_bytes()).hexdigest()[:16],
        "command": command,
    }


def _extension() -> Path:
    import poly_match._core as core

    return Path(core.__file__)
