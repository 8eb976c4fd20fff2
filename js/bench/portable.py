"""How fast is WebAssembly beside portable C: python -m js.bench.portable

In the folder of the checkout, after `python3 dev.py js`. The counties and the million points of
`dev.py everywhere`, in one thread: C compiled with -DPM_PORTABLE, without vector instructions of one machine,
and the npm package in Node, in turn. The least time of all turns counts. The aim is 0.4 of the speed.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from everywhere.counties import files

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 5
AIM = 0.4


def nanoseconds(*command: str | Path) -> tuple[float, str]:
    """Run a host; return its time per point and its digest."""
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    answer = json.loads(done.stdout.splitlines()[-1])
    return answer["seconds"] / answer["points"] * 1e9, answer["digest"]


def main() -> None:
    given = files()
    with tempfile.TemporaryDirectory() as folder:
        native = Path(folder, "in_c")
        subprocess.run(["python3", "src/amalgamate.py", folder], cwd=ROOT, check=True)
        flags = ["-std=c11", "-O3", "-DNDEBUG", "-DPM_PORTABLE", f"-I{folder}"]
        sources = ["everywhere/in_c.c", Path(folder, "polymatch.c")]
        subprocess.run(["cc", *flags, *sources, "-lm", "-o", native], cwd=ROOT, check=True)
        hosts = {"C, portable": [native], "WebAssembly in Node": ["node", "js/digest.mjs"]}
        least = dict.fromkeys(hosts, float("inf"))
        digests = set()
        for _ in range(ROUNDS):
            for name, command in hosts.items():
                time, digest = nanoseconds(*command, given.index, given.points)
                least[name] = min(least[name], time)
                digests.add(digest)
    print("| counties, a million points | ns per point |\n|---|---|")
    for name, time in least.items():
        print(f"| {name} | {time:.1f} |")
    portable, wasm = least.values()
    same = "one digest" if len(digests) == 1 else f"{len(digests)} digests"
    print(f"\nWebAssembly has {portable / wasm:.2f} of the speed of portable C (the aim is {AIM}); {same}")


if __name__ == "__main__":
    main()
