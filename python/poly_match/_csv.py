"""CSV in and out, in pieces, and without touching what it says.

Every cell is kept as the text it is, so that 007 stays 007 and 1.50 stays 1.50; only x and y are parsed,
beside. A row is written by joining its cells, and a cell is quoted only when it must be.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.csv as pacsv  # type: ignore[import-untyped]

from poly_match._numbers import Doubles

CODECS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
_TEXT = pa.large_string()
BLOCK = 4 << 20  # bytes of CSV that are in memory at a time


class CsvError(ValueError):
    """A CSV file that cannot be read; the message names the file and, where known, the row."""


class Reader:
    """A CSV file as a stream of record batches of strings.

    Parameters
    ----------
    path
        The file; decompressed on the way when its name ends in .gz, .bz2 or .zst.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = path.stat().st_size
        self.names = self._header()

    def position(self) -> int:
        """Return how many bytes of the file have been read."""
        return self._raw.tell() if not self._raw.closed else self.size

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows of the file, in order."""
        reader = self._open({name: pa.string() for name in self.names})
        try:
            yield from reader
        except pa.ArrowInvalid as error:
            raise CsvError(_sentence(self.path, error)) from None
        finally:
            self._raw.close()

    def _header(self) -> list[str]:
        names = list(self._open({}).schema.names)
        self._raw.close()
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise CsvError(f"{self.path}: the header has a column twice: {', '.join(twice)}")
        return names

    def _open(self, types: dict[str, Any]) -> Any:
        # Arrow's own file: its reading thread must not need the interpreter, which may be on its way out.
        self._raw: Any = pa.OSFile(str(self.path), mode="rb")
        source: Any = self._raw
        codec = CODECS.get(self.path.suffix.lower())
        if codec is not None:
            source = pa.CompressedInputStream(source, codec)
        try:
            return pacsv.open_csv(
                source,
                read_options=pacsv.ReadOptions(block_size=BLOCK, use_threads=False),
                parse_options=pacsv.ParseOptions(newlines_in_values=True),
                convert_options=pacsv.ConvertOptions(column_types=types, strings_can_be_null=False),
            )
        except (pa.ArrowInvalid, OSError) as error:
            self._raw.close()
            raise CsvError(_sentence(self.path, error)) from None


def numbers_of(column: Any, path: Path, name: str, rows_before: int) -> Doubles:
    """Return a column of text as doubles, NaN where it is empty; no number: an error with its row."""
    text = pc.utf8_trim_whitespace(column)
    text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    try:
        numbers = pc.cast(text, pa.float64())
    except pa.ArrowInvalid:
        for row, value in enumerate(text.to_pylist()):
            try:
                pc.cast(pa.array([value], pa.string()), pa.float64())
            except pa.ArrowInvalid:
                raise CsvError(
                    f"{path}: row {rows_before + row + 1} (the first after the header is 1): "
                    f"column {name} is {value!r}, not a number; correct it, or leave it empty"
                ) from None
        raise
    return np.asarray(numbers.fill_null(float("nan")).to_numpy(zero_copy_only=False))


def lines_of(columns: list[Any]) -> memoryview:
    """Return the bytes of the rows that these columns of strings make; null is an empty cell."""
    cells = [_quoted(column) for column in columns]
    joined = pc.binary_join_element_wise(*cells, _text(","), null_handling="replace", null_replacement="")
    ended = pc.binary_join_element_wise(joined, _text(""), _text("\n"))  # line, nothing, a line break between
    return _bytes_of(ended)


def text_of(column: Any) -> Any:
    """Return a column of any scalar type as strings."""
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    return pc.cast(column, _TEXT)


def _text(value: str) -> Any:
    return pa.scalar(value, _TEXT)


def _quoted(column: Any) -> Any:
    must = pc.match_substring_regex(column, '[",\r\n]')
    if not pc.any(must, min_count=0).as_py():
        return pc.cast(column, _TEXT)
    text = pc.cast(column, _TEXT)
    doubled = pc.replace_substring(text, '"', '""')
    wrapped = pc.binary_join_element_wise(_text('"'), doubled, _text('"'), _text(""))
    return pc.if_else(must, wrapped, text)


def _bytes_of(strings: Any) -> memoryview:
    """Return the characters of an array of large strings: they lie one after the other already."""
    _, offsets, data = strings.buffers()
    if data is None or not len(strings):
        return memoryview(b"")
    places = np.frombuffer(offsets, dtype=np.int64)[strings.offset : strings.offset + len(strings) + 1]
    return memoryview(data)[int(places[0]) : int(places[-1])]


def _sentence(path: Path, error: Exception) -> str:
    first = str(error).splitlines()[0] if str(error) else type(error).__name__
    return f"{path}: {first}"
