import { type Clock, later } from "./clock.js";
import { libcOf } from "./libc.js";

/** Notifies the service manager, sd_notify(3); does nothing without one. */
interface Supervisor {
  ready(): void;
  /** A line for `systemctl status`. May be called any time: evaluated at most every 2 s, and sent if changed. */
  status(words: () => string): void;
  /** Work was done. May be called any time: notifies the watchdog four times per WatchdogSec. */
  alive(): void;
  stopping(): void;
}

const SILENT: Supervisor = {
  ready() {},
  status() {},
  alive() {},
  stopping() {},
};

const STATUS_MS = 2_000;

export function openSupervisor(clock: Clock): Supervisor {
  const path = process.env["NOTIFY_SOCKET"];
  if (path === undefined) return SILENT;
  const send = datagramSender(path);
  const watchdogMs = Number(process.env["WATCHDOG_USEC"] ?? Infinity) / 1e3;
  let next = clock.mono();
  let nextStatus = clock.mono();
  let said = "";
  return {
    ready: () => send("READY=1"),
    status(words) {
      if (clock.mono() < nextStatus) return;
      nextStatus = later(clock.mono(), STATUS_MS);
      const now = words();
      if (now !== said) send(`STATUS=${now}`);
      said = now;
    },
    alive() {
      if (!Number.isFinite(watchdogMs) || clock.mono() < next) return;
      next = later(clock.mono(), watchdogMs / 4);
      send("WATCHDOG=1");
    },
    stopping: () => send("STOPPING=1"),
  };
}

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;

/** Calls libc directly, as Node has no Unix datagram sockets: 2 µs per message on the main thread. */
function datagramSender(path: string): (text: string) => void {
  const libc = libcOf();
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF_UNIX);
  const address = Buffer.concat([
    family,
    Buffer.from(path.replace(/^@/, "\0")),
  ]);
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
  return (text) => {
    const bytes = Buffer.from(text);
    libc.sendto(
      fd,
      bytes,
      bytes.length,
      MSG_DONTWAIT_NOSIGNAL,
      address,
      address.length,
    );
  };
}
