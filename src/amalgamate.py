"""Write the library as one source file and its header, to be dropped into any build: amalgamate.py FOLDER

Each file of `meson.build` follows the headers that it is the first to include, so the order of the data is
kept and every declaration is there once. The headers of the system go to the top: all that is declared after
them is hidden, unless it is in `polymatch.h`. Nothing is renamed: names are different in all files, or no
compiler accepts the result.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

SOURCES = Path(__file__).resolve().parent
HEADER = SOURCES.parent / "include" / "polymatch.h"
INCLUDE = re.compile(r'^#include "(.+)"\n', re.MULTILINE)
SYSTEM = re.compile(r"^#include <(.+)>\n", re.MULTILINE)
INTRINSICS = "#ifdef PM_X86\n#include <immintrin.h>\n#endif\n"


def source_files() -> list[Path]:
    """Return the C files of the library, in the order of `meson.build`."""
    listed = (SOURCES / "meson.build").read_text(encoding="utf-8").partition(")")[0]
    return [SOURCES / name for name in re.findall(r"'(.+\.c)'", listed)]


def amalgamate(folder: Path) -> None:
    """Write `polymatch.c` and `polymatch.h` to a folder."""
    written = {HEADER}

    def expanded(file: Path) -> str:
        written.add(file)

        def replaced(line: re.Match[str]) -> str:
            places = (file.parent / line[1], SOURCES / line[1], HEADER.parent / line[1])
            header = next(path.resolve() for path in places if path.exists())
            if header in written:
                return ""
            return expanded(header)

        text = INCLUDE.sub(replaced, file.read_text(encoding="utf-8"))
        return f"\n/* ---- {file.relative_to(SOURCES)} ---- */\n\n{text}"

    files = source_files()
    for file in files:
        first = INCLUDE.search(file.read_text(encoding="utf-8"))
        if first is None or Path(first[1]).name != "strict.h":
            sys.exit(f"{file.relative_to(SOURCES)} does not include base/strict.h first")
    start = expanded(SOURCES / "base" / "strict.h")
    vectors = expanded(SOURCES / "base" / "simd.h") + "\n" + INTRINSICS
    body = "".join(expanded(file) for file in files).replace(INTRINSICS, "")
    system = "".join(f"#include <{name}>\n" for name in sorted(set(SYSTEM.findall(body))))
    body = f'{start}\n#include "polymatch.h"\n{system}{vectors}{HIDE}{SYSTEM.sub("", body)}{SHOW}'
    version = ".".join(re.findall(r"#define PM_VERSION_\w+ (\d+)", HEADER.read_text(encoding="utf-8")))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "polymatch.h").write_text(HEADER.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "polymatch.c").write_text(START.format(version=version) + body, encoding="utf-8")


START = """\
/* polymatch.c — poly-match {version} in one file: give every point its best region.
 *
 * Made from the files of src/ by `python3 dev.py amalgamate`; change those. It needs polymatch.h beside it, a
 * C11 compiler and libm, and no flags: cc -O3 -c polymatch.c
 *
 * Only the functions of polymatch.h are visible outside of the library that this becomes part of. */
"""

HIDE = """
#if defined(__GNUC__) && !defined(_WIN32)
#pragma GCC visibility push(hidden)
#endif
"""

SHOW = """
#if defined(__GNUC__) && !defined(_WIN32)
#pragma GCC visibility pop
#endif
"""

if __name__ == "__main__":
    amalgamate(Path(sys.argv[1]))
