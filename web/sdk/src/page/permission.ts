/** The permission to notify, in the words of Flocktory's widgets. */

import { HeliographError } from "../shared/errors";
import type { Verbs } from "./client";

export interface PushStatus {
  readonly permission: NotificationPermission | "unsupported";
  /** Whether pushSubscribe() has to be called in a click. */
  readonly requireInteraction: boolean;
}

export function makePermission(verbs: Pick<Verbs, "status" | "subscribe" | "unsubscribe">) {
  async function pushStatus(): Promise<PushStatus> {
    const permission = (await verbs.status()).permission ?? "unsupported";
    return { permission, requireInteraction: permission === "default" };
  }
  const permission = async () => ({ permission: (await pushStatus()).permission });
  return {
    pushStatus,
    /** As subscribe(); a person's "no" is an answer here, and no failure. */
    async pushSubscribe(options?: Parameters<Verbs["subscribe"]>[0]) {
      try {
        await verbs.subscribe(options);
      } catch (error) {
        if (!(error instanceof HeliographError) || !["denied", "dismissed"].includes(error.code)) throw error;
      }
      return permission();
    },
    async pushUnsubscribe() {
      await verbs.unsubscribe();
      return permission();
    },
  };
}
