"""What the tests of the extensions share: regions, points with their answers, and damaged files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import poly_match as pm
import pytest
from poly_match import _core

rng = np.random.default_rng(3)
CORNERS = rng.uniform(0, 90, (40, 1, 2))
BOX = np.array([[0, 0], [12, 0], [12, 9], [0, 9]])
NAMES = [f"zone {i}, größer" for i in range(len(CORNERS))]
INDEX = pm.Index(list(CORNERS + BOX), names=NAMES)
OTHER = pm.Index(list(CORNERS[::-1] + BOX), names=[1000 + i for i in range(len(CORNERS))])
POINTS = rng.uniform(-5, 105, (20_000, 2))
POINTS[:40] = CORNERS[:, 0]  # on a boundary
ANSWERS = INDEX.match(POINTS)
EXPECTED = [None if answer < 0 else answer for answer in ANSWERS.tolist()]
EXPECTED_NAMES = [None if answer < 0 else NAMES[answer] for answer in ANSWERS.tolist()]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a folder with two indexes."""
    INDEX.save(tmp_path / "zones.pmx")
    OTHER.save(tmp_path / "other.pmx")
    return tmp_path


def write_bad_name(path: Path) -> None:
    """Write an index of one disk around (0, 0) whose name is not UTF-8, with a checksum that is right."""
    name = b"\xff\xfe"
    note = b"pm-note1" + np.array([2, 0, 1, 0, len(name)], dtype="<u8").tobytes() + name
    one = np.ones(1)
    index = _core.Index.from_disks(0 * one, 0 * one, one, "smallest", None, one, "auto", 0, 0.0, note)
    path.write_bytes(index.block)


def damaged_files(folder: Path) -> Iterator[tuple[str, str]]:
    """Write files that are no index or a damaged one; yield each name and what an error must say."""
    block = (folder / "zones.pmx").read_bytes()
    rng = np.random.default_rng(5)
    contents = {
        "empty": b"",
        "text": b"x,y\n1,2\n" * 100,
        "cut": block[: len(block) // 2],
        "start": block[:64],
    }
    for at in [8, 12, 40, len(block) - 1, *rng.integers(48, len(block), 40).tolist()]:
        contents[f"byte {at}"] = block[:at] + bytes([block[at] ^ 1 << at % 8]) + block[at + 1 :]
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        yield name, "index|damaged|version"
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    yield "folder", "not a file"
    yield "pipe", "not a file"
    yield "missing", "No such file"
