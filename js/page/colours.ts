/** Which colour a region has on the map: as in Python's `plot` (`_show/colours.py`), a palette of nine that people with
 * colour-blindness can tell apart, in which regions whose boxes meet get different ones if possible. */

/** Paul Tol's "muted" scheme, https://sronpersonalpages.nl/~pault/. */
export const PALETTE = ["#332288", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77", "#CC6677", "#882255", "#AA4499"];

/** The colours on a light or a dark ground: there they are lighter. */
export function paletteFor(isDark: boolean): string[] {
    if (!isDark) return PALETTE;
    const lighter = (part: string): string => Math.round(0.65 * parseInt(part, 16) + 0.35 * 255).toString(16).padStart(2, "0");
    return PALETTE.map((colour) => `#${colour.slice(1).replace(/../g, lighter)}`);
}

/** A number of the palette for each region; boxes are min x, min y, max x, max y, NaN for an empty one.
 *
 * From left to right, each takes the colour that is rarest among its neighbours, then overall. */
export function colouring(boxes: Float64Array): Uint8Array {
    const count = boxes.length / 4;
    const colours = new Uint8Array(count);
    const order = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => boxes[4 * a] - boxes[4 * b] || a - b);
    const used = new Uint32Array(PALETTE.length);
    let open: number[] = []; // regions that reach the sweep line
    for (const region of order) {
        const [left, bottom, right, top] = boxes.subarray(4 * region, 4 * region + 4);
        open = open.filter((each) => boxes[4 * each + 2] >= left);
        const around = new Uint32Array(PALETTE.length);
        for (const each of open) if (boxes[4 * each + 1] <= top && boxes[4 * each + 3] >= bottom) around[colours[each]]++;
        let best = 0;
        for (let colour = 1; colour < PALETTE.length; colour++) {
            if (around[colour] < around[best] || (around[colour] === around[best] && used[colour] < used[best])) best = colour;
        }
        colours[region] = best;
        used[best]++;
        if (right >= left) open.push(region);
    }
    return colours;
}
