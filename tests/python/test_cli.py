"""The command `poly-match`, from end to end: its files, its messages and its exit codes."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import poly_match as pm
import pytest
import shapely

COMMAND = [sys.executable, "-m", "poly_match._cli"]


def cli(*arguments: str | Path, **options) -> subprocess.CompletedProcess[str]:
    words = [*COMMAND, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, encoding="utf-8", timeout=120, **options)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with three squares, two of them nested, and some points."""
    squares = [(0, 0, 4), (1, 1, 1), (10, 0, 2)]
    features = [
        {
            "type": "Feature",
            "properties": {"name": f"square {i}", "level": level, "code": f"00{i}", "weight": 2**53 + 2 - i},
            "geometry": shapely.geometry.mapping(shapely.box(x, y, x + side, y + side)),
        }
        for i, ((x, y, side), level) in enumerate(zip(squares, (3, None, 1), strict=True))
    ]
    features.append({"type": "Feature", "properties": {"name": "nowhere"}, "geometry": None})
    collection = {"type": "FeatureCollection", "features": features}
    (tmp_path / "squares.geojson").write_text(json.dumps(collection), encoding="utf-8")
    (tmp_path / "points.csv").write_text(
        'name,lon,lat,code\na,1.50,1.5,007\n"b, c",3,3,\n"say ""hi""",11,1,x\n'
        'é,99,99,\nnone,,,\n"two\nlines",0,0,1\n',
        encoding="utf-8",
    )
    return tmp_path


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def run(folder: Path, *options: str) -> list[list[str]]:
    out = folder / "out.csv"
    words = ("match", folder / "points.csv", folder / "squares.geojson", "-o", out, "--overwrite")
    result = cli(*words, *options)
    assert result.returncode == 0, result.stderr
    return rows(out)


# ---- the command of the README -------------------------------------------------------------------------


def test_every_city_gets_its_country(examples, tmp_path):
    out = tmp_path / "matched.csv"
    files = [examples / "cities.csv", examples / "countries.geojson"]
    for again in ([], ["--overwrite"]):
        result = cli("match", *files, "-o", out, *again)
        assert result.returncode == 0, result.stderr
        assert result.stdout == ""
        assert re.fullmatch(
            r"49,025 points: 47,661 matched, 1,364 unmatched\n"
            r"matching took [\d.]+ s \([\d,]+ points/s\), preparing 241 regions [\d.]+ s, "
            r"everything with reading and writing [\d.]+ s\n"
            rf"wrote {re.escape(str(out))}\n",
            result.stderr,
        )
    text = out.read_text(encoding="utf-8")
    assert text.splitlines()[:4] == [
        "name,country,lon,lat,population,name_region,id",
        "Sant Julià de Lòria,AD,1.49129,42.46372,8022,Andorra,020",
        "les Escaldes,AD,1.53414,42.50729,15853,Andorra,020",
        "la Massana,AD,1.51483,42.54499,7211,Andorra,020",
    ]
    assert '\n"Xeraco,Jaraco",ES,-0.21667,39.03333,5000,Spain,724\n' in text
    assert "\nMurmansk,RU,33.09251,68.97917,319263,Russia,643\n" in text
    written, given = rows(out), rows(files[0])
    assert [row[:5] for row in written] == given
    countries = json.loads(files[1].read_text(encoding="utf-8"))["features"]
    shapes = [shapely.geometry.shape(feature["geometry"]) for feature in countries]
    places = np.array([[float(row[2]), float(row[3])] for row in given[1:]])
    names = [feature["properties"]["name"] for feature in countries] + [""]
    assert [row[5] for row in written[1:]] == [names[i] for i in pm.match(places, shapes)]
    assert os.listdir(tmp_path) == ["matched.csv"]


def test_the_installed_command_is_this_one(capsys):
    command = Path(sys.executable).with_name("poly-match")
    result = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    lines = result.stdout.splitlines()
    assert lines[0] == f"poly-match {pm.__version__}"
    assert f"numpy {np.__version__}" in lines
    pm.show_versions()
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == lines[0]
    assert shown[2:] == lines[2:]  # the second names the interpreter as it was called


# ---- what is written -----------------------------------------------------------------------------------


def test_cells_are_kept_as_they_are(folder):
    written = run(folder)
    assert written == [
        ["name", "lon", "lat", "code", "name_region", "level", "code_region", "weight"],
        ["a", "1.50", "1.5", "007", "square 1", "", "001", "9007199254740993"],
        ["b, c", "3", "3", "", "square 0", "3", "000", "9007199254740994"],
        ['say "hi"', "11", "1", "x", "square 2", "1", "002", "9007199254740992"],
        ["é", "99", "99", "", "", "", "", ""],
        ["none", "", "", "", "", "", "", ""],
        ["two\nlines", "0", "0", "1", "square 0", "3", "000", "9007199254740994"],
    ]


def names_of(written: list[list[str]]) -> list[str]:
    return [row[4] for row in written[1:]]


def test_the_rules_of_the_match(folder):
    assert names_of(run(folder, "--best", "largest"))[:2] == ["square 0", "square 0"]
    assert names_of(run(folder, "--best", "first"))[0] == "square 0"
    assert names_of(run(folder, "--predicate", "center_within", "--distance", "1"))[:2] == ["square 1", ""]
    assert names_of(run(folder, "--predicate", "center_within", "--distance", "1.5"))[1] == "square 0"


def test_the_lowest_score_wins_and_integers_stay_integers(folder):
    text = (folder / "squares.geojson").read_text(encoding="utf-8").replace("null}", 'null, "weight": 1}')
    text = text.replace('"name": "nowhere"', '"name": "nowhere", "weight": 1')
    (folder / "squares.geojson").write_text(text, encoding="utf-8")
    assert names_of(run(folder, "--score", "weight"))[0] == "square 1"
    swapped = text.replace(str(2**53 + 1), str(2**53 + 3))
    (folder / "squares.geojson").write_text(swapped, encoding="utf-8")
    assert names_of(run(folder, "--score", "weight"))[0] == "square 0"


def test_columns_choose_what_is_added(folder):
    assert run(folder, "--columns", "weight,level")[0][4:] == ["weight", "level"]
    assert run(folder, "--columns", "code")[0][4:] == ["code_region"]
    nothing = run(folder, "--columns", "")
    assert [row[4] for row in nothing] == ["region", "1", "0", "2", "", "", "0"]


def test_x_and_y_are_found_or_named(folder):
    text = (folder / "points.csv").read_text(encoding="utf-8")
    expected = names_of(run(folder))
    for header in ("LNG,Latitude", "x,y", "Longitude,Lat", " lon ,lat"):
        (folder / "points.csv").write_text(text.replace("lon,lat", header), encoding="utf-8")
        assert names_of(run(folder)) == expected
    (folder / "points.csv").write_text(text.replace("lon,lat", "east,north"), encoding="utf-8")
    assert names_of(run(folder, "--x", "east", "--y", "north")) == expected


def test_compressed_points_and_other_formats(folder):
    import pyogrio

    expected = run(folder)
    with gzip.open(folder / "points.csv.gz", "wb") as file:
        file.write((folder / "points.csv").read_bytes())
    meta, table = pyogrio.read_arrow(folder / "squares.geojson")
    pyogrio.write_arrow(
        table, folder / "squares.gpkg", geometry_name="wkb_geometry", geometry_type="Polygon", crs=meta["crs"]
    )
    result = cli(
        "match", folder / "points.csv.gz", folder / "squares.gpkg", "-o", folder / "out.csv.gz", "-q"
    )
    assert (result.returncode, result.stderr) == (0, "")
    (folder / "unpacked.csv").write_bytes(gzip.decompress((folder / "out.csv.gz").read_bytes()))
    assert rows(folder / "unpacked.csv") == expected


def test_many_pieces_are_one_answer(folder):
    from poly_match._readers import csv

    rng = np.random.default_rng(3)
    places = rng.uniform(-1, 13, (300_000, 2)).round(3)
    body = io.StringIO()
    np.savetxt(body, places, fmt="%.3f", delimiter=",", header="x,y", comments="")
    (folder / "points.csv").write_text(body.getvalue())
    assert len(body.getvalue()) < csv.BLOCK < 16 * len(body.getvalue())
    expected = run(folder, "--columns", "name")
    program = "from poly_match._cli import main\nfrom poly_match._readers import csv\n"
    program += "csv.BLOCK = 1 << 16; raise SystemExit(main.main({!r}))"
    out = folder / "pieces.csv"
    words = [
        "match",
        folder / "points.csv",
        folder / "squares.geojson",
        "-o",
        out,
        "--columns",
        "name",
        "-j",
        "2",
    ]
    program = program.format([str(word) for word in words])
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert len(expected) == 300_001
    assert {row[2] for row in expected[1:]} == {"", "square 0", "square 1", "square 2"}
    assert rows(out) == expected


def test_no_points_is_an_empty_answer(folder):
    (folder / "points.csv").write_text("lon,lat\n")
    assert run(folder, "--columns", "name") == [["lon", "lat", "name"]]


def test_output_goes_to_standard_output(folder):
    result = cli("match", folder / "points.csv", folder / "squares.geojson", "-q")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("name,lon,lat,code,name_region")
    assert result.stdout.endswith("\n")


def test_output_has_ordinary_permissions(folder):
    run(folder)
    (folder / "plain").touch()
    assert (folder / "out.csv").stat().st_mode == (folder / "plain").stat().st_mode


# ---- what is said --------------------------------------------------------------------------------------


def test_quiet_says_nothing_and_progress_shows_a_bar(folder):
    arguments = ["match", folder / "points.csv", folder / "squares.geojson"]
    arguments += ["-o", folder / "out.csv", "--overwrite"]
    assert cli(*arguments, "-q").stderr == ""
    for bar in ("matching points.csv", "building the index"):
        assert bar not in cli(*arguments).stderr  # not a terminal
    for rules in ((), ("--on", "code")):
        shown = cli(*arguments, "--progress", *rules).stderr
        assert 0 <= shown.index("building the index of squares.geojson") < shown.index("matching points.csv")
    shown = cli(*arguments, "--progress").stderr
    assert "6 points: 4 matched, 2 unmatched" in shown


def test_a_terminal_gets_the_bar_unasked(folder):
    pty = pytest.importorskip("pty", reason="a terminal is needed")
    ours, theirs = pty.openpty()
    words = ["match", folder / "points.csv", folder / "squares.geojson", "-o", folder / "out.csv"]
    words.append("--overwrite")
    for option, expected in ((), True), (("--no-progress",), False):
        subprocess.run(
            [*COMMAND, *words, *option], check=True, stderr=theirs, env={**os.environ, "TERM": "xterm"}
        )
        os.write(theirs, b"END")
        shown = b""
        while not shown.endswith(b"END"):
            shown += os.read(ours, 65536)
        assert (b"matching points.csv" in shown) == expected
        assert (b"building the index of squares.geojson" in shown) == expected
        assert b"6 points: 4 matched, 2 unmatched" in shown
    os.close(ours)
    os.close(theirs)


def test_a_warning_above_a_bar_is_one_line():
    from poly_match._cli.console import Console

    long = "[bold]" + "a long command to copy " * 20
    for progress in (True, False):
        program = f"from poly_match._cli.console import Console\nconsole = Console(progress={progress})\n"
        program += f"with console.bar('building', None): console.warn({long!r})\nprint(console._terminal)"
        said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert f"warning: {long}\n" in said.stderr
        assert said.stdout == "None\n"
    assert Console().warnings == []


def test_help_says_what_there_is():
    shown = cli("match", "--help").stdout
    for word in (
        "--predicate",
        "covers|center_within",
        "smallest|largest|first",
        "--score",
        "--x",
        "--workers",
    ):
        assert word in shown
    assert "match" in cli("--help").stdout


def test_help_loads_no_heavy_library():
    program = (
        "import sys\nfrom poly_match._cli import main as cli\ncli.main(['match', '--help'])\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stderr.split()
    assert "click" in loaded
    assert not {"numpy", "pyarrow", "pyogrio", "shapely", "rich"} & set(loaded)


def test_the_help_of_many_options_is_in_groups():
    from poly_match._cli import commands, groups

    shown = cli("match", "--help").stdout
    titles = [title for title in (*groups.GROUPS, groups.REST) if f"\n{title}:\n" in shown]
    assert titles == [*list(groups.GROUPS)[:4], groups.REST]
    places = [shown.index(f"\n{title}:\n") for title in titles]
    assert places == sorted(places)
    assert places[0] < shown.index("--score") < places[1] < shown.index("--x ") < places[2]
    assert "the lowest value wins" in " ".join(shown.split())
    running = {"workers", "progress", "quiet", "as_json", "help", "max_bytes", "compact"}
    grouped = {name for names in groups.GROUPS.values() for name in names}
    for command in commands.cli.commands.values():
        if isinstance(command, groups.GroupedCommand):
            options = {each.name for each in command.params if each.param_type_name == "option"}
            assert options <= grouped | running


def test_the_package_loads_its_names_when_they_are_used():
    program = (
        "import sys, poly_match as pm\nassert not {'numpy', 'poly_match._index'} & set(sys.modules)\n"
        "assert set(pm.__all__) <= set(dir(pm))\npm.Index\nassert 'numpy' in sys.modules\n"
        "assert 'Index' in vars(pm)\nfrom poly_match import *\nassert sjoin is pm.sjoin"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


# ---- how it fails --------------------------------------------------------------------------------------


def test_a_missing_extra_is_one_line(folder):
    words = [str(folder / "points.csv"), str(folder / "squares.geojson"), "-o", str(folder / "out.csv")]
    for missing in ("click", "pyarrow", "pyogrio"):
        program = f"import sys; sys.modules[{missing!r}] = None\n"
        program += f"from poly_match._cli import main as cli; sys.exit(cli.main({['match', *words]!r}))"
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert result.returncode == 1
        assert result.stderr.count("\n") == 1
        assert f"{missing} is not installed; run: " in result.stderr
        assert "-m pip install 'poly-match[cli]'" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_exits_with_130_and_leaves_nothing(folder):
    points, out = folder / "points.csv", folder / "out.csv"
    points.write_text("x,y\n" + "1,1\n" * 2_000_000)
    program = textwrap.dedent(
        """
        import signal, sys
        signal.signal(signal.SIGINT, signal.default_int_handler)
        from poly_match._cli import main as cli
        cli.command()
        """
    )
    words = ["match", points, folder / "squares.geojson", "-o", out]
    child = subprocess.Popen([sys.executable, "-c", program, *words], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not list(folder.glob(".out.csv.*.partial")) and time.monotonic() < deadline:
        time.sleep(0.002)
    child.send_signal(signal.SIGINT)
    said = child.communicate(timeout=30)[1]
    assert (child.returncode, said.strip()) == (130, "poly-match: interrupted; no file was written")
    assert sorted(os.listdir(folder)) == ["points.csv", "squares.geojson"]
