"""Names of src/ that can't be in one file, or that nothing uses: check_names.py

The amalgamation puts all files of `src/` into one, where names at file level have to differ: no two files
may define the same one, static or not. A function that isn't static is there for another file: one that a
header of `src/` declares and that no other file uses is a leftover, or only tests call it. What is found is
printed, a line for each, and is an error. The compiler finds the first after a minute of `dev.py amalgamate`
and the second not at all.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

SOURCES = Path(__file__).resolve().parent
HEADER = SOURCES.parent / "include" / "polymatch.h"

# What is no code: comments and text, and #include with the name of a file.
QUIET = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|^#include[^\n]*', re.DOTALL | re.MULTILINE
)
# Lines that are indented are inside of something.
FUNCTION = re.compile(r"^(?!typedef|return|else|#)[A-Za-z_][\w *]*?\b(\w+)\([^;{}]*?\)\s*\{", re.MULTILINE)
VARIABLE = re.compile(r"^static [\w *]*?\b(\w+)(?:\[[^\]]*\])*(?= =|;)", re.MULTILINE)
TAG = re.compile(r"^(?:typedef )?(?:struct|union|enum) (\w+) \{", re.MULTILINE)
TYPE = re.compile(r"^typedef [^;{}]*?\b(\w+);|^\} (\w+);", re.MULTILINE)
ENUM = re.compile(r"^(?:typedef )?enum(?: \w+)? \{(.*?)\}", re.MULTILINE | re.DOTALL)
MACRO = re.compile(r"^#define (\w+)", re.MULTILINE)
UNDEFINED = re.compile(r"^#undef (\w+)", re.MULTILINE)
DECLARED = re.compile(r"^(?!static|typedef)[A-Za-z_][\w *]*?\b(\w+)\([^;{}]*\)[^;{}]*;", re.MULTILINE)


def code_of(path: Path) -> str:
    """Return a file without comments, text and attributes."""
    code = QUIET.sub(" ", path.read_text(encoding="utf-8"))
    return re.sub(r"__attribute__\(\(.*?\)\)", "", code)


def defined_in(code: str, is_header: bool) -> set[str]:
    """Return the names that a file defines at its level; a type of a header may be defined in a .c file."""
    names = set(FUNCTION.findall(code)) | set(VARIABLE.findall(code))
    if not is_header:
        names |= set(TAG.findall(code)) | {name for pair in TYPE.findall(code) for name in pair if name}
    for body in ENUM.findall(code):
        names |= set(re.findall(r"(?:^|,)\s*(\w+)", body))
    return names | (set(MACRO.findall(code)) - set(UNDEFINED.findall(code)))


def shared(codes: dict[Path, str]) -> Iterator[str]:
    """Yield a line for each name that two files define."""
    files = defaultdict(list)
    for path, code in codes.items():
        for name in defined_in(code, path.suffix == ".h"):
            files[name].append(path.name)
    for name, where in sorted(files.items()):
        if len(where) > 1:
            yield f"{name}: defined in {' and '.join(sorted(where))}"


def unused(codes: dict[Path, str], public: str) -> Iterator[str]:
    """Yield a line for each function that a header of src/ declares and no other file than its own uses."""
    used = {path: set(re.findall(r"\w+", DECLARED.sub(" ", code))) for path, code in codes.items()}
    known = set(re.findall(r"\w+", public))
    for header, code in sorted(codes.items()):
        for name in DECLARED.findall(code) if header.suffix == ".h" else ():
            home = {path for path in codes if path.suffix == ".c" and name in FUNCTION.findall(codes[path])}
            if name not in known and not any(name in used[path] for path in codes.keys() - home):
                yield f"{name}: declared in {header.name}, used by no other file of src/"


def problems(sources: Path, public: str) -> list[str]:
    """Return a line for each problem of the files of a folder, and of its folders."""
    codes = {path: code_of(path) for path in sorted(sources.rglob("*.[ch]"))}
    return [*shared(codes), *unused(codes, public)]


if __name__ == "__main__":
    found = problems(SOURCES, HEADER.read_text(encoding="utf-8"))
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(1 if found else 0)
