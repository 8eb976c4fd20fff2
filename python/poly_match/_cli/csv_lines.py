"""Record batches as the lines of a CSV file: a cell is quoted only if necessary.

A null is an empty cell, an empty string is `""`, so that both are preserved.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

__all__ = ["CsvLines", "is_texty"]

_TEXT = pa.large_string()


class CsvLines:
    """Record batches as the lines of a CSV file.

    The values of a dictionary column are converted to text once, for as long as the dictionary is the same.
    """

    def __init__(self, names: list[str], delimiter: str) -> None:
        self.delimiter = delimiter
        self.header = bytes(self._joined([pa.array([name], _TEXT) for name in names]))
        self._known: dict[int, tuple[Any, Any]] = {}  # column -> its dictionary, and that as text

    def lines(self, batch: pa.RecordBatch) -> memoryview:
        """Return the bytes of the rows."""
        return self._joined([self._cells(i, column) for i, column in enumerate(batch.columns)], ready=True)

    def _joined(self, columns: list[Any], ready: bool = False) -> memoryview:
        cells = columns if ready else [self._quoted(column) for column in columns]
        joined = pc.binary_join_element_wise(
            *cells, _scalar(self.delimiter), null_handling="replace", null_replacement=""
        )
        ended = pc.binary_join_element_wise(
            joined, _scalar(""), _scalar("\n")
        )  # line, nothing, line break between
        return _bytes_of(ended)

    def _cells(self, place: int, column: Any) -> Any:
        if not pa.types.is_dictionary(column.type):
            return self._quoted(column)
        values = column.dictionary
        known = self._known.get(place)
        if known is None or _address(known[0]) != _address(values):
            known = self._known[place] = values, self._quoted(values)
        return known[1].take(column.indices)

    def _quoted(self, column: Any) -> Any:
        text = _text_of(column)
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            return text  # numbers and times need no quotes
        must = pc.match_substring_regex(text, f'^$|["\r\n{self.delimiter}]')
        if not pc.any(must, min_count=0).as_py():
            return text
        doubled = pc.replace_substring(text, '"', '""')
        wrapped = pc.binary_join_element_wise(_scalar('"'), doubled, _scalar('"'), _scalar(""))
        return pc.if_else(must, wrapped, text)


def is_texty(kind: pa.DataType) -> bool:
    """Return whether values of a type can be written as text."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return False  # Arrow would treat the bytes as text
    try:
        pc.cast(pa.nulls(0, kind), _TEXT)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return False
    return True


def _text_of(column: Any) -> Any:
    """Return a column of any scalar type as text."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return pc.cast(column, _TEXT)


def _address(array: Any) -> tuple[Any, ...]:
    """Return the addresses of an array's memory; while we hold it, no other array has them."""
    return (len(array), array.offset, *(buffer and buffer.address for buffer in array.buffers()))


def _scalar(value: str) -> Any:
    return pa.scalar(value, _TEXT)


def _bytes_of(strings: Any) -> memoryview:
    """Return the bytes of an array of large strings, which are already contiguous."""
    _, offsets, data = strings.buffers()
    if data is None or not len(strings):
        return memoryview(b"")
    places = np.frombuffer(offsets, dtype=np.int64)[strings.offset : strings.offset + len(strings) + 1]
    return memoryview(data)[int(places[0]) : int(places[-1])]
