import type { Api } from "./data/api.js";
import { element, say } from "./dom.js";
import type { RecorderHealth, Worst } from "./text/summaries.js";

/** Recorder health and the worst current problem: in the page header, the title and the icon. */
interface HealthLine {
  /** Asks the recorder. */
  look(): Promise<void>;
  /** The last answer; null if the recorder did not answer. */
  readonly recorder: RecorderHealth | null;
  show(worst: Worst): void;
}

interface HealthAnswer extends RecorderHealth {
  readonly reasons: readonly string[];
  readonly recorder: { readonly missing?: number };
}

const ICON_COLOUR = {
  good: "#1f6fb2",
  warning: "#d9691e",
  critical: "#c0262d",
} as const satisfies Record<Worst["level"], string>;

export function openHealthLine(api: Api): HealthLine {
  const line = element("health", HTMLElement);
  const icon = element("icon", HTMLLinkElement);
  const picture = icon.href;
  let body: HealthAnswer | null = null;
  let isKnown = false;
  let isAsking = false;
  return {
    get recorder() {
      return body;
    },
    async look() {
      if (isAsking) return;
      isAsking = true;
      const none = new URLSearchParams();
      const outcome = await api.get<HealthAnswer>("health", none);
      body = outcome.kind === "answer" ? outcome.body : null;
      isKnown = true;
      isAsking = false;
    },
    show({ level, words }) {
      if (!isKnown) return;
      const recorder = body === null ? "" : inWords(body);
      const others = words.replace(/^recorder degraded(; )?/, "");
      const text = [others, recorder].filter(Boolean).join(" · ");
      line.classList.toggle("bad", level !== "good");
      say(line, text);
      if (line.title !== text) line.title = text;
      const title = words === "" ? "wanctl" : `${words} – wanctl`;
      if (document.title !== title) document.title = title;
      const href = picture.replace(
        "%231f6fb2",
        ICON_COLOUR[level].replace("#", "%23"),
      );
      if (icon.href !== href) icon.href = href;
    },
  };
}

function inWords({ status, reasons, recorder }: HealthAnswer): string {
  if (status === "degraded") return `Recorder degraded: ${reasons.join("; ")}`;
  const { missing = 0 } = recorder;
  return missing > 0
    ? `Recorder OK, still requesting ${missing} missing frames`
    : "Recorder OK";
}
