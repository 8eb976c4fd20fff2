"""Everything a developer runs, with nothing but Python 3.11+ and a C compiler: python3 dev.py COMMAND

example   install poly-match into .venv and give every example city its country
test      install the tests' dependencies into .venv-test and run all tests, C and Python
edit      install the package editable into .venv-test: changed C is compiled again at import
c         all C tests, or those named: python3 dev.py c tree status
lint      formatting, style, types, stubs and the names in src/ (after test)
counts    compare the instructions of the hot paths with those recorded (after test)
cluster   the tests that need Spark, Dask and Ray; installs their dependencies, Java too (after test)
extensions  build and test the extensions of databases, or those named: dev.py extensions sqlite (after test)
js        build the npm package and test it in Node and in headless Chromium, both compared with Python
everywhere  let C, Python, Node, Chromium, DuckDB, PostgreSQL, SQLite and Spark answer from one index file,
          and compare; installs what they need; --page docs/everywhere.md writes the table there
sanitize  the C tests, or those named, under AddressSanitizer and UndefinedBehaviorSanitizer (after test)
fused     the C tests that show it where compilers are asked to fuse operations: here, and for ARM by qemu
amalgamate  write the library as one file, dist/polymatch.c and polymatch.h, and test it
docs      run the code of all pages; build them and the reference of C, Python and the command, in build-docs
pages     run the code of all pages, or of those named, in the environments that they make, twice
smoke     a short run of the ladder and of the benchmark, to see that they run (after test)
wheel     build the source distribution and a wheel from it, in dist; run the wheel tests on it
windows   the C library and its tests for Windows, by MinGW and wine (after test)
full      the slow tests: every exact case, valgrind, fuzzing, strict compilers, Python under ASan
"""

import contextlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent
TEST = ROOT / ".venv-test"
ZIGLANG = "ziglang==0.17.1"  # a C compiler for WebAssembly; another version compiles to other bytes
POSTGRESQL = ("postgresql-15", "postgresql-server-dev-15")
PARALLEL = ("-n", "auto", "--dist", "worksteal")  # options of pytest: use all cores


def run(*command: str | Path, **environment: str) -> None:
    print("$", " ".join(str(word) for word in command), flush=True)
    path = os.pathsep.join([str(program(TEST, "")), os.environ["PATH"]])  # where meson finds ninja
    result = subprocess.run(
        [str(word) for word in command], cwd=ROOT, env=os.environ | {"PATH": path} | environment
    )
    if result.returncode:
        sys.exit(result.returncode)


@contextlib.contextmanager
def meanwhile(*command: str) -> Iterator[None]:
    """Run a command of this file in parallel with the block, and print its output after both."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen([sys.executable, __file__, *command], stdout=output, stderr=output)
        try:
            yield
        finally:
            failed = process.wait()
            output.seek(0)
            print("$ python3 dev.py", *command, "(meanwhile)")
            print(output.read(), flush=True)
        if failed:
            sys.exit(failed)


def program(environment: Path, name: str) -> Path:
    return environment / ("Scripts" if os.name == "nt" else "bin") / name


def install(environment: Path, *packages: str) -> None:
    """Install into a virtual environment; make it if it is missing."""
    if not program(environment, "python").exists():
        venv.create(environment, with_pip=True, upgrade_deps=True)  # a distribution's pip may be years old
    pip = [program(environment, "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(*pip, *packages)


def meson_build(name: str, *options: str, targets: tuple[str, ...] = (), **environment: str) -> Path:
    """Build the C library and its tests, or some targets of these, in build-NAME."""
    folder = ROOT / f"build-{name}"
    meson = program(TEST, "meson")
    again = ["--reconfigure"] if (folder / "meson-private").exists() else []
    run(meson, "setup", *again, *options, folder, **environment)
    run(meson, "compile", "-C", folder, *targets)
    return folder


def meson_test(folder: Path, *options: str, **environment: str) -> None:
    run(program(TEST, "meson"), "test", "-C", folder, "--print-errorlogs", *options, **environment)


def example() -> None:
    environment = ROOT / ".venv"
    install(environment, ".[cli]")
    run(
        program(environment, "poly-match"),
        "match",
        "examples/cities.csv",
        "examples/countries.geojson",
        "-o",
        "matched.csv",
        "--overwrite",  # for repeated runs
    )


def test() -> None:
    apt("cmake", "pkg-config")
    install(TEST, "meson>=1.4", "ninja")
    with meanwhile("c"):
        install(TEST, ".[test,ladder]")
        run(program(TEST, "python"), "-m", "pytest", *PARALLEL)


def edit() -> None:
    install(TEST, "meson>=1.4", "meson-python>=0.17", "ninja", "numpy>=2.0")
    settings = ["--no-build-isolation", "-Cbuild-dir=build-edit", "-Csetup-args=-Dlto=false"]
    install(TEST, *settings, "--editable", ".[test]")


def c(*names: str) -> None:
    install(TEST, "meson>=1.4", "ninja")
    meson_test(meson_build("test", "-Dlto=false"), *names)


def lint() -> None:
    install(TEST, ".[lint]")
    run(program(TEST, "ruff"), "check", ".")
    run(program(TEST, "ruff"), "format", "--check", ".")
    run(program(TEST, "clang-format"), "--dry-run", "--Werror", *c_files())
    run(sys.executable, "src/check_names.py")
    run(program(TEST, "mypy"))
    run(program(TEST, "python"), "-m", "mypy.stubtest", "poly_match._core")


def c_files() -> list[Path]:
    folders = ("include", "src", "python/ext", "tests", "examples", "extensions", "everywhere", "js/wasm")
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.[ch]"))


def counts() -> None:
    apt("valgrind")
    # Without debug information: valgrind fails over clang's.
    folder = meson_build("counts", "-Ddebug=false", targets=("count",))
    run(sys.executable, "tests/counts/counts.py", folder / "tests/counts/count")


def cluster() -> None:
    if not shutil.which("java"):
        apt("openjdk-17-jre-headless")
    install(TEST, ".[cluster,dask,ray]")
    tests = ("test_spark.py", "test_spark_fault.py", "test_dask_ray.py")
    run(program(TEST, "python"), "-m", "pytest", *(f"tests/python/{name}" for name in tests))


def extensions(*names: str) -> None:
    packages = {
        "sqlite": ("sqlite3", "libsqlite3-dev", "libsqlite3-mod-spatialite"),
        "duckdb": (),
        "postgresql": (*POSTGRESQL, "postgresql-15-postgis-3"),
    }
    chosen = names or tuple(packages)
    apt("make", *(package for name in chosen for package in packages[name]))
    if "duckdb" in chosen:  # one binary for both
        install(ROOT / ".venv-duckdb-1", "duckdb>=1.5,<2")
        install(ROOT / ".venv-duckdb-2", "duckdb>=2,<3")
    if "postgresql" in chosen:
        install(TEST, "psycopg[binary]>=3.1")
    run(program(TEST, "python"), "-m", "pytest", *(f"extensions/{name}" for name in ("common", *chosen)))


def js_tools() -> None:
    install(TEST, ZIGLANG)
    run("npm", "--prefix", ROOT / "js", "ci", "--no-audit", "--no-fund", "--loglevel=error")


def js_build() -> None:
    """Build the npm package, js/dist, and the page that tries it, build-js/try.html."""
    if not shutil.which("npm"):
        apt("nodejs", "npm")
    js_tools()
    run(program(TEST, "python"), "js/build.py")


def js() -> None:
    apt("chromium")
    js_build()
    python = program(TEST, "python")
    if subprocess.run([python, "-c", "import poly_match, pytest"], capture_output=True).returncode:
        install(TEST, ".", "pytest>=8")
    run(python, "js/test/native.py", "build-js")
    run("node", "--expose-gc", "--test", *sorted((ROOT / "js/test").glob("*.test.mjs")))


def everywhere(*options: str) -> None:
    run(sys.executable, "-m", "everywhere", *options)


def sanitize(*names: str) -> None:
    options = ["-Db_sanitize=address,undefined", "-Db_lundef=false", "-Db_ndebug=false", "-Dlto=false"]
    options += ["-Doptimization=1", "-Dwerror=true"]
    folder = meson_build("sanitize", *options)
    watch = {"UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1", "ASAN_OPTIONS": "detect_leaks=1"}
    meson_test(folder, *names, **watch)


def fused() -> None:
    apt("gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross", "qemu-user", "clang")
    asked = ["-Dlto=false", "-Dpython=false"]
    few = ("strict", "vectors", "exact", "measure")
    builds = {"fused-arm": ("-ffp-contract=fast", ["--cross-file", "tests/aarch64.ini"], few, {})}
    if platform.machine() == "x86_64" and " fma " in Path("/proc/cpuinfo").read_text():
        more = (*few, "kernels", "distance", "match", "tree")
        builds["fused"] = ("-march=haswell -ffp-contract=fast", [], more, {})
        builds["fused-clang"] = ("-march=haswell", [], few, {"CC": "clang"})
    for name, (flags, options, tests, environment) in builds.items():
        targets = tuple(f"test_{test}" for test in tests)
        folder = meson_build(name, *asked, *options, f"-Dc_args={flags}", targets=targets, **environment)
        meson_test(folder, "--no-rebuild", "--timeout-multiplier", "4", *tests)


def amalgamate() -> None:
    apt("clang")
    dist, build = ROOT / "dist", ROOT / "build-amalgamation"
    run(sys.executable, "src/amalgamate.py", dist)
    build.mkdir(exist_ok=True)
    strict = ("-Wall", "-Wextra", "-Werror", "-Idist")
    for compiler in filter(shutil.which, ("gcc", "clang")):
        run(compiler, "-O1", *strict, "-c", "dist/polymatch.c", "-o", build / "gnu.o")  # as many build it
        run(compiler, "-std=c11", "-O3", *strict, "-c", "dist/polymatch.c", "-o", build / "polymatch.o")
        for name, sources in {
            "test_vectors": ["tests/c/test_vectors.c", "tests/c/oracle.c", "tests/c/big.c"],
            "match": ["examples/match.c"],
        }.items():
            program = build / name
            run(compiler, "-std=c11", "-O1", *strict, *sources, build / "polymatch.o", "-lm", "-o", program)
        run(build / "test_vectors", "tests/vectors/zoo.json")
        run(sys.executable, "tests/c/compare_output.py", "examples/match.expected", build / "match")
    run(
        "c++",
        "-std=c++11",
        "-O1",
        *strict,
        "tests/c/included.cpp",
        build / "polymatch.o",
        "-lm",
        "-o",
        build / "cpp",
    )
    run(build / "cpp")


def smoke() -> None:
    apt("valgrind")
    run(program(TEST, "python"), "-m", "ladder", "measure", "--iterations", "1")
    run(program(TEST, "python"), "-m", "bench", "run", "--quick")
    run(program(TEST, "python"), "-m", "bench", "scale", "--quick")


def docs() -> None:
    install(TEST, ".[docs]")
    js_build()
    run(program(TEST, "sphinx-build"), "-q", "-E", "-W", "--keep-going", "docs", "build-docs")
    run(program(TEST, "python"), "-m", "pytest", *PARALLEL, "-m", "pages", "tests/python/test_pages.py")


def pages(*names: str) -> None:
    run(sys.executable, "tests/python/pages.py", ROOT / "build-pages", *names)


def wheel() -> None:
    shutil.rmtree(ROOT / ".venv-wheel", ignore_errors=True)
    for old in (ROOT / "dist").glob("poly_match-*"):
        old.unlink()
    install(TEST, ZIGLANG)
    run(program(TEST, "python"), "js/build.py", "template")
    build, empty = ROOT / ".venv-build", ROOT / ".venv-wheel"
    install(build, "build")
    run(program(build, "python"), "-m", "build", "--outdir", "dist")
    (built,) = (ROOT / "dist").glob("*.whl")
    install(empty, str(built))
    run(program(empty, "python"), "-c", "import poly_match; print(poly_match.__version__)")
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["cibuildwheel"]
    install(empty, *settings["test-requires"])
    run(program(empty, "python"), *settings["test-command"].split()[1:])


def windows() -> None:
    apt("gcc-mingw-w64-x86-64-win32", "wine64", "wine")
    environment = {"WINEPREFIX": str(ROOT / "build-wine"), "WINEDEBUG": "-all"}
    folder = meson_build("windows", "-Dlto=false", "--cross-file", "tests/windows.ini")
    meson_test(folder, "--timeout-multiplier", "3", **environment)


def full() -> None:
    apt("clang", "libclang-rt-14-dev", "valgrind", "pypy3", "python3-dbg")
    folder = meson_build("full", "-Dwerror=true")
    meson_test(folder, PM_TEST_FULL="1")
    run(program(TEST, "python"), "-m", "pytest", *PARALLEL, PM_TEST_FULL="1")
    valgrind = [
        "--wrapper",
        "valgrind --quiet --error-exitcode=1 --leak-check=full",
        "--timeout-multiplier",
        "20",
    ]
    meson_test(folder, *valgrind, "memory", "block", "status", "vectors", "kernels")
    strict = "-pedantic -Weverything -Wno-padded -Wno-declaration-after-statement -Wno-float-equal"
    strict += " -Wno-covered-switch-default -Wno-double-promotion -Wno-bad-function-cast"
    meson_build("clang", "-Dlto=false", "-Dwerror=true", f"-Dc_args={strict}", CC="clang")
    windows()
    run("sh", "tests/fuzz/run.sh")
    run("bash", "tests/python/under_asan")
    run(program(TEST, "python"), "-m", "pytest", "tests/python/test_first_extension.py", "-k", "debug_python")


def apt(*packages: str) -> None:
    """Install those Debian packages that are missing on this machine."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return
    known = [subprocess.run(["dpkg", "-s", name], capture_output=True).returncode == 0 for name in packages]
    missing = [name for name, is_known in zip(packages, known, strict=True) if not is_known]
    if missing:
        run("apt-get", "update", "-qq")
        run("apt-get", "install", "-y", "-qq", *missing, DEBIAN_FRONTEND="noninteractive")


COMMANDS = {
    command.__name__: command
    for command in (
        *(example, test, edit, c, lint, counts, cluster, extensions, js, everywhere),
        *(sanitize, fused, amalgamate, docs, pages, smoke, wheel, windows, full),
    )
}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    COMMANDS[sys.argv[1]](*sys.argv[2:])
