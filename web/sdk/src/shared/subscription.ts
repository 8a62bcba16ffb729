/** The browser's own subscription (Push API), made and replaced with one application server key. */

import { decode, encode } from "./bytes";
import { explained, HeliographError } from "./errors";
import { BROWSER_LIMIT, within } from "./timing";

/** Key that a subscription was made with, base64url; "" for one of the years before keys (`gcm_sender_id`). */
export function keyOf(subscription: PushSubscription): string {
  const key = subscription.options?.applicationServerKey;
  return key ? encode(key) : "";
}

/** Firefox never settles this before its push service has started, hence the limit. */
export const current = (registration: ServiceWorkerRegistration): Promise<PushSubscription | null> =>
  within(BROWSER_LIMIT, "pushManager.getSubscription()", registration.pushManager.getSubscription());

/**
 * A subscription made with `key`. One made with any other key (an older key of ours, another vendor's, a sender id) is
 * given up first, since a registration holds one only and subscribe() with a second key is an InvalidStateError.
 */
export async function obtain(registration: ServiceWorkerRegistration, key: string): Promise<PushSubscription> {
  const options = { userVisibleOnly: true, applicationServerKey: decode(key) };
  for (let last = false; ; last = true) {
    try {
      const existing = await current(registration);
      if (existing && keyOf(existing) === key) return existing;
      await existing?.unsubscribe();
      return await within(BROWSER_LIMIT, "pushManager.subscribe()", registration.pushManager.subscribe(options));
    } catch (error) {
      const { name } = error as Error;
      // Another tab was faster, or the browser hid the old one until now: look again, once.
      if (name === "InvalidStateError" && !last) continue;
      if (name === "NotAllowedError")
        throw new HeliographError("denied", "the browser does not allow notifications here");
      throw explained(error, "subscribe", "no push subscription");
    }
  }
}
