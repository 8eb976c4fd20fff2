"""Read files: every format as a stream of Arrow record batches, with x and y.

A source knows its columns, where its coordinates are (two columns, or a geometry) and its CRS, and yields its
rows in order, in batches. There is one opener per family of formats; the code that matches knows nothing
about files.
"""

from __future__ import annotations

import json
import os
import queue
import re
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa  # type: ignore[import-untyped]

from poly_match._readers.csv import CsvRows, Numbers
from poly_match._readers.dialect import Dialect
from poly_match._readers.formats import CODECS, FORMATS, PIPE, Format
from poly_match._readers.problems import Problem, UsageProblem

__all__ = ["Geometry", "Source", "ahead", "open_source"]

ROWS = 1 << 17  # per batch, if the format has no batches of its own
LARGE_BATCH = 64 << 20  # bytes; larger batches of an Arrow file are mapped instead of read
Batches = Iterator[pa.RecordBatch]
PLAIN = Dialect()
WKT_NAMES = ("wkt", "geometry", "geom", "the_geom", "geog", "shape")
_WKT = re.compile(
    r"\s*(SRID=\d+;)?\s*(MULTI)?(POINT|LINESTRING|POLYGON|GEOMETRYCOLLECTION)\s*(ZM?|M)?\s*(\(|EMPTY)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _OpenOptions:
    """What the options say about a file that is opened."""

    layer: str | None
    option: str
    dialect: Dialect


@dataclass(frozen=True)
class Geometry:
    """The geometry column and its encoding: "wkb", or a GeoArrow name without its prefix."""

    name: str
    encoding: str


def _not_counted() -> int:
    return 0


@dataclass
class Source:
    """An open file: what is in it, and its rows.

    `total` is the amount to read and `done` the amount read so far, in a unit of the format; `total` is None
    if unknown.
    """

    path: str
    schema: pa.Schema
    batches: Callable[[], Batches]
    is_text: bool = False  # all cells are text, as in CSV
    geometry: Geometry | None = None
    geometry_type: str = "Unknown"  # as GDAL calls it
    crs: Any = None
    total: int | None = None
    done: Callable[[], int] = _not_counted
    geo: dict[str, Any] | None = None  # the GeoParquet metadata
    wkt: str | None = None  # a column of text that holds geometries
    delimiter: str | None = None  # of a text table
    numbers: Numbers | None = None  # how its cells become numbers
    stack: ExitStack | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.stack is not None:
            self.stack.close()


def open_source(
    path: str,
    format: Format,
    layer: str | None = None,
    *,
    option: str = "--layer",
    dialect: Dialect = PLAIN,
) -> Source:
    """Open a file; what it is not is a `Problem` that names it.

    Parameters
    ----------
    option
        What the command calls the option for the layer.
    dialect
        What is known of a text table.
    """
    if layer is not None and format.family != "gdal":
        raise UsageProblem(f"{path}: a {format.name} file has no layers; leave out {option} {layer}")
    if path == PIPE and not format.pipes:
        pipes = ", ".join(each.name for each in FORMATS if each.pipes)
        raise UsageProblem(f"{format.name} cannot be read from standard input; use {pipes}")
    if path != PIPE and not path.startswith("/vsi") and not Path(path).exists():
        raise Problem(f"{path}: there is no such file")
    stack = ExitStack()
    try:
        options = _OpenOptions(layer, option, dialect)
        opener = _OPENERS[format.family]
        source = _waited_for(lambda: opener(path, format, options, stack))
    except BaseException as error:
        stack.close()
        if isinstance(error, (Problem, KeyboardInterrupt)):
            raise
        raise _as_problem(path, error) from None
    source.stack = stack
    return source


def _waited_for(open_it: Callable[[], Source]) -> Source:
    """Return the result of a function that may block, such as opening a silent pipe; Ctrl-C ends the wait."""
    opened: queue.Queue[Source | BaseException] = queue.Queue()

    def work() -> None:
        try:
            opened.put(open_it())
        except BaseException as error:
            opened.put(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    result = opened.get()
    thread.join()
    if isinstance(result, BaseException):
        raise result
    return result


def _as_problem(path: str, error: BaseException) -> BaseException:
    """Convert a failure to read into a `Problem`; return other exceptions unchanged."""
    if isinstance(error, Problem) or not isinstance(
        error, (OSError, ValueError, RuntimeError, pa.ArrowException)
    ):
        return error
    reason = getattr(error, "strerror", None) or (str(error).splitlines() or [type(error).__name__])[0]
    return Problem(f"{path}: cannot be read: {reason.partition('; It might help')[0]}")


# ---- one opener per family ---------------------------------------------------------------------------------


class _Stdin:
    """Standard input without Python's buffer, whose lock would block Ctrl-C.

    A read returns as many bytes as requested, unless the input ends.
    """

    closed = False

    def read(self, size: int, /) -> bytes:
        parts = []
        while size > 0 and (part := os.read(0, size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def readable(self) -> bool:
        return True

    def close(self) -> None: ...


def _open_csv(path: str, format: Format, options: _OpenOptions, stack: ExitStack) -> Source:
    raw: Any = _Stdin() if path == PIPE else stack.enter_context(pa.OSFile(path))
    total = None if path == PIPE else raw.size()
    codec = CODECS.get(Path(path).suffix.lower())
    plain = raw if codec is None else pa.CompressedInputStream(raw, codec)
    delimiter = options.dialect.delimiter or (None if format.name == "csv" else format.delimiter)
    rows = CsvRows(plain, path, delimiter, options.dialect)
    schema = pa.schema([(name, pa.string()) for name in rows.names])

    def done() -> int:
        return total or 0 if path == PIPE or raw.closed else raw.tell()

    source = Source(path, schema, rows.batches, is_text=True, total=total, done=done)
    source.delimiter, source.numbers = rows.delimiter, Numbers(path, rows.delimiter, options.dialect)
    source.wkt = next((name for name, cell in rows.first_row().items() if _WKT.match(cell or "")), None)
    return source


def _open_parquet(path: str, format: Format, options: _OpenOptions, stack: ExitStack) -> Source:
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    # Pre-buffering would keep everything that has been read.
    file = stack.enter_context(pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20))
    schema = file.schema_arrow
    read = 0

    def batches() -> Batches:
        nonlocal read
        for batch in file.iter_batches(batch_size=ROWS):
            read += batch.num_rows
            yield batch

    source = Source(path, schema, batches, total=file.metadata.num_rows, done=lambda: read)
    source.wkt = _named_wkt(schema)
    geo = (schema.metadata or {}).get(b"geo")
    if geo is None:
        source.geometry, source.crs = _geoarrow(schema)
        return source
    try:
        source.geo = json.loads(geo)
        name = source.geo["primary_column"]
        column = source.geo["columns"][name]
        source.geometry = Geometry(name, column["encoding"].lower())
        source.crs = column.get("crs", "OGC:CRS84")
        types = column.get("geometry_types", [])
        source.geometry_type = types[0] if len(types) == 1 else "Unknown"
    except (ValueError, KeyError, TypeError):
        raise Problem(f"{path}: its GeoParquet metadata cannot be read; write the file again") from None
    return source


def _open_arrow(path: str, format: Format, options: _OpenOptions, stack: ExitStack) -> Source:
    reader: Any
    if path == PIPE:
        reader = pa.ipc.open_stream(pa.PythonFile(_Stdin(), mode="r"))
    else:
        file = stack.enter_context(pa.OSFile(path))
        is_stream = file.read(6) != b"ARROW1"
        file.seek(0)
        reader = pa.ipc.open_stream(file) if is_stream else pa.ipc.open_file(file)
        if not is_stream and file.size() > LARGE_BATCH * max(reader.num_record_batches, 1):
            reader = pa.ipc.open_file(stack.enter_context(pa.memory_map(path)))
    count = getattr(reader, "num_record_batches", None)
    read = 0

    def batches() -> Batches:
        nonlocal read
        each = iter(reader) if count is None else (reader.get_batch(i) for i in range(count))
        for batch in each:
            for start in range(0, batch.num_rows, ROWS):
                yield batch.slice(start, ROWS)
            read += 1

    geometry, crs = _geoarrow(reader.schema)
    source = Source(path, reader.schema, batches, geometry=geometry, crs=crs, total=count, done=lambda: read)
    source.wkt = _named_wkt(reader.schema)
    return source


def _named_wkt(schema: pa.Schema) -> str | None:
    """Return the column of text that holds geometries by its name."""
    texts = [
        each.name for each in schema if pa.types.is_string(each.type) or pa.types.is_large_string(each.type)
    ]
    return next((name for name in texts if name.lower() in WKT_NAMES), None)


def _geoarrow(schema: pa.Schema) -> tuple[Geometry | None, Any]:
    """Return the GeoArrow geometry column of a schema, and its CRS."""
    for field in schema:
        words = field.metadata or {}
        name = words.get(b"ARROW:extension:name", getattr(field.type, "extension_name", "").encode())
        if name.startswith(b"geoarrow.") or name == b"ogc.wkb":
            written = words.get(b"ARROW:extension:metadata") or _written_of(field.type)
            about = json.loads(written or b"{}") or {}
            return Geometry(field.name, name.decode().partition(".")[2]), about.get("crs")
    return None, None


def _written_of(kind: pa.DataType) -> bytes:
    """Return the metadata of an extension type that another library registered: the field then lacks it."""
    return bytes(kind.__arrow_ext_serialize__()) if isinstance(kind, pa.ExtensionType) else b""


def _open_gdal(path: str, format: Format, options: _OpenOptions, stack: ExitStack) -> Source:
    import pyogrio  # type: ignore[import-untyped]

    # FlatGeobuf's own Arrow reader returns garbage for missing geometries (GDAL 3.12).
    pyogrio.set_gdal_config_options({"OGR_FLATGEOBUF_STREAM_BASE_IMPL": "YES"})
    layer = options.layer
    place = "/vsistdin/" if path == PIPE else path
    total = None
    if path != PIPE:
        layers = pyogrio.list_layers(place)
        names = [str(name) for name in layers[:, 0]]
        if layer is None and len(names) > 1:
            raise UsageProblem(
                f"{path}: has several layers: {', '.join(names)}; choose one with {options.option}",
                (options.option, names[0]),
            )
        if layer is not None and layer not in names:
            raise UsageProblem(f"{path}: has no layer {layer}; it has {', '.join(names) or 'none'}")
        if format.driver in ("GPKG", "FlatGeobuf", "ESRI Shapefile"):  # others read the whole file
            features = int(pyogrio.read_info(place, layer=layer)["features"])
            total = features if features >= 0 else None  # a file that was written in one pass may not say
    meta, reader = stack.enter_context(
        pyogrio.open_arrow(place, layer=layer, use_pyarrow=True, batch_size=1 << 16)
    )
    read = 0

    def batches() -> Batches:
        nonlocal read
        for batch in reader:
            read += batch.num_rows
            yield batch

    name = meta["geometry_name"] or "wkb_geometry"
    geometry = Geometry(name, "wkb") if name in reader.schema.names else None
    source = Source(path, reader.schema, batches, geometry=geometry, total=total, done=lambda: read)
    source.crs, source.geometry_type = meta["crs"], meta["geometry_type"] or "Unknown"
    return source


_OPENERS = {"csv": _open_csv, "parquet": _open_parquet, "arrow": _open_arrow, "gdal": _open_gdal}


# ---- reading ahead -----------------------------------------------------------------------------------------


def ahead(source: Source) -> Generator[pa.RecordBatch, None, None]:
    """Yield the batches of a source, read by a separate thread.

    Reading continues while the previous batch is matched and written, and Ctrl-C can end a command that waits
    for input: a wait inside a library can't be interrupted.
    """
    ready: queue.Queue[Any] = queue.Queue(1)
    stopped = threading.Event()

    def hand(item: Any) -> bool:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            for batch in source.batches():
                if not hand(batch):
                    return
            hand(None)
        except BaseException as error:
            hand(_as_problem(source.path, error))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join(timeout=2.0)
        if thread.is_alive():  # it waits for a pipe, perhaps forever, and still needs its source
            source.stack = None
