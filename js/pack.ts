/** Pack a module into the source of module.ts: node pack.mjs MODULE TARGET. See src/unpack.ts. */
import { readFileSync, writeFileSync } from "node:fs";

import { choose, coded, everything, parted, unpack } from "./src/unpack.js";

function pack(bytes: Uint8Array): Uint8Array {
    const packed: number[] = [];
    const ends = everything();
    let at = 0;
    coded(bytes.length, (probability) => {
        const bit = (bytes[at >> 3] >> (7 - (at & 7))) & 1;
        at++;
        choose(ends, bit, parted(ends, probability), (byte) => packed.push(byte));
        return bit;
    });
    packed.push(ends[1] >>> 24); // and zeros: a number that is still possible
    return Uint8Array.from(packed);
}

const [, , source, target] = process.argv;
const bytes = readFileSync(source);
const packed = pack(bytes);
if (!bytes.equals(unpack(packed, bytes.length))) throw new Error("what was packed is not what is unpacked");
const text = Buffer.from(packed).toString("base64");
writeFileSync(target, `// Written by pack.ts.\nexport const SIZE: number = ${bytes.length};\nexport const PACKED: string =\n    "${text}";\n`);
console.log(`${bytes.length} bytes packed into ${packed.length}`);
