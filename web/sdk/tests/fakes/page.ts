/** A page's surroundings: window, permission, service worker container, storage of the visit. */

import { installIndexedDB } from "./indexeddb";
import { installNetwork } from "./network";
import { FakeRegistration } from "./push";
import { FakeWindow } from "./window";

export class FakePermission {
  permission: NotificationPermission = "default";
  answer: NotificationPermission = "granted";
  asked = 0;

  requestPermission = async () => {
    this.asked++;
    return (this.permission = this.answer);
  };
}

export class FakeWorkers {
  registrations = new Map<string, FakeRegistration>();
  registered: string[] = [];

  async register(url: string, { scope }: { scope: string }): Promise<FakeRegistration> {
    this.registered.push(url);
    const registration = this.registrations.get(scope) ?? new FakeRegistration(scope);
    registration.active = { scriptURL: url, state: "activated" };
    this.registrations.set(scope, registration);
    return registration;
  }

  /** As the browser does it: the registration with the longest scope that covers the address. */
  getRegistration = async (url: string) =>
    [...this.registrations.values()]
      .filter(({ scope }) => url.startsWith(scope))
      .sort((a, b) => b.scope.length - a.scope.length)[0];
}

export const notification = new FakePermission();
export const workers = new FakeWorkers();
export const visit = new Map<string, string>();
export const database = installIndexedDB();
export const heliograph = installNetwork();

export const tab = new FakeWindow("https://shop.example/");
const { navigator } = tab;
Object.assign(navigator, { serviceWorker: workers });
Object.assign(tab, {
  PushManager: {},
  Notification: notification,
  matchMedia: () => ({ matches: false }),
});
const window = tab;

Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
Object.assign(globalThis, {
  window,
  Notification: notification,
  sessionStorage: {
    getItem: (key: string) => visit.get(key) ?? null,
    setItem: (key: string, value: string) => void visit.set(key, value),
  },
});

/** Everything as on the first visit of a new browser. */
export function newBrowser(): void {
  database.clear();
  database.health = "good";
  heliograph.reset();
  visit.clear();
  tab.localStorage.clear();
  tab.sessionStorage.clear();
  workers.registrations.clear();
  workers.registered = [];
  Object.assign(notification, { permission: "default", answer: "granted", asked: 0 });
}
