"""Build the npm package: python3 js/build.py, after `npm ci` in js/.

`ziglang`, a package of the Python that runs this, compiles the library to WebAssembly; it is packed into
src/module.ts. TypeScript is compiled to build-js/lib, for the tests, and bundled into dist/, which is the
package. The same sources give the same bytes on every machine.
"""

from __future__ import annotations

import base64
import lzma
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

JS = Path(__file__).resolve().parent
ROOT = JS.parent
LIBRARY = ROOT / "build-js/lib"
# For size: twice as small as for speed, and as fast, since matching waits for memory. printf: see format.c.
FLAGS = (
    *("-target", "wasm32-wasi", "-mcpu=generic", "-mexec-model=reactor", "-std=c11", "-DNDEBUG"),
    *("-Os", "-Xclang", "-Oz", "-flto", "-ffp-contract=off", "-Dvsnprintf=pm_js_vsnprintf"),
    *("-Wl,--strip-all", "-Wl,-z,stack-size=1048576"),
)
FUNCTIONS = (
    *("build_arrays", "open", "free", "block", "count", "predicate", "best", "period", "bounds"),
    *("names", "name", "crs", "match_int32", "match_arrays"),
)
EXPORTS = ("aligned_alloc", "free", *(f"pm_index_{name}" for name in FUNCTIONS))  # as in engine.ts
# As in unpack.ts.
FILTERS = [
    {"id": lzma.FILTER_LZMA1, "preset": 9 | lzma.PRESET_EXTREME, "lc": 3, "lp": 0, "pb": 0}
]  # as in unpack.ts
TYPES = ("errors", "geojson", "index", "note", "numbers", "regions")  # what index.d.ts leads to


def compiled(*sources: Path) -> bytes:
    """Compile C to a module without imports."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "module.wasm")
        command = [sys.executable, "-m", "ziglang", "cc", *FLAGS, "-I", ROOT / "include", "-I", ROOT / "src"]
        exports = [f"-Wl,--export={name}" for name in EXPORTS]
        subprocess.run([*command, *exports, *sources, "-o", output], check=True)
        return output.read_bytes()


def packed(module: bytes) -> str:
    """Return the source of module.ts."""
    text = base64.b64encode(lzma.compress(module, lzma.FORMAT_RAW, filters=FILTERS)).decode()
    head = f"// Written by build.py.\nexport const SIZE: number = {len(module)};\n"
    return f'{head}export const PACKED: string =\n    "{text}";\n'


def main() -> None:
    sources = sorted((ROOT / "src").rglob("*.c"))
    module = compiled(*sources, JS / "wasm/format.c")
    (JS / "src/module.ts").write_text(packed(module), encoding="utf-8")
    for folder in (LIBRARY, JS / "dist"):
        shutil.rmtree(folder, ignore_errors=True)
    tools = JS / "node_modules/.bin"
    subprocess.run([tools / "tsc"], cwd=JS, check=True)
    bundle = ["--bundle", "--format=esm", "--target=es2022", "--minify", "--log-level=warning"]
    subprocess.run(
        [tools / "esbuild", "src/index.ts", *bundle, "--outfile=dist/index.js"], cwd=JS, check=True
    )
    for name in TYPES:
        shutil.copy(LIBRARY / f"{name}.d.ts", JS / "dist")
    shutil.copy(ROOT / "LICENSE", JS / "dist")
    size = (JS / "dist/index.js").stat().st_size
    print(f"js/dist: {len(module):,} bytes of WebAssembly in {size:,} of JavaScript")


if __name__ == "__main__":
    main()
