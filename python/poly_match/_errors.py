"""What a caller can mend: errors that carry the argument, the row and the reason as attributes.

The classes are the extension's, which raises them as well. A message begins with the argument, and the row
where there is one: ``points[3]: expected two numbers``. Whoever wants to say it in other words (the command
line names the file) takes the attributes, and parses no message.
"""

from __future__ import annotations

import sys
import warnings

from poly_match._core import InputError, InputTypeError, InputValueError

__all__ = ["InputError", "InputTypeError", "InputValueError", "type_error", "value_error", "warn"]


def value_error(argument: str, reason: str, row: int | None = None) -> InputValueError:
    """Return the error of a value that can't be used, to be raised."""
    error = InputValueError(_message(argument, reason, row))
    error.argument, error.row, error.reason = argument, row, reason
    return error


def type_error(argument: str, reason: str, row: int | None = None) -> InputTypeError:
    """Return the error of a type that is not understood, to be raised."""
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
