/** All candidates of points, where an index gives one: by a lister of the library, in chunks. */
import { Arena, CHUNK, engine, failure } from "./engine.js";
import type { Points } from "./points.js";

/** Candidates of point i, the best first: those of `ids` from offsets[i] up to offsets[i + 1]. */
export interface Candidates {
    /** One more than there are points. */
    offsets: Int32Array;
    ids: Int32Array;
}

/** With the distance of each candidate from the point. */
export interface MeasuredCandidates extends Candidates {
    distances: Float64Array;
}

/** A lister over an index, which has to be released before it. */
export function listerOf(index: number): number {
    const e = engine();
    if (e.c.pm_lister_build(index, 0, e.result, e.error) !== 0) throw failure();
    return e.returned;
}

/** The first `most` candidates of each point, or all of them. */
export function listed(lister: number, { count, x, y }: Points, most: number, isMeasured: boolean): MeasuredCandidates {
    const e = engine();
    const offsets = new Int32Array(count + 1);
    const ids: Int32Array[] = [];
    const distances: Float64Array[] = [];
    const [stride, second] = y === undefined ? [16, e.points + 8] : [8, e.points + 8 * CHUNK];
    let room = CHUNK; // of candidates
    let arena = new Arena();
    let into = arena.take(16 * room);
    try {
        for (let start = 0; start < count; ) {
            const end = Math.min(start + CHUNK, count);
            e.doubles.set(y === undefined ? x.subarray(2 * start, 2 * end) : x.subarray(start, end), e.points >> 3);
            if (y !== undefined) e.doubles.set(y.subarray(start, end), (e.points >> 3) + CHUNK);
            const measured = isMeasured ? into + 8 * room : 0;
            const given = [lister, e.points, second, stride, stride, end - start, most, e.answers, into, measured, room];
            if (e.c.pm_lister_list_arrays(...given, e.result, e.error) !== 0) throw failure();
            const done = e.returned;
            let found = 0;
            for (let i = 0; i < done; i++) {
                found += e.integers[(e.answers >> 2) + 2 * i]; // the low halves
                offsets[start + i + 1] = offsets[start] + found;
            }
            ids.push(Int32Array.from({ length: found }, (_, i) => e.integers[(into >> 2) + 2 * i]));
            if (isMeasured) distances.push(e.doubles.slice(measured >> 3, (measured >> 3) + found));
            start += done;
            if (done > 0 || start === count) continue;
            room = e.integers[e.answers >> 2]; // of one point alone
            arena.release();
            arena = new Arena();
            into = arena.take(16 * room);
        }
    } finally {
        arena.release();
    }
    return { offsets, ids: joined(ids, Int32Array), distances: joined(distances, Float64Array) };
}

function joined<T extends Int32Array | Float64Array>(parts: T[], kind: new (length: number) => T): T {
    const all = new kind(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
        all.set(part, at);
        at += part.length;
    }
    return all;
}
