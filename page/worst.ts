import { DIRECTIONS } from "../shared/contract/direction.js";
import { STATES } from "../shared/contract/state.js";
import type { Present } from "./now.js";
import { lasting } from "./words.js";

/** The worst that is going on, for the head of the page, its title and its icon. */
export interface Worst {
  readonly level: "good" | "warning" | "critical";
  /** "spectrum: nothing heard for 20 s"; empty where all is well */
  readonly words: string;
}

/** What the recorder says of itself and of controllers; null where it does not answer. */
export interface RecorderHealth {
  readonly status: "fine" | "degraded";
  readonly silent?: readonly {
    readonly wan: string;
    readonly lastAtMs: number;
  }[];
}

/** A state is weather unless it lasts. */
const LASTING_MS = 10_000;

export function worstOf(
  presents: readonly Present[],
  health: RecorderHealth | null,
  nowMs: number,
): Worst {
  const dead = (health?.silent ?? [])
    .filter(({ wan }) => !presents.some((each) => each.wan === wan))
    .map(({ wan, lastAtMs }) => silence(wan, lastAtMs, nowMs));
  const quiet = presents
    .filter(({ isLive, hasStopped }) => !isLive && !hasStopped)
    .map(({ wan, at }) => silence(wan, at, nowMs));
  const routers = presents
    .filter(({ isLive, isRouterUp }) => isLive && isRouterUp === false)
    .map(({ wan }) => `${wan}: its router does not answer`);
  const critical = [
    ...(health === null ? ["recorder: not known"] : []),
    ...quiet,
    ...dead,
    ...routers,
  ];
  const warning = [
    ...(health?.status === "degraded" ? ["recorder degraded"] : []),
    ...presents.flatMap((each) => congested(each, nowMs)),
  ];
  const all = [...critical, ...warning];
  return {
    level:
      critical.length > 0 ? "critical" : all.length > 0 ? "warning" : "good",
    words: all.join("; "),
  };
}

const silence = (wan: string, at: number | null, nowMs: number): string =>
  `${wan}: nothing heard${at === null ? "" : ` for ${lasting(nowMs - at)}`}`;

function congested(
  { wan, values, isLive, since }: Present,
  nowMs: number,
): readonly string[] {
  return DIRECTIONS.flatMap((direction) => {
    const code = values?.[`state${TITLED[direction]}`] ?? 0;
    const from = since[direction];
    const isLong = from !== null && nowMs - from > LASTING_MS;
    return isLive && code >= 2 && isLong
      ? [`${wan}: ${direction} ${STATES[code] ?? "?"}`]
      : [];
  });
}

const TITLED = { download: "Download", upload: "Upload" } as const;
