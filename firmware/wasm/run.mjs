// Compares the module with what the native run says on standard input.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const module = new WebAssembly.Module(readFileSync(process.argv[2]));
assert.deepEqual(WebAssembly.Module.imports(module), [], "the module needs something of its host");

const native = readFileSync(0, "utf8").matchAll(/trace ([0-9a-f]{16})/g);
const traces = Array.from(native, ([, trace]) => trace);
const clusters = [2, 16];
assert.equal(traces.length, clusters.length);

clusters.forEach((stations, index) => {
    const { exports } = new WebAssembly.Instance(module);
    assert.equal(exports.members(stations), stations);
    const trace = BigInt.asUintN(64, exports.trace(stations)).toString(16).padStart(16, "0");
    assert.equal(trace, traces[index], "not the bytes of the native run");
    console.log(`${stations} stations agree, trace ${trace}, no imports`);
});
