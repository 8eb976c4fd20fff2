/** What counts as numbers? Typed arrays, and arrays of numbers; null and undefined mean missing, which is NaN. Text is
 * never parsed. */
import { kindOf, typeError } from "./errors.js";

export type Numbers = ArrayLike<number | null | undefined>;

/** Is this an array that may hold numbers? */
export function isArray(value: unknown): value is ArrayLike<unknown> {
    return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** Numbers as doubles; those that are doubles already are not copied. */
export function doublesOf(values: unknown, argument: string): Float64Array {
    if (values instanceof Float64Array) return values;
    if (!isArray(values)) throw typeError(argument, `expected an array of numbers, got ${kindOf(values)}`);
    const doubles = new Float64Array(values.length);
    for (let i = 0; i < values.length; i++) {
        const value = values[i];
        if (typeof value === "number") doubles[i] = value;
        else if (value === null || value === undefined) doubles[i] = NaN;
        else throw typeError(argument, `expected a number, got ${kindOf(value)}`, i);
    }
    return doubles;
}

/** A growing array of doubles. */
export class Doubles {
    length = 0;
    private room = new Float64Array(1024);

    pair(x: number, y: number): void {
        if (this.length + 2 > this.room.length) {
            const more = new Float64Array(2 * this.room.length);
            more.set(this.room);
            this.room = more;
        }
        this.room[this.length++] = x;
        this.room[this.length++] = y;
    }

    get values(): Float64Array {
        return this.room.subarray(0, this.length);
    }
}
