import { basename, resolve } from "node:path";
import type { ControllerFile } from "../../controller/config/schema.js";
import { backendOf } from "../../controller/shapers/backends.js";
import type { RecorderFile } from "../../recorder/config.js";
import { tellable } from "../../shared/config/config.js";
import type { Problem } from "../../shared/config/error.js";
import { plainHost } from "../../shared/config/format.js";
import { type Direction, DIRECTIONS } from "../../shared/contract/direction.js";
import { areOne, type ExaminedFile, type Names } from "./judged.js";

/** A conflict of a file with another one. */
interface Clash {
  readonly file: string;
  readonly problem: Problem;
}

/**
 * Conflicts between files on one machine, reported for the later file. Keys that are invalid by themselves are skipped.
 * @param names resolves the names in the files
 */
export const clashes = (
  files: readonly ExaminedFile[],
  names: Names,
): Clash[] =>
  files.flatMap((later, i) =>
    files
      .slice(0, i)
      .flatMap((earlier) =>
        between(earlier, later, basename(earlier.file), names),
      )
      .map((problem) => ({ file: later.file, problem })),
  );

/** @param file name of the earlier file */
function between(
  a: ExaminedFile,
  b: ExaminedFile,
  file: string,
  names: Names,
): Problem[] {
  if (a.kind === "controller" && b.kind === "controller") {
    const [one, other] = [a.keys, b.keys];
    const twin = tellable([() => sameWan(one, other, file)]);
    if (twin.length > 0) return twin;
    return tellable([
      ...DIRECTIONS.map((way) => () => sameQueue(one, other, way, file, names)),
      () => samePath(one, other, file, names),
    ]);
  }
  if (a.kind === "recorder" && b.kind === "recorder") {
    const [one, other] = [a.keys, b.keys];
    return tellable([
      () => sameDatabase(one, other, file, names),
      () => samePort(one, other, file),
    ]);
  }
  return [];
}

const is = (key: string, rule: string, value: unknown): Problem => ({
  key,
  rule,
  value,
});

/** 0 if off, or for any port. */
const portOf = (listen: string): number =>
  listen === "off" ? 0 : Number(listen.slice(listen.lastIndexOf(":") + 1));

const sameWan = (
  a: ControllerFile,
  b: ControllerFile,
  file: string,
): Problem[] =>
  a.wan === b.wan
    ? [
        is(
          "wan",
          `is already the WAN of ${file}: only one controller per WAN`,
          b.wan,
        ),
      ]
    : [];

function sameDatabase(
  a: RecorderFile,
  b: RecorderFile,
  file: string,
  names: Names,
): Problem[] {
  const { db_path } = b.storage;
  const place = (path: string) => names.file(resolve(path));
  return place(db_path) === place(a.storage.db_path)
    ? [is("storage.db_path", `is already the database of ${file}`, db_path)]
    : [];
}

function samePort(a: RecorderFile, b: RecorderFile, file: string): Problem[] {
  const port = portOf(b.http.listen);
  return port !== 0 && port === portOf(a.http.listen)
    ? [is("http.listen", `is already the port of ${file}`, port)]
    : [];
}

function sameQueue(
  a: ControllerFile,
  b: ControllerFile,
  way: Direction,
  file: string,
  names: Names,
): Problem[] {
  const queue = backendOf(b.shaper).queue(b, way, names);
  const taken = DIRECTIONS.flatMap(
    (each) => backendOf(a.shaper).queue(a, each, names)?.places ?? [],
  );
  return queue?.places.some((place) => taken.includes(place)) === true
    ? [is(`shaper.${queue.key}`, `is already used by ${file}`, queue.name)]
    : [];
}

/**
 * Each controller must measure its own line. Probes with the same source and interface use different lines only if a
 * router routes them by destination.
 */
function samePath(
  a: ControllerFile,
  b: ControllerFile,
  file: string,
  names: Names,
): Problem[] {
  const [one, other] = [backendOf(a.shaper), backendOf(b.shaper)];
  if (one.isSimulated || other.isSimulated) return [];
  const { source, interface: device } = b.probe;
  const wayOf = ({ probe }: ControllerFile) =>
    [
      probe.source === null ? "" : plainHost(probe.source),
      probe.interface === null ? "" : names.device(probe.interface),
    ].join();
  if (wayOf(a) !== wayOf(b)) return [];
  const byRouter = one.isRemote && other.isRemote;
  const shared = byRouter
    ? b.probe.reflectors.filter((host) =>
        a.probe.reflectors.some((other) => areOne(names, host, other)),
      )
    : [];
  if (byRouter && shared.length === 0) return [];
  const key =
    device === null && source !== null ? "probe.source" : "probe.interface";
  const rule = byRouter
    ? `probes to ${shared.join(", ")} take the same path as those of ${file}: each controller must measure its own line`
    : `probes take the same path as those of ${file}: each controller must measure its own line`;
  return [is(key, rule, device ?? source ?? undefined)];
}
