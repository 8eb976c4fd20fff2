/** The bytes of a raw LZMA stream (lc = 3, lp = 0, pb = 0) that holds `size` bytes.
 *
 * The module comes with the code, compressed, so that an index is there at once: nothing to fetch, to wait for or to
 * tell a bundler. The browser's own decompression would have to be waited for, and knows only Deflate, which takes
 * 15 % more. As in the LZMA specification by Igor Pavlov (public domain): a range coder for bits, whose probabilities
 * adapt, and a state that knows what the last three packets were. */
export function unpack(packed: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(size);
    const odds = new Uint16Array(LITERAL + 0x300 * 8).fill(1024);
    let at = 5;
    let range = 0xffffffff;
    let code = new DataView(packed.buffer, packed.byteOffset).getUint32(1);

    const scale = (): void => {
        if (range >= 0x1000000) return;
        range = (range << 8) >>> 0;
        code = ((code << 8) | packed[at++]) >>> 0;
    };
    const bit = (place: number): number => {
        const bound = (range >>> 11) * odds[place];
        const one = code >= bound ? 1 : 0;
        if (one) {
            range -= bound;
            code -= bound;
            odds[place] -= odds[place] >> 5;
        } else {
            range = bound;
            odds[place] += (2048 - odds[place]) >> 5;
        }
        scale();
        return one;
    };
    const bits = (place: number, count: number): number => {
        let value = 1;
        for (let i = 0; i < count; i++) value = (value << 1) | bit(place + value);
        return value - (1 << count);
    };
    const reversed = (place: number, count: number): number => {
        let node = 1;
        let value = 0;
        for (let i = 0; i < count; i++) {
            const one = bit(place + node);
            node = (node << 1) | one;
            value |= one << i;
        }
        return value;
    };
    const direct = (count: number): number => {
        let value = 0;
        for (; count > 0; count--) {
            range >>>= 1;
            const one = code >= range ? 1 : 0;
            if (one) code -= range;
            value = (value << 1) | one;
            scale();
        }
        return value;
    };
    const length = (place: number): number => {
        if (!bit(place)) return bits(place + 2, 3);
        return bit(place + 1) ? 16 + bits(place + 18, 8) : 8 + bits(place + 10, 3);
    };

    const back = [0, 0, 0, 0]; // the last distances, less 1
    let state = 0;
    for (let end = 0; end < size; ) {
        if (!bit(IS_MATCH + state)) {
            const place = LITERAL + 0x300 * (end > 0 ? out[end - 1] >> 5 : 0);
            let value = 1;
            if (state >= 7) {
                let like = out[end - back[0] - 1];
                while (value < 0x100) {
                    const expected = (like >> 7) & 1;
                    like <<= 1;
                    const one = bit(place + ((1 + expected) << 8) + value);
                    value = (value << 1) | one;
                    if (one !== expected) break;
                }
            }
            while (value < 0x100) value = (value << 1) | bit(place + value);
            out[end++] = value;
            state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
            continue;
        }
        let count: number;
        if (bit(IS_REPEAT + state)) {
            let which = 0;
            if (bit(IS_REPEAT + 12 + state)) which = !bit(IS_REPEAT + 24 + state) ? 1 : 2 + bit(IS_REPEAT + 36 + state);
            else if (!bit(IS_REPEAT + 48 + state)) which = -1;
            if (which > 0) back.unshift(...back.splice(which, 1));
            count = which < 0 ? 1 : 2 + length(REPEAT_LENGTH);
            state = which < 0 ? (state < 7 ? 9 : 11) : state < 7 ? 8 : 11;
        } else {
            count = 2 + length(LENGTH);
            state = state < 7 ? 7 : 10;
            let distance = bits(SLOT + 64 * Math.min(count - 2, 3), 6);
            if (distance >= 4) {
                const extra = (distance >> 1) - 1;
                const slot = distance;
                distance = (2 | (slot & 1)) << extra;
                distance += slot < 14 ? reversed(SPECIAL + distance - slot, extra) : (direct(extra - 4) << 4) + reversed(ALIGN, 4);
            }
            back.pop();
            back.unshift(distance);
        }
        for (; count > 0 && end < size; count--, end++) out[end] = out[end - back[0] - 1];
    }
    return out;
}

// Where in `odds` the probabilities of each kind of bit are.
const IS_MATCH = 0;
const IS_REPEAT = 12; // five kinds, for each of the 12 states
const SLOT = IS_REPEAT + 5 * 12;
const SPECIAL = SLOT + 4 * 64;
const ALIGN = SPECIAL + 128;
const LENGTH = ALIGN + 16;
const REPEAT_LENGTH = LENGTH + 2 + 8 + 8 + 256;
const LITERAL = REPEAT_LENGTH + 2 + 8 + 8 + 256;
