"""An index as one WebAssembly module without imports: `region(x, y)` gives a position, or -1.

The package comes with a template, `region.wasm`: the part of the library that matches, compiled from
`js/wasm/region.c`, which says what it expects where its memory ends. The block becomes one more data segment
there, so nobody needs a compiler. The format is that of the WebAssembly specification, version 1 [1]_.

References
----------
.. [1] https://www.w3.org/TR/wasm-core-1/#binary-format
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from poly_match._errors import value_error

__all__ = ["module_of"]

TEMPLATE = Path(__file__).parent / "region.wasm"
HEAD = 64  # bytes before the block; the first eight are its size
PAGE = 65_536
MOST_PAGES = 65_536
PREFIX = b"\0asm\1\0\0\0"
MEMORY, DATA, DATA_COUNT = 5, 11, 12  # numbers of sections


def module_of(block: bytes | memoryview, regions: int) -> bytes:
    """Return the module for a block with this many regions.

    Raises
    ------
    ValueError
        It would need more than the 4 GB that a module can have.
    """
    sections = dict(_sections(TEMPLATE.read_bytes()))
    _, limits = _number(sections[MEMORY], 0)  # of the only memory
    has_most, at = sections[MEMORY][limits], limits + 1
    first, _ = _number(sections[MEMORY], at)
    room = 4 * regions + PAGE  # for what opening allocates: ranks, and a few hundred bytes
    pages = first + -(-(HEAD + len(block) + room) // PAGE)
    if has_most or pages > MOST_PAGES:
        raise value_error(
            "output", f"{len(block):,} bytes of an index are too many for a module: 4 GB is the most"
        )
    sections[MEMORY] = b"\1\0" + _encoded(pages)
    count, at = _number(sections[DATA], 0)
    start = b"\0\x41" + _signed(first * PAGE) + b"\x0b"  # memory 0, at the constant
    head = struct.pack("<Q", len(block)).ljust(HEAD, b"\0")
    segment = start + _encoded(HEAD + len(block)) + head
    sections[DATA_COUNT] = _encoded(count + 1)
    sections[DATA] = b"".join([_encoded(count + 1), sections[DATA][at:], segment, block])
    parts = [PREFIX]
    for number, content in sections.items():
        parts += [bytes([number]), _encoded(len(content)), content]
    return b"".join(parts)


def _sections(module: bytes) -> Iterator[tuple[int, bytes]]:
    at = len(PREFIX)
    while at < len(module):
        number = module[at]
        size, at = _number(module, at + 1)
        yield number, module[at : at + size]
        at += size


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Return the unsigned LEB128 number at a position, and the position after it."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _encoded(value: int) -> bytes:
    """Return a number as unsigned LEB128."""
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _signed(value: int) -> bytes:
    """Return a number that is not negative as signed LEB128: its last byte has a sign."""
    found = _encoded(value)
    return found if found[-1] < 0x40 else found[:-1] + bytes([found[-1] | 0x80, 0])
