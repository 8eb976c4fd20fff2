/** GeoJSON as rows of geometries. Geometries and Features are one row each, a FeatureCollection is several, as in
 * Python; z is ignored. */
import { kindOf, typeError } from "./errors.js";

// As in RFC 7946, with what is read here; values of @types/geojson fit.
export type Position = number[];
export type Geometry =
    | { type: "Point"; coordinates: Position }
    | { type: "LineString" | "MultiPoint"; coordinates: Position[] }
    | { type: "Polygon" | "MultiLineString"; coordinates: Position[][] }
    | { type: "MultiPolygon"; coordinates: Position[][][] }
    | { type: "GeometryCollection"; geometries: Geometry[] };
export interface Feature {
    type: "Feature";
    geometry: Geometry | null;
    properties: Record<string, unknown> | null;
}
export interface FeatureCollection {
    type: "FeatureCollection";
    features: Feature[];
}

/** Whatever can be one row: null and undefined are a row without a geometry. */
export type Row = Feature | Geometry | null | undefined;
export type GeoJSON = FeatureCollection | Row | readonly Row[];

const KINDS = ["Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"];

/** Is it an object that calls itself something? */
export function isTyped(value: unknown): value is { type: unknown } {
    return typeof value === "object" && value !== null && "type" in value;
}

/** The rows of a GeoJSON object or of an array of them. */
export function rowsOf(value: GeoJSON, argument: string): readonly Row[] {
    if (Array.isArray(value)) return value;
    const object = value as Exclude<GeoJSON, readonly Row[]>;
    if (object?.type === "FeatureCollection") return listOf(object.features, "the features of a FeatureCollection", argument);
    if (object?.type === "GeometryCollection") return listOf(object.geometries, "the geometries of a collection", argument);
    return [object];
}

/** The geometry of a row; null where it has none. */
export function geometryOf(row: Row, argument: string, at: number, expected: string): Geometry | null {
    const geometry = row?.type === "Feature" ? row.geometry : row;
    if (geometry === null || geometry === undefined) return null;
    if (!KINDS.includes(geometry.type)) throw typeError(argument, `expected ${expected}, got ${kindOf(geometry)}`, at);
    return geometry as Geometry;
}

/** An array where GeoJSON has one. */
export function listOf<T>(value: readonly T[], what: string, argument: string, row?: number): readonly T[] {
    if (!Array.isArray(value)) throw typeError(argument, `${what}: expected an array, got ${kindOf(value)}`, row);
    return value;
}

/** Is there no position in it? */
export function isEmpty(geometry: Geometry): boolean {
    const left: unknown[] = [geometry];
    while (left.length > 0) {
        const each = left.pop();
        if (Array.isArray(each)) for (const inner of each) left.push(inner);
        else if (isTyped(each)) left.push("geometries" in each ? each.geometries : (each as { coordinates?: unknown }).coordinates);
        else if (each !== null && each !== undefined) return false;
    }
    return true;
}
