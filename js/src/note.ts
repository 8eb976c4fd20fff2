/** The names and the CRS of an index: a note in its block, of the format in docs/abi.md, the same bytes as Python's. */
import { type Engine, engine } from "./engine.js";
import { typeError } from "./errors.js";

/** What the name of a region may be. */
export type Name = string | number | boolean | null;

const HEAD = 32;
const HAS_NAMES = 2;
const ARE_JSON = 4;

/** The bytes; none where there are no names. */
export function noteBytes(names: readonly Name[] | undefined): Uint8Array | undefined {
    if (names === undefined) return undefined;
    names.forEach((name, row) => {
        const isStored = name === null || ["string", "number", "boolean"].includes(typeof name);
        if (!isStored) throw typeError("names", `an index stores text, numbers and null, got ${typeof name}`, row);
    });
    const areText = names.every((name) => typeof name === "string");
    const texts = names.map((name) => new TextEncoder().encode(areText ? (name as string) : asJson(name)));
    const start = HEAD + 8 * (names.length + 1);
    const bytes = new Uint8Array(texts.reduce((sum, text) => sum + text.length, start));
    bytes.set(new TextEncoder().encode("pm-note1"));
    const numbers = new DataView(bytes.buffer);
    numbers.setUint32(8, areText ? HAS_NAMES : HAS_NAMES | ARE_JSON, true);
    numbers.setUint32(24, names.length, true);
    let end = 0;
    texts.forEach((text, i) => {
        bytes.set(text, start + end);
        end += text.length;
        numbers.setUint32(HEAD + 8 * (i + 1), end, true);
    });
    return bytes;
}

/** As Python writes it: in ASCII. */
function asJson(name: Name): string {
    const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
    return JSON.stringify(name).replace(/[\u007f-\uffff]/g, escape);
}

/** The names in an index, null where there are none. */
export function namesIn(index: number): Name[] | null {
    const e = engine();
    const kind = e.c.pm_index_names(index);
    if (kind === 0) return null;
    return Array.from({ length: e.c.pm_index_count(index) >>> 0 }, (_, i) => {
        const name = textAt(e, e.c.pm_index_name(index, BigInt(i), e.result));
        return kind === 1 || name === null ? name : JSON.parse(name);
    });
}

/** The CRS in an index, null where there is none. */
export function crsIn(index: number): string | null {
    const e = engine();
    return textAt(e, e.c.pm_index_crs(index, e.result)) || null;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function textAt(e: Engine, address: number): string | null {
    return address === 0 ? null : decoder.decode(e.bytes.subarray(address >>> 0, (address >>> 0) + e.returned));
}
