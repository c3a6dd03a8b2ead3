import { spawnSync } from "node:child_process";

/** Long programs that end with 0 if all is as it should be: `npm run acceptance -- NAME [ARGUMENT...]`. Most want root. */
const PROGRAMS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  troubles: program("line-troubles"),
  "recorder-troubles": program("recorder-troubles"),
  soak: program("soak"),
  kills: program("kills"),
  fuzz: program("fuzz"),
  strangers: program("strangers"),
  package: ["bash", "test/acceptance/package.sh"],
};

function program(name: string): [string, string] {
  return [process.execPath, `${import.meta.dirname}/${name}.js`];
}

const [name = "", ...given] = process.argv.slice(2);
const found = PROGRAMS[name];
if (found === undefined) {
  const names = Object.keys(PROGRAMS).join(", ");
  process.stderr.write(`Cannot run '${name}': must be one of ${names}\n`);
  process.exit(2);
}
const [command, ...first] = found;
const { status } = spawnSync(command, [...first, ...given], {
  stdio: "inherit",
});
process.exit(status ?? 1);
