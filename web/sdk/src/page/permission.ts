/** The permission to notify, in the words of Flocktory's widgets. */

import type { HeliographError } from "../shared/errors";
import type { SubscribeOptions, Verbs } from "./client";

export interface PushStatus {
  readonly permission: NotificationPermission | "unsupported";
  /** Whether pushSubscribe() has to be called in a click. */
  readonly requireInteraction: boolean;
}

export function makePermission(verbs: Verbs) {
  async function pushStatus(): Promise<PushStatus> {
    const permission = (await verbs.status()).permission ?? "unsupported";
    return { permission, requireInteraction: permission === "default" };
  }
  const answer = async () => ({ permission: (await pushStatus()).permission });
  return {
    pushStatus,
    /** As subscribe(); a person's "no" is an answer here, and no failure. */
    pushSubscribe: (options?: SubscribeOptions) =>
      verbs.subscribe(options).then(answer, (error: HeliographError) => {
        if (error.code === "denied" || error.code === "dismissed") return answer();
        throw error;
      }),
    pushUnsubscribe: () => verbs.unsubscribe().then(answer),
  };
}
