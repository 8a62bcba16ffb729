/** The events of the page script. */

import type { HeliographError } from "../shared/errors";
import type { Click } from "../shared/messages";
import type { Status } from "./client";

export interface Events {
  /** This browser now has a subscription that Heliograph knows. */
  subscribed: Status;
  unsubscribed: Status;
  /** The status is another one than before, for whatever reason. */
  changed: Status;
  /** A notification was clicked, and this page was opened or focused by it. */
  clicked: Click;
  /** A data push: JSON that is not shown. */
  data: { readonly data: unknown; readonly notification: string | null; readonly delivery: string | null };
  /** Something failed, in a command or in the background. */
  error: HeliographError;
}

type Listener<K extends keyof Events> = (detail: Events[K]) => void;

export class Emitter {
  private readonly listeners: { [K in keyof Events]?: Set<Listener<K>> } = {};
  private missed: Click[] = [];

  /** Returns the function that ends the listening. */
  on<K extends keyof Events>(event: K, listener: Listener<K>): () => void {
    const all = ((this.listeners[event] as Set<Listener<K>> | undefined) ??= new Set());
    (this.listeners as Record<string, unknown>)[event] = all;
    all.add(listener);
    // The click that opened this page came before any listener could.
    if (event === "clicked") for (const click of this.missed.splice(0)) (listener as Listener<"clicked">)(click);
    return () => void all.delete(listener);
  }

  emit<K extends keyof Events>(event: K, detail: Events[K]): void {
    const all = this.listeners[event] as Set<Listener<K>> | undefined;
    if (event === "clicked" && !all?.size) this.missed.push(detail as Click);
    for (const listener of all ?? []) {
      try {
        listener(detail);
      } catch (error) {
        // A listener's mistake is the site's to see and must not stop the others.
        console.error(error);
      }
    }
  }
}
