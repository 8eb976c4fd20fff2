// One line of JSON about a host: node js/digest.mjs [--chromium] INDEX POINTS
//
// INDEX is a saved index (.pmx), POINTS a file of pairs of doubles. The digest is that of
// poly_match.digest(ids, ordered=True); seconds are those of matching.
import { readFileSync } from "node:fs";

import { withBrowser } from "./browser.mjs";
import { measure } from "./measure.mjs";

function inNode(files) {
    return measure(...files.map((file) => new Uint8Array(readFileSync(file)).buffer));
}

function inChromium(files) {
    return withBrowser(files, async (browser, origin) => {
        const page = await browser.newPage();
        await page.goto(origin);
        return page.evaluate(async () => {
            const { measure } = await import("/js/measure.mjs");
            const read = async (url) => (await fetch(url)).arrayBuffer();
            return measure(await read("/given/0"), await read("/given/1"));
        });
    });
}

const isChromium = process.argv[2] === "--chromium";
const files = process.argv.slice(isChromium ? 3 : 2);
const host = isChromium ? "Chromium" : "Node";
console.log(JSON.stringify({ host, ...(await (isChromium ? inChromium : inNode)(files)) }));
