/* Finding elements of the document by id, and making new ones. */

type Kind<E extends Element> = abstract new (...args: never[]) => E;

/** @throws Error if the document has no such element: page and script are of different versions */
export function element<E extends HTMLElement>(id: string, kind: Kind<E>): E {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`Cannot find '#${id}' in the page: must be a ${kind.name}`);
}

/** A new element with attributes; text is never parsed as HTML. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Writes only if the text differs, so that selections and screen readers are not disturbed. */
export function say(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
