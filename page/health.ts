import type { Api } from "./api.js";
import { part, say } from "./parts.js";

/** How the recorder is, in a line. */
export interface HealthLine {
  look(): Promise<void>;
}

interface HealthAnswer {
  readonly status: "fine" | "degraded";
  readonly reasons: readonly string[];
  readonly recorder: {
    readonly missing?: number;
    readonly lastCommitAgeMs?: number | null;
  };
}

export function openHealthLine(api: Api): HealthLine {
  const line = part("health", HTMLElement);
  return {
    async look() {
      const none = new URLSearchParams();
      const outcome = await api.get<HealthAnswer>("health", none);
      const body = outcome.kind === "answer" ? outcome.body : null;
      line.classList.toggle("bad", body?.status !== "fine");
      say(line, body === null ? "recorder: not known" : inWords(body));
    },
  };
}

function inWords({ status, reasons, recorder }: HealthAnswer): string {
  if (status === "degraded") return `recorder degraded: ${reasons.join("; ")}`;
  const { missing = 0 } = recorder;
  return missing > 0
    ? `recorder fine, still asking for ${missing} frames`
    : "recorder fine";
}
