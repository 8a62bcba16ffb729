/** The page's Env: what triggers may ask, kept up to date. */

import type { Env } from "../triggers/trigger";
import { sums } from "./cart";
import type { Keeper } from "./keeper";
import { makeVisits, REST, type Visits } from "./visit";

export interface Facts {
  readonly env: Env;
  readonly visits: Visits;
  /** Something changed that triggers ask about. */
  readonly signal: () => void;
  /** Fires a custom event: a moment that nobody remembers. */
  readonly fire: (name: string) => void;
  readonly spot: (name: string | undefined) => void;
  readonly authorise: (authorised: boolean) => void;
  /** A page view, of this document or within it. */
  readonly opened: (referrer: string) => void;
}

/** The longest that a timer can wait is 24 days. */
const LONGEST = 1e9;
/** Timers may be early by a millisecond. */
const SHORTEST = 20;

export function makeFacts(window: Window, keeper: Keeper, failed: (error: unknown) => void): Facts {
  const { document } = window;
  const now = () => Date.now();
  const url = () => window.location.href;
  const listeners = new Set<() => void>();
  const spots: string[] = [];
  let openedAt = now();
  let viewed = false;
  let authorised = false;
  let moment: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let due = Infinity;
  /** Since when this page has the focus. */
  let since: number | undefined;

  // A machine that slept had no person before it, whatever had the focus.
  const focused = () => (since === undefined ? 0 : Math.min(Math.max(now() - since, 0), REST));
  const visits = makeVisits(keeper, now, url, focused);

  function signal(): void {
    for (const listener of listeners) {
      try {
        listener();
      } catch (error) {
        failed(error);
      }
    }
  }

  /** Adds the time up; with the page hidden or gone it stops. */
  function count(event?: Event): void {
    // Prerendered, it has not been seen yet.
    if (!viewed) return;
    const spent = focused();
    since = document.hasFocus() && event?.type !== "pagehide" ? now() : undefined;
    visits.change((visit) => (visit.focused += spent));
    signal();
  }
  for (const name of ["focus", "blur", "pagehide", "pageshow"]) window.addEventListener(name, count);
  document.addEventListener("visibilitychange", count);
  // Another tab's cart is this one's too.
  window.addEventListener("storage", signal);

  /** A person who reads for an hour has not left. */
  let sign = openedAt;
  const alive = () => {
    if (now() - sign < 60_000) return;
    sign = now();
    count();
  };
  for (const name of ["pointerdown", "keydown", "scroll"])
    window.addEventListener(name, alive, { passive: true, capture: true });

  const env: Env = {
    window,
    document,
    now,
    spots,
    get session() {
      return visits.session;
    },
    get page() {
      return { url: url(), openedAt };
    },
    get cart() {
      return sums(visits.read().cart ?? []);
    },
    get firstVisit() {
      return visits.read().visits === 1;
    },
    get authorised() {
      return authorised;
    },
    get moment() {
      return moment;
    },
    again(milliseconds) {
      const at = now() + Math.min(Math.max(milliseconds, SHORTEST), LONGEST);
      if (at >= due) return;
      clearTimeout(timer);
      due = at;
      timer = setTimeout(() => {
        due = Infinity;
        signal();
      }, at - now());
    },
    listen(changed) {
      listeners.add(changed);
      return () => void listeners.delete(changed);
    },
  };

  return {
    env,
    visits,
    signal,
    fire(name) {
      moment = name;
      signal();
      moment = undefined;
    },
    spot(name) {
      if (!name || spots.includes(name)) return;
      spots.push(name);
      signal();
    },
    authorise(is) {
      if (is === authorised) return;
      authorised = is;
      signal();
    },
    opened(referrer) {
      openedAt = now();
      if (!viewed && document.hasFocus()) since = openedAt;
      viewed = true;
      spots.length = 0;
      visits.view(url(), referrer);
      signal();
    },
  };
}
