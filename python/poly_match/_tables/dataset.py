"""Match points that don't fit into memory, on one machine: a folder of files in, the same files with answers
out.

Each file is processed in batches, reading one after the previous one is written. Memory depends on the size
of a batch (and of a row group of the source), not of a file. An output file appears only when it is complete,
so an interrupted job continues with the missing files. Each output file records what it was made from: a file
of another job is an error, never part of the result.

Not supported on purpose: sinks other than local folders, and splitting one file among several workers.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from poly_match._engine.progress import Bar
from poly_match._engine.run import worker_count
from poly_match._errors import type_error, value_error
from poly_match._files import complete_of, remove_abandoned, replacing
from poly_match._index import Index
from poly_match._rules import Invalid
from poly_match._tables.digest import MODULUS, digest
from poly_match._tables.shared_index import is_index, opened

__all__ = ["Matched", "match_dataset"]

BATCH = 65_536  # rows matched and written at a time
STAMP = b"poly_match"  # the metadata that records what a file was made from


class Matched(NamedTuple):
    """The result of `match_dataset`: files, points and answers, including those of earlier runs."""

    files: int
    points: int
    matched: int
    digest: int


def match_dataset(
    source: Any,
    index: Any,
    sink: str | os.PathLike[str],
    *,
    x: str | None = None,
    y: str | None = None,
    geometry: str | None = None,
    into: str = "region",
    columns: Any = None,
    distance_column: str | None = None,
    invalid: Invalid = "use",
    workers: int = 1,
    progress: bool = False,
) -> Matched:
    """Match a dataset that may be larger than memory, file by file; continue where an earlier run stopped.

    Parameters
    ----------
    source : path, list of paths, or pyarrow.dataset.Dataset
        The points: a Parquet file, a folder of them (folders in it are partitions), several, or a dataset of
        them.
    index : Index or path, or regions
        The regions and the rules, or the file that `Index.save` wrote. Regions in any form that `Index` takes
        (a file's name among them): the smallest that covers a point wins.
    sink : path
        The folder to write to: for each file of the source it gets one of the same name in the same
        subfolder.
    x, y : str
        The two columns of numbers. A point that is null or not finite matches nothing.
    geometry : str
        Instead: the one column of points, as well-known binary.
    into : str
        The column for the answers: the position of the region, an int64, null for none.
    columns : table, optional
        Attributes of the regions, one row each, in their order (Arrow, pandas, Polars, or a dict of arrays):
        these columns are added as well, null where a point has no region.
    distance_column : str, optional
        Name of a column for the distance of each point from its region, null for none, as in `Index.match`;
        not for "covers".
    invalid : {"use", "warn", "skip", "error"}
        What to do about invalid regions, where these are given and not an index; see `Index`.
    workers : int
        Files to work on at a time; -1: one for each core this process may use.
    progress : bool
        Show a bar on stderr.

    Returns
    -------
    Matched
        ``files``, ``points``, ``matched`` (points with a region), and ``digest``: that of the answers with
        the coordinates as the keys, ``pm.digest(answers, (x, y))``, the same for every cut into files and
        batches.

    Raises
    ------
    ValueError
        A column is missing or would exist twice; the attributes don't fit the regions; no files; the sink has
        a file that this job did not write, or wrote from other input (another index, other options, a source
        that has changed since).
    TypeError
        Arguments or columns of a wrong type.
    OSError
        A file can't be read or written.
    KeyboardInterrupt
        Ctrl-C ends the job after the current batches. Complete files stay, incomplete ones are removed.

    Notes
    -----
    A file that exists is complete, because it was renamed after writing, and is not made again; delete it to
    make it again. Incomplete files of a run that was killed are removed. Rows keep their order within a file.
    GeoParquet and pandas metadata is kept.

    Memory: some batches and the row groups they are read from, for each worker. O(1) time per point.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> import pyarrow as pa, pyarrow.parquet as pq
    >>> import poly_match as pm
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "fixes").mkdir()
    >>> fixes = pa.table({"lon": [1.0, 3.0, 9.0], "lat": [1.0, 3.0, 9.0]})
    >>> pq.write_table(fixes, folder / "fixes" / "a.parquet")
    >>> square = np.array([[0, 0], [4, 0], [4, 4], [0, 4]])
    >>> index = pm.Index([square, square / 2])
    >>> pm.match_dataset(folder / "fixes", index, folder / "out", x="lon", y="lat")
    Matched(files=1, points=3, matched=2, digest=1805219514873848176)
    >>> pq.read_table(folder / "out")["region"].to_pylist()
    [1, 0, None]
    """
    import pyarrow.dataset as ds  # type: ignore[import-untyped]

    from poly_match._tables.columns import Columns

    count = worker_count(workers)
    dataset = source if isinstance(source, ds.Dataset) else ds.dataset(_paths(source), partitioning="hive")
    if not isinstance(dataset, ds.FileSystemDataset) or dataset.format.default_extname != "parquet":
        raise type_error("source", "expected Parquet files; convert those of another format first")
    if not dataset.files:
        raise value_error("source", "there are no files in it")
    if is_index(index):
        ready = opened(index)
        if invalid != "use":
            raise value_error("invalid", "the index is built already; give it to poly_match.Index(invalid=)")
    else:
        ready = Index(index, invalid=invalid, workers=workers)
    task = Columns.of(
        dataset.schema.names, ready, x=x, y=y, geometry=geometry, into=into, columns=columns,
        distance_column=distance_column,
    )  # fmt: skip
    files = _files(dataset, source, Path(sink))
    bar = Bar(dataset.count_rows()) if progress else None
    try:
        return _Job(ready, task, bar).run(files, count)
    finally:
        if bar is not None:
            bar.close()


# ---- which files -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _File:
    """A file of the source, and its output file."""

    fragment: Any
    target: Path
    source: dict[str, Any]  # name, size and time of change


def _paths(source: Any) -> Any:
    """Return absolute paths, so that the dataset's files have a location; URIs are unchanged."""
    if isinstance(source, (list, tuple)):
        return [_paths(each) for each in source]
    if not isinstance(source, (str, os.PathLike)):
        raise type_error(
            "source", f"expected a path, a list of paths or a pyarrow Dataset, got {type(source).__name__}"
        )
    path = os.fspath(source)
    return path if "://" in path else os.path.abspath(path)


def _files(dataset: Any, source: Any, sink: Path) -> list[_File]:
    """Return the files with their outputs, in the order of the dataset."""
    fragments = list(dataset.get_fragments())
    base = _base(fragments, source)
    if sink.exists() and not sink.is_dir():
        raise value_error("sink", f"expected a folder, {sink} is a file")
    if sink.resolve().is_relative_to(Path(base).resolve()):
        raise value_error("sink", f"{sink} lies in the source, {base}; choose a folder outside of it")
    files: dict[Path, _File] = {}
    for fragment in fragments:
        name = PurePosixPath(fragment.path).relative_to(base).as_posix()
        target = sink / name
        info = fragment.filesystem.get_file_info(fragment.path)
        files[target] = _File(fragment, target, {"name": name, "size": info.size, "time": info.mtime_ns})
    there = sorted(sink.rglob("*"))
    for path in there:
        if path.is_file() and path not in files and not path.name.startswith((".", "_")):
            raise value_error(
                "sink", f"{path} is none of the files of this job; remove it, or choose another folder"
            )
    for path in there:
        if complete_of(path) in files:
            remove_abandoned(path)  # of a run that was killed
    return list(files.values())


def _base(fragments: list[Any], source: Any) -> PurePosixPath:
    """Return the folder that the names of the output files are relative to."""
    if isinstance(source, (str, os.PathLike)) and os.path.exists(source):
        path = Path(source).absolute()
        return PurePosixPath((path if path.is_dir() else path.parent).as_posix())
    folders = {PurePosixPath(fragment.path).parent for fragment in fragments}
    base = PurePosixPath(os.path.commonpath(folders))
    while "=" in base.name:  # the value of a partition
        base = base.parent
    return base


# ---- from file to file -------------------------------------------------------------------------------------


class _Stopped(Exception):
    """Another file failed, or the caller was interrupted."""


class _Job:
    """One call: what to do with each file, and its progress."""

    def __init__(self, index: Index, task: Any, bar: Bar | None) -> None:
        self.index, self.task, self.bar = index, task, bar
        self.stamp = {"index": _hash(index._core.block), "columns": _hash(_bytes_of(task))}
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.points = 0

    def run(self, files: list[_File], workers: int) -> Matched:
        """Make the missing files, and sum up all of them."""
        from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

        made = {file.target: self.made(file) for file in files if file.target.exists()}
        for found in made.values():
            self.advance(found["points"])
        with ThreadPoolExecutor(workers) as pool:
            futures = [pool.submit(self.make, file) for file in files if file.target not in made]
            try:
                done, _ = wait(futures, return_when=FIRST_EXCEPTION)
                for future in done:
                    future.result()
            finally:  # after success, nothing is left to stop
                self.stopping.set()
                pool.shutdown(cancel_futures=True)
        results = [*made.values(), *(future.result() for future in futures)]
        return Matched(
            len(files),
            sum(result["points"] for result in results),
            sum(result["matched"] for result in results),
            sum(result["digest"] for result in results) % MODULUS,
        )

    def made(self, file: _File) -> dict[str, Any]:
        """Return the metadata of a complete file; raise if it is from another job."""
        import pyarrow.parquet as pq  # type: ignore[import-untyped]

        stamp = json.loads((pq.read_metadata(file.target).metadata or {}).get(STAMP, b"{}"))
        for part, wanted in {**self.stamp, "source": file.source}.items():
            if stamp.get(part) != wanted:
                reason = f"made from another {part}" if part in stamp else "not made by this function"
                raise value_error("sink", f"{file.target} was {reason}; delete it, or choose another folder")
        return dict(stamp)

    def make(self, file: _File) -> dict[str, Any]:
        """Write one file, completely or not at all, and return its metadata."""
        import pyarrow.parquet as pq

        schema = file.fragment.physical_schema
        for name in (self.task.x, self.task.y, self.task.geometry):
            if name is not None and name not in schema.names:
                raise value_error("source", f"{file.fragment.path} has no column {name!r}")
        result: dict[str, Any] = {**self.stamp, "source": file.source, "points": 0, "matched": 0, "digest": 0}
        file.target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file.target) as out, pq.ParquetWriter(out, self.schema(schema)) as writer:
            for batch in _batches(file.fragment):
                if self.stopping.is_set():
                    raise _Stopped
                points = self.task.points(batch)
                found = self.task.answers(points, self.index)
                answers = found.answers
                writer.write_batch(self.task.with_answers(batch.replace_schema_metadata(None), found))
                result["points"] += len(answers)
                result["matched"] += int((answers >= 0).sum())
                result["digest"] = (result["digest"] + digest(answers, points)) % MODULUS
                self.advance(len(answers))
            writer.add_key_value_metadata({STAMP: json.dumps(result)})
        return result

    def schema(self, schema: Any) -> Any:
        """Return the output schema for a source with this schema. Other metadata is dropped: Spark, for
        example, lists the columns in it and would not see the added ones.
        """
        import pyarrow as pa

        kept = {key: value for key, value in (schema.metadata or {}).items() if key in (b"geo", b"pandas")}
        return pa.schema([*schema, *self.task.added_fields()], metadata=kept)

    def advance(self, points: int) -> None:
        with self.lock:
            self.points += points
            if self.bar is not None:
                self.bar.show(self.points)


def _batches(fragment: Any) -> Iterator[Any]:
    """Read a file batch by batch, on demand.

    A dataset's scanner, and `pre_buffer`, keep everything that was read until the end: 200 MB for 8 million
    points of three columns, 20 MB here.
    """
    import pyarrow.parquet as pq

    with fragment.filesystem.open_input_file(fragment.path) as file:
        yield from pq.ParquetFile(file, pre_buffer=False).iter_batches(batch_size=BATCH)


def _hash(data: Any) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _bytes_of(task: Any) -> bytes:
    """Return everything but the index that the added columns depend on, as bytes."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, task.attributes.schema) as writer:
        writer.write_table(task.attributes)
    names = json.dumps([task.x, task.y, task.geometry, task.into, task.distance_column])
    return names.encode() + bytes(sink.getvalue())
