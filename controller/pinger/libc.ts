import { createRequire } from "node:module";
import { isIPv4 } from "node:net";
import { getSystemErrorMap } from "node:util";
import { Failure } from "../../shared/failure.js";

/** Sockets as libc has them, for what Node's own do not say. Every call returns at once. */

/** Which way the probes leave. */
export interface Way {
  readonly source: string | null;
  readonly interface: string | null;
}

// <linux/socket.h>, the same on every machine with 64 bits that runs Node.
export const AF_INET = 2;
export const SOL_SOCKET = 1;
const SO_BINDTODEVICE = 25;

/**
 * A socket that leaves by this way.
 * @throws Failure where there is no right, no such interface, no such source address
 */
export function openSocket(
  type: number,
  protocol: number,
  { source, interface: device }: Way,
  what: string,
): number {
  const libc = libcOf();
  const fd = libc.socket(AF_INET, type, protocol);
  const demand = (result: number, part: string) => {
    if (result >= 0) return;
    const [name, words] = lastError();
    if (fd >= 0) libc.close(fd);
    throw new Failure(`Cannot open ${what}: ${part}: ${words} (${name})`);
  };
  demand(fd, "socket");
  if (device !== null) {
    const name = Buffer.from(`${device}\0`);
    demand(
      libc.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, name.length),
      `interface '${device}'`,
    );
  }
  if (source !== null)
    demand(libc.bind(fd, socketAddress(source), 16), `source '${source}'`);
  return fd;
}

/** What the last call failed with, as `ENODEV` and in words. */
export function lastError(): [name: string, words: string] {
  const errno = libcOf().errno();
  return getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, "unknown"];
}

/** A sockaddr_in. */
export function socketAddress(address: string, port = 0): Buffer {
  if (!isIPv4(address))
    throw new Error(`Cannot address '${address}': must be IPv4`);
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(address.split(".").map(Number), 4);
  return bytes;
}

let loaded: ReturnType<typeof loadLibc> | null = null;

/** @throws where there is no libc that we know */
export const libcOf = () => (loaded ??= loadLibc());

function loadLibc() {
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
