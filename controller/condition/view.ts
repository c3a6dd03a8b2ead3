import { causeInWords } from "../../shared/contract/cause.js";
import {
  type Direction,
  DIRECTIONS,
  eachDirection,
} from "../../shared/contract/direction.js";
import type { Row } from "../../shared/contract/row.js";
import { READINGS, type State } from "../../shared/contract/state.js";
import { inTenths, maybe, showMbps } from "../../shared/contract/units.js";
import { type Clock, msSince } from "../../shared/runtime/clock.js";
import type { Health } from "../../shared/runtime/health.js";
import type { Checkpoint } from "../checkpoint.js";
import type { ControlState } from "../law/control.js";
import { baselineMs } from "../law/estimator.js";
import { shownRestlessness } from "../law/restlessness.js";
import type { Line } from "../line/line.js";
import type { Cycle } from "../line/metronome.js";
import type { ConditionWatch } from "./condition-watch.js";

/** The controller's health, for its socket. Answers before the first cycle too. */
export interface HealthView {
  show(row: Row, state: ControlState, tick: Cycle): void;
  health(): Health;
  /** The same in one line. */
  words(): string;
}

interface Parts {
  readonly line: Line;
  readonly bus: () => Readonly<Record<string, unknown>>;
  readonly checkpoint: Pick<Checkpoint, "view">;
  readonly condition: Pick<ConditionWatch, "view">;
  readonly config: { readonly refused: string | null };
}

export function openHealthView(
  wan: string,
  boot: string,
  { line, bus, checkpoint, condition, config }: Parts,
  clock: Clock,
): HealthView {
  const startedAt = clock.mono();
  let latest: {
    row: Row;
    state: ControlState;
    lateMs: number;
  } | null = null;
  let lastRttMs: number | null = null;
  let cycles = 0;
  let missed = 0;
  const held: Record<Direction, { state: State; from: number }> = {
    download: { state: "GREEN", from: 0 },
    upload: { state: "GREEN", from: 0 },
  };

  function reasons(): string[] {
    const router = line.shaper.view();
    const said: string[] = [];
    const standing = condition.view();
    if (standing === null) said.push("no cycle yet");
    else if (standing.why !== null) said.push(standing.why);
    const { pingerFault } = line.signs();
    if (pingerFault !== null) said.push(`pinger: ${pingerFault}`);
    const heldMs = latest?.state.counterUpdates.heldMs ?? 0;
    if (heldMs > 0)
      said.push(
        `byte counters are updated only every ${(heldMs / 1e3).toFixed(1)} s: cuts are sized by the delay`,
      );
    if (router.error !== null) said.push(`router: ${router.error}`);
    said.push(...router.warnings.map((warning) => `router: ${warning}`));
    const unsaved = checkpoint.view()?.error;
    if (unsaved) said.push(`checkpoint: ${unsaved}`);
    if (config.refused !== null) said.push(`configuration: ${config.refused}`);
    return said;
  }

  function direction(name: Direction): unknown {
    if (latest === null) return null;
    const { row, state } = latest;
    const D = titled(name);
    return {
      state: state.state[name],
      sinceMs: Math.round(state.at - held[name].from),
      wantedKbps: row[`wanted${D}Kbps`],
      enforcedKbps: row[`enforced${D}Kbps`],
      loadKbps: row[`load${D}Kbps`],
      why: causeInWords(row, name),
      restlessness: shownRestlessness(state.rate[name].restlessness),
    };
  }

  /** `download GREEN 93 Mbit/s (hold: idle)` */
  function directionInWords(name: Direction, row: Row, state: State): string {
    const bps = row[`wanted${titled(name)}Kbps`];
    return `${name} ${state} ${showMbps(bps)} Mbit/s (${causeInWords(row, name)})`;
  }

  function measuring(): unknown {
    if (latest === null) return null;
    const { estimate, evidence, at } = latest.state;
    const age = maybe(evidence.heardAt, (then) => msSince(then, at));
    return {
      reading: READINGS[latest.row.reading],
      replyAgeMs: maybe(age, Math.round),
      rttMs: lastRttMs,
      baselineMs: maybe(baselineMs(estimate), inTenths),
      deltaMs: maybe(estimate.deltaMs, inTenths),
    };
  }

  return {
    show(row, state, tick) {
      latest = { row, state, lateMs: tick.lateMs };
      lastRttMs = maybe(row.rttUs, (us) => us / 1e3) ?? lastRttMs;
      cycles++;
      missed += tick.missed;
      for (const name of ["download", "upload"] as const)
        if (cycles === 1 || held[name].state !== state.state[name])
          held[name] = { state: state.state[name], from: state.at };
    },
    health() {
      const said = reasons();
      return {
        status: said.length === 0 ? "fine" : "degraded",
        reasons: said,
        wan,
        boot,
        pid: process.pid,
        uptimeMs: Math.round(msSince(startedAt, clock.mono())),
        loop: {
          cycles,
          missed,
          lateMs: inTenths(latest?.lateMs ?? 0),
        },
        condition: condition.view(),
        measuring: measuring(),
        probing: line.probing(),
        router: { ...line.shaper.view(), calls: line.calls() },
        ...eachDirection(direction),
        bus: bus(),
        checkpoint: checkpoint.view(),
      };
    },
    words() {
      if (latest === null) return "no cycle yet";
      const { row, state } = latest;
      const sides = DIRECTIONS.map((name) =>
        directionInWords(name, row, state.state[name]),
      ).join(", ");
      const said = reasons();
      return said.length === 0
        ? sides
        : `degraded (${said.join("; ")}): ${sides}`;
    },
  };
}

const titled = (name: Direction): "Download" | "Upload" =>
  name === "download" ? "Download" : "Upload";
