import { eachTier } from "../../../recorder/tiers/tier.js";
import { join } from "node:path";
import { openApi } from "../../../recorder/http/api.js";
import type { HttpConfig } from "../../../recorder/http/config.js";
import { openCatchUp } from "../../../recorder/ingest/catch-up.js";
import { type Intake, openIntake } from "../../../recorder/ingest/intake.js";
import { openJournal } from "../../../recorder/journal.js";
import { openClockWatch } from "../../../recorder/maintenance/clock-watch.js";
import { openMaintenance } from "../../../recorder/maintenance/maintenance.js";
import { openStore, type Store } from "../../../recorder/store/store.js";
import { encodeFrame, type Frame } from "../../../shared/contract/frame.js";
import type { Health } from "../../../shared/runtime/health.js";
import { handClock, type HandClock } from "../../fakes/hand-clock.js";
import { collectedLog } from "../collected-log.js";
import { temporaryFolder } from "../temporary.js";
import { DAY_MS } from "../upkeep-of.js";

const KEEP = eachTier(() => DAY_MS);

/** A recorder without its bus: frames are handed to it, and its HTTP server answers. */
export interface Post {
  readonly url: string;
  readonly socket: string;
  readonly clock: HandClock;
  readonly store: Store;
  readonly intake: Intake;
  readonly log: { readonly events: string[] };
  readonly health: { now: Health };
  take(...frames: readonly Frame[]): void;
  get(path: string, init?: RequestInit): Promise<Response>;
  json(path: string): Promise<Json>;
}

/** What is read out of an answer is checked where it is used. */
export type Json = { readonly [key: string]: never } & {
  readonly data: readonly Record<string, unknown>[];
  readonly metadata: Record<string, unknown>;
  readonly error: string;
};

/** One for each test, gone after it. */
export function temporaryPost(config: Partial<HttpConfig> = {}): Post {
  const folder = temporaryFolder();
  const post = {} as { -readonly [K in keyof Post]: Post[K] };
  let closing: AsyncDisposable[] = [];

  beforeEach(async () => {
    const clock = handClock();
    const log = collectedLog();
    const store = openStore(join(folder.path, "m.db"), clock.wall());
    const intake = openIntake(store, clock, log);
    const maintenance = openMaintenance(store, clock, log, {
      clockWatch: openClockWatch(clock, null),
      journal: openJournal(store, clock, log),
      policy: { keep: KEEP, eventMs: DAY_MS, maxBytes: 1e9, minFreeBytes: 0 },
    });
    maintenance.slice();
    const health: Post["health"] = {
      now: {
        status: "fine",
        reasons: [],
        recorder: {},
        silent: [],
        sources: [],
      },
    };
    const api = await openApi(
      {
        http: { host: "127.0.0.1", port: 0, token: null, ...config },
        socket: join(folder.path, "api"),
      },
      {
        look: () => health.now,
        catchUp: openCatchUp(store, intake, clock),
        ...{ store, intake, maintenance, clock, log },
      },
    );
    closing = [api, intake, store];
    const url = String(api.url);
    const get: Post["get"] = (path, init) => fetch(url + path, init);
    Object.assign(post, { clock, log, store, intake, health, get });
    Object.assign(post, {
      url,
      socket: join(folder.path, "api"),
      take: (...frames: Frame[]) => {
        for (const frame of frames) intake.take(encodeFrame(frame));
      },
      json: async (path: string) => (await get(path)).json(),
    });
  });
  afterEach(async () => {
    for (const each of closing) await each[Symbol.asyncDispose]();
  });
  return post;
}
