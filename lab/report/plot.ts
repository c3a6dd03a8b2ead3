/** Where data stand in a picture: a span of values onto a span of pixels. */
export type Scale = (value: number) => number;

/** @param from values, @param to pixels */
export const linear =
  (from: readonly [number, number], to: readonly [number, number]): Scale =>
  (value) =>
    to[0] + ((value - from[0]) / (from[1] - from[0])) * (to[1] - to[0]);

/** Logarithmic; what is below the span stands at its edge. */
export function logarithmic(
  from: readonly [number, number],
  to: readonly [number, number],
): Scale {
  const scale = linear([Math.log(from[0]), Math.log(from[1])], to);
  return (value) => scale(Math.log(Math.max(from[0], value)));
}

/** Three to six round numbers from 0 to `most`. */
export function ticks(most: number): number[] {
  const size = 10 ** Math.floor(Math.log10(most / 3));
  const step =
    [1, 2, 5, 10].map((f) => f * size).find((s) => most / s <= 6) ?? most;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) =>
    Number((i * step).toPrecision(6)),
  );
}

/** A line through the points; it breaks where there is none. */
export function line(
  values: readonly (number | null)[],
  x: Scale,
  y: Scale,
): string {
  let pen = "M";
  let path = "";
  for (const [i, value] of values.entries()) {
    if (value === null) {
      pen = "M";
      continue;
    }
    path += `${pen}${px(x(i))} ${px(y(value))}`;
    pen = "L";
  }
  return path;
}

/** The area under stairs, closed at `baseline`. */
export function stairs(
  values: readonly number[],
  x: Scale,
  y: Scale,
  baseline: number,
): string {
  const tops = values.map(
    (value, i) => `L${px(x(i))} ${px(y(value))}H${px(x(i + 1))}`,
  );
  return `M${px(x(0))} ${px(baseline)}${tops.join("")}V${px(baseline)}Z`;
}

export const px = (value: number): string =>
  String(Math.round(value * 10) / 10);

/** Text made safe to stand in HTML. */
export const escaped = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
