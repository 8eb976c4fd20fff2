/** Tables of text: where the rows are, and two columns of numbers, read from the bytes in one pass.
 *
 * Only what is needed becomes text. A number of at most 15 digits is its digits divided by a power of ten, both exact in
 * a double, so the result is the one that is correctly rounded; all others go through the language's own conversion. */

const [QUOTE, LF, CR, SPACE, MINUS, PLUS, ZERO, DOT, COMMA] = Array.from("\"\n\r -+0.,", (each) => each.charCodeAt(0));
const DELIMITERS = [",", ";", "\t", "|"];
const POWERS = Array.from({ length: 23 }, (_, power) => 10 ** power);

export interface Table {
    bytes: Uint8Array;
    names: string[];
    hasHeader: boolean;
    delimiter: number;
    /** What is before the decimals. */
    decimal: number;
    /** Where the first row of data begins. */
    start: number;
}

export interface Columns {
    count: number;
    x: Float64Array;
    y: Float64Array;
    /** Where each row begins and, without its line end, ends. */
    begins: Uint32Array;
    ends: Uint32Array;
    /** Rows with something that is no number: how many, the first of them counted from 1, and what is there. */
    unreadable: number;
    firstUnreadable: string;
}

/** What the first line says; text in UTF-16 becomes UTF-8. */
export function tableOf(given: Uint8Array): Table {
    let bytes = given;
    if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
        bytes = new TextEncoder().encode(new TextDecoder(bytes[0] === 0xff ? "utf-16le" : "utf-16be").decode(bytes));
    }
    const begin = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    const delimiter = delimiterOf(bytes, begin);
    const [first, next] = cellsAt(bytes, begin, delimiter);
    const decimal = delimiter === COMMA || !cellsAt(bytes, next, delimiter)[0].some((cell) => /^[-+]?\d+,\d+$/.test(cell.trim())) ? DOT : COMMA;
    const hasHeader = first.every((cell) => cell.trim() === "" || Number.isNaN(Number(decimal === COMMA ? cell.replace(",", ".") : cell)));
    const names = first.map((cell, i) => (hasHeader ? cell.trim() : `column ${i + 1}`));
    return { bytes, names, hasHeader, delimiter, decimal, start: hasHeader ? next : begin };
}

/** The delimiter that is most often in the first line. */
function delimiterOf(bytes: Uint8Array, begin: number): number {
    const counts = DELIMITERS.map((each) => cellsAt(bytes, begin, each.charCodeAt(0))[0].length);
    return DELIMITERS[counts.indexOf(Math.max(...counts))].charCodeAt(0);
}

/** The cells of the row at a position, as text, and where the next row begins. */
export function cellsAt(bytes: Uint8Array, begin: number, delimiter: number): [string[], number] {
    const cells: string[] = [];
    const decoder = new TextDecoder();
    for (let at = begin; ; at++) {
        const end = cellEnd(bytes, at, delimiter);
        const text = decoder.decode(bytes.subarray(at, end)).replace(/\r$/, "");
        cells.push(text.startsWith('"') ? text.slice(1, text.endsWith('"') ? -1 : undefined).replaceAll('""', '"') : text);
        at = end;
        if (at >= bytes.length || bytes[at] === LF) return [cells, Math.min(at + 1, bytes.length)];
    }
}

/** Where the cell at a position ends: at a delimiter or a line feed outside of quotes, or where the bytes do. */
function cellEnd(bytes: Uint8Array, at: number, delimiter: number): number {
    const { length } = bytes;
    if (bytes[at] === QUOTE) {
        for (at++; at < length; at++) {
            if (bytes[at] !== QUOTE) continue;
            if (bytes[at + 1] !== QUOTE) break;
            at++;
        }
    }
    while (at < length && bytes[at] !== delimiter && bytes[at] !== LF) at++;
    return at;
}

/** Read the columns `x` and `y`; `progress` is called with the share that is done. */
export function readColumns(table: Table, x: number, y: number, progress: (done: number) => void): Columns {
    const { bytes, delimiter, decimal } = table;
    const { length } = bytes;
    const [least, most] = [Math.min(x, y), Math.max(x, y)];
    let room = Math.max(1024, Math.ceil(length / 24));
    const found = { count: 0, x: new Float64Array(room), y: new Float64Array(room), begins: new Uint32Array(room), ends: new Uint32Array(room), unreadable: 0, firstUnreadable: "" };
    let rows = 0;
    for (let at = table.start; at < length; at++) {
        const begin = at;
        let low = NaN;
        let high = NaN;
        let isUnreadable = false;
        for (let column = 0; ; column++) {
            const start = at;
            at = cellEnd(bytes, at, delimiter);
            if (column === least || column === most) {
                const value = numberAt(bytes, start, at, decimal);
                if (column === least) low = value;
                if (column === most) high = value;
                if (value !== value && hasText(bytes, start, at)) isUnreadable = true;
            }
            if (at >= length || bytes[at] === LF) break;
            at++;
        }
        const end = at > begin && bytes[at - 1] === CR ? at - 1 : at;
        rows++;
        if (end === begin) continue; // an empty line
        if (found.count === room) {
            room *= 2;
            found.x = grown(found.x, new Float64Array(room));
            found.y = grown(found.y, new Float64Array(room));
            found.begins = grown(found.begins, new Uint32Array(room));
            found.ends = grown(found.ends, new Uint32Array(room));
        }
        found.x[found.count] = x < y ? low : high;
        found.y[found.count] = x < y ? high : low;
        found.begins[found.count] = begin;
        found.ends[found.count++] = end;
        if (isUnreadable && found.unreadable++ === 0) {
            const cells = cellsAt(bytes, begin, delimiter)[0];
            found.firstUnreadable = `row ${rows}: "${cells[x] ?? ""}", "${cells[y] ?? ""}"`;
        }
        if (found.count % 65536 === 0) progress(at / length);
    }
    found.x = found.x.slice(0, found.count);
    found.y = found.y.slice(0, found.count);
    return found;
}

function grown<T extends Float64Array | Uint32Array>(from: T, to: T): T {
    to.set(from);
    return to;
}

function hasText(bytes: Uint8Array, at: number, end: number): boolean {
    while (at < end && (bytes[at] === SPACE || bytes[at] === CR || bytes[at] === QUOTE)) at++;
    return at < end;
}

/** The number in a cell, NaN where there is none. */
function numberAt(bytes: Uint8Array, begin: number, end: number, decimal: number): number {
    let at = begin;
    while (at < end && (bytes[at] === SPACE || bytes[at] === QUOTE)) at++;
    const isNegative = bytes[at] === MINUS;
    if (isNegative || bytes[at] === PLUS) at++;
    let whole = 0;
    let digits = 0;
    let decimals = -1;
    for (; at < end; at++) {
        const digit = bytes[at] - ZERO;
        if (digit >= 0 && digit <= 9) {
            whole = whole * 10 + digit;
            digits++;
            if (decimals >= 0) decimals++;
        } else if (bytes[at] === decimal && decimals < 0) decimals = 0;
        else break;
    }
    while (at < end && (bytes[at] === SPACE || bytes[at] === QUOTE || bytes[at] === CR)) at++;
    if (at === end && digits > 0 && digits <= 15) {
        const value = decimals > 0 ? whole / POWERS[decimals] : whole;
        return isNegative ? -value : value;
    }
    const text = asciiOf(bytes, begin, end);
    if (digits > 15 && at === end && decimal === DOT && text.charCodeAt(0) !== QUOTE) return Number(text);
    const clean = text.replaceAll('"', "").trim();
    return clean === "" ? NaN : Number(decimal === COMMA ? clean.replace(",", ".") : clean);
}

let piece: { bytes: Uint8Array; begin: number; text: string } = { bytes: new Uint8Array(0), begin: 0, text: "" };
const PIECE = 1 << 16;

/** Bytes as text that is right where they are ASCII: cut from a larger piece, which is ten times as fast as decoding
 * each cell. */
function asciiOf(bytes: Uint8Array, begin: number, end: number): string {
    if (piece.bytes !== bytes || begin < piece.begin || end > piece.begin + piece.text.length) {
        piece = { bytes, begin, text: new TextDecoder("latin1").decode(bytes.subarray(begin, Math.max(end, begin + PIECE))) };
    }
    return piece.text.slice(begin - piece.begin, end - piece.begin);
}

// ---- writing ----

/** A name as a cell. */
export function cellOf(text: string, delimiter: string): string {
    return /["\r\n]/.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The table with cells at the end of each row: those of `headers` and, of row i, those of `cells[ids[i] + 1]`. */
export function withCells(table: Table, columns: Columns, headers: string[], cells: string[][], ids: Int32Array): BlobPart[] {
    const { bytes } = table;
    const delimiter = String.fromCharCode(table.delimiter);
    const ending = bytes[columns.ends[0]] === CR ? "\r\n" : "\n";
    const encode = (texts: string[]): Uint8Array => new TextEncoder().encode(texts.map((text) => delimiter + cellOf(text, delimiter)).join("") + ending);
    const endings = cells.map(encode);
    const parts: BlobPart[] = [];
    if (table.hasHeader) parts.push(table.names.map((name) => cellOf(name, delimiter)).join(delimiter), encode(headers) as BlobPart);
    for (let row = 0; row < columns.count; ) {
        const last = Math.min(row + 65536, columns.count);
        let size = 0;
        for (let i = row; i < last; i++) size += columns.ends[i] - columns.begins[i] + endings[ids[i] + 1].length;
        const part = new Uint8Array(size);
        for (let at = 0; row < last; row++) {
            for (let from = columns.begins[row]; from < columns.ends[row]; ) part[at++] = bytes[from++];
            const ending = endings[ids[row] + 1];
            for (let i = 0; i < ending.length; ) part[at++] = ending[i++];
        }
        parts.push(part);
    }
    return parts;
}
