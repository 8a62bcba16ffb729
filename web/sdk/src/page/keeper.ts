/**
 * What the page script keeps of a visit: in the site's storage, in the tab's where that is blocked or full, and else in
 * memory, for this page only. Other scripts write there too, so whoever reads checks.
 */

import { json } from "../shared/json";

export interface Keeper {
  /** The value that was kept, of any type and not to be changed; undefined when there is none. */
  get(name: string): unknown;
  /** Keeps a value; undefined removes it. Never throws. */
  set(name: string, value: unknown): void;
  /** Whether the value of this name will outlive the page. */
  lasts(name: string): boolean;
  /** With true values are stored, which none are at first; with false everything is forgotten, and none from now on. */
  allow(allowed: boolean): void;
}

const PREFIX = "heliograph:";

function usable(window: Window, name: "localStorage" | "sessionStorage"): Storage | undefined {
  try {
    const storage = window[name];
    const probe = PREFIX + "probe";
    storage.setItem(probe, "1");
    const works = storage.getItem(probe) === "1";
    storage.removeItem(probe);
    return works ? storage : undefined;
  } catch {
    return undefined;
  }
}

export function makeKeeper(window: Window): Keeper {
  const memory = new Map<string, string>();
  /** What was read last of each name: triggers ask often, and pages rarely change it. */
  const read = new Map<string, readonly [text: string, value: unknown]>();
  let storage: Storage | undefined;

  function forget(): void {
    memory.clear();
    for (const kind of ["localStorage", "sessionStorage"] as const) {
      try {
        const all = window[kind];
        // From the end, for what is removed makes those behind it move up.
        for (let i = all.length; i-- > 0;) if (/^heliograph:\w+$/.test(all.key(i) ?? "")) all.removeItem(all.key(i)!);
      } catch {
        // Nothing could have been stored there.
      }
    }
  }

  return {
    get(name) {
      try {
        const text = memory.get(name) ?? storage?.getItem(PREFIX + name);
        if (text == null) return undefined;
        let known = read.get(name);
        if (known?.[0] !== text) read.set(name, (known = [text, JSON.parse(text) as unknown]));
        return known[1];
      } catch {
        return undefined;
      }
    },
    set(name, value) {
      const [text] = json(value, 3000, 20_000);
      memory.delete(name);
      try {
        if (text === undefined) storage?.removeItem(PREFIX + name);
        else if (storage) return storage.setItem(PREFIX + name, text);
      } catch {
        // It is full; what is there is out of date.
      }
      if (text !== undefined) memory.set(name, text);
    },
    lasts: (name) => storage !== undefined && !memory.has(name),
    allow(now) {
      storage = now ? (usable(window, "localStorage") ?? usable(window, "sessionStorage")) : undefined;
      if (!now) forget();
    },
  };
}
