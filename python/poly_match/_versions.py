"""The versions of what is installed, for bug reports. Reads package metadata and imports none of the
packages."""

from __future__ import annotations

import platform
import sys

from poly_match._engine.run import usable_cores

__all__ = ["show_versions", "versions"]

PACKAGES = (
    "numpy", "shapely", "pyogrio", "pyproj", "pyarrow", "pandas", "geopandas", "polars", "duckdb",
    "matplotlib", "click", "rich",
)  # fmt: skip


def versions() -> str:
    """Return the text that `show_versions` prints."""
    from importlib.metadata import PackageNotFoundError, version

    lines = [
        f"poly-match {version('poly-match')}",
        f"python {platform.python_version()} ({platform.python_implementation()}, {sys.executable})",
        f"system {platform.platform()}, {platform.machine()}, {usable_cores()} usable cores",
    ]
    for name in PACKAGES:
        try:
            lines.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            lines.append(f"{name} is not installed")
    return "\n".join(lines)


def show_versions() -> None:
    """Print the versions of poly-match, Python, the system, and the libraries it can work with.

    Please add this to a bug report. The command line prints the same with ``poly-match --version``.

    Examples
    --------
    >>> import poly_match as pm
    >>> pm.show_versions()  # doctest: +ELLIPSIS
    poly-match ...
    """
    print(versions())
