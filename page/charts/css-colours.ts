import { element } from "../dom.js";

/** Colours of the style sheet, for drawing on a canvas. */
export type ColourName =
  | "page"
  | "text"
  | "quiet"
  | "line"
  | "accent"
  | "accent-band"
  | "load"
  | "state-0"
  | "state-1"
  | "state-2"
  | "state-3";

/** The current value of a colour; it differs between the light and the dark theme. */
export type CssColours = (name: ColourName) => string;

export function openCssColours(): CssColours {
  const probe = document.createElement("i");
  probe.hidden = true;
  // in forced-colors mode all lines would get the same colour
  probe.style.setProperty("forced-color-adjust", "none");
  document.body.append(probe);
  let known = new Map<ColourName, string>();
  const forget = () => (known = new Map());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", forget);
  addEventListener("theme", forget);
  return (name) => {
    let colour = known.get(name);
    if (colour === undefined) {
      probe.style.color = `var(--${name})`;
      colour = getComputedStyle(probe).color;
      known.set(name, colour);
    }
    return colour;
  };
}

const KEY = "wanctl-theme";

/** Light or dark: the system's setting until the user chooses. */
export function openTheme(): void {
  const root = document.documentElement;
  const button = element("theme", HTMLButtonElement);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () =>
    root.style.colorScheme === ""
      ? dark.matches
      : root.style.colorScheme === "dark";
  root.style.colorScheme = localStorage.getItem(KEY) ?? "";
  button.addEventListener("click", () => {
    const chosen = isDark() ? "light" : "dark";
    root.style.colorScheme = chosen;
    localStorage.setItem(KEY, chosen);
    dispatchEvent(new Event("theme"));
  });
}
