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

BLAS_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
PACKAGES = ("numpy", "numba", "poly-match", "py-spy", "matplotlib")


def settle() -> int | None:
    """Use one core and one BLAS thread, here and in child processes; returns the core."""
    for variable in BLAS_VARIABLES:
        os.environ[variable] = "1"
    if not hasattr(os, "sched_setaffinity"):
        return None
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core


def _cpu() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else platform.machine()


def extension_build() -> str:
    """How the installed extension was compiled, from its debug information: the compiler and its -O flag."""
    try:
        import poly_match._core as core
    except ImportError:
        return "not installed"
    data = Path(core.__file__).read_bytes()
    producers = re.findall(rb"GNU (?:C\d*|GIMPLE) [ -~]*|clang version [ -~]*", data)
    for producer in producers:
        level = re.findall(r" -(O\w*)", producer.decode())
        if level:
            version = re.search(r"\d+\.\d+\.\d+", producer.decode())
            lto = ", LTO" if b"-flto" in producer or b"GIMPLE" in b" ".join(producers) else ""
            return f"GCC {version.group() if version else ''} -{level[-1]}{lto}"
    return "unknown flags"


def describe(core: int | None) -> dict:
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = None
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "pinned to core": core,
        "load average before": load,
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "python compiler": platform.python_compiler(),
        "python optimized": "--enable-optimizations" in (_config_args() or ""),
        "extension": extension_build(),
        "packages": versions,
        "command": "python -m ladder " + " ".join(sys.argv[1:]),
    }


def _config_args() -> str | None:
    import sysconfig

    return sysconfig.get_config_var("CONFIG_ARGS")
