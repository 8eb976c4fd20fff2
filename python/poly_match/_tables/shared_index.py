"""The index a worker process uses: the one it was given, or the file it was named, opened once per process.

A job on many machines hands over its index either as it is or as the path of a file that every worker sees.
Such a file is mapped, so all processes of a machine share its memory, and it stays open for the tasks to
come. A file that was replaced is opened again.
"""

from __future__ import annotations

import os
from typing import Any

from poly_match._errors import type_error
from poly_match._index import Index

__all__ = ["IndexOrPath", "opened"]

IndexOrPath = Index | str | os.PathLike[str]

_OPENED: dict[str, tuple[tuple[int, ...], Index]] = {}


def opened(index: IndexOrPath) -> Index:
    """Return the index itself, or the one in the file of this name."""
    if isinstance(index, Index):
        return index
    path = os.fspath(index)
    status = os.stat(path)
    stamp = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    known = _OPENED.get(path)
    if known is None or known[0] != stamp:
        known = _OPENED[path] = (stamp, Index.open(path))
    return known[1]


def check_index(index: Any) -> IndexOrPath:
    """Return the argument when it is an index or a path."""
    if not isinstance(index, (Index, str, os.PathLike)):
        raise type_error(
            "index",
            "expected a poly_match.Index, or the path of a file that Index.save wrote; "
            f"got {type(index).__name__}",
        )
    return index
