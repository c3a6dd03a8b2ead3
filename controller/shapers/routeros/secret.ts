import { accessSync, constants, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { Failure, plainReason } from "../../../shared/runtime/failure.js";
import { readText } from "../../../shared/runtime/files.js";

/** Where a secret is to be found; the secret itself is in no configuration. */
export type Secret =
  | { readonly kind: "environment"; readonly name: string }
  /** Its first line. */
  | { readonly kind: "file"; readonly path: string }
  /** One of systemd's: LoadCredential= in the unit (systemd.exec(5)). */
  | { readonly kind: "credential"; readonly name: string };

/** Neither anybody's to read nor the group's to change. */
const TOO_OPEN = 0o037;

/** @throws Failure that names the place, and never what is there */
export function readSecret(secret: Secret, env = process.env): string {
  switch (secret.kind) {
    case "environment": {
      const { name } = secret;
      // a file of the service manager's may have line ends of another system
      const value = env[name]?.replace(/[\r\n]+$/, "");
      if (value === undefined || value === "")
        throw new Failure(
          `Cannot read password '$${name}': environment variable must be set`,
        );
      return value;
    }
    case "file":
      demandPrivate("password", secret.path);
      return firstLine(secret.path);
    case "credential": {
      const folder = env["CREDENTIALS_DIRECTORY"];
      if (folder === undefined)
        throw new Failure(
          `Cannot read credential '${secret.name}': systemd must hand it over: LoadCredential= in the unit`,
        );
      return firstLine(join(folder, secret.name));
    }
  }
}

/** A private key, as ssh takes it: where it is our own, the group may not read it either. @throws Failure that names the place */
export function demandPrivateKey(path: string): void {
  const { mode, uid } = demandPrivate("key", path);
  if ((mode & 0o040) !== 0 && uid === process.getuid?.())
    throw new Failure(
      `Cannot read key '${path}': must have mode 0600 where it is our own: got ${octal(mode)}`,
    );
  tried("key", path, () => accessSync(path, constants.R_OK));
}

type What = "password" | "key";

function demandPrivate(what: What, path: string): Stats {
  const stats = tried(what, path, () => statSync(path));
  if ((stats.mode & TOO_OPEN) !== 0)
    throw new Failure(
      `Cannot read ${what} '${path}': must have mode 0600 or 0640: got ${octal(stats.mode)}`,
    );
  return stats;
}

const octal = (mode: number): string => `0${(mode & 0o777).toString(8)}`;

function firstLine(path: string): string {
  const [line = ""] = tried("password", path, () => readText(path)).split(
    /\r?\n|\r/,
  );
  if (line === "")
    throw new Failure(`Cannot read password '${path}': must not be empty`);
  return line;
}

function tried<T>(what: What, path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason =
      code === "ENOENT"
        ? `there must be a file that holds it, with mode 0600 (${code})`
        : plainReason(error);
    throw new Failure(`Cannot read ${what} '${path}': ${reason}`);
  }
}
