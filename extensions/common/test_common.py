"""What the extensions share, under AddressSanitizer."""

from __future__ import annotations

import subprocess
from pathlib import Path

from extensions.build import HERE

SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"]


def test_open_indexes(files: Path):
    program = files / "test_open_indexes"
    sources = sorted((HERE.parent / "src").glob("*/*.c")) + sorted((HERE / "common").glob("*.c"))
    folders = [f"-I{HERE.parent / name}" for name in ("include", "src", "extensions/common")]
    subprocess.run(["cc", "-std=c11", *SANITIZE, *folders, *sources, "-lm", "-o", program], check=True)
    subprocess.run([program, files / "zones.pmx", files / "other.pmx", files / "changing.pmx"], check=True)
