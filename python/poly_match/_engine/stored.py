"""The bytes of a saved index: mapped, so that processes share them, or read into private memory."""

from __future__ import annotations

import os
from mmap import ACCESS_READ, mmap

from poly_match._errors import value_error

__all__ = ["loaded"]


def loaded(path: str | os.PathLike[str], mapped: bool) -> mmap:
    """Return the bytes of a file. Private memory starts at a page, where matching is fastest."""
    name = os.fspath(path)
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if not size:
            raise value_error(name, "not an index: the file is empty")
        if mapped:
            return mmap(file.fileno(), 0, access=ACCESS_READ)
        memory = mmap(-1, size)
        if file.readinto(memory) != size:
            raise value_error(name, "damaged: it became shorter while it was read")
        return memory
