// The suite in Node, in headless Chromium and in a worker there; the package as it is bundled, and its parts.
import assert from "node:assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { ROOT, withBrowser } from "../browser.mjs";
import { engine } from "../../build-js/lib/engine.js";
import * as library from "../../build-js/lib/index.js";
import * as bundle from "../dist/index.js";
import { suite } from "./suite.mjs";

const read = (path) => JSON.parse(readFileSync(`${ROOT}/${path}`, "utf8"));
const readModule = (name) => readFileSync(`${ROOT}/build-js/${name}`);
const FILES = ["build-js/native.json", "examples/countries.geojson"];

for (const [name, run] of suite(bundle, undefined, readModule, ...FILES.map(read))) test(`Node: ${name}`, run);
for (const [name, run] of suite(library, engine, readModule, ...FILES.map(read))) test(`Node, in parts: ${name}`, run);

test("an index that nobody reaches is disposed of", async () => {
    const { Index } = library;
    const { c } = engine();
    const bytes = Index.build(read(FILES[1])).save();
    const held = async (turns) => {
        for (let turn = 0; turn < turns; turn++) {
            Index.open(bytes);
            if (turn % 5 === 0) globalThis.gc();
            await new Promise((done) => setTimeout(done, 1));
        }
        return c.memory.buffer.byteLength;
    };
    const before = await held(10);
    assert.equal(await held(50), before, "fifty indexes take no more memory than ten");
});

/** Run the suite where it is called, with what is served there: the names of the tests and what went wrong. */
async function everything(origin, isBundle, files) {
    const from = (path) => import(`${origin}/${path}`);
    const { suite } = await from("js/test/suite.mjs");
    const library = await from(isBundle ? "js/dist/index.js" : "build-js/lib/index.js");
    const engine = isBundle ? undefined : (await from("build-js/lib/engine.js")).engine;
    const given = await Promise.all(files.map(async (file) => (await fetch(`${origin}/${file}`)).json()));
    const readModule = async (name) => (await fetch(`${origin}/build-js/${name}`)).arrayBuffer();
    const results = [];
    for (const [name, run] of suite(library, engine, readModule, ...given)) {
        let problem = null;
        try {
            await run();
        } catch (error) {
            problem = String(error.stack);
        }
        results.push([name, problem]);
    }
    return results;
}

/** Call it in a worker of the page that this is called in. */
function inWorker(source, ...given) {
    return new Promise((done, fail) => {
        const code = `onmessage = async ({ data }) => postMessage(await (${source})(...data));`;
        const worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
        worker.onmessage = ({ data }) => done(data);
        worker.onerror = ({ message }) => fail(Error(message));
        worker.postMessage(given);
    });
}

test("Chromium", async (t) => {
    const check = async (place, results, least) => {
        assert.ok(results.length >= least);
        for (const [name, problem] of results) await t.test(`${place}: ${name}`, () => assert.equal(problem, null));
    };
    await withBrowser([], async (browser, origin) => {
        const page = await browser.newPage();
        await page.goto(origin);
        await check("page", await page.evaluate(everything, origin, true, FILES), 10);
        await check("worker, in parts", await page.evaluate(inWorker, String(everything), origin, false, FILES), 12);
    });
});
