// Pack a module into the source of module.ts: node pack.mjs MODULE PACKER UNPACKER TARGET. See wasm/unpack.c.
import { readFileSync, writeFileSync } from "node:fs";

const [, , source, packer, unpacker, target] = process.argv;
const bytes = readFileSync(source);

/** A module's functions, and a part of its memory. */
function instanceOf(file) {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)));
    exports.start?.();
    return { exports, at: (name, size) => Buffer.from(exports.memory.buffer, exports[name].value, size) };
}

const packing = instanceOf(packer);
packing.at("unpacked", bytes.length).set(bytes); // a RangeError where it is larger than MOST
const packed = Buffer.from(packing.at("packed", packing.exports.pack(bytes.length)));

const text = (name, value, encoding) => `export const ${name}: string =\n    "${value.toString(encoding)}";\n`;
const constants = [text("PACKED", packed, "base64"), text("UNPACKER", readFileSync(unpacker), "hex"), `export const SIZE: number = ${bytes.length};\n`];
writeFileSync(target, `// Written by pack.mjs.\n${constants.join("")}`);
console.log(`${bytes.length} bytes packed into ${packed.length}`);
