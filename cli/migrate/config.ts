import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure, reasonOf } from "../../shared/runtime/failure.js";
import { makeFolder } from "../../shared/runtime/files.js";
import { complaint, examine } from "../check/judged.js";
import { wrap } from "../terminal.js";
import { type OldFile, openOldFile } from "./old-file.js";
import { keyMapping } from "./old-keys.js";
import { wanFile } from "./wan-file.js";

interface Made {
  readonly name: string;
  readonly text: string;
}

/**
 * Converts the Python version's files and reports what became of each key. With `to` the results are written into that
 * folder, never over an existing file; else they are printed.
 * @returns the exit code: 0, or 1 if a result is not valid yet
 */
export function migrateConfig(
  files: readonly string[],
  { to }: { to?: string },
): number {
  const [steering, olds] = parted(files.map(openOldFile));
  const made = filesOf(olds);
  const places = made.map(({ name, text }) => ({
    path: join(to ?? "", name),
    text,
  }));
  if (to !== undefined) demandRoom(to, places);
  for (const { file } of steering)
    process.stderr.write(
      `${file}\n  about steering, which wanctl does not support yet: ignored\n\n`,
    );
  for (const old of olds) process.stderr.write(`${report(old).join("\n")}\n\n`);
  if (to === undefined) {
    const pages = made.map(({ name, text }) => `# ---- ${name}\n${text}`);
    process.stdout.write(pages.join("\n"));
  } else writeAll(places);
  const complaints = made.flatMap(complaintsOf);
  for (const words of complaints) process.stderr.write(`wanctl: ${words}\n`);
  return complaints.length === 0 ? 0 : 1;
}

/** The files about steering, and those of a WAN. @throws Failure if there is none of a WAN */
function parted(all: readonly OldFile[]): [OldFile[], OldFile[]] {
  const isSteering = ({ keys }: OldFile) =>
    keys.some(({ key }) => key.startsWith("topology."));
  const ofWans = all.filter((old) => !isSteering(old));
  const [first] = all;
  if (ofWans.length === 0 && first !== undefined)
    throw new Failure(
      `Cannot migrate '${first.file}': it is about steering, which wanctl does not support yet`,
    );
  return [all.filter(isSteering), ofWans];
}

/** Converts all files; nothing is written if one fails. @throws ConfigError, Failure */
function filesOf(olds: readonly OldFile[]): Made[] {
  const made = olds.map((old) => {
    const { wan, text } = wanFile(old);
    return { name: `${wan}.yaml`, text };
  });
  const twin = made.find(
    ({ name }, i) => made.findIndex((one) => one.name === name) < i,
  );
  if (twin !== undefined)
    throw new Failure(
      `Cannot migrate: two files result in '${twin.name}': rename one wan_name`,
    );
  const days = olds.flatMap(
    (old) => old.number("storage.retention_days") ?? [],
  );
  return [...made, { name: "recorder.yaml", text: recorderFile(days) }];
}

const recorderFile = (days: readonly number[]): string =>
  `# All keys: docs/configuration.md.
storage:
  # Not metrics.db, the Python wanctl's database; wanctl migrate history imports that one.
  db_path: /var/lib/wanctl/history.db
  retention_days: ${Math.min(365, Math.max(1, ...days, days.length === 0 ? 7 : 1))}
`;

interface Place {
  readonly path: string;
  readonly text: string;
}

/** Checked before any output: either all files can be written, or none is. @throws Failure */
function demandRoom(folder: string, files: readonly Place[]): void {
  const taken = files.find(({ path }) => existsSync(path));
  if (taken !== undefined)
    throw new Failure(`Cannot write '${taken.path}': it exists already`);
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Failure(`Cannot write into '${folder}': ${reasonOf(error)}`);
  }
}

function writeAll(files: readonly Place[]): void {
  for (const { path, text } of files) {
    try {
      writeFileSync(path, text, { flag: "wx" });
    } catch (error) {
      throw new Failure(`Cannot write '${path}': ${reasonOf(error)}`);
    }
    process.stderr.write(`written: ${path}\n`);
  }
}

/** What became of each key, one line each, under 80 columns. */
function report(old: OldFile): string[] {
  return [
    old.file,
    ...old.keys.flatMap(({ key, line }) => {
      const fate = keyMapping(key, old);
      const head = `  ${String(line).padStart(3)}  `;
      if (fate === null) return wrap(head, `${key}  ! unknown: ignored`);
      return "to" in fate
        ? wrap(head, `${key}  -> ${fate.to}`)
        : wrap(head, `${key}  dropped: ${fate.because}`);
    }),
  ];
}

/** The errors in a converted file. */
function complaintsOf({ name, text }: Made): string[] {
  const folder = mkdtempSync(join(tmpdir(), "wanctl-migrate-"));
  try {
    const file = join(folder, name);
    writeFileSync(file, text);
    const wrong = complaint(examine(file));
    return wrong === null ? [] : [wrong.words];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
