/**
 * Deliveries that were already shown, so that a push sent twice (a crash between sending and recording, a retry after a
 * time-out) is seen once.
 */

import { changeValue } from "../shared/storage";
import { within } from "../shared/timing";

/** Bare delivery id → when it was shown, in milliseconds; 0 between claiming and showing. Oldest first. */
export type Ring = Map<string, number>;

/** Larger than any burst a push service keeps for one browser, small enough to be rewritten at every push. */
export const RING = 200;
const KEY = "seen";
/** A person waits for the notification behind this question. */
const PATIENCE = 1_000;

/**
 * Claims one delivery, in place; false when it is not ours to show. One that was claimed but never shown belongs to a
 * worker that was stopped half-way, unless it is `busy` in this one: showing it again is right, losing it is not.
 */
export function claimIn(ring: Ring, id: string, busy: boolean): boolean {
  if (ring.get(id) || busy) return false;
  ring.delete(id);
  ring.set(id, 0);
  for (const oldest of ring.keys()) if (ring.size > RING) ring.delete(oldest);
  return true;
}

const busy = new Set<string>();

function change<R>(what: (ring: Ring) => R): Promise<R> {
  return changeValue<Ring, R>(KEY, (ring = new Map()) => [ring, what(ring)]);
}

/** True when this delivery is ours to show. Storage that fails says yes: twice is better than never. */
export async function claim(id: string): Promise<boolean> {
  // Taken before the first await: two events of one worker interleave only at awaits.
  const taken = busy.has(id);
  busy.add(id);
  return within(
    PATIENCE,
    "IndexedDB",
    change((ring) => claimIn(ring, id, taken)),
  ).catch(() => !taken);
}

/** Ends a claim. One that was not shown (`at` is 0) is given back, so that a repetition gets its chance. */
export async function settle(id: string, at: number): Promise<void> {
  // Should this fail, a repetition is shown again, and its tag replaces the first.
  await change((ring) => void (at ? ring.set(id, at) : ring.delete(id))).catch(() => undefined);
  busy.delete(id);
}
