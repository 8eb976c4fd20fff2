"""What `src/check_names.py`, a part of `dev.py lint`, finds in C files, and what it lets pass."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SOURCES = Path(__file__).resolve().parents[2] / "src"
FILES = {
    "one.h": "/* lonely() is a comment */\nint shared(int x);\nint lonely(void);\nint published(void);\n"
    "typedef struct opaque opaque;\nstatic inline int twice(int x) {\n    return 2 * shared(x);\n}\n",
    "one.c": '#include "one.h"\nstruct opaque {\n    int x;\n};\n'
    "static int local(int x) {\n    return x;\n}\n"
    "int shared(int x) {\n    return local(x);\n}\nint lonely(void) {\n    return lonely();\n}\n"
    "int published(void) {\n    return 0;\n}\n",
    "two.c": '#include "one.h"\n#define FEW 3\nstatic int other(const opaque *o) {\n'
    '    return shared(3) + o->x + FEW; // lonely "local"\n}\n#undef FEW\n',
}
FOUND = ["lonely: declared in one.h, used by no other file of src/"]


@pytest.fixture(scope="module")
def checker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_names", SOURCES / "check_names.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def problems(checker: ModuleType, folder: Path, more: str = "") -> list[str]:
    for name, text in (FILES | {"three.c": more}).items():
        (folder / name).write_text(text)
    found: list[str] = checker.problems(folder, "int published(void);")
    return found


def test_a_function_that_no_other_file_uses(checker: ModuleType, tmp_path: Path) -> None:
    assert problems(checker, tmp_path) == FOUND
    assert problems(checker, tmp_path, "static int user(void) {\n    return lonely();\n}\n") == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("static int local(void) {\n    return 1;\n}\n", "local"),
        ("static inline __attribute__((always_inline)) int other(int x,\n    int y) {\n}\n", "other"),
        ("static const int local[3] = {1, 2, 3};\n", "local"),
        ("enum { few, other = 4 };\n", "other"),
        ("#define local 3\n", "local"),
        ("typedef struct opaque {\n    int y;\n} opaque;\n", "opaque"),
        ("static int twice(int x) {\n    return x;\n}\n", "twice"),
        ("typedef int (*unlike)(int local);\ntypedef int other;\n", "other"),
        ("static int fine(int x) {\n    int local = x;\n    return local;\n}\n#define FEW 3\n", ""),
    ],
)
def test_names_of_two_files(checker: ModuleType, tmp_path: Path, text: str, name: str) -> None:
    found = [line for line in problems(checker, tmp_path, text) if line not in FOUND]
    assert len(found) == bool(name)
    assert all(line.startswith(f"{name}: defined in ") and "three.c" in line for line in found)


def test_the_sources_have_no_problem(checker: ModuleType) -> None:
    assert checker.problems(SOURCES, checker.HEADER.read_text(encoding="utf-8")) == []
