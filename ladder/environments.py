"""The two places beside this process where rungs run: PyPy, and a debug build of the extension.

Both are made when first needed, under the user's cache folder, and kept. What cannot be made raises
`NotRun` with the reason, which then stands in the table in the place of numbers.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("meson.build", "meson.options", "pyproject.toml", "include", "src", "python")


class NotRun(Exception):
    """Why a rung could not be run."""


def cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "poly-match-ladder"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _call(command: list, what: str, **kwargs) -> str:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **kwargs)
    if done.returncode:
        lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        errors = [line for line in lines if "error:" in line.lower() and "subprocess-exited" not in line]
        reason = (errors[:1] or lines[-1:] or [f"exit code {done.returncode}"])[0]
        raise NotRun(f"{what} failed: {reason}")
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


def debug_build() -> Path:
    """A folder with poly_match compiled at -O0, from the sources of this checkout."""
    digest = hashlib.sha256(sys.version.encode())
    for source in SOURCES:
        path = ROOT / source
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    folder = cache_folder() / f"debug-{digest.hexdigest()[:12]}"
    if folder.is_dir():
        return folder
    for old in cache_folder().glob("debug-*"):
        shutil.rmtree(old)
    making = folder.with_name("making-" + folder.name)
    shutil.rmtree(making, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", making]
    if all(importlib.util.find_spec(module) for module in ("mesonpy", "mesonbuild")):
        command.append("--no-build-isolation")
    # -O0 comes through the environment because pip before 23.1 keeps only the last of several setup-args.
    command.append("--config-settings=setup-args=-Dlto=false")
    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    with tempfile.TemporaryDirectory() as build:
        command += [f"--config-settings=build-dir={build}", ROOT]
        _call(command, "the debug build", env=dict(os.environ, CFLAGS="-O0", PATH=tools))
    making.rename(folder)
    return folder


def run_worker(kind: str, rung: str, seconds: float, iterations: int | None, warmup: int) -> dict:
    """Time `rung` under PyPy (`kind` "pypy") or with the debug build ("debug")."""
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    arguments = ["-m", "ladder.worker", rung, "--seconds", seconds, "--warmup", warmup]
    if iterations:
        arguments += ["--iterations", iterations]
    if kind == "pypy":
        python = pypy()
    else:
        python = sys.executable
        folder = debug_build()
        environment["PYTHONPATH"] = f"{folder}{os.pathsep}{ROOT}"
        arguments += ["--build", folder]
    output = _call([python, *arguments], f"the {kind} run", env=environment, cwd=ROOT)
    return json.loads(output.splitlines()[-1])
