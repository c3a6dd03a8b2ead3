import { createRequire } from "node:module";
import { getSystemErrorMap } from "node:util";

let loaded: ReturnType<typeof load> | null = null;

/** C library calls that Node does not offer; loaded on first use. @throws without glibc */
export const libcOf = () => (loaded ??= load());

function load() {
  const koffi = createRequire(import.meta.url)(
    "koffi",
  ) as typeof import("koffi");
  const library = koffi.load("libc.so.6");
  const call = (declaration: string) =>
    library.func(declaration) as (...args: (number | Buffer)[]) => number;
  return {
    errno: () => koffi.errno(),
    socket: call("int socket(int, int, int)"),
    setsockopt: call(
      "int setsockopt(int, int, int, const void *, unsigned int)",
    ),
    getsockopt: call("int getsockopt(int, int, int, void *, void *)"),
    inet_pton: call("int inet_pton(int, const void *, void *)"),
    bind: call("int bind(int, const void *, unsigned int)"),
    connect: call("int connect(int, const void *, unsigned int)"),
    sendto: call(
      "long sendto(int, const void *, size_t, int, const void *, unsigned int)",
    ),
    recv: call("long recv(int, void *, size_t, int)"),
    ioctl: call("int ioctl(int, unsigned long, void *)"),
    clock_gettime: call("int clock_gettime(int, void *)"),
    close: call("int close(int)"),
  };
}

/** The last call's error: its name, such as `ENODEV`, and its text. */
export function lastError(): [name: string, words: string] {
  const errno = libcOf().errno();
  return getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, "unknown"];
}
