"""Write the shared test vectors: small inputs with the answers that exact arithmetic gives.

The inputs are below, the answers come from the rational oracle (tests/python/oracle.py), and the result is
zoo.json, which the C tests and the Python tests both read. Run without arguments to write the file, with
--check to compare it with what would be written. Numbers are Python's, the shortest decimal that
reads back as the same double; what JSON has no number for is a string: "nan", "inf", "-inf".
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "python"))

import oracle  # noqa: E402

TARGET = HERE / "zoo.json"
INF, NAN = math.inf, math.nan
TINY, LARGEST = 5e-324, sys.float_info.max

Json = dict[str, Any]


def square(x: float, y: float, size: float = 1.0) -> list[oracle.Point]:
    return [(x, y), (x + size, y), (x + size, y + size), (x, y + size)]


def ulps(value: float, steps: int) -> float:
    for _ in range(abs(steps)):
        value = math.nextafter(value, INF if steps > 0 else -INF)
    return value


def grid(values: Sequence[float]) -> list[oracle.Point]:
    return [(x, y) for y in values for x in values]


def rule(best: str = "smallest", **more: Any) -> Json:
    return {"predicate": "covers", "best": best, **more}


def near(distance: Any, best: str = "smallest", **more: Any) -> Json:
    return {"predicate": "center_within", "best": best, "distance": distance, **more}


AREAS = [rule("smallest"), rule("largest"), rule("first")]


def cases() -> list[Json]:
    """Return the inputs: name, regions, points and the rules to answer."""
    half = [-0.5, 0.0, 0.5, 1.0, 1.5]
    quarters = [i / 2 for i in range(-1, 10)]
    kettner = [(ulps(0.5, i), ulps(0.5, k)) for k in range(6) for i in range(6)]
    far = 1e9
    return [
        {
            "name": "unit square, its boundary included",
            "regions": [[[square(0, 0)]]],
            "points": grid(half),
            "rules": AREAS,
        },
        {
            "name": "one ulp beside each side of a square",
            "regions": [[[square(0, 0)]]],
            "points": [
                (0.5, -TINY),
                (0.5, TINY),
                (-TINY, 0.5),
                (TINY, 0.5),
                (ulps(1.0, 1), 0.5),
                (ulps(1.0, -1), 0.5),
                (0.5, ulps(1.0, 1)),
                (0.5, ulps(1.0, -1)),
                (ulps(1.0, 1), 1.0),
                (-TINY, -TINY),
                (-0.0, -0.0),
                (1.0, -0.0),
            ],
            "rules": AREAS,
        },
        {
            "name": "closed, reversed and turned rings tie; the first wins",
            "regions": [
                [[[*square(0, 0), (0, 0)]]],
                [[square(0, 0)[::-1]]],
                [[square(0, 0)[2:] + square(0, 0)[:2]]],
            ],
            "points": grid(half),
            "rules": [*AREAS, near(0.5), near(ulps(0.5, 1))],
        },
        {
            "name": "hole: its inside is not covered, its boundary is",
            "regions": [[[square(0, 0, 4), square(1, 1, 2)]]],
            "points": grid(quarters),
            "rules": AREAS,
        },
        {
            "name": "hole equal to the shell leaves the boundary",
            "regions": [[[square(0, 0, 4), square(0, 0, 4)[::-1]]]],
            "points": grid(quarters),
            "rules": AREAS,
        },
        {
            "name": "hole outside the shell, larger than it",
            "regions": [[[square(0, 0), square(1, 1, 3)]]],
            "points": grid(quarters),
            "rules": AREAS,
        },
        {
            "name": "hole that touches the shell in a vertex and along a side",
            "regions": [[[square(0, 0, 4), [(0, 0), (2, 1), (1, 2)]]], [[square(0, 0, 4), square(3, 1, 1)]]],
            "points": grid(quarters),
            "rules": AREAS,
        },
        {
            "name": "island in a hole, as a third ring and as a second part",
            "regions": [
                [[square(0, 0, 4), square(1, 1, 2), square(1.5, 1.5, 1)]],
                [[square(0, 0, 4), square(1, 1, 2)], [square(1.5, 1.5, 1)]],
            ],
            "points": grid(quarters),
            "rules": AREAS,
        },
        {
            "name": "overlapping parts are a union and count twice as area",
            "regions": [
                [[square(0, 0, 3)], [square(1, 1, 3)]],
                [[square(0, 0, 4)]],
                [[square(0, 0, 4), square(1, 1, 2)]],
            ],
            "points": grid(quarters),
            "rules": AREAS,
        },
        {
            "name": "bow-tie: its lobes cancel as area and are both covered",
            "regions": [[[[(0, 0), (4, 4), (4, 0), (0, 4)]]]],
            "points": grid(quarters),
            "rules": AREAS,
        },
        {
            "name": "flat rings cover their boundary only",
            "regions": [
                [[[(0, 0), (4, 0), (2, 0)]]],
                [[[(0, 0), (4, 4)]]],
                [[[(1, 2)]]],
                [[[(3, 1), (3, 1), (3, 1)]]],
                [[[(0, 0), (0, 4), (0, 1), (0, 3)]]],
                [[[(0, 2), (2, 1), (4, 0), (2, 1)]]],
            ],
            "points": grid(quarters),
            "rules": [*AREAS, near(1.0), near([1.0, 1.5, 0.0, TINY, 3.0, INF])],
        },
        {
            "name": "empty rings, parts and regions keep their numbers",
            "regions": [
                [],
                [[]],
                [[[]]],
                [[square(0, 0)]],
                [[[], square(2, 2)]],
                [[square(3, 0), []], [], [[]]],
            ],
            "points": grid(quarters),
            "rules": [*AREAS, near(1.0), near(INF, "first")],
        },
        {
            "name": "repeated vertices and spikes",
            "regions": [
                [[[(0, 0), (0, 0), (2, 0), (2, 0), (2, 0), (2, 2), (0, 2), (0, 0)]]],
                [[[(1, 1), (3, 1), (3, 3), (3, 4), (3, 3), (1, 3), (1, 1), (1, 1)]]],
                [[[(0, 0), (4, 0), (4, 4), (0, 4), (0, 2), (-0.5, 2), (0, 2)]]],
            ],
            "points": grid(quarters),
            "rules": [*AREAS, near(1.25)],
        },
        {
            "name": "vertices and level edges at the height of the point",
            "regions": [
                [
                    [
                        [
                            (0, 0),
                            (1, 1),
                            (2, 0),
                            (3, 1),
                            (4, 1),
                            (4, 3),
                            (3, 3),
                            (2, 2),
                            (1, 3),
                            (0, 2),
                            (1, 2),
                            (0, 1),
                        ]
                    ]
                ]
            ],
            "points": grid(quarters),
            "rules": AREAS,
        },
        {
            "name": "points a few ulps from a line through the origin",
            "regions": [
                [[[(12, 12), (24, 24), (0, 36)]]],
                [[[(0, 0), (24, 24), (36, 0)]]],
                [[[(-12, -12), (24, 24), (0, 36)]]],
            ],
            "points": kettner,
            "rules": AREAS,
        },
        {
            "name": "far from the origin",
            "regions": [
                [[[(far + x / 8, far + y / 8) for x, y in ring]]]
                for ring in (square(0, 0, 3), [(0, 0), (5, 3), (2, 7)])
            ],
            "points": [(far + x / 16, far + y / 16) for x in range(0, 12, 3) for y in range(0, 14, 3)],
            "rules": [*AREAS, near(0.1875), near([0.25, 0.5])],
        },
        {
            "name": "subnormal coordinates: areas of 0 that differ from none",
            "regions": [
                [[square(0, 0, 4 * TINY)]],
                [[square(-TINY, -TINY, 2 * TINY)]],
                [[[(0, 0), (1, 0), (0, TINY)]]],
            ],
            "points": [(x * TINY, y * TINY) for x in range(-2, 6) for y in (-1, 0, 1, 4)],
            "rules": [*AREAS, near(TINY), near(3 * TINY)],
        },
        {
            "name": "the largest coordinates: areas that are infinite",
            "regions": [
                [[[(-LARGEST, -LARGEST), (LARGEST, -LARGEST), (LARGEST, LARGEST), (-LARGEST, LARGEST)]]],
                [[[(-LARGEST, -LARGEST), (LARGEST, LARGEST), (-LARGEST, LARGEST)]]],
                [[[(0, 0), (1e200, 0), (0, 1e-200)]]],
            ],
            "points": [
                (0, 0),
                (TINY, 0),
                (0, TINY),
                (LARGEST, LARGEST),
                (1e200, 0),
                (5e199, 5e-201),
                (5e199, 6e-201),
                (1e300, -1e300),
            ],
            "rules": [*AREAS, near(LARGEST), near(INF)],
        },
        {
            "name": "areas half-way between two doubles, and a hair beside",
            "regions": [
                [[[(0, 0), (134217727, 0), (134217727, 134217729), (0, 134217729)]]],
                [[[(0, 0), (3, 0), (3, 3002399751580331), (0, 3002399751580331)]]],
                [
                    [[(0, 0), (3, 0), (3, 3002399751580331), (0, 3002399751580331)]],
                    [[(0, 0), (TINY, 0), (0, TINY)]],
                ],
                [
                    [
                        [(0, 0), (3, 0), (3, 3002399751580331), (0, 3002399751580331)],
                        [(1, 1), (ulps(1.0, 1), 1), (1, 1 + 2**-52)],
                    ]
                ],
            ],
            "points": [(1, 1), (0, 0), (2, 5)],
            "rules": AREAS,
        },
        {
            "name": "equal areas whose plain sums differ",
            "regions": [
                [[[(x + dx, y + dy) for dx, dy in ((0, 0.1), (0.3, 0.7), (0.9, 0.2), (0.4, 0.05))]]]
                for x, y in ((0.0, 0.0), (64.0, 32.0), (0.5, 0.25), (99.0, 1.0))
            ],
            "points": [(0.4, 0.3), (64.5, 32.3), (99.5, 1.3)],
            "rules": [*AREAS, near(500.0), near(500.0, "largest")],
        },
        {
            "name": "distances exactly equal are not closer",
            "regions": [[[[(3, 4)]]], [[[(5, 12)]]], [[[(8, 15)]]], [[[(3 * 2.0**-540, 4 * 2.0**-540)]]]],
            "points": [(0, 0), (-0.0, 0), (TINY, 0), (-TINY, 0), (6, 8), (NAN, 0), (0, INF)],
            "rules": [
                near([5, 13, 17, 5 * 2.0**-540], "first"),
                near([ulps(5.0, 1), 13, 17, 0], "first"),
                near([5, ulps(13.0, 1), 17, 0], "first"),
                near([0, 0, ulps(17.0, 1), ulps(5 * 2.0**-540, 1)], "first"),
                near(0.0),
                near(-0.0),
                near(TINY),
                near(INF, "first"),
                near(1e200, "largest"),
            ],
        },
        {
            "name": "squares that share their sides: every rule, every tie",
            "regions": [[[square(x, y)]] for y in range(2) for x in range(2)]
            + [[[square(0, 0, 2)]], [[square(1, 1)]]],
            "points": grid(half),
            "rules": [
                *AREAS,
                rule("score", scores=[0.0, -0.0, 1.0, -1.0, 0.0, -1.0]),
                rule("score", scores=[INF, -INF, 1.5, -INF, TINY, -TINY]),
                rule(
                    "score",
                    scores=[2**53 + 1, 2**53, 2**53 + 1, 2**53, -(2**63), 2**63 - 1],
                    score_type="int64",
                ),
                rule(
                    "score",
                    scores=[2**63, 2**63 + 1, 2**64 - 1, 2**64 - 2, 2**64 - 1, 2**53],
                    score_type="uint64",
                ),
                near(0.75, "score", scores=[3, 2, 1, 2, 1, 0], score_type="int64"),
                near([0.5, 0.75, 1.0, 0.25, 2.0, 0.0]),
            ],
        },
        {
            "name": "points that are not finite",
            "regions": [[[square(-1, -1, 2)]]],
            "points": [(NAN, 0), (0, NAN), (INF, 0), (0, -INF), (NAN, INF), (0, 0)],
            "rules": [*AREAS, near(INF)],
        },
        {"name": "no regions", "regions": [], "points": [(0, 0)], "rules": [*AREAS, near(1.0)]},
        {"name": "no points", "regions": [[[square(0, 0)]]], "points": [], "rules": [*AREAS, near(1.0)]},
    ]


def answered(case: Json) -> Json:
    """Return a case with areas, centers and the answers of every rule."""
    regions, points = case["regions"], case["points"]
    matches = []
    for rule_ in case["rules"]:
        scores = rule_.get("scores")
        answers = oracle.best_match(
            points, regions, rule_["predicate"], rule_["best"], rule_.get("distance"), scores
        )
        extra = {"score_type": rule_.get("score_type", "double")} if scores is not None else {}
        matches.append({**rule_, **extra, "answers": answers})
    return {
        "name": case["name"],
        "regions": regions,
        "areas": [oracle.area(region) for region in regions],
        "centers": [oracle.center(region) for region in regions],
        "points": points,
        "matches": matches,
    }


def plain(value: Any, integers: bool = False) -> Any:
    """Return a value with coordinates as floats and what JSON can't say as strings."""
    if isinstance(value, dict):
        integer_scores = value.get("score_type", "double") != "double"
        return {
            key: plain(item, integers=key == "answers" or (key == "scores" and integer_scores))
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [plain(item, integers) for item in value]
    if isinstance(value, str) or value is None:
        return value
    if integers:
        return int(value)
    return float(value) if math.isfinite(value) else str(float(value))


def text() -> str:
    """Return the contents of zoo.json: one line per array, so that a change shows where it is."""
    lines = []
    for case in cases():
        whole = plain(answered(case))
        fields = [
            f'   "{key}": {json.dumps(whole[key])}'
            for key in ("name", "regions", "areas", "centers", "points")
        ]
        rules = ",\n".join("    " + json.dumps(match) for match in whole["matches"])
        lines.append("  {\n" + ",\n".join(fields) + ',\n   "matches": [\n' + rules + "\n   ]\n  }")
    return '{\n "cases": [\n' + ",\n".join(lines) + "\n ]\n}\n"


def main() -> int:
    """Write the file, or with --check say whether it is what would be written."""
    if sys.argv[1:] == ["--check"]:
        if TARGET.read_text(encoding="utf-8") == text():
            return 0
        print(f"{TARGET} is out of date: run python {Path(__file__).name}", file=sys.stderr)
        return 1
    TARGET.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
