import type uPlot from "./uplot.js";

/** A finger drawn across a chart selects a time, as a mouse does; drawn up or down it still scrolls the page. */
export function touchSelect(): uPlot.Plugin {
  return { hooks: { ready: listen } };
}

function listen(plot: uPlot): void {
  const { over } = plot;
  let begunAt: number | null = null;
  const placeOf = ({ clientX }: PointerEvent) => {
    const { left, width } = over.getBoundingClientRect();
    return Math.min(Math.max(clientX - left, 0), width);
  };
  const selection = (x: number) => ({
    left: Math.min(begunAt ?? x, x),
    width: Math.abs(x - (begunAt ?? x)),
    top: 0,
    height: over.clientHeight,
  });
  const isFinger = ({ pointerType }: PointerEvent) => pointerType === "touch";

  over.addEventListener("pointerdown", (event) => {
    if (isFinger(event)) begunAt = placeOf(event);
  });
  over.addEventListener("pointermove", (event) => {
    if (!isFinger(event)) return;
    const x = placeOf(event);
    plot.setCursor({ left: x, top: 0 });
    if (begunAt !== null) plot.setSelect(selection(x), false);
  });
  over.addEventListener("pointerup", (event) => {
    if (begunAt === null) return;
    const chosen = selection(placeOf(event));
    begunAt = null;
    plot.setSelect(chosen, chosen.width > 10);
  });
  over.addEventListener("pointercancel", () => {
    begunAt = null;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  });
}
