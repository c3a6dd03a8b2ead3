import type { PageView } from "./data/link.js";
import {
  boundsOf,
  LENGTH_NAMES,
  LENGTHS_MS,
  panned,
  zoomed,
} from "./data/span.js";
import { make, element, say } from "./dom.js";
import { boundsInWords, lasting, zoneAt } from "./text/words.js";

/** Changes the view, by buttons and keys. */
interface Toolbar {
  show(view: PageView, wans: readonly string[], nowMs: number): void;
}

interface Choice {
  readonly view: () => PageView;
  readonly wans: () => readonly string[];
  readonly now: () => number;
  readonly choose: (view: PageView) => void;
}

type Act = (view: PageView, nowMs: number) => PageView;

const moved =
  (part: number): Act =>
  (view, nowMs) => ({ ...view, span: panned(view.span, part, nowMs) });
const scaled =
  (factor: number): Act =>
  (view, nowMs) => ({ ...view, span: zoomed(view.span, factor, nowMs) });

/** Follows the clock again, keeping the length. */
const live: Act = (view, nowMs) => {
  const { fromMs, toMs } = boundsOf(view.span, nowMs);
  return { ...view, span: { kind: "last", lengthMs: toMs - fromMs } };
};

const BUTTONS: readonly (readonly [string, string, Act])[] = [
  ["‹", "Earlier (left)", moved(-0.5)],
  ["›", "Later (right)", moved(0.5)],
  ["−", "Zoom out (minus)", scaled(2)],
  ["+", "Zoom in (plus)", scaled(0.5)],
];

const KEYS: Readonly<Record<string, Act>> = {
  ArrowLeft: moved(-0.5),
  ArrowRight: moved(0.5),
  "+": scaled(0.5),
  "=": scaled(0.5),
  "-": scaled(2),
  l: live,
};

export function openToolbar({ view, wans, now, choose }: Choice): Toolbar {
  const act = (how: Act) => choose(how(view(), now()));
  const button = (text: string, label: string, press: () => void) => {
    const made = make(
      "button",
      { type: "button", "aria-label": label, title: label },
      text,
    );
    made.addEventListener("click", press);
    return made;
  };
  const lengths = LENGTH_NAMES.map((name) => ({
    name,
    element: button(name, `The last ${lasting(LENGTHS_MS[name])}`, () =>
      choose({ ...view(), span: { kind: "last", lengthMs: LENGTHS_MS[name] } }),
    ),
  }));
  const liveButton = button("Live", "Follow the clock (L)", () => act(live));
  const lines = element("wans", HTMLElement);
  element("lengths", HTMLElement).append(
    ...lengths.map(({ element }) => element),
  );
  element("moves", HTMLElement).append(
    ...BUTTONS.map(([text, label, how]) => button(text, label, () => act(how))),
    liveButton,
  );

  /** Shows or hides a WAN; at least one stays shown. */
  function toggle(wan: string): void {
    const shown = view().wans ?? wans();
    const next = shown.includes(wan)
      ? shown.filter((each) => each !== wan)
      : wans().filter((each) => each === wan || shown.includes(each));
    if (next.length === 0) return;
    choose({ ...view(), wans: next.length === wans().length ? null : next });
  }

  addEventListener("keydown", (event) => {
    const { key, ctrlKey, metaKey, altKey, target } = event;
    if (ctrlKey || metaKey || altKey) return;
    if (target instanceof HTMLInputElement) return;
    const how = KEYS[key] ?? KEYS[key.toLowerCase()];
    const wan = /^[1-9]$/.test(key) ? wans()[Number(key) - 1] : undefined;
    if (how !== undefined) act(how);
    else if (key === "0") choose({ ...view(), wans: null });
    else if (wan !== undefined) toggle(wan);
    else return;
    event.preventDefault();
  });

  const press = (element: HTMLElement, isPressed: boolean) =>
    element.setAttribute("aria-pressed", String(isPressed));

  return {
    show({ span, wans: chosen }, known, nowMs) {
      const { fromMs, toMs } = boundsOf(span, nowMs);
      for (const { name, element } of lengths)
        press(
          element,
          span.kind === "last" && span.lengthMs === LENGTHS_MS[name],
        );
      press(liveButton, span.kind === "last");
      const words = `${boundsInWords(fromMs, toMs)} ${zoneAt(toMs)}`;
      say(
        element("span", HTMLElement),
        span.kind === "last" ? `${words}, live` : words,
      );
      lines.hidden = known.length < 2;
      if (lines.textContent !== known.join(""))
        lines.replaceChildren(
          ...known.map((wan, i) =>
            button(wan, `Show ${wan} (${i + 1})`, () => toggle(wan)),
          ),
        );
      known.forEach((wan, i) => {
        const element = lines.children[i];
        if (element instanceof HTMLElement)
          press(element, (chosen ?? known).includes(wan));
      });
    },
  };
}
