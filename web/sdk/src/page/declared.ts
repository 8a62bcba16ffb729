/**
 * Commands as elements: `<div class="i-heliograph" data-hg-action="track-item-view" data-hg-item-id="42">`, with
 * Flocktory's class and attributes as aliases, also when they are added later.
 *
 * An attribute's name says where its value goes: the action is the command (trackItemView), `item-id` is item.id,
 * `user-email` is user.email, `spot` is spot.
 */

export type Give = (name: string, about: unknown) => void;

/** Elements may have been written by visitors of the site, so none subscribes, logs out or agrees. */
const ALLOWED = /^(track|fireEvent|exchange|precheckout|addToCart|removeFromCart)/;
const CLASSES = ["i-heliograph", "i-flocktory"];
/** Pages change all the time, and need not be looked at for each change. */
const PAUSE = 200;

/** The command that an element stands for; "" for one that only says who is here. */
export function declared(attributes: Iterable<Pick<Attr, "name" | "value">>): readonly [name: string, about: object] {
  let action = "";
  const about: Record<string, any> = {};
  for (const { name, value } of attributes) {
    const [, group, member] = /^data-(?:hg|fl)-(?:(item|category|user)-)?(.+)$/.exec(name) ?? [];
    if (!member) continue;
    if (member === "action") action = value.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    else (group ? (about[group] ??= {}) : about)[member.replace(/-/g, "_")] = value;
  }
  return [action, about];
}

/** Obeys all elements of the page, and those that come; the returned function obeys them all anew. */
export function watchDeclared(document: Document, give: Give): () => void {
  let obeyed = new WeakMap<Element, string>();
  let waiting: unknown;

  function look(): void {
    waiting = undefined;
    for (const element of CLASSES.flatMap((name) => [...document.getElementsByClassName(name)])) {
      const [action, about] = declared(element.attributes);
      const says = JSON.stringify([action, about]);
      if (obeyed.get(element) === says) continue;
      obeyed.set(element, says);
      if ("user" in about) give("addData", about);
      if (ALLOWED.test(action)) give(action, about);
    }
  }

  new MutationObserver(() => (waiting ??= setTimeout(look, PAUSE))).observe(document, {
    childList: true,
    subtree: true,
  });
  look();
  return () => {
    obeyed = new WeakMap();
    look();
  };
}
