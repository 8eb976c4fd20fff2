"""The example data of the package: the files of the repository, found from any folder, without a library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import poly_match as pm
import pytest


def test_the_files_are_those_of_the_repository(examples):
    for path in (pm.examples.cities, pm.examples.countries):
        assert isinstance(path, Path)
        assert path.read_bytes() == (examples / path.name).read_bytes()
    assert pm.examples.cities.read_text(encoding="utf-8").count("\n") == 49_026
    assert pm.examples.countries.read_text(encoding="utf-8").count('"Feature"') == 241


def test_paths_are_matched_as_they_are():
    pytest.importorskip("pyarrow")
    pytest.importorskip("pyogrio")
    found = pm.match(pm.examples.cities, pm.examples.countries)
    assert (len(found), int((found == -1).sum())) == (49_025, 1_364)


def test_a_shell_gets_copies_from_any_folder(tmp_path):
    """Twice, and the second time nothing is written."""
    command = [sys.executable, "-m", "poly_match.examples"]
    times = []
    for _ in range(2):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stdout.split() == [str(Path("examples", n)) for n in ("cities.csv", "countries.geojson")]
        assert done.stderr == ""
        times.append([(tmp_path / name).stat().st_mtime_ns for name in done.stdout.split()])
    assert times[0] == times[1]
    assert (tmp_path / "examples/cities.csv").read_bytes() == pm.examples.cities.read_bytes()
    assert sorted(path.name for path in (tmp_path / "examples").iterdir()) == [
        "cities.csv",
        "countries.geojson",
    ]


def test_no_file_of_somebody_else_is_replaced(tmp_path):
    mine = tmp_path / "countries.geojson"
    mine.write_text("mine")
    with pytest.raises(ValueError, match=r"folder: .*countries\.geojson is another file; remove it, or name"):
        pm.examples.write(tmp_path)
    assert mine.read_text() == "mine"


def test_the_files_need_no_library():
    program = "import sys, poly_match as pm\nassert pm.examples.cities.is_file()\n"
    program += "assert not {'click', 'pandas', 'pyarrow', 'pyogrio', 'shapely'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
