"""The ladder's side of its workers: start one for a rung, send it requests, end it."""

import json
import re
import subprocess

from ladder.catalogue import ROOT, Rung
from ladder.environments import NotRun, last_words, place


class Worker:
    """A process that runs one rung; `said` is its description of itself. Close it, or use `with`."""

    def __init__(self, rung: Rung) -> None:
        self.rung = rung
        where = place(rung)
        command = [str(where.python), "-m", "ladder.worker", rung.code]
        if where.build:
            command += ["--build", str(where.build)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=where.environment,
            cwd=ROOT,
        )
        self.said = self._read()

    def _read(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            output, errors = self.process.communicate()
            raise NotRun(reason(subprocess.CompletedProcess([], self.process.returncode, output, errors)))
        return json.loads(line)

    def ask(self, do: str, **request) -> dict:
        self.process.stdin.write(json.dumps({"do": do, **request}) + "\n")
        self.process.stdin.flush()
        return self._read()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.communicate()  # it exits at the end of its input

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def reason(done: subprocess.CompletedProcess) -> str:
    """Why a worker ended: a missing package by its name, else its last line of output."""
    words = last_words(done)
    missing = re.match(r"ModuleNotFoundError: No module named '(?!ladder)(\w+)", words)
    return f"{missing[1]} is not installed" if missing else words
