"""A PostgreSQL server in a temporary folder, reached by a socket in it: for tests and benchmarks."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from extensions.build import make

USER = "postgres"
SETTINGS = {
    "listen_addresses": "''",
    "fsync": "off",
    "shared_buffers": "'256MB'",
    "max_parallel_workers_per_gather": "2",
    "autovacuum": "off",
}


def program(name: str) -> str:
    """Return the path of a program of PostgreSQL."""
    folder = subprocess.run(
        ["pg_config", "--bindir"], capture_output=True, text=True, check=True
    ).stdout.strip()
    return str(Path(folder) / name)


def install() -> None:
    """Build the extension anew, and install it into the PostgreSQL whose pg_config comes first."""
    make("postgresql", "clean")  # what may be there is of another server's headers
    make("postgresql")
    make("postgresql", "install")


def as_server(*command: str) -> None:
    """Run a command as the user of the server, which is never root."""
    switch = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
    done = subprocess.run([*switch, *command], cwd="/", capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout}{done.stderr}")


@contextlib.contextmanager
def running() -> Iterator[tuple[str, Path]]:
    """Start a server; yield how to connect to it, and a folder that it can read."""
    folder = Path(tempfile.mkdtemp(prefix="pm-pg-"))
    data, shared = folder / "data", folder / "shared"
    shared.mkdir()
    folder.chmod(0o755)
    shared.chmod(0o755)
    data.mkdir()
    if os.geteuid() == 0:
        owner = pwd.getpwnam(USER)
        for path in (folder, data):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items()) + f" -k {folder}"
    started = False
    try:
        as_server(
            program("initdb"), "-D", str(data), "-A", "trust", "-E", "UTF8", "--locale=C", "-U", USER, "-N"
        )
        control = [program("pg_ctl"), "-D", str(data), "-w"]
        as_server(*control, "-l", str(folder / "log"), "-o", options, "start")
        started = True
        yield f"host={folder} user={USER} dbname=postgres", shared
    finally:
        if started:
            as_server(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
