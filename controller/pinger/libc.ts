import { createRequire } from "node:module";
import { isIP } from "node:net";
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
const AF_INET6 = 10;
export const SOL_SOCKET = 1;
const SO_BINDTODEVICE = 25;

/**
 * A socket for addresses of a family, that leaves by this way.
 * @throws Failure where there is no right, no such interface, no such source address of that family
 */
export function openSocket(
  family: number,
  type: number,
  protocol: number,
  { source, interface: device }: Way,
  what: string,
): number {
  const libc = libcOf();
  const from = source === null ? null : socketAddress(source);
  const fd = libc.socket(family, type, protocol);
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
  if (from !== null)
    demand(libc.bind(fd, from, from.length), `source '${source}'`);
  return fd;
}

/** What the last call failed with, as `ENODEV` and in words. */
export function lastError(): [name: string, words: string] {
  const errno = libcOf().errno();
  return getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, "unknown"];
}

/** The family of a numeric address. @throws Failure where it is none */
export function familyOf(address: string): number {
  const family = { 4: AF_INET, 6: AF_INET6 }[isIP(address)];
  if (family === undefined)
    throw new Failure(`Cannot address '${address}': must be IPv4 or IPv6`);
  return family;
}

/** A sockaddr_in, ip(7), or sockaddr_in6, ipv6(7). @throws Failure where it is no numeric address */
export function socketAddress(address: string, port = 0): Buffer {
  const family = familyOf(address);
  const { bytes, at } = SOCKADDR[family === AF_INET ? "in" : "in6"];
  const built = Buffer.alloc(bytes);
  built.writeUInt16LE(family, 0);
  built.writeUInt16BE(port, 2);
  const text = Buffer.from(`${address}\0`);
  if (libcOf().inet_pton(family, text, built.subarray(at)) !== 1)
    throw new Failure(`Cannot address '${address}': must have no zone`);
  return built;
}

/** How long each is, and where its address begins. */
const SOCKADDR = { in: { bytes: 16, at: 4 }, in6: { bytes: 28, at: 8 } };

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
