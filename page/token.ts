import { part } from "./parts.js";

/** The token that a recorder beyond this host wants; kept until the tab is closed. */
export interface Token {
  given(): string | null;
  /** Asks for another one than `refused`; one question at a time, however many wait for it. */
  renew(refused: string | null): Promise<void>;
}

const KEY = "wanctl-token";

export function openToken(): Token {
  const dialog = part("token", HTMLDialogElement);
  const input = part("token-text", HTMLInputElement);
  const wrong = part("token-wrong", HTMLElement);
  let asking: Promise<void> | null = null;

  const given = () => sessionStorage.getItem(KEY);

  function ask(): Promise<void> {
    wrong.hidden = given() === null;
    input.value = "";
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener(
        "close",
        () => {
          sessionStorage.setItem(KEY, input.value.trim());
          asking = null;
          resolve();
        },
        { once: true },
      );
    });
  }

  // without it there is nothing to show
  dialog.addEventListener("cancel", (event) => event.preventDefault());

  return {
    given,
    renew(refused) {
      if (given() !== refused) return Promise.resolve();
      return (asking ??= ask());
    },
  };
}
