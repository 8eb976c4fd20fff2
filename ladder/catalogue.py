"""The list of rungs and the facts in their files, without importing any.

Importing a rung needs its packages, and its build of the C code; only the process that times it does that
(ladder/worker.py). A rung's file says, as plain strings:

    NAME        its name in tables
    ARITHMETIC  rungs with the same one must give the same winners
    PROJECT     whose C code it imports: "extension" (examples/extension) or "poly_match"
    C_FILE      of "extension": the file that holds all of this rung's C
    SAME_AS     this is another rung under other conditions,
    WITH        namely "pypy", "debug" (its C code compiled with -O0) or "fresh memory"
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "ladder" / "rungs"
EXTENSION = ROOT / "examples" / "extension"
BASELINE = "r01_baseline"


@dataclass(frozen=True)
class Rung:
    module: str
    name: str
    arithmetic: str
    project: str | None = None
    c_file: str | None = None
    same_as: str | None = None
    circumstance: str | None = None

    @property
    def code(self) -> str:
        """The module that holds the code which runs."""
        return self.same_as or self.module

    @property
    def number(self) -> str:
        return label(self.module)


def label(module: str) -> str:
    """The number of a rung as shown to people: 7, 7b."""
    return module.partition("_")[0][1:].lstrip("0")


def rung_names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("r[0-9]*.py"))


def describe(module: str) -> Rung:
    said = {}
    for node in ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            said[node.targets[0].id] = node.value.value
    same_as = said.get("SAME_AS")
    code = describe(same_as) if same_as else None
    return Rung(
        module,
        said["NAME"],
        said["ARITHMETIC"],
        code.project if code else said.get("PROJECT"),
        code.c_file if code else said.get("C_FILE"),
        same_as,
        said.get("WITH"),
    )


def pick(wanted: list[str] | None, with_baseline: bool = True) -> list[str]:
    """The rungs selected by names, parts of names or numbers, in order, with those that they compare with."""
    names = rung_names()
    if not wanted:
        return names
    chosen = {BASELINE} if with_baseline else set()
    for word in wanted:
        is_number = re.fullmatch(r"\d+[a-z]?", word) is not None
        found = [name for name in names if (label(name) == word if is_number else word in name)]
        if not found:
            raise SystemExit(f"no rung is called {word!r}; there are: {', '.join(names)}")
        chosen.update(found)
    return [name for name in names if name in chosen]


def lines_of_c(*paths: Path) -> int:
    """How many lines of C hold code: not blank, and not only a comment."""
    total = 0
    for path in paths:
        text = path.read_text(encoding="utf-8")
        token = re.compile(r'"(?:\\.|[^"\\\n])*"' r"|'(?:\\.|[^'\\\n])*'" r"|/\*.*?\*/|//[^\n]*", re.DOTALL)
        code = token.sub(lambda found: "\n" * found[0].count("\n") if found[0][0] == "/" else found[0], text)
        total += sum(1 for line in code.splitlines() if line.strip())
    return total


def lines_of_rung(rung: Rung) -> int | None:
    return lines_of_c(EXTENSION / rung.c_file) if rung.c_file else None


def lines_of_library() -> int:
    """The C library and the extension module around it."""
    paths = [p for folder in ("include", "src", "python/ext") for p in (ROOT / folder).rglob("*.[ch]")]
    return lines_of_c(*paths)
