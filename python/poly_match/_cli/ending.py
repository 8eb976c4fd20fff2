"""How the process of a command ends: with the right exit code, whatever its libraries' threads are doing.

A thread of Arrow may be giving back memory of Python's while the interpreter shuts down. Python then ends
that thread inside of a C++ destructor, and C++ ends the process: "terminate called without an active
exception", exit code 134, after all was done and said. So there is no shutdown: when the exit code is known
and everything is written, the process ends at once.

An interrupt ends it the same way, from the signal's handler, after unfinished files are removed. An exception
would have to get through everything that runs: imports, destructors and callbacks of libraries swallow some.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from poly_match._files import completed, remove_unfinished, when_renamed

__all__ = ["end", "end_at_signals", "tidied"]

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # those that there are
_tidy: list[Callable[[], object]] = []


def end(code: int) -> NoReturn:
    """End the process; nothing is left to be done or written but what the streams hold."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # there is none, nobody reads, it is closed
            stream.flush()
    os._exit(code)


def end_at_signals() -> None:
    """Let signals end the process with 128 + their number; one that is ignored stays ignored (nohup)."""
    for name in SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _handle)


def _handle(number: int, frame: FrameType | None) -> None:
    when_renamed(lambda: _interrupted(number))


def _interrupted(number: int) -> NoReturn:
    for tidy in _tidy:
        with suppress(Exception):
            tidy()
    remove_unfinished()
    said = "interrupted" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}"
    written = ", ".join(str(path) for path in completed) or "no file"
    with suppress(OSError):
        os.write(2, f"poly-match: {said}; {written} was written\n".encode())
    os._exit(128 + number)


@contextmanager
def tidied(tidy: Callable[[], object]) -> Iterator[None]:
    """Call a function when a signal ends the process during the block."""
    _tidy.append(tidy)
    try:
        yield
    finally:
        _tidy.remove(tidy)
