"""Do the code blocks of the pages run, and give the results on the page? `pages.py` says how they are read.

`python3 dev.py docs` runs them in this environment, `python3 dev.py pages` in environments of their own.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pages
import poly_match as pm
import pytest

ROOT = pages.ROOT
RUN = [name for name in pages.all_pages() if pages.Row.of(name).to_run]


def reader(folder: Path) -> pages.Reader:
    search = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return pages.Reader(folder, os.environ | {"PATH": search}, None)


@pytest.mark.pages
@pytest.mark.parametrize("name", RUN)
def test_what_a_page_shows_is_so_in_any_folder(name: str, tmp_path: Path) -> None:
    counts = reader(tmp_path).read(pages.read(name))
    assert counts.run == len(pages.Row.of(name).to_run)


def test_every_page_with_blocks_is_counted() -> None:
    assert {"README.md", "docs/rules.md", "docs/engines.md", "docs/recipes/cells.md"} <= set(RUN)
    assert len(RUN) >= 14
    for name in pages.all_pages():
        row = pages.Row.of(name)
        shown = all(block.reason or block.language == "text" for block in row.blocks)
        assert row.to_run or shown or name in pages.ELSEWHERE


@pytest.mark.parametrize("name", RUN)
def test_a_command_can_be_run_again(name: str) -> None:
    """All pages are run twice by `dev.py pages`; this finds the usual reason why one can't be, at once."""
    lines = "".join(block.text for block in pages.Row.of(name).to_run if block.language == "sh").splitlines()
    assert [line for line in lines if " -o " in line and "--overwrite" not in line] == []


@pytest.mark.parametrize("name", RUN)
def test_a_page_says_what_it_needs(name: str) -> None:
    """The first block that is run makes an environment, or the page needs nothing but the shell."""
    first, *_ = pages.Row.of(name).to_run
    assert pages.makes_environment(first), first.text


@pytest.mark.parametrize(
    "page",
    [
        "```python\n1 + 1  # 3\n```",
        "```python\n1 + 1\n```",
        "```python\nx = 1\n```\n\n```python\nx  # 2\n```",
        "```python\n1 / 0\n```",
        "```python\nprint('a')\n```\n\n```text\nb\n```",
        "```python\nimport sys; sys.exit(1)\n```",
        "```sh\npoly-match match nowhere.csv nothing.geojson\n```",
        "```sh\nfalse\n```",
        "```sh\npoly-match --version\n```\n\n```text\nanother\n```",
    ],
)
def test_what_is_not_so_is_found(page: str, tmp_path: Path) -> None:
    with pytest.raises(pages.PageError):
        reader(tmp_path).read(page + "\n")


def test_a_shell_and_a_python_last_as_long_as_the_page(tmp_path: Path) -> None:
    page = "```sh\nexport WHO=me\n```\n```sh\necho $WHO\n```\n```text\nme\n```\n"
    page += "```python\nimport os\nos.environ['WHO']  # 'me'\n```\n```python\nos.sep  # '/'\n```\n"
    assert reader(tmp_path).read(page) == (4, 1, 2)
    assert list(tmp_path.iterdir()) == []


def test_lines_that_make_an_environment_are_left_out_where_there_is_one(tmp_path: Path) -> None:
    lines = "python3 -m venv x\n. x/bin/activate\npip install '.[all]'\n"
    lines += "python3 dev.py example\nx/bin/pip install x\n"
    assert reader(tmp_path).read(f"```sh\n{lines}echo done\n```\n```text\ndone\n```\n") == (1, 1, 0)
    assert list(tmp_path.iterdir()) == []


def test_a_block_is_run_or_says_why_not() -> None:
    text = "<!-- not run: no file -->\n```python\n1 / 0\n```\n\n```python\n1\n```\n"
    text += "```sql\nSELECT\n```\n```{toctree}\n```\n"
    assert pages.blocks_of(text) == [
        pages.Block("python", "1 / 0\n", "no file"),
        pages.Block("python", "1\n"),
        pages.Block("sql", "SELECT\n", "a listing of sql"),
    ]


@pytest.mark.parametrize("name", ["README.md", *pages.all_pages()])
def test_what_a_page_links_to_is_there(name: str) -> None:
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", pages.read(name)) if "://" not in link]
    assert [link for link in links if not (ROOT / name).parent.joinpath(link).exists()] == []


def test_no_two_pages_write_the_same_file() -> None:
    """Whoever goes through several pages in one folder keeps what each has made."""
    writers: dict[str, set[str]] = {}
    for name in RUN:
        for block in pages.Row.of(name).to_run:
            made = re.findall(r"(?:-o|--rejects) (\S+)", block.text)
            made += re.findall(r"(?:to_csv|to_parquet|\.save|savefig)\(\s*\"([^\"]+)\"", block.text)
            for file in made:
                writers.setdefault(file, set()).add(name)
    assert len(writers) >= 10
    assert {file: names for file, names in writers.items() if len(names) > 1} == {}


def test_the_readme_has_the_two_commands_of_a_fresh_machine() -> None:
    lines = pages.read("README.md").splitlines()
    for command in ("python3 dev.py example", "python3 dev.py test"):
        assert any(line.split("#")[0].strip() == command for line in lines[:25])


def test_the_shell_completion_of_the_install_page_completes(tmp_path: Path) -> None:
    [line] = re.findall(r'^eval "\$\(.*\)"$', pages.read("docs/install.md"), re.MULTILINE)
    page = f"""```sh
{line}
COMP_WORDS=(poly-match ma) COMP_CWORD=1
_poly_match_completion poly-match ma && echo "${{COMPREPLY[@]}}"
COMPREPLY=() COMP_WORDS=(poly-match match a.csv b.geojson --pred) COMP_CWORD=4
_poly_match_completion poly-match --pred b.geojson && echo "${{COMPREPLY[@]}}"
```
```text
match
--predicate
```
"""
    assert reader(tmp_path).read(page) == (1, 1, 0)


def test_the_reference_has_every_public_name() -> None:
    page = pages.read("docs/python.md")
    listed = set(
        re.findall(r"auto(?:function|class|exception|module):: (?:poly_match\.)?(\w+)$", page, re.MULTILINE)
    )
    assert {name for name in pm.__all__ if not name.startswith("__")} <= listed
