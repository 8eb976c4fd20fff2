"""No struct in a capsule is trusted: a malformed one is an error; each is released once."""

from __future__ import annotations

import gc
import itertools
import struct
import threading

import arrow_structs
import numpy as np
import poly_match as pm
import pytest
import shapely
from arrow_structs import Chunks, Column
from conftest import square
from hypothesis import given, settings
from hypothesis import strategies as st
from poly_match import _core
from poly_match._forms.points import xy_of
from poly_match._forms.regions import regions_of

RING = square(0, 0, 4)
X = np.array([1.0, 9.0, 2.0, 3.0])
WKB = shapely.to_wkb(shapely.points(X, X))


def doubles(count: int = 4, **rest: object) -> Column:
    return Column("g", count, [None, np.resize(X, count)], **{"name": "x", **rest})


def pairs(**rest: object) -> Column:
    """Return the points (1, 1), (9, 9), (2, 2) and (3, 3)."""
    return Column("+w:2", 4, [None], [Column("g", 8, [None, np.repeat(X, 2)])], **rest)


def table(**rest: object) -> Column:
    return Column("+s", 4, [None], [doubles(name="x"), doubles(name="y")], **rest)


def binary(form: str = "z", **rest: object) -> Column:
    offsets = np.arange(0, 105, 21, dtype="i4" if form == "z" else "i8")
    return Column(form, 4, [None, offsets, np.frombuffer(b"".join(WKB), "u1")], **rest)


def views(size: int = 21, which: int = 0, offset: int = 0, sizes: object = (84,), **rest: object) -> Column:
    rows = np.array([[size, 0, which, offset], [21, 0, 0, 21], [21, 0, 0, 42], [21, 0, 0, 63]], dtype="i4")
    sizes = None if sizes is None else np.array(sizes, "i8")
    return Column("vz", 4, [None, rows, np.frombuffer(b"".join(WKB), "u1"), sizes], **rest)


def rings(outer: object = (0, 1), inner: object = (0, 4), count: int = 1, **rest: object) -> Column:
    """Return polygons of rings of the four vertices of a square."""
    vertices = Column("+w:2", 4, [None], [Column("g", 8, [None, RING.ravel()])])
    lists = Column("+l", len(inner) - 1, [None, np.array(inner, "i4")], [vertices])
    return Column("+l", count, [None, np.array(outer, "i4")], [lists], **rest)


@pytest.fixture(autouse=True)
def _count_from_zero():
    arrow_structs.released.clear()
    arrow_structs.exported.clear()
    yield
    if arrow_structs.released != arrow_structs.exported:
        gc.collect()  # an exception may hold what it passed by
    assert arrow_structs.released == arrow_structs.exported


def released() -> dict[str, int]:
    return dict(arrow_structs.released)


# ---- what is right -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [pairs, table, binary, views, lambda: binary("Z")])
def test_what_is_right_is_understood_and_released_once(make):
    assert pm.match(make(), [RING]).tolist() == [0, -1, 0, 0]
    assert released() == {"Schema": 1, "Array": 1}
    assert pm.match(Chunks([make(), make()]), [RING]).tolist() == [0, -1, 0, 0] * 2
    assert released() == {"Schema": 2, "Array": 3, "Stream": 1}


def test_an_array_is_released_when_the_last_view_of_it_dies():
    x, y = xy_of(pairs())
    assert released() == {"Schema": 1}
    del x
    assert released() == {"Schema": 1}
    part = y[2:]
    del y
    assert part.tolist() == [2, 3]
    assert released() == {"Schema": 1}
    del part
    assert released() == {"Schema": 1, "Array": 1}


def test_an_index_keeps_nothing_and_regions_keep_what_they_use():
    index = pm.Index(rings())
    assert released() == {"Schema": 1, "Array": 1}
    assert index.match([(1, 1)]).tolist() == [0]


def metadata(key: bytes, value: bytes) -> bytes:
    return struct.pack(f"=ii{len(key)}si{len(value)}s", 1, len(key), key, len(value), value)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": b"\xff\xfe"}, r'field "\ufffd+": its name is not UTF-8'),
        ({"format": b"+w\xff"}, r'field "column": its format is not UTF-8'),
        ({"metadata": metadata(b"\xff", b"1")}, r'field "column": a key of its metadata is not UTF-8'),
    ],
)
def test_text_that_is_not_utf8_names_the_argument(wrong, message):
    with pytest.raises(ValueError, match=f"^points: malformed Arrow data, {message}$"):
        pm.match(pairs(wrong_schema=wrong), [RING])
    with pytest.raises(ValueError, match=f"^polygons: malformed Arrow data, {message}$"):
        pm.Index(rings(wrong_schema=wrong))
    nested = Column("+s", 4, [None], [doubles(), Column("g", 4, [None, X], wrong_schema=wrong)])
    with pytest.raises(ValueError, match=f"^points: malformed Arrow data, {message}$"):
        pm.match(nested, [RING])


def test_metadata_may_be_any_bytes():
    geometry = metadata(b"ARROW:extension:metadata", b'{"crs": "\xff"}')
    assert pm.match(pairs(wrong_schema={"metadata": geometry}), [RING]).tolist() == [0, -1, 0, 0]


def test_a_capsule_can_be_taken_once():
    schema, array = pairs().__arrow_c_array__()
    _core.arrow_array("points", schema, array)
    with pytest.raises(ValueError, match="the array was released"):
        _core.arrow_array("points", schema, array)
    stream = Chunks([pairs()]).__arrow_c_stream__()
    _core.arrow_stream("points", stream)
    with pytest.raises(ValueError, match="points: the Arrow stream was already read or released"):
        _core.arrow_stream("points", stream)
    del schema, array, stream
    assert released() == {"Schema": 2, "Array": 2, "Stream": 1}


def test_other_objects_than_capsules_are_refused():
    schema, array = pairs().__arrow_c_array__()
    for call in (
        lambda: _core.arrow_array("points", array, schema),
        lambda: _core.arrow_array("points", schema, None),
        lambda: _core.arrow_schema("points", 5),
        lambda: _core.arrow_stream("points", array),
    ):
        with pytest.raises(ValueError, match="Capsule"):
            call()


def test_unaligned_buffers_are_read():
    bytes_of = np.zeros(65, dtype="u1")
    bytes_of[1:] = np.repeat(X, 2).view("u1")
    column = pairs()
    array = column.array()
    array.children[0].contents.buffers[1] = bytes_of.ctypes.data + 1
    schema = column.schema()
    column.array, column.schema = lambda: array, lambda: schema
    assert pm.match(column, [RING]).tolist() == [0, -1, 0, 0]


def test_the_producer_works_without_the_gil():
    done = threading.Event()

    def wait_for_another_thread() -> None:
        worker = threading.Thread(target=done.set)
        worker.start()
        worker.join(10)

    assert pm.match(Chunks([pairs()], on_next=wait_for_another_thread), [RING]).tolist() == [0, -1, 0, 0]
    assert done.is_set()


# ---- what is wrong -----------------------------------------------------------------------------------------

NO_SCHEMA, NO_ARRAY = arrow_structs.RELEASE_SCHEMA(), arrow_structs.RELEASE_ARRAY()
HUGE = 2**63 - 1


def deep(levels: int) -> Column:
    column = doubles()
    for _ in range(levels):
        column = Column("+l", 0, [None, np.zeros(1, "i4")], [column])
    return column


MALFORMED = {
    "schema released": (pairs(wrong_schema={"release": NO_SCHEMA}), "the schema was released"),
    "array released": (pairs(wrong={"release": NO_ARRAY}), "the array was released"),
    "no format": (pairs(wrong_schema={"format": None}), "no format"),
    "no children of the schema": (table(wrong_schema={"children": None}), "no children"),
    "fewer children than none": (table(wrong_schema={"n_children": -1}), "no children"),
    "children beyond all bounds": (table(wrong_schema={"n_children": 2**31}), "no children"),
    "buffers beyond all bounds": (views(wrong={"n_buffers": 2**31}), "the number of buffers"),
    "metadata of a negative length": (
        pairs(metadata=np.array([1, -5], "i4").tobytes()),
        "metadata of a negative length",
    ),
    "nested without end": (deep(40), "nested too deep"),
    "a list of two things": (rings(wrong_schema={"n_children": 0}), "the number of children"),
    "one buffer too few": (doubles(wrong={"n_buffers": 1}), "the number of buffers"),
    "one buffer too many": (pairs(wrong={"n_buffers": 2}), "the number of buffers"),
    "fewer buffers than none": (table(wrong={"n_buffers": -1}), "the number of buffers"),
    "views without buffers": (views(wrong={"n_buffers": 2}), "the number of buffers"),
    "no buffers": (pairs(wrong={"buffers": None}), "the buffers are missing"),
    "no numbers": (Column("+w:2", 1, [None], [Column("g", 2, [None, None])]), "a buffer is missing"),
    "no bytes": (Column("z", 1, [None, np.array([0, 21], "i4"), None]), "a buffer is missing"),
    "no offsets": (Column("z", 4, [None, None, None]), "the offsets are missing"),
    "no array of children": (pairs(wrong={"children": None}), "the children are missing"),
    "no child": (pairs(wrong={"n_children": 0}), "the number of children"),
    "one child of a table": (table(wrong={"n_children": 1}), "the number of children"),
    "released child": (
        Column("+w:2", 1, [None], [doubles(2, wrong={"release": NO_ARRAY})]),
        "the array was released",
    ),
    "negative length": (pairs(wrong={"length": -1}), "a length or an offset is out of range"),
    "huge length": (pairs(wrong={"length": HUGE}), "a length or an offset is out of range"),
    "huge offset": (pairs(wrong={"offset": HUGE}), "a length or an offset is out of range"),
    "negative offset": (table(wrong={"offset": -1}), "a length or an offset is out of range"),
    "more nulls than items": (pairs(wrong={"null_count": 5}), "the number of nulls"),
    "fewer nulls than unknown": (pairs(wrong={"null_count": -2}), "the number of nulls"),
    "nulls without a bitmap": (pairs(wrong={"null_count": 1}), "nulls without a validity bitmap"),
    "short child of pairs": (pairs(wrong={"length": 5}), "a child is too short"),
    "short child by its offset": (pairs(wrong={"offset": 1}), "a child is too short"),
    "short child of a table": (
        Column("+s", 4, [None], [doubles(name="x"), doubles(3, name="y")]),
        "a child is too short",
    ),
    "short child of a list": (rings(outer=(0, 2)), "a child is too short"),
    "short vertices": (rings(inner=(0, 5)), "a child is too short"),
    "offsets that run backwards": (rings(outer=(0, 1, 0, 1), count=3), "offsets run backwards at item 2"),
    "inner offsets that run backwards": (rings(inner=(0, 4, 0, 4), outer=(0, 3)), "run backwards at item 2"),
    "negative first offset": (rings(outer=(-1, 1)), "an offset is out of range"),
    "negative last offset": (rings(outer=(0, -1)), "an offset is out of range"),
    "offset far out in between": (rings(inner=(0, 99, 4), outer=(0, 2)), "run backwards at item 2"),
    "offset out of range after the part that is used": (rings(inner=(0, 99, 4)), "an offset is out of range"),
    "bytes that run backwards": (
        Column("z", 2, [None, np.array([0, 42, 21], "i4"), np.zeros(42, "u1")]),
        "offsets run backwards at item 2",
    ),
    "view of a negative size": (views(size=-5), "a view of a negative size"),
    "view into no buffer": (views(which=1), r"\[0\]: its bytes lie outside"),
    "view into a negative buffer": (views(which=-7), r"\[0\]: its bytes lie outside"),
    "view beyond its buffer": (views(offset=70), r"\[0\]: its bytes lie outside"),
    "view before its buffer": (views(offset=-1), r"\[0\]: its bytes lie outside"),
    "view of a size out of range": (views(size=2**31 - 1), r"\[0\]: its bytes lie outside"),
    "views without sizes": (views(sizes=None), "the size of a buffer"),
    "buffer of a negative size": (views(sizes=(-1,)), "the size of a buffer"),
    "shorter buffer": (views(sizes=(83,)), r"\[3\]: its bytes lie outside"),
    "nulls of a table": (
        Column(
            "+s", 4, [np.zeros(1, "u1")], [binary(), Column("i", 4, [None, np.zeros(4, "i4")])], null_count=4
        ),
        "rows of a table cannot be missing",
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_is_refused_and_released_once(name):
    column, message = MALFORMED[name]
    refuse(column, message)
    assert arrow_structs.exported


@pytest.mark.parametrize("name", [name for name in MALFORMED if name != "array released"])  # an end
def test_what_is_malformed_in_a_stream_is_refused_and_released_once(name):
    column, message = MALFORMED[name]
    refuse(Chunks([column, column]), message)
    assert arrow_structs.exported["Stream"] == 1


def refuse(given: Column | Chunks, message: str) -> None:
    """Match points, or build an index of lists, which are polygons."""
    lists = (given.columns[0] if isinstance(given, Chunks) else given).format == "+l"
    with pytest.raises(ValueError, match=f"^{'polygons' if lists else 'points'}.*{message}"):
        pm.Index(given) if lists else pm.match(given, [RING])


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        (Chunks([pairs()], fails="schema"), "points: the Arrow stream failed: the disk is on fire"),
        (Chunks([pairs()], fails="next"), "points: the Arrow stream failed: the disk is on fire"),
        (Chunks([pairs()], fails="next", says=None), "points: the Arrow stream failed: Input/output error"),
    ],
    ids=["schema", "next", "next without a word"],
)
def test_a_stream_that_fails_says_why(stream, message):
    with pytest.raises(ValueError, match=message):
        pm.match(stream, [RING])
    assert arrow_structs.exported["Stream"] == 1


def test_a_stream_without_functions_is_refused():
    for name, kind in (("get_schema", arrow_structs.GET_SCHEMA), ("get_next", arrow_structs.GET_NEXT)):
        with pytest.raises(ValueError, match="points: malformed Arrow data: a stream without its functions"):
            pm.match(Chunks([pairs()], wrong={name: kind()}), [RING])


# ---- any offsets -------------------------------------------------------------------------------------------

VERTICES = np.arange(24.0).reshape(12, 2)
rising = st.lists(st.integers(0, 3), min_size=4, max_size=6).map(
    lambda counts: list(itertools.accumulate(counts))
)
offsets = rising | rising | st.lists(st.integers(-1, 12), min_size=4, max_size=6)
flags = st.lists(st.booleans(), min_size=6, max_size=6)


def as_slices(outer: list[int], inner: list[int], valid: list[bool]) -> list | None:
    """Return the rings of the rows that offsets describe, None when offsets that are used are wrong."""
    first, last = outer[0], outer[-1]
    used = inner[first : last + 1]
    rises = outer == sorted(outer) and used == sorted(used)
    if not rises or first < 0 or last >= len(inner) or used[0] < 0 or used[-1] > len(VERTICES):
        return None
    rings = [VERTICES[start:stop].tolist() for start, stop in itertools.pairwise(inner)]
    rows = [rings[start:stop] for start, stop in itertools.pairwise(outer)]
    return [row if there else [] for row, there in zip(rows, valid, strict=False)]


@settings(max_examples=500, deadline=None)
@given(offsets, offsets, flags, st.sampled_from([(0, 0), (1, 0), (0, 1), (2, 2)]))
def test_lists_are_what_their_offsets_say_or_refused(outer, inner, valid, skipped):
    """The skipped parts of arrays are never read, whatever they contain."""
    vertices = Column("+w:2", 12, [None], [Column("g", 24, [None, VERTICES.ravel()])])
    lists = Column(
        "+l", len(inner) - 1 - skipped[1], [None, np.array(inner, "i4")], [vertices], offset=skipped[1]
    )
    buffers = [np.packbits(valid, bitorder="little"), np.array(outer, "i8")]
    column = Column("+L", len(outer) - 1 - skipped[0], buffers, [lists], offset=skipped[0], null_count=-1)
    expected = as_slices(outer[skipped[0] :], inner[skipped[1] :], valid[skipped[0] :])
    try:
        found = regions_of(column)
    except ValueError:
        assert expected is None or not 0 <= inner[-1] <= len(VERTICES)  # an array is checked as a whole
        return
    read = [
        [found.coords[slice(*found.ring_offsets[ring : ring + 2])].tolist() for ring in range(start, stop)]
        for start, stop in itertools.pairwise(found.polygon_offsets)
    ]
    assert read == expected


@pytest.mark.parametrize("part", [slice(0, 2), slice(1, 2), slice(0, 1)])
def test_nulls_within_a_geometry_are_refused_wherever_they_are(part):
    vertices = Column("+w:2", 4, [None], [Column("g", 8, [None, RING.ravel()])])
    valid = np.packbits([False, False, True], bitorder="little")
    lists = Column("+l", 3, [valid, np.array([0, 1, 2, 4], "i4")], [vertices], null_count=2)
    outer = np.array([0, 1, 2, 3][part.start : part.stop + 1], "i4")
    with pytest.raises(ValueError, match="polygons: nulls within a geometry, in field 'column'"):
        pm.Index(Column("+l", len(outer) - 1, [None, outer], [lists]))
