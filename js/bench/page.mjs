// What the page promises, measured in headless Chromium: node js/bench/page.mjs
//
// Three lines, each with its aim: the first result after opening, a million points matched, and a CSV of a million
// points read beside uDSV, the fastest reader of CSV for JavaScript: the same bytes in the same browser, to columns of
// numbers and text. After `python3 dev.py js`, and `npm ci` in js/bench. The least and the median of all turns.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { ROOT, withBrowser } from "../browser.mjs";

const TURNS = 7;
const POINTS = 1_000_000;
const BUILD = join(ROOT, "build-js");

/** The same numbers everywhere: mulberry32. */
function randomFrom(seed) {
    return () => {
        seed = (seed + 0x6d2b79f5) | 0;
        let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
}

/** Points all over the world with six decimals, as most files have them, and two columns more. */
function table() {
    const random = randomFrom(15);
    const rows = ["id,name,lon,lat"];
    for (let i = 0; i < POINTS; i++) rows.push(`${i},place ${i % 977},${(360 * random() - 180).toFixed(6)},${(180 * random() - 90).toFixed(6)}`);
    return `${rows.join("\n")}\n`;
}

const sorted = (times) => times.toSorted((a, b) => a - b);
const summary = (times) => `${sorted(times)[0].toFixed(0)} ms (median ${sorted(times)[times.length >> 1].toFixed(0)})`;

/** Milliseconds until the page shows its first result, in a new tab each time. */
async function opened(browser, address) {
    const page = await browser.newPage();
    await page.setViewport({ width: 1200, height: 800 });
    await page.goto(address);
    await page.waitForFunction("document.documentElement.dataset.ready", { timeout: 60_000 });
    return [page, Number(await page.evaluate("document.documentElement.dataset.ready"))];
}

/** Choose the file of points; what the page says about its times, in milliseconds. */
async function matched(page, file) {
    await page.evaluate("delete document.documentElement.dataset.ready");
    await (await page.$("#points-file")).uploadFile(file);
    await page.waitForFunction("document.documentElement.dataset.ready", { timeout: 120_000 });
    const text = await page.$eval("#times", (each) => each.textContent);
    const [, match, , read] = text.match(/^Matched in ([\d.]+ m?s)\. Reading took ([\d.]+ m?s) for the regions, ([\d.]+ m?s) for the points/);
    const milliseconds = (time) => parseFloat(time) * (time.endsWith(" ms") ? 1 : 1000);
    return [milliseconds(match), milliseconds(read)];
}

/** In the page: the same bytes by uDSV, to columns of numbers and text. */
async function byUdsv(origin, turns) {
    const { inferSchema, initParser } = await import(`${origin}/js/bench/node_modules/udsv/dist/uDSV.mjs`);
    const bytes = await (await fetch(`${origin}/given/0`)).arrayBuffer();
    const times = [];
    let rows = 0;
    for (let turn = 0; turn < turns; turn++) {
        const start = performance.now();
        const text = new TextDecoder().decode(bytes);
        const columns = initParser(inferSchema(text)).typedCols(text);
        times.push(performance.now() - start);
        rows = columns[2].length;
    }
    return { times, rows };
}

const file = join(BUILD, "million.csv");
writeFileSync(file, table());
await withBrowser([file], async (browser, origin) => {
    const [first, match, read] = [[], [], []];
    for (let turn = 0; turn < TURNS; turn++) {
        const [page, milliseconds] = await opened(browser, `file://${BUILD}/try.html`);
        first.push(milliseconds);
        const [matching, reading] = await matched(page, file);
        match.push(matching);
        read.push(reading);
        await page.close();
    }
    const page = await browser.newPage();
    await page.goto(origin);
    const { times, rows } = await page.evaluate(byUdsv, origin, TURNS);
    if (rows !== POINTS) throw new Error(`uDSV read ${rows} rows`);
    console.log(`first result after ${summary(first)}: the aim is 1000 ms`);
    console.log(`a million points matched in ${summary(match)}: the aim is 100 ms`);
    const ratio = sorted(read)[0] / sorted(times)[0];
    console.log(`a CSV of a million points read in ${summary(read)}, by uDSV in ${summary(times)}: ${ratio.toFixed(2)} of its time, the aim is 2`);
});
