// Headless Chromium on the files of the checkout: for tests, the digest and the benchmark.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

import puppeteer from "puppeteer-core";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".json": "application/json", ".geojson": "application/json" };
const PATHS = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where Chromium is. */
const chromium = PATHS.find((path) => path && existsSync(path));

/** Serve the checkout, the files that were given at /given/0 and so on, and an empty page at /. */
function serve(files) {
    const server = createServer((request, response) => {
        const path = normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname));
        const file = path.startsWith("/given/") ? files[Number(path.slice(7))] : join(ROOT, path);
        response.setHeader("cross-origin-opener-policy", "same-origin"); // shared memory needs both
        response.setHeader("cross-origin-embedder-policy", "require-corp");
        if (path === "/") return response.setHeader("content-type", "text/html").end("<!doctype html><title>empty</title>");
        if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
        response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
        createReadStream(file).pipe(response);
    });
    return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
}

/** Headless Chromium. */
export function launched() {
    return puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu"] });
}

/** Call `use(browser, origin)` with a browser and the address of what is served; all ends with it. */
export async function withBrowser(files, use) {
    const server = await serve(files);
    const browser = await launched();
    try {
        return await use(browser, `http://127.0.0.1:${server.address().port}`);
    } finally {
        await browser.close();
        server.close();
    }
}
