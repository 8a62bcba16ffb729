/**
 * The visit (session): counted in the site's storage and shared by its tabs; over after half an hour without a sign of
 * the person. Every change reads what other tabs wrote meanwhile.
 */

import type { Session } from "../triggers/trigger";
import type { Cart } from "./cart";
import type { Keeper } from "./keeper";
import { loose, price, words } from "./shapes";

export const REST = 30 * 60_000;
/** A clock may be set back a little without ending the visit. */
const TOLERANCE = 60_000;

/** What is remembered; older addresses and items than these are forgotten. */
const URLS = 100;
const ITEMS = 300;
const URL_LENGTH = 500;

const NAME = "visit";

export interface Visit {
  /** Visits of this browser so far, this one included. */
  visits: number;
  lastAt: number;
  startedAt: number;
  pageViews: number;
  products: string[];
  entryUrl: string;
  referrer: string;
  utm: Record<string, string>;
  urls: string[];
  focused: number;
  /** Absent until the page has told of one. */
  cart?: Cart;
}

const number = (value: unknown): number => (typeof value === "number" && value >= 0 ? value : 0);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
const texts = (value: unknown): string[] => list(value).filter((one): one is string => typeof one === "string");

/** The record as it should be, from whatever is stored: other scripts and older versions write there too. */
function checked(raw: unknown): Visit {
  const kept = loose(raw);
  const utm = loose(kept["utm"]);
  const visit: Visit = {
    visits: number(kept["visits"]),
    lastAt: number(kept["lastAt"]),
    startedAt: number(kept["startedAt"]),
    pageViews: number(kept["pageViews"]),
    products: texts(kept["products"]),
    entryUrl: String(kept["entryUrl"] ?? ""),
    referrer: String(kept["referrer"] ?? ""),
    utm: {},
    urls: texts(kept["urls"]),
    focused: number(kept["focused"]),
  };
  for (const member of UTM) if (typeof utm[member] === "string") visit.utm[member] = utm[member];
  if (Array.isArray(kept["cart"])) {
    visit.cart = list(kept["cart"]).flatMap((raw) => {
      const id = words(loose(raw)["id"]);
      const paid = price(loose(raw)["price"]);
      const count = number(loose(raw)["count"]);
      return id === undefined ? [] : [paid === undefined ? { id, count } : { id, count, price: paid }];
    });
  }
  return visit;
}

const UTM = ["source", "campaign", "medium"] as const;

/** The utm_ parameters of an address, undefined when it has none. */
export function utmOf(url: string): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  const parameters = new URL(url).searchParams;
  for (const member of UTM) {
    const value = parameters.get("utm_" + member);
    if (value) found[member] = value.slice(0, URL_LENGTH);
  }
  return Object.keys(found).length ? found : undefined;
}

export interface Visits {
  /** The visit that is going on, with what other tabs added. */
  read(): Readonly<Visit>;
  /** Changes it, which is a sign of the person too. */
  change(to?: (visit: Visit) => void): Visit;
  /** A page view: of `url`, from `referrer` ("" for none). */
  view(url: string, referrer: string): void;
  readonly session: Session;
  readonly first: boolean;
}

export function makeVisits(keeper: Keeper, now: () => number, here: () => string, focused: () => number): Visits {
  let earlier: readonly string[] = [];
  let of = 0;
  let known: readonly [raw: unknown, visit: Visit] = [undefined, checked(undefined)];

  function read(): Visit {
    const raw = keeper.get(NAME);
    if (raw !== known[0]) known = [raw, checked(raw)];
    const visit = known[1];
    const rested = now() - visit.lastAt;
    if (rested < REST && rested > -TOLERANCE) return visit;
    return { ...checked({}), visits: visit.visits + 1, lastAt: now(), startedAt: now(), entryUrl: here() };
  }

  function change(to?: (visit: Visit) => void): Visit {
    const visit = { ...read() };
    // A new one that begins while a page is open begins with that page.
    if (!visit.pageViews) visit.pageViews = 1;
    to?.(visit);
    visit.lastAt = now();
    keeper.set(NAME, visit);
    return visit;
  }

  function view(url: string, referrer: string): void {
    const address = url.slice(0, URL_LENGTH);
    const elsewhere = origin(referrer) !== origin(url) ? referrer : "";
    const before = read();
    earlier = before.urls;
    of = before.startedAt;
    const count = before.pageViews + 1;
    const utm = utmOf(url);
    const visit = change((visit) => {
      visit.pageViews = count;
      visit.urls = [...visit.urls.filter((one) => one !== address), address].slice(-URLS);
      if (count === 1) visit.entryUrl = address;
      if (elsewhere) visit.referrer = elsewhere.slice(0, URL_LENGTH);
      if (utm) visit.utm = utm;
    });
    of = visit.startedAt;
  }

  return {
    read,
    change,
    view,
    get first() {
      return read().visits === 1;
    },
    get session(): Session {
      const visit = read();
      return {
        startedAt: visit.startedAt,
        pageViews: Math.max(visit.pageViews, 1),
        products: visit.products.length,
        entryUrl: visit.entryUrl,
        referrer: visit.referrer,
        utm: visit.utm,
        // What a tab looked at in an earlier visit it did not look at in this one.
        earlier: of === visit.startedAt ? earlier : [],
        focused: visit.focused + focused(),
      };
    },
  };
}

/** Remembers that an item was looked at. */
export const looked = (id: string) => (visit: Visit) => {
  visit.products = [...visit.products.filter((one) => one !== id), id].slice(-ITEMS);
};

function origin(url: string): string {
  try {
    return new URL(url).origin;
  } catch {
    return "";
  }
}
