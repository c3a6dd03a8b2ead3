/** Where a test may have the recorder die: the instants between which it must not matter when. */
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

/** `WANCTL_FAULT=row-bound:40` kills the process, as SIGKILL does, when it comes by for the 40th time. Tests only. */
const [POINT = "", TIMES = "1"] =
  process.env["NODE_ENV"] === "test"
    ? (process.env["WANCTL_FAULT"] ?? "").split(":")
    : [];

let left = Number(TIMES);

export function fault(point: FaultPoint): void {
  if (point === POINT && --left === 0) process.kill(process.pid, "SIGKILL");
}
