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
  /** Tell the server again about what the browser has: it is new to it, changed, or due. */
  | "upload"
  /** Ask the server whether it still knows us, and repair if not. */
  | "ask"
  /** Subscribe (with the current key, giving up any other) and upload. */
  | "subscribe"
  /** The person left, but browser or server have not followed yet. */
  | "withdraw";

export function decide({ permission, browser, state, config, asked, now }: Situation): Step {
  const ours = browser?.serverKey === config.application_server_key;
  if (state?.wanted === false) return browser || state.id ? "withdraw" : "nothing";

  // Nobody was asked here, or our storage was cleared under a living subscription of ours.
  if (!state?.wanted) return browser && ours ? "upload" : "nothing";

  // A blocked site keeps what it remembers: allowed again, it finds its old row, groups and profile.
  if (permission !== "granted") return "nothing";

  // The browser lost it, or the key was rotated, or the key is another project's.
  if (!browser || !ours) return "subscribe";

  const known = state.id && state.secret && state.project === config.project;
  if (!known || state.endpoint !== browser.endpoint) return "upload";
  if (!(now - (state.refreshedAt ?? 0) < REFRESH_AFTER)) return "upload";
  return asked ? "nothing" : "ask";
}
