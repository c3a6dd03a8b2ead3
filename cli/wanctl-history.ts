#!/usr/bin/env node
// The Python version's name for `wanctl history`.
process.argv.splice(2, 0, "history");
await import("./wanctl.js");
