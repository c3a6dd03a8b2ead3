import { type Metric, METRICS } from "../../../shared/contract/metrics.js";
import type { Labels, Point } from "./family.js";
import type { Figure, Scene } from "./figures.js";

/** The registry's metrics, as the last cycle has them; one family per name. */
export const CURRENT: readonly Figure[] = [
  ...new Set(METRICS.map(({ name }) => name)),
].map((name): Figure => {
  const metrics = METRICS.filter((metric) => metric.name === name);
  const [first] = metrics;
  const isCounter = first?.from.kind === "counter";
  const labels = isCounter ? first.from.labels : (first?.labels ?? {});
  return {
    type: isCounter ? "counter" : "gauge",
    name,
    help: first?.help ?? "",
    labels: ["wan", ...Object.keys(labels)],
    points: (scene) => metrics.flatMap((metric) => valuesOf(metric, scene)),
  };
});

function valuesOf(
  { name, from, labels }: Metric,
  { present, clock }: Scene,
): readonly Point[] {
  if (from.kind === "cycle")
    return present.live(clock.mono()).flatMap(({ wan, cycle }): Point[] => {
      const value = cycle[from.field];
      // divided, as in the database: 24300 * 0.001 is not 24.3
      return value === null
        ? []
        : [[{ ...labels, wan }, value / (1 / from.factor)]];
    });
  const heard = present
    .samples(clock.mono())
    .filter(({ metric }) => metric === name);
  const points = heard.map(({ wan, labels, value }): Point => [
    { ...labels, wan },
    value,
  ]);
  if (from.kind === "sample") return points;
  // a counter that appears with its first count hides that one from increase()
  const wans = new Set(heard.map(({ wan }) => wan));
  const zeros = [...wans].flatMap((wan) =>
    combinations(from.labels).map((each): Point => [{ ...each, wan }, 0]),
  );
  return [...zeros, ...points];
}

const combinations = (
  labels: Readonly<Record<string, readonly string[]>>,
): readonly Labels[] =>
  Object.entries(labels).reduce<readonly Labels[]>(
    (made, [key, values]) =>
      made.flatMap((labels) =>
        values.map((value) => ({ ...labels, [key]: value })),
      ),
    [{}],
  );
