/** A failure the operator can fix: reported on one line without a stack trace, exit code 1. */
export class Failure extends Error {
  override readonly name = "Failure";
}

/** The message of anything thrown. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** The same, with plain words for system errors instead of Node's name of the system call. */
export function plainReason(error: unknown): string {
  const { code = "" } = error as NodeJS.ErrnoException;
  const words = WORDS[code];
  return words === undefined ? reasonOf(error) : `${words} (${code})`;
}

/** Common system errors, by the code of Node's error. */
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or folder",
  EACCES: "permission denied",
  EPERM: "not permitted",
  EISDIR: "is a folder",
  ENOTDIR: "a part of its path is not a folder",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is exceeded",
  EMFILE: "this process has too many files open",
  ENFILE: "this host has too many files open",
  ELOOP: "its symbolic links form a loop",
  ENAMETOOLONG: "its name is too long",
  ECONNREFUSED: "nothing listens at that address and port",
  ECONNRESET: "the connection was closed",
  EPIPE: "the connection was closed",
  EHOSTUNREACH: "no host answers at that address",
  EHOSTDOWN: "no host answers at that address",
  ENETUNREACH: "no route to that address",
  ENETDOWN: "the network is down",
  EADDRNOTAVAIL: "this host has no such address",
  ENODEV: "this host has no such device",
  ETIMEDOUT: "no answer in time",
  ENOTFOUND: "no such host name",
  EAI_AGAIN: "the name server does not answer",
  EAI_FAIL: "the name server fails",
};
