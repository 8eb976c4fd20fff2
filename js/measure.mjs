// What digest.mjs does in the host that it measures: Node or a page.

const STEP = 0x9e3779b97f4a7c15n;

function mix(word) {
    let state = BigInt.asUintN(64, word + STEP);
    state = BigInt.asUintN(64, (state ^ (state >> 30n)) * 0xbf58476d1ce4e5b9n);
    state = BigInt.asUintN(64, (state ^ (state >> 27n)) * 0x94d049bb133111ebn);
    return state ^ (state >> 31n);
}

/** The digest of answers in their order, as poly_match.digest(ids, ordered=True). */
export function digest(ids) {
    let total = 0n;
    ids.forEach((id, place) => {
        total += mix(mix(BigInt(place)) + BigInt.asUintN(64, BigInt(id)));
    });
    return `0x${BigInt.asUintN(64, total).toString(16)}`;
}

/** Open an index and match points, pairs of doubles: the digest, and the least seconds of five turns. */
export async function measure(block, points) {
    const { Index } = await import("./dist/index.js");
    const index = Index.open(block);
    let seconds = Infinity;
    let ids;
    for (let turn = 0; turn < 5; turn++) {
        const start = performance.now();
        ids = index.match(new Float64Array(points));
        seconds = Math.min(seconds, (performance.now() - start) / 1000);
    }
    index.dispose();
    return { points: ids.length, seconds, digest: digest(ids) };
}
