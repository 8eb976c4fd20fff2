"""Make a shared library an extension: append the footer in which DuckDB reads who it is for.

    python3 footer.py polymatch.so polymatch.duckdb_extension 0.1.0

The footer is eight fields of 32 bytes, the last one first, and room for a signature, which stays empty: so
DuckDB loads it with `allow_unsigned_extensions`. Before it come the bytes by which WebAssembly skips it.
"""

from __future__ import annotations

import platform
import sys
from pathlib import Path

API = "v1.2.0"  # of DuckDB's stable C API: the oldest one that has what is used
SYSTEMS = {"Linux": "linux", "Darwin": "osx", "Windows": "windows"}
MACHINES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def footer(version: str) -> bytes:
    """Return the bytes to append."""
    system = f"{SYSTEMS[platform.system()]}_{MACHINES[platform.machine()]}"
    fields = ["", "", "", "C_STRUCT", f"v{version}", API, system, "4"]
    custom_section = b"\0\x93\x04\x10duckdb_signature\x80\x04"
    return custom_section + b"".join(field.encode().ljust(32, b"\0") for field in fields) + bytes(256)


if __name__ == "__main__":
    library, extension, version = sys.argv[1:]
    Path(extension).write_bytes(Path(library).read_bytes() + footer(version))
