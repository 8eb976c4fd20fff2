"""Pin this process to one core, and describe the machine and what is installed on it.

Call `settle` before NumPy is imported: its BLAS reads the number of threads once, when it is loaded.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

BLAS_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

ALLOWED: set[int] | None = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None


def release() -> None:
    """Allow all cores again that this process had at the start."""
    if ALLOWED is not None:
        os.sched_setaffinity(0, ALLOWED)


def settle() -> int | None:
    """Use one core and one BLAS thread, here and in child processes; return the core."""
    for variable in BLAS_VARIABLES:
        os.environ[variable] = "1"
    if ALLOWED is None:
        return None
    core = max(ALLOWED)
    os.sched_setaffinity(0, {core})
    return core


def _cpu() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else platform.machine()


def compiled_by(module: Path) -> str:
    """Return how an extension module was compiled, by its debug information: the compiler and its -O flag."""
    data = module.read_bytes()
    producers = re.findall(rb"GNU (?:C\d*|GIMPLE) [ -~]*|clang version [ -~]*", data)
    for producer in producers:
        level = re.findall(r" -(O\w*)", producer.decode())
        if level:
            version = re.search(r"\d+\.\d+\.\d+", producer.decode())
            lto = ", LTO" if b"-flto" in producer or b"GIMPLE" in b" ".join(producers) else ""
            return f"GCC {version.group() if version else ''} -{level[-1]}{lto}"
    return "unknown flags"


def describe(core: int | None, packages: Iterable[str]) -> dict[str, Any]:
    """Return facts about the machine, its Python and the versions of packages; None: not installed."""
    versions: dict[str, str | None] = {}
    for package in packages:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = None
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "pinned to core": core,
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "python compiler": platform.python_compiler(),
        "python optimized": "--enable-optimizations" in (_config_args() or ""),
        "packages": versions,
    }


def _config_args() -> str | None:
    import sysconfig

    arguments: str | None = sysconfig.get_config_var("CONFIG_ARGS")
    return arguments
