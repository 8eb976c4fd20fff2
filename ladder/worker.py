"""One rung in its own process, timed on request, so that rungs take turns and share nothing.

Run as `python -m ladder.worker RUNG`. Each line of its input is a request in JSON, each line of its output
the response:

    {"do": "warm", "calls": N}                             {}
    {"do": "run", "seconds": S, "iterations": N or null}   {"batches": [[seconds, wall seconds, calls], ...]}
    {"do": "select", "seconds": S}                         the same of the Python select_best_polygon alone
    {"do": "answers"}                                      {"answers": [...]}

The first output line needs no request and describes the rung. Python 3.9 and the standard library.
"""

import argparse
import importlib
import json
import os
import platform
import sys

from ladder.sampling import Repeated, choose_clock


def use_build(folder):
    """Make sure that C code comes from `folder`, even if there is an editable installation."""
    sys.meta_path[:] = [f for f in sys.meta_path if "editable" not in type(f).__module__]
    sys.path.insert(0, folder)


def check_build(folder):
    for name in ("poly_match", "poly_match_c1", "poly_match_c2", "poly_match_c2_allocating"):
        module = sys.modules.get(name)
        if module is not None:
            loaded = os.path.realpath(module.__file__)
            if not loaded.startswith(os.path.realpath(folder) + os.sep):
                sys.exit(f"{name} came from {loaded}, not from the ladder's own build")


class Bench:
    def __init__(self, rung):
        self.rung = rung
        self.polygons, self.points = rung.prepare()
        self.clock, self.clock_name = choose_clock()
        self.running = Repeated(self.run, self.clock)
        self.selecting = None

    def run(self):
        return self.rung.run(self.polygons, self.points)

    def select(self, seconds):
        if "candidates" not in self.rung.__all__:
            return []
        if self.selecting is None:
            sets = self.rung.candidates(self.polygons, self.points)
            self.rung.select_best_polygon(sets)
            self.selecting = Repeated(lambda: self.rung.select_best_polygon(sets), self.clock)
        return self.selecting.slice(seconds)

    def answer(self, request):
        if request["do"] == "warm":
            for _ in range(request["calls"]):
                self.run()
            return {}
        if request["do"] == "run":
            return {"batches": self.running.slice(request["seconds"], request["iterations"])}
        if request["do"] == "select":
            return {"batches": self.select(request["seconds"])}
        answers = self.rung.answers(self.polygons, self.points, self.run())
        return {"answers": [int(a) for a in answers]}


def main():
    parser = argparse.ArgumentParser(prog="python -m ladder.worker")
    parser.add_argument("rung")
    parser.add_argument("--build", help="the folder that C code must come from")
    options = parser.parse_args()
    if options.build:
        use_build(options.build)
    rung = importlib.import_module("ladder.rungs." + options.rung)
    if options.build:
        check_build(options.build)
    bench = Bench(rung)
    said = {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "numpy": sys.modules["numpy"].__version__,
        "clock": bench.clock_name,
    }
    print(json.dumps(said), flush=True)
    for line in sys.stdin:
        print(json.dumps(bench.answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
