"""Where rungs run: each in its own process, with a fixed allocator, and C code built by the ladder.

The C code is built from this checkout, once optimized and once not, so that what is measured does not
depend on how the package in use was installed. The builds, and an environment for PyPy, are made on first
use, under the user's cache folder, and kept. If one can't be made, `NotRun` is raised with the reason, which
the table then shows instead of numbers.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from ladder.catalogue import EXTENSION, ROOT, Rung

SOURCES = {
    "poly_match": [ROOT / name for name in ("meson.build", "meson.options", "pyproject.toml")]
    + [ROOT / name for name in ("include", "src", "python")],
    "extension": [EXTENSION],
}
PROJECTS = {"poly_match": ROOT, "extension": EXTENSION}

# glibc asks the operating system for blocks above a limit and gives them back at once; below it, memory is
# reused. The limit follows what a process frees, so it depends on history. Here it is fixed: high, as in a
# program that has worked with large arrays for a while, or low, as at the start.
REUSED_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(512 << 20)}
FRESH_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(128 << 10), "MALLOC_TRIM_THRESHOLD_": str(128 << 10)}


KEEP_SECONDS = 7 * 24 * 3600  # how long an unused build is kept


class NotRun(Exception):
    """Why a rung could not be run."""


@dataclass(frozen=True)
class Place:
    """How to start Python for a rung."""

    python: Path
    environment: dict[str, str]
    build: Path | None


def cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "poly-match-ladder"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def last_words(done: subprocess.CompletedProcess) -> str:
    """The error message of a failed program, in one line."""
    lines = [line.strip() for line in (done.stderr or done.stdout or "").splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line.lower() and "subprocess-exited" not in line]
    return (errors[:1] or lines[-1:] or [f"exit code {done.returncode}"])[0]


def _call(command: list, what: str, **kwargs) -> str:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **kwargs)
    if done.returncode:
        raise NotRun(f"{what} failed: {last_words(done)}")
    return done.stdout


def pypy() -> Path:
    """A PyPy interpreter with NumPy."""
    system = shutil.which("pypy3")
    if system is None:
        raise NotRun("there is no pypy3 on the path")
    version = _call(
        [system, "-c", "import sys; print('%d.%d.%d' % sys.pypy_version_info[:3])"], "pypy3"
    ).strip()
    folder = cache_folder() / f"pypy-{version}"
    python = folder / "bin" / "pypy3"
    has_numpy = [python, "-c", "import numpy"]
    if python.exists() and subprocess.run(has_numpy, capture_output=True).returncode == 0:
        return python
    _call([system, "-m", "venv", "--clear", folder], "making a virtual environment with pypy3")
    install = [python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", "numpy"]
    _call(install, "installing NumPy for PyPy")
    _call(has_numpy, "importing NumPy under PyPy")
    return python


def build(project: str, is_debug: bool = False) -> Path:
    """A folder with the modules of a project, compiled from this checkout: with -O3, or with -O0."""
    digest = hashlib.sha256(sys.version.encode())
    for path in SOURCES[project]:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    family = f"{project}-{'debug' if is_debug else 'release'}-"
    folder = cache_folder() / f"{family}{digest.hexdigest()[:12]}"
    if folder.is_dir():
        os.utime(folder)
        return folder
    for old in cache_folder().glob(f"{family}*"):  # of other sources; another checkout may use them
        if time.time() - old.stat().st_mtime > KEEP_SECONDS:
            shutil.rmtree(old, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    command.append("--disable-pip-version-check")
    if all(importlib.util.find_spec(module) for module in ("mesonpy", "mesonbuild")):
        command.append("--no-build-isolation")
    # -O0 comes through the environment because pip before 23.1 keeps only the last of several setup-args.
    tools = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    environment = os.environ | {"CFLAGS": "-g -O0" if is_debug else "-g", "PATH": os.pathsep.join(tools)}
    if is_debug and project == "poly_match":
        command.append("--config-settings=setup-args=-Dlto=false")
    with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="making-") as making:
        target = Path(making) / "target"
        command += ["--target", target, f"--config-settings=build-dir={making}/build", PROJECTS[project]]
        _call(command, f"building {project}", env=environment)
        try:
            target.rename(folder)
        except OSError:  # another process made the same build meanwhile
            if not folder.is_dir():
                raise
        os.utime(folder)
    return folder


def place(rung: Rung) -> Place:
    """The environment of `rung`; it is made if it doesn't exist."""
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    environment |= FRESH_MEMORY if rung.circumstance == "fresh memory" else REUSED_MEMORY
    python = pypy() if rung.circumstance == "pypy" else Path(sys.executable)
    built = build(rung.project, rung.circumstance == "debug") if rung.project else None
    return Place(python, environment, built)
