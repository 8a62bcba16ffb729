/** A browser tab as far as a site's page is concerned: address, history, storage, focus, elements, events. */

export class FakeStorage {
  private values = new Map<string, string>();
  /** "blocked" throws at every touch, "full" at every write. */
  health: "good" | "blocked" | "full" = "good";

  private touch(): Map<string, string> {
    if (this.health === "blocked") throw new DOMException("The operation is insecure.", "SecurityError");
    return this.values;
  }
  get length(): number {
    return this.touch().size;
  }
  key(index: number): string | null {
    return [...this.touch().keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.touch().get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.touch();
    if (this.health === "full") throw new DOMException("full", "QuotaExceededError");
    this.values.set(key, String(value));
  }
  removeItem(key: string): void {
    this.touch().delete(key);
  }
  clear(): void {
    this.values.clear();
    this.health = "good";
  }
  get keys(): string[] {
    return [...this.values.keys()];
  }
}

export class FakeElement extends EventTarget {
  scrollTop = 0;
  scrollHeight = 0;
  constructor(
    readonly className: string,
    private readonly named: Record<string, string>,
  ) {
    super();
  }
  get attributes() {
    return Object.entries(this.named).map(([name, value]) => ({ name, value }));
  }
  getAttribute(name: string): string | null {
    return this.named[name] ?? null;
  }
  setAttribute(name: string, value: string): void {
    this.named[name] = value;
  }
}

export class FakeDocument extends EventTarget {
  elements: FakeElement[] = [];
  focused = true;
  visibilityState = "visible";
  readyState = "complete";
  referrer = "";
  title = "A page";
  cookie = "";
  documentElement = new FakeElement("", {});
  scrollingElement: FakeElement | null = null;
  prerendering = false;
  currentScript: unknown = null;

  hasFocus = () => this.focused;
  getElementsByClassName = (name: string) => this.elements.filter(({ className }) => className === name);
  /** Knows selectors of attributes only: "[a],[b]". */
  querySelectorAll = (selector: string) => {
    const names = [...selector.matchAll(/\[([\w-]+)\]/g)].map(([, name]) => name!);
    return this.elements.filter((element) => names.some((name) => element.getAttribute(name) !== null));
  };
}

/** Those of one browser's tabs share it. */
export class FakeBrowser {
  readonly localStorage = new FakeStorage();
}

export class FakeObserver {
  static all: FakeObserver[] = [];
  constructor(private readonly seen: () => void) {
    FakeObserver.all.push(this);
  }
  observe(): void {}
  /** The page has changed. */
  static change(): void {
    for (const { seen } of this.all) seen();
  }
}

export class FakeWindow extends EventTarget {
  readonly document = new FakeDocument();
  readonly sessionStorage = new FakeStorage();
  readonly location: { href: string; search: string };
  readonly beacons: { readonly url: string; readonly body: any }[] = [];
  innerHeight = 1000;
  isSecureContext = true;
  beaconWorks = true;
  readonly navigator: any = {
    language: "en-GB",
    userAgent: "Mozilla/5.0 (X11; Linux x86_64)",
    maxTouchPoints: 0,
    onLine: true,
    sendBeacon: (url: string, body: string) => {
      if (this.beaconWorks) this.beacons.push({ url, body: JSON.parse(body) });
      return this.beaconWorks;
    },
  };
  readonly history: any = {
    state: null,
    pushState: (_state: unknown, _title: string, url: string) =>
      (this.location.href = new URL(url, this.location.href).href),
    replaceState: (_state: unknown, _title: string, url: string) =>
      (this.location.href = new URL(url, this.location.href).href),
  };
  readonly localStorage: FakeStorage;

  constructor(url: string, browser = new FakeBrowser(), referrer = "") {
    super();
    this.location = {
      href: url,
      get search() {
        return new URL(this.href).search;
      },
    };
    this.document.referrer = referrer;
    this.localStorage = browser.localStorage;
  }

  /** Something happens to the window. */
  happen(type: string, details: object = {}): void {
    this.dispatchEvent(Object.assign(new Event(type), details));
  }
  focus(has: boolean): void {
    this.document.focused = has;
    this.happen(has ? "focus" : "blur");
  }
  hide(): void {
    this.document.visibilityState = "hidden";
    this.document.focused = false;
    this.document.dispatchEvent(new Event("visibilitychange"));
  }
  close(): void {
    this.hide();
    this.happen("pagehide");
  }
}

export const asWindow = (fake: FakeWindow): Window => fake as unknown as Window;
(globalThis as any).MutationObserver = FakeObserver;
// Older versions of node have none; there are no locks in it.
(globalThis as any).navigator ??= {};
