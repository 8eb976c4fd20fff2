"""The table of rooms in docs/architecture.md: complete, and each room imports only from those above it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import poly_match as pm

PACKAGE = Path(pm.__file__).parent
PAGE = Path(__file__).parents[2] / "docs/architecture.md"
EXCEPTIONS = {
    (room, "_show") for room in ("_forms", "_index", "_quality")
}  # what notebooks show, imported when one asks


def rooms() -> list[list[str]]:
    """Return the rows of the table, each with its rooms or files."""
    table = PAGE.read_text(encoding="utf-8").partition("## Rooms of the package")[2].partition("##")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return [re.findall(r"`(\w+)(?:/|\.py)`", row) for row in rows]


def imported(file: Path) -> set[str]:
    """Return the rooms and files of the package that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            several = node.module == "poly_match"
            names |= {f"poly_match.{each.name}" if several else node.module for each in node.names}
        elif isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
    return {name.split(".")[1] for name in names if name.startswith("poly_match.")}


def test_every_folder_has_its_row():
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders == {name for row in rooms() for name in row if (PACKAGE / name).is_dir()}


def test_imports_go_one_way():
    order = {name: place for place, row in enumerate(rooms()) for name in row}
    assert len(order) > 10
    checked = 0
    for name, place in order.items():
        folder = PACKAGE / name
        for file in folder.glob("*.py") if folder.is_dir() else [folder.with_suffix(".py")]:
            for other in imported(file) & order.keys():
                checked += 1
                assert order[other] <= place or (name, other) in EXCEPTIONS, f"{file.name} imports {other}"
    assert checked > 100
