/** The map: regions in their colours, a dot for each point in the colour of its answer, a cross for one without.
 *
 * Regions are paths that are made once and drawn under the view's transform; points are set pixel by pixel, a million in
 * 20 ms. Degrees are drawn with a degree of longitude as long as it is in the middle of the map. */
import { paletteFor } from "./colours.js";

const isDark = matchMedia("(prefers-color-scheme: dark)");

export interface Drawing {
    coords: Float32Array;
    rings: Uint32Array;
    owners: Uint32Array;
    colours: Uint8Array;
}

export class MapView {
    onPick: (x: number, y: number) => void = () => {};
    private readonly context: CanvasRenderingContext2D;
    private readonly dots = document.createElement("canvas");
    private paths: Path2D[] = [];
    private colours: Uint8Array = new Uint8Array(0);
    private box = [-180, -90, 180, 90]; // of what fit() shows: the points, and the regions too where these are elsewhere
    private regionsBox = this.box;
    private points: { x: Float32Array; y: Float32Array; ids: Int32Array } | undefined;
    private view = { x: 0, y: 0, scale: 1 }; // the middle, and device pixels of one unit of y
    private stretch = 1; // of x
    private isWaiting = false;

    constructor(private readonly canvas: HTMLCanvasElement) {
        this.context = canvas.getContext("2d") as CanvasRenderingContext2D;
        new ResizeObserver(() => this.fit()).observe(canvas);
        isDark.addEventListener("change", () => this.draw());
        canvas.addEventListener("wheel", (event) => {
            event.preventDefault();
            this.zoom(Math.exp(-event.deltaY / 400), event.offsetX, event.offsetY);
        }, { passive: false });
        let from: PointerEvent | undefined;
        let moved = 0;
        canvas.addEventListener("pointerdown", (event) => {
            [from, moved] = [event, 0];
            canvas.setPointerCapture(event.pointerId);
        });
        canvas.addEventListener("pointermove", (event) => {
            if (!from) return;
            moved += Math.abs(event.movementX) + Math.abs(event.movementY);
            this.pan(event.movementX, event.movementY);
        });
        canvas.addEventListener("pointerup", (event) => {
            if (from && moved < 4) this.onPick(...this.placeOf(event.offsetX, event.offsetY));
            from = undefined;
        });
        canvas.addEventListener("keydown", (event) => {
            const step = 60;
            const actions: Record<string, () => void> = {
                "+": () => this.zoom(1.5), "=": () => this.zoom(1.5), "-": () => this.zoom(1 / 1.5), "0": () => this.fit(),
                ArrowLeft: () => this.pan(step, 0), ArrowRight: () => this.pan(-step, 0), ArrowUp: () => this.pan(0, step), ArrowDown: () => this.pan(0, -step),
                Enter: () => this.onPick(this.view.x, this.view.y),
            };
            if (!(event.key in actions) || event.ctrlKey || event.metaKey) return;
            event.preventDefault();
            actions[event.key]();
        });
    }

    setRegions({ coords, rings, owners, colours }: Drawing): void {
        const paths: Path2D[] = [];
        for (let ring = 0; ring < owners.length; ring++) {
            const path = (paths[owners[ring]] ??= new Path2D());
            for (let i = rings[ring]; i < rings[ring + 1]; i++) {
                if (i === rings[ring]) path.moveTo(coords[2 * i], coords[2 * i + 1]);
                else path.lineTo(coords[2 * i], coords[2 * i + 1]);
            }
            path.closePath();
        }
        [this.paths, this.colours] = [paths, colours];
        this.box = this.regionsBox = boxOf(coords, coords.subarray(1), 2);
        this.points = undefined;
        this.fit();
    }

    /** Show points; their answers make colours, and without any they are grey. */
    setPoints(x: Float32Array, y: Float32Array, ids: Int32Array, isNew: boolean): void {
        this.points = { x, y, ids };
        if (!isNew) return this.draw();
        const box = boxOf(x, y, 1);
        const [left, bottom, right, top] = this.regionsBox;
        const meets = box[0] <= right && box[2] >= left && box[1] <= top && box[3] >= bottom;
        const isAlone = this.paths.length === 0 || meets;
        this.box = isAlone ? box : box.map((side, i) => (i < 2 ? Math.min : Math.max)(side, this.regionsBox[i]));
        this.fit();
    }

    fit(): void {
        const { clientWidth, clientHeight } = this.canvas;
        this.canvas.width = Math.max(1, Math.round(clientWidth * devicePixelRatio));
        this.canvas.height = Math.max(1, Math.round(clientHeight * devicePixelRatio));
        const [left, bottom, right, top] = this.box.every(Number.isFinite) ? this.box : [-180, -90, 180, 90];
        const isDegrees = left >= -360 && right <= 360 && bottom >= -90 && top <= 90;
        this.stretch = isDegrees ? Math.max(0.2, Math.cos((((bottom + top) / 2) * Math.PI) / 180)) : 1;
        const room = 0.94;
        const scale = Math.min((room * this.canvas.width) / ((right - left) * this.stretch || 1), (room * this.canvas.height) / (top - bottom || 1));
        this.view = { x: (left + right) / 2, y: (bottom + top) / 2, scale };
        this.draw();
    }

    zoom(factor: number, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2): void {
        const before = this.placeOf(x, y);
        this.view.scale *= factor;
        const after = this.placeOf(x, y);
        this.view.x += before[0] - after[0];
        this.view.y += before[1] - after[1];
        this.draw();
    }

    private pan(x: number, y: number): void {
        const { scale } = this.view;
        this.view.x -= (x * devicePixelRatio) / (scale * this.stretch);
        this.view.y += (y * devicePixelRatio) / scale;
        this.draw();
    }

    private placeOf(x: number, y: number): [number, number] {
        const { width, height } = this.canvas;
        const { scale } = this.view;
        return [
            this.view.x + (x * devicePixelRatio - width / 2) / (scale * this.stretch),
            this.view.y - (y * devicePixelRatio - height / 2) / scale,
        ];
    }

    private draw(): void {
        if (this.isWaiting) return;
        this.isWaiting = true;
        requestAnimationFrame(() => {
            this.isWaiting = false;
            this.drawNow();
        });
    }

    private drawNow(): void {
        const { context, canvas, view, stretch } = this;
        const style = getComputedStyle(canvas);
        const palette = paletteFor(isDark.matches);
        const ink = style.getPropertyValue("--ink").trim();
        context.resetTransform();
        context.fillStyle = style.getPropertyValue("--ground").trim();
        context.fillRect(0, 0, canvas.width, canvas.height);
        const [sx, sy] = [view.scale * stretch, -view.scale];
        const [ox, oy] = [canvas.width / 2 - view.x * sx, canvas.height / 2 - view.y * sy];
        context.setTransform(sx, 0, 0, sy, ox, oy);
        context.lineWidth = (0.7 * devicePixelRatio) / view.scale;
        context.strokeStyle = ink;
        this.paths.forEach((path, region) => {
            context.globalAlpha = this.points ? 0.22 : 0.55;
            context.fillStyle = palette[this.colours[region]];
            context.fill(path, "evenodd");
            context.globalAlpha = 0.35;
            context.stroke(path);
        });
        context.globalAlpha = 1;
        context.resetTransform();
        if (this.points) context.drawImage(this.dotted(sx, sy, ox, oy, ink), 0, 0);
    }

    /** The points, on nothing. */
    private dotted(sx: number, sy: number, ox: number, oy: number, ink: string): HTMLCanvasElement {
        const { x, y, ids } = this.points as NonNullable<MapView["points"]>;
        const { width, height } = this.canvas;
        [this.dots.width, this.dots.height] = [width, height];
        const context = this.dots.getContext("2d") as CanvasRenderingContext2D;
        const image = context.createImageData(width, height);
        const pixels = new Uint32Array(image.data.buffer);
        const palette = [...paletteFor(isDark.matches), ink].map(pixelOf);
        const isSmall = width < 700 * devicePixelRatio;
        const size = Math.round((x.length > 300_000 ? 1 : x.length > 3_000 ? (isSmall ? 1 : 2) : 4) * Math.min(devicePixelRatio, 2));
        const cross = Math.round((x.length > 300_000 ? 0 : isSmall ? 1 : 2) * Math.min(devicePixelRatio, 2));
        const put = (column: number, row: number, pixel: number): void => {
            if (column >= 0 && column < width && row >= 0 && row < height) pixels[row * width + column] = pixel;
        };
        for (const isMatched of [true, false]) {
            for (let i = 0; i < x.length; i++) {
                const id = ids.length > 0 ? ids[i] : -1;
                if (id >= 0 !== isMatched) continue;
                const column = Math.round(x[i] * sx + ox);
                const row = Math.round(y[i] * sy + oy);
                if (!(column > -9 && column < width + 9 && row > -9 && row < height + 9)) continue;
                if (isMatched) {
                    const pixel = palette[this.colours[id]];
                    for (let b = 0; b < size; b++) for (let a = 0; a < size; a++) put(column + a, row + b, pixel);
                } else {
                    const pixel = palette[palette.length - 1];
                    for (let a = -cross; a <= cross; a++) {
                        put(column + a, row + a, pixel);
                        put(column + a, row - a, pixel);
                    }
                }
            }
        }
        context.putImageData(image, 0, 0);
        return this.dots;
    }
}

/** The box around all places that are finite: min x, min y, max x, max y. */
function boxOf(x: Float32Array, y: Float32Array, stride: number): number[] {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < x.length; i += stride) {
        if (!Number.isFinite(x[i]) || !Number.isFinite(y[i])) continue;
        if (x[i] < box[0]) box[0] = x[i];
        if (y[i] < box[1]) box[1] = y[i];
        if (x[i] > box[2]) box[2] = x[i];
        if (y[i] > box[3]) box[3] = y[i];
    }
    return box;
}

/** A colour as canvases have it in memory. */
function pixelOf(colour: string): number {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}
