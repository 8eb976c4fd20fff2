"""Draw the pictures of docs/how.md, and put its figures into it: python docs/draw_how.py

Maps, cells, leaves and tables are those of real indexes, from the index's methods or read from its bytes;
nothing is drawn by hand. Counties come from the benchmark's data (`python -m bench fetch`), the figures from
docs/how.json (`python -m docs.how.measure`). Needs matplotlib.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
if str(DOCS.parent) not in sys.path:
    sys.path.insert(0, str(DOCS.parent))

from docs.how import cell, maps, measure, paint, times  # noqa: E402

STATES: paint.Box = (-125.5, 23.5, -66.0, 50.0)
NEVADA: paint.Box = (-120.2, 38.2, -112.9, 43.2)
CARSON: paint.Box = (-120.0, 39.0, -119.1, 39.617)
OHIO: paint.Box = (-86.4, 37.9, -83.3, 39.9)
NORWAY: paint.Box = (4.5, 59.0, 14.0, 67.0)

FIGURE = re.compile(r"<!--([^\s/][^>]*?)-->([^<\n]*)<!---->")


def percent(share: float) -> str:
    """Return a share as text, with more digits where it is small."""
    if share == 0:
        return "0"
    return f"{100 * share:.{0 if share >= 0.1 else 1 if share >= 0.01 else 3}f} %"


def figures_of(results: dict[str, Any]) -> dict[str, str]:
    """Return the figures that the page may use, JOB.FACT, as text."""
    found = {f"machine.{key}": str(results["machine"][key]) for key in ("cpu", "extension")}
    found["machine.date"] = results["machine"]["date"][:10]
    found["machine.load"] = f"{results['machine']['load average before']:.1f}"
    for job in results["jobs"]:
        shares = {f"looks.{count}": share for count, share in enumerate(job["looks"])}
        shares |= {f"time.{stage}": share for stage, share in job.get("stages", {}).items()}
        shares |= {"in answers": 1 - job["in leaves"], "in leaves": job["in leaves"]}
        leaf = ("undecided", "in one line of the cache", "up to three polygons")
        texts = {key: percent(share) for key, share in shares.items()}
        texts |= {key: percent(job[key]) for key in leaf if key in job}
        texts |= {f"tables.{size}": f"{count:,}" for size, count in job["tables"].items()}
        texts |= {key: f"{job[key]:,}" for key in ("cells", "border cells", "vertices", "regions")}
        texts |= {key: f"{job[key] / 1e6:.1f} MB" for key in ("bytes", "bytes of tables", "bytes of leaves")}
        texts |= {f"ns.{points}": f"{ns:.3g}" for points, ns in job["ns per point"].items()}
        if "edges looked at" in job:
            texts["edges looked at"] = f"{job['edges looked at']:.1f}"
        found |= {f"{job['name']}.{key}".replace(" ", "-"): text for key, text in texts.items()}
    return found


def rewrite(text: str, figures: dict[str, str]) -> str:
    """Return a page with its figures, each between <!--NAME--> and <!---->.

    An unknown name is a KeyError.
    """
    return FIGURE.sub(lambda found: f"<!--{found[1]}-->{figures[found[1]]}<!---->", text)


def save(figure: Any, path: Path) -> None:
    """Write a picture, the same bytes each time."""
    metadata = {"Date": None} if path.suffix == ".svg" else {}
    figure.savefig(path, dpi=140, facecolor="white", metadata=metadata)


def main() -> None:
    import matplotlib.pyplot as plt
    import poly_match as pm

    from bench import jobs

    results = measure.read()
    counties = jobs.counties()
    index = pm.Index(counties.regions())
    with plt.rc_context(paint.STYLE):
        save(maps.draw_map(counties, (STATES, NEVADA, CARSON)), DOCS / "how-map.png")
        save(cell.draw_junction(index, OHIO), DOCS / "how-cell.svg")
        finer = pm.Index(jobs.countries("10m", 1).regions())  # a million vertices: leaves are large
        save(cell.draw_coast(finer, NORWAY), DOCS / "how-sketch.svg")
        save(maps.draw_disks(), DOCS / "how-disks.png")
        save(maps.draw_tables(index, STATES), DOCS / "how-tables.png")
        save(times.draw_time(results), DOCS / "how-time.svg")
    page = DOCS / "how.md"
    page.write_text(rewrite(page.read_text(encoding="utf-8"), figures_of(results)), encoding="utf-8")


if __name__ == "__main__":
    main()
