import { type Direction, DIRECTIONS } from "../../shared/contract/direction.js";
import type { CycleFrame, Frame } from "../../shared/contract/frame.js";
import type { EventsAnswer } from "../../shared/contract/history.js";
import type { Api } from "./api.js";
import type { WanPresent } from "./wan-data.js";

/** The current state of each WAN: from the stream, and from `api/v1/wans` before it connects. */
interface Live {
  readonly presents: ReadonlyMap<string, WanPresent>;
  /** Runs as long as the page is open. */
  run(): Promise<never>;
}

interface LiveHandlers {
  readonly cycle: (frame: CycleFrame) => void;
  readonly happened: () => void;
  /** null: the recorder answers; otherwise the error to show. */
  readonly answers: (trouble: string | null) => void;
  /** The recorder's current time. */
  readonly clock: (atMs: number) => void;
}

interface WansAnswer {
  readonly data: readonly Omit<WanPresent, "since">[];
  readonly metadata: { readonly at: number };
}

/** A WAN without a frame for this long is not live; same limit as in the recorder. */
export const SILENT_AFTER_MS = 10_000;

const RETRY_MS = 2_000;
const UNKNOWN = { download: null, upload: null };

export function openLive(api: Api, handlers: LiveHandlers): Live {
  const presents = new Map<string, WanPresent>();

  /** Loads the current state of all WANs, and looks up in the history since when each state holds. */
  async function look(): Promise<void> {
    const none = new URLSearchParams();
    const outcome = await api.get<WansAnswer>("api/v1/wans", none);
    if (outcome.kind === "answer") {
      handlers.clock(outcome.body.metadata.at);
      for (const each of outcome.body.data) {
        const since = presents.get(each.wan)?.since ?? UNKNOWN;
        presents.set(each.wan, { ...each, since });
      }
      await lookBack();
    }
    handlers.answers(troubleIn(outcome));
  }

  async function lookBack(): Promise<void> {
    for (const { wan, since } of presents.values()) {
      if (DIRECTIONS.every((direction) => since[direction] !== null)) continue;
      const query = new URLSearchParams({
        wan,
        kind: "transition",
        limit: "100",
      });
      const outcome = await api.get<EventsAnswer>("api/v1/events", query);
      if (outcome.kind !== "answer") return;
      for (const { details, at } of [...outcome.body.data].reverse())
        turned(wan, details["direction"] as Direction, at);
    }
  }

  function turned(wan: string, direction: Direction, at: number): void {
    const present = presents.get(wan);
    if (present === undefined) return;
    presents.set(wan, {
      ...present,
      since: { ...present.since, [direction]: at },
    });
  }

  function hear(frame: Frame): void {
    const { source: wan, at } = frame;
    if (frame.kind === "cycle") {
      const before = presents.get(wan);
      presents.set(wan, {
        wan,
        at,
        isLive: true,
        hasStopped: false,
        isRouterUp: before?.isRouterUp ?? null,
        values: frame,
        since: before?.since ?? UNKNOWN,
      });
      handlers.cycle(frame);
    } else if (frame.kind === "transition") turned(wan, frame.direction, at);
    else if (frame.kind === "event") said(wan, frame.event);
    else if (frame.kind === "sample" && frame.metric === "wanctl_router_up")
      router(wan, frame.value > 0);
    if (frame.kind !== "cycle") handlers.happened();
  }

  function said(wan: string, event: string): void {
    const present = presents.get(wan);
    if (present === undefined) return;
    if (event === "stopping")
      presents.set(wan, { ...present, hasStopped: true });
    if (event === "router_lost" || event === "router_back")
      router(wan, event === "router_back");
  }

  function router(wan: string, isRouterUp: boolean): void {
    const present = presents.get(wan);
    if (present !== undefined) presents.set(wan, { ...present, isRouterUp });
  }

  return {
    presents,
    async run() {
      for (;;) {
        await look();
        const ended = await api.stream(
          "api/v1/live",
          () => handlers.answers(null),
          ({ name, data }) => {
            if (name !== "dropped") hear(JSON.parse(data) as Frame);
          },
        );
        handlers.answers(troubleIn(ended));
        await pause(RETRY_MS);
      }
    },
  };
}

const troubleIn = (outcome: Awaited<ReturnType<Api["get"]>>): string | null => {
  switch (outcome.kind) {
    case "answer":
      return null;
    case "refused":
      return outcome.message;
    case "unreachable":
      return "The recorder does not answer. The page keeps trying.";
  }
};

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));
