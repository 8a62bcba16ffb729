/** The commands that tell what people do (views, cart, order, attributes, events), and Flocktory's names for them. */

import type { Identity } from "../shared/api";
import { size } from "../shared/bytes";
import { changed, difference, whole, type Cart } from "./cart";
import type { Facts } from "./facts";
import { idOf, item, lines, loose, price, words, wrong, type Line, type Loose } from "./shapes";
import { looked } from "./visit";

export interface Told {
  readonly facts: Facts;
  readonly track: (name: string, properties: unknown) => void;
  readonly attributes: (values: Loose) => void;
  readonly identify: (proof: Identity) => Promise<unknown>;
}

/** An event's name as the server takes it: lower case, and `_` for what it does not take. */
export function eventName(name: string): string {
  const fit = name
    .toLowerCase()
    .replace(/[^a-z0-9_.-]/g, "_")
    .replace(/^[^a-z]+/, "");
  if (!fit) throw wrong("an event's name needs a letter a to z");
  return fit.slice(0, 64);
}

/** Properties have a limit: a long cart is told without titles and pictures, rather than in part. */
const fitting = (full: readonly Line[]): Cart => (size(JSON.stringify(full)) < 6_000 ? full : whole(full));

export function makeCommerce({ facts, track, attributes, identify }: Told) {
  const { visits, signal, spot } = facts;
  let user: Loose = {};
  const cartNow = () => visits.read().cart;

  /** Puts the cart right and tells triggers. */
  function put(cart: Cart): void {
    visits.change((visit) => (visit.cart = cart));
    signal();
  }

  /** Tells the server of pieces that came or went. */
  const tell = (line: Line, count: number) => {
    if (count) track(count > 0 ? "cart_add" : "cart_remove", { item: { ...line, count: Math.abs(count) } });
  };

  const move = (about: unknown, sign: number) =>
    lines(about).forEach((line) => {
      const count = sign * line.count;
      put(changed(cartNow() ?? [], { ...line, count }));
      tell(line, count);
    });

  /** Who is here, and where: what several commands say beside their own. */
  function aside(about: unknown): Promise<unknown> | undefined {
    const given = loose(about);
    const who = loose(given["user"]);
    const email = words(who["email"]);
    const name = words(who["name"]);
    user = { ...user, ...(email && { email }), ...(name && { name }) };
    if (email) facts.authorise(true);
    spot(words(given["spot"]));
    // Anybody can write an address into a page; only what the site's server has signed says who somebody is.
    const proof = [given["identity"], who, given].map(loose).find((one) => one["signature"] || one["token"]);
    return proof && identify(proof as Identity);
  }

  function order(about: unknown): Promise<unknown> | undefined {
    const given = loose(loose(about)["order"]);
    const order = {
      id: idOf(given, "an order"),
      price: price(given["price"]),
      custom_field: words(given["custom_field"]),
      items: given["items"] ? fitting(lines(given)) : [],
    };
    put([]);
    track("order", { order });
    return aside(about);
  }

  const verbs = {
    trackCategoryView: (about: unknown) =>
      track("category_view", { category: { id: idOf(loose(about)["category"], "a category") } }),
    trackItemView(about: unknown) {
      const one = item(loose(about)["item"]);
      visits.change(looked(one.id));
      track("item_view", { item: one });
      signal();
    },
    addToCart: (about: unknown) => move(about, 1),
    removeFromCart: (about: unknown) => move(about, -1),
    updateCart(about: unknown) {
      const full = lines(loose(about)["cart"] ?? about);
      const before = cartNow();
      const cart = whole(full);
      const pieces = difference(before, cart);
      put(cart);
      if (pieces) for (const line of pieces) tell({ ...full.find(({ id }) => id === line.id), ...line }, line.count);
      else track("cart_update", { items: fitting(full) });
    },
    order,
    setAttributes: (values: unknown) => attributes(loose(values)),
    fireEvent(about: unknown, properties: unknown = {}) {
      const name = words(about) ?? words(loose(about)["event"]) ?? "";
      // The page's own triggers know any name.
      facts.fire(name);
      track(eventName(name), properties);
    },
    getData: () => ({ user: { ...user }, cart: { items: (cartNow() ?? []).map((line) => ({ ...line })) } }),

    // Flocktory's
    addData: async (about: unknown) => aside(about),
    attachToProfile: (about: unknown) => attributes(loose(loose(about)["data"])),
    postcheckout: order,
    exchange: aside,
    precheckout(about: unknown) {
      const { no } = loose(about) as { no?: unknown };
      // The page may be waiting for one of its functions; nothing of ours stands in its way.
      if (typeof no === "function") no();
      return aside(about);
    },
  };
  return {
    verbs,
    forget() {
      user = {};
      facts.authorise(false);
      put([]);
    },
  };
}
