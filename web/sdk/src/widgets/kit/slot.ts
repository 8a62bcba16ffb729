/** The slot of a name in the page: `data-hg-spot="…"`, or Flocktory's `data-fl-spot`. */

const NAMES = ["data-hg-spot", "data-fl-spot"];

export function slotOf(spot: string | null | undefined, page: Document = document): Element | undefined {
  if (!spot) return undefined;
  // Compared and not selected by: a name may hold what means something in a selector.
  const named = (element: Element) => NAMES.some((name) => element.getAttribute(name) === spot);
  return [...page.querySelectorAll(`[${NAMES.join("],[")}]`)].find(named);
}
