"""What several test files need: the shapes of the tests, and the example files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

Ring = npt.NDArray[np.float64]


def square(x: float, y: float, side: float) -> Ring:
    """Return a square ring with this lower left corner."""
    return np.array([[x, y], [x + side, y], [x + side, y + side], [x, y + side]], dtype=np.float64)


@pytest.fixture(scope="session")
def examples() -> Path:
    """Return the folder of the example data."""
    return EXAMPLES
