/** A failure that the operator can mend: reported in one line, without a stack, exit code 1. */
export class Failure extends Error {
  override readonly name = "Failure";
}

/** What went wrong, as text, whatever was thrown. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** The same in words, where Node would name the system call that failed. */
export function plainReason(error: unknown): string {
  const { code = "" } = error as NodeJS.ErrnoException;
  const words = WORDS[code];
  return words === undefined ? reasonOf(error) : `${words} (${code})`;
}

/** What people meet, by the code of Node's error. */
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or folder",
  EACCES: "this user may not",
  EPERM: "this user may not",
  EISDIR: "it is a folder",
  ENOTDIR: "what it lies in is no folder",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the quota is used up",
  EMFILE: "this process has too many files open",
  ENFILE: "this host has too many files open",
  ELOOP: "its symbolic links go round in a circle",
  ENAMETOOLONG: "its name is too long",
  ECONNREFUSED: "nothing listens at that address and port",
  ECONNRESET: "the connection was closed",
  EPIPE: "the connection was closed",
  EHOSTUNREACH: "no host answers at that address",
  EHOSTDOWN: "no host answers at that address",
  ENETUNREACH: "no route leads to that address",
  ENETDOWN: "the network is down",
  EADDRNOTAVAIL: "this host has no such address",
  ENODEV: "this host has no such device",
  ETIMEDOUT: "no answer in time",
  ENOTFOUND: "no such name is known",
  EAI_AGAIN: "the name server does not answer",
  EAI_FAIL: "the name server fails",
};
