"""Who answers: for every host what has to be installed, what is built for it, and the command that matches.

What can't be installed makes a host missing, with the reason. What fails after that is a failure: the build,
which is ours, and the command, which prints one line of JSON (`result.py`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import dev
from extensions.build import make

FOLDER = dev.ROOT / "build-everywhere"
PYTHON = dev.program(dev.TEST, "python")


class Missing(Exception):
    """Why a host is not there."""


@dataclass(frozen=True)
class Host:
    """One of them."""

    name: str
    install: str  # for a reader, in Markdown
    command: list[str | Path]
    packages: tuple[str, ...] = ()  # of Debian
    programs: tuple[str, ...] = ()  # that must be there then
    wheels: tuple[str, ...] = ()  # of Python, in the test environment
    check: Callable[[], None] = field(default=lambda: None)  # may raise Missing
    build: Callable[[], None] = field(default=lambda: None)

    def prepare(self) -> None:
        """Install what it needs; raise Missing where that is not possible."""
        attempt(lambda: dev.apt(*self.packages))
        if self.wheels:
            attempt(lambda: dev.install(dev.TEST, *self.wheels))
        for name in self.programs:
            if not shutil.which(name):
                raise Missing(f"{name} is not installed (Debian: {' '.join(self.packages)})")
        self.check()


def attempt(step: Callable[[], None]) -> None:
    """Install something."""
    try:
        step()
    except SystemExit:
        raise Missing("it could not be installed, see above") from None


def unless_there(program: str, *packages: str) -> tuple[str, ...]:
    """Return packages that bring a program, or none: it may be there without them."""
    return () if shutil.which(program) else packages


def in_python(name: str) -> list[str | Path]:
    return [PYTHON, "-m", f"everywhere.in_{name}"]


def build_c() -> None:
    dev.run(PYTHON, "src/amalgamate.py", FOLDER)
    flags = ("-std=c11", "-O3", "-DNDEBUG", f"-I{FOLDER}")
    dev.run("cc", *flags, "everywhere/in_c.c", FOLDER / "polymatch.c", "-lm", "-o", FOLDER / "in_c")


@cache  # once for Node and Chromium
def check_npm() -> None:
    attempt(dev.js_tools)


@cache
def build_npm() -> None:
    dev.run(PYTHON, "js/build.py")


def check_chromium() -> None:
    check_npm()
    names = ("chromium", "chromium-browser", "google-chrome")
    if not os.environ.get("CHROMIUM") and not any(map(shutil.which, names)):
        raise Missing("chromium is not installed")


def check_postgresql() -> None:
    asked = subprocess.run(["pg_config", "--pkglibdir", "--pgxs"], capture_output=True, text=True)
    library, makefile = asked.stdout.split()
    if not Path(makefile).exists():
        raise Missing("the headers of the server are not installed (Debian: postgresql-server-dev-15)")
    if not os.access(library, os.W_OK):
        raise Missing(f"its folder {library} needs another user")


def build_postgresql() -> None:
    make("postgresql")
    make("postgresql", "install")


NPM = unless_there("npm", "nodejs", "npm")
HOSTS = [
    Host(
        "C", "`python3 dev.py amalgamate`, then `dist/polymatch.c` into any build", [FOLDER / "in_c"],
        packages=unless_there("cc", "gcc", "libc6-dev"), programs=("cc",), build=build_c,
    ),
    Host("Python", "`pip install poly-match`", in_python("python")),
    Host(
        "Node", "`npm install poly-match`", ["node", "js/digest.mjs"],
        packages=NPM, programs=("node", "npm"), check=check_npm, build=build_npm,
    ),
    Host(
        "Chromium", "`npm install poly-match`", ["node", "js/digest.mjs", "--chromium"],
        packages=(*NPM, "chromium"), programs=("node", "npm"), check=check_chromium, build=build_npm,
    ),
    Host(
        "DuckDB", "`make -C extensions/duckdb`, then `LOAD`", in_python("duckdb"),
        packages=("make", *NPM), programs=("make", "npm"), wheels=("duckdb>=1.5",),
        build=lambda: make("duckdb"),
    ),
    Host(
        "PostgreSQL", "`make -C extensions/postgresql install`, then `CREATE EXTENSION`",
        in_python("postgresql"),
        packages=("make", *dev.POSTGRESQL), programs=("make", "pg_config"), wheels=("psycopg[binary]>=3.1",),
        check=check_postgresql, build=build_postgresql,
    ),
    Host(
        "SQLite", "`make -C extensions/sqlite`, then `.load`", in_python("sqlite"),
        packages=("make", "sqlite3", "libsqlite3-dev"), programs=("make", "sqlite3"),
        build=lambda: make("sqlite"),
    ),
    Host(
        "Spark", "`pip install 'poly-match[spark]'`", in_python("spark"),
        packages=unless_there("java", "openjdk-17-jre-headless"), programs=("java",),
        wheels=("pandas>=2.2", "pyarrow>=16", "pyspark>=4.0"),
    ),
]  # fmt: skip
