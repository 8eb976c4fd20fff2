"""Draw a flame graph: one box per frame, as wide as its share of the samples.

The outermost frame is at the bottom. Frames of one parent are in alphabetical order, so the order from left
to right has no meaning. The colour shows whose code it is: Python's, our C, NumPy's or other C. In a browser
a click on a box widens it to the whole picture and a field searches the names (flame.js, which is embedded);
without scripts it is a plain picture. py-spy draws such graphs too, but from raw stacks; here they are tidied
first (stacks.py), so that readers see functions and not compilation details.
"""

from html import escape
from pathlib import Path

from ladder.catalogue import EXTENSION, ROOT
from ladder.profile.stacks import Stacks

WIDTH, ROW, TOP, BOTTOM = 1200, 20, 64, 30
CHARACTER = 7.3  # the width of one at this size; flame.js has the same number
NARROWEST = 0.001  # boxes under this share of the samples are left out
PYTHON, OURS, NUMPY, OTHER = "#f2c14e", "#5b9bd5", "#e07a5f", "#c9ced4"
LEGEND = ((PYTHON, "Python"), (OURS, "our C"), (NUMPY, "NumPy"), (OTHER, "other C"))
OUR_FILES = {
    path.name for folder in (ROOT / "src", ROOT / "python/ext", EXTENSION) for path in folder.rglob("*.c")
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


def colour(frame: str) -> str:
    where = frame.rpartition(" (")[2].rstrip(")").partition(":")[0]
    if where.endswith((".py", ">")):
        return PYTHON
    if where in OUR_FILES or where == "_core" or where.startswith("poly_match_c"):
        return OURS
    return NUMPY if "umath" in where or "openblas" in where else OTHER


def boxes(level: dict, x: float, depth: int, total: int, found: list) -> None:
    """Collect (x, depth, share, frame) of boxes wide enough to see, outermost first; x is a share."""
    for frame in sorted(level):
        samples, children = level[frame]
        share = samples / total
        if share >= NARROWEST:
            found.append((x, depth, share, frame))
            boxes(children, x, depth + 1, total, found)
        x += share


def shown(frame: str, pixels: float) -> str:
    """The part of a name that fits: all, the function alone, its beginning, or nothing; as in flame.js."""
    room = int((pixels - 8) / CHARACTER)
    function = frame.rpartition(" (")[0] or frame
    if len(frame) <= room:
        return frame
    if len(function) <= room:
        return function
    return function[: room - 1] + "…" if room >= 3 else ""


def svg(stacks: Stacks, caption: str) -> str:
    total = sum(stacks.values())
    found = [(0.0, 0, 1.0, f"all {total:,} samples")]
    boxes(tree(stacks), 0.0, 1, total, found)
    height = TOP + ROW * (1 + max(depth for _, depth, *_ in found)) + BOTTOM
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
        ' font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="12">',
        "<style>g.box{cursor:pointer} g.box:hover rect{stroke:#1d2733} .faded{opacity:.45}"
        " .found rect{fill:#d23fd2} #unzoom{cursor:pointer;text-decoration:underline}</style>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="8" y="22" font-size="15" font-weight="bold" fill="#1d2733">{escape(caption)}</text>',
    ]
    for i, (fill, text) in enumerate(LEGEND):
        lines.append(f'<rect x="{8 + 90 * i}" y="36" width="12" height="12" rx="2" fill="{fill}"/>')
        lines.append(f'<text x="{25 + 90 * i}" y="46" fill="#4c5866">{text}</text>')
    lines.append(f'<text id="said" x="8" y="{height - 10}" fill="#4c5866"> </text>')
    for x, depth, share, frame in found:
        y = height - BOTTOM - ROW * (depth + 1)
        name = escape(frame, quote=True)
        lines.append(
            f'<g class="box" data-x="{x:.6f}" data-w="{share:.6f}" data-d="{depth}" data-n="{name}">'
            f'<title>{name}: {share:.1%}</title><rect x="{100 * x:.3f}%" y="{y}" width="{100 * share:.3f}%"'
            f' height="{ROW - 1}" rx="1.5" fill="{colour(frame)}"/><text x="{100 * x:.3f}%" dx="4"'
            f' y="{y + 14}" fill="#1d2733">{escape(shown(frame, share * WIDTH))}</text></g>'
        )
    script = Path(__file__).with_name("flame.js").read_text(encoding="utf-8")
    return "\n".join([*lines, f"<script><![CDATA[\n{script}]]></script>", "</svg>"]) + "\n"
