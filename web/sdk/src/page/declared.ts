/**
 * Commands as elements: `<div class="i-heliograph" data-hg-action="track-item-view" data-hg-item-id="42">`, with
 * Flocktory's class and attributes as aliases, also when they are added later.
 */

export type Give = (name: string, about: unknown) => void;

const CLASSES = ["i-heliograph", "i-flocktory"];
/** Pages change all the time; looking is cheap, but need not be done for each change. */
const PAUSE = 200;

type Attributes = (name: string) => string | undefined;

const ACTIONS: Readonly<Record<string, (of: Attributes) => readonly [name: string, about: unknown]>> = {
  "track-page-view": () => ["trackPageView", {}],
  "track-category-view": (of) => ["trackCategoryView", { category: { id: of("category-id") } }],
  "track-item-view": (of) => [
    "trackItemView",
    {
      item: {
        id: of("item-id"),
        category_id: of("item-category-id"),
        vendor: of("item-vendor"),
        available: of("item-available"),
        price: of("item-price"),
        title: of("item-title"),
        image: of("item-image"),
        url: of("item-url"),
      },
    },
  ],
  exchange: (of) => ["exchange", { spot: of("spot") }],
  precheckout: (of) => ["precheckout", { spot: of("spot") }],
  "fire-event": (of) => ["fireEvent", { event: of("event") }],
};

/** Gives the commands that one element stands for. */
export function obey(element: Element, give: Give): void {
  const of: Attributes = (name) =>
    element.getAttribute("data-hg-" + name) ?? element.getAttribute("data-fl-" + name) ?? undefined;
  const email = of("user-email");
  const external_id = of("external-id");
  const token = of("token");
  const user = { email, name: of("user-name"), ...(external_id && { external_id, signature: of("signature") }) };
  if (email || external_id || token) give("addData", token ? { user, token } : { user });
  const action = of("action");
  if (!action) return;
  const make = Object.prototype.hasOwnProperty.call(ACTIONS, action) ? ACTIONS[action] : undefined;
  give(...(make?.(of) ?? [action, {}]));
}

/** Obeys all elements of the page, and those that come; the returned function obeys them all anew. */
export function watchDeclared(window: Window, give: Give): () => void {
  const { document } = window;
  let obeyed = new WeakMap<Element, string>();
  let waiting = false;

  function look(): void {
    waiting = false;
    for (const name of CLASSES)
      for (const element of Array.from(document.getElementsByClassName(name))) {
        const says = Array.from(element.attributes, ({ name, value }) => `${name}=${value}`).join();
        if (obeyed.get(element) === says) continue;
        obeyed.set(element, says);
        obey(element, give);
      }
  }

  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    setTimeout(look, PAUSE);
  }).observe(document, { childList: true, subtree: true });
  look();
  return () => {
    obeyed = new WeakMap();
    look();
  };
}
