"""What a long call shows on stderr: a bar and the rate of a match, the seconds of a build."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

__all__ = ["Bar", "seconds_shown"]

EVERY = 0.1  # seconds


class Bar:
    """A progress bar on stderr, with the rate; needs no library."""

    WIDTH = 30

    def __init__(self, total: int) -> None:
        self.total = total
        self.began = time.perf_counter()
        self.shown = -EVERY
        self.full = False
        self.show(0)

    def show(self, done: int) -> None:
        elapsed = time.perf_counter() - self.began
        if self.full or (elapsed - self.shown < EVERY and done < self.total):
            return
        self.shown = elapsed
        self.full = done >= self.total
        share = done / self.total if self.total else 1.0
        filled = int(share * self.WIDTH)
        rate = f"{done / elapsed / 1e6:8.2f} M points/s" if done and elapsed > 0 else ""
        sys.stderr.write(f"\rmatching {'█' * filled}{'░' * (self.WIDTH - filled)} {share:4.0%} {rate}")
        sys.stderr.flush()

    def close(self) -> None:
        sys.stderr.write("\n")
        sys.stderr.flush()


def seconds_shown(progress: bool) -> AbstractContextManager[Callable[[], None] | None]:
    """Give what shows the seconds of a build when it is called now and then; None without `progress`.

    How much of a build is left can't be known. One that is done at once shows nothing.
    """
    return _shown() if progress else nullcontext()


@contextmanager
def _shown() -> Iterator[Callable[[], None]]:
    began = shown = time.perf_counter()

    def show() -> None:
        nonlocal shown
        now = time.perf_counter()
        if now - shown >= EVERY:
            shown = now
            sys.stderr.write(f"\rbuilding the index, {now - began:.1f} s")
            sys.stderr.flush()

    try:
        yield show
    finally:
        if shown > began:
            sys.stderr.write("\n")
            sys.stderr.flush()
