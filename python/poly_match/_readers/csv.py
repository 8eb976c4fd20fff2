"""Read CSV in chunks, with all cells preserved.

Every cell stays text, so that 007 stays 007 and 1.50 stays 1.50; x and y are parsed in addition. An empty
cell is null, `""` is an empty string. Files are split into chunks between rows, so that memory is constant,
pipes work like files, and errors can name the row. Arrow parses each chunk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.csv as pacsv  # type: ignore[import-untyped]

from poly_match._forms.numbers import Doubles
from poly_match._readers.dialect import Bytes, Dialect, decoded, is_number, recognized_delimiter
from poly_match._readers.problems import Problem, UsageProblem

__all__ = ["NO_HEADER", "CsvRows", "Numbers"]

BLOCK = 4 << 20  # bytes of CSV in memory at a time
LONGEST_ROW = 64 << 20  # bytes; a longer row means a quote that is never closed
NO_HEADER = ("--no-header",)


class _Endless(Exception):
    """A quoted cell starts here and does not end."""


class CsvRows:
    """The rows of a CSV file as record batches of text.

    Parameters
    ----------
    source
        Where the bytes come from; the header is read immediately, the rows on demand.
    path
        The name of the file in messages.
    """

    def __init__(self, source: Bytes, path: str, delimiter: str | None, dialect: Dialect) -> None:
        self.path = path
        start = _Peeked(decoded(source, path, dialect.encoding))
        self.delimiter = delimiter or recognized_delimiter(start.start)
        self._chunks = self._with_problems(_chunks(start, self.delimiter))
        first = next(self._chunks, b"")
        end = _end_of_first_row(first, self.delimiter)
        self.names = self._names(first[:end], dialect.header)
        self._first = first[end:] if dialect.header else first

    def first_row(self) -> dict[str, str | None]:
        """Return the cells of the first row; none where there is no row, or it is odd."""
        row = self._first[: _end_of_first_row(self._first, self.delimiter)]
        try:
            rows = self._parsed(row, 0).to_pylist() if row.strip() else []
        except Problem:  # it comes again, when the row does
            return {}
        return dict(rows[0]) if rows else {}

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows of the file, in order."""
        rows = 0
        for chunk in self._all():
            if chunk and not chunk.isspace():
                batch = self._parsed(chunk, rows)
                rows += batch.num_rows
                yield batch

    def _all(self) -> Iterator[bytes]:
        yield self._first
        yield from self._chunks

    def _with_problems(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from chunks
        except _Endless as error:
            start = error.args[0][:40].decode(errors="replace")
            raise Problem(f"{self.path}: a quote is opened and never closed, before: {start}") from None

    def _names(self, line: bytes, is_header: bool) -> list[str]:
        if not line.strip():
            expected = "a header line with the names of the columns" if is_header else "rows"
            raise Problem(f"{self.path}: is empty; expected {expected}")
        if b"\r" in _quoted_cells(self.delimiter).sub(b"", line).rstrip(b"\r\n"):
            raise Problem(f"{self.path}: lines end in a carriage return alone; convert them to line feeds")
        try:
            names = pacsv.read_csv(
                _reader(line.rstrip(b"\r\n") + b"\n"), parse_options=self._syntax()
            ).column_names
        except pa.ArrowInvalid as error:
            raise Problem(f"{self.path}: the header: {_sentence(error)}") from None
        if not is_header:
            return ["x", "y"] if len(names) == 2 else [f"column_{i}" for i in range(1, len(names) + 1)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice and any(is_number(name) for name in names):
            raise UsageProblem(f"{self.path}: its first line is data, not the names of columns", NO_HEADER)
        if twice:
            raise Problem(f"{self.path}: the header has a column twice: {', '.join(twice)}; rename one")
        return list(names)

    def _parsed(self, chunk: bytes, rows_before: int) -> pa.RecordBatch:
        try:
            table = pacsv.read_csv(
                _reader(chunk),
                read_options=pacsv.ReadOptions(column_names=self.names, block_size=len(chunk) + 1),
                parse_options=self._syntax(),
                convert_options=pacsv.ConvertOptions(
                    column_types={name: pa.string() for name in self.names},
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid as error:
            raise Problem(f"{self.path}: {self._located(error, chunk, rows_before)}") from None
        return table.combine_chunks().to_batches()[0]

    def _located(self, error: Exception, chunk: bytes, rows_before: int) -> str:
        """Return the problem and its row, found by parsing the chunk again."""
        wrong: list[Any] = []

        def note(row: Any) -> str:
            wrong.append(row)
            return "skip"

        options = pacsv.ReadOptions(column_names=self.names, block_size=len(chunk) + 1, use_threads=False)
        as_bytes = pacsv.ConvertOptions(column_types={name: pa.binary() for name in self.names})
        cells = pacsv.read_csv(_reader(chunk), options, self._syntax(note), as_bytes).to_pydict()
        first = "(the first after the header is 1)"
        if wrong:
            row = wrong[0]
            return (
                f"row {rows_before + row.number} {first} has {row.actual_columns} cells, "
                f"the header {row.expected_columns}: {row.text[:60]}"
            )
        for number, row in enumerate(zip(*cells.values(), strict=True), rows_before + 1):
            for name, cell in zip(self.names, row, strict=True):
                try:
                    cell.decode()
                except UnicodeDecodeError:
                    return (
                        f"row {number} {first}: column {name} is not UTF-8 text; name its encoding, as in "
                        "--encoding cp1252"
                    )
        return _sentence(error)

    def _syntax(self, wrong: Callable[[Any], str] | None = None) -> Any:
        return pacsv.ParseOptions(
            delimiter=self.delimiter, newlines_in_values=True, invalid_row_handler=wrong
        )


class _Peeked:
    """Bytes whose start can be looked at before they are read."""

    def __init__(self, source: Bytes) -> None:
        self.source, self.start = source, source.read(BLOCK)

    def read(self, size: int, /) -> bytes:
        start, self.start = self.start, b""
        return start or self.source.read(size)


def _reader(data: bytes) -> Any:
    """Return a file in memory of Arrow's own.

    A thread of Arrow's may give it back when the interpreter is shutting down already; memory of Python's
    would end the process there (see `ending`).
    """
    buffer = pa.allocate_buffer(len(data))
    memoryview(buffer).cast("B")[:] = data
    return pa.BufferReader(buffer)


def _chunks(source: Bytes, delimiter: str) -> Iterator[bytes]:
    """Yield the bytes in chunks that end at the end of a row."""
    quoted = _quoted_cells(delimiter)
    rest = b""
    while data := source.read(BLOCK):
        rest += data
        end = _last_row_end(rest, quoted)
        if end:
            yield rest[:end]
            rest = rest[end:]
        elif len(rest) > LONGEST_ROW:
            raise _Endless(rest)
    for cell in quoted.finditer(rest):
        if not cell["end"]:
            raise _Endless(rest[cell.start() :])
    if rest:
        yield rest


def _quoted_cells(delimiter: str) -> re.Pattern[bytes]:
    """Return a pattern for quoted cells: a quote opens one only at the start of a cell."""
    return re.compile(
        rb'(?:\A|(?<=[\n\r%s]))"[^"]*+(?:""[^"]*+)*+(?P<end>"|\Z)' % re.escape(delimiter.encode())
    )


def _last_row_end(data: bytes, quoted: re.Pattern[bytes]) -> int:
    """Return where the last complete row ends, 0 if there is none; `data` starts with a row."""
    end = data.rfind(b"\n") + 1
    if b'"' not in data:
        return end
    spans = [match.span() for match in quoted.finditer(data)]
    while end and spans:
        while spans and spans[-1][0] >= end:
            spans.pop()
        if not spans or spans[-1][1] < end:
            break
        end = data.rfind(b"\n", 0, spans[-1][0]) + 1
    return end


def _end_of_first_row(data: bytes, delimiter: str) -> int:
    position = 0
    for match in _quoted_cells(delimiter).finditer(data):
        end = data.find(b"\n", position, match.start())
        if end >= 0:
            return end + 1
        position = match.end()
    end = data.find(b"\n", position)
    return end + 1 if end >= 0 else len(data)


# ---- cells as numbers --------------------------------------------------------------------------------------


class Numbers:
    """How the cells of a text table become numbers.

    Parameters
    ----------
    path
        The name of the file in messages.
    delimiter
        Where it is ";", a comma in a number is a decimal comma.

    Attributes
    ----------
    missing
        Words that stand for no value, by column: how many there were, and the first of them.
    """

    def __init__(self, path: str, delimiter: str, dialect: Dialect) -> None:
        self.path = path
        self.decimal = dialect.decimal or ("," if delimiter == ";" else ".")
        self.words = pa.array(sorted({word.lower() for word in dialect.missing}), pa.string())
        self.missing: dict[str, tuple[int, str]] = {}

    def parsed(self, column: Any, name: str, rows_before: int) -> Doubles:
        """Return a column of text as doubles, NaN where there is no value; other text is an error."""
        text = self.cells(column)
        try:
            numbers = pc.cast(self._with_points(text), pa.float64())
        except pa.ArrowInvalid:
            text = self._without_words(text, name)
            try:
                numbers = pc.cast(self._with_points(text), pa.float64())
            except pa.ArrowInvalid:
                raise self._no_number(text, name, rows_before) from None
        return np.asarray(numbers.fill_null(float("nan")).to_numpy(zero_copy_only=False))

    def cells(self, column: Any) -> Any:
        """Return the cells without spaces around them, empty ones as null."""
        text = pc.utf8_trim_whitespace(column)
        if pc.any(pc.equal(text, "")).as_py():
            text = pc.if_else(pc.equal(text, ""), pa.scalar(None, text.type), text)
        return text

    def _with_points(self, text: Any) -> Any:
        return text if self.decimal == "." else pc.replace_substring(text, self.decimal, ".")

    def _without_words(self, text: Any, name: str) -> Any:
        """Return the cells, null where they are a word for a missing value, and count those."""
        found = pc.fill_null(pc.is_in(pc.utf8_lower(text), value_set=self.words), False)
        words = text.filter(found)
        if len(words):
            count, first = self.missing.get(name, (0, words[0].as_py()))
            self.missing[name] = count + len(words), first
        return pc.if_else(found, pa.scalar(None, text.type), text)

    def _no_number(self, text: Any, name: str, rows_before: int) -> Problem:
        values = text.to_pylist()
        row = next(row for row, value in enumerate(values) if not self._is_double(value))
        value = values[row]
        place = f"row {rows_before + row + 1} (the first after the header is 1)"
        fix = "correct it, or leave it empty; --na WORD says that a word means no value"
        if "," in value and is_number(value) and self.decimal == ".":
            return UsageProblem(
                f"{self.path}: {place}: column {name} is {value!r}, with a comma in it", ("--decimal", ",")
            )
        return Problem(f"{self.path}: {place}: column {name} is {value!r}, not a number; {fix}")

    def _is_double(self, value: str | None) -> bool:
        try:
            pc.cast(self._with_points(pa.array([value], pa.string())), pa.float64())
        except pa.ArrowInvalid:
            return False
        return True


def _sentence(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
