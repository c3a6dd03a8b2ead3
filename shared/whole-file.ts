import { open, rename } from "node:fs/promises";

/** Replaces a file whole, or not at all: written beside, synced, renamed. */
export async function replaceFile(
  file: string,
  content: string | Uint8Array,
): Promise<void> {
  const beside = `${file}.new`;
  const handle = await open(beside, "w", 0o660);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, file);
}
