"""Draw a flame graph: one box per frame, as wide as the share of samples in which it was on the stack.

The outermost frame is at the bottom. Frames of one parent are in alphabetical order, so left to right means
nothing. Colour tells whose code it is: Python's, poly_match's, NumPy's, the interpreter's or other C. The
picture is a plain SVG without a script, small enough to read in a diff; the full name and share of a box
appear when the pointer rests on it.
"""

from html import escape

from ladder.environments import ROOT
from ladder.profile.stacks import Stacks

WIDTH, ROW, SIDE, TOP = 1200, 18, 10, 46
NARROWEST = 0.002  # boxes under this share of the samples are left out
CHARACTER = 6.3
PYTHON, OURS, NUMPY, INTERPRETER, OTHER = "#f2c14e", "#5b9bd5", "#e07a5f", "#bcc5cf", "#e6c7bb"
LEGEND = (
    (PYTHON, "Python"),
    (OURS, "poly_match"),
    (NUMPY, "NumPy"),
    (INTERPRETER, "interpreter"),
    (OTHER, "other C"),
)


# With debug information a profiler names the source file, without it the library.
OUR_FILES = {"_core"} | {
    path.name for folder in ("src", "python/ext") for path in (ROOT / folder).rglob("*.[ch]")
}


def tree(stacks: Stacks) -> dict:
    """Nested {frame: [samples, children]}."""
    root: dict = {}
    for stack, count in stacks.items():
        level = root
        for frame in stack:
            node = level.setdefault(frame, [0, {}])
            node[0] += count
            level = node[1]
    return root


def hottest(stacks: Stacks, count: int) -> list[tuple[str, float]]:
    """The innermost frames seen most often, with their share of all samples."""
    own: dict[str, int] = {}
    for stack, samples in stacks.items():
        own[stack[-1]] = own.get(stack[-1], 0) + samples
    total = sum(stacks.values())
    return [(frame, n / total) for frame, n in sorted(own.items(), key=lambda item: -item[1])[:count]]


def inclusive(stacks: Stacks) -> dict[str, float]:
    """For each frame, the share of the samples that have it anywhere on their stack."""
    counts: dict[str, int] = {}
    for stack, samples in stacks.items():
        for frame in set(stack):
            counts[frame] = counts.get(frame, 0) + samples
    total = sum(stacks.values())
    return {frame: n / total for frame, n in sorted(counts.items(), key=lambda item: -item[1])}


def colour(frame: str) -> str:
    where = frame.rpartition(" (")[2].rstrip(")")
    if where.endswith(".py"):
        return PYTHON
    if where in OUR_FILES:
        return OURS
    if where.startswith(("python", "libpython")) or where.endswith(".h"):  # inlined from Python's headers
        return INTERPRETER
    return NUMPY if "umath" in where or "openblas" in where else OTHER


def boxes(level: dict, x: float, depth: int, scale: float, total: int, found: list) -> None:
    """Collect (x, depth, width, frame, share) of what is wide enough to see, from the outside in."""
    for frame in sorted(level):
        samples, children = level[frame]
        width = samples * scale
        if samples >= NARROWEST * total:
            found.append((x, depth, width, frame, samples / total))
            boxes(children, x, depth + 1, scale, total, found)
        x += width


def svg(stacks: Stacks, caption: str) -> str:
    total = sum(stacks.values())
    found: list = []
    boxes(tree(stacks), SIDE, 0, (WIDTH - 2 * SIDE) / total, total, found)
    height = TOP + ROW * (1 + max(depth for _, depth, *_ in found)) + SIDE
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
        f' width="{WIDTH}" height="{height}"'
        ' font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="10.5">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{SIDE}" y="24" font-size="15" font-weight="bold" fill="#1d2733">{escape(caption)}</text>',
    ]
    x = WIDTH - len(LEGEND) * 100
    for fill, label in LEGEND:
        lines.append(f'<rect x="{x}" y="14" width="12" height="12" rx="2" fill="{fill}"/>')
        lines.append(f'<text x="{x + 17}" y="24" fill="#6b7785">{label}</text>')
        x += 100
    for x, depth, width, frame, share in found:
        y = height - SIDE - ROW * (depth + 1)
        room = int((width - 6) / CHARACTER)
        shown = frame if len(frame) <= room else frame[: room - 1] + "…" if room >= 4 else ""
        size = f'width="{max(width - 0.6, 0.4):.1f}" height="{ROW - 1}"'
        label = f'<text x="{x + 3:.1f}" y="{y + 12}" fill="#1d2733">{escape(shown)}</text>' if shown else ""
        lines.append(
            f"<g><title>{escape(frame)}: {share:.1%}</title>"
            f'<rect x="{x:.1f}" y="{y}" {size} rx="1.5" fill="{colour(frame)}"/>{label}</g>'
        )
    return "\n".join([*lines, "</svg>"]) + "\n"
