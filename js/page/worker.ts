/** The work: reads files, builds the index, matches, writes the result. The page stays responsive meanwhile. */
import { Index } from "../src/index.js";
import type { Feature } from "../src/geojson.js";
import { type Columns, type Table, cellsAt, readColumns, tableOf, withCells } from "./csv.js";
import { colouring } from "./colours.js";
import type { Reply, Request, Rule, Warning } from "./messages.js";
import { drawn } from "./outlines.js";

const X_NAMES = ["lon", "lng", "long", "longitude", "x"];
const Y_NAMES = ["lat", "latitude", "y"];
const NAMES = ["name", "NAME", "Name", "name_en", "NAME_EN", "tzid", "title", "id", "ID"];
const CHUNK = 1 << 17; // points between two reports of progress
const SAMPLE = 2000; // points that are tried with x and y swapped

interface Regions {
    file: string;
    features: Feature[];
    property: string;
    names: string[];
}
interface Points {
    file: string;
    x: Float64Array;
    y: Float64Array;
    from: { table: Table; columns: Columns } | { features: Feature[] };
}

let regions: Regions | undefined;
let points: Points | undefined;
let waiting: { file: string; table: Table } | undefined; // for a choice of its columns
let rule: Rule = { predicate: "covers", best: "smallest", distance: undefined };
let index: Index | undefined;
let built = { key: "", milliseconds: 0, vertices: 0 };
let ids = new Int32Array(0);

const reply = (message: Reply, transfer: Transferable[] = []): void => postMessage(message, { transfer });
const progress = (what: string, share: number | null = null): void => reply({ is: "progress", what, share });

onmessage = async ({ data }: MessageEvent<Request>): Promise<void> => {
    try {
        await handle(data);
    } catch (error) {
        reply({ is: "error", text: error instanceof Error ? error.message : String(error) });
    }
};

async function handle(request: Request): Promise<void> {
    switch (request.do) {
        case "example":
            openJSON("countries.geojson", request.regions);
            openCSV("cities.csv", request.points);
            return match();
        case "open":
            for (const file of request.files) await open(file);
            return match();
        case "match":
            rule = request.rule;
            return match();
        case "columns":
            if (waiting) readTable(waiting.file, waiting.table, request.x, request.y);
            return match();
        case "names":
            if (!regions) return;
            name(regions, request.property);
            return reply({ is: "names", names: regions.names, property: regions.property });
        case "swap":
            if (!points) return;
            points = { ...points, x: points.y, y: points.x };
            showPoints(points, 0);
            return match();
        case "where": {
            const id = index?.match(request.x, request.y) ?? -1;
            return reply({ is: "where", x: request.x, y: request.y, name: id < 0 ? null : (regions as Regions).names[id] });
        }
        case "save":
            return save(request.format);
    }
}

// ---- reading ----

async function open(file: File): Promise<void> {
    progress(`Reading ${file.name}`);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const ending = file.name.toLowerCase().replace(/.*\./, "");
    if (["csv", "tsv", "txt"].includes(ending)) openCSV(file.name, bytes);
    else if (["geojson", "json"].includes(ending)) openJSON(file.name, bytes);
    else throw Error(`${file.name}: this page reads GeoJSON (.geojson, .json) and tables of text (.csv, .tsv, .txt). The command poly-match reads many other formats.`);
}

function openJSON(file: string, bytes: Uint8Array): void {
    const start = performance.now();
    let json;
    try {
        json = JSON.parse(new TextDecoder().decode(bytes));
    } catch (error) {
        throw Error(`${file}: is not JSON: ${(error as Error).message}`);
    }
    if (typeof json?.type !== "string") throw Error(`${file}: is JSON but not GeoJSON: it has no "type". Regions and points are a FeatureCollection.`);
    const features: Feature[] = json.type === "FeatureCollection" ? json.features : [json.type === "Feature" ? json : { type: "Feature", properties: {}, geometry: json }];
    if (!Array.isArray(features)) throw Error(`${file}: is a FeatureCollection without "features"`);
    const kinds = new Set(features.map((each) => each?.geometry?.type));
    const hasPolygons = kinds.has("Polygon") || kinds.has("MultiPolygon") || kinds.has("GeometryCollection");
    if (!hasPolygons && kinds.has("Point")) openPoints(file, features, start);
    else openRegions(file, features, start);
}

function openRegions(file: string, features: Feature[], start: number): void {
    const keys = new Set<string>();
    for (const each of features.slice(0, 100)) for (const key of Object.keys(each?.properties ?? {})) keys.add(key);
    const properties = [...keys];
    const found: Regions = { file, features, property: "", names: [] };
    name(found, NAMES.find((each) => keys.has(each)) ?? properties.find((key) => typeof features[0]?.properties?.[key] === "string") ?? "");
    const isNumber = (key: string): boolean => features.every((each) => typeof each?.properties?.[key] === "number");
    const { coords, rings, owners, boxes } = drawn(features);
    regions = found;
    const milliseconds = performance.now() - start;
    reply({
        is: "regions",
        regions: { file, names: found.names, property: found.property, properties, numeric: properties.filter(isNumber), coords, rings, owners, colours: colouring(boxes), milliseconds },
    }, [coords.buffer, rings.buffer, owners.buffer]);
    index?.dispose();
    index = undefined;
}

/** Name regions by a property; without one by their number. */
function name(these: Regions, property: string): void {
    these.property = property;
    these.names = these.features.map((each, i) => String(each?.properties?.[property] ?? `region ${i}`));
}

function openPoints(file: string, features: Feature[], start: number): void {
    const x = new Float64Array(features.length).fill(NaN);
    const y = x.slice();
    features.forEach((each, i) => {
        const geometry = each?.geometry;
        if (geometry === null || geometry === undefined) return;
        if (geometry.type !== "Point") throw Error(`${file}: feature ${i} is a ${geometry.type}; points are expected, or polygons for regions`);
        [x[i] = NaN, y[i] = NaN] = geometry.coordinates;
    });
    points = { file, x, y, from: { features } };
    showPoints(points, performance.now() - start);
}

function openCSV(file: string, bytes: Uint8Array): void {
    const table = tableOf(bytes);
    const lower = table.names.map((each) => each.toLowerCase());
    const find = (names: string[]): number => lower.findIndex((each) => names.includes(each));
    let [x, y] = [find(X_NAMES), find(Y_NAMES)];
    if (!table.hasHeader && table.names.length === 2) [x, y] = [0, 1];
    if (x < 0 || y < 0) {
        if (table.names.length < 2) throw Error(`${file}: has one column, "${table.names[0]}"; points need two, such as lon and lat`);
        waiting = { file, table };
        points = undefined;
        reply({ is: "choose", file, columns: table.names });
        return;
    }
    readTable(file, table, x, y);
}

function readTable(file: string, table: Table, x: number, y: number): void {
    waiting = { file, table };
    const start = performance.now();
    const columns = readColumns(table, x, y, (share) => progress(`Reading ${file}`, share));
    points = { file, x: columns.x, y: columns.y, from: { table, columns } };
    showPoints(points, performance.now() - start, table.names, [x, y]);
}

function showPoints({ file, x, y }: Points, milliseconds: number, columns: string[] = [], chosen: [number, number] = [0, 1]): void {
    const drawn = { x: Float32Array.from(x), y: Float32Array.from(y) };
    reply({ is: "points", points: { file, ...drawn, columns, chosen, milliseconds } }, [drawn.x.buffer, drawn.y.buffer]);
}

// ---- matching ----

function match(): void {
    if (!regions || !points) return;
    build(regions);
    const { x, y } = points;
    ids = new Int32Array(x.length);
    let milliseconds = 0;
    for (let at = 0; at < x.length; at += CHUNK) {
        if (at > 0) progress("Matching", at / x.length);
        const start = performance.now();
        ids.set((index as Index).match(x.subarray(at, at + CHUNK), y.subarray(at, at + CHUNK)), at);
        milliseconds += performance.now() - start;
    }
    const counts = new Uint32Array(regions.features.length);
    let [unmatched, nowhere] = [0, 0];
    ids.forEach((id, i) => {
        if (id >= 0) counts[id]++;
        else unmatched++;
        if (!Number.isFinite(x[i] + y[i])) nowhere++;
    });
    const shown = ids.slice();
    reply({
        is: "result",
        result: {
            ids: shown, counts, unmatched, nowhere, buildMilliseconds: built.milliseconds, matchMilliseconds: milliseconds,
            bytes: (index as Index).nbytes, vertices: built.vertices, warnings: warningsOf(points, unmatched, nowhere),
        },
    }, [shown.buffer]);
}

/** Build the index unless it is there. */
function build({ file, features }: Regions): void {
    const key = JSON.stringify(rule);
    if (index && built.key === key) return;
    progress("Building the index");
    index?.dispose();
    index = undefined;
    const { predicate, best, distance } = rule;
    if (predicate !== "covers" && predicate !== "nearest" && distance === undefined) throw Error("This rule needs a distance: give one, in the unit of the coordinates.");
    const start = performance.now();
    try {
        index = Index.build(features, { predicate, best, ...(predicate === "covers" || distance === undefined ? {} : { distance }) });
    } catch (error) {
        const { row, reason, message } = error as Error & { row?: number; reason?: string };
        throw Error(row === undefined ? `${file}: ${reason ?? message}` : `${file}: feature ${row}: ${reason}`);
    }
    built = { key, milliseconds: performance.now() - start, vertices: countVertices(features) };
}

function countVertices(features: Feature[]): number {
    return features.reduce((sum, each) => {
        const geometry = each?.geometry;
        if (geometry?.type === "Polygon") return geometry.coordinates.reduce((total, ring) => total + ring.length, sum);
        if (geometry?.type === "MultiPolygon") return geometry.coordinates.reduce((all, part) => part.reduce((total, ring) => total + ring.length, all), sum);
        return sum;
    }, 0);
}

/** What makes a right answer useless: rows without a place, x and y swapped, extents that don't meet. */
function warningsOf({ file, x, y, from }: Points, unmatched: number, nowhere: number): Warning[] {
    const warnings: Warning[] = [];
    if (nowhere > 0) {
        const unreadable = "columns" in from ? from.columns : undefined;
        const example = unreadable && unreadable.unreadable > 0 ? `; not a number in ${unreadable.unreadable.toLocaleString("en")}, the first in ${unreadable.firstUnreadable}` : "";
        warnings.push({ text: `${file}: ${nowhere.toLocaleString("en")} ${nowhere === 1 ? "row has" : "rows have"} no place${example}.` });
    }
    if (x.length === 0 || unmatched < x.length / 4) return warnings;
    const [left, bottom, right, top] = (index as Index).bounds;
    const isDegrees = left >= -180 && right <= 180 && bottom >= -90 && top <= 90;
    if (isDegrees && x.every((each) => !(Math.abs(each) > 90)) && y.some((each) => Math.abs(each) > 90)) {
        warnings.push({ text: `${file}: x and y look swapped: there are latitudes beyond 90 degrees, and no longitude is. The regions have longitude first.`, fix: "swap" });
        return warnings;
    }
    const step = Math.max(1, Math.floor(x.length / SAMPLE));
    const sample = Float64Array.from({ length: 2 * Math.ceil(x.length / step) }, (_, i) => (i % 2 ? x : y)[(i >> 1) * step]); // swapped
    const hits = (index as Index).match(sample).filter((id) => id >= 0).length;
    const share = (2 * hits) / sample.length;
    if (share > 0.2 && share > (2 * (x.length - unmatched)) / x.length) {
        warnings.push({ text: `${file}: x and y look swapped: ${Math.round(100 * share)} % of the points are in a region if they are exchanged, ${Math.round((100 * (x.length - unmatched)) / x.length)} % as they are. The regions have longitude first.`, fix: "swap" });
    } else if (unmatched === x.length) {
        const [x0, x1, y0, y1] = [left, right, bottom, top].map((each) => Number(each.toPrecision(6)));
        warnings.push({ text: `${file}: no point is in a region. The regions are between x = ${x0} and ${x1}, y = ${y0} and ${y1}: are the points in the same coordinate system?` });
    }
    return warnings;
}

// ---- saving ----

function save(format: "csv" | "geojson"): void {
    if (!regions || !points) return;
    const { from, file, x, y } = points;
    const { names, property } = regions;
    const headers = property === "" ? ["region_id"] : ["region_id", "region"];
    const cells = [-1, ...names.keys()].map((id) => [id < 0 ? "" : String(id), id < 0 ? "" : names[id]].slice(0, headers.length));
    const stem = `${file.replace(/\.[^.]*$/, "")}-regions`;
    if (format === "csv") {
        let parts: BlobPart[];
        if ("table" in from) parts = withCells(from.table, from.columns, headers, cells, ids);
        else {
            const lines = new TextEncoder().encode(["x,y", ...Array.from(x, (each, i) => `${each},${y[i]}`)].join("\n"));
            const table = tableOf(lines);
            parts = withCells(table, readColumns(table, 0, 1, () => {}), headers, cells, ids);
        }
        return reply({ is: "saved", blob: new Blob(parts, { type: "text/csv" }), name: `${stem}.csv` });
    }
    const parts: BlobPart[] = ['{"type":"FeatureCollection","features":[\n'];
    for (let i = 0; i < ids.length; i++) {
        const answer = { region_id: ids[i] < 0 ? null : ids[i], ...(property === "" ? {} : { region: ids[i] < 0 ? null : names[ids[i]] }) };
        const hasPlace = Number.isFinite(x[i]) && Number.isFinite(y[i]);
        const feature = "table" in from
            ? { type: "Feature", properties: propertiesOf(from, i), geometry: hasPlace ? { type: "Point", coordinates: [x[i], y[i]] } : null }
            : from.features[i];
        parts.push(JSON.stringify({ ...feature, properties: { ...feature.properties, ...answer } }) + (i + 1 < ids.length ? ",\n" : "\n"));
        if (i % CHUNK === 0) progress("Writing", i / ids.length);
    }
    parts.push("]}\n");
    reply({ is: "saved", blob: new Blob(parts, { type: "application/geo+json" }), name: `${stem}.geojson` });
}

function propertiesOf({ table, columns }: { table: Table; columns: Columns }, row: number): Record<string, string> {
    const [cells] = cellsAt(table.bytes, columns.begins[row], table.delimiter);
    return Object.fromEntries(table.names.map((each, i) => [each, cells[i] ?? ""]));
}
