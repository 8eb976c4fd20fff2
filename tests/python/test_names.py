"""Names of regions: by label where both sides have labels, else by position; and stored with an index."""

from __future__ import annotations

import contextlib
import copy
import pickle
import struct
import warnings

import geopandas
import numpy as np
import pandas as pd
import poly_match as pm
import pyarrow as pa
import pytest
import shapely
from poly_match._engine.note import Note

BOXES = [shapely.box(0, 0, 4, 4), shapely.box(5, 0, 9, 4)]
FRAME = geopandas.GeoDataFrame({"name": ["west", "east"]}, geometry=BOXES, index=["w", "e"])
POINTS = [(6, 1), (1, 1), (20, 20)]
EXPECTED = ["east", "west", None]


def ways(names: object, regions: object = FRAME) -> list[list[object]]:
    index = pm.Index(regions)
    stored = pm.Index(regions, names=names)
    return [
        pm.match(POINTS, regions, names=names).tolist(),
        pm.match(POINTS, regions, names=names, on=([1] * 3, [1] * 2)).tolist(),
        index.match(POINTS, names=regions["name"] if isinstance(names, str) else names).tolist(),
        pickle.loads(pickle.dumps(index))
        .match(POINTS, names=FRAME["name"] if isinstance(names, str) else names)
        .tolist(),
        stored.match(POINTS, names=True).tolist(),
    ]


def test_a_series_goes_by_its_labels():
    for names in (
        FRAME["name"],
        FRAME["name"].iloc[::-1],
        "name",
        FRAME["name"].tolist(),
        FRAME["name"].to_numpy(),
    ):
        assert ways(names) == [EXPECTED] * 5
    assert ways(FRAME["name"].iloc[::-1], FRAME.geometry.to_frame().assign(name=0)) == [EXPECTED] * 5


def test_labels_that_do_not_fit_are_errors():
    names = FRAME["name"]
    extra = pd.Series(["a", "b", "c"], ["w", "e", "x"])
    for wrong, reason in (
        (names.iloc[:1], "no name for the region with the label 'e'"),
        (extra, "the label 'x' is that of no region"),
        (names.set_axis(["w", "x"]), "no name for the region with the label 'e'"),
        (names.set_axis(["w", "w"]), "the label 'w' is there twice in names"),
        (names.reset_index(drop=True), "no name for the region"),
    ):
        for call in (
            lambda wrong=wrong: pm.match(POINTS, FRAME, names=wrong),
            lambda wrong=wrong: pm.match(POINTS, FRAME.geometry, names=wrong),
            lambda wrong=wrong: pm.Index(FRAME, names=wrong),
            lambda wrong=wrong: pm.Index(FRAME).match(POINTS, names=wrong),
        ):
            with pytest.raises(ValueError, match=rf"names: .*{reason}.*to_numpy\(\)"):
                call()
    twice = FRAME.set_axis(["w", "w"])
    with pytest.raises(ValueError, match="the label 'w' is there twice in polygons"):
        pm.match(POINTS, twice, names=names)


def test_without_labels_the_position_decides(tmp_path):
    names = FRAME["name"].set_axis([7, 7])
    assert pm.match(POINTS, BOXES, names=names).tolist() == EXPECTED
    assert pm.match(POINTS, pa.array(shapely.to_wkb(BOXES)), names=names).tolist() == EXPECTED
    pm.Index(FRAME).save(tmp_path / "r.pmx")
    assert pm.Index.open(tmp_path / "r.pmx").match(POINTS, names=names).tolist() == EXPECTED


def test_a_column_by_its_name():
    table = pa.table({"name": ["west", "east"], "geometry": pa.array(shapely.to_wkb(BOXES))})
    assert pm.match(POINTS, table, names="name").tolist() == EXPECTED
    assert pm.Index(table, names="name").names.tolist() == ["west", "east"]
    with pytest.raises(
        ValueError, match=r"names: 'title' is no column of polygons; there are: \['name', 'geometry'\]"
    ):
        pm.match(POINTS, FRAME, names="title")
    with pytest.raises(TypeError, match="polygons has no columns"):
        pm.match(POINTS, BOXES, names="name")


@pytest.mark.parametrize(
    "names",
    [
        ["west", "östlich \0"],
        [3, None],
        [1.5, True],
        ["", ""],
        np.array([1, 2]),
        pa.array(["a", None]),
        ["\ud800", "x"],
    ],
    ids=range(7),
)
def test_names_are_stored_and_written(names, tmp_path):
    index = pm.Index(FRAME.set_crs(3857), names=names)
    path = tmp_path / "regions.pmx"
    index.save(path)
    opened = [
        pm.Index.open(path, verify=verify, mmap=mmap) for verify in (True, False) for mmap in (True, False)
    ]
    for each in (index, copy.copy(index), pickle.loads(pickle.dumps(index)), *opened):
        listed = names.to_pylist() if isinstance(names, pa.Array) else list(names)
        assert each.names.tolist() == listed
        assert [type(name) for name in each.names] == [
            type(getattr(name, "item", lambda name=name: name)()) for name in listed
        ]
        assert not each.names.flags.writeable
        assert each.crs == "EPSG:3857"
        assert each.match(POINTS).tolist() == [1, 0, -1]
        assert each.match(POINTS, names=True).tolist() == [listed[1], listed[0], None]


def test_an_index_without_names_or_crs():
    index = pm.Index(BOXES)
    assert (index.names, index.crs, index._core.note) == (None, None, b"")
    with pytest.raises(
        ValueError, match=r"names: this index stores none; build it with Index\(\.\.\., names=\)"
    ):
        index.match(POINTS, names=True)
    for wrong in ([pd.Timestamp(0), "a"], ["a", ("b", "c")]):
        with pytest.raises(TypeError, match=r"names\[[01]\]: an index stores text, numbers and None"):
            pm.Index(BOXES, names=wrong)
    for wrong in (["a"], ["a", "b", "c"]):
        with pytest.raises(ValueError, match="one name for each of 2 regions, got"):
            pm.Index(BOXES, names=wrong)


def test_an_opened_index_checks_the_plane_of_points(tmp_path):
    pm.Index(FRAME.set_crs(3857)).save(tmp_path / "r.pmx")
    index = pm.Index.open(tmp_path / "r.pmx")
    points = geopandas.GeoSeries(geopandas.points_from_xy(*np.transpose(POINTS)))
    with pytest.raises(ValueError, match="points are in EPSG:4326 and polygons in EPSG:3857"):
        index.match(points.set_crs(4326))
    with pytest.warns(UserWarning, match="points have no CRS"):
        index.match(points)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert index.match(points.set_crs(3857)).tolist() == [1, 0, -1]


def test_notes_of_others_and_damaged_ones():
    assert Note.from_bytes(b"") == Note.from_bytes(b"hello") == (None, None)
    note = Note("EPSG:4326", np.array(["a", "b", None], dtype=object))
    data = note.to_bytes()
    assert Note.from_bytes(data).names.tolist() == ["a", "b", None]

    def with_word(at: int, value: int) -> bytes:
        return data[: 8 * at] + struct.pack("=Q", value) + data[8 * at + 8 :]

    wrong = [data[:-1], data[:40], data[:20], data + b"c", data.replace(b"pm-note1", b"pm-note2", 1)]
    wrong += [with_word(1, 8), with_word(2, 1 << 40), with_word(2, 10), with_word(3, 3)]
    wrong += [
        with_word(3, 1 << 62),
        with_word(4, 1),
        with_word(5, 3),
        with_word(6, 1),
        data[:-9] + b"\xff" + data[-8:],
    ]
    for each in wrong:
        with pytest.raises(ValueError, match="the names and the CRS in this index are damaged"):
            Note.from_bytes(each)
    rng = np.random.default_rng(0)
    for _ in range(2000):
        broken = bytearray(data)
        broken[rng.integers(len(data))] = rng.integers(256)
        with contextlib.suppress(ValueError):
            Note.from_bytes(bytes(broken))


def test_distances_in_degrees_are_a_warning():
    for crs, count in ((4326, 1), (3857, 0), (None, 0)):
        frame = FRAME.set_crs(crs)
        for call in (
            lambda frame=frame: pm.match(POINTS, frame, predicate="center_within", distance=1),
            lambda frame=frame: pm.count(POINTS, frame, predicate="dwithin", distance=1),
            lambda frame=frame: pm.Index(frame, predicate="nearest"),
        ):
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always")
                call()
            assert [each.filename for each in seen] == [__file__] * count
            assert all("EPSG:4326, whose unit is the degree" in str(each.message) for each in seen)


def test_one_plane_with_heights_and_without():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        points = geopandas.GeoSeries([shapely.Point(6, 1)], crs=4979)
        assert pm.match(points, FRAME.set_crs(4326)).tolist() == [1]
    with pytest.raises(ValueError, match="points are in"):
        pm.match(points.set_crs(4269, allow_override=True), FRAME.set_crs(4326))
