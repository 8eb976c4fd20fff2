/** Errors that a caller can mend: a TypeError or RangeError that names the argument and the row, if any. */
export interface InputError extends Error {
    argument: string;
    /** Position of the first wrong row, counted from 0. */
    row?: number;
    /** What was expected, and what was there instead. */
    reason: string;
}

/** An error for a value that can't be used. */
export function valueError(argument: string, reason: string, row?: number): InputError {
    return about(RangeError, argument, reason, row);
}

/** An error for a type that is not understood. */
export function typeError(argument: string, reason: string, row?: number): InputError {
    return about(TypeError, argument, reason, row);
}

function about(kind: ErrorConstructor, argument: string, reason: string, row?: number): InputError {
    const error = new kind(`${row === undefined ? argument : `${argument}[${row}]`}: ${reason}`);
    return Object.assign(error, { argument, reason }, row === undefined ? {} : { row });
}

/** What a value is, in words. */
export function kindOf(value: unknown): string {
    if (value === null || value === undefined) return String(value);
    if (Array.isArray(value)) return `an array of ${value.length}`;
    if (typeof value !== "object") return `a ${typeof value}`;
    const type: unknown = (value as { type?: unknown }).type;
    return typeof type === "string" ? type : `an object of ${value.constructor?.name ?? "no class"}`;
}
