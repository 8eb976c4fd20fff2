"""The dialect of a text table: which encoding, delimiter and decimal sign, with a header or without.

What the first lines of a file leave no doubt about is recognized: UTF-16 by its first bytes, the delimiter by
its being in each line equally often, a decimal comma where `;` delimits. Everything else has an option.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from poly_match._readers.problems import Problem

__all__ = ["MISSING", "Bytes", "Dialect", "decoded", "is_number", "recognized_delimiter"]

# Cells that say there is no value, in any case; an empty one always does. "nan" is a number that is none.
MISSING = ("NA", "N/A", "#N/A", "NULL", "None", r"\N", "-")
DELIMITERS = ",;\t|"
FIRST = 1 << 16  # bytes of a file that are looked at
LINES = 20  # of those
_QUOTED = re.compile(r'"[^"]*"')
_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d+(,\d+)?\s*")
_NUMBER = re.compile(r"\s*[-+]?(\d+[.,]?\d*|[.,]\d+)([eE][-+]?\d+)?\s*")


class Bytes(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Dialect:
    """What the options say of a text table; None: to be recognized."""

    delimiter: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    header: bool = True
    missing: tuple[str, ...] = MISSING


def is_number(cell: str) -> bool:
    """Return whether a cell looks like a number."""
    return _NUMBER.fullmatch(cell) is not None


def recognized_delimiter(start: bytes) -> str:
    """Return what delimits the cells in the first lines of a table; a comma when nothing does.

    Of the characters that each line has equally often, the one that there are most of. Where the commas are
    in numbers, and another character fits as well, they are decimal commas.
    """
    lines = _QUOTED.sub("", start[:FIRST].decode(errors="replace")).splitlines()
    lines = [line for line in lines[: LINES + 1] if line.strip()]
    if len(lines) > 1:
        lines = lines[: min(LINES, len(lines) - 1)] if len(start) >= FIRST else lines[:LINES]
    counts = {each: {line.count(each) for line in lines} for each in DELIMITERS}
    fitting = [each for each in DELIMITERS if len(counts[each]) == 1 and max(counts[each]) > 0]
    others = [each for each in fitting if each != ","]
    for other in others:
        if all(_DECIMAL_COMMA.fullmatch(cell) for line in lines for cell in line.split(other)):
            return other
    return max(fitting, key=lambda each: max(counts[each])) if fitting else ","


# ---- encodings -------------------------------------------------------------------------------------------


def decoded(source: Bytes, path: str, encoding: str | None) -> Bytes:
    """Return the bytes of a text file in UTF-8, whatever it is in."""
    start = source.read(FIRST)
    known = encoding or _recognized_encoding(start)
    whole = _Joined(start, source)
    return whole if known is None else _Decoded(whole, path, known)


def _recognized_encoding(start: bytes) -> str | None:
    """Return "utf-16" for a file that begins like one, None for UTF-8."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    evens, odds = start[:400:2], start[1:400:2]
    if odds and odds.count(0) > len(odds) * 0.7:
        return "utf-16-le"
    if evens and evens.count(0) > len(evens) * 0.7:
        return "utf-16-be"
    return None


class _Joined:
    """Bytes that were read already, and the rest after them."""

    def __init__(self, start: bytes, rest: Bytes) -> None:
        self.start, self.rest = start, rest

    def read(self, size: int, /) -> bytes:
        start, self.start = self.start, b""
        if len(start) > size:
            start, self.start = start[:size], start[size:]
        return start + self.rest.read(size - len(start)) if len(start) < size else start


class _Decoded:
    """Bytes of another encoding as UTF-8."""

    def __init__(self, source: Bytes, path: str, encoding: str) -> None:
        self.path, self.encoding = path, encoding
        self.pieces = self._pieces(source)

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, about as many; none at the end."""
        self.size = size
        return next(self.pieces, b"")

    def _pieces(self, source: Bytes) -> Iterator[bytes]:
        decoder = codecs.getincrementaldecoder(self.encoding)()
        try:
            while data := source.read(self.size):
                if text := decoder.decode(data):
                    yield text.encode()
            decoder.decode(b"", final=True)
        except UnicodeError:
            raise Problem(f"{self.path}: is not text in {self.encoding}; give --encoding NAME") from None
