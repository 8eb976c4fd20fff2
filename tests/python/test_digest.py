"""The digest of answers: what it distinguishes, what it doesn't, and its values."""

from __future__ import annotations

import numpy as np
import poly_match as pm
import pytest

IDS = np.random.default_rng(1).integers(-1, 50, 40_000)
KEYS = np.random.default_rng(2).integers(-(2**63), 2**63 - 1, len(IDS))

# The first outputs of SplitMix64 with these seeds, as published with it.
SPLITMIX = {0: 0xE220A8397B1DCDAF, 1234567: 6457827717110365317}


def mixed_slowly(*words: int) -> int:
    """Return the mix of one row, with Python's integers."""
    state = 0
    for word in words:
        state = (state + word + 0x9E3779B97F4A7C15) % 2**64
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB % 2**64
        state ^= state >> 31
    return state


@pytest.mark.parametrize("seed", SPLITMIX)
def test_one_id_is_mixed_as_published(seed):
    assert pm.digest([seed]) == mixed_slowly(seed) == SPLITMIX[seed]


def test_vectors():
    assert pm.digest([]) == pm.digest([], []) == pm.digest([], ordered=True) == 0
    assert pm.digest([-1, 0, 1]) == 0x5804479D1F855690
    assert pm.digest([-1, 0, 1], ordered=True) == 0x476478F46F57E8B1
    assert pm.digest([-1, 0, 1], ([0.5, -0.0, np.nan], [7, 8, 9])) == 0x9DB4DBFE4942EC78


def test_every_row_counts_as_in_python_integers():
    slowly = sum(mixed_slowly(key, id) for key, id in zip(KEYS.tolist(), IDS.tolist(), strict=True)) % 2**64
    assert pm.digest(IDS, KEYS) == slowly


def test_the_order_counts_only_when_asked():
    order = np.random.default_rng(3).permutation(len(IDS))
    assert pm.digest(IDS[order]) == pm.digest(IDS)
    assert pm.digest(IDS[order], KEYS[order]) == pm.digest(IDS, KEYS)
    assert pm.digest(IDS[order], ordered=True) != pm.digest(IDS, ordered=True)
    assert pm.digest(IDS, ordered=True) == pm.digest(IDS, np.arange(len(IDS)))


@pytest.mark.parametrize("cut", [0, 1, 16_384, 39_999])
def test_parts_add_up(cut):
    positions = np.arange(len(IDS))
    for keys, options in ((None, {}), (KEYS, {}), (positions, {"ordered": True})):
        parts = [pm.digest(IDS[part], None if keys is None else keys[part])
                 for part in (slice(cut, None), slice(cut))]  # fmt: skip
        whole = pm.digest(IDS, None if options else keys, **options)
        assert sum(parts) % 2**64 == whole


def test_what_goes_wrong_in_a_job_shows():
    """A point lost, a point twice, two answers swapped, one answer changed."""
    good = pm.digest(IDS, KEYS)
    assert pm.digest(IDS[:-1], KEYS[:-1]) != good
    twice = np.append(np.arange(len(IDS)), [7, 7])  # two more, which an exclusive or would not see
    assert pm.digest(IDS[twice], KEYS[twice]) != good
    swapped = np.arange(len(IDS))
    other = int(np.flatnonzero(IDS[0] != IDS)[0])
    swapped[[0, other]] = swapped[[other, 0]]
    assert pm.digest(IDS[swapped], KEYS) != good
    assert pm.digest(IDS[swapped]) == pm.digest(IDS)  # the ids alone are the same ones
    changed = IDS.copy()
    changed[5] += 1
    assert pm.digest(changed, KEYS) != good


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.uint8, ">i4"])
def test_the_type_of_a_number_does_not_count(dtype):
    ids = np.array([-1 if np.dtype(dtype).kind == "i" else 3, 0, 100])
    assert pm.digest(ids.astype(dtype), ids.astype(dtype)) == pm.digest(ids, ids)
    assert pm.digest(ids, ids.astype(np.float32)) == pm.digest(ids, ids.astype(np.float64))
    assert pm.digest(np.repeat(ids, 2)[::2]) == pm.digest(ids.tolist()) == pm.digest(ids)


def test_a_missing_id_is_none():
    """No region as tables have it: null in Arrow, NA in a nullable column, NaN where pandas converted to
    floats."""
    pa, pd = pytest.importorskip("pyarrow"), pytest.importorskip("pandas")
    none = pm.digest([3, -1, 0], [5, 6, 7])
    for ids in (
        pa.array([3, None, 0]), pa.chunked_array([[3], [None, 0]]), pd.Series([3, None, 0], dtype="Int64"),
        pd.Series([3, None, 0]), [3, None, 0], np.ma.array([3, 9, 0], mask=[False, True, False]),
    ):  # fmt: skip
        assert pm.digest(ids, [5, 6, 7]) == none


def test_one_zero_and_one_nan():
    other_nan = np.array([0x7FF8000000000001], dtype=np.uint64).view(np.float64)
    assert pm.digest([1], other_nan) == pm.digest([1], [np.nan]) == pm.digest([1], [-np.nan])
    assert pm.digest([1], [-0.0]) == pm.digest([1], [0.0])


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (([0.5],), {}, TypeError, "ids: expected integers, got dtype float64"),
        (([[1]],), {}, ValueError, r"ids: expected a 1-D array, got shape \(1, 1\)"),
        (([1], ["a"]), {}, TypeError, "keys: expected integers or floats"),
        (([1], ([1], ["a"])), {}, TypeError, r"keys\[1\]: expected integers or floats"),
        (([1], np.array([1], dtype=np.longdouble)), {}, TypeError, "keys: expected integers or floats"),
        (([1], [1, 2]), {}, ValueError, "keys: expected one for each of 1 ids, got 2"),
        (([1], [1]), {"ordered": True}, ValueError, "ordered: the position is the key"),
    ],
)  # fmt: skip
def test_bad_input_is_named(arguments, options, error, message):
    with pytest.raises(error, match=message):
        pm.digest(*arguments, **options)
