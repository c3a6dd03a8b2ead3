import { isIP } from "node:net";
import { Failure } from "../../shared/runtime/failure.js";
import { lastError, libcOf } from "../../shared/runtime/libc.js";

/** Sockets and devices through libc, for what Node does not offer. No call blocks. */

/** Source address and interface of the probes. */
export interface ProbeRoute {
  readonly source: string | null;
  readonly interface: string | null;
}

// <linux/socket.h>, the same on every 64-bit platform of Node
export const AF_INET = 2;
const AF_INET6 = 10;
export const SOL_SOCKET = 1;
const SO_BINDTODEVICE = 25;

/**
 * Opens a socket bound to an interface and a source address.
 * @throws Failure without permission, the interface, or the source address in that family
 */
export function openSocket(
  family: number,
  type: number,
  protocol: number,
  { source, interface: device }: ProbeRoute,
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
    const name = Buffer.from(`${ownName(device)}\0`);
    demand(
      libc.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, name.length),
      `interface '${device}'`,
    );
  }
  if (from !== null)
    demand(libc.bind(fd, from, from.length), `source '${source}'`);
  return fd;
}

// <linux/netlink.h>, <linux/rtnetlink.h>, <linux/if_link.h>
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NETLINK_ROUTE = 0;
const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const NLM_F_REQUEST = 1;
const IFLA_IFNAME = 3;
const IFLA_ALT_IFNAME = 53;
const MSG_DONTWAIT = 0x40;
/** Bytes of both netlink headers, and of an attribute's header. */
const HEAD_BYTES = 32;
const ATTRIBUTE_BYTES = 4;

/**
 * The kernel's own name of a device given by any of its names (ip-link(8), altname); most programs and files know only
 * that one. Unchanged if there is no such device.
 */
export function ownName(name: string): string {
  try {
    return askName(name) ?? name;
  } catch {
    return name; // no glibc
  }
}

function askName(name: string): string | null {
  const libc = libcOf();
  const text = Buffer.from(`${name}\0`);
  const asked = Buffer.alloc(HEAD_BYTES + ATTRIBUTE_BYTES + text.length);
  asked.writeUInt32LE(asked.length, 0);
  asked.writeUInt16LE(RTM_GETLINK, 4);
  asked.writeUInt16LE(NLM_F_REQUEST, 6);
  asked.writeUInt16LE(ATTRIBUTE_BYTES + text.length, HEAD_BYTES);
  asked.writeUInt16LE(IFLA_ALT_IFNAME, HEAD_BYTES + 2);
  text.copy(asked, HEAD_BYTES + ATTRIBUTE_BYTES);
  const kernel = Buffer.alloc(12);
  kernel.writeUInt16LE(AF_NETLINK, 0);
  const answer = Buffer.alloc(16_384);
  const fd = libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return null;
  libc.sendto(fd, asked, asked.length, MSG_DONTWAIT, kernel, kernel.length);
  const bytes = libc.recv(fd, answer, answer.length, MSG_DONTWAIT);
  libc.close(fd);
  return bytes < 0 ? null : nameIn(answer.subarray(0, bytes));
}

/** The interface name in an rtnetlink(7) answer about a link; null for any other answer. */
export function nameIn(answer: Buffer): string | null {
  if (answer.length < HEAD_BYTES || answer.readUInt16LE(4) !== RTM_NEWLINK)
    return null;
  for (let at = HEAD_BYTES; at + ATTRIBUTE_BYTES <= answer.length;) {
    const length = answer.readUInt16LE(at);
    if (length < ATTRIBUTE_BYTES) return null;
    const value = answer.subarray(at + ATTRIBUTE_BYTES, at + length);
    if (answer.readUInt16LE(at + 2) === IFLA_IFNAME)
      return value.toString("utf8").replace(/\0[^]*$/, "");
    at += (length + 3) & ~3;
  }
  return null;
}

const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const SIOCGIFFLAGS = 0x8913;
const IFF_UP = 1;
/** struct ifreq: a name and a union. */
const IFREQ_BYTES = 40;
const NAME_BYTES = 16;

/** Whether a device exists and is administratively up; null if unknown. Takes no kernel lock. */
export function deviceState(name: string): "up" | "down" | "gone" | null {
  if (Buffer.byteLength(name) >= NAME_BYTES) return "gone"; // too long for a kernel name
  const libc = libcOf();
  const request = Buffer.alloc(IFREQ_BYTES);
  request.write(name);
  const fd = libc.socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0);
  if (fd < 0) return null;
  const isThere = libc.ioctl(fd, SIOCGIFFLAGS, request) >= 0;
  libc.close(fd);
  if (!isThere) return "gone";
  return (request.readUInt16LE(NAME_BYTES) & IFF_UP) === 0 ? "down" : "up";
}

/** The family of a numeric address. @throws Failure if it is not one */
export function familyOf(address: string): number {
  const family = { 4: AF_INET, 6: AF_INET6 }[isIP(address)];
  if (family === undefined)
    throw new Failure(`Cannot address '${address}': must be IPv4 or IPv6`);
  return family;
}

/** A sockaddr_in, ip(7), or sockaddr_in6, ipv6(7). @throws Failure if the address is not numeric */
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

/** Sizes, and offsets of the address. */
const SOCKADDR = { in: { bytes: 16, at: 4 }, in6: { bytes: 28, at: 8 } };
