/// <reference lib="esnext.disposable" preserve="true" />
/** Give every point its best region: README.md shows how.
 *
 * The library is the C library of poly-match, compiled to WebAssembly: the same answers, and the same bytes of an
 * index, as in C and Python. */
import { type Candidates, type MeasuredCandidates, listed, listerOf } from "./candidates.js";
import { Arena, CHUNK, engine, failure } from "./engine.js";
import { kindOf, typeError, valueError } from "./errors.js";
import type { Feature, GeoJSON, Position, Row } from "./geojson.js";
import { type Name, crsIn, namesIn, noteBytes } from "./note.js";
import { type Numbers, doublesOf, isArray } from "./numbers.js";
import { type Points, pointsOf } from "./points.js";
import { type Ragged, regionsOf } from "./regions.js";

export type { Candidates, GeoJSON, MeasuredCandidates, Name, Numbers, Ragged };
export type { InputError } from "./errors.js";

const PREDICATES = ["covers", "center_within", "dwithin", "nearest"] as const;
const BESTS = ["smallest", "largest", "first"] as const;
const METRIC_AT = 120; // in the header of a block: src/index/block.h
const SPHERE = 1;
const LEFT_OUT = "the sphere would make the code a fifth larger; a module of `poly-match index --metric sphere -o zones.wasm` answers it";
const SCORES_OF = { Float64Array: 3, BigInt64Array: 4, BigUint64Array: 5 };

/** Which regions are candidates for a point: `covers` (the region covers the point, its boundary included),
 * `center_within` (its center is strictly closer than `distance`), `dwithin` (it is at most `distance` away), `nearest`
 * (as `dwithin`, without a limit unless `distance` is given: the closest wins). */
export type Predicate = (typeof PREDICATES)[number];

/** Which candidate wins; of equal ones, the first in the input. */
export type Best = (typeof BESTS)[number];

export interface BuildOptions {
    /** Default: "covers". */
    predicate?: Predicate;
    /** For `dwithin` and `center_within`, and as a limit for `nearest`: one for all, or one for each region. */
    distance?: number | ArrayLike<number>;
    /** Default: "smallest", by area. Or scores, one for each region, or the name of the property that holds them: the
     * lowest wins. */
    best?: Best | ArrayLike<number> | BigInt64Array | BigUint64Array | (string & {});
    /** After which x repeats: 360 for longitudes, whichever way they are counted. */
    period?: number;
    /** Names to keep in the index: one for each region, or the name of the property that holds them. */
    names?: string | readonly Name[];
    /** The most that the index may take. */
    maxBytes?: number;
    /** For `covers`: a quarter of the bytes or less, to be saved and shipped, with the same answers. Points next to a
     * border take longer, and there are no candidates. */
    compact?: boolean;
}

/** One point of GeoJSON. */
export type PointLike = Feature | { type: "Point"; coordinates: Position };

export interface MatchOptions {
    /** Answer names, those in the index (true) or others, and null for none, instead of numbers. */
    names?: boolean | readonly Name[];
}

export interface CandidateOptions {
    /** The most per point; default: all. Needed for `nearest` without a distance, where every region is a candidate. */
    k?: number;
    /** Give distances, too: for all predicates but `covers`. */
    measure?: boolean;
}

/** Answers with the distance of each point from its region: NaN where there is none. */
export interface Measured {
    ids: Int32Array;
    distances: Float64Array;
}

const lost = new FinalizationRegistry((resources: Resources) => resources.release());

/** What an index owns in the engine's memory. */
class Resources {
    lister = 0; // 0: none so far

    constructor(
        public handle: number,
        private readonly arena: Arena,
    ) {}

    release(): void {
        engine().c.pm_lister_free(this.lister);
        engine().c.pm_index_free(this.handle);
        this.arena.release();
        this.handle = this.lister = 0;
    }
}

/** Regions prepared for matching. */
export class Index {
    private readonly resources: Resources;
    private known: readonly Name[] | null | undefined; // undefined: not read so far

    /** An index is made by `Index.build` or `Index.open`. */
    private constructor(status: number, arena: Arena) {
        if (status !== 0) {
            arena.release();
            throw failure();
        }
        this.resources = new Resources(engine().returned, arena);
        lost.register(this, this.resources, this);
    }

    /** Build an index.
     *
     * `regions`: a FeatureCollection, an array of Features or geometries, or flat arrays. A row without a geometry
     * matches nothing and keeps its number. Lines and points are regions for all predicates but `covers`.
     *
     * Throws a TypeError or RangeError that names the argument and the row. O(v log v) time for v vertices. */
    static build(regions: GeoJSON | Ragged, options: BuildOptions = {}): Index {
        const known = ["predicate", "distance", "best", "period", "names", "maxBytes", "compact"];
        for (const option of Object.keys(options)) {
            if (option === "metric") throw valueError(option, `this package is planar: ${LEFT_OUT}`);
            if (!known.includes(option)) throw typeError("options", `"${option}" is not one of ${known.join(", ")}`);
        }
        const { predicate = "covers", distance, best = "smallest", period = 0, maxBytes = 0, compact = false } = options;
        if (!PREDICATES.includes(predicate)) throw valueError("predicate", `expected one of ${PREDICATES.join(", ")}, got ${String(predicate)}`);
        const [arrays, rows] = regionsOf(regions, predicate !== "covers");
        const distances = distancesOf(distance, predicate, arrays.count);
        const [rule, scores] = ruleOf(best, rows, arrays.count);
        const names = namesOf(options.names, rows, arrays.count);
        const note = noteBytes(names);
        const e = engine();
        const arena = new Arena();
        try {
            const { coords, rings, polygons, geoms, kinds } = arrays;
            const status = e.c.pm_index_build_arrays(
                ...[arena.put(coords), coords.length / 2, arena.put(rings), rings.length / 2 - 1],
                ...[arena.put(polygons), polygons.length / 2 - 1],
                ...[arena.put(geoms), geoms === undefined ? 0 : geoms.length / 2 - 1, arena.put(kinds)],
                ...[PREDICATES.indexOf(predicate), rule, arena.put(scores)],
                ...[arena.put(distances), distances?.length ?? 0, period, maxBytes],
                ...[arena.put(note), note?.length ?? 0, compact ? 1 : 0, e.result, e.error],
            );
            return new Index(status, new Arena());
        } finally {
            arena.release();
        }
    }

    /** Open bytes that `save` gives, or a file of Python, the command line or C; they are copied.
     *
     * `verify`: check all bytes; false: only the header, for bytes you wrote yourself. Throws a RangeError for bytes
     * that are damaged, cut off or of another version. */
    static open(bytes: ArrayBufferLike | ArrayBufferView, { verify = true }: { verify?: boolean } = {}): Index {
        const isBuffer = bytes instanceof ArrayBuffer || Object.prototype.toString.call(bytes) === "[object SharedArrayBuffer]";
        if (!isBuffer && !ArrayBuffer.isView(bytes)) {
            throw typeError("bytes", `expected an ArrayBuffer or a Uint8Array, got ${kindOf(bytes)}`);
        }
        const arena = new Arena();
        const view = ArrayBuffer.isView(bytes) ? bytes : new Uint8Array(bytes as ArrayBuffer);
        const address = arena.put(view);
        const e = engine();
        const status = e.c.pm_index_open(address, view.byteLength, verify ? 1 : 0, 0, e.result, e.error);
        if (status !== 0 && e.bytes[address + METRIC_AT] === SPHERE) {
            arena.release();
            throw valueError("bytes", `an index on the sphere: ${LEFT_OUT}`);
        }
        return new Index(status, arena);
    }

    /** Match points: the number of the best region of each, -1 for none, or its name.
     *
     * Points are x and y, as two numbers or as two arrays; an array of x and y in turn; an array of [x, y]; a GeoJSON
     * Point, a Feature of one, an array of these or a FeatureCollection. Two numbers, a Point and a Feature have one
     * answer, all else an array. A coordinate that is null, NaN or infinite matches nothing. */
    match(x: number, y: number, options?: MatchOptions & { names?: false }): number;
    match(x: number, y: number, options: MatchOptions): Name;
    match(x: Numbers, y: Numbers, options?: MatchOptions & { names?: false }): Int32Array;
    match(x: Numbers, y: Numbers, options: MatchOptions): Name[];
    match(point: PointLike, options?: MatchOptions & { names?: false }): number;
    match(point: PointLike, options: MatchOptions): Name;
    match(points: Numbers | readonly (Numbers | null)[] | GeoJSON, options?: MatchOptions & { names?: false }): Int32Array;
    match(points: Numbers | readonly (Numbers | null)[] | GeoJSON, options: MatchOptions): Name[];
    match(...given: unknown[]): unknown {
        const [first, second, options] = argumentsOf<MatchOptions>(given, "names");
        const names = this.namesFor(options.names);
        if (typeof first === "number" && typeof second === "number") {
            return named(this.one(first, second), names);
        }
        const points = pointsOf(first, second);
        const ids = new Int32Array(points.count);
        this.run(points, ids);
        if (points.isOne) return named(ids[0], names);
        return names === undefined ? ids : Array.from(ids, (id) => named(id, names));
    }

    /** Match points and measure how far each is from its region: 0 where the region covers it. For `nearest`, `dwithin`
     * and `center_within`; points as for `match`. */
    measure(x: Numbers, y: Numbers): Measured;
    measure(points: Numbers | readonly (Numbers | null)[] | GeoJSON): Measured;
    measure(first: unknown, second?: unknown): Measured {
        const points = pointsOf(first, second);
        const measured = { ids: new Int32Array(points.count), distances: new Float64Array(points.count) };
        this.run(points, measured.ids, measured.distances);
        return measured;
    }

    /** All candidates of each point, the best first, where `match` gives the first of them; points as for `match`.
     *
     * Throws for a compact index, and for distances of `covers`. The first call prepares the index for it. */
    candidates(x: Numbers | number, y: Numbers | number, options: CandidateOptions & { measure: true }): MeasuredCandidates;
    candidates(x: Numbers | number, y: Numbers | number, options?: CandidateOptions): Candidates;
    candidates(points: Numbers | readonly (Numbers | null)[] | GeoJSON, options: CandidateOptions & { measure: true }): MeasuredCandidates;
    candidates(points: Numbers | readonly (Numbers | null)[] | GeoJSON, options?: CandidateOptions): Candidates;
    candidates(...given: unknown[]): Candidates {
        const [first, second, { k, measure = false }] = argumentsOf<CandidateOptions>(given, "k", "measure");
        if (k !== undefined && !(Number.isInteger(k) && k > 0)) throw valueError("k", `expected a whole number above 0, got ${String(k)}`);
        if (k === undefined && this.predicate === "nearest" && this.length > 0 && engine().c.pm_index_distance_count(this.handle) === 0) {
            throw valueError("k", 'needed for "nearest" without a distance: every region is a candidate');
        }
        const isOne = typeof first === "number" && typeof second === "number";
        const points = isOne ? pointsOf([first], [second]) : pointsOf(first, second);
        const { handle, resources } = this;
        if (resources.lister === 0) resources.lister = listerOf(handle);
        const { distances, ...found } = listed(resources.lister, points, Math.min(k ?? Infinity, 0xffffffff), measure);
        return measure ? Object.assign(found, { distances }) : found;
    }

    private one(x: number, y: number): number {
        const e = engine();
        e.doubles[e.points >> 3] = x;
        e.doubles[(e.points >> 3) + 1] = y;
        e.c.pm_index_match_int32(this.handle, e.points, e.points + 8, 8, 8, 1, e.answers);
        return e.integers[e.answers >> 2];
    }

    private run({ count, x, y }: Points, ids: Int32Array, distances?: Float64Array): void {
        const e = engine();
        const { c, points, answers, doubles, integers } = e; // matching allocates nothing, so the views stay
        const [input, output, measured] = [points >> 3, answers >> 2, e.distances >> 3];
        const [stride, second] = y === undefined ? [16, points + 8] : [8, points + 8 * CHUNK];
        for (let start = 0; start < count; start += CHUNK) {
            const end = Math.min(start + CHUNK, count);
            const these = end - start;
            doubles.set(y === undefined ? x.subarray(2 * start, 2 * end) : x.subarray(start, end), input);
            if (y !== undefined) doubles.set(y.subarray(start, end), input + CHUNK);
            if (distances === undefined) {
                c.pm_index_match_int32(this.handle, points, second, stride, stride, these, answers);
                ids.set(integers.subarray(output, output + these), start);
                continue;
            }
            if (c.pm_index_match_arrays(this.handle, points, second, stride, stride, these, answers, e.distances, e.error)) throw failure();
            for (let i = 0; i < these; i++) ids[start + i] = integers[output + 2 * i]; // the low halves
            distances.set(doubles.subarray(measured, measured + these), start);
        }
    }

    private namesFor(names: MatchOptions["names"]): readonly Name[] | undefined {
        if (names === undefined || names === false) return undefined;
        if (names === true) {
            if (this.names === null) throw valueError("names", "this index has none; give names to Index.build, or an array here");
            return this.names;
        }
        if (names.length !== this.length) throw valueError("names", `expected one for each of ${this.length} regions, got ${names.length}`);
        return names;
    }

    // ---- what it is ----

    /** A copy of the bytes of the index, for `Index.open`. */
    save(): Uint8Array<ArrayBuffer> {
        const e = engine();
        const address = e.c.pm_index_block(this.handle, e.result) >>> 0;
        return e.bytes.slice(address, address + e.returned);
    }

    /** Number of regions, empty ones included. */
    get length(): number {
        return engine().c.pm_index_count(this.handle) >>> 0;
    }

    /** Bytes that `save` gives. */
    get nbytes(): number {
        const e = engine();
        e.c.pm_index_block(this.handle, e.result);
        return e.returned;
    }

    get predicate(): Predicate {
        return PREDICATES[engine().c.pm_index_predicate(this.handle)];
    }

    get best(): Best | "score" {
        return BESTS[engine().c.pm_index_best(this.handle)] ?? "score";
    }

    /** After which x repeats; null for never. */
    get period(): number | null {
        return engine().c.pm_index_period(this.handle) || null;
    }

    /** Least x, least y, greatest x, greatest y of all that can match; NaN where nothing can. */
    get bounds(): [number, number, number, number] {
        const e = engine();
        e.c.pm_index_bounds(this.handle, e.distances);
        const [left, bottom, right, top] = e.doubles.subarray(e.distances >> 3);
        return [left, bottom, right, top];
    }

    /** The names in the index, null where there are none. */
    get names(): readonly Name[] | null {
        if (this.known === undefined) this.known = namesIn(this.handle);
        return this.known;
    }

    /** The coordinate reference system of the regions as text, null where it is not known. */
    get crs(): string | null {
        return crsIn(this.handle);
    }

    // ---- its end ----

    /** Give the memory back, for the next index. An index that is not reachable is disposed of, too, but maybe late. */
    dispose(): void {
        lost.unregister(this);
        this.resources.release();
    }

    private get handle(): number {
        const { handle } = this.resources;
        if (handle === 0) throw valueError("index", "it was disposed of");
        return handle;
    }
}

export interface Index {
    [Symbol.dispose](): void;
}
if (Symbol.dispose) Index.prototype[Symbol.dispose] = Index.prototype.dispose;

/** x, y and the options of a call, of these names; y is undefined where one argument has both. */
function argumentsOf<Options>(given: unknown[], ...known: string[]): [unknown, unknown, Options] {
    const [first, second, third] = given;
    const isOptions = second !== undefined && typeof second === "object" && !isArray(second);
    const options = (isOptions ? second : third) ?? {};
    if (typeof options !== "object") throw typeError("options", `expected an object, got ${kindOf(options)}`);
    for (const option of Object.keys(options)) {
        if (!known.includes(option)) throw typeError("options", `"${option}" is not one of ${known.join(", ")}`);
    }
    return [first, isOptions ? undefined : second, options as Options];
}

function named(id: number, names: readonly Name[] | undefined): Name {
    if (names === undefined) return id;
    return id < 0 ? null : names[id];
}

// ---- columns of the regions ----

/** The number of a rule for the best, and the scores that go with it. */
function ruleOf(best: BuildOptions["best"], rows: readonly Row[] | undefined, count: number): [number, ArrayBufferView | undefined] {
    const rule = BESTS.indexOf(best as Best);
    if (rule >= 0) return [rule, undefined];
    const given = typeof best === "string" ? propertyOf(best, rows, "best") : best;
    if (!isArray(given)) throw typeError("best", `expected one of ${BESTS.join(", ")}, scores, or the name of a property; got ${kindOf(given)}`);
    const isBig = given instanceof BigInt64Array || given instanceof BigUint64Array;
    const scores = isBig ? given : doublesOf(given, "best");
    if (scores.length !== count) throw valueError("best", `expected one score for each of ${count} regions, got ${scores.length}`);
    return [SCORES_OF[scores.constructor.name as keyof typeof SCORES_OF], scores];
}

function distancesOf(distance: BuildOptions["distance"], predicate: Predicate, count: number): Float64Array | undefined {
    if (distance === undefined) {
        if (predicate === "dwithin" || predicate === "center_within") throw valueError("distance", `${predicate} needs one`);
        return undefined;
    }
    if (predicate === "covers") throw valueError("distance", "covers has none");
    const isOne = typeof distance === "number";
    const distances = doublesOf(isOne ? [distance] : distance, "distance");
    if (!isOne && distances.length !== count) throw valueError("distance", `expected one, or one for each of ${count} regions, got ${distances.length}`);
    const wrong = distances.findIndex((each) => !(each >= 0));
    if (wrong >= 0) throw valueError("distance", `expected at least 0, got ${distances[wrong]}`, isOne ? undefined : wrong);
    return distances;
}

function namesOf(names: BuildOptions["names"], rows: readonly Row[] | undefined, count: number): readonly Name[] | undefined {
    const given = typeof names === "string" ? (propertyOf(names, rows, "names") as Name[]) : names;
    if (given !== undefined && !Array.isArray(given)) throw typeError("names", `expected an array, got ${kindOf(given)}`);
    if (given !== undefined && given.length !== count) throw valueError("names", `expected one for each of ${count} regions, got ${given.length}`);
    return given;
}

/** A property of each feature, null where it is missing. */
function propertyOf(name: string, rows: readonly Row[] | undefined, argument: string): unknown[] {
    const properties = rows?.map((row) => (row?.type === "Feature" ? row.properties : null) ?? {});
    if (!properties?.some((each) => name in each)) {
        throw valueError(argument, `no region has a property "${name}"`);
    }
    return properties.map((each) => each[name] ?? null);
}
