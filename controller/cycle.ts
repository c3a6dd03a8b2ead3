import type { Publisher } from "../shared/bus/publisher.js";
import { causeCode } from "../shared/contract/cause.js";
import { DIRECTIONS } from "../shared/contract/direction.js";
import type { Message } from "../shared/contract/frame.js";
import type { Row } from "../shared/contract/row.js";
import { readingCode, stateCode } from "../shared/contract/state.js";
import { maybe, toKbps, toUs } from "../shared/contract/units.js";
import { msSince } from "../shared/runtime/clock.js";
import type { Checkpoint } from "./checkpoint.js";
import type { Facts } from "./condition/classification.js";
import type { ConditionWatch } from "./condition/condition-watch.js";
import type {
  CallsWatch,
  LearnedWatch,
  RouterWatch,
} from "./condition/samples.js";
import type { HealthView } from "./condition/view.js";
import type { Watch } from "./condition/watch.js";
import { reasonFor } from "./law/congestion.js";
import { type ControlState, initial, step } from "./law/control.js";
import { baselineMs, median } from "./law/estimator.js";
import { silenceMs } from "./law/evidence.js";
import type { Policy, Reading } from "./law/inputs.js";
import { type CutEvidence, ratesOf, type RateState } from "./law/rate-state.js";
import { recentRate } from "./law/traffic.js";
import { TUNING } from "./law/tuning.js";
import type { Line } from "./line/line.js";
import type { Cycle } from "./line/metronome.js";

/** The parts a cycle uses. */
export interface WanLoop {
  readonly policy: Policy;
  /** What an earlier run learned. */
  readonly checkpoint: Pick<Checkpoint, "known" | "offer">;
  readonly line: Line;
  readonly publisher: Pick<Publisher, "publish" | "lastUs">;
  readonly watch: Watch;
  readonly condition: ConditionWatch;
  readonly calls: CallsWatch;
  readonly router: RouterWatch;
  readonly learned: LearnedWatch;
  readonly view: HealthView;
}

/** One cycle: read, decide, request, publish. Never waits: input is there already, requests run in the background. */
export function cycle(
  wan: WanLoop,
  last: ControlState | null,
  tick: Cycle,
): ControlState {
  const now = wan.line.startOf(tick);
  const before = last ?? initial(wan.policy, now, wan.checkpoint.known);
  const reading = wan.line.take(now);
  const after = step(before, reading, now, wan.policy);
  wan.line.shaper.request(ratesOf(after.rate));
  const row = rowOf(wan, reading, after, tick);
  wan.publisher.publish({ kind: "cycle", ...row });
  for (const message of transitionMessages(after))
    wan.publisher.publish(message);
  wan.checkpoint.offer(after);
  const facts = factsOf(wan, after);
  wan.watch.look(before, after, facts);
  wan.condition.look(facts, now);
  wan.calls.look(now);
  wan.router.look(wan.line.shaper.view(), now);
  wan.learned.look(after);
  wan.view.show(row, after, tick);
  return after;
}

/** A reflector counts as answering if it replied within this time, ms. */
const ANSWERING_MS = 5_000;
/** Received traffic is averaged over this time, ms. */
const RECEIVED_MS = 500;

/** The input for the condition of the line. */
function factsOf(
  { line, policy }: WanLoop,
  { estimate, evidence, traffic, at }: ControlState,
): Facts {
  return {
    ...line.signs(),
    silentMs: silenceMs(evidence, at),
    answering: estimate.baselines.filter(
      (baseline) => baseline && msSince(baseline.at, at) <= ANSWERING_MS,
    ).length,
    receivedBps: recentRate(traffic, "download", RECEIVED_MS),
    floorBps: policy.limits.download.floorBps,
  };
}

/** The row of this cycle; converts the law's ms and bit/s to the wire's µs and kbit/s. */
function rowOf(
  { line, publisher }: WanLoop,
  reading: Reading,
  { estimate, rate, state, traffic }: ControlState,
  tick: Cycle,
): Row {
  const enforced = line.shaper.actualBps();
  const baselineUs = maybe(baselineMs(estimate), toUs);
  const deltaUs = maybe(estimate.deltaMs, toUs);
  const loadOf = (direction: "download" | "upload") =>
    maybe(recentRate(traffic, direction, TUNING.usedWindowMs), toKbps);
  const [download, upload] = [cutOf(rate.download), cutOf(rate.upload)];
  return {
    reading: readingCode(reading.kind),
    rttUs: maybe(median(reading.replies.map((reply) => reply.rttMs)), toUs),
    // the exact sum of the two fields below
    loadRttUs:
      baselineUs === null || deltaUs === null ? null : baselineUs + deltaUs,
    baselineUs,
    deltaUs,
    lost: reading.lost,
    stateDownload: stateCode(state.download),
    wantedDownloadKbps: toKbps(rate.download.bps),
    enforcedDownloadKbps: maybe(enforced.download, toKbps),
    loadDownloadKbps: loadOf("download"),
    targetDownloadUs: toUs(rate.download.targetMs),
    causeDownload: causeCode(rate.download.cause),
    causeDownloadUs: maybe(rate.download.causeMs, toTenthMsUs),
    stateUpload: stateCode(state.upload),
    wantedUploadKbps: toKbps(rate.upload.bps),
    enforcedUploadKbps: maybe(enforced.upload, toKbps),
    loadUploadKbps: loadOf("upload"),
    targetUploadUs: toUs(rate.upload.targetMs),
    causeUpload: causeCode(rate.upload.cause),
    causeUploadUs: maybe(rate.upload.causeMs, toTenthMsUs),
    lateUs: toUs(tick.lateMs),
    missed: tick.missed,
    publishUs: publisher.lastUs,
    badDownload: download?.bad ?? null,
    samplesDownload: download?.samples ?? null,
    carriedDownloadKbps: maybe(download?.seenBps ?? null, toKbps),
    badUpload: upload?.bad ?? null,
    samplesUpload: upload?.samples ?? null,
    carriedUploadKbps: maybe(upload?.seenBps ?? null, toKbps),
  };
}

/** The evidence of a cut made in this cycle. */
const cutOf = ({ cause, lastCut }: RateState): CutEvidence | null =>
  cause === "cut" ? lastCut : null;

/** ms to µs, rounded to 0.1 ms: enough for people, and smaller on disk. */
const toTenthMsUs = (ms: number): number => 100 * toUs(ms / 100);

function transitionMessages({ transition }: ControlState): Message[] {
  return DIRECTIONS.flatMap((direction): Message[] => {
    const change = transition[direction];
    if (change === null) return [];
    return [
      {
        kind: "transition",
        direction,
        from: stateCode(change.from),
        to: stateCode(change.to),
        deltaUs: toUs(change.deltaMs),
        threshold: change.threshold,
        thresholdUs: toUs(change.thresholdMs),
        reason: reasonFor(change),
      },
    ];
  });
}
