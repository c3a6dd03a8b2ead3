import { accessSync, constants, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { Failure, plainReason } from "../../../shared/runtime/failure.js";
import { readText } from "../../../shared/runtime/files.js";

/** Where to read a secret; the configuration never contains the secret itself. */
export type Secret =
  | { readonly kind: "environment"; readonly name: string }
  /** The first line of a file. */
  | { readonly kind: "file"; readonly path: string }
  /** A systemd credential: LoadCredential= in the unit (systemd.exec(5)). */
  | { readonly kind: "credential"; readonly name: string };

/** Mode bits that must be clear: group write and execute, all of others. */
const TOO_OPEN = 0o037;

/** @throws Failure that names the source, never its content */
export function readSecret(secret: Secret, env = process.env): string {
  switch (secret.kind) {
    case "environment": {
      const { name } = secret;
      // an EnvironmentFile may have CRLF line ends
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
          `Cannot read credential '${secret.name}': must be passed by systemd: LoadCredential= in the unit`,
        );
      return firstLine(join(folder, secret.name));
    }
  }
}

/** Checks the mode as ssh does: a key owned by this user must not be group-readable. @throws Failure naming the path */
export function demandPrivateKey(path: string): void {
  const { mode, uid } = demandPrivate("key", path);
  if ((mode & 0o040) !== 0 && uid === process.getuid?.())
    throw new Failure(
      `Cannot read key '${path}': must have mode 0600 if owned by this user: got ${octal(mode)}`,
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
        ? `file must exist, with mode 0600 (${code})`
        : plainReason(error);
    throw new Failure(`Cannot read ${what} '${path}': ${reason}`);
  }
}
