"""How the example picks its winners: areas that should be equal, compared by their rounding errors.

All the polygons are one shape moved by whole numbers. Computed in floating point, as in the baseline, their
areas differ, and the smallest one wins. This module shows by how much they differ, and which polygon wins by
the exact area of the same coordinates, and by the baseline's formula summed in another order.
"""

from fractions import Fraction

POINT = (0.0, 25.0)
# The first vertex of the polygon that the test of the well-known account expects for this point.
EXPECTED = (9, 27)


def scientific(value: float) -> str:
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa} · 10{str(int(exponent)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def exact_area(polygon) -> Fraction:
    xs, ys = ([Fraction(float(v)) for v in values] for values in (polygon.x, polygon.y))
    return abs(sum(xs[i] * ys[i - 1] - xs[i - 1] * ys[i] for i in range(len(xs)))) / 2


def summed_in_pairs(polygon) -> float:
    """The baseline's formula, with sums in two halves, as a processor adds vectors of two numbers."""
    xs, ys = polygon.x.tolist(), polygon.y.tolist()

    def dot(one: list, other: list) -> float:  # of `one` with `other` moved by one place
        products = [one[i] * other[i - 1] for i in range(len(one))]
        return sum(products[::2]) + sum(products[1::2])

    return 0.5 * abs(dot(xs, ys) - dot(ys, xs))


def first_vertex(polygon) -> tuple[int, int]:
    return int(polygon.x[0]), int(polygon.y[0])


class Example:
    """The baseline's polygons, its candidates and their areas in three arithmetics."""

    def __init__(self) -> None:
        from ladder.rungs import r01_baseline as baseline

        polygons, points = baseline.prepare()
        self.sets = baseline.candidates(polygons, points)
        self.areas = {
            "NumPy": {id(p): float(p.area()) for p in polygons},
            "exact": {id(p): float(exact_area(p)) for p in polygons},
            "pairs": {id(p): summed_in_pairs(p) for p in polygons},
        }
        self.exact = {id(p): exact_area(p) for p in polygons}

    def winner(self, polygons: list, arithmetic: str):
        return min(polygons, key=lambda polygon: self.areas[arithmetic][id(polygon)])

    def error(self, arithmetic: str) -> float:
        """The largest difference of a computed area from the true one of the same coordinates."""
        areas = self.areas[arithmetic]
        return max(float(abs(Fraction(areas[key]) - true)) for key, true in self.exact.items())

    def spread(self) -> float:
        """The spread of the true areas; moving a polygon rounds its coordinates."""
        return float(max(self.exact.values()) - min(self.exact.values()))

    def equal(self, one: str, other: str) -> int:
        """At how many points two arithmetics choose the same polygon."""
        return sum(self.winner(p, one) is self.winner(p, other) for _, p in self.sets)

    def at_point(self) -> list[tuple[str, str, object]]:
        """The polygon that each arithmetic chooses for POINT."""
        polygons = next(p for point, p in self.sets if tuple(point.tolist()) == POINT)
        return [
            ("expected", "expected by the test", next(p for p in polygons if first_vertex(p) == EXPECTED)),
            ("NumPy", "NumPy here", self.winner(polygons, "NumPy")),
            ("pairs", "the same formula, added two at a time", self.winner(polygons, "pairs")),
            ("exact", "the exact area", self.winner(polygons, "exact")),
        ]

    def facts(self) -> dict:
        """The text for the page: figures by name, and the table."""
        facts = {f"error.{name}": scientific(self.error(name)) for name in self.areas}
        facts["spread"] = scientific(self.spread())
        facts["equal.exact"] = f"{self.equal('NumPy', 'exact')} of {len(self.sets)}"
        facts["equal.pairs"] = f"{self.equal('NumPy', 'pairs')} of {len(self.sets)}"
        lines = [
            "| chosen by | first vertex | area by NumPy here | exact area, rounded once |",
            "|---|---|---|---|",
        ]
        for short, who, polygon in self.at_point():
            facts[f"vertex.{short}"] = str(first_vertex(polygon))
            areas = (self.areas[name][id(polygon)] for name in ("NumPy", "exact"))
            lines.append(
                f"| {who} | {first_vertex(polygon)} | " + " | ".join(f"{a:.16f}" for a in areas) + " |"
            )
        return facts | {"table": "\n".join(lines)}
