import { open, type FileHandle } from "node:fs/promises";
import { clearInterval, setInterval } from "node:timers";
import type { Clock } from "../../shared/clock.js";
import type { Counted } from "../law/reading.js";
import type { Counters } from "./counters.js";

const PERIOD_MS = 25;

/** Values kept for a cycle that is late; older ones are dropped. */
const KEPT_MAX = 64;

/**
 * The bytes a device received and sent, from /proc/net/dev (proc_net(5)); null where there is no such device.
 * `  eth0: 1296 9 0 0 0 0 0 0 1176 8 0 ...`: receive first, transmit eight fields later.
 */
export function parseDevice(
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
    return { received: Number(fields[0]), sent: Number(fields[8]) };
  }
  return null;
}

/** Reads a device's counters every 25 ms. No value while the device is away. */
export async function openProcCounters(
  device: string,
  clock: Clock,
): Promise<Counters> {
  const table: FileHandle = await open("/proc/self/net/dev");
  const buffer = Buffer.alloc(65_536);
  let kept: Counted[] = [];
  let isReading = false;
  async function read(): Promise<void> {
    if (isReading) return;
    isReading = true;
    try {
      const { bytesRead } = await table.read(buffer, 0, buffer.length, 0);
      const bytes = parseDevice(
        buffer.toString("latin1", 0, bytesRead),
        device,
      );
      if (bytes === null) return;
      kept.push({
        at: clock.mono(),
        downloadBytes: bytes.received,
        uploadBytes: bytes.sent,
      });
      if (kept.length > KEPT_MAX) kept = kept.slice(-KEPT_MAX);
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
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      while (isReading) await new Promise(setImmediate);
      await table.close();
    },
  };
}
