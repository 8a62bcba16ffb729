/**
 * The visit (session): counted in the site's storage and shared by its tabs; over after half an hour without a sign of
 * the person. Every change reads what other tabs wrote meanwhile.
 */

import type { Session, Utm } from "../triggers/trigger";
import type { Cart } from "./cart";
import type { Keeper } from "./keeper";
import { line } from "./shapes";

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
  utm: Utm;
  urls: string[];
  focused: number;
  /** Absent until the page has told of one. */
  cart?: Cart;
}

/** A visit in which nothing has happened. */
const nothing = (visits: number, at: number, entryUrl: string): Visit => ({
  visits,
  lastAt: at,
  startedAt: at,
  entryUrl,
  pageViews: 0,
  focused: 0,
  referrer: "",
  products: [],
  urls: [],
  utm: {},
});

/**
 * Other scripts and other versions write to the storage too: what is not of the form that we would have left is not
 * ours. What is within lists is looked at by whoever reads them.
 */
function isSound(raw: unknown): boolean {
  try {
    const kept = raw as Visit;
    kept.cart?.forEach(line);
    return Object.entries(nothing(0, 0, "")).every(([member, like]) => {
      const value = kept[member as keyof Visit];
      return value != null && typeof value === typeof like && Array.isArray(value) === Array.isArray(like);
    });
  } catch {
    return false;
  }
}

/** The utm_ parameters of an address, by their names; undefined when it has none. */
export function utmOf(url: string): Utm | undefined {
  const found: Record<string, string> = {};
  for (const name of ["utm_source", "utm_campaign", "utm_medium"]) {
    const value = new URL(url).searchParams.get(name);
    if (value) found[name] = value.slice(0, URL_LENGTH);
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
}

export function makeVisits(keeper: Keeper, now: () => number, here: () => string, focused: () => number): Visits {
  let earlier: readonly string[] = [];
  let of = 0;
  let known: unknown = NaN;

  function read(): Visit {
    const raw = keeper.get(NAME);
    let visits = 0;
    // Looked through once, for triggers ask all the time.
    if (raw === known || isSound(raw)) {
      known = raw;
      const rested = now() - (raw as Visit).lastAt;
      if (rested < REST && rested > -TOLERANCE) return raw as Visit;
      visits = (raw as Visit).visits;
    }
    return nothing(visits + 1, now(), here());
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
    get session() {
      const visit = read();
      return {
        ...visit,
        pageViews: visit.pageViews || 1,
        products: visit.products.length,
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
