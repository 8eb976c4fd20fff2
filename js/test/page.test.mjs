// The page as a visitor has it: one file from disk, in headless Chromium.
import assert from "node:assert";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { ROOT, launched } from "../browser.mjs";
import { digest } from "../measure.mjs";

const BUILD = join(ROOT, "build-js");
const SAVED = join(BUILD, "saved");
const { example, dropped } = JSON.parse(readFileSync(join(BUILD, "native.json"), "utf8"));
const text = (page, selector) => page.$eval(selector, (each) => each.textContent);

let browser;
before(async () => {
    browser = await launched();
    rmSync(SAVED, { recursive: true, force: true });
    mkdirSync(SAVED);
    const session = await browser.target().createCDPSession();
    await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: SAVED });
});
after(() => browser.close());

/** The page, with the example matched; what goes wrong in it fails the test. */
async function opened(t, { width = 1200, height = 800, scheme = "light" } = {}) {
    const page = await browser.newPage();
    const requests = [];
    page.on("request", (request) => requests.push(request.url()));
    page.on("pageerror", (error) => t.diagnostic((page.failure = error.stack)));
    await page.setViewport({ width, height });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.goto(`file://${BUILD}/try.html`);
    await ready(page);
    t.after(async () => {
        assert.equal(page.failure, undefined);
        assert.deepEqual(requests.filter((url) => !/^(file|blob|data):/.test(url)), [], "nothing is fetched or sent");
        await page.close();
    });
    return page;
}

const ready = (page) => page.waitForFunction("document.documentElement.dataset.ready", { timeout: 60_000 });

/** Do something, and wait for the result that it leads to. */
async function matched(page, act) {
    await page.evaluate("delete document.documentElement.dataset.ready");
    await act();
    await ready(page);
}

/** Drop files on the page as a file manager does. */
async function drop(page, names) {
    const files = names.map((name) => [name.replace(/.*\//, ""), readFileSync(join(ROOT, name)).toString("base64")]);
    await page.evaluate((given) => {
        const transfer = new DataTransfer();
        for (const [name, content] of given) transfer.items.add(new File([Uint8Array.from(atob(content), (each) => each.charCodeAt(0))], name));
        for (const kind of ["dragover", "drop"]) document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }, files);
}

/** Save by a button; the bytes of the file. */
async function saved(page, button, name) {
    const file = join(SAVED, name);
    rmSync(file, { force: true });
    await page.click(button);
    for (let turn = 0; turn < 300 && !existsSync(file); turn++) await new Promise((done) => setTimeout(done, 100));
    return readFileSync(file, "utf8");
}

/** The answers in a saved CSV file: in the last column but one, before the region's name. */
function idsOf(csv) {
    const rows = csv.match(/(?:"(?:[^"]|"")*"|[^"\n])+/g);
    const delimiter = ["\t", ";", ","].find((each) => rows[0].includes(each));
    const lastCells = new RegExp(`${delimiter}(\\d*)${delimiter}(?:"(?:[^"]|"")*"|[^"${delimiter}]*)$`);
    return rows.slice(/region_id/.test(rows[0]) ? 1 : 0).map((row) => {
        const [, id] = row.replace(/\r$/, "").match(lastCells);
        return id === "" ? -1 : Number(id);
    });
}

test("it opens with the example matched, as Python does it", async (t) => {
    const page = await opened(t);
    const milliseconds = Number(await page.evaluate("document.documentElement.dataset.ready"));
    t.diagnostic(`first result after ${milliseconds.toFixed(0)} ms`);
    const count = example.points.length / 2;
    assert.equal(await text(page, "#summary"), `${example.matched.toLocaleString("en")} of ${count.toLocaleString("en")} points have a region`);
    const csv = await saved(page, "#save-csv", "cities-regions.csv");
    assert.equal(digest(idsOf(csv)), example.digest);
    assert.match(csv, /^name,country,lon,lat,population,region_id,region\nSant Julià de Lòria,AD,1.49129,42.46372,8022,\d+,Andorra\n/);
    const rows = csv.trimEnd().split("\n");
    const source = readFileSync(join(ROOT, "examples/cities.csv"), "utf8").trimEnd().split("\n");
    assert.ok(source.every((row, i) => rows[i].startsWith(`${row},`)), "rows are as they were");
});

for (const file of dropped.files.filter((name) => !/swapped|unnamed/.test(name))) {
    test(`${file} is dropped, matched and saved`, async (t) => {
        const page = await opened(t);
        await matched(page, () => drop(page, ["examples/countries.geojson", `build-js/${file}`]));
        const stem = file.replace(/\..*/, "-regions");
        assert.equal(digest(idsOf(await saved(page, "#save-csv", `${stem}.csv`))), dropped.digests.covers);
        assert.match(await text(page, "#problems"), new RegExp(`${file}: ${dropped.nowhere} rows have no place\\.`));
        await matched(page, () => page.select("#predicate", "nearest"));
        const { features } = JSON.parse(await saved(page, "#save-geojson", `${stem}.geojson`));
        assert.equal(digest(features.map((each) => each.properties.region_id ?? -1)), dropped.digests.nearest);
        assert.equal(features.filter((each) => each.geometry === null).length, dropped.nowhere);
    });
}

test("axes that are swapped are noticed, and exchanged by a button", async (t) => {
    const page = await opened(t);
    await matched(page, () => drop(page, ["build-js/swapped.csv"]));
    assert.match(await text(page, "#problems"), /swapped\.csv: x and y look swapped: there are latitudes beyond 90 degrees, and no longitude is/);
    await matched(page, () => page.click("#problems button"));
    assert.doesNotMatch(await text(page, "#problems"), /swapped:/);
    assert.equal(digest(idsOf(await saved(page, "#save-csv", "swapped-regions.csv"))), dropped.digests.covers);

    const [lons, lats] = [0, 1].map((axis) => example.points.filter((_, i) => i % 2 === axis));
    writeFileSync(join(BUILD, "america.csv"), ["lon,lat", ...lons.map((lon, i) => `${lats[i]},${lon}`).filter((_, i) => lons[i] > -80 && lons[i] < -35 && lats[i] < 10)].join("\n"));
    await matched(page, () => drop(page, ["build-js/america.csv"]));
    assert.match(await text(page, "#problems"), /america\.csv: x and y look swapped: \d+ % of the points are in a region if they are exchanged, \d+ % as they are/);
    await matched(page, () => page.click("#problems button"));
    assert.doesNotMatch(await text(page, "#problems"), /swapped/);
});

test("columns that have other names can be chosen", async (t) => {
    const page = await opened(t);
    await drop(page, ["build-js/unnamed.csv"]);
    await page.waitForFunction('document.getElementById("problems").textContent.includes("which columns have the coordinates?")');
    assert.equal(await page.$eval("#save-csv", (each) => each.disabled), true);
    await page.select("#x", "1");
    await matched(page, () => page.select("#y", "2"));
    assert.equal(digest(idsOf(await saved(page, "#save-csv", "unnamed-regions.csv"))), dropped.digests.covers);
});

test("problems are said in words", async (t) => {
    const page = await opened(t);
    const files = {
        "a.geojson": ["{", /a\.geojson: is not JSON: /],
        "b.json": ["[1]", /b\.json: is JSON but not GeoJSON: it has no "type"/],
        "c.parquet": ["PAR1", /c\.parquet: this page reads GeoJSON \(\.geojson, \.json\) and tables of text/],
        "d.csv": ["lon\n1\n", /d\.csv: has one column, "lon"; points need two/],
        "e.geojson": ['{"type": "Polygon", "coordinates": [[[0, 0], [1, "a"], [1, 1]]]}', /e\.geojson: feature 0: expected positions of two numbers or more, got \[1,"a"\]/],
        "f.geojson": ['{"type": "FeatureCollection"}', /f\.geojson: is a FeatureCollection without "features"/],
        "g.geojson": ['{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}}]}', /g\.geojson: feature 0: expected a Polygon or MultiPolygon, got LineString/],
        "h.csv": ["lon,lat\n1,2\nabc,3\n500,500\n600,600\n", /h\.csv: 1 row has no place; not a number in 1, the first in row 2: "abc", "3"/],
    };
    for (const [name, [content, message]] of Object.entries(files)) {
        writeFileSync(join(BUILD, name), content);
        if (name === "h.csv") await drop(page, ["examples/countries.geojson"]);
        await drop(page, [`build-js/${name}`]);
        await page.waitForFunction((source) => new RegExp(source).test(document.getElementById("problems").textContent), { timeout: 10_000 }, message.source);
        if (name === "e.geojson") {
            assert.equal(await text(page, "#summary"), "Nothing matched");
            assert.equal(await text(page, "#times") + (await text(page, "#rows")), "", "nothing of the former result is left");
        }
    }
});

test("rules change the answers, and the table follows", async (t) => {
    const page = await opened(t);
    assert.equal(await text(page, "#rows tr td"), "in no region ×");
    await matched(page, () => page.select("#predicate", "nearest"));
    assert.match(await text(page, "#summary"), /^49,025 of 49,025 points/);
    await page.select("#predicate", "dwithin");
    assert.match(await text(page, "#problems"), /This rule needs a distance/);
    assert.equal(await page.evaluate("document.activeElement.id"), "distance");
    await page.type("#distance", "0.1");
    await matched(page, () => page.keyboard.press("Tab"));
    assert.match(await text(page, "#summary"), /^49,0\d\d|^48,\d+/);
    await page.select("#property", "1");
    await page.waitForFunction('/^\\d+$/.test(document.querySelector("#rows tr:nth-child(2) td").textContent)');
    await page.click("#more");
    assert.ok((await page.$$("#rows tr")).length > 200);
});

test("the keyboard does everything, and everything has a name", async (t) => {
    const page = await opened(t);
    const reached = new Set();
    for (let turn = 0; turn < 25; turn++) {
        await page.keyboard.press("Tab");
        reached.add(await page.evaluate("document.activeElement.id || document.activeElement.className"));
    }
    for (const each of ["map", "zoom-in", "save-csv", "regions-file", "points-file", "x", "property", "predicate", "best", "table"]) {
        assert.ok(reached.has(each), `${each} is reached by the tabulator`);
    }
    await page.focus("#map");
    for (const key of ["+", "+", "ArrowRight", "ArrowUp", "-", "0", "Enter"]) await page.keyboard.press(key);
    await page.waitForFunction('/: (in no region|\\w.*)$/.test(document.getElementById("where").textContent)');
    const tree = await page.accessibility.snapshot({ interestingOnly: true });
    const nameless = [];
    const visit = (node) => {
        if (/button|combobox|textbox|spinbutton|image|region|progressbar/.test(node.role) && !node.name) nameless.push(node);
        for (const child of node.children ?? []) visit(child);
    };
    visit(tree);
    assert.deepEqual(nameless, []);
});

for (const [width, scheme] of [[360, "light"], [360, "dark"], [1600, "light"], [1600, "dark"]]) {
    test(`it fits ${width} pixels, and is legible in ${scheme}`, async (t) => {
        const page = await opened(t, { width, height: 800, scheme });
        assert.ok((await page.evaluate("document.documentElement.scrollWidth")) <= width);
        const narrow = await page.$$eval("#map, select:not([hidden]), button:not([hidden])", (all) => all.filter((each) => each.offsetParent && each.getBoundingClientRect().right > innerWidth).map((each) => each.id));
        assert.deepEqual(narrow, []);
        const ratios = await page.evaluate(contrasts);
        for (const [what, ratio] of ratios) assert.ok(ratio >= 4.5, `${what} has a contrast of ${ratio}`);
        await page.screenshot({ path: join(BUILD, `page-${width}-${scheme}.png`), fullPage: width < 800 });
    });
}

/** Pairs of colours of the page, with their contrast as WCAG 2 defines it. */
function contrasts() {
    const style = getComputedStyle(document.documentElement);
    const luminance = (name) => {
        const parts = [1, 3, 5].map((at) => parseInt(style.getPropertyValue(name).trim().slice(at, at + 2), 16) / 255);
        const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const pairs = [["--text", "--paper"], ["--quiet", "--paper"], ["--accent", "--paper"], ["--ink", "--ground"], ["--warn", "--warn-paper"], ["--error", "--error-paper"]];
    return pairs.map(([a, b]) => {
        const [light, dark] = [luminance(a), luminance(b)].sort((one, two) => two - one);
        return [`${a} on ${b}`, (light + 0.05) / (dark + 0.05)];
    });
}
