/** Every page trigger there is, and how campaigns ask them. */

import { authorised } from "./authorised";
import { cartCount } from "./cart-count";
import { cartTotal } from "./cart-total";
import { cookie } from "./cookie";
import { currentUrl } from "./current-url";
import { entryUrl } from "./entry-url";
import { event } from "./event";
import { firstVisit } from "./first-visit";
import { focus } from "./focus";
import { inactivity } from "./inactivity";
import { incognito } from "./incognito";
import { leaveIntent } from "./leave-intent";
import { mobile } from "./mobile";
import { pageViews } from "./page-views";
import { productsViewed } from "./products-viewed";
import { referrer } from "./referrer";
import { scroll } from "./scroll";
import { sessionTime } from "./session-time";
import { spot } from "./spot";
import { timeOnPage } from "./time-on-page";
import type { Env, Spec, Trigger } from "./trigger";
import { utm } from "./utm";
import { visitedUrl } from "./visited-url";

export const TRIGGERS: readonly Trigger[] = [
  authorised,
  firstVisit,
  pageViews,
  productsViewed,
  entryUrl,
  currentUrl,
  visitedUrl,
  leaveIntent,
  focus,
  cartCount,
  cartTotal,
  sessionTime,
  timeOnPage,
  inactivity,
  utm,
  referrer,
  spot,
  mobile,
  event,
  cookie,
  incognito,
  scroll,
];

/** What was told already: campaigns are looked at all the time. */
const told = new Set<string>();

const named = (kind: unknown): Trigger | undefined => TRIGGERS.find((trigger) => trigger.kind === kind);

/**
 * Whether the trigger that `spec` describes holds right now. What this page does not know, or cannot find out, does not
 * hold, and is told to `failed`, once.
 */
export function holds(spec: unknown, env: Env, failed: (sentence: string) => void): boolean {
  let sentence: string;
  try {
    const { kind } = spec as Spec;
    const trigger = named(kind);
    if (trigger) return trigger.holds(spec as Spec, env);
    sentence = `there is no page trigger "${String(kind)}"`;
  } catch (error) {
    sentence = `a page trigger failed: ${String(error)}`;
  }
  if (!told.has(sentence)) {
    told.add(sentence);
    failed(sentence);
  }
  return false;
}

/** Watches for these kinds, each once; returns the function that ends it. */
export function watch(kinds: Iterable<unknown>, env: Env, changed: () => void): () => void {
  const stops: (() => void)[] = [];
  for (const kind of new Set(kinds)) {
    try {
      const stop = named(kind)?.watch?.(env, changed);
      if (stop) stops.push(stop);
    } catch {
      // It will not hold; the others may.
    }
  }
  return () => stops.forEach((stop) => stop());
}
