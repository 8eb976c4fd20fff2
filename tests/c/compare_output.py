"""Run a program and compare what it prints with a file: compare_output.py EXPECTED PROGRAM [ARGUMENT ...]."""

import difflib
import os
import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Return 0 when the program succeeds and prints exactly the expected lines and no error."""
    expected = Path(sys.argv[1]).read_text(encoding="utf-8")
    wrapper = os.environ.get("MESON_EXE_WRAPPER", "").split()  # what runs programs for another system
    done = subprocess.run([*wrapper, *sys.argv[2:]], capture_output=True, text=True, check=False, timeout=60)
    if (done.returncode, done.stdout, done.stderr) == (0, expected, ""):
        return 0
    difference = difflib.unified_diff(
        expected.splitlines(), done.stdout.splitlines(), "expected", "printed", lineterm=""
    )
    print("\n".join(difference), done.stderr, f"exit status {done.returncode}", sep="\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
