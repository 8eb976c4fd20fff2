"""Build the npm package: python3 js/build.py, after `npm ci` in js/.

`ziglang`, a package of the Python that runs this, compiles the library to WebAssembly; pack.mjs packs it
into src/module.ts. TypeScript is compiled to build-js/lib, for the tests, and bundled into dist/, which is
the package. The same sources give the same bytes on every machine.
"""

from __future__ import annotations

import base64
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

JS = Path(__file__).resolve().parent
ROOT = JS.parent
TOOLS = JS / "node_modules/.bin"
LIBRARY = ROOT / "build-js/lib"
PAGE = ROOT / "build-js/try.html"
TEMPLATE = ROOT / "build-js/region.wasm"  # of what `poly-match index -o zones.wasm` writes
SHIPPED = (
    ROOT / "python/poly_match/_engine/region.wasm"
)  # so that nobody who installs the package needs a compiler
# For size: twice as small as for speed, and as fast, since matching waits for memory. So -msimd128 brings
# nothing (39 ns a point with it and without) but 0.2 kB, and engines that can't run it. printf: see format.c.
FLAGS = (
    *("-target", "wasm32-wasi", "-mcpu=generic", "-std=c11", "-DNDEBUG"),
    *("-Os", "-Xclang", "-Oz", "-flto", "-ffp-contract=off", "-Dvsnprintf=pm_js_vsnprintf"),
)
LINK = ("-mexec-model=reactor", "-Wl,--strip-all", "-Wl,-z,stack-size=1048576")
# Functions are inlined only where points meet a map: everywhere is 1.1 kB more in the package, and no faster.
INLINED = ("polygon_leaf.c", "walk.c")
FEATURES = ("--enable-bulk-memory", "--enable-sign-ext", "--enable-nontrapping-float-to-int")
OPTIMIZE = (
    *FEATURES,
    *("--low-memory-unused", "--flatten", "--rereloop", "-Oz", "--converge", "-Oz"),
    *("--precompute-propagate", "--pick-load-signs", "--optimize-instructions", "-Oz"),
)
UNPACKER = (
    *("-target", "wasm32-freestanding", "-mcpu=generic", "-std=c11", "-Oz", "-ffp-contract=off", "-nostdlib"),
    *("-Wl,--no-entry", "-Wl,--strip-all"),
)
FUNCTIONS = (
    *("build_arrays", "open", "free", "block", "count", "predicate", "best", "period", "bounds"),
    *("names", "name", "crs", "distance_count", "match_int32", "match_arrays"),
)
LISTER = ("build", "free", "list_arrays")
EXPORTS = (  # as in engine.ts
    *("aligned_alloc", "free"),
    *(f"pm_index_{name}" for name in FUNCTIONS),
    *(f"pm_lister_{name}" for name in LISTER),
)
TYPES = ("candidates", "errors", "geojson", "note", "numbers", "regions")  # what index.d.ts leads to

# A type in a file of declarations, with its comment.
TYPE = re.compile(
    r"^(?:/\*\*(?:[^*]|\*(?!/))*\*/\n)?export (?:type|interface) (?:.|\n(?!/\*\*|export ))*\n", re.MULTILINE
)


def compiled(*names: str, exports: tuple[str, ...] = ()) -> bytes:
    """Compile files of js/wasm and the library, which may replace some, to a module without imports."""
    library = [path for path in sorted((ROOT / "src").rglob("*.c")) if path.name not in names]
    sources = [JS / "wasm" / name for name in names]
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "module.wasm")
        command = [sys.executable, "-m", "ziglang", "cc", *FLAGS]
        include = ["-I", ROOT / "include", "-I", ROOT / "src"]

        def compile_file(source: Path) -> Path:
            made = Path(folder, f"{source.parent.name}-{source.stem}.o")
            how = [] if source.name in INLINED else ["-fno-inline-functions"]
            subprocess.run([*command, *how, *include, "-c", source, "-o", made], check=True)
            return made

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            objects = list(pool.map(compile_file, (*library, *sources)))
        exported = [f"-Wl,--export={name}" for name in exports]
        subprocess.run([*command, *LINK, *exported, *objects, "-o", output], check=True)
        # The compiler leaves 7 % that this takes away.
        subprocess.run([TOOLS / "wasm-opt", *OPTIMIZE, output, "-o", output], check=True)
        return output.read_bytes()


def pack(module: bytes) -> None:
    """Write module.ts."""
    folder = ROOT / "build-js"
    folder.mkdir(exist_ok=True)
    (folder / "module.wasm").write_bytes(module)
    programs = [folder / f"{name}.wasm" for name in ("pack", "unpack")]
    for program, options in zip(programs, (["-DPM_PACK"], []), strict=True):
        names = ("start", program.stem, "packed", "unpacked")
        exported = [f"-Wl,--export={name}" for name in names]
        command = [sys.executable, "-m", "ziglang", "cc", *UNPACKER, *options, *exported]
        subprocess.run([*command, JS / "wasm/unpack.c", "-o", program], check=True)
        subprocess.run([TOOLS / "wasm-opt", "-Oz", *FEATURES, program, "-o", program], check=True)
    subprocess.run(
        ["node", JS / "pack.mjs", folder / "module.wasm", *programs, JS / "src/module.ts"], check=True
    )


def types() -> str:
    """Return index.d.ts with the types that it takes from other files; it exports what it did before."""
    text = (LIBRARY / "index.d.ts").read_text(encoding="utf-8")
    text = re.sub(r"^import .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r'^(export type {.*}) from ".*"', r"\1", text, flags=re.MULTILINE)
    text = re.sub(r"^ +private (?!constructor).*\n", "", text, flags=re.MULTILINE)
    for name in TYPES:
        file = (LIBRARY / f"{name}.d.ts").read_text(encoding="utf-8")
        text += "".join(TYPE.findall(file)).replace("export ", "")
    return text


def page() -> bytes:
    """Return the page that tries it all, as one file: style, scripts, worker and the example are in it."""
    folder = JS / "page"
    subprocess.run([TOOLS / "tsc", "-p", folder], check=True)
    text = (folder / "page.html").read_text(encoding="utf-8")
    parts = {
        "STYLE": (folder / "page.css").read_text(encoding="utf-8"),
        "MAIN": bundled(folder / "main.ts", "iife"),
        "WORKER": bundled(folder / "worker.ts", "iife"),
        "REGIONS": compressed(ROOT / "examples/countries.geojson"),
        "POINTS": compressed(ROOT / "examples/cities.csv"),
    }
    for name, part in parts.items():
        text = text.replace(f"/*{name}*/", part.replace("</script", "<\\/script"))
    return text.encode()


def bundled(source: Path, format: str, *more: str) -> str:
    """Return a script with all that it imports."""
    options = [*more, "--bundle", f"--format={format}", "--target=es2022", "--minify", "--log-level=warning"]
    done = subprocess.run([TOOLS / "esbuild", source, *options], stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()


def compressed(path: Path) -> str:
    """Return a file as text: gzip, which browsers read, in base64."""
    return base64.b64encode(gzip.compress(path.read_bytes(), mtime=0)).decode()


def format_section() -> bytes:
    """Return a section that says the format of blocks that a template opens: a test compares it."""
    header = (ROOT / "src/index/block.h").read_text(encoding="utf-8")
    number = int(re.findall(r"PM_BLOCK_VERSION = (\d+)", header)[0])
    content = b"\x09pm-format" + bytes([number])
    return bytes([0, len(content)]) + content


def template() -> bool:
    """Compile the template; return whether it is the one that the package ships.

    The tests run the shipped one: it has to answer right and to know the format of blocks. Only a release
    needs the very bytes, since any change in C makes others.
    """
    TEMPLATE.parent.mkdir(exist_ok=True)
    TEMPLATE.write_bytes(compiled("region.c", "format.c") + format_section())
    is_shipped = SHIPPED.exists() and SHIPPED.read_bytes() == TEMPLATE.read_bytes()
    if not is_shipped:
        names = [path.relative_to(ROOT) for path in (SHIPPED, TEMPLATE)]
        print(f"{names[0]} is not what the sources compile to; before a release: cp {names[1]} {names[0]}")
    return is_shipped


def main() -> None:
    module = compiled("kinds.c", "occupied.c", "format.c", exports=EXPORTS)
    pack(module)
    template()
    for folder in (LIBRARY, JS / "dist"):
        shutil.rmtree(folder, ignore_errors=True)
    (JS / "dist").mkdir()
    subprocess.run([TOOLS / "tsc"], cwd=JS, check=True)
    (JS / "dist/index.js").write_text(bundled(JS / "src/index.ts", "esm"), encoding="utf-8")
    (JS / "dist/index.d.ts").write_text(types(), encoding="utf-8")
    shutil.copy(ROOT / "LICENSE", JS / "dist")
    PAGE.write_bytes(page())
    size = (JS / "dist/index.js").stat().st_size
    print(f"{PAGE.relative_to(ROOT)}: {PAGE.stat().st_size:,} bytes")
    print(f"js/dist: {len(module):,} bytes of WebAssembly in {size:,} of JavaScript")


if __name__ == "__main__":
    if sys.argv[1:] == ["template"]:
        sys.exit(0 if template() else 1)
    main()
