"""The cells of an index fill a square, and answer as the index does."""

import numpy as np
import poly_match as pm
import pytest

SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def regions():
    """Return overlapping squares, some regions of two of them."""
    random = np.random.default_rng(8)
    rings = SQUARE * random.uniform(0.2, 2, (300, 1, 1)) + random.uniform(0, 20, (300, 1, 2))
    ends = np.concatenate((np.arange(0, 200, 2), np.arange(200, 301)))
    return pm.Regions(rings.reshape(-1, 2), 4 * np.arange(301), np.arange(301), ends)


@pytest.mark.parametrize(
    "rules", [{}, {"best": "largest"}, {"predicate": "center_within", "distance": 1.5}], ids=str
)
def test_cells_fill_a_square_and_answer_as_the_index_does(rules):
    index = pm.Index(regions(), **rules)
    boxes, kinds, answers = index._cells()
    assert (boxes.shape, kinds.shape, answers.shape) == ((len(boxes), 4), (len(boxes),), (len(boxes),))
    assert (boxes.dtype, kinds.dtype, answers.dtype) == (np.float64, np.uint8, np.intp)
    sides = boxes[:, 2:] - boxes[:, :2]
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    assert (low < index.bounds[:2]).all()
    assert (high > index.bounds[2:]).all()
    assert sides.prod(axis=1).sum() == pytest.approx((high - low).prod(), rel=1e-10)
    assert set(kinds) == {0, 2}
    assert (answers[kinds == 2] == -1).all()
    assert answers.max() > 100
    for place in ((0.5, 0.5), (0.001, 0.999), (0.999, 0.001)):
        found = index.match(boxes[:, :2] + place * sides)
        assert (found == answers)[kinds == 0].all()


def test_an_index_without_a_tree_has_no_cells():
    boxes, kinds, answers = pm.Index([SQUARE])._cells()
    assert (boxes.shape, kinds.shape, answers.shape) == ((0, 4), (0,), (0,))
