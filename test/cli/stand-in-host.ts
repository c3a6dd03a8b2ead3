import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What `setup` asks about a host with two default routes and three reflectors in reach, and without CAKE. */
const PROGRAMS: Readonly<Record<string, string>> = {
  ip: `case "$*" in *route*) echo '[{"dst":"default","dev":"eth7","metric":50},{"dst":"default","dev":"wwan0","metric":700}]';; *"link show") echo '[{"ifname":"lo"},{"ifname":"eth7"},{"ifname":"wwan0"}]';; *) echo '[]';; esac`,
  tc: "echo '[]'",
  unshare: "exit 1",
  fping:
    'for host in 9.9.9.9:12.5 1.1.1.1:9.25 8.8.8.8:10.1; do echo "${host%%:*} : ${host#*:} - - - -" >&2; done',
};

/** Puts programs into the PATH of each test that answer for that host, instead of those of this one. */
export function standInHost(folder: { readonly path: string }): void {
  const path = process.env["PATH"];
  beforeEach(() => {
    mkdirSync(join(folder.path, "bin"));
    process.env["PATH"] = `${join(folder.path, "bin")}:${path}`;
    for (const [name, script] of Object.entries(PROGRAMS))
      standIn(folder.path, name, script);
  });
  afterEach(() => {
    process.env["PATH"] = path;
  });
}

export function standIn(folder: string, name: string, script: string): void {
  const file = join(folder, "bin", name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}
