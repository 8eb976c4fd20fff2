"""The command `poly-match`: how it starts and how it ends.

Exit codes: 0 done, 1 failure, 2 wrong usage, 130 interrupted. Every failure that has a reason is one line on
stderr, without a traceback. The libraries the commands need are an extra of the package, so a missing one is
told with the command that installs it. What the commands do is in `_commands` and `_job`.
"""

from __future__ import annotations

import sys

__all__ = ["main"]

EXTRA = ("click", "pyarrow", "pyogrio", "rich", "shapely")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    try:
        return _run(arguments)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in EXTRA:
            raise
        _complain(f"{missing} is not installed; run: {sys.executable} -m pip install 'poly-match[cli]'")
        return 1


def _run(arguments: list[str] | None) -> int:
    import click

    from poly_match._commands import cli

    try:
        code = cli.main(arguments, prog_name="poly-match", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _complain("interrupted; nothing was written")
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone: nothing is left to be said
        return 1
    except MemoryError:
        _complain("out of memory")
        return 1
    return code if isinstance(code, int) else 0


def _complain(message: str) -> None:
    print(f"poly-match: {message}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
