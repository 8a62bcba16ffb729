/**
 * A service worker's global scope. Import this before anything of the worker: its modules look at `self` when they
 * load.
 */

import { installIndexedDB } from "./indexeddb";
import { installNetwork } from "./network";
import { FakePushManager } from "./push";

export interface Shown {
  readonly title: string;
  readonly options: any;
}

export class FakeClient {
  messages: any[] = [];
  focused = false;
  focusFails = false;

  constructor(public url: string) {}

  postMessage = (message: unknown) => void this.messages.push(structuredClone(message));

  async focus(): Promise<this> {
    if (this.focusFails) throw new DOMException("not allowed", "InvalidAccessError");
    this.focused = true;
    return this;
  }
}

export class FakeWorker {
  readonly location: URL;
  readonly listeners = new Map<string, (event: any) => void>();
  readonly shown: Shown[] = [];
  readonly opened: string[] = [];
  windows: FakeClient[] = [];
  skipped = 0;
  /** Looks at every notification that is to be shown; what it throws, showNotification() throws. */
  checks: (shown: Shown) => unknown = () => undefined;
  heliograph: any = undefined;

  readonly registration = {
    scope: "https://shop.example/push/",
    pushManager: new FakePushManager(),
    showNotification: async (title: string, options: any) => {
      const shown = { title, options: structuredClone(options) };
      await this.checks(shown);
      this.shown.push(shown);
    },
  };

  readonly clients = {
    matchAll: async () => this.windows,
    openWindow: async (url: string) => void this.opened.push(url),
  };

  constructor(url: string) {
    this.location = new URL(url);
  }

  addEventListener = (name: string, listener: (event: any) => void) => void this.listeners.set(name, listener);
  skipWaiting = async () => void this.skipped++;

  /** Fires an event and waits for what its handler asked the browser to wait for; tells whether it asked at all. */
  async fire(name: string, event: object = {}): Promise<boolean> {
    const waiting: Promise<unknown>[] = [];
    this.listeners.get(name)?.({ ...event, waitUntil: (work: Promise<unknown>) => waiting.push(work) });
    await Promise.all(waiting);
    return waiting.length > 0;
  }

  push(payload: string | object | null): Promise<boolean> {
    const text = typeof payload === "string" ? payload : JSON.stringify(payload);
    return this.fire("push", { data: payload === null ? null : { text: () => text } });
  }

  forget(): void {
    this.shown.length = this.opened.length = 0;
    this.windows = [];
    this.checks = () => undefined;
    this.heliograph = undefined;
    this.registration.pushManager.subscription = null;
  }
}

export function installWorker(url: string) {
  const worker = new FakeWorker(url);
  Object.defineProperty(globalThis, "navigator", { value: { language: "en-GB" }, configurable: true });
  Object.assign(globalThis, { self: worker, Notification: { maxActions: 2 }, __VERSION__: "test" });
  return { worker, database: installIndexedDB(), heliograph: installNetwork() };
}
