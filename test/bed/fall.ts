import type { System } from "./system.js";
import { until } from "./waiting.js";

/** Lets a loaded line fall to 8 Mbit/s until its rate is cut to about that, and rise again. @throws after `ms` */
export async function fallUntilCut(
  { heard, line }: System,
  riseKbps: number,
  ms: number,
): Promise<void> {
  const place = heard.frames.length;
  line.capacity(8_000);
  await until("a cut", ms, () =>
    heard
      .cyclesFrom(place)
      .some(({ wantedDownloadKbps }) => wantedDownloadKbps < 9_000),
  );
  line.capacity(riseKbps);
}
