"""Sample a rung with py-spy or perf: how often each stack was seen, {(outermost, ..., innermost): count}."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from ladder.environments import ROOT, NotRun

RATE = 500
Stacks = dict[tuple[str, ...], int]


def target(rung: str, seconds: float) -> list[str]:
    return [sys.executable, "-m", "ladder.profile.target", rung, str(seconds)]


def py_spy(rung: str, seconds: float) -> Stacks:
    """Python and C frames in one stack, cut off above the rung's `run`."""
    beside = Path(sys.executable).with_name("py-spy")
    program = str(beside) if beside.exists() else shutil.which("py-spy")
    if program is None:
        raise NotRun("py-spy is not installed")
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "stacks.txt"
        command = [
            program,
            "record",
            "--native",
            "--format",
            "raw",
            "--rate",
            str(RATE),
            "--output",
            str(output),
        ]
        done = subprocess.run(
            [*command, "--", *target(rung, seconds)], capture_output=True, text=True, cwd=ROOT
        )
        if not output.exists():
            lines = (done.stderr or done.stdout).strip().splitlines()
            raise NotRun(f"py-spy wrote nothing: {lines[-1] if lines else done.returncode}")
        text = output.read_text(encoding="utf-8")
    counts: Counter = Counter()
    for line in text.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [tidy(frame) for frame in stack.split(";")]
        # Above `repeat`: the first call, which fills caches, happens elsewhere in the target.
        loop = next(
            (i for i, frame in enumerate(frames) if frame.startswith("repeat (target.py")), len(frames)
        )
        begin = next((i for i in range(loop, len(frames)) if re.match(r"run \(r\d\d_", frames[i])), None)
        if begin is not None:
            counts[tuple(frames[begin:])] += int(count)
    if not counts:
        raise NotRun("py-spy saw no sample within run()")
    return dict(counts)


def perf(rung: str, seconds: float) -> Stacks:
    """C frames only, of the operating system's clock samples while the loop runs."""
    program = shutil.which("perf")
    if program is None:
        raise NotRun("perf is not installed")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "perf.data"
        seconds_to_run = seconds / 2  # the unwinder keeps 16 kB of stack per sample, so fewer of them
        child = subprocess.Popen(
            target(rung, seconds_to_run + 2), stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        try:
            if child.stdout is None or child.stdout.readline().strip() != "ready":
                raise NotRun("the rung did not start")
            record = [
                program,
                "record",
                "--event",
                "cpu-clock",
                "--freq",
                str(RATE),
                "--call-graph",
                "dwarf,16384",
            ]
            record += ["--output", str(data), "--pid", str(child.pid), "--", "sleep", str(seconds_to_run)]
            done = subprocess.run(record, capture_output=True, text=True)
        finally:
            child.kill()
            child.communicate()
        if done.returncode or not data.exists():
            lines = done.stderr.strip().splitlines()
            raise NotRun(f"perf record failed: {lines[-1] if lines else done.returncode}")
        script = [program, "script", "--input", str(data), "--no-inline", "--fields", "comm,ip,sym,dso"]
        done = subprocess.run(script, capture_output=True, text=True, errors="replace", env=dict(os.environ))
        if done.returncode:
            raise NotRun("perf script failed")
    return fold(done.stdout)


def fold(text: str) -> Stacks:
    """What `perf script` prints, innermost frame first, as stacks from the interpreter's main loop up."""
    counts: Counter = Counter()
    for block in text.split("\n\n"):
        frames = []
        for line in block.splitlines():
            found = re.match(r"\s+[0-9a-f]+ (.+) \((.*)\)$", line)
            if found:
                symbol, library = found.group(1).strip(), Path(found.group(2)).name
                frames.append(tidy(f"{'?' if symbol == '[unknown]' else symbol} ({library})"))
        frames.reverse()
        outer = next((i for i, frame in enumerate(frames) if "_PyEval_EvalFrameDefault" in frame), None)
        if frames:
            counts[tuple(frames[outer:] if outer is not None else frames)] += 1
    if not counts:
        raise NotRun("perf saw no samples")
    return dict(counts)


def tidy(frame: str) -> str:
    """A frame as `function (file)`: no folders, line numbers, or suffixes of libraries and clones."""
    frame = re.sub(r"\((?:[^()]*/)?([^/()]+)\)$", r"(\1)", frame)
    frame = re.sub(r"(\.(?:py|c|h)):\d+\)$", r"\1)", frame)
    frame = re.sub(r"(?:\.cpython-[^()]*|\.abi3)?\.so(?:\.\d+)*\)$", ")", frame)
    frame = re.sub(r"@@?[A-Z][A-Za-z0-9_.]*(?= |$)", "", frame)
    frame = re.sub(r"\+0x[0-9a-f]+(?= |$)", "", frame)
    return re.sub(r"\.(?:isra|part|constprop|lto_priv|cold)(?:\.\d+)*", "", frame)
