/** Elements from what they have, without innerHTML: a site may require Trusted Types. */

type Value = string | boolean | null | undefined | ((event: never) => void);
type Child = Node | string | null | undefined | false;

const SVG = "http://www.w3.org/2000/svg";

function dress<T extends Element>(element: T, having: Readonly<Record<string, Value>>, children: readonly Child[]): T {
  for (const [name, value] of Object.entries(having)) {
    if (typeof value === "function") element.addEventListener(name, value as EventListener);
    else if (value === true) element.setAttribute(name, "");
    else if (value) element.setAttribute(name, value);
  }
  element.append(...children.filter((child): child is Node | string => Boolean(child)));
  return element;
}

/** Members that are functions listen to the event of their name; true is an attribute without value. */
export const el = <K extends keyof HTMLElementTagNameMap>(
  name: K,
  having: Readonly<Record<string, Value>> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] => dress(document.createElement(name), having, children);

/** A drawing of strokes in a square of 24, as `d` of its paths; hidden from screen readers. */
export const drawing = (...paths: string[]): SVGElement =>
  dress(
    document.createElementNS(SVG, "svg"),
    { viewBox: "0 0 24 24", "aria-hidden": "true", class: "drawing" },
    paths.map((d) => dress(document.createElementNS(SVG, "path"), { d }, [])),
  );

export const BELL = [
  "M12 3.5a5.8 5.8 0 0 0-5.8 5.8v3.9L4.5 16.5h15l-1.7-3.3V9.3A5.8 5.8 0 0 0 12 3.5Z",
  "M9.7 19.6a2.5 2.5 0 0 0 4.6 0",
];
export const CROSS = "M7 7l10 10M17 7 7 17";
export const TICK = "m5.5 12.5 4.2 4.2 8.8-9.2";
