"""The code blocks of the pages: what a reader copies, where, and what has to come out.

A reader goes through a page from top to bottom. `sh` blocks go to a shell whose variables last, so that an
environment stays active; `python` blocks go to the `python` of that shell, one process per page.
The comment after an expression is its value; a `text` block is the output of the block before it, with three
dots for anything. A block after a comment that says "not run" gives its reason there; other languages are
listings.

`test_pages.py` runs all pages in the tests' environment and in an empty folder, without the lines that make
an environment. `python3 dev.py pages` runs this file: in fresh copies of the checkout the lines of the pages
make their environments; pages with equal lines share one. Both run each page twice. Only the standard library
is imported, because the environments of the pages need have nothing else.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import json
import os
import re
import shutil
import subprocess
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = {
    "docs/story.md": "listings, written by `python -m ladder story`: test_ladder.py",
    "examples/extension/README.md": "test_extension_example.py builds, runs and measures the modules",
    "docs/first-extension.md": "test_first_extension.py builds and runs all of it",
}
BLOCK = re.compile(
    r"(?:<!-- not run: ([^\n]*?) ?-->\n+)?^```([\w{}-]+)[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE
)
MAKES = re.compile(r"python3 -m venv|\S*pip install|\. \S+/activate|python3 dev\.py|\.venv/bin/")
REPEATED = ("python3 dev.py test",)  # of the lines that make something: what .ci/run does anyway


class PageError(AssertionError):
    """A block that doesn't run, or not as its page says."""


@dataclass(frozen=True)
class Block:
    """One block of a page; `reason` says why it is not run."""

    language: str
    text: str
    reason: str | None = None


class Counts(NamedTuple):
    """Of a page: the blocks that were run, the `text` blocks and the values that were compared."""

    run: int
    outputs: int
    values: int


NOTHING = Counts(0, 0, 0)


def all_pages() -> list[str]:
    """Return every page with blocks, as a path from the root."""
    folders = (".", "docs", "docs/recipes", "examples", "examples/extension")
    paths = sorted(path for folder in folders for path in (ROOT / folder).glob("*.md"))
    names = [path.relative_to(ROOT).as_posix() for path in paths]
    return [name for name in names if blocks_of(read(name))]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks_of(text: str) -> list[Block]:
    """Return the blocks of a page, without directives of Sphinx."""
    found = []
    for reason, language, body in BLOCK.findall(text):
        if language not in ("python", "sh", "text"):
            reason = reason or f"a listing of {language}"
        if not language.startswith("{"):
            found.append(Block(language, body, reason or None))
    return found


def makes_environment(block: Block) -> bool:
    return block.language == "sh" and any(MAKES.match(line) for line in block.text.splitlines())


# ---- a reader ----


class Reader:
    """Somebody with a shell in a folder, and a page.

    `made` is None for a reader who is in the right environment and leaves out what makes one; otherwise
    it maps the lines that made an environment to the shell's variables after them.
    """

    def __init__(
        self, folder: Path, variables: dict[str, str], made: dict[str, dict[str, str]] | None
    ) -> None:
        self.folder, self.variables, self.made = folder, variables, made
        self.python: subprocess.Popen[str] | None = None
        self.values = 0

    def read(self, page: str) -> Counts:
        """Run the blocks of a page, which is given as its text."""
        run = outputs = self.values = 0
        printed: str | None = None
        try:
            for block in blocks_of(page):
                if block.reason is not None:
                    printed = None
                    continue
                if block.language == "text":
                    if printed is not None:
                        compare(block.text, printed)
                        outputs += 1
                    continue
                printed = self.run_python(block) if block.language == "python" else self.run_shell(block)
                run += 1
        finally:
            self.close()
        return Counts(run, outputs, self.values)

    def run_shell(self, block: Block) -> str:
        lines = [line for line in block.text.splitlines() if not line.startswith(REPEATED)]
        if self.made is None:
            lines = [line for line in lines if not MAKES.match(line)]
        elif makes_environment(block) and block.text in self.made:
            self.variables = self.made[block.text]
            return ""
        after = self.folder / ".variables"
        program = "\n".join(["set -e", *lines, f'env -0 > "{after}"'])
        result = subprocess.run(
            ["bash", "-c", program],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=1800,
        )
        if result.returncode:
            raise PageError(f"{block.text}\n{result.stdout}{result.stderr}")
        pairs = (pair.partition("=") for pair in after.read_text(encoding="utf-8").split("\0") if pair)
        self.variables = {name: value for name, _, value in pairs}
        after.unlink()
        if self.made is not None and makes_environment(block):
            self.made[block.text] = self.variables
        return result.stdout

    def run_python(self, block: Block) -> str:
        if self.python is None:
            search = self.variables.get("PATH")
            python = shutil.which("python", path=search)
            if python is None:
                raise PageError("no environment with a python is active")
            self.python = subprocess.Popen(
                [python, __file__, "prompt"],
                cwd=self.folder, env=self.variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
        assert self.python.stdin is not None
        assert self.python.stdout is not None
        self.python.stdin.write(json.dumps(block.text) + "\n")
        self.python.stdin.flush()
        answer = self.python.stdout.readline()
        if not answer:
            raise PageError(f"python ended in\n{block.text}")
        printed, values, error = json.loads(answer)
        self.values += values
        if error:
            raise PageError(f"{block.text}\n{error}")
        return str(printed)

    def close(self) -> None:
        if self.python is not None:
            assert self.python.stdin is not None
            self.python.stdin.close()
            if self.python.wait():
                raise PageError(f"python ended with {self.python.returncode}")
            self.python = None


def compare(shown: str, printed: str) -> None:
    if not doctest.OutputChecker().check_output(shown, printed, doctest.ELLIPSIS):
        raise PageError(f"the page says:\n{shown}\nprinted:\n{printed}")


def prompt() -> None:
    """Run the blocks that come as lines of JSON, and answer with what they print and their error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what C code prints is no answer
    sys.path[0] = os.getcwd()
    names: dict[str, Any] = {"__name__": "__main__"}
    for line in sys.stdin:
        printed, values, error = io.StringIO(), 0, None
        try:
            with contextlib.redirect_stdout(printed):
                values = run_statements(json.loads(line), names)
        except Exception:
            error = traceback.format_exc()
        answers.write(json.dumps([printed.getvalue(), values, error]) + "\n")
        answers.flush()


def run_statements(text: str, names: dict[str, Any]) -> int:
    """Run statements, compare the values of expressions with the comments after them, and count these."""
    lines, compared = text.split("\n"), 0
    for statement in ast.parse(text).body:
        if not isinstance(statement, ast.Expr):
            exec(compile(ast.Module([statement], []), "block", "exec", dont_inherit=True), names)
            continue
        value = eval(compile(ast.Expression(statement.value), "block", "eval", dont_inherit=True), names)
        assert statement.end_lineno is not None
        rest = lines[statement.end_lineno - 1].encode()[statement.end_col_offset :].decode()
        if value is None:
            continue
        if rest.strip() != f"# {value!r}":
            raise PageError(f"{ast.unparse(statement)} is {value!r}, and the page says: {rest.strip()}")
        compared += 1
    return compared


# ---- all pages in their own environments ----


def main(work: Path, names: list[str]) -> int:
    """Run pages in the environments that they make, and report; 1 if a page fails."""
    shutil.rmtree(work, ignore_errors=True)
    checkouts: dict[str, Path] = {}
    made: dict[str, dict[str, dict[str, str]]] = {}
    rows, failures = [], []
    for name in names or all_pages():
        row = Row.of(name)
        rows.append(row)
        if not row.to_run:
            continue
        print(f"-- {name}", flush=True)
        lines = "".join(block.text for block in row.to_run if makes_environment(block))
        is_first = lines not in checkouts
        if is_first:
            checkouts[lines] = copy_of_checkout(work / str(len(checkouts)) / "poly-match")
        folder, known = checkouts[lines], made.setdefault(lines, {})
        try:
            for time in range(2):
                if time and is_first:
                    known.clear()  # so that the lines are run again, too
                row.counts = Reader(folder, variables_of_a_user(), known).read(read(name))
        except (PageError, subprocess.TimeoutExpired) as error:
            failures.append(f"{name}: {error}")
        restore(folder)
    report(rows, failures)
    return 1 if failures else 0


@dataclass
class Row:
    """What is said about a page: its blocks, and how many were green."""

    name: str
    blocks: list[Block]
    to_run: list[Block]
    counts: Counts = NOTHING

    @classmethod
    def of(cls, name: str) -> Row:
        blocks = blocks_of(read(name))
        if name in ELSEWHERE:
            return cls(name, blocks, [])
        return cls(
            name, blocks, [block for block in blocks if block.reason is None and block.language != "text"]
        )

    @property
    def only_shown(self) -> int:
        return len(self.blocks) - len(self.to_run) - self.counts.outputs

    def __str__(self) -> str:
        reasons = dict.fromkeys(block.reason for block in self.blocks if block.reason)
        shown = ELSEWHERE.get(self.name) or "; ".join(reasons)
        run, outputs, values = self.counts
        columns = f"{len(self.blocks):7} {run:7} {outputs:7} {values:7} {self.only_shown:7}"
        return f"{self.name:28} {columns}  {shown}"


def report(rows: list[Row], failures: list[str]) -> None:
    print(f"\n{'page':28}  blocks     run outputs  values   shown  why only shown", *rows, sep="\n")
    run, outputs, values = (sum(counts) for counts in zip(*(row.counts for row in rows), strict=True))
    blocks, to_run = sum(len(row.blocks) for row in rows), sum(len(row.to_run) for row in rows)
    print(
        f"\n{len(rows)} pages, {blocks} blocks: {run} of {to_run} run, twice each; {outputs} outputs and "
        f"{values} values compared; {sum(row.only_shown for row in rows)} only shown"
    )
    print(*failures, sep="\n\n")


def variables_of_a_user() -> dict[str, str]:
    """Return the variables of this process without the environment of the tests."""
    hidden = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PM_TEST_FULL")
    variables = {name: value for name, value in os.environ.items() if name not in hidden}
    folders = variables["PATH"].split(os.pathsep)
    return variables | {"PATH": os.pathsep.join(each for each in folders if not each.startswith(str(ROOT)))}


def copy_of_checkout(folder: Path) -> Path:
    """Copy the files of the repository, those that are not committed yet included."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def restore(folder: Path) -> None:
    """Remove what a page has made, except environments."""
    for path in sorted(folder.rglob("*"), reverse=True):
        name = path.relative_to(folder)
        if any((folder / parent / "pyvenv.cfg").exists() for parent in (name, *name.parents)):
            continue
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif not (ROOT / name).exists() or name.parts[0].startswith("build"):
            path.unlink()


if __name__ == "__main__":
    if sys.argv[1] == "prompt":
        prompt()
    else:
        sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
