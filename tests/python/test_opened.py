"""The index of a worker process: opened once, and again when its file was replaced."""

from __future__ import annotations

import poly_match as pm
import pytest
from conftest import square
from poly_match._tables.shared_index import check_index, opened


def test_an_index_is_itself():
    index = pm.Index([square(0, 0, 1)])
    assert opened(index) is index


def test_a_file_is_opened_once_and_again_when_it_was_replaced(tmp_path):
    path = tmp_path / "squares.pmx"
    pm.Index([square(0, 0, 1)]).save(path)
    first = opened(path)
    assert opened(str(path)) is first
    pm.Index([square(0, 0, 1), square(5, 5, 1)]).save(path)
    second = opened(path)
    assert (len(first), len(second)) == (1, 2)
    assert opened(path) is second
    assert first.match([(0.5, 0.5)]).tolist() == [0]  # what has it may go on using it


def test_what_is_no_index_is_an_error(tmp_path):
    (tmp_path / "text.pmx").write_text("not an index")
    with pytest.raises(ValueError, match=r"text\.pmx: "):
        opened(tmp_path / "text.pmx")
    with pytest.raises(FileNotFoundError):
        opened(tmp_path / "nowhere.pmx")
    with pytest.raises(TypeError, match=r"index: expected a poly_match\.Index, or the path of a file"):
        check_index([square(0, 0, 1)])
