import {
  type Direction,
  DIRECTIONS,
  eachDirection,
  type PerDirection,
} from "../../../shared/contract/direction.js";
import { toKbps } from "../../../shared/contract/units.js";
import { ownName } from "../../probes/sockets.js";
import { excerpt } from "../../qdisc/answer.js";
import { openRouterCalls } from "../calls.js";
import {
  type Backend,
  done,
  failed,
  type Outcome,
  type Rates,
} from "../shaper.js";
import { openTcBatch } from "./batch.js";
import {
  type ActualRate,
  askLines,
  isAnother,
  parseActualRate,
  setLines,
} from "./qdisc.js";

/**
 * The qdiscs of this host as a backend: CAKE, or HTB if the kernel has no CAKE. A missing qdisc is a fault, and so is a
 * recreated one, whose rate is unknown. Each write is read back in the same batch.
 */
export function openTc(
  devices: PerDirection<string>,
  calls = openRouterCalls(),
): Backend {
  const tc = openTcBatch();
  const seen: Record<Direction, ActualRate | null> = {
    download: null,
    upload: null,
  };

  let names = devices;

  const ask = (direction: Direction, bps: number | null) =>
    calls.count("tc", exchange(direction, bps));

  /** Sets a rate, if one is given, and reads the rate in force. */
  async function exchange(
    direction: Direction,
    bps: number | null,
  ): Promise<Outcome<ActualRate>> {
    const before = seen[direction];
    // the device may have come back under another name
    if (before === null)
      names = eachDirection((name) => ownName(devices[name]));
    const device = names[direction];
    seen[direction] = null;
    const kind = before?.kind ?? "cake";
    const answer = await tc.ask([
      ...(bps === null ? [] : setLines(kind, device, bps)),
      ...askLines(device),
    ]);
    if (answer.kind === "failed")
      return failed("unreachable", `${device}: ${answer.why}`);
    const enforced = parseActualRate(answer.lines);
    if (enforced === "unreadable")
      return failed(
        "refused",
        `${device}: cannot parse the answer of 'tc -j qdisc show': got '${excerpt(answer.lines.at(-1) ?? "")}'`,
      );
    seen[direction] = enforced;
    if (enforced === null)
      return failed(
        "not_found",
        `${device}: no cake with a bandwidth and no htb class 1:1 at its root`,
      );
    if (before !== null && isAnother(before, enforced))
      return failed("not_found", `${device}: its queue was recreated`);
    return bps !== null &&
      answer.complaint !== "" &&
      toKbps(enforced.bps) !== toKbps(bps)
      ? failed("refused", `${device}: refused: ${answer.complaint}`)
      : done(enforced);
  }

  return {
    backend: "tc",
    async readRates() {
      const rates: Record<Direction, number> = { download: 0, upload: 0 };
      for (const direction of DIRECTIONS) {
        const outcome = await ask(direction, null);
        if (outcome.kind === "failed") return outcome;
        rates[direction] = outcome.value.bps;
      }
      return done<Rates>(rates);
    },
    async setRate(direction, bps) {
      const outcome = await ask(direction, bps);
      return outcome.kind === "failed" ? outcome : done(outcome.value.bps);
    },
    describe: () =>
      Promise.resolve(
        done({
          is: DIRECTIONS.map(
            (name) => `${names[name]}: ${seen[name]?.kind ?? "no queue"}`,
          ).join(", "),
          warnings: [],
        }),
      ),
    [Symbol.asyncDispose]: () => tc[Symbol.asyncDispose](),
  };
}
