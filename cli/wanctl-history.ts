#!/usr/bin/env node
// The name the predecessor had for `wanctl history`.
process.argv.splice(2, 0, "history");
await import("./wanctl.js");
