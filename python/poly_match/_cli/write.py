"""Write files: record batches to every format, with one function per family.

A writer is a context manager that yields a function; it takes batches of the schema that the writer was
opened with. The file appears if the context succeeds; after an exception nothing has changed. Rows keep their
order.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa  # type: ignore[import-untyped]

from poly_match._cli.csv_lines import CsvLines, is_texty
from poly_match._files import beside, naming, put, renaming, replacing
from poly_match._readers.coordinates import crs_of
from poly_match._readers.formats import CODECS, PIPE, Format
from poly_match._readers.problems import Problem, UsageProblem
from poly_match._readers.sources import ROWS, Geometry

__all__ = ["Target", "Write", "held", "open_target"]

Write = Callable[[pa.RecordBatch], None]


@dataclass
class Target:
    """What to write, and where.

    Columns with few different values may be dictionaries in the batches, though not in the schema.
    """

    path: str
    format: Format
    schema: pa.Schema
    geometry: Geometry | None = None
    crs: Any = None
    geo: dict[str, Any] | None = None  # the metadata of the GeoParquet file that the geometry comes from
    geometry_type: str = "Unknown"  # as GDAL calls it
    repeated: tuple[str, ...] = ()  # columns with few different values


def open_target(target: Target) -> AbstractContextManager[Write]:
    """Return the writer of a target."""
    for field in target.schema:
        if not held(target.format, field, target.geometry):
            raise Problem(
                f"{target.path}: {target.format.name} cannot hold the column {field.name} ({field.type}); "
                "write .parquet or .arrow, or leave it out"
            )
    return _WRITERS[target.format.family](target)


def held(format: Format, field: pa.Field, geometry: Geometry | None) -> bool:
    """Return whether a format can hold a column."""
    if format.family in ("parquet", "arrow") or (geometry is not None and field.name == geometry.name):
        return True
    if format.family == "csv":
        return not pa.types.is_nested(field.type) and is_texty(field.type)
    return not pa.types.is_nested(field.type) and not isinstance(field.type, pa.BaseExtensionType)


@contextmanager
def _bytes_out(path: str) -> Iterator[BinaryIO]:
    if path == PIPE:
        with naming(path):
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
    else:
        with replacing(Path(path)) as file:
            yield file


def _plain(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return the batch with the types of the schema."""
    columns = [
        column if column.type == field.type else column.dictionary_decode()
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


# ---- one writer per family ---------------------------------------------------------------------------------


@contextmanager
def _write_csv(target: Target) -> Iterator[Write]:
    lines = CsvLines(target.schema.names, target.format.delimiter)
    with _bytes_out(target.path) as file, _compressed(file, target.path) as out:
        out.write(lines.header)

        def write(batch: pa.RecordBatch) -> None:
            out.write(lines.lines(batch))

        yield write


@contextmanager
def _compressed(file: BinaryIO, path: str) -> Iterator[Any]:
    codec = CODECS.get(Path(path).suffix.lower())
    if codec is None:
        yield file
        return
    # The stream closes its file, but ours is still to be synced: it gets a duplicate.
    with os.fdopen(os.dup(file.fileno()), "wb") as handle, pa.CompressedOutputStream(handle, codec) as out:
        yield out


@contextmanager
def _write_parquet(target: Target) -> Iterator[Write]:
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    schema = target.schema
    words = {key: value for key, value in (schema.metadata or {}).items() if key != b"geo"}
    if target.geometry is not None:
        words[b"geo"] = json.dumps(_geo_of(target)).encode()
    schema = schema.with_metadata(words or None)
    waiting: list[pa.RecordBatch] = []

    def flush() -> None:
        if waiting:
            out.write_table(pa.Table.from_batches(waiting, schema), row_group_size=sum(map(len, waiting)))
            waiting.clear()

    def write(batch: pa.RecordBatch) -> None:
        waiting.append(_plain(batch, schema))
        if sum(map(len, waiting)) >= ROWS:
            flush()

    # A dictionary shrinks text and repeated values; other numbers are written five times faster without.
    repeated = [each.name for each in schema if each.name in target.repeated or _is_text(each.type)]
    with _bytes_out(target.path) as file, pq.ParquetWriter(file, schema, use_dictionary=repeated) as out:
        yield write
        flush()


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _geo_of(target: Target) -> dict[str, Any]:
    """Return the GeoParquet metadata; that of the source file if there is one."""
    assert target.geometry is not None
    if target.geo is not None:
        return target.geo
    crs = None if target.crs is None else crs_of(target.crs).to_json_dict()
    types = {"Point": ["Point"], "Point Z": ["Point Z"], "2.5D Point": ["Point Z"]}
    about = {"encoding": "WKB", "geometry_types": types.get(target.geometry_type, [])}
    return {
        "version": "1.1.0",
        "primary_column": target.geometry.name,
        "columns": {target.geometry.name: {**about, "crs": crs}},
    }


@contextmanager
def _write_arrow(target: Target) -> Iterator[Write]:
    schema = target.schema
    if target.geometry is not None and target.geometry.encoding == "wkb":
        schema = _geoarrow(schema, target)
    streamed = target.path == PIPE or target.path.endswith(".arrows")
    with _bytes_out(target.path) as file:
        out = pa.ipc.new_stream(file, schema) if streamed else pa.ipc.new_file(file, schema)
        yield lambda batch: out.write_batch(_plain(batch, schema))
        out.close()


def _geoarrow(schema: pa.Schema, target: Target) -> pa.Schema:
    """Return the schema with the GeoArrow type of its geometry."""
    assert target.geometry is not None
    place = schema.get_field_index(target.geometry.name)
    crs = None if target.crs is None else {"crs": crs_of(target.crs).to_json_dict()}
    words = {"ARROW:extension:name": "geoarrow.wkb", "ARROW:extension:metadata": json.dumps(crs or {})}
    metadata = {key: value for key, value in (schema.metadata or {}).items() if key != b"geo"}
    return schema.set(place, schema.field(place).with_metadata(words)).with_metadata(metadata or None)


@contextmanager
def _write_gdal(target: Target) -> Iterator[Write]:
    """Pass the batches to GDAL, which pulls them from a thread."""
    with _gdal_place(target) as place:
        puller = _Puller(target, place)
        try:
            yield puller.put
            puller.finish()
        except BaseException:
            puller.stop()
            raise
        if target.format.name == "flatgeobuf" and _rows_in(place) != puller.rows:
            raise Problem(f"{target.path}: cannot be written: rows are missing, perhaps for want of space")


def _rows_in(place: str) -> int:
    """Return how many rows a file has: GDAL does not say when the disk is full while it writes FlatGeobuf."""
    import pyogrio  # type: ignore[import-untyped]

    pyogrio.set_gdal_config_options({"CPL_LOG": os.devnull})  # what it complains of is said below
    features = pyogrio.open_arrow(
        place, columns=[], read_geometry=False, return_fids=True, use_pyarrow=True, batch_size=ROWS
    )
    try:
        with features as (_, reader):
            return sum(batch.num_rows for batch in reader)
    except (OSError, RuntimeError, ValueError):  # it is cut off within a row, or before the first
        return -1
    finally:
        pyogrio.set_gdal_config_options({"CPL_LOG": None})


@contextmanager
def _gdal_place(target: Target) -> Iterator[str]:
    """Yield a path to write to; at the end the files written there replace the target."""
    if target.path == PIPE:
        import pyogrio

        pyogrio.set_gdal_config_options({"CPL_LOG": os.devnull})  # no errors when the reader closes the pipe
        yield "/vsistdout/"
        return
    path = Path(target.path)
    if path.exists() and not path.is_file():
        raise UsageProblem(
            f"{path}: is not an ordinary file; {target.format.name} can only be written to one"
        )
    real = Path(os.path.realpath(path))
    with beside(real) as folder:
        folder.mkdir(0o700)
        yield str(folder / path.name)
        whole = folder / path.name
        parts = [file for file in folder.iterdir() if file != whole]
        places = [real.with_name(real.stem + file.name[len(path.stem) :]) for file in parts]
        with renaming():
            if target.format.name == "shapefile":
                for suffix in _BESIDE_SHAPEFILE:
                    real.with_suffix(suffix).unlink(missing_ok=True)  # parts of the previous file
            for file, place in zip([*parts, whole], [*places, real], strict=True):
                put(file, place)


_BESIDE_SHAPEFILE = (".shx", ".dbf", ".prj", ".cpg", ".qix", ".sbn", ".sbx")


class _Puller:
    """A thread in which GDAL pulls the batches that are put in a queue."""

    def __init__(self, target: Target, place: str) -> None:
        self.target, self.place = target, place
        self.batches: queue.Queue[pa.RecordBatch | None] = queue.Queue(1)
        self.stopped = False
        self.rows = 0
        self.failure: BaseException | None = None
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def put(self, batch: pa.RecordBatch | None) -> None:
        """Pass a batch on; None ends the input."""
        while self.thread.is_alive():
            try:
                self.batches.put(batch, timeout=0.1)
                return
            except queue.Full:
                continue
        self._raise_failure()

    def finish(self) -> None:
        """Wait until everything is written."""
        self.put(None)
        self.thread.join()
        self._raise_failure()

    def stop(self) -> None:
        """Stop the thread and discard the rest."""
        self.stopped = True
        self.thread.join()

    def _work(self) -> None:
        import pyogrio

        assert self.target.geometry is not None
        reader = pa.RecordBatchReader.from_batches(self.target.schema, self._pulled())
        crs = self.target.crs
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about an unknown CRS; GDAL prints its own to stderr
                pyogrio.write_arrow(
                    reader,
                    self.place,
                    driver=self.target.format.driver,
                    geometry_name=self.target.geometry.name,
                    geometry_type=self.target.geometry_type,
                    crs=json.dumps(crs) if isinstance(crs, dict) else crs,
                    **self.target.format.options,
                )
        except BaseException as error:
            self.failure = error

    def _pulled(self) -> Iterator[pa.RecordBatch]:
        while not self.stopped:
            try:
                batch = self.batches.get(timeout=0.1)
            except queue.Empty:
                continue
            if batch is None:
                return
            self.rows += batch.num_rows
            yield _plain(batch, self.target.schema)
        raise InterruptedError

    def _raise_failure(self) -> None:
        if self.failure is None:
            return
        if self.target.path == PIPE and _nobody_reads():
            raise BrokenPipeError
        reason = (str(self.failure).splitlines() or [""])[0]
        raise Problem(f"{self.target.path}: cannot be written: {reason}") from None


def _nobody_reads() -> bool:
    """Return whether the reader of our standard output has closed it."""
    import select

    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    poll.register(1)
    return any(event & select.POLLERR for _, event in poll.poll(0))


_WRITERS: dict[str, Callable[[Target], AbstractContextManager[Write]]] = {
    "csv": _write_csv,
    "parquet": _write_parquet,
    "arrow": _write_arrow,
    "gdal": _write_gdal,
}
