/** A notification that was clicked or dismissed. */

import { bareId, CLICK_VALUE, comparable, type Click, type LeftClick } from "../shared/messages";
import { changeValue } from "../shared/storage";
import { send, worker } from "./context";
import type { Carried } from "./options";

/** What a notification of ours carries; undefined for one that some other code has shown. */
export const carried = (notification: Notification): Carried["heliograph"] | undefined =>
  (notification.data as Partial<Carried> | null)?.heliograph;

/**
 * The open tab that already shows `url`, the most recently used first. A tab on any other page is left alone: it may
 * hold a half-written form, and a worker may not navigate a page that it does not control anyway.
 */
export const fittingTab = <T extends { readonly url: string }>(tabs: readonly T[], url: string): T | undefined =>
  tabs.find((tab) => tab.url === url) ?? tabs.find((tab) => comparable(tab.url) === comparable(url));

/**
 * Focus comes first: it uses up the one permission that a click grants, and where it is refused (iOS does so) a new
 * window must still open. The page goes to the address's fragment by itself: it is not ours to navigate.
 */
async function open(click: Click): Promise<void> {
  const tabs = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const tab = fittingTab(tabs, click.url);
  if (tab) {
    try {
      const focused = await tab.focus();
      focused.postMessage({ heliograph: "clicked", click });
      return;
    } catch {
      // Closed meanwhile, or not allowed.
    }
  }
  await worker.clients.openWindow(click.url);
}

/** Notifications that were clicked here: some browsers fire a close event for these as well. */
const clicked = new Set<string>();

export async function handleClick(
  notification: Notification,
  action: string,
  inside: Carried["heliograph"],
  now: number,
): Promise<void> {
  notification.close();
  const { delivery } = inside;
  const own: unknown = inside.actions[action];
  if (delivery) clicked.add(delivery);
  const click: Click = {
    notification: inside.notification,
    delivery: bareId(delivery ?? undefined),
    action: action || null,
    // Every object has a "constructor", and an action may be called so.
    url: typeof own === "string" ? own : inside.navigate,
    data: (notification.data as Carried | null)?.data ?? null,
  };
  const left: LeftClick = { click, at: now };
  await Promise.all([
    // A window that cannot be opened must not cut off the receipt.
    open(click).catch(console.warn),
    changeValue<LeftClick, void>(CLICK_VALUE, () => [left, undefined]).catch(() => undefined),
    delivery && send("clicked", delivery, now, action),
  ]);
}

export async function handleClose(inside: Carried["heliograph"], now: number): Promise<void> {
  const { delivery } = inside;
  if (!delivery || clicked.has(delivery)) return;
  await send("dismissed", delivery, now);
}
