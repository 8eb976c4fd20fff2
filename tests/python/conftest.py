"""Shared by several test files: shapes, and the example files."""

from __future__ import annotations

import gc
import os
import signal
import sysconfig
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

# Ctrl+C is tested, and what a script starts in the background ignores it: the tests would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# With PM_TEST_FULL=1 in the environment, tests with repetitions run more of them.
FULL = "PM_TEST_FULL" in os.environ


def draws(full: int) -> int:
    """Return how many random cases a test draws: a third of those at full length."""
    return full if FULL else full // 3


# Lists that a call gets are read as they were when it began, not as a for loop follows them.
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))

Ring = npt.NDArray[np.float64]


def square(x: float, y: float, side: float) -> Ring:
    """Return a square ring with this lower left corner."""
    return np.array([[x, y], [x + side, y], [x + side, y + side], [x, y + side]], dtype=np.float64)


@pytest.fixture(scope="session")
def examples() -> Path:
    """Return the folder of the example data."""
    return EXAMPLES


@pytest.fixture(autouse=True, scope="module")
def collections_are_short() -> None:
    """Limit the garbage collector to new objects: those of the imported modules take 0.5 s."""
    gc.collect()
    gc.freeze()
