"""Errors a caller can fix: they carry the argument, the row and the reason as attributes.

The extension defines the classes, because it raises them too. A message starts with the argument and, if
known, the row: ``points[3]: expected two numbers``. Code that words it differently (the command line names
the file) reads the attributes and never parses a message.
"""

from __future__ import annotations

import sys
import warnings

from poly_match._core import InputError, InputTypeError, InputValueError

__all__ = ["InputError", "InputTypeError", "InputValueError", "type_error", "value_error", "warn"]


def value_error(argument: str, reason: str, row: int | None = None) -> InputValueError:
    """Return an error for a value that can't be used; the caller raises it."""
    error = InputValueError(_message(argument, reason, row))
    error.argument, error.row, error.reason = argument, row, reason
    return error


def type_error(argument: str, reason: str, row: int | None = None) -> InputTypeError:
    """Return an error for a type that is not supported; the caller raises it."""
    error = InputTypeError(_message(argument, reason, row))
    error.argument, error.row, error.reason = argument, row, reason
    return error


def warn(message: str) -> None:
    """Warn at the line that called into this package."""
    frame, level = sys._getframe(), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "poly_match":
        frame, level = frame.f_back, level + 1
    warnings.warn(message, UserWarning, stacklevel=level)


def _message(argument: str, reason: str, row: int | None) -> str:
    return f"{argument if row is None else f'{argument}[{row}]'}: {reason}"
