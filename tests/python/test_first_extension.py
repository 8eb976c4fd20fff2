"""The tutorial: does its code build, run and fail as docs/first-extension.md says?

The page is read from top to bottom. A block after a comment that names a file is that file, or a part of
the one of this name in examples/extension. A diff is applied to such a file, built, and run, and what the
page shows of the output has to be in the output, in this order; addresses, folders and process numbers
aside, and `...` is anything.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest
from test_extension_example import FOLDER, install

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/first-extension.md").read_text()
BLOCK = re.compile(r"(?:^<!-- file: (\S+) -->\n)?^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the page shows it on Linux")
INCLUDES = [f"-I{sysconfig.get_path('include')}", f"-I{np.get_include()}"]


def section(title: str) -> str:
    """Return the text under a title, up to the next one."""
    found = re.search(rf"^##+ {re.escape(title)}\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found, title
    return found[1]


def blocks(title: str, language: str) -> list[str]:
    """Return the blocks of one language in a section."""
    return [text for _, found, text in BLOCK.findall(section(title)) if found == language]


def files_of(page: str) -> dict[str, str]:
    """Return the files that a part of the page shows in full; the last one of a name."""
    return {name: text for name, _, text in BLOCK.findall(page) if name and not (FOLDER / name).exists()}


def patched(text: str, diff: str) -> str:
    """Apply the lines of a diff to the one place where they belong."""
    old = "".join(line[1:] + "\n" for line in diff.splitlines() if line[0] in " -")
    new = "".join(line[1:] + "\n" for line in diff.splitlines() if line[0] in " +")
    assert text.count(old) == 1, f"the diff does not belong to the file:\n{diff}"
    return text.replace(old, new)


def run(*command: str | Path, folder: Path, **environment: str) -> tuple[int, str]:
    """Run a command in a folder and return its exit code and everything it printed."""
    words = [str(word) for word in command]
    result = subprocess.run(
        words, cwd=folder, env=os.environ | environment, text=True, timeout=120,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return result.returncode, result.stdout


def plain(line: str) -> str:
    """Leave out what differs from run to run and from machine to machine."""
    line = re.sub(r"==\d+==", "", line)
    line = re.sub(r"[^\s\"]*/(?=[\w.-]+\.\w+\b)", "", line)  # folders
    line = re.sub(r"0x[0-9a-f]+", "0x", line)
    line = re.sub(r"(object\.h|refcount\.h):\d+", r"object.h", line)
    return line.strip()


def assert_shown(shown: str, output: str) -> None:
    """Check that the lines of the page come in the output, in their order."""
    rest = iter(plain(line) for line in output.splitlines())
    for line in shown.splitlines():
        if line.strip() and line.strip() != "...":
            assert any(plain(line) in other for other in rest), (
                f"{line!r} is not (in this order) in\n{output}"
            )


def compile_module(source: Path, target: Path, *options: str, includes: list[str] = INCLUDES) -> None:
    """Compile one module as the page does by hand."""
    target.mkdir(parents=True, exist_ok=True)
    compiler = os.environ.get("CC", "cc")
    output = target / f"{source.stem}.so"
    code, printed = run(
        compiler, "-shared", "-fPIC", *options, *includes, source, "-o", output, folder=source.parent
    )
    assert code == 0, printed


# ---- the code on the page ----


def test_code_on_the_page_is_that_of_the_files() -> None:
    shown = [(name, text) for name, _, text in BLOCK.findall(PAGE) if name and (FOLDER / name).exists()]
    assert len(shown) >= 10
    for name, text in shown:
        assert text in (FOLDER / name).read_text(), f"{name} differs from what the page shows:\n{text}"


def test_a_reader_who_only_has_the_page_has_everything() -> None:
    """All files but the last module, which is the one before with another loop, name and opening comment."""
    shown: dict[str, str] = {}
    for name, _, text in BLOCK.findall(PAGE):
        if name:
            shown[name] = shown.get(name, "") + text
    files = {path.name for path in FOLDER.iterdir() if path.is_file()} - {"README.md", "poly_match_c2.c"}
    assert len(files) == 6
    for name in files:
        assert without_blank_lines(shown[name]) == without_blank_lines((FOLDER / name).read_text()), name


def without_blank_lines(text: str) -> list[str]:
    """Return the lines that say something: between two parts of a file the page has text."""
    return [line for line in text.splitlines() if line.strip()]


def test_lines_that_the_page_counts() -> None:
    from test_extension_example import NAMES, code_lines

    counts = [code_lines(FOLDER / f"{name}.c") for name in NAMES]
    assert f"three modules of {counts[0]}, {counts[1]} and {counts[2]} lines of code" in " ".join(
        PAGE.split()
    )
    assert f"in {counts[2]} lines of code" in PAGE


def test_the_line_of_the_profile() -> None:
    lines = (FOLDER / "program.py").read_text().splitlines()
    (number,) = re.findall(r"program\.py:(\d+)\(find_close_polygons\)", PAGE)
    assert lines[int(number) - 1].startswith("def find_close_polygons(")


# ---- from an empty folder ----


def test_the_smallest_module_by_hand(tmp_path: Path) -> None:
    title = "The smallest module that imports"
    (tmp_path / "first.c").write_text(files_of(section(title))["first.c"])
    (command,) = blocks(title, "sh")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    code, printed = run("sh", "-ec", command, folder=tmp_path, PATH=path)
    assert (code, printed) == (0, blocks(title, "text")[0])


@pytest.mark.parametrize("backend", ["setuptools", "meson"])
def test_the_first_function(tmp_path: Path, backend: str) -> None:
    files = files_of(PAGE)
    project, target = tmp_path / "project", tmp_path / "target"
    project.mkdir()
    (project / "first.c").write_text(files_of(section("The first function"))["first.c"])
    for name, text in files.items():
        if name.startswith(f"{backend}/"):
            (project / Path(name).name).write_text(text)
    install(project, target)
    title = "Or with meson-python"
    code, printed = run(
        sys.executable, "-c", blocks(title, "python")[0], folder=tmp_path, PYTHONPATH=str(target)
    )
    assert (code, printed) == (0, blocks(title, "text")[0])


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the three modules, built by setuptools with their names in the page's list."""
    project, target = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("target")
    names = [path.stem for path in FOLDER.glob("*.c")]
    for path in FOLDER.glob("*.c"):
        shutil.copy(path, project)
    files = files_of(PAGE)
    (project / "pyproject.toml").write_text(files["setuptools/pyproject.toml"])
    (project / "setup.py").write_text(files["setuptools/setup.py"].replace('["first"]', repr(names)))
    install(project, target)
    for name in ("program.py", "measure.py"):
        shutil.copy(FOLDER / name, target)
    return target


@pytest.mark.parametrize("title", ["The function in C, line by line", "The polygon as a C struct"])
def test_the_program_with_a_module(installed: Path, title: str) -> None:
    program = blocks(title, "python")[-1]
    code, printed = run(sys.executable, "-c", program, folder=installed)
    assert (code, printed) == (0, blocks(title, "text")[0])


def test_each_step_is_faster_than_the_one_before(installed: Path) -> None:
    program = "import measure\nfor step, time in measure.measure(2).items(): print(step, time)"
    code, printed = run(sys.executable, "-c", program, folder=installed)
    assert code == 0, printed
    steps, times = zip(*(line.split() for line in printed.splitlines()), strict=True)
    shown = blocks("Nothing allocated in the loop", "text")[0]
    assert list(steps) == [line.split()[0] for line in shown.splitlines()]
    assert [float(time) for time in times] == sorted((float(time) for time in times), reverse=True)


def test_the_module_in_place_of_the_function(installed: Path) -> None:
    title = "Do the same to your own code"
    program = files_of(section(title))["fast.py"]
    code, printed = run(sys.executable, "-c", program, folder=installed)
    assert (code, printed) == (0, blocks(title, "text")[0])


def test_each_build_of_the_table(tmp_path: Path) -> None:
    commands = re.findall(r"`pip install \.([^`]*)`", section("What the compiler can do"))
    options = [command.split() for command in commands if command]
    assert len(options) == 6
    log = (
        "import poly_match_c2 as m; print(len(m.find_close_polygons([m.Polygon([0.0], [0.0])], (0, 0), 1.0)))"
    )
    for number, words in enumerate(options):
        target = tmp_path / str(number)
        install(FOLDER, target, *words)
        assert run(sys.executable, "-c", log, folder=target) == (0, "1\n")


# ---- what goes wrong ----


@pytest.fixture
def broken(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """Return the title of a section and a folder with its files, its diff applied to a C file."""
    title, name = request.param
    original = (FOLDER / name) if (FOLDER / name).exists() else None
    text = original.read_text() if original else files_of(section("The first function"))[name]
    (tmp_path / name).write_text(patched(text, blocks(title, "diff")[0]))
    for file, content in files_of(section(title)).items():
        (tmp_path / file).write_text(content)
    shutil.copy(FOLDER / "program.py", tmp_path)
    return title, tmp_path


BORROWED = ("A borrowed reference that dies while Python code runs", "poly_match_c1.c")
IMPORT_ARRAY = ("A missing `import_array()`", "poly_match_c1.c")
FORGOTTEN = ("A forgotten `Py_DECREF`", "poly_match_c1.c")
IGNORED = ("An error ignored", "first.c")


def as_usual(folder: Path, script: str, source: str = "poly_match_c1.c") -> tuple[int, str]:
    """Run a script of the page with a module that is compiled as usual."""
    compile_module(folder / source, folder / "usual", "-O3")
    return run(sys.executable, "-X", "faulthandler", script, folder=folder, PYTHONPATH=str(folder / "usual"))


def under_asan(folder: Path, script: str) -> str:
    """Run a script of the page with a module that is compiled with AddressSanitizer."""
    compile_module(folder / "poly_match_c1.c", folder / "asan", "-g", "-fsanitize=address")
    runtime = subprocess.run(
        [os.environ.get("CC", "cc"), "-print-file-name=libasan.so"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    options = {"PYTHONMALLOC": "malloc", "ASAN_OPTIONS": "detect_leaks=0", "PYTHONPATH": str(folder / "asan")}
    code, printed = run(sys.executable, script, folder=folder, LD_PRELOAD=runtime, **options)
    assert code != 0
    return printed


@LINUX
@pytest.mark.parametrize("broken", [BORROWED], indirect=True)
def test_a_borrowed_reference_dies(broken: tuple[str, Path]) -> None:
    title, folder = broken
    crash, asan, _ = blocks(title, "text")
    assert_shown(crash, as_usual(folder, "shrink.py")[1])
    assert_shown(asan, under_asan(folder, "shrink.py"))


@LINUX
@pytest.mark.parametrize("broken", [IMPORT_ARRAY], indirect=True)
def test_import_array_is_missing(broken: tuple[str, Path]) -> None:
    title, folder = broken
    crash, asan = blocks(title, "text")
    assert_shown(crash, as_usual(folder, "crash.py")[1])
    assert_shown(asan, under_asan(folder, "crash.py"))


@LINUX
@pytest.mark.parametrize("broken", [FORGOTTEN], indirect=True)
def test_a_decref_is_forgotten(broken: tuple[str, Path]) -> None:
    title, folder = broken
    code, printed = as_usual(folder, "leak.py")
    numbers = re.compile(r"leak\.py:(\d+): size=.*, count=\d+ \(\+(\d+)\)")
    shown, found = (numbers.search(text) for text in (blocks(title, "text")[0], printed))
    assert code == 0
    assert shown
    assert found, printed
    assert shown[1] == found[1]
    assert int(found[2]) == pytest.approx(int(shown[2]), rel=0.01)
    (folder / "poly_match_c1.c").write_text((FOLDER / "poly_match_c1.c").read_text())
    found = numbers.search(as_usual(folder, "leak.py")[1])
    assert not found or int(found[2]) < 1000


@LINUX
@pytest.mark.parametrize("broken", [IGNORED], indirect=True)
def test_an_error_is_ignored(broken: tuple[str, Path]) -> None:
    title, folder = broken
    code, printed = as_usual(folder, "ignored.py", "first.c")
    assert code == 1
    assert_shown(blocks(title, "text")[0], printed)


def debug_python() -> str:
    """Return a debug Python of the same version, which can import the NumPy that is here."""
    name = shutil.which("python3-dbg") or ""
    print_version = "import sys; print('%d.%d' % sys.version_info[:2], hasattr(sys, 'gettotalrefcount'))"
    expected = (0, "{}.{} True\n".format(*sys.version_info))
    if not name or run(name, "-c", print_version, folder=ROOT) != expected:
        pytest.skip("no debug Python of this version: Debian's package is python3-dbg")
    return name


@LINUX
@pytest.mark.parametrize("broken", [BORROWED, FORGOTTEN, IGNORED], indirect=True)
def test_a_debug_python_sees_it(broken: tuple[str, Path]) -> None:
    title, folder = broken
    python = debug_python()
    print_include = "import sysconfig; print(sysconfig.get_path('include'))"
    includes = [f"-I{run(python, '-c', print_include, folder=ROOT)[1].strip()}", f"-I{np.get_include()}"]
    (source,) = folder.glob("*.c")
    compile_module(source, folder / "debug", "-g", includes=includes)
    script = {BORROWED[0]: "shrink.py", FORGOTTEN[0]: "total.py", IGNORED[0]: "ignored.py"}[title]
    packages = os.pathsep.join([str(folder / "debug"), str(Path(np.__file__).parents[1])])
    _, printed = run(python, script, folder=folder, PYTHONPATH=packages)
    assert_shown(blocks(title, "text")[-1], printed)


# ---- the test itself ----


def test_a_diff_that_does_not_belong_is_seen() -> None:
    assert patched("a\nb\nc\n", "-b\n+d\n") == "a\nd\nc\n"
    with pytest.raises(AssertionError):
        patched("a\nb\nc\n", "-x\n+d\n")


def test_an_output_that_is_not_there_is_seen() -> None:
    output = "==1==ERROR: at 0x12\n    #0 0x34 in f ../one.c:5\nend\n"
    assert_shown("ERROR: at 0x99\n...\n#0 0x1 in f /tmp/one.c:5\n", output)
    for other in ("#0 0x1 in f one.c:6\n", "end\nERROR: at 0x99\n"):
        with pytest.raises(AssertionError):
            assert_shown(other, output)
