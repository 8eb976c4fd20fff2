/** The page: what is chosen and dropped goes to the worker, what comes back is shown. */
import { paletteFor } from "./colours.js";
import { MapView } from "./map.js";
import type { Points, Regions, Reply, Request, Result, Rule } from "./messages.js";

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const number = (value: number): string => value.toLocaleString("en");
const counted = (count: number, what: string): string => `${number(count)} ${what}${count === 1 ? "" : "s"}`;
const time = (milliseconds: number): string => (milliseconds < 9.95 ? `${milliseconds.toFixed(1)} ms` : milliseconds < 1000 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toFixed(2)} s`);

const FEW = 50; // rows of the table at first

const map = new MapView(element<HTMLCanvasElement>("map"));
const worker = new Worker(URL.createObjectURL(new Blob([element("worker").textContent as string], { type: "text/javascript" })));
const ask = (request: Request, transfer: Transferable[] = []): void => worker.postMessage(request, transfer);

let regions: Regions | undefined;
let points: Points | undefined;
let result: Result | undefined;

worker.onmessage = ({ data }: MessageEvent<Reply>): void => {
    switch (data.is) {
        case "progress":
            return showWork(data.what, data.share);
        case "regions":
            regions = data.regions;
            result = undefined;
            map.setRegions(regions);
            offerProperties(regions);
            if (points) map.setPoints(points.x, points.y, new Int32Array(0), true);
            return showFiles();
        case "points":
            points = data.points;
            result = undefined;
            offerColumns(points.columns, points.chosen);
            map.setPoints(points.x, points.y, new Int32Array(0), true);
            return showFiles();
        case "choose":
            points = result = undefined;
            offerColumns(data.columns, [-1, -1]);
            showProblem(`${data.file}: which columns have the coordinates? None is called lon, longitude or x, and lat, latitude or y.`);
            showFiles();
            return showWork("", 1);
        case "result":
            result = data.result;
            return showResult(result);
        case "names":
            if (regions) Object.assign(regions, { names: data.names, property: data.property });
            if (result) showTable(result, false);
            return;
        case "where":
            element("where").textContent = `${data.x.toPrecision(6)}, ${data.y.toPrecision(6)}: ${data.name ?? "in no region"}`;
            return;
        case "saved":
            showWork(`Saved ${data.name}`, 1);
            return download(data.blob, data.name);
        case "error":
            showWork("", 1);
            if (!result && regions && points) element("summary").textContent = "Nothing matched";
            return showProblem(data.text, "error");
    }
};
worker.onerror = ({ message }): void => showProblem(`This browser can't run the page: ${message}. It needs WebAssembly and workers.`, "error");

// ---- what is shown ----

function showWork(what: string, share: number | null): void {
    const bar = element<HTMLProgressElement>("progress");
    bar.hidden = share === 1;
    if (share === null) bar.removeAttribute("value");
    else bar.value = share;
    element("work").textContent = what;
    if (share !== 1) element("problems").replaceChildren();
}

function showProblem(text: string, kind = "warning", fix?: () => void): void {
    const problem = document.createElement("div");
    problem.className = `problem ${kind}`;
    problem.textContent = text;
    if (fix) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = "Exchange x and y";
        button.addEventListener("click", fix);
        problem.append(button);
    }
    element("problems").append(problem);
}

function showFiles(): void {
    const files = [regions && `${regions.file}: ${counted(regions.names.length, "region")}`, points && `${points.file}: ${counted(points.x.length, "point")}`];
    element("files").textContent = files.filter(Boolean).join(" · ");
    if (!result) {
        element("summary").textContent = regions && points ? "Matching" : regions ? "Now choose points" : "Now choose regions";
        for (const id of ["times", "rows"]) element(id).replaceChildren();
        element("more").hidden = true;
    }
    for (const id of ["save-csv", "save-geojson"]) element<HTMLButtonElement>(id).disabled = !result;
}

function showResult(found: Result): void {
    if (!regions || !points) return;
    showWork("", 1);
    element("problems").replaceChildren();
    for (const { text, fix } of found.warnings) showProblem(text, "warning", fix && ((): void => ask({ do: "swap" })));
    map.setPoints(points.x, points.y, found.ids, false);
    const count = points.x.length;
    element("summary").textContent = `${number(count - found.unmatched)} of ${counted(count, "point")} ${count === 1 ? "has" : "have"} a region`;
    element("times").textContent =
        `Matched in ${time(found.matchMilliseconds)}. Reading took ${time(regions.milliseconds)} for the regions, ${time(points.milliseconds)} for the points; ` +
        `the index of ${number(found.vertices)} vertices ${time(found.buildMilliseconds)} (${(found.bytes / 1e6).toFixed(1)} MB).`;
    showTable(found, false);
    showFiles();
    document.documentElement.dataset.ready = String(performance.now());
}

function showTable(found: Result, isAll: boolean): void {
    const { names, colours } = regions as Regions;
    const order = Array.from(found.counts.keys()).sort((a, b) => found.counts[b] - found.counts[a] || a - b);
    const shown = isAll ? order : order.slice(0, FEW);
    const rows = shown.map((id) => rowOf(names[id], found.counts[id], colours[id]));
    if (found.unmatched > 0) rows.unshift(rowOf("in no region ×", found.unmatched));
    element("rows").replaceChildren(...rows);
    element("more").hidden = shown.length === order.length;
    element("more").textContent = `Show all ${number(order.length)} regions`;
}

function rowOf(name: string, count: number, colour?: number): HTMLElement {
    const row = document.createElement("tr");
    const [first, second] = [document.createElement("td"), document.createElement("td")];
    if (colour !== undefined) {
        const swatch = document.createElement("span");
        swatch.className = "swatch";
        const [light, dark] = [paletteFor(false), paletteFor(true)].map((palette) => palette[colour]);
        swatch.style.background = `light-dark(${light}, ${dark})`;
        first.append(swatch);
    }
    first.append(name);
    second.textContent = number(count);
    row.append(first, second);
    return row;
}

function download(blob: Blob, name: string): void {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// ---- what can be chosen ----

function offer(id: string, texts: string[], chosen: number): void {
    const options = texts.map((text, i) => new Option(text, String(i), false, i === chosen));
    if (chosen < 0) options.unshift(new Option("choose", "", true, true));
    element(id).replaceChildren(...options);
}

function offerColumns(columns: string[], chosen: [number, number]): void {
    element("columns").hidden = columns.length === 0;
    offer("x", columns, chosen[0]);
    offer("y", columns, chosen[1]);
}

function offerProperties({ properties, property, numeric }: Regions): void {
    element("property-label").hidden = properties.length === 0;
    offer("property", properties, properties.indexOf(property));
    const best = element<HTMLSelectElement>("best");
    const fixed = Array.from(best.options).filter(({ value }) => ["smallest", "largest", "first"].includes(value));
    best.replaceChildren(...fixed, ...numeric.map((each) => new Option(`one with the lowest ${each}`, each)));
    best.value = "smallest";
}

function rule(): Rule {
    const distance = element<HTMLInputElement>("distance").valueAsNumber;
    const predicate = element<HTMLSelectElement>("predicate").value as Rule["predicate"];
    return { predicate, best: element<HTMLSelectElement>("best").value, distance: Number.isNaN(distance) ? undefined : distance };
}

function matchAgain(): void {
    const { predicate, distance } = rule();
    element("distance-label").hidden = predicate === "covers";
    element("unit").textContent = predicate === "nearest" ? "at most, in the unit of the coordinates; empty for any" : "in the unit of the coordinates";
    if (distance === undefined && (predicate === "dwithin" || predicate === "center_within")) {
        element("problems").replaceChildren();
        showProblem("This rule needs a distance: give one, in the unit of the coordinates.");
        return element("distance").focus();
    }
    ask({ do: "match", rule: rule() });
}

for (const id of ["predicate", "best", "distance"]) element(id).addEventListener("change", matchAgain);
for (const id of ["x", "y"]) {
    element(id).addEventListener("change", () => {
        const [x, y] = ["x", "y"].map((each) => element<HTMLSelectElement>(each).value);
        if (x !== "" && y !== "" && x !== y) ask({ do: "columns", x: Number(x), y: Number(y) });
    });
}
element("property").addEventListener("change", () => {
    if (regions) ask({ do: "names", property: regions.properties[Number(element<HTMLSelectElement>("property").value)] });
});
element("form").addEventListener("submit", (event) => event.preventDefault());
element("more").addEventListener("click", () => result && showTable(result, true));
element("save-csv").addEventListener("click", () => ask({ do: "save", format: "csv" }));
element("save-geojson").addEventListener("click", () => ask({ do: "save", format: "geojson" }));
element("zoom-in").addEventListener("click", () => map.zoom(1.5));
element("zoom-out").addEventListener("click", () => map.zoom(1 / 1.5));
element("zoom-all").addEventListener("click", () => map.fit());
map.onPick = (x, y): void => ask({ do: "where", x, y });

function open(files: FileList | null | undefined): void {
    if (files && files.length > 0) ask({ do: "open", files: Array.from(files) });
}
for (const id of ["regions-file", "points-file"]) {
    element(id).addEventListener("change", (event) => open((event.target as HTMLInputElement).files));
}
addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("over");
});
addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) document.body.classList.remove("over");
});
addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("over");
    open(event.dataTransfer?.files);
});

// ---- the example ----

/** Bytes that are in the page, compressed. */
async function inflated(id: string): Promise<Uint8Array> {
    const bytes = Uint8Array.from(atob(element(id).textContent as string), (character) => character.charCodeAt(0));
    return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
}

showWork("Matching the example", null);
Promise.all(["example-regions", "example-points"].map(inflated)).then(([countries, cities]) => {
    ask({ do: "example", regions: countries, points: cities }, [countries.buffer, cities.buffer]);
});
