/** Points at which tests kill the recorder; it must recover from a crash at any of them. */
export type FaultPoint =
  | "frame-received"
  | "row-bound"
  | "before-commit"
  | "after-commit"
  | "state-sent"
  | "mid-resend"
  | "mid-rollup"
  | "mid-retention"
  | "mid-vacuum";

/** `WANCTL_FAULT=row-bound:40` kills the process with SIGKILL at the 40th pass of this point. Tests only. */
const [POINT = "", TIMES = "1"] =
  process.env["NODE_ENV"] === "test"
    ? (process.env["WANCTL_FAULT"] ?? "").split(":")
    : [];

let left = Number(TIMES);

export function fault(point: FaultPoint): void {
  if (point === POINT && --left === 0) process.kill(process.pid, "SIGKILL");
}
