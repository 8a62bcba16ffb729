/** The worker's surroundings: its global, the site's hooks, and where Heliograph is. */

import type { Address } from "../shared/api";
import { report, type Receipt } from "../shared/receipts";
import { readState } from "../shared/state";
import { within } from "../shared/timing";

/** Hooks that a site may set in its one-line worker file, before or after importScripts. */
export interface Hooks {
  /** Called with the JSON of every data push. */
  onData?: (data: unknown, push: { notification: string | null; delivery: string | null }) => unknown;
  /** Words for a push that says nothing. */
  fallback?: { title?: string; body?: string };
  readonly version?: string;
}

export const worker = self as unknown as ServiceWorkerGlobalScope & { heliograph?: Hooks };

const query = new URLSearchParams(worker.location.search);
const address = { key: query.get("key") ?? "", api: query.get("api") ?? "" };

/**
 * The page SDK registers our own worker with its key in the URL. A site's own worker that imports this module has none:
 * then we are a guest, and touch only pushes that are marked as ours.
 */
export const alone = address.key !== "";

export const scope = (): string => worker.registration.scope;

/** Where to send receipts; undefined while no page has told a guest worker. */
export async function heliograph(): Promise<Address | undefined> {
  if (address.key && address.api) return address;
  const state = await readState(scope());
  return state?.key && state.api ? state : undefined;
}

/** One receipt, queued and sent. */
export async function send(event: Receipt["event"], delivery: string, now: number, action?: string): Promise<void> {
  const receipt = { delivery, event, at: new Date(now).toISOString() };
  await report(await heliograph(), scope(), action ? { ...receipt, action } : receipt);
}

/**
 * Browsers stop a slow handler and punish its origin (iOS, after about ten seconds: nothing shown, later pushes
 * late), so all that follows the notification gets this long and no longer.
 */
const LIMIT = 5_000;

export async function bounded(work: Promise<unknown>): Promise<void> {
  await within(LIMIT, "push", work).catch((error) => console.warn("heliograph:", error));
}
