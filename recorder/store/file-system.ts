import { statfsSync } from "node:fs";

/**
 * File systems on which WAL cannot work, by the number statfs(2) gives them: its index is memory shared between processes,
 * and its locks must hold. FUSE may be local, but whether it keeps either promise depends on who wrote it.
 */
const NETWORK: Readonly<Record<number, string>> = {
  0x0000_517b: "SMB",
  0x0000_6969: "NFS",
  0x00c3_6400: "Ceph",
  0x0102_1997: "9P",
  0x0bd0_0bd0: "Lustre",
  0x5346_414f: "AFS",
  0x6573_5546: "FUSE",
  0xfe53_4d42: "SMB",
  0xff53_4d42: "SMB",
};

/** The name of a network file system, undefined for a local one. */
export const networkName = (type: bigint): string | undefined =>
  // 32-bit kernels hand the number out with its sign extended
  NETWORK[Number(BigInt.asUintN(32, type))];

/** The network file system a path lies on, undefined where it is local. */
export const networkOf = (path: string): string | undefined =>
  networkName(statfsSync(path, { bigint: true }).type);
