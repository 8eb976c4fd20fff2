"""What an index knows beside the engine's block: its CRS and the names of its regions, as bytes in the block.

The bytes are a line of JSON, filled up with blanks to a multiple of 8, and for names an array of text: where
each begins and ends, 64 bits each, then the text. `docs/abi.md` has the format, for other readers. Bytes of
somebody else are no error: an index that was made in C may keep what it likes.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from poly_match._errors import type_error

__all__ = ["Note"]

START = b'{"poly_match": '
VERSION = 1
STORED = (str, int, float, bool, type(None))


class Note(NamedTuple):
    """The CRS as `crs_text` gives it, and the names with None at the end."""

    crs: str | None
    names: npt.NDArray[np.object_] | None

    def to_bytes(self) -> bytes:
        """Return the bytes; none where there is nothing to keep."""
        if self.crs is None and self.names is None:
            return b""
        about: dict[str, Any] = {"poly_match": VERSION}
        if self.crs is not None:
            about["crs"] = self.crs
        body = b""
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
            texts = [
                (name if are_text else json.dumps(name)).encode("utf-8", "surrogatepass") for name in names
            ]
            about["names"] = {"count": len(names), "as": "text" if are_text else "json"}
            ends = np.cumsum([0, *map(len, texts)], dtype=np.int64)
            body = ends.tobytes() + b"".join(texts)
        line = json.dumps(about).encode()
        return line + b" " * (-(len(line) + 1) % 8) + b"\n" + body

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
        line, _, body = note.partition(b"\n")
        try:
            about = json.loads(line)
            crs, names = about.get("crs"), about.get("names")
            if about["poly_match"] != VERSION or not isinstance(crs, (str, type(None))):
                raise ValueError
            return cls(crs, None if names is None else _names_from(body, names["count"], names["as"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise ValueError(
                "the names and the CRS in this index are damaged, or of another version; build it again"
            ) from None


def _names_from(body: bytes, count: Any, kind: Any) -> npt.NDArray[np.object_]:
    if type(count) is not int or not 0 <= count < len(body) // 8 or kind not in ("text", "json"):
        raise ValueError
    ends = np.frombuffer(body, dtype=np.int64, count=count + 1)
    text = body[8 * (count + 1) :]
    if ends[0] != 0 or ends[-1] != len(text) or (ends[1:] < ends[:-1]).any():
        raise ValueError
    names = np.empty(count + 1, dtype=object)
    starts = ends.tolist()
    for row in range(count):
        name = text[starts[row] : starts[row + 1]].decode("utf-8", "surrogatepass")
        names[row] = name if kind == "text" else json.loads(name)
    return names
