/** Regions in any form as the ragged arrays that the library takes: coordinates, rings, polygons, regions. */
import { kindOf, typeError, valueError } from "./errors.js";
import { type GeoJSON, type Geometry, type Position, type Row, geometryOf, isEmpty, isTyped, listOf, rowsOf } from "./geojson.js";
import { Doubles, doublesOf, isArray } from "./numbers.js";

/** Regions as flat arrays, nested as in GeoArrow: item i of a level has the items from offsets[i] up to
 * offsets[i + 1] of the level below. The first ring of a polygon is its shell, the others are holes. */
export interface Ragged {
    /** x0, y0, x1, y1, ... */
    coords: ArrayLike<number>;
    /** Where each ring begins, in vertices, and where the last one ends. */
    ringOffsets: ArrayLike<number | bigint>;
    /** Where each polygon begins, in rings. */
    polygonOffsets: ArrayLike<number | bigint>;
    /** Where each region begins, in polygons; without it each polygon is a region. */
    geomOffsets?: ArrayLike<number | bigint>;
    /** 0 for a polygon, 1 for a line, 2 for a point; without it all are polygons. */
    kinds?: ArrayLike<number>;
}

/** As the library takes them: offsets have 64 bits. */
interface Arrays {
    coords: Float64Array;
    rings: Int32Array;
    polygons: Int32Array;
    geoms: Int32Array | undefined;
    kinds: Uint8Array | undefined;
    count: number;
}

/** The arrays, and for GeoJSON its rows, which have properties. */
export function regionsOf(regions: GeoJSON | Ragged, takesLines: boolean): [Arrays, readonly Row[] | undefined] {
    if (typeof regions === "object" && regions !== null && "coords" in regions) return [fromRagged(regions), undefined];
    if (!isTyped(regions) && !Array.isArray(regions)) {
        throw typeError("regions", `expected GeoJSON, an array of features, or { coords, ringOffsets, polygonOffsets }; got ${kindOf(regions)}`);
    }
    const rows = rowsOf(regions, "regions");
    return [fromRows(rows, takesLines), rows];
}

// ---- ragged arrays ----

function fromRagged(regions: Ragged): Arrays {
    const coords = doublesOf(regions.coords, "coords");
    if (coords.length % 2) throw valueError("coords", `expected x and y in turn, got ${coords.length} numbers`);
    const geoms = regions.geomOffsets === undefined ? undefined : offsetsOf(regions.geomOffsets, "geomOffsets");
    const polygons = offsetsOf(regions.polygonOffsets, "polygonOffsets");
    const kinds = regions.kinds && Uint8Array.from(doublesOf(regions.kinds, "kinds"));
    if (kinds && kinds.length !== polygons.length / 2 - 1) {
        throw valueError("kinds", `expected one for each of ${polygons.length / 2 - 1} polygons, got ${kinds.length}`);
    }
    const count = (geoms ?? polygons).length / 2 - 1;
    return { coords, rings: offsetsOf(regions.ringOffsets, "ringOffsets"), polygons, geoms, kinds, count };
}

function offsetsOf(values: unknown, argument: string): Int32Array {
    if (!isArray(values)) throw typeError(argument, `expected an array of offsets, got ${kindOf(values)}`);
    if (values.length === 0) throw valueError(argument, "expected at least one offset, got none");
    for (let i = 0; i < values.length; i++) {
        if (!Number.isInteger(Number(values[i])) || Math.abs(Number(values[i])) > 0x7fffffff) {
            throw valueError(argument, `expected a whole number below 2^31, got ${String(values[i])}`, i);
        }
    }
    return wide(Array.from(values, Number));
}

/** Whole numbers as integers of 64 bits, the low half first. */
function wide(values: readonly number[]): Int32Array {
    const halves = new Int32Array(2 * values.length);
    for (let i = 0; i < values.length; i++) {
        halves[2 * i] = values[i];
        halves[2 * i + 1] = values[i] < 0 ? -1 : 0;
    }
    return halves;
}

// ---- GeoJSON ----

/** What a geometry has: each part as its rings. */
interface Parts {
    polygons: Position[][][];
    lines: Position[][][];
    points: Position[][][];
}

function fromRows(rows: readonly Row[], takesLines: boolean): Arrays {
    const coords = new Doubles();
    const [rings, polygons, geoms, kinds] = [[0], [0], [0], [] as number[]];
    const expected = takesLines ? "a Polygon, LineString, Point or a Multi one" : "a Polygon or MultiPolygon";
    for (let row = 0; row < rows.length; row++) {
        const geometry = geometryOf(rows[row], "regions", row, expected);
        const parts = geometry === null || isEmpty(geometry) ? [] : partsOf(geometry, takesLines, row);
        parts.forEach((level, kind) => {
            for (const part of level) {
                for (const ring of part) {
                    for (const position of ring) addPosition(coords, position, row);
                    rings.push(coords.length / 2);
                }
                polygons.push(rings.length - 1);
                kinds.push(kind);
            }
        });
        geoms.push(polygons.length - 1);
    }
    return {
        coords: coords.values,
        rings: wide(rings),
        polygons: wide(polygons),
        geoms: wide(geoms),
        kinds: kinds.some((kind) => kind > 0) ? Uint8Array.from(kinds) : undefined,
        count: rows.length,
    };
}

function addPosition(coords: Doubles, position: Position, row: number): void {
    if (!isArray(position) || typeof position[0] !== "number" || typeof position[1] !== "number") {
        throw typeError("regions", `expected positions of two numbers or more, got ${JSON.stringify(position)}`, row);
    }
    coords.pair(position[0], position[1]);
}

/** The parts that are a geometry's region: its polygons; where it has none its lines, else its points. */
function partsOf(geometry: Geometry, takesLines: boolean, row: number): Position[][][][] {
    const parts: Parts = { polygons: [], lines: [], points: [] };
    gather(geometry, parts, row);
    const { polygons, lines, points } = parts;
    if (!takesLines) {
        if (polygons.length === 0 && geometry.type !== "GeometryCollection") {
            const hint = '; lines and points are regions for "center_within", "dwithin", "nearest"';
            throw typeError("regions", `expected a Polygon or MultiPolygon, got ${geometry.type}${hint}`, row);
        }
        return [polygons];
    }
    if (polygons.some((polygon) => polygon.some((ring) => ring.length > 0))) return [polygons];
    return lines.length > 0 ? [[], lines] : [[], [], points];
}

function gather(geometry: Geometry, parts: Parts, row: number): void {
    const list = <T>(value: readonly T[], what: string): readonly T[] => listOf(value, what, "regions", row);
    if (geometry.type === "GeometryCollection") {
        for (const each of list(geometry.geometries, "the geometries of a GeometryCollection")) {
            const inner = geometryOf(each, "regions", row, "a geometry");
            if (inner !== null) gather(inner, parts, row);
        }
        return;
    }
    const coordinates = list(geometry.coordinates as unknown[], `the coordinates of a ${geometry.type}`);
    const listed = geometry.type.startsWith("Multi") ? coordinates : [coordinates];
    for (const part of listed) {
        const items = list(part as Position[], "the positions");
        if (geometry.type.endsWith("Polygon")) {
            for (const ring of items) list(ring, "a ring");
            parts.polygons.push(items as unknown as Position[][]);
        } else if (items.length > 0) {
            if (geometry.type.endsWith("Point")) parts.points.push([[items as unknown as Position]]);
            else parts.lines.push([items as Position[]]);
        }
    }
}
