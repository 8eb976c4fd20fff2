"""The machine and what is installed on it; one core for the jobs, all cores for those about workers.

To be imported before NumPy, and before the process is pinned.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ladder import machine as ladder_machine

EVERYWHERE: set[int] = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
THREADS = ("RAYON_NUM_THREADS", "TOKIO_WORKER_THREADS")  # SedonaDB's


def settle() -> int | None:
    """Use one core and one thread per library; returns the core."""
    for variable in THREADS:
        os.environ[variable] = "1"
    core: int | None = ladder_machine.settle()
    return core


@contextmanager
def cores(pinned: bool) -> Iterator[None]:
    """Within it the process runs on its one core, or on all that it was started with."""
    if pinned or not EVERYWHERE:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, EVERYWHERE)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def describe(core: int | None, distributions: Iterable[str]) -> dict[str, Any]:
    """Return what a result depends on: date, machine, versions, and which build of the extension."""
    versions: dict[str, str | None] = {}
    for name in distributions:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    facts: dict[str, Any] = ladder_machine.describe(core)
    command = "python -m bench " + " ".join(sys.argv[1:])
    return facts | {
        "packages": versions,
        "extension": ladder_machine.compiled_by(_extension()),
        "extension SHA-256": hashlib.sha256(_extension().read_bytes()).hexdigest()[:16],
        "command": command,
    }


def _extension() -> Path:
    import poly_match._core as core

    return Path(core.__file__)
