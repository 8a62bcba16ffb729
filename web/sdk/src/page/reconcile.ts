/**
 * What to do on a page load, from what the browser has, what we remember, and what the server wants. Pure: the decision
 * table is the test.
 */

import type { Config } from "../shared/api";
import type { State } from "../shared/state";
import { REFRESH_AFTER } from "../shared/timing";

export interface Situation {
  readonly permission: NotificationPermission;
  /** The browser's subscription: fingerprint of its endpoint, and its key ("" without one). */
  readonly browser: { readonly endpoint: string; readonly serverKey: string } | null;
  readonly state: State | undefined;
  readonly config: Pick<Config, "project" | "application_server_key">;
  /** False on the first page of a visit, when the server has not been asked yet. */
  readonly asked: boolean;
  readonly now: number;
}

export type Step =
  | "nothing"
  /** Make sure of a subscription with the current key, giving up any other, and tell the server of it. */
  | "subscribe"
  /** Ask the server whether it still knows us, and repair if not. */
  | "ask"
  /** The person left, but browser or server have not followed yet. */
  | "withdraw";

/** Written so that a clock that was set back, or a broken number, means yes. */
export const isDue = (refreshedAt: number | undefined, now: number): boolean =>
  !(refreshedAt !== undefined && refreshedAt <= now && now - refreshedAt < REFRESH_AFTER);

export function decide({ permission, browser, state, config, asked, now }: Situation): Step {
  if (state?.wanted === false) return browser || state.id ? "withdraw" : "nothing";

  // A blocked site keeps what it remembers: allowed again, it finds its old row, groups and profile.
  if (permission !== "granted") return "nothing";

  const ours = browser?.serverKey === config.application_server_key;
  // Nobody was asked here. A living subscription of ours means that only our memory was cleared; one of another
  // vendor is theirs until the person subscribes.
  if (!state?.wanted) return ours ? "subscribe" : "nothing";

  // The browser lost it, the key was rotated, or it is another project's.
  if (!ours) return "subscribe";
  // The server has never heard of it, or of another address of it.
  if (!state.id || !state.secret || state.project !== config.project || state.endpoint !== browser.endpoint)
    return "subscribe";

  return asked && !isDue(state.refreshedAt, now) ? "nothing" : "ask";
}
