/** The commands that tell what people do: views, cart, order, attributes, custom events; and Flocktory's names for them. */

import type { Identity } from "../shared/api";
import { HeliographError } from "../shared/errors";
import { changed, difference, whole, type Cart } from "./cart";
import type { Facts } from "./facts";
import { checkIdentity } from "./identity";
import { idOf, item, lines, loose, price, words, type Loose } from "./shapes";
import { looked } from "./visit";

export interface Told {
  readonly facts: Facts;
  readonly track: (name: string, properties: unknown) => void;
  readonly attributes: (values: Loose) => void;
  readonly identify: (proof: Identity) => Promise<unknown>;
  readonly view: (about: Loose) => void;
}

const misconfigured = (sentence: string) => new HeliographError("misconfigured", sentence);

/** An event's name as the server takes it: lower case, and `_` for what it does not take. */
export function eventName(name: string): string {
  const fit = name.toLowerCase().replace(/[^a-z0-9_.-]/g, "_").replace(/^[^a-z]+/, "").slice(0, 64);
  if (!fit) throw misconfigured("an event needs a name with a letter a to z in it");
  return fit;
}

export function makeCommerce({ facts, track, attributes, identify, view }: Told) {
  const { visits, signal } = facts;
  let user: Loose = {};

  /** Puts the cart right and tells triggers and server. */
  function put(cart: Cart): void {
    visits.change((visit) => (visit.cart = cart));
    signal();
  }

  function move(about: unknown, sign: 1 | -1): void {
    for (const one of lines(about)) {
      if (!one.count) continue;
      put(changed(visits.read().cart ?? [], { ...one, count: sign * one.count }));
      track(sign > 0 ? "cart_add" : "cart_remove", { item: one });
    }
  }

  function addData(about: unknown): Promise<unknown> | undefined {
    const given = loose(about);
    const who = loose(given["user"]);
    const email = words(who["email"]);
    const name = words(who["name"]);
    user = { ...user, ...(email && { email }), ...(name && { name }) };
    if (email) facts.authorise(true);
    // Anybody can write an address into a page; only what the site's server has signed says who somebody is.
    const proof = [given["identity"], who, given].find((one) => "signature" in loose(one) || "token" in loose(one));
    return proof === undefined ? undefined : identify(checkIdentity(proof));
  }

  function spot(about: unknown): void {
    const name = words(loose(about)["spot"]);
    if (name) facts.spot(name);
  }

  const verbs = {
    /** A page view that the page script cannot see by itself. */
    trackPageView: (about?: unknown): void => view(loose(about)),
    trackCategoryView(about: unknown): void {
      track("category_view", { category: { id: idOf(loose(about)["category"], "a category") } });
    },
    trackItemView(about: unknown): void {
      const one = item(loose(about)["item"]);
      visits.change(looked(one.id));
      signal();
      track("item_view", { item: one });
    },
    addToCart: (about: unknown): void => move(about, 1),
    removeFromCart: (about: unknown): void => move(about, -1),
    updateCart(about: unknown): void {
      const full = lines(loose(about)["cart"] ?? about);
      const before = visits.read().cart;
      const cart = whole(full);
      const pieces = difference(before, cart);
      put(cart);
      if (!pieces) return track("cart_update", { items: full });
      for (const { count, ...one } of pieces)
        track(count > 0 ? "cart_add" : "cart_remove", {
          item: { ...full.find(({ id }) => id === one.id), ...one, count: Math.abs(count) },
        });
    },
    order(about: unknown): void {
      const given = loose(loose(about)["order"]);
      const order = {
        id: idOf(given, "an order"),
        price: price(given["price"]),
        custom_field: words(given["custom_field"]),
        items: Array.isArray(given["items"]) ? lines(given) : [],
      };
      void addData(about)?.catch(() => undefined);
      put([]);
      track("order", { order });
      spot(about);
    },
    setAttributes: (values: unknown): void => attributes(loose(values)),
    fireEvent(about: unknown, properties?: unknown): void {
      const name = typeof about === "string" ? about : words(loose(about)["event"]);
      if (!name) throw misconfigured("fireEvent needs a name");
      track(eventName(name), properties ?? {});
      facts.fire(name);
    },
    getData: () => ({ user: { ...user }, cart: { items: (visits.read().cart ?? []).map((one) => ({ ...one })) } }),

    // Flocktory's
    addData: (about: unknown) => Promise.resolve(addData(about)),
    attachToProfile: (about: unknown): void => attributes(loose(loose(about)["data"])),
    postcheckout: (about: unknown): void => verbs.order(about),
    exchange(about: unknown): void {
      void addData(about)?.catch(() => undefined);
      spot(about);
    },
    precheckout: spot,
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

