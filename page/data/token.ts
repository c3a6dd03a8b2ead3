import { element } from "../dom.js";

/** The token that the recorder requires from other hosts; kept until the tab is closed. */
export interface Token {
  given(): string | null;
  /** Asks for a token until the recorder accepts one, unless `refused` was replaced; all callers share one dialog. */
  renew(refused: string | null, isRight: IsRight): Promise<void>;
  /** Resolves when no dialog is open. */
  settled(): Promise<void>;
}

/** Whether the recorder accepts the token. */
type IsRight = (token: string) => Promise<boolean>;

const KEY = "wanctl-token";

export function openToken(): Token {
  const dialog = element("token", HTMLDialogElement);
  const input = element("token-text", HTMLInputElement);
  const wrong = element("token-wrong", HTMLElement);
  let asking: Promise<void> | null = null;

  const given = () => sessionStorage.getItem(KEY);

  const entered = (): Promise<string> =>
    new Promise((resolve) => {
      input.value = "";
      if (!dialog.open) dialog.showModal();
      dialog.addEventListener("close", () => resolve(input.value.trim()), {
        once: true,
      });
    });

  async function ask(isRight: IsRight): Promise<void> {
    wrong.hidden = given() === null;
    for (;;) {
      const token = await entered();
      sessionStorage.setItem(KEY, token);
      if (await isRight(token)) break;
      wrong.hidden = false;
    }
    asking = null;
  }

  // Escape does not close the dialog: there is nothing to show without a token
  dialog.addEventListener("cancel", (event) => event.preventDefault());

  return {
    given,
    renew(refused, isRight) {
      if (asking === null && given() !== refused) return Promise.resolve();
      return (asking ??= ask(isRight));
    },
    settled: () => asking ?? Promise.resolve(),
  };
}
