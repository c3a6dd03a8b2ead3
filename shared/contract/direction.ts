/** The two directions of a line. */
export type Direction = "download" | "upload";

export const DIRECTIONS = [
  "download",
  "upload",
] as const satisfies readonly Direction[];

export type PerDirection<T> = Readonly<Record<Direction, T>>;

/** One value per direction. */
export const eachDirection = <T>(
  make: (direction: Direction) => T,
): PerDirection<T> => ({
  download: make("download"),
  upload: make("upload"),
});

export const opposite = (direction: Direction): Direction =>
  direction === "download" ? "upload" : "download";
