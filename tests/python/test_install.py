"""The C library alone: installed into an empty prefix, it compiles and runs a program as a user would.

Nothing is taken from the checkout after the installation: header, static and shared library and the
pkg-config file all come from the prefix. Needs meson and a C compiler, as building the package does.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import poly_match as pm
import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "examples" / "match.c"
EXPECTED = (ROOT / "examples" / "match.expected").read_text(encoding="utf-8")

pytestmark = pytest.mark.skipif(
    sys.platform == "win32",
    reason="compiles with cc and links as on Unix; Windows builds run the C tests only",
)


def run(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
        cwd=ROOT,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def meson() -> list[str]:
    """Return the command that runs meson: that of this Python, or the one on the path."""
    if importlib.util.find_spec("mesonbuild") is not None:
        return [sys.executable, "-m", "mesonbuild.mesonmain"]
    found = shutil.which("meson")
    assert found is not None, "meson is needed to install the C library: pip install meson ninja"
    return [found]


def compiler() -> list[str]:
    return (os.environ.get("CC") or "cc").split()


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the prefix that the library was installed into."""
    work = tmp_path_factory.mktemp("install")
    search = os.pathsep.join(
        [str(Path(sys.executable).parent), os.environ["PATH"]]
    )  # ninja may be beside Python
    options = [f"--prefix={work / 'prefix'}", "--libdir=lib", "-Dtests=false", "-Dpython=false"]
    options += ["-Dlto=false", "-Doptimization=0"]  # what is compiled is tested elsewhere
    run(*meson(), "setup", work / "build", ROOT, *options, PATH=search)
    run(*meson(), "install", "-C", work / "build", PATH=search)
    return work / "prefix"


def test_what_is_installed(prefix: Path) -> None:
    """One header, the libraries, the files for pkg-config and CMake, and nothing else."""
    files = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()}
    expected = {"include/polymatch.h", "lib/libpolymatch.a", "lib/pkgconfig/polymatch.pc"}
    expected |= {f"lib/cmake/polymatch/polymatchConfig{name}.cmake" for name in ("", "Version")}
    assert expected <= files
    shared = {name for name in files - expected if name.startswith("lib/libpolymatch.")}
    assert shared
    assert files == expected | shared


def test_all_of_the_package_is_installed_and_no_cache_of_it(tmp_path: Path) -> None:
    """The folder goes into the wheel as it is: a new file needs no list, a new folder its cache left out."""
    search = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    build = tmp_path / "build"
    run(*meson(), "setup", build, ROOT, "-Dtests=false", "-Dpython=true", PATH=search)
    plan = json.loads((build / "meson-info" / "intro-install_plan.json").read_text(encoding="utf-8"))
    package = ROOT / "python" / "poly_match"
    installed = plan["install_subdirs"][str(package)]
    assert (installed["destination"], installed["tag"]) == ("{py_platlib}/poly_match", "python-runtime")
    assert not installed["exclude_files"]
    folders = [package, *(path.parent for path in package.rglob("__init__.py"))]
    caches = {str((folder / "__pycache__").relative_to(package)) for folder in folders}
    assert {os.path.normpath(path) for path in installed["exclude_dirs"]} == caches
    assert len(caches) >= 6
    assert (package / "py.typed").is_file()
    assert (package / "_core.pyi").is_file()


def test_shared_library(prefix: Path, tmp_path: Path) -> None:
    """With the flags pkg-config gives, or where there is none, those it would give."""
    if shutil.which("pkg-config"):
        where = str(prefix / "lib" / "pkgconfig")
        flags = run("pkg-config", "--cflags", "--libs", "polymatch", PKG_CONFIG_PATH=where).split()
        assert f"-I{prefix}/include" in flags
        assert run("pkg-config", "--modversion", "polymatch", PKG_CONFIG_PATH=where).strip()
    else:
        flags = [f"-I{prefix}/include", f"-L{prefix}/lib", "-lpolymatch"]
    program = tmp_path / "match"
    run(*compiler(), "-std=c11", SOURCE, *flags, f"-Wl,-rpath,{prefix}/lib", "-o", program)
    assert run(program) == EXPECTED
    if shutil.which("ldd"):
        assert str(prefix / "lib" / "libpolymatch.so") in run("ldd", program)


def test_a_project_of_cmake(prefix: Path, tmp_path: Path) -> None:
    """find_package() finds the installed library, and not one of another version."""
    project = shutil.copytree(ROOT / "examples" / "cmake", tmp_path / "examples" / "cmake")
    shutil.copy(SOURCE, project.parent)
    settings = [f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_INSTALL_RPATH={prefix}/lib"]
    run("cmake", "-S", project, "-B", tmp_path / "build", *settings)
    run("cmake", "--build", tmp_path / "build")
    assert run(tmp_path / "build" / "match") == EXPECTED
    listing = project / "CMakeLists.txt"
    listing.write_text(listing.read_text(encoding="utf-8").replace("polymatch 0.1", "polymatch 99"))
    command = ["cmake", "-S", project, "-B", tmp_path / "other", *settings]
    other = subprocess.run(command, capture_output=True, text=True, check=False)
    assert other.returncode != 0
    assert 'compatible with requested version "99"' in " ".join(other.stderr.split())


def test_a_project_of_pkg_config(prefix: Path, tmp_path: Path) -> None:
    project = shutil.copytree(ROOT / "examples" / "pkg-config", tmp_path / "examples" / "pkg-config")
    shutil.copy(SOURCE, project.parent)
    where = str(prefix / "lib" / "pkgconfig")
    run("make", "-C", project, f"CFLAGS=-std=c11 -Wl,-rpath,{prefix}/lib", PKG_CONFIG_PATH=where)
    assert run(project / "match") == EXPECTED


def test_static_library(prefix: Path, tmp_path: Path) -> None:
    """The archive alone; it needs nothing but libm."""
    program = tmp_path / "match"
    archive = prefix / "lib" / "libpolymatch.a"
    run(*compiler(), "-std=c11", SOURCE, f"-I{prefix}/include", archive, "-lm", "-o", program)
    assert run(program) == EXPECTED


def test_header_alone(prefix: Path, tmp_path: Path) -> None:
    """The header compiles by itself, without warnings, as C11 and as C++."""
    for name, language in (("alone.c", "-std=c11"), ("alone.cpp", "-std=c++11")):
        source = tmp_path / name
        source.write_text("#include <polymatch.h>\npm_options options;\n", encoding="utf-8")
        if name.endswith(".cpp") and not shutil.which("c++"):
            continue
        tool = ["c++"] if name.endswith(".cpp") else compiler()
        flags = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{prefix}/include"]
        run(*tool, language, *flags, "-fsyntax-only", source)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the symbols of an ELF file")
def test_exported_symbols(prefix: Path) -> None:
    """The shared library exports the functions of the header and nothing else."""
    if shutil.which("nm") is None:
        pytest.skip("nm is not there")
    header = (prefix / "include" / "polymatch.h").read_text(encoding="utf-8")
    table = run("nm", "-D", "--defined-only", prefix / "lib" / "libpolymatch.so").splitlines()
    exported = {line.split()[-1] for line in table}
    assert len(exported) >= 15
    assert all(name.startswith("pm_") and f"{name}(" in header for name in exported), exported


def test_a_foreign_function_caller(prefix: Path, tmp_path: Path) -> None:
    """An index file from Python answers with numbers and names where only plain arguments can be passed."""
    program = tmp_path / "caller.py"
    suffix = "dylib" if sys.platform == "darwin" else "so"
    square = [[0, 0], [4, 0], [4, 4], [0, 4]]
    pm.Index([square, np.add(square, [5, 0])], names=["west", "öst"]).save(tmp_path / "squares.pmx")
    program.write_text(CALLER, encoding="utf-8")
    out = run(sys.executable, program, prefix / "lib" / f"libpolymatch.{suffix}", tmp_path / "squares.pmx")
    assert out.split() == ["damaged:", "1", "0", "-1", "öst"], out


# Runs in a process that has nothing of the package.
CALLER = """
import ctypes, sys
from ctypes import byref, c_char, c_char_p, c_double, c_int32, c_int64, c_size_t, c_void_p

library = ctypes.CDLL(sys.argv[1])
library.pm_index_name.restype = c_void_p
bytes_ = open(sys.argv[2], "rb").read()
block = (c_double * (len(bytes_) // 8)).from_buffer_copy(bytes_)
index, error = c_void_p(), (c_double * 27)()
block[-1] += 1
status = library.pm_index_open(block, c_size_t(len(bytes_)), 1, None, byref(index), error)
assert status == ctypes.cast(error, ctypes.POINTER(c_int32))[0] and index.value is None
message = ctypes.string_at(ctypes.addressof(error) + 16).decode()
block = (c_double * (len(bytes_) // 8)).from_buffer_copy(bytes_)
assert library.pm_index_open(block, c_size_t(len(bytes_)), 1, None, byref(index), error) == 0
xy, out = (c_double * 6)(6, 1, 1, 1, 20, 20), (c_int32 * 3)()
y = ctypes.addressof(xy) + 8
library.pm_index_match_int32(index, xy, c_void_p(y), c_size_t(16), c_size_t(16), c_size_t(3), out)
size = c_size_t()
name = ctypes.string_at(library.pm_index_name(index, c_int64(1), byref(size)), size.value).decode()
library.pm_index_free(index)
sys.stdout.reconfigure(encoding="utf-8")
print(message.split()[0], *out, name)
"""
