/** Aborted by SIGTERM or SIGINT. A second signal ends the process at once, exit code 3. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(3);
    controller.abort();
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);
  return controller.signal;
}

/** Grace period for slow work before the process ends itself, ms; systemd allows 5 s (`TimeoutStopSec`). */
const HANGS_MS = 1_500;

/**
 * To be called last. A thread that hangs in a DNS lookup or on a disk keeps the process alive, and `process.exit` waits
 * for it too; so the process then sends itself SIGTERM, which systemd counts as a clean exit.
 */
export function endAtLast(): void {
  const end = () => {
    process.removeAllListeners("SIGTERM");
    process.kill(process.pid, "SIGTERM");
  };
  setTimeout(end, HANGS_MS).unref();
}
