// The package as npm packs it: small, complete, with types that say what the code does.
import assert from "node:assert";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { ROOT } from "../browser.mjs";

const JS = join(ROOT, "js");
const PROJECT = join(ROOT, "build-js/project"); // of somebody who uses it
const run = (folder, program, ...words) => execFileSync(program, words, { cwd: folder, encoding: "utf8" });

const [packed] = JSON.parse(run(JS, "npm", "pack", "--json", "--pack-destination", join(ROOT, "build-js")));
rmSync(PROJECT, { recursive: true, force: true });
mkdirSync(join(PROJECT, "node_modules/poly-match"), { recursive: true });
run(PROJECT, "tar", "xzf", join(ROOT, "build-js", packed.filename), "--strip-components=1", "-C", "node_modules/poly-match");
writeFileSync(join(PROJECT, "package.json"), '{ "type": "module" }');

test("it takes less than 60 kB", (t) => {
    t.diagnostic(`${packed.size} bytes`);
    assert.ok(packed.size < 60_000, `${packed.size} bytes`);
});

test("it has the version of the library", () => {
    const header = readFileSync(join(ROOT, "include/polymatch.h"), "utf8");
    const part = (name) => header.match(new RegExp(`#define PM_VERSION_${name} (\\d+)`))[1];
    assert.equal(packed.version, ["MAJOR", "MINOR", "PATCH"].map(part).join("."));
});

test("what is unpacked is what was packed", async () => {
    const { unpacked } = await import("../../build-js/lib/unpack.js");
    assert.ok(readFileSync(join(ROOT, "build-js/module.wasm")).equals(unpacked()));
});

test("its module has no imports", async () => {
    const { unpacked } = await import("../../build-js/lib/unpack.js");
    const module = new WebAssembly.Module(unpacked());
    assert.deepEqual(WebAssembly.Module.imports(module), []);
});

test("it is found by its name", () => {
    const code = `import { Index } from "poly-match";
        const square = { type: "Polygon", coordinates: [[[0, 0], [1, 0], [1, 1]]] };
        console.log(Index.build([square], { names: ["a"] }).match(1, 1, { names: true }));`;
    assert.equal(run(PROJECT, "node", "--input-type=module", "-e", code), "a\n");
});

test("its types say what it does", () => {
    writeFileSync(join(PROJECT, "use.ts"), USE);
    for (const [module, resolution] of [["nodenext", "nodenext"], ["esnext", "bundler"]]) {
        const options = ["--strict", "--noEmit", "--target", "es2022", "--module", module, "--moduleResolution", resolution];
        run(PROJECT, join(JS, "node_modules/.bin/tsc"), ...options, "use.ts");
    }
});

test("the page of the documentation shows what happens", () => {
    const page = readFileSync(join(ROOT, "docs/javascript.md"), "utf8");
    const code = Array.from(page.matchAll(/```js\n([^]*?)```/g), ([, block]) => block).join("");
    copyFileSync(join(ROOT, "build-js/example.wasm"), join(PROJECT, "zones.wasm"));
    let shown = 0;
    const checked = code.replace(/^(\S.*); +\/\/ (.*)$/gm, (_, call, value) => {
        shown++;
        return `equal(inspect(${call}), ${JSON.stringify(value)});`;
    });
    assert.ok(shown >= 5);
    mkdirSync(join(PROJECT, "examples"), { recursive: true });
    copyFileSync(join(ROOT, "examples/countries.geojson"), join(PROJECT, "examples/countries.geojson"));
    const head = 'import { inspect } from "node:util"; import { equal } from "node:assert";';
    run(PROJECT, "node", "--input-type=module", "-e", `${head}\n${checked}`);
});

const USE = `import { type BuildOptions, Index, type InputError, type Name } from "poly-match";
const options: BuildOptions = { predicate: "nearest", best: [1], names: ["a"], distance: 1, period: 360, maxBytes: 9e6, compact: false };
const index = Index.build({ type: "Polygon", coordinates: [[[0, 0], [1, 0], [1, 1]]] }, options);
const one: number = index.match(1, 1);
const many: Int32Array = index.match([1], new Float64Array([1]));
const pairs: Int32Array = index.match([[1, 1], [2, 2]]);
const name: Name = index.match(1, 1, { names: true });
const names: Name[] = index.match([1, 1], { names: ["b"] });
const feature: number = index.match({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [1, 1] } });
const features: Int32Array = index.match({ type: "FeatureCollection", features: [] });
const distances: Float64Array = index.measure([1, 1]).distances;
const listed: Int32Array = index.candidates(1, 1).ids;
const near: Float64Array = index.candidates([[1, 1]], { k: 3, measure: true }).distances;
const opened: Index = Index.open(index.save(), { verify: false });
const bounds: [number, number, number, number] = opened.bounds;
opened.dispose();
Index.build({ coords: [0, 0], ringOffsets: new Int32Array([0, 1]), polygonOffsets: [0, 1] }, { best: "population" });
// @ts-expect-error a predicate is one of four words
Index.build([], { predicate: "within" });
// @ts-expect-error a path is not read here
Index.open("zones.pmx");
// @ts-expect-error an index is built or opened
new Index(0);
export const row = (error: InputError): number | undefined => error.row;
export default [one, many, pairs, listed, near, name, names, feature, features, distances, bounds];
`;
