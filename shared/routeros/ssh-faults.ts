import { failed, type FaultKind, type Outcome } from "./session.js";

/** What ssh's complaints mean, the surer ones first. */
const COMPLAINTS: readonly (readonly [RegExp, FaultKind])[] = [
  [
    /Host key verification failed|HOST IDENTIFICATION HAS CHANGED|host key is known/,
    "untrusted",
  ],
  [/no matching host key type/, "untrusted"],
  [
    /Permission denied|Too many authentication failures|No such identity|Load key|UNPROTECTED PRIVATE KEY/i,
    "unauthorized",
  ],
  [/timed out|Timeout, server|not responding/, "timeout"],
  [/Session open refused|administratively prohibited|open failed/, "busy"],
];

/** The fault in ssh's words; where none is known, nobody was reached. */
export function faultOf(complaint: string): Outcome<never> {
  const [, fault = "unreachable"] =
    COMPLAINTS.find(([words]) => words.test(complaint)) ?? [];
  return failed(fault, complaint === "" ? "ssh ended" : complaint.slice(-300));
}

/** Has the connection gone away while it was borrowed? */
export const hasLostMaster = (complaint: string): boolean =>
  /mux_client|control socket|controlsocket|control master/i.test(complaint);
