import { type FileHandle, open, readFile } from "node:fs/promises";
import { clearInterval, setInterval } from "node:timers";
import { type Clock, later } from "../../shared/runtime/clock.js";
import type { LinkState } from "../condition/classification.js";
import type { Counted } from "../law/inputs.js";
import { deviceState, ownName } from "../probes/sockets.js";

/** The byte counters of the WAN, read beside the cycle. */
export interface Counters extends AsyncDisposable {
  /** The values since the last look, oldest first; each once. */
  take(): readonly Counted[];
  /** What the interface that is counted says of itself; null where that is not known. */
  link(): LinkState | null;
}

/** Where the traffic of the line is not known. */
export const NO_COUNTERS: Counters = {
  take: () => [],
  link: () => null,
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

const PERIOD_MS = 25;

/** The carrier is looked at each so many readings. */
const CARRIER_EVERY = 8;

/** Values kept for a cycle that is late; older ones are dropped. */
const KEPT_MAX = 64;

/**
 * The bytes a device received and sent, from /proc/net/dev (proc_net(5)); null where there is no such device.
 * `  eth0: 1296 9 0 0 0 0 0 0 1176 8 0 ...`: receive first, transmit eight fields later.
 */
export function parseProcLine(
  table: string,
  device: string,
): { received: number; sent: number } | null {
  for (const line of table.split("\n")) {
    const colon = line.indexOf(":");
    if (colon === -1 || line.slice(0, colon).trim() !== device) continue;
    const fields = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/);
    const [received, sent] = [Number(fields[0]), Number(fields[8])];
    return Number.isFinite(received + sent) ? { received, sent } : null;
  }
  return null;
}

/** Whether a device that is there has a carrier: none also where it is switched off, sysfs(5); null where nothing says. */
async function carrierOf(device: string): Promise<LinkState | null> {
  try {
    const carrier = await readFile(`/sys/class/net/${device}/carrier`, "utf8");
    return carrier.trim() === "1" ? "up" : "down";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EINVAL" ? "down" : null;
  }
}

/** Reads a device's counters every 25 ms. No value while the device is away. */
export async function openProcCounters(
  device: string,
  clock: Clock,
): Promise<Counters> {
  const table: FileHandle = await open("/proc/self/net/dev");
  const buffer = Buffer.alloc(65_536);
  let listedAs = ownName(device);
  let kept: Counted[] = [];
  let link: LinkState | null = null;
  let readings = 0;
  let isReading = false;
  async function read(): Promise<void> {
    if (isReading) return;
    isReading = true;
    try {
      const { bytesRead } = await table.read(buffer, 0, buffer.length, 0);
      const at = clock.mono();
      const bytes = parseProcLine(
        buffer.toString("latin1", 0, bytesRead),
        listedAs,
      );
      if (bytes === null) {
        link = "gone";
        if (readings++ % CARRIER_EVERY === 0) listedAs = ownName(device);
        return;
      }
      if (link === "gone") readings = 0;
      const { received: downloadBytes, sent: uploadBytes } = bytes;
      kept = [...kept, { at, downloadBytes, uploadBytes }].slice(-KEPT_MAX);
      if (readings++ % CARRIER_EVERY === 0) link = await carrierOf(listedAs);
    } finally {
      isReading = false;
    }
  }
  const timer = setInterval(
    () => void read().catch(() => undefined),
    PERIOD_MS,
  );
  return {
    take() {
      const taken = kept;
      kept = [];
      return taken;
    },
    link: () => link,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      while (isReading) await new Promise(setImmediate);
      await table.close();
    },
  };
}

/** A device that packets pass, besides the one that is counted. */
export interface PassedDevice {
  readonly name: string;
  /** Never waits. A carrier is not asked for: with no host on the LAN the line may still be fine. */
  link(): LinkState | null;
}

/** One that is away may come back, and be called by another of its names. */
const RENAME_MS = 1_000;

export function openPassedDevice(name: string, clock: Clock): PassedDevice {
  let listedAs = ownName(name);
  let askAt = clock.mono();
  return {
    name,
    link() {
      const state = deviceState(listedAs);
      if (state !== "gone" || clock.mono() < askAt) return state;
      askAt = later(clock.mono(), RENAME_MS);
      listedAs = ownName(name);
      return deviceState(listedAs);
    },
  };
}
