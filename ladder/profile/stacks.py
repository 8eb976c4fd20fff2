"""Sample a rung with py-spy: how often each stack was seen, {(outermost, ..., innermost): count}.

py-spy's frames are made readable here, before anything is drawn or counted: a frame is `function
(file:line)`, frames outside the rung's `run` are dropped, and frames that mean nothing to readers are merged
into their callers: code inlined from header files, and addresses without a name in libraries without symbols.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from ladder.catalogue import ROOT, Rung
from ladder.environments import NotRun, last_words, place

RATE = 200
Stacks = dict[tuple[str, ...], int]


def run_target(rung: Rung, seconds: float, *options: str, before: tuple = ()) -> dict:
    """The output of ladder.profile.target for a rung, run under the command `before`."""
    where = place(rung)
    command = [*before, str(where.python), "-m", "ladder.profile.target", rung.code, str(seconds), *options]
    if where.build:
        command += ["--build", str(where.build)]
    done = subprocess.run(command, capture_output=True, text=True, env=where.environment, cwd=ROOT)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise NotRun(last_words(done))
    return json.loads(lines[-1])


def py_spy(rung: Rung, seconds: float) -> tuple[Stacks, dict]:
    """Stacks of Python and C frames, and the target's output."""
    beside = Path(sys.executable).with_name("py-spy")
    program = str(beside) if beside.exists() else shutil.which("py-spy")
    if program is None:
        raise NotRun("py-spy is not installed")
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "stacks.txt")
        options = ["--native", "--format", "raw", "--rate", str(RATE), "--output", output]
        said = run_target(rung, seconds, before=(program, "record", *options, "--"))
        if not os.path.exists(output):
            raise NotRun("py-spy wrote nothing")
        with open(output, encoding="utf-8") as file:
            stacks = fold(file.read())
    if not stacks:
        raise NotRun("py-spy saw no sample within run()")
    return stacks, said


def fold(text: str) -> Stacks:
    """The output of `py-spy record --format raw` as stacks, from the rung's `run` on."""
    counts: Counter = Counter()
    for line in text.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [tidy(frame) for frame in stack.split(";")]
        loop = next((i for i, frame in enumerate(frames) if frame.startswith("repeat (target.py")), None)
        if loop is None:
            continue
        begin = next((i for i in range(loop, len(frames)) if re.match(r"run \(r\d\d", frames[i])), None)
        if begin is not None:
            counts[tuple(frame for frame in frames[begin:] if is_function(frame))] += int(count)
    return dict(counts)


def tidy(frame: str) -> str:
    """A frame as `function (file:line)`: no folders, no suffixes of libraries and clones."""
    frame = re.sub(r"\((?:[^()]*/)?([^/()]+)\)$", r"(\1)", frame)
    frame = re.sub(r"(?:\.cpython-[^()]*|\.abi3)?\.so(?:\.\d+)*\)$", ")", frame)
    frame = re.sub(r"@@?[A-Z][A-Za-z0-9_.]*(?= |$)", "", frame)
    frame = re.sub(r"\+0x[0-9a-f]+(?= |$)", "", frame)
    return re.sub(r"\.(?:isra|part|constprop|lto_priv|cold)(?:\.\d+)*", "", frame)


def is_function(frame: str) -> bool:
    return not re.search(r"^(?:0x[0-9a-f]+|\?)(?: |$)|\.h(?::\d+)?\)$", frame)


def without_line(frame: str) -> str:
    return re.sub(r":\d+\)$", ")", frame)


def hottest(stacks: Stacks, count: int) -> list[tuple[str, float]]:
    """The innermost functions seen most often, with their share of all samples."""
    own: Counter = Counter()
    for stack, samples in stacks.items():
        own[without_line(stack[-1])] += samples
    total = sum(stacks.values())
    return [(frame, samples / total) for frame, samples in own.most_common(count)]


def inclusive(stacks: Stacks, count: int) -> dict[str, float]:
    """The functions seen most often anywhere on a stack, with their share of all samples."""
    counts: Counter = Counter()
    for stack, samples in stacks.items():
        for function in {without_line(frame) for frame in stack}:
            counts[function] += samples
    total = sum(stacks.values())
    return {function: samples / total for function, samples in counts.most_common(count)}
