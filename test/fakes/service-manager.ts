import { createRequire } from "node:module";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;

/** The other end of sd_notify(3): what was said since it was last asked, datagram by datagram. */
export function serviceManager(path: string): () => string[] {
  const koffi = createRequire(import.meta.url)(
    "koffi",
  ) as typeof import("koffi");
  const libc = koffi.load("libc.so.6");
  const socket = libc.func("int socket(int, int, int)") as (
    ...args: number[]
  ) => number;
  const bind = libc.func("int bind(int, const void *, unsigned int)") as (
    fd: number,
    address: Buffer,
    size: number,
  ) => number;
  const recv = libc.func("long recv(int, void *, size_t, int)") as (
    fd: number,
    into: Buffer,
    size: number,
    flags: number,
  ) => number;
  const address = Buffer.concat([
    Buffer.from([AF_UNIX, 0]),
    Buffer.from(path),
    Buffer.alloc(1),
  ]);
  const fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (bind(fd, address, address.length) !== 0)
    throw new Error(`Cannot listen at ${path}`);
  return () => {
    const said: string[] = [];
    for (;;) {
      const bytes = Buffer.alloc(256);
      const size = recv(fd, bytes, bytes.length, MSG_DONTWAIT);
      if (size <= 0) return said;
      said.push(bytes.toString("utf8", 0, size));
    }
  };
}
