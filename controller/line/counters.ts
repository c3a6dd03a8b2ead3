import { type FileHandle, open, readFile } from "node:fs/promises";
import { clearInterval, setInterval } from "node:timers";
import { type Clock, later } from "../../shared/runtime/clock.js";
import type { LinkState } from "../condition/classification.js";
import type { Counted } from "../law/inputs.js";
import { deviceState, ownName } from "../probes/sockets.js";

/** The byte counters of the WAN, read in the background. */
export interface Counters extends AsyncDisposable {
  /** The values since the last call, oldest first. */
  take(): readonly Counted[];
  /** The state of the counted interface; null if unknown. */
  link(): LinkState | null;
}

/** For lines without byte counters. */
export const NO_COUNTERS: Counters = {
  take: () => [],
  link: () => null,
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** Time between readings, ms. */
const PERIOD_MS = 25;

/** The carrier is checked at every eighth reading. */
const CARRIER_EVERY = 8;

/** Values kept while a cycle is late; older ones are dropped. */
const KEPT_MAX = 64;

/**
 * The bytes a device received and sent, from /proc/net/dev (proc_net(5)); null if there is no such device.
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

/** Whether an existing device has a carrier, sysfs(5); "down" also if administratively down, null if unknown. */
async function carrierOf(device: string): Promise<LinkState | null> {
  try {
    const carrier = await readFile(`/sys/class/net/${device}/carrier`, "utf8");
    return carrier.trim() === "1" ? "up" : "down";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EINVAL" ? "down" : null;
  }
}

/** Reads a device's counters every 25 ms. No values while the device does not exist. */
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

/** A device on the packets' path other than the counted one. */
export interface PassedDevice {
  readonly name: string;
  /** Never waits. Ignores the carrier: without a host on the LAN the line may still be fine. */
  link(): LinkState | null;
}

/** How often to look up a missing device's name again, ms: it may come back under another one. */
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
