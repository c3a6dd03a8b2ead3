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
