"""Make the machine hold still, and describe it.

`settle` must run before NumPy is imported, because its BLAS reads the number of threads once, when it is
loaded.
"""

import datetime
import importlib.metadata
import os
import platform
import re
import sys
from pathlib import Path

from ladder.catalogue import lines_of_library
from ladder.environments import REUSED_MEMORY

BLAS_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
PACKAGES = ("numpy", "numba", "poly-match", "py-spy", "matplotlib")


ALLOWED = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None


def release() -> None:
    """Allow every core again that this process had at the beginning."""
    if ALLOWED is not None:
        os.sched_setaffinity(0, ALLOWED)


def settle() -> int | None:
    """Use one core and one BLAS thread, here and in child processes; returns the core."""
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
    """How an extension module was compiled, from its debug information: the compiler and its -O flag."""
    data = module.read_bytes()
    producers = re.findall(rb"GNU (?:C\d*|GIMPLE) [ -~]*|clang version [ -~]*", data)
    for producer in producers:
        level = re.findall(r" -(O\w*)", producer.decode())
        if level:
            version = re.search(r"\d+\.\d+\.\d+", producer.decode())
            lto = ", LTO" if b"-flto" in producer or b"GIMPLE" in b" ".join(producers) else ""
            return f"GCC {version.group() if version else ''} -{level[-1]}{lto}"
    return "unknown flags"


def built(project: str, module: str) -> str:
    """How the ladder's own build of a project was compiled, by one of its modules."""
    from ladder.environments import NotRun, build

    try:
        (path,) = (p for p in build(project).rglob(f"{module}.*") if p.suffix in (".so", ".pyd"))
    except NotRun as reason:
        return str(reason)
    return compiled_by(path)


def describe(core: int | None) -> dict:
    """Facts about the machine and its software."""
    versions = {}
    for package in PACKAGES:
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


def describe_run(core: int | None, rows: list[dict]) -> dict:
    """Facts about a run of the ladder, beside those about the machine."""
    projects = {row["project"] for row in rows if "median_ms" in row}
    return describe(core) | {
        "library": built("poly_match", "_core") if "poly_match" in projects else "not run",
        "extension": built("extension", "poly_match_c2") if "extension" in projects else "not run",
        "clock": next(row["clock"] for row in rows if "clock" in row),
        "malloc": REUSED_MEMORY,
        "library lines": lines_of_library(),
        "command": "python -m ladder " + " ".join(sys.argv[1:]),
    }


def _config_args() -> str | None:
    import sysconfig

    return sysconfig.get_config_var("CONFIG_ARGS")
