/** The library's module, which comes with the code, packed: so an index is there at once, with nothing to fetch, to wait
 * for or to tell a bundler. The browser's own decompression would have to be waited for, and knows only Deflate.
 * wasm/unpack.c says how it is packed; its module comes as it is. */
import { PACKED, SIZE, UNPACKER } from "./module.js";

const CHUNK = 2048; // bytes: between calls an engine can exchange what it has compiled quickly for what is fast

interface Unpacker {
    memory: WebAssembly.Memory;
    packed: WebAssembly.Global;
    unpacked: WebAssembly.Global;
    start(): void;
    unpack(count: number): void;
}

/** Bytes as they are best where gzip comes after it: code has repetitions. */
const ofHex = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
}

/** The bytes of the library's module. */
export function unpacked(): Uint8Array<ArrayBuffer> {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(ofHex(UNPACKER)));
    const { memory, packed, unpacked, start, unpack } = exports as unknown as Unpacker;
    new Uint8Array(memory.buffer).set(bytesOf(PACKED), packed.value);
    start();
    for (let left = SIZE; left > 0; left -= CHUNK) unpack(Math.min(left, CHUNK));
    return new Uint8Array(memory.buffer as ArrayBuffer, unpacked.value, SIZE);
}
