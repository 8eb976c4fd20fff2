"""Time one rung in a process of its own, under another interpreter or with another build of the extension.

Run as `python -m ladder.worker RUNG`; prints one line of JSON. Python 3.9 and the standard library.
"""

import argparse
import importlib
import json
import os
import platform
import sys

from ladder.sampling import time_rung


def main():
    parser = argparse.ArgumentParser(prog="python -m ladder.worker")
    parser.add_argument("rung")
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--iterations", type=int)
    parser.add_argument("--warmup", type=int, default=0)
    parser.add_argument("--build", help="the folder that poly_match must have come from")
    options = parser.parse_args()
    rung = importlib.import_module("ladder.rungs." + options.rung)
    if options.build:
        loaded = os.path.realpath(sys.modules["poly_match"].__file__)
        if not loaded.startswith(os.path.realpath(options.build) + os.sep):
            sys.exit(f"poly_match came from {loaded}: an editable installation hides the debug build")
    record = time_rung(rung, options.seconds, options.iterations, options.warmup)
    record["python"] = f"{platform.python_implementation()} {platform.python_version()}"
    record["numpy"] = sys.modules["numpy"].__version__
    print(json.dumps(record))


if __name__ == "__main__":
    main()
