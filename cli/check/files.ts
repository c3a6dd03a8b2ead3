import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { Failure } from "../../shared/runtime/failure.js";

/** The files that are meant: of a folder its YAML files, in order. None twice. @throws Failure where a folder has none */
export function filesOf(paths: readonly string[]): string[] {
  const files = paths.flatMap((path) => (isFolder(path) ? within(path) : path));
  const byPlace = new Map(files.map((file) => [resolve(file), file]));
  return [...byPlace.values()];
}

const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

function within(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
  if (names.length === 0)
    throw new Failure(`Cannot check '${folder}': it holds no .yaml file`);
  return names.sort().map((name) => join(folder, name));
}
