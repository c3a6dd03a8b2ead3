import { tmpdir } from "node:os";
import { expect } from "chai";
import { networkName, networkOf } from "../../../recorder/store/files.js";

describe("networkName()", () => {
  for (const [type, name] of [
    [0x6969n, "NFS"],
    [0xff534d42n, "SMB"],
    [0xffff_ffff_ff53_4d42n, "SMB"], // as a 32-bit kernel gives it
    [0xfe534d42n, "SMB"],
    [0x01021997n, "9P"],
    [0x00c36400n, "Ceph"],
    [0x65735546n, "FUSE"],
    [0xef53n, undefined], // ext4
    [0x9123683en, undefined], // btrfs
    [0x58465342n, undefined], // xfs
    [0x01021994n, undefined], // tmpfs
    [0x794c7630n, undefined], // overlayfs
  ] as const)
    it(`calls 0x${type.toString(16)} ${name ?? "local"} (STOR-01)`, () =>
      expect(networkName(type)).to.equal(name));
});

describe("networkOf()", () => {
  it("finds the folder of these tests local", () =>
    expect(networkOf(tmpdir())).to.equal(undefined));
});
