"""Compact indexes: the same answers in fewer bytes, and a clear error where something is left out."""

from __future__ import annotations

import json
import pickle
from fractions import Fraction

import numpy as np
import poly_match as pm
import pytest
from poly_match._cli import main as cli

COUNTRIES = str(pm.examples.countries)
SQUARES = [np.array([[0, 0], [4, 0], [4, 4], [0, 4]]) / 10, np.array([[0, 0], [2, 0], [2, 2], [0, 2]]) / 10]


def places() -> np.ndarray:
    """Return points all over the countries, and on and next to their vertices."""
    rng = np.random.default_rng(15)
    with open(COUNTRIES, encoding="utf-8") as file:
        shapes = [feature["geometry"] for feature in json.load(file)["features"]]
    vertices = np.array(
        [
            vertex
            for shape in shapes
            for polygon in (
                shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
            )
            for ring in polygon
            for vertex in ring
        ]
    )
    near = vertices[rng.integers(len(vertices), size=5000)]
    aside = near + rng.normal(size=near.shape) * 10.0 ** rng.uniform(-16, -3, size=(len(near), 1))
    return np.concatenate([rng.uniform((-180, -90), (180, 90), (20000, 2)), near, aside])


def test_the_same_answers_in_fewer_bytes(tmp_path):
    points = places()
    plain = pm.Index(COUNTRIES, names="name")
    compact = pm.Index(COUNTRIES, names="name", compact=True)
    assert compact.nbytes < plain.nbytes / 3
    assert compact.bounds == plain.bounds
    assert compact.compact
    assert not plain.compact
    assert compact.names.tolist() == plain.names.tolist()
    expected = plain.match(points)
    compact.save(tmp_path / "c.pmx")
    for index in (
        compact,
        pm.Index.open(tmp_path / "c.pmx"),
        pm.Index.open(tmp_path / "c.pmx", mmap=False, verify=False),
        pickle.loads(pickle.dumps(compact)),
    ):
        np.testing.assert_array_equal(index.match(points), expected)
        np.testing.assert_array_equal(index.match(points, workers=2), expected)


def test_with_a_period():
    points = places()
    turned = points + np.random.default_rng(16).integers(-3, 4, (len(points), 1)) * [360, 0]
    plain, compact = (pm.Index(COUNTRIES, period=360, compact=each) for each in (False, True))
    np.testing.assert_array_equal(plain.match(turned), compact.match(turned))


def test_points_on_an_edge_and_a_hair_beside():
    """Where a rounded grid would show: coordinates are the doubles given, not decimals."""
    index = pm.Index(SQUARES, compact=True)
    side = SQUARES[0][1, 0]
    points = [(side, 0.1), (np.nextafter(side, 1), 0.1), (0.2, 0.1), (np.nextafter(0.2, 1), 0.1), (0.3, 0.4)]
    assert Fraction(side) != Fraction(4, 10)
    assert index.match(points).tolist() == [0, -1, 1, 0, 0]


def test_what_a_compact_index_leaves_out():
    index = pm.Index(SQUARES, compact=True)
    with pytest.raises(ValueError, match="a compact index has no candidates: build it without compact"):
        index.candidates([(1, 1)])
    with pytest.raises(ValueError, match="distance"):
        index.match([(1, 1)], return_distance=True)
    for predicate in ("center_within", "dwithin", "nearest"):
        with pytest.raises(ValueError, match=rf"compact: an index of {predicate} \(planar\) can't be"):
            pm.Index(SQUARES, predicate=predicate, distance=1, compact=True)
    with pytest.raises(ValueError, match=r"compact: an index of covers \(sphere\) can't be"):
        pm.Index(SQUARES, metric="sphere", compact=True)
    with pytest.raises(ValueError, match=r"the compact index takes [\d,]+ bytes, max_bytes is 100"):
        pm.Index(SQUARES, compact=True, max_bytes=100)


def test_a_damaged_file_is_an_error(tmp_path):
    path = tmp_path / "c.pmx"
    pm.Index(COUNTRIES, compact=True).save(path)
    data = path.read_bytes()
    for at in range(0, len(data), len(data) // 50):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(ValueError, match=r"c\.pmx"):
            pm.Index.open(path)


def test_the_command_line(tmp_path, capsys):
    plain, compact = str(tmp_path / "p.pmx"), str(tmp_path / "c.pmx")
    assert cli.main(["index", COUNTRIES, "-o", plain]) == 0
    assert cli.main(["index", COUNTRIES, "-o", compact, "--compact"]) == 0
    points = places()
    np.testing.assert_array_equal(pm.Index.open(plain).match(points), pm.Index.open(compact).match(points))
    assert pm.Index.open(compact).nbytes < pm.Index.open(plain).nbytes / 3
    capsys.readouterr()
    words = ["index", COUNTRIES, "-o", str(tmp_path / "n.pmx"), "--predicate", "nearest", "--compact"]
    assert cli.main(words) == 2
    message = "--compact: an index of nearest (planar) can't be, one of covers (planar) can"
    assert message in capsys.readouterr().err
