"""What an index knows beside the engine's block: its CRS and the names of its regions, as bytes in the block.

The bytes are a head of fixed size, for names an array of where each begins and ends, and the text of names
and CRS, so that C reads a name where it lies (`pm_index_name()` in `src/index/note.c`). `docs/abi.md` has the
format, for other readers. Bytes of somebody else are no error: an index that was made in C may keep what it
likes.
"""

from __future__ import annotations

import json
import struct
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from poly_match._errors import type_error

__all__ = ["Note"]

START, VERSION = b"pm-note", b"1"
HEAD = struct.Struct("=8sQQQ")  # magic, flags, bytes of the CRS, count of names
HAS_CRS, HAS_NAMES, NAMES_ARE_JSON, ALL_FLAGS = 1, 2, 4, 7
STORED = (str, int, float, bool, type(None))


class Note(NamedTuple):
    """The CRS as `crs_text` gives it, and the names with None at the end."""

    crs: str | None
    names: npt.NDArray[np.object_] | None

    def to_bytes(self) -> bytes:
        """Return the bytes; none where there is nothing to keep."""
        if self.crs is None and self.names is None:
            return b""
        flags, offsets, texts = 0, b"", []
        if self.names is not None:
            names = self.names[:-1].tolist()
            for row, name in enumerate(names):
                if type(name) not in STORED:
                    raise type_error(
                        "names",
                        f"an index stores text, numbers and None, got {type(name).__name__}; give others to "
                        "match(names=...)",
                        row,
                    )
            are_text = all(type(name) is str for name in names)
            texts = [_encoded(name if are_text else json.dumps(name)) for name in names]
            offsets = np.cumsum([0, *map(len, texts)], dtype=np.int64).tobytes()
            flags |= HAS_NAMES if are_text else HAS_NAMES | NAMES_ARE_JSON
        crs = b""
        if self.crs is not None:
            crs = _encoded(self.crs)
            flags |= HAS_CRS
        return b"".join([HEAD.pack(START + VERSION, flags, len(crs), len(texts)), offsets, *texts, crs])

    @classmethod
    def from_bytes(cls, note: bytes) -> Self:
        """Return what the bytes say; nothing where they are somebody else's.

        Raises
        ------
        ValueError
            They are ours, and damaged or of a later version.
        """
        if not note.startswith(START):
            return cls(None, None)
        try:
            magic, flags, crs_size, count = HEAD.unpack_from(note)
            body = note[HEAD.size :]
            if magic != START + VERSION or flags > ALL_FLAGS or crs_size > len(body):
                raise ValueError
            names = body[: len(body) - crs_size]
            return cls(
                _decoded(body[len(names) :]) if flags & HAS_CRS else None,
                _names_from(names, count, bool(flags & NAMES_ARE_JSON)) if flags & HAS_NAMES else None,
            )
        except (ValueError, RecursionError, struct.error):
            raise ValueError(
                "the names and the CRS in this index are damaged, or of another version; build it again"
            ) from None


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def _names_from(body: bytes, count: int, are_json: bool) -> npt.NDArray[np.object_]:
    if count >= len(body) // 8:
        raise ValueError
    offsets = np.frombuffer(body, dtype=np.int64, count=count + 1)
    text = body[8 * (count + 1) :]
    if offsets[0] != 0 or offsets[-1] != len(text) or (offsets[1:] < offsets[:-1]).any():
        raise ValueError
    names = np.empty(count + 1, dtype=object)
    begins = offsets.tolist()
    for row in range(count):
        name = _decoded(text[begins[row] : begins[row + 1]])
        names[row] = json.loads(name) if are_json else name
    return names
