/** The browser changed or dropped the subscription by itself (Push API, `pushsubscriptionchange`). */

import { fingerprint } from "../shared/bytes";
import { changeState, readState } from "../shared/state";
import { current, keyOf, obtain } from "../shared/subscription";
import { upload } from "../shared/upload";
import { scope, worker } from "./context";
import { broadcast } from "./push";

/**
 * Browsers differ: both subscriptions, one, or neither are given, and some never fire this. So it only shortens the
 * time until the page script's own comparison; what fails here is mended there, because `endpoint` no longer fits.
 */
export async function renew(given: PushSubscription | null | undefined, now: number): Promise<void> {
  const state = await readState(scope());
  // Not our subscription (a guest in the site's own worker), or a person who left.
  if (!state?.serverKey || !state.wanted) return;
  const key = state.serverKey;
  try {
    const existing = await current(worker.registration);
    // Disowned by this very event, but still handed out: Firefox tells of the change while it is deleting.
    if (existing && (await fingerprint(existing.endpoint)) === state.endpoint) await existing.unsubscribe();
    const subscription = given && keyOf(given) === key ? given : await obtain(worker.registration, key);
    await upload(scope(), state, subscription, now);
  } catch (error) {
    await changeState(scope(), () => ({ endpoint: undefined }));
    throw error;
  } finally {
    await broadcast({ heliograph: "changed" });
  }
}
