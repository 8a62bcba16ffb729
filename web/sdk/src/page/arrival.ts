/** A page that was opened by a notification. */

import type { Address } from "../shared/api";
import { bareId, CLICK_PARAMETER, CLICK_VALUE, comparable, type Click, type LeftClick } from "../shared/messages";
import { report } from "../shared/receipts";
import { readValue, takeValue } from "../shared/storage";

/** A click older than this did not open this page. */
const FRESH = 60_000;

/** The delivery token in an address, and the address without it; null when there is none that looks like ours. */
export function splitClick(href: string): { readonly delivery: string; readonly clean: string } | null {
  const url = new URL(href);
  const delivery = url.searchParams.get(CLICK_PARAMETER);
  if (!delivery || !/^dlv_[\w-]+\.[\w-]+$/.test(delivery)) return null;
  // Cut out as text: setting searchParams would rewrite the rest of the site's query (%20 to +, say).
  const kept = url.search
    .slice(1)
    .split("&")
    .filter((part) => part.split("=")[0] !== CLICK_PARAMETER);
  url.search = kept.length ? "?" + kept.join("&") : "";
  return { delivery, clean: url.href };
}

/**
 * On Apple a click reaches no worker, so its proof comes in the address. Removed at once: it must not be shared or
 * counted.
 */
export function takeFromAddress(address: Address, scope: string, now: number): Click | null {
  const found = splitClick(location.href);
  if (!found) return null;
  history.replaceState(history.state, "", found.clean);
  void report(address, scope, { delivery: found.delivery, event: "clicked", at: new Date(now).toISOString() });
  return { notification: null, delivery: bareId(found.delivery), action: null, url: found.clean, data: null };
}

/** The click that a worker left for the window it was opening. */
export async function takeLeft(now: number): Promise<Click | null> {
  try {
    const left = await readValue<LeftClick>(CLICK_VALUE);
    if (!left || comparable(left.click.url) !== comparable(location.href)) return null;
    await takeValue(CLICK_VALUE);
    return now - left.at < FRESH ? left.click : null;
  } catch {
    return null;
  }
}
