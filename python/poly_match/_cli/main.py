"""The command `poly-match`: how it starts and how it ends.

Exit codes: 0 success, 1 failure, 2 usage error, 3 unsuitable input, 4 unmatched points with --fail-unmatched,
130 interrupted, 143 and 129 by SIGTERM and SIGHUP. Every expected failure is one line on stderr, without a
traceback. The commands need libraries that are an extra of the package; if one is missing, the message shows
how to install it. `commands`, `match` and `inspect` implement the commands, `ending` the end of the process.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from poly_match._cli.ending import end, end_at_signals

__all__ = ["command", "main"]

EXTRAS = {"matplotlib": "plot"} | dict.fromkeys(
    ("click", "pyarrow", "pyogrio", "pyproj", "rich", "shapely"), "cli"
)


def command() -> NoReturn:
    """Be the process of the command."""
    end_at_signals()
    try:
        code = main()
    except SystemExit as ended:  # click's, where nobody reads what is written
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    end(code)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    try:
        return _run(arguments)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in EXTRAS:
            raise
        extra = f"'poly-match[{EXTRAS[missing]}]'"
        _complain(f"{missing} is not installed; run: {sys.executable} -m pip install {extra}")
        return 1


def _run(arguments: list[str] | None) -> int:
    import click

    from poly_match._cli.commands import cli
    from poly_match._readers.problems import Problem

    try:
        code = cli.main(arguments, prog_name="poly-match", standalone_mode=False)
        sys.stdout.flush()
    except click.UsageError as error:
        message, path = error.format_message(), error.ctx.command_path if error.ctx else "poly-match"
        if "\n" in message:  # the help, if there is no command
            print(message, file=sys.stderr)
        else:
            _complain(f"{message} (see: {path} --help)")
        return error.exit_code
    except Problem as problem:
        if str(problem):
            _complain(problem.sentence(sys.argv[1:] if arguments is None else arguments))
        return problem.exit_code
    except (click.Abort, KeyboardInterrupt):
        _complain("interrupted; no file was written")
        return 130
    except BrokenPipeError:
        # The reader of our output has closed it: print nothing more, neither here nor when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except OSError as error:
        _complain(f"{error.filename}: {error.strerror or error}" if error.filename else str(error))
        return 1
    except MemoryError:
        _complain("out of memory")
        return 1
    return code if isinstance(code, int) else 0


def _complain(message: str) -> None:
    print(f"poly-match: {message}", file=sys.stderr)
