"""Where extensions are built, and how: by the Makefile of their folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("PM_EXTENSIONS_BUILD", HERE.parent / "build-extensions"))


def make(folder: str, *targets: str) -> None:
    """Build an extension; a RuntimeError has what the compiler said."""
    command = ["make", "-j2", f"BUILD={BUILD}", *targets]
    done = subprocess.run(command, cwd=HERE / folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
