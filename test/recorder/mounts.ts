import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: "utf8", stdio: "pipe" });

/** A file system of its own, that can be filled and spoilt. */
export interface Mount extends Disposable {
  readonly path: string;
  remount(how: "ro" | "rw"): void;
}

/** In memory, of so many KiB. */
export function mountMemory(path: string, kib: number): Mount {
  mkdirSync(path, { recursive: true });
  run("mount", "-t", "tmpfs", "-o", `size=${kib}k`, "none", path);
  return {
    path,
    remount: (how) => void run("mount", "-o", `remount,${how}`, path),
    [Symbol.dispose]: () => void run("umount", "-l", path),
  };
}

/** A disk, in a file beside it. */
export interface Disk extends Disposable {
  readonly path: string;
  /** As after a bad block: the kernel lets nobody write any more until it is mounted again. */
  fail(): void;
  /** What somebody does who has repaired it; nobody may have a file of it open. */
  mountAgain(): void;
}

export function mountDisk(path: string): Disk {
  const image = `${path}.img`;
  mkdirSync(path, { recursive: true });
  writeFileSync(image, "");
  run("truncate", "-s", "24M", image);
  run("mkfs.ext4", "-q", "-F", image);
  const mount = () => run("mount", "-o", "loop,errors=remount-ro", image, path);
  // beneath it nobody can write either, or who is quick begins a new file there between two mounts
  run("mount", "-t", "tmpfs", "-o", "ro,size=4k", "none", path);
  mount();
  return {
    path,
    fail() {
      const [device = ""] = run(
        "losetup",
        "-n",
        "-O",
        "NAME",
        "-j",
        image,
      ).split("\n");
      writeFileSync(
        `/sys/fs/ext4/${basename(device.trim())}/trigger_fs_error`,
        "1",
      );
    },
    mountAgain() {
      run("umount", path);
      mount();
    },
    [Symbol.dispose]() {
      run("umount", "-l", path);
      run("umount", "-l", path);
    },
  };
}

/** Why there are no mounts here, null where there are. Root may mount, unless a container forbids it. */
export function mountsMissing(
  open: (path: string) => Disposable,
): string | null {
  const folder = mkdtempSync(join(tmpdir(), "wanctl-"));
  try {
    open(join(folder, "m"))[Symbol.dispose]();
    return null;
  } catch (error) {
    return `cannot mount: ${String(error).split("\n")[0] ?? ""}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
