"""What affects a run of the ladder besides the machine: its own builds, the clock, the allocator."""

import sys

from common.machine import compiled_by, describe
from ladder.catalogue import lines_of_library
from ladder.environments import REUSED_MEMORY

PACKAGES = ("numpy", "numba", "poly-match", "py-spy", "matplotlib")


def built(project: str, module: str) -> str:
    """How the ladder's own build of a project was compiled, read from one of its modules."""
    from ladder.environments import NotRun, build

    try:
        (path,) = (p for p in build(project).rglob(f"{module}.*") if p.suffix in (".so", ".pyd"))
    except NotRun as reason:
        return str(reason)
    return compiled_by(path)


def describe_run(core: int | None, rows: list[dict]) -> dict:
    """Facts about a run of the ladder, in addition to those about the machine."""
    projects = {row["project"] for row in rows if "median_ms" in row}
    return describe(core, PACKAGES) | {
        "library": built("poly_match", "_core") if "poly_match" in projects else "not run",
        "extension": built("extension", "poly_match_c2") if "extension" in projects else "not run",
        "clock": next(row["clock"] for row in rows if "clock" in row),
        "malloc": REUSED_MEMORY,
        "library lines": lines_of_library(),
        "command": "python -m ladder " + " ".join(sys.argv[1:]),
    }
