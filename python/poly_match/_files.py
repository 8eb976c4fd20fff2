"""Files that are there as a whole or not at all.

What is written lies beside its place, under a name that begins with a dot, until it is complete; then it is
renamed. A process that is stopped removes what it has not completed; of one that was killed, the lock on the
file is gone, so that others can tell and remove it.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows, where nobody removes a file that is open
    fcntl = None  # type: ignore[assignment]

__all__ = [
    "beside",
    "complete_of",
    "completed",
    "naming",
    "put",
    "remove_abandoned",
    "remove_unfinished",
    "renaming",
    "replacing",
    "when_renamed",
]

completed: list[Path] = []  # the files that this process has put in their places
_unfinished: set[Path] = set()  # and the files and folders that are not there yet
_renaming = False
_afterwards: list[Callable[[], None]] = []


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `path` when the block ends well; otherwise nothing has happened.

    It is written beside, to the disk, and renamed. It keeps the mode of the file that was there; a symbolic
    link stays, and what it points to is replaced. What is not a regular file (a pipe, /dev/stdout) is written
    directly.
    """
    if path.exists() and not path.is_file():
        with naming(path), path.open("wb") as file:
            yield file
        return
    target = Path(os.path.realpath(path))
    with naming(path), beside(target) as partial:
        with partial.open("xb") as file:
            _lock(file)
            _keep_mode(partial, target)  # from the beginning: what is private was never readable
            yield file
            file.flush()
            os.fsync(file.fileno())
        with renaming():  # so that a signal knows of the file
            os.replace(partial, target)
            completed.append(target)


@contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """Let an error of the system that does not say where it was, as that of a full disk, name the file."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None and not isinstance(error, BrokenPipeError):
            error.filename = str(path)
        raise


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Give a new name in the same folder, for what is not complete yet; in the end nothing has that name."""
    partial = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}.partial")
    _unfinished.add(partial)
    try:
        yield partial
    finally:
        _remove(partial)
        _unfinished.discard(partial)


def put(file: Path, target: Path) -> None:
    """Let a complete file take the place of another one, whose mode it keeps."""
    _keep_mode(file, target)
    os.replace(file, target)
    completed.append(target)


def _keep_mode(file: Path, target: Path) -> None:
    with suppress(FileNotFoundError):
        was = target.stat()
        if hasattr(os, "chown"):
            with suppress(PermissionError):
                os.chown(file, was.st_uid, was.st_gid)
        file.chmod(stat.S_IMODE(was.st_mode))


def _remove(partial: Path) -> None:
    if partial.is_dir():
        import shutil

        while partial.exists():  # a library may be writing in it
            shutil.rmtree(partial, ignore_errors=True)
    else:
        partial.unlink(missing_ok=True)


# ---- when a process is stopped -----------------------------------------------------------------------------


def remove_unfinished() -> None:
    """Remove what this process has not completed: it is about to end."""
    for partial in _unfinished:
        with suppress(OSError):
            _remove(partial)


@contextmanager
def renaming() -> Iterator[None]:
    """Mark the block that puts files in their places and notes them, which must not end half-way."""
    global _renaming
    _renaming = True
    try:
        yield
    finally:
        _renaming = False
        while _afterwards:
            _afterwards.pop()()


def when_renamed(call: Callable[[], None]) -> None:
    """Call a function: now, or when the files that are being put in their places are there."""
    if _renaming:
        _afterwards.append(call)
    else:
        call()


# ---- what a process that was killed has left ---------------------------------------------------------------


def complete_of(partial: Path) -> Path | None:
    """Return what a file would have been called when complete; None for what is no partial file."""
    name = re.fullmatch(r"\.(.+)\.\d+-[0-9a-f]{8}\.partial", partial.name)
    return partial.with_name(name[1]) if name else None


def remove_abandoned(partial: Path) -> None:
    """Remove a partial file, unless the process that writes it is alive, on this machine or another one."""
    with suppress(OSError):  # it is locked, it is gone, or nobody can tell
        if fcntl is None:
            partial.unlink()
            return
        with partial.open("rb+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            partial.unlink()


def _lock(file: BinaryIO) -> None:
    """Show others that the file is being written; where there are no locks, they leave it alone."""
    if fcntl is not None:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
