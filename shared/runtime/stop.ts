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

/** What is slow may end meanwhile; systemd waits for 5 s (`TimeoutStopSec` of the units). */
const HANGS_MS = 1_500;

/**
 * To be called last of all. Where a thread hangs in a name server or a disk the process would not end by itself, nor
 * by `process.exit`, which waits for it too: it ends by SIGTERM, which is a clean end to systemd.
 */
export function endAtLast(): void {
  const end = () => {
    process.removeAllListeners("SIGTERM");
    process.kill(process.pid, "SIGTERM");
  };
  setTimeout(end, HANGS_MS).unref();
}
