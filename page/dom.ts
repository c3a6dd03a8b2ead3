/** The document's own elements, by id, and new ones. */

type Kind<E extends Element> = abstract new (...args: never[]) => E;

/** @throws Error where the document has no such element: page and script do not belong together */
export function element<E extends HTMLElement>(id: string, kind: Kind<E>): E {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`Cannot find '#${id}' in the page: must be a ${kind.name}`);
}

/** A new element with attributes; text is never read as HTML. */
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

/** Writes only what is different: an element that is read out, or selected, is left alone. */
export function say(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
