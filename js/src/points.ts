/** Points in any form as doubles: x and y apart, or in turn. */
import { kindOf, typeError, valueError } from "./errors.js";
import { type GeoJSON, type Geometry, type Row, geometryOf, isEmpty, isTyped, rowsOf } from "./geojson.js";
import { doublesOf, isArray } from "./numbers.js";

/** `y` undefined: `x` has both, x0, y0, x1, y1, ... */
export interface Points {
    count: number;
    x: Float64Array;
    y: Float64Array | undefined;
    /** It was one point, so there is one answer. */
    isOne: boolean;
}

/** Points from the arguments of a match. */
export function pointsOf(first: unknown, second: unknown): Points {
    if (second !== undefined) return fromColumns(first, second);
    if (isTyped(first)) {
        const rows = rowsOf(first as GeoJSON, "points");
        return fromRows(rows, first.type === "Feature" || first.type === "Point");
    }
    if (!isArray(first)) {
        throw typeError("points", `expected x and y, an array of points, or GeoJSON; got ${kindOf(first)}`);
    }
    if (Array.isArray(first) && first.some((each) => typeof each === "object" && each !== null)) {
        return fromRows(first as Row[], false);
    }
    const x = doublesOf(first, "points");
    if (x.length % 2) throw valueError("points", `expected x and y in turn, got ${x.length} numbers`);
    return { count: x.length / 2, x, y: undefined, isOne: false };
}

function fromColumns(first: unknown, second: unknown): Points {
    const x = doublesOf(first, "x");
    const y = doublesOf(second, "y");
    if (x.length !== y.length) throw valueError("y", `expected one for each of ${x.length} x, got ${y.length}`);
    return { count: x.length, x, y, isOne: false };
}

/** GeoJSON, or pairs of numbers; a row that is missing or empty is a point that is nowhere. */
function fromRows(rows: readonly Row[], isOne: boolean): Points {
    const x = new Float64Array(2 * rows.length).fill(NaN);
    for (let row = 0; row < rows.length; row++) {
        const position = positionOf(rows[row], row);
        if (position === undefined) continue;
        for (let axis = 0; axis < 2; axis++) {
            const value = position[axis];
            if (typeof value === "number") x[2 * row + axis] = value;
            else if (value !== null) throw typeError("points", `expected two numbers or more, got ${JSON.stringify(position)}`, row);
        }
    }
    return { count: rows.length, x, y: undefined, isOne };
}

function positionOf(row: unknown, at: number): ArrayLike<unknown> | undefined {
    if (isArray(row)) return row;
    if (row !== null && row !== undefined && !isTyped(row)) {
        throw typeError("points", `expected a point, got ${kindOf(row)}`, at);
    }
    const geometry: Geometry | null = geometryOf(row as Row, "points", at, "a Point");
    if (geometry === null || isEmpty(geometry)) return undefined;
    if (geometry.type === "Point") return geometry.coordinates;
    if (geometry.type === "MultiPoint" && geometry.coordinates.length === 1) return geometry.coordinates[0];
    throw typeError("points", `expected a Point, got ${geometry.type}`, at);
}
