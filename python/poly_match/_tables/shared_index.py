"""The index in a worker process: the given one, or a file that is opened once per process.

A job on many machines passes either the index itself or the path of a file that every worker can read. Such a
file is mapped, so that all processes of a machine share its memory, and it stays open for later tasks. A file
that was replaced is opened again.
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
    """Return the index itself, or the one in the file."""
    if isinstance(index, Index):
        return index
    path = os.fspath(index)
    status = os.stat(path)
    stamp = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    known = _OPENED.get(path)
    if known is None or known[0] != stamp:
        known = _OPENED[path] = (stamp, Index.open(path))
    return known[1]


def is_index(index: Any) -> bool:
    """Return whether the argument is an index or the path of one: of none of the formats of regions."""
    if isinstance(index, (str, os.PathLike)):
        from poly_match._readers.formats import OTHER, format_of

        return format_of(os.fspath(index)) is OTHER
    return isinstance(index, Index)


def check_index(index: Any) -> IndexOrPath:
    """Return the argument if it is an index or a path; raise otherwise."""
    if not isinstance(index, (Index, str, os.PathLike)):
        raise type_error(
            "index",
            "expected a poly_match.Index, or the path of a file that Index.save wrote; "
            f"got {type(index).__name__}",
        )
    return index
