/** What is drawn of regions: rings, whose they are, and the boxes of regions. */
import type { Feature, Geometry, Position } from "../src/geojson.js";

export interface Drawn {
    coords: Float32Array<ArrayBuffer>;
    /** Where each ring begins in `coords`, in vertices, and where the last one ends. */
    rings: Uint32Array<ArrayBuffer>;
    owners: Uint32Array<ArrayBuffer>;
    boxes: Float64Array;
}

export function drawn(features: Feature[]): Drawn {
    const coords: number[] = [];
    const rings = [0];
    const owners: number[] = [];
    const boxes = new Float64Array(4 * features.length).fill(NaN);
    features.forEach((feature, region) => {
        const box = [Infinity, Infinity, -Infinity, -Infinity];
        for (const ring of ringsOf(feature?.geometry)) {
            for (const [x, y] of ring) {
                coords.push(x, y);
                if (x < box[0]) box[0] = x;
                if (y < box[1]) box[1] = y;
                if (x > box[2]) box[2] = x;
                if (y > box[3]) box[3] = y;
            }
            rings.push(coords.length / 2);
            owners.push(region);
        }
        if (box[0] <= box[2]) boxes.set(box, 4 * region);
    });
    return { coords: Float32Array.from(coords), rings: Uint32Array.from(rings), owners: Uint32Array.from(owners), boxes };
}

/** All lines of a geometry; a point is a line of one vertex. What is no GeoJSON has none: building says so. */
function ringsOf(geometry: Geometry | null | undefined): Position[][] {
    switch (geometry?.type) {
        case "Polygon":
        case "MultiLineString":
            return geometry.coordinates ?? [];
        case "MultiPolygon":
            return geometry.coordinates?.flat() ?? [];
        case "LineString":
        case "MultiPoint":
            return [geometry.coordinates ?? []];
        case "Point":
            return [[geometry.coordinates ?? []]];
        case "GeometryCollection":
            return geometry.geometries?.flatMap(ringsOf) ?? [];
        default:
            return [];
    }
}
