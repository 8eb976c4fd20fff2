/** A WebAssembly module in few bytes, and back.
 *
 * The module comes with the code, packed, so that an index is there at once: nothing to fetch, to wait for or to tell
 * a bundler. The browser's own decompression would have to be waited for, and knows only Deflate.
 *
 * Each bit takes as much room as it was unlikely: arithmetic coding, with predictions from four contexts that are
 * weighed against each other (as in lpaq by Matt Mahoney: "Adaptive weighing of context models", 2005). What makes it
 * small is that code is read as code: three contexts know the instructions before and the place in the present one.
 * So it takes 13 % less than LZMA, which takes 15 % less than Deflate. pack.ts makes the same predictions for the bits
 * that it has. Nothing here is rounded differently elsewhere: doubles are added, multiplied and divided only. */
const CONTEXTS = 4;
const ROOM = 19; // bits of the number of slots of a context
const OFTEN = 30; // times seen from which on a probability changes at the same pace
const FIRST_WEIGHT = 0.3;
const PACE = 0.00012; // of weights
const EVEN = 2048; // where the table of odds has 1 : 1

/** Probabilities of a 1, in 65536ths, by the logarithm of its odds, in steps of 0.6 %; and the step of a probability,
 * in 4096ths. */
const [PROBABILITY, STEP] = tables();

function tables(): [Uint16Array, Float64Array] {
    const probability = new Uint16Array(2 * EVEN);
    for (let i = 0, odds = 1; i < EVEN; i++, odds *= 1.006) {
        probability[EVEN + i] = Math.min((65536 * odds) / (1 + odds), 65535);
        probability[EVEN - i] = 65536 - probability[EVEN + i];
    }
    probability[0] = 1;
    const step = new Float64Array(4096);
    for (let i = 0, at = 0; i < 4096; i++) {
        while (probability[at] < 16 * i + 8 && at < 2 * EVEN - 1) at++;
        step[i] = at - EVEN;
    }
    return [probability, step];
}

/** How far a probability moves to a bit after it was seen so often. */
const SHARE = Float64Array.from({ length: OFTEN + 1 }, (_, seen) => 1 / (seen + 1.4));

const F64_CONST = 0x44;
const F32_CONST = 0x43;
const BR_TABLE = 0x0e;

/** How many numbers, or bytes of a float, follow after each byte of an instruction. */
const FOLLOWING = Uint8Array.from({ length: 256 }, (_, byte) => {
    if (byte === F64_CONST) return 8;
    if (byte === F32_CONST) return 4;
    if (byte === 0x11 || (byte >= 0x28 && byte <= 0x3e)) return 2; // call_indirect, loads and stores
    const ranges = [[0x02, 0x04], [0x0c, 0x0e], [0x10, 0x10], [0x20, 0x24], [0x3f, 0x42], [0xfc, 0xfc]];
    return ranges.some(([from, to]) => byte >= from && byte <= to) ? 1 : 0;
});

function hash(a: number, b: number): number {
    const product = Math.imul(Math.imul(a, 0x2f0b4c47) + b + 1, 0x9e3779b1 | 0);
    return product ^ (product >>> 15);
}

/** The `size` bytes whose bits `next` gives, for each its probability of being 1 in 65536ths. */
export function coded(size: number, next: (probability: number) => number): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(size);
    // A slot for each context and the bits of the byte so far: 22 bits of probability, 10 of how often it was seen.
    const slots = new Int32Array(CONTEXTS << ROOM).fill(1 << 31);
    const weights = new Float64Array((17 << 8) * CONTEXTS).fill(FIRST_WEIGHT);
    const contexts = new Int32Array(CONTEXTS);
    const bases = new Int32Array(CONTEXTS);
    const inputs = new Float64Array(CONTEXTS);
    let instructions = 0; // the last four, the present one in the low byte
    let left = 0; // of what follows after it
    let place = 0; // among the bytes after it
    let hasCount = false; // the number that comes next says how many follow
    let bytes = 0; // the last two

    for (let end = 0; end < size; end++) {
        const where = left === 0 ? 0 : (((instructions & 255) << 8) | place) + 1;
        contexts[0] = hash(where, instructions & 0xff);
        contexts[1] = hash(hash(where, bytes & 0xff), instructions & 0xffff);
        contexts[2] = hash(where, instructions & 0xffffff);
        contexts[3] = bytes;
        const set = (left === 0 ? 0 : 1 + place) << 8;
        let byte = 1; // the bits so far, after a 1
        for (let half = 0; half < 2; half++) {
            // The slots of four bits lie together.
            for (let i = 0; i < CONTEXTS; i++) bases[i] = (i << ROOM) | ((hash(hash(contexts[i], i), byte) >>> (32 - ROOM)) & -16);
            for (let part = 1; part < 16; ) {
                const from = (set | byte) * CONTEXTS;
                let sum = EVEN + 0.5;
                for (let i = 0; i < CONTEXTS; i++) {
                    const slot = slots[bases[i] | part];
                    inputs[i] = (slot & 1023) === 0 ? 0 : STEP[slot >>> 20];
                    sum += weights[from + i] * inputs[i];
                }
                const probability = PROBABILITY[sum < 0 ? 0 : sum >= 2 * EVEN ? 2 * EVEN - 1 : sum | 0];
                const bit = next(probability);
                const pace = (bit - probability / 65536) * PACE;
                for (let i = 0; i < CONTEXTS; i++) {
                    weights[from + i] += pace * inputs[i];
                    const slot = slots[bases[i] | part];
                    const seen = slot & 1023;
                    const known = slot >>> 10;
                    const better = known + ((bit * 0x3fffff - known) * SHARE[seen]);
                    slots[bases[i] | part] = (better << 10) | Math.min(seen + 1, OFTEN);
                }
                part = (part << 1) | bit;
                byte = (byte << 1) | bit;
            }
        }
        byte &= 255;
        out[end] = byte;
        bytes = ((bytes << 8) | byte) & 0xffff;
        if (left === 0) {
            instructions = (instructions << 8) | byte;
            left = FOLLOWING[byte];
            hasCount = byte === BR_TABLE;
            place = 0;
            continue;
        }
        const isFloat = (instructions & 255) === F64_CONST || (instructions & 255) === F32_CONST;
        place = Math.min(place + 1, 15);
        if (!isFloat && byte >= 128) continue; // a number goes on
        left = hasCount ? byte + 1 : left - 1;
        hasCount = false;
        if (!isFloat && left > 0) place = 8;
    }
    return out;
}

/** The bytes that were packed. */
export function unpack(packed: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
    const ends = everything();
    const code = new Uint32Array(1);
    let at = 0;
    const shift = (): void => {
        code[0] = (code[0] << 8) | packed[at++]; // 0 after the end
    };
    for (let i = 0; i < 4; i++) shift();
    return coded(size, (probability) => {
        const middle = parted(ends, probability);
        const bit = code[0] <= middle ? 1 : 0;
        choose(ends, bit, middle, shift);
        return bit;
    });
}

// ---- arithmetic coding: the numbers that are still possible, from the first to the last. In typed arrays, since
// variables of 32 bits are slow. ----

export const everything = (): Uint32Array => new Uint32Array([0, 0xffffffff]);

/** The last number that means 1. */
export function parted(ends: Uint32Array, probability: number): number {
    const range = ends[1] - ends[0];
    return ends[0] + (range >>> 16) * probability + (((range & 0xffff) * probability) >>> 16);
}

/** Keep the numbers of a bit; first bytes that all of them have go out. */
export function choose(ends: Uint32Array, bit: number, middle: number, out: (byte: number) => void): void {
    if (bit) ends[1] = middle;
    else ends[0] = middle + 1;
    while ((ends[0] ^ ends[1]) >>> 24 === 0) {
        out(ends[1] >>> 24);
        ends[0] <<= 8;
        ends[1] = (ends[1] << 8) | 255;
    }
}
