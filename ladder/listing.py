"""The parts of a file that the page shows: whole functions and classes by name, in Python or C.

The page contains no code of its own: a block `code FILE NAME ...` is filled from the file whenever the page
is rewritten, and a test compares them, so code on the page is code that runs.
"""

import ast
import itertools
import re
from pathlib import Path

from ladder.catalogue import ROOT

LANGUAGES = {".c": "c", ".py": "python", ".toml": "toml", ".build": "meson"}


def python_part(text: str, name: str) -> str:
    """A function or class with its decorators, or the import of a name, or a method as `Class.method`."""
    body = ast.parse(text).body
    first, _, rest = name.partition(".")
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom) and rest == "" and imports(node, first):
            return ast.get_source_segment(text, node) or ""
        if isinstance(node, ast.ClassDef) and node.name == first and rest:
            node = next(n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == rest)
        elif getattr(node, "name", None) != first:
            continue
        begin = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        return "\n".join(text.splitlines()[begin - 1 : node.end_lineno])
    raise KeyError(name)


def imports(node: ast.Import | ast.ImportFrom, name: str) -> bool:
    return any(name == (alias.asname or alias.name) for alias in node.names)


def c_part(text: str, name: str) -> str:
    """A function with the comment right above it, as clang-format lays it out: it ends at the next `}`."""
    start = re.search(
        rf"^(?:/\*(?:(?!\*/).)*\*/\n)?\w[\w *]*\b{name}\([^;]*?\{{$", text, re.DOTALL | re.MULTILINE
    )
    if start is None:
        raise KeyError(name)
    return text[start.start() : text.index("\n}", start.start()) + 2]


def listing(file: str, names: list[str]) -> str:
    """A fenced block of Markdown with parts of a file, in the order of the names; by default all of it."""
    text = (ROOT / file).read_text(encoding="utf-8")
    is_c = file.endswith(".c")
    parts = [(c_part if is_c else python_part)(text, name) for name in names] or [text.strip()]
    code = parts[0]
    for before, part in itertools.pairwise(parts):
        both_short = "\n" not in before and "\n" not in part  # mostly imports
        code += ("\n" if both_short else "\n\n") + part
    code = re.sub(r"  # noqa: .*", "", code)
    return f"```{LANGUAGES[Path(file).suffix]}\n{code}\n```"
