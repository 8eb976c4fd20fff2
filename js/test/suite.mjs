// What must hold in every host: a list of tests, run by Node and in Chromium alike.

import { digest } from "../measure.mjs";

const ARRAYS = { float64: (texts) => Float64Array.from(texts, number), int64: (texts) => BigInt64Array.from(texts, BigInt), uint64: (texts) => BigUint64Array.from(texts, BigInt) };
const number = (value) => (typeof value === "string" ? Number(value.replace("inf", "Infinity")) : value); // as JSON has no infinity and no NaN
const SQUARE = { type: "Polygon", coordinates: [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]] };
const INNER = { type: "Feature", properties: { name: "inner", score: 2 }, geometry: { type: "Polygon", coordinates: [[[1, 1], [2, 1], [2, 2], [1, 2]]] } };
const OUTER = { type: "Feature", properties: { name: "outer", score: 1 }, geometry: { type: "MultiPolygon", coordinates: [SQUARE.coordinates] } };
const EMPTY = { type: "Feature", properties: null, geometry: null };
const REGIONS = { type: "FeatureCollection", features: [OUTER, EMPTY, INNER] };

export function equal(got, expected, what = "") {
    const text = (value) => JSON.stringify(value, (_, each) => (typeof each === "number" && !Number.isFinite(each) ? String(each) : ArrayBuffer.isView(each) ? Array.from(each) : each));
    if (text(got) !== text(expected)) throw new Error(`${what} expected ${text(expected)?.slice(0, 300)}, got ${text(got)?.slice(0, 300)}`);
}

export function throws(call, kind, message) {
    let error;
    try {
        call();
    } catch (caught) {
        error = caught;
    }
    if (!(error instanceof kind) || error.message !== message) throw new Error(`expected ${kind.name} "${message}", got ${error}`);
    return error;
}

async function sha256(bytes) {
    const hash = await crypto.subtle.digest("SHA-256", bytes);
    return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A case of native.json as arguments of Index.build. */
function argumentsOf(each) {
    const options = { ...each.options, names: each.names ?? undefined };
    const { distance } = options;
    if (distance !== undefined) options.distance = Array.isArray(distance) ? distance.map(number) : number(distance);
    if (options.scores) options.best = ARRAYS[options.scores](options.best);
    delete options.scores;
    return [{ coords: each.coords.map(number), ...each.regions }, options];
}

/** The rings of a case as GeoJSON. */
function geojsonOf({ coords, regions }) {
    const { ringOffsets, polygonOffsets, kinds } = regions;
    const geomOffsets = regions.geomOffsets ?? polygonOffsets.map((_, i) => i);
    const slices = (offsets, items) => offsets.slice(1).map((end, i) => items.slice(offsets[i], end));
    const positions = Array.from({ length: coords.length / 2 }, (_, i) => [Number(coords[2 * i]), Number(coords[2 * i + 1]), 7]);
    const polygons = slices(polygonOffsets, slices(ringOffsets, positions));
    return slices(geomOffsets, polygons).map((parts, row) => {
        const kind = kinds?.[row] ?? 0;
        if (kind === 2) return { type: "Point", coordinates: parts[0][0][0] };
        if (kind === 1) return { type: "LineString", coordinates: parts[0][0] };
        return { type: "Feature", properties: {}, geometry: parts.length === 1 ? { type: "Polygon", coordinates: parts[0] } : { type: "MultiPolygon", coordinates: parts } };
    });
}

/** All tests, as [name, function]; `readModule` gives the bytes of a file beside native.json,
 * which `native` is; `countries` are the example's regions. `engine` is that of the
 * library, which the package doesn't export: without it the tests of its memory are left out. */
export function suite({ Index }, engine, readModule, native, countries) {
    const tests = testsOf(Index, readModule, native, countries);
    return engine === undefined ? tests : [...tests, ...testsOfMemory(Index, engine)];
}

const index = (Index) => Index.build(REGIONS, { names: ["outer", "empty", "inner"] });

function testsOf(Index, readModule, native, countries) {
    const { cases } = native;
    return [
        ["answers, distances and bytes are those of Python, from flat arrays", async () => {
            if (cases.length < 220) throw new Error("no cases");
            for (const each of cases) {
                const built = Index.build(...argumentsOf(each));
                const points = Float64Array.from(each.points, number);
                equal(built.match(points), each.answers, each.name);
                if (each.distances) equal(built.measure(points), { ids: each.answers, distances: each.distances.map(number) }, each.name);
                if (each.names) equal(built.names, each.names, each.name);
                equal(await sha256(built.save()), each.sha256, each.name);
                const opened = Index.open(built.save());
                equal(opened.match(points), each.answers, `${each.name}, opened`);
                built.dispose();
                opened.dispose();
            }
        }],
        ["candidates and their distances are those of Python", () => {
            let most = 0;
            for (const each of cases) {
                const built = Index.build(...argumentsOf(each));
                const points = Float64Array.from(each.points, number);
                const k = built.predicate === "nearest" ? 2 : undefined;
                const [offsets, ids, distances] = each.listed;
                equal(built.candidates(points, { k }), { offsets, ids }, each.name);
                if (distances) equal(built.candidates(points, { k, measure: true }), { offsets, ids, distances: distances.map(number) }, each.name);
                else if (points.length > 0) throws(() => built.candidates(points, { measure: true }), RangeError, "options: covers has no distances: an index of nearest has");
                most = Math.max(most, ...offsets.slice(1).map((end, i) => end - offsets[i]));
                built.dispose();
            }
            if (most < 4) throw new Error(`only ${most} candidates`);
        }],
        ["compact indexes have the bytes and the answers of Python", async () => {
            const all = cases.filter((each) => each.compact);
            if (all.length < 60) throw new Error(`only ${all.length} cases`);
            for (const each of all) {
                const [regions, options] = argumentsOf(each);
                const built = Index.build(regions, { ...options, compact: true });
                equal(await sha256(built.save()), each.compact, each.name);
                equal(Index.open(built.save()).match(Float64Array.from(each.points, number)), each.answers, each.name);
                built.dispose();
            }
            const compact = Index.build(REGIONS, { compact: true });
            throws(() => compact.candidates(1, 1), RangeError, "options: a compact index has no candidates: build it without compact");
            throws(() => Index.build(REGIONS, { predicate: "nearest", compact: true }), RangeError, "options: compact is given, but an index of nearest (planar) can't be, one of covers (planar) can");
        }],
        ["many candidates, in chunks", () => {
            const square = (size) => ({ type: "Polygon", coordinates: [[[0, 0], [size, 0], [size, size], [0, size]]] });
            const built = Index.build(Array.from({ length: 5000 }, (_, i) => square(i + 1))); // the first is the smallest
            const places = [[0.5, 0.5], [9000, 1], [2500, 2], [0, 0], [4999.5, 1], null];
            const counts = [5000, 0, 2501, 5000, 1, 0];
            const firsts = [0, 2499, 0, 4999];
            const { offsets, ids } = built.candidates(places);
            equal(offsets, counts.reduce((sums, count) => [...sums, sums[sums.length - 1] + count], [0]));
            equal(Array.from(offsets).filter((start, i) => counts[i] > 0).map((start) => ids[start]), firsts);
            equal(ids.every((id, at) => offsets.includes(at) || id === ids[at - 1] + 1), true);
            equal(built.candidates(0.5, 0.5, { k: 3 }), { offsets: [0, 3], ids: [0, 1, 2] });
            const x = Float64Array.from({ length: 9000 }, (_, i) => i % 7);
            const few = built.candidates(x, x, { k: 2 });
            equal(few.offsets, Array.from({ length: 9001 }, (_, i) => 2 * i));
            equal(few.ids, Array.from({ length: 18000 }, (_, i) => Math.max((i >> 1) % 7 - 1, 0) + (i & 1)));
            equal(built.candidates([]), { offsets: [0], ids: [] });
            const nearest = Index.build(REGIONS, { predicate: "nearest" });
            throws(() => nearest.candidates(1, 1), RangeError, 'k: needed for "nearest" without a distance: every region is a candidate');
            equal(nearest.candidates(1, 1, { k: 9 }).ids, [2, 0]);
            equal(Index.build(REGIONS, { predicate: "nearest", distance: Infinity }).candidates(1, 1).ids, [2, 0]);
            equal(Index.build([], { predicate: "nearest" }).candidates(1, 1).ids, []);
            throws(() => built.candidates(1, 1, { k: 0 }), RangeError, "k: expected a whole number above 0, got 0");
            throws(() => built.candidates(1, 1, { names: true }), TypeError, 'options: "names" is not one of k, measure');
            built.dispose();
            throws(() => built.candidates(1, 1), RangeError, "index: it was disposed of");
        }],
        ["answers are those of Python, from GeoJSON", () => {
            for (const each of cases) {
                if (each.regions.ringOffsets.some((end, i) => end === each.regions.ringOffsets[i + 1])) continue; // has empty rings
                const built = Index.build(geojsonOf(each), argumentsOf(each)[1]);
                equal(built.match(Float64Array.from(each.points, number)), each.answers, each.name);
                built.dispose();
            }
        }],
        ["the example has one digest and the same bytes in Python", async () => {
            const built = Index.build(countries, { names: "name" });
            equal(await sha256(built.save()), native.example.sha256);
            const ids = built.match(native.example.points);
            equal(digest(ids), native.example.digest);
            equal(ids.filter((id) => id >= 0).length, native.example.matched);
            equal(built.match(native.example.points, { names: true }), Array.from(ids, (id) => (id < 0 ? null : countries.features[id].properties.name)));
        }],
        ["modules of Python answer as Python, without imports", async () => {
            const all = cases.filter((each) => each.module);
            if (all.length < 40) throw new Error(`only ${all.length} modules`);
            for (const each of all) {
                const module = new WebAssembly.Module(await readModule(each.module));
                equal([WebAssembly.Module.imports(module).length, WebAssembly.Module.exports(module).map(({ name }) => name)], [0, ["memory", "_initialize", "region"]]);
                const { region } = new WebAssembly.Instance(module).exports;
                const points = each.points.map(number);
                equal(each.answers.map((_, i) => region(points[2 * i], points[2 * i + 1])), each.answers, each.name);
            }
        }],
        ["on the sphere a module answers, and the package says that it does not", async () => {
            const { region } = new WebAssembly.Instance(new WebAssembly.Module(await readModule("sphere.wasm"))).exports;
            const { points, answers } = native.sphere;
            equal(new Set(answers).size, 2);
            equal(points.map(([x, y]) => region(x, y)), answers);
            const block = await readModule("sphere.pmx");
            const why = "the sphere would make the code a fifth larger; a module of `poly-match index --metric sphere -o zones.wasm` answers it";
            throws(() => Index.open(block), RangeError, `bytes: an index on the sphere: ${why}`);
            throws(() => Index.build(REGIONS, { metric: "sphere" }), RangeError, `metric: this package is planar: ${why}`);
        }],
        ["points in every form", () => {
            const built = index(Index);
            equal(built.match(1, 1), 2);
            equal(built.match(3, 3, { names: true }), "outer");
            equal(built.match(9, 9, { names: true }), null);
            const all = [2, 0, -1];
            const rows = [[1, 1], [4, 4], [4, 4.5]];
            const typed = (array) => [array.from([1, 4, 4]), array.from([1, 4, 4.5])];
            const features = rows.map((coordinates) => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates } }));
            const forms = [
                typed(Float64Array), typed(Float32Array), typed(Array), [rows.flat()], [Float64Array.from(rows.flat())], [rows],
                [rows.map((row) => Float64Array.from(row))], [features], [{ type: "FeatureCollection", features }],
                [features.map((each) => each.geometry)], [rows.map(([x, y]) => ({ type: "MultiPoint", coordinates: [[x, y, 5]] }))],
            ];
            for (const form of forms) {
                equal(built.match(...form), all);
                equal(built.match(...form, { names: ["a", "b", "c"] }), ["c", "a", null]);
                if (!(built.match(...form) instanceof Int32Array)) throw new Error("not an Int32Array");
            }
            equal(built.match(features[0]), 2);
            equal(built.match(features[1].geometry, { names: true }), "outer");
            equal(built.match([]), []);
            equal(built.match([], []), []);
        }],
        ["points that are nowhere", () => {
            const built = index(Index);
            equal(built.match([NaN, 1, 1, Infinity, null, 1, undefined, 1]), [-1, -1, -1, -1]);
            equal(built.match([null, [1, 1], { type: "Point", coordinates: [] }, EMPTY, [null, 1]]), [-1, 2, -1, -1, -1]);
            equal(built.match(NaN, 1), -1);
        }],
        ["more points than one chunk, in each layout", () => {
            const built = index(Index);
            const count = 10_001;
            const x = Float64Array.from({ length: count }, (_, i) => (i % 97) / 20);
            const y = Float64Array.from({ length: count }, (_, i) => (i % 89) / 20);
            const expected = Array.from(x, (_, i) => built.match(x[i], y[i]));
            equal(built.match(x, y), expected);
            equal(built.match(Float64Array.from({ length: 2 * count }, (_, i) => (i % 2 ? y : x)[i >> 1])), expected);
            const nearest = Index.build(REGIONS, { predicate: "nearest" });
            const { ids, distances } = nearest.measure(x, y);
            equal(ids, Array.from(x, (_, i) => nearest.match(x[i], y[i])));
            equal(distances[count - 1], nearest.measure([x[count - 1]], [y[count - 1]]).distances[0]);
        }],
        ["the rules of a build", () => {
            equal(Index.build(REGIONS, { best: "largest" }).match(1, 1), 0);
            equal(Index.build(REGIONS, { best: [3, 1, 2] }).match(1, 1), 2);
            equal(Index.build({ ...REGIONS, features: [OUTER, INNER] }, { best: "score" }).match(1, 1), 0);
            equal(Index.build({ ...REGIONS, features: [OUTER, INNER] }, { names: "name" }).names, ["outer", "inner"]);
            const far = Index.build([SQUARE, INNER], { predicate: "dwithin", distance: 1 });
            equal([far.match(5, 4), far.match(5, 4.5)], [0, -1]);
            equal(Index.build([SQUARE], { predicate: "nearest", distance: 3 }).measure([8, 6], [4, 4]), { ids: [-1, 0], distances: ["NaN", 2] });
            equal(Index.build(SQUARE, { period: 360 }).match([361, -359, 5], [1, 1, 1]), [0, 0, -1]);
            const collection = { type: "GeometryCollection", geometries: [SQUARE, { type: "Point", coordinates: [9, 9] }] };
            equal(Index.build([collection]).match(1, 1), 0);
            equal(Index.build([{ type: "MultiPoint", coordinates: [[7, 7], [9, 9]] }], { predicate: "nearest" }).measure([9], [8]), { ids: [0], distances: [1] });
        }],
        ["what an index says about itself", () => {
            const built = index(Index);
            const { length, predicate, best, period, bounds, names, crs } = built;
            equal({ length, predicate, best, period, bounds, names, crs }, { length: 3, predicate: "covers", best: "smallest", period: null, bounds: [0, 0, 4, 4], names: ["outer", "empty", "inner"], crs: null });
            equal(built.nbytes, built.save().length);
            const other = Index.build([], { period: 360, best: [] });
            equal([other.length, other.period, other.best, other.names, other.bounds], [0, 360, "score", null, ["NaN", "NaN", "NaN", "NaN"]]);
            equal(other.match(1, 1), -1);
        }],
        ["bytes of every form open, damaged ones do not", () => {
            const bytes = index(Index).save();
            const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
            shared.set(bytes);
            const shifted = new Uint8Array(bytes.length + 3);
            shifted.set(bytes, 3);
            for (const each of [bytes, bytes.buffer, shared, shifted.subarray(3), new DataView(bytes.buffer)]) equal(Index.open(each).match(1, 1), 2);
            equal(Index.open(bytes, { verify: false }).match(1, 1), 2);
            for (let at = 0; at < bytes.length; at += 61) {
                const damaged = bytes.slice();
                damaged[at] ^= 4;
                try {
                    Index.open(damaged);
                } catch (error) {
                    equal(error.argument, "bytes");
                    continue;
                }
                throw new Error(`byte ${at} is not looked at`);
            }
            throws(() => Index.open(bytes.subarray(0, 100)), RangeError, "bytes: damaged: these 100 bytes end within the header of an index");
            throws(() => Index.open("zones.pmx"), TypeError, "bytes: expected an ArrayBuffer or a Uint8Array, got a string");
        }],
        ["errors name the argument, the row and what was expected", () => {
            const built = index(Index);
            const build = (...given) => () => Index.build(...given);
            const bad = (geometry) => ({ type: "FeatureCollection", features: [OUTER, { type: "Feature", properties: {}, geometry }] });
            const error = throws(build(bad({ type: "Polygon", coordinates: [[[0, 0], [1, NaN]]] })), RangeError, "regions[1]: expected finite coordinates, got NaN or infinity");
            equal([error.argument, error.row, error.reason], ["regions", 1, "expected finite coordinates, got NaN or infinity"]);
            throws(build(bad({ type: "Point", coordinates: [0, 0] })), TypeError, 'regions[1]: expected a Polygon or MultiPolygon, got Point; lines and points are regions for "center_within", "dwithin", "nearest"');
            throws(build(bad({ type: "Circle" })), TypeError, "regions[1]: expected a Polygon or MultiPolygon, got Circle");
            throws(build(bad({ type: "Polygon", coordinates: [[["0", "0"]]] })), TypeError, 'regions[1]: expected positions of two numbers or more, got ["0","0"]');
            throws(build(bad({ type: "Polygon", coordinates: 5 })), TypeError, "regions[1]: the coordinates of a Polygon: expected an array, got a number");
            throws(build({ type: "FeatureCollection" }), TypeError, "regions: the features of a FeatureCollection: expected an array, got undefined");
            throws(build(7), TypeError, "regions: expected GeoJSON, an array of features, or { coords, ringOffsets, polygonOffsets }; got a number");
            throws(build(REGIONS, { predicate: "within" }), RangeError, "predicate: expected one of covers, center_within, dwithin, nearest, got within");
            throws(build(REGIONS, { predicate: "dwithin" }), RangeError, "distance: dwithin needs one");
            throws(build(REGIONS, { predicate: "dwithin", distance: -0.25 }), RangeError, "distance: expected at least 0, got -0.25");
            throws(build(REGIONS, { predicate: "dwithin", distance: [0, 1e21, -1234567] }), RangeError, "distance[2]: expected at least 0, got -1234567");
            throws(build(REGIONS, { predicate: "dwithin", distance: [1, 2] }), RangeError, "distance: expected one, or one for each of 3 regions, got 2");
            throws(build(REGIONS, { distance: 2 }), RangeError, "distance: covers has none");
            throws(build(REGIONS, { period: -1234567 }), RangeError, "options: period is -1.23457e+06: it must be positive and finite");
            throws(build(REGIONS, { period: -0.0000125 }), RangeError, "options: period is -1.25e-05: it must be positive and finite");
            throws(build(REGIONS, { best: "smalest" }), RangeError, 'best: no region has a property "smalest"');
            throws(build(REGIONS, { best: [1, 2] }), RangeError, "best: expected one score for each of 3 regions, got 2");
            throws(build(REGIONS, { best: "score" }), RangeError, "best[1]: the score of region 1 is NaN");
            throws(build(REGIONS, { names: ["a"] }), RangeError, "names: expected one for each of 3 regions, got 1");
            throws(build(REGIONS, { names: ["a", {}, "b"] }), TypeError, "names[1]: an index stores text, numbers and null, got object");
            throws(build(REGIONS, { distanc: 1 }), TypeError, 'options: "distanc" is not one of predicate, distance, best, period, names, maxBytes, compact');
            throws(build(REGIONS, { maxBytes: 100 }), RangeError, `maxBytes: ${sizeMessage(build(REGIONS, { maxBytes: 100 }))}`);
            const ragged = { coords: [0, 0, 1, 0, 1, 1], ringOffsets: [0, 3], polygonOffsets: [0, 1] };
            throws(build({ ...ragged, ringOffsets: [0, 4] }), RangeError, "regions: ring_offsets[1] is 4, but there are only 3 items");
            throws(build({ ...ragged, ringOffsets: [0, -1] }), RangeError, "regions: ring_offsets[1] is -1, less than the 0 before it");
            throws(build({ ...ragged, ringOffsets: [0, 2.5] }), RangeError, "ringOffsets[1]: expected a whole number below 2^31, got 2.5");
            throws(build({ ...ragged, coords: [0, 0, 1] }), RangeError, "coords: expected x and y in turn, got 3 numbers");
            throws(() => built.match("1", 1), TypeError, "x: expected an array of numbers, got a string");
            throws(() => built.match([1, 2], [1]), RangeError, "y: expected one for each of 2 x, got 1");
            throws(() => built.match([1, "2"]), TypeError, "points[1]: expected a number, got a string");
            throws(() => built.match([1, 2, 3]), RangeError, "points: expected x and y in turn, got 3 numbers");
            throws(() => built.match([[1, 2], [1]]), TypeError, "points[1]: expected two numbers or more, got [1]");
            throws(() => built.match([OUTER]), TypeError, "points[0]: expected a Point, got MultiPolygon");
            throws(() => built.match(), TypeError, "points: expected x and y, an array of points, or GeoJSON; got undefined");
            throws(() => built.match(1, 1, { name: true }), TypeError, 'options: "name" is not one of names');
            throws(() => Index.build(SQUARE).match(1, 1, { names: true }), RangeError, "names: this index has none; give names to Index.build, or an array here");
            throws(() => built.match(1, 1, { names: ["a"] }), RangeError, "names: expected one for each of 3 regions, got 1");
            throws(() => built.measure([1, 1]), RangeError, "options: covers has no distances: an index of nearest has");
        }],
    ];
}

function testsOfMemory(Index, engine) {
    return [
        ["memory is given back", () => {
            const { c } = engine();
            const once = () => {
                const built = index(Index);
                const opened = Index.open(built.save());
                throws(() => Index.build(REGIONS, { predicate: "dwithin" }), RangeError, "distance: dwithin needs one");
                throws(() => Index.build(REGIONS, { period: -1 }), RangeError, "options: period is -1: it must be positive and finite");
                built.dispose();
                built.dispose();
                if (Symbol.dispose) opened[Symbol.dispose]();
                else opened.dispose();
                throws(() => built.match(1, 1), RangeError, "index: it was disposed of");
                throws(() => opened.save(), RangeError, "index: it was disposed of");
            };
            for (let turn = 0; turn < 10; turn++) once();
            const before = c.memory.buffer.byteLength;
            for (let turn = 0; turn < 500; turn++) once();
            equal(c.memory.buffer.byteLength, before);
        }],
        ["every allocation may fail", () => {
            const e = engine();
            const real = e.c;
            const bytes = index(Index).save();
            const calls = [() => Index.build(REGIONS, { names: ["a", "b", "c"], predicate: "nearest", distance: [1, 2, 3], best: [1, 2, 3] }), () => Index.open(bytes)];
            let failed = 0;
            for (const call of calls) {
                for (let left = 0; ; left++) {
                    let [given, freed, countdown] = [0, 0, left];
                    const aligned_alloc = (...sizes) => (countdown-- === 0 ? 0 : (given++, real.aligned_alloc(...sizes)));
                    const free = (address) => (freed++, real.free(address));
                    e.c = { ...real, aligned_alloc, free };
                    let made;
                    try {
                        made = call();
                    } catch (error) {
                        equal([error.argument, error.reason.startsWith("out of memory")], ["memory", true]);
                        failed++;
                    } finally {
                        made?.dispose();
                        e.c = real;
                    }
                    equal(freed, given);
                    if (made) break;
                }
            }
            if (failed < 8) throw new Error(`only ${failed} allocations failed`);
        }],
    ];
}

/** The sentence of the library about a size, which is not the business of these tests. */
function sizeMessage(build) {
    try {
        build();
    } catch (error) {
        return /^the index takes \d+ bytes or more, max_bytes is 100$/.test(error.reason) ? error.reason : "no sentence about a size";
    }
}
