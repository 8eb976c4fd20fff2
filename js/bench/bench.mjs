// Side by side with the packages that people use: node js/bench/bench.mjs [ZONES]
//
// The counties of the United States (us-atlas), and points uniform in their box: for each package the time to
// prepare, nanoseconds per point, and how many answers are those of poly-match. The best of five turns, taken in turn.
// ZONES is an index of time zones with names (.pmx); with it geo-tz and tz-lookup are compared, too.
// After `python3 dev.py js`, and `npm ci` in js/bench.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import booleanPointInPolygon from "@turf/boolean-point-in-polygon";
import { geoContains } from "d3-geo";
import Flatbush from "flatbush";
import { find } from "geo-tz";
import pointInPolygon from "point-in-polygon-hao";
import RBush from "rbush";
import { feature } from "topojson-client";
import lookup from "tz-lookup";
import whichPolygon from "which-polygon";

import { Index } from "../dist/index.js";

const TURNS = 5;
const POINTS = 100_000;
const FEW = 100; // for packages that look at all regions

/** The same numbers everywhere: mulberry32. */
function randomFrom(seed) {
    return () => {
        seed = (seed + 0x6d2b79f5) | 0;
        let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
}

function pointsIn([left, bottom, right, top], count) {
    const random = randomFrom(15);
    return Array.from({ length: count }, () => [left + random() * (right - left), bottom + random() * (top - bottom)]);
}

function boxOf({ geometry }) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
    for (const [x, y] of polygons.flat(2)) {
        box[0] = Math.min(box[0], x);
        box[1] = Math.min(box[1], y);
        box[2] = Math.max(box[2], x);
        box[3] = Math.max(box[3], y);
    }
    return box;
}

/** Boxes in a tree, and a test of the polygons that it finds; the lowest number is the answer. */
function withRbush(features) {
    const tree = new RBush();
    tree.load(features.map((each, id) => ({ ...Object.fromEntries(["minX", "minY", "maxX", "maxY"].map((name, i) => [name, boxOf(each)[i]])), id })));
    return ([x, y]) => {
        let best = -1;
        for (const { id } of tree.search({ minX: x, minY: y, maxX: x, maxY: y })) {
            if ((best < 0 || id < best) && booleanPointInPolygon([x, y], features[id])) best = id;
        }
        return best;
    };
}

function withFlatbush(features) {
    const tree = new Flatbush(features.length);
    for (const each of features) tree.add(...boxOf(each));
    tree.finish();
    const polygons = features.map(({ geometry }) => (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates));
    return ([x, y]) => {
        let best = -1;
        for (const id of tree.search(x, y, x, y)) {
            if ((best < 0 || id < best) && polygons[id].some((rings) => pointInPolygon([x, y], rings) !== false)) best = id;
        }
        return best;
    };
}

function withWhichPolygon(features) {
    const numbered = features.map((each, id) => ({ ...each, properties: { id } }));
    const query = whichPolygon({ type: "FeatureCollection", features: numbered });
    return (point) => query(point)?.id ?? -1;
}

/** On the sphere, and from all features: d3 has no index. Its rings go the other way round than those of RFC 7946. */
function withGeoContains(features) {
    const turned = features.map(({ geometry }) => {
        const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
        return { type: "MultiPolygon", coordinates: polygons.map((rings) => rings.map((ring) => orientedFor(ring))) };
    });
    return (point) => turned.findIndex((each) => geoContains(each, point));
}

/** Clockwise, as d3 has shells. */
function orientedFor(ring) {
    let area = 0;
    for (let i = 1; i < ring.length; i++) area += ring[i - 1][0] * ring[i][1] - ring[i][0] * ring[i - 1][1];
    return area > 0 ? [...ring].reverse() : ring;
}

/** One row per package: [name, seconds to prepare, nanoseconds per point, answers that are the same, of how many]. */
function compared(packages, points, expected) {
    const ready = packages.map(([name, prepare, count = points.length]) => {
        const start = performance.now();
        const match = prepare();
        return { name, count, match, prepared: (performance.now() - start) / 1000, best: Infinity, same: 0 };
    });
    for (let turn = 0; turn < TURNS; turn++) {
        for (const each of ready) {
            const these = points.slice(0, each.count);
            const start = performance.now();
            const answers = each.match.all ? each.match.all(these) : these.map(each.match);
            each.best = Math.min(each.best, ((performance.now() - start) * 1e6) / these.length);
            each.same = answers.reduce((sum, answer, i) => sum + (answer === expected[i]), 0);
        }
    }
    return ready;
}

function show(title, rows) {
    console.log(`\n| ${title} | ready after | ns per point | answers as ours |\n|---|---|---|---|`);
    for (const { name, prepared, best, same, count } of rows) {
        const speed = Number(best.toPrecision(2)).toLocaleString("en");
        console.log(`| ${name} | ${(prepared * 1000).toFixed(0)} ms | ${speed} | ${same.toLocaleString("en")} of ${count.toLocaleString("en")} |`);
    }
}

/** All points in one call, from an array of pairs as the others get it. */
const inOneCall = (index, options) => Object.assign(() => 0, { all: (points) => Array.from(index.match(points, options)) });
const oneByOne = (index, options) => ([x, y]) => index.match(x, y, options);

const topology = JSON.parse(readFileSync(createRequire(import.meta.url).resolve("us-atlas/counties-10m.json"), "utf8"));
const { features } = feature(topology, topology.objects.counties);
const index = Index.build(features, { best: "first" });
const points = pointsIn([-125, 25, -66, 49], POINTS);
const flat = Float64Array.from(points.flat());
const inTurn = (built) => Object.assign(() => 0, { all: () => built.match(flat) });
const counties = [
    ["poly-match, x and y in turn", () => inTurn(Index.build(features, { best: "first" }))],
    ["poly-match, an array of [x, y]", () => inOneCall(Index.build(features, { best: "first" }))],
    ["poly-match, a call per point", () => oneByOne(Index.build(features, { best: "first" }))],
    ["flatbush + point-in-polygon-hao", () => withFlatbush(features)],
    ["rbush + @turf/boolean-point-in-polygon", () => withRbush(features)],
    ["which-polygon", () => withWhichPolygon(features)],
    ["d3-geo geoContains", () => withGeoContains(features), FEW],
];
show("counties", compared(counties, points, index.match(points)));

const [, , file] = process.argv;
if (file !== undefined) {
    const bytes = readFileSync(file);
    const zones = Index.open(bytes);
    const places = pointsIn([-180, -60, 180, 75], 20_000);
    const expected = zones.match(places, { names: true });
    const named = places.filter((_, i) => expected[i] !== null);
    const packages = [
        ["poly-match", () => inOneCall(Index.open(bytes), { names: true })],
        ["tz-lookup", () => ([x, y]) => lookup(y, x)],
        ["geo-tz", () => ([x, y]) => find(y, x)[0], 2000],
    ];
    show("time zones", compared(packages, named, expected.filter((name) => name !== null)));
}
