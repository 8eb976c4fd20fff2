"""Do the code blocks of the pages run, and give the results on the page?

The Python blocks of a page run in order, in one namespace, in a folder with the example data, and so do the
lines of `sh` blocks that begin with `poly-match`. The comment after an expression is its value, and a `text`
block is the output of the block before it (three dots stand for anything). A block after a comment that says
"not run" needs something that is not available here.
"""

from __future__ import annotations

import ast
import doctest
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    *(DOCS / f"{name}.md" for name in ("index", "first-minute", "rules", "coming-from")),
]
PAGES += sorted((DOCS / "recipes").glob("*.md"))
BLOCK = re.compile(r"(<!-- not run[^\n]*-->\n)?^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks_of(page: str) -> list[tuple[str, str]]:
    """Return language and text of the blocks to be run."""
    return [(language, text) for skipped, language, text in BLOCK.findall(page) if not skipped]


def run_python(text: str, names: dict[str, Any]) -> None:
    """Run statements, and compare expressions with the comments after them."""
    lines = text.split("\n")
    for statement in ast.parse(text).body:
        if not isinstance(statement, ast.Expr):
            exec(compile(ast.Module([statement], []), "block", "exec", dont_inherit=True), names)
            continue
        value = eval(compile(ast.Expression(statement.value), "block", "eval", dont_inherit=True), names)
        rest = lines[statement.end_lineno - 1].encode()[statement.end_col_offset :].decode()
        if value is not None:
            assert rest.strip() == f"# {value!r}", ast.unparse(statement)


def run_commands(text: str) -> str:
    """Run the lines of a block that call this package's command, and return what they print."""
    printed = ""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    for line in text.splitlines():
        if line.startswith("poly-match") and "plot" not in line:  # which needs Matplotlib
            result = subprocess.run(
                line, shell=True, env=os.environ | {"PATH": path}, capture_output=True, text=True, timeout=120
            )
            assert result.returncode == 0, f"{line}\n{result.stderr}"
            printed += result.stdout
    return printed


def check_page(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {"__name__": "page"}
    printed = ""
    for language, text in blocks_of(page):
        if language == "python":
            run_python(text, names)
            printed = capsys.readouterr().out
        elif language == "sh":
            printed = run_commands(text)
        elif language == "text":
            same = doctest.OutputChecker().check_output(text, printed, doctest.ELLIPSIS)
            assert same, f"expected:\n{text}\nprinted:\n{printed}"


@pytest.fixture
def beside_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, examples: Path) -> None:
    """Go to an empty folder that has the example data in it."""
    (tmp_path / "examples").symlink_to(examples)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("beside_examples")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_shows_is_so(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check_page(page.read_text(encoding="utf-8"), capsys)


@pytest.mark.usefixtures("beside_examples")
@pytest.mark.parametrize(
    "page",
    [
        "```python\n1 + 1  # 3\n```",
        "```python\n1 + 1\n```",
        "```python\nx = 1\n```\n\n```python\nx  # 2\n```",
        "```python\nprint('a')\n```\n\n```text\nb\n```",
        "```sh\npoly-match match nowhere.csv nothing.geojson\n```",
        "```sh\npoly-match --version\n```\n\n```text\nanother\n```",
    ],
)
def test_what_is_not_so_is_found(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AssertionError):
        check_page(page, capsys)


def test_blocks_that_need_what_is_not_here_are_left_out() -> None:
    assert blocks_of("<!-- not run: no file -->\n```python\n1 / 0\n```\n\n```python\n1\n```\n") == [
        ("python", "1\n")
    ]


def test_what_the_readme_links_to_is_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if not link.startswith("https:")]
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_readme_has_the_two_commands_of_a_fresh_machine() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    for command in ("python3 dev.py example", "python3 dev.py test"):
        assert any(line.split("#")[0].strip() == command for line in lines[:25])
