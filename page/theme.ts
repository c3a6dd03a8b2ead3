import { part } from "./parts.js";

const KEY = "wanctl-theme";

/** Light or dark, as the system has it until one chooses. */
export function openTheme(): void {
  const root = document.documentElement;
  const button = part("theme", HTMLButtonElement);
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
