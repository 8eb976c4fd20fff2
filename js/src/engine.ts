/** The C library in this process: compiled at the first use, one instance for all indexes.
 *
 * What is called are the functions of polymatch.h that take numbers and addresses only; there are no imports. The
 * memory grows as needed up to 4 GB, the most that 32-bit WebAssembly has, and never shrinks: what an index gives back
 * is used for the next one. */
import { unpacked } from "./unpack.js"; // first: gzip then has all text that is code beside each other
import { type InputError, valueError } from "./errors.js";

/** Functions of polymatch.h and of the C library. Addresses are numbers, 0 for NULL; 64 bits are a bigint. */
export interface Exports {
    memory: WebAssembly.Memory;
    aligned_alloc(alignment: number, size: number): number;
    free(address: number): void;
    pm_index_build_arrays(...values: number[]): number;
    pm_index_open(block: number, size: number, verify: number, allocator: number, out: number, error: number): number;
    pm_index_free(index: number): void;
    pm_index_block(index: number, size: number): number;
    pm_index_count(index: number): number;
    pm_index_predicate(index: number): number;
    pm_index_best(index: number): number;
    pm_index_period(index: number): number;
    pm_index_distance_count(index: number): number;
    pm_index_bounds(index: number, bounds: number): void;
    pm_index_names(index: number): number;
    pm_index_name(index: number, region: bigint, size: number): number;
    pm_index_crs(index: number, size: number): number;
    pm_index_match_int32(index: number, x: number, y: number, xStride: number, yStride: number, count: number, out: number): void;
    pm_index_match_arrays(index: number, x: number, y: number, xStride: number, yStride: number, count: number, out: number, distances: number, error: number): number;
    pm_lister_build(index: number, allocator: number, out: number, error: number): number;
    pm_lister_free(lister: number): void;
    pm_lister_list_arrays(...values: number[]): number;
}

/** Points are matched in chunks that go through buffers of fixed size: the memory doesn't grow with the number of
 * points, and a chunk stays in the cache. */
export const CHUNK = 4096;

/** The buffers: views of the memory, made again after it has grown. */
export class Engine {
    readonly points: number; // 2 * CHUNK doubles
    readonly answers: number; // CHUNK integers of 64 bits, or of 32
    readonly distances: number; // CHUNK doubles
    readonly error: number; // pm_error
    readonly result: number; // where functions put a pointer or a size
    private views: { doubles: Float64Array; integers: Int32Array; bytes: Uint8Array };

    constructor(public c: Exports) {
        const start = c.aligned_alloc(64, 32 * CHUNK + 320);
        this.points = start;
        this.answers = start + 16 * CHUNK;
        this.distances = start + 24 * CHUNK;
        this.error = start + 32 * CHUNK;
        this.result = this.error + 256;
        this.views = this.viewed();
    }

    private viewed(): Engine["views"] {
        const { buffer } = this.c.memory;
        return { doubles: new Float64Array(buffer), integers: new Int32Array(buffer), bytes: new Uint8Array(buffer) };
    }

    private get current(): Engine["views"] {
        if (this.views.bytes.length === 0) this.views = this.viewed(); // of a buffer that was left for a larger one
        return this.views;
    }

    get doubles(): Float64Array {
        return this.current.doubles;
    }

    get integers(): Int32Array {
        return this.current.integers;
    }

    get bytes(): Uint8Array {
        return this.current.bytes;
    }

    /** The pointer or size that a function has put where `result` is. */
    get returned(): number {
        return this.integers[this.result >> 2] >>> 0;
    }
}

let running: Engine | undefined;

/** The library. */
export function engine(): Engine {
    if (running === undefined) {
        const instance = new WebAssembly.Instance(new WebAssembly.Module(unpacked()));
        running = new Engine(instance.exports as unknown as Exports);
    }
    return running;
}

/** Memory of the library that is released together. */
export class Arena {
    private readonly addresses: number[] = [];

    /** A copy of a typed array in the memory; 0 for nothing. */
    put(array: ArrayBufferView | undefined): number {
        if (array === undefined) return 0;
        const address = this.take(array.byteLength);
        engine().bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), address);
        return address;
    }

    /** Room for so many bytes. */
    take(size: number): number {
        const address = engine().c.aligned_alloc(64, Math.ceil((size + 1) / 64) * 64) >>> 0;
        if (address === 0) throw valueError("memory", `out of memory for ${size} bytes more; ${LIMIT}`);
        this.addresses.push(address);
        return address;
    }

    release(): void {
        for (const address of this.addresses.splice(0)) engine().c.free(address);
    }
}

// ---- errors ----

const LIMIT = "WebAssembly has 4 GB for everything";
const NO_MEMORY = -1;
const OFFSETS = -3;
const COORDINATE = -4;
// The argument that a status is about.
const ARGUMENTS: Record<number, string> = {
    "-2": "options", "-3": "regions", "-4": "regions", "-5": "best", "-6": "distance", "-7": "bytes", "-8": "bytes", "-10": "maxBytes",
};

/** The error of the call that failed. */
export function failure(): InputError {
    const { bytes, integers, error } = engine();
    const status = integers[error >> 2];
    const item = integers[(error + 8) >> 2];
    const text = bytes.subarray(error + 16, error + 216);
    const message = new TextDecoder().decode(text.subarray(0, text.indexOf(0)));
    if (status === NO_MEMORY) return valueError("memory", `${message}; ${LIMIT}`);
    const reason = status === COORDINATE ? "expected finite coordinates, got NaN or infinity" : message;
    return valueError(ARGUMENTS[status] ?? "engine", reason, item < 0 || status === OFFSETS ? undefined : item);
}
