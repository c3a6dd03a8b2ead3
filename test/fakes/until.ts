/** Looks every few ms until there is something other than null or undefined; throws after `deadlineMs`, minutes for a starved machine. */
export async function until<T>(
  look: () => T | null | undefined,
  deadlineMs = 120_000,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const found = look();
    if (found !== null && found !== undefined) return found;
    if (performance.now() > end)
      throw new Error(`nothing came of it within ${deadlineMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
