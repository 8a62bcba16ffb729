/** What triggers ask, as one test wants it to be, and a window whose events can be made to happen. */

import type { Env, Session, Spec, Trigger } from "../../src/triggers/trigger";
import { asWindow, FakeWindow } from "./window";

export interface FakeEnv extends Env {
  readonly tab: FakeWindow;
  /** What again() asked for, in milliseconds. */
  readonly asked: number[];
}

type Differs = Partial<Omit<Env, "session" | "page">> & {
  readonly session?: Partial<Session>;
  readonly page?: Partial<Env["page"]>;
  readonly tab?: FakeWindow;
};

export const NOW = 1_800_000_000_000;

export function makeEnv(differs: Differs = {}): FakeEnv {
  const tab = differs.tab ?? new FakeWindow("https://shop.example/shoes?size=42");
  const asked: number[] = [];
  const session: Session = {
    startedAt: NOW - 60_000,
    pageViews: 3,
    products: 2,
    entryUrl: "https://shop.example/?utm_source=mail",
    referrer: "https://search.example/?q=shoes",
    utm: { utm_source: "mail" },
    earlier: ["https://shop.example/?utm_source=mail", "https://shop.example/sale/summer"],
    focused: 40_000,
    ...differs.session,
  };
  const page = { url: tab.location.href, openedAt: NOW - 10_000, ...differs.page };
  return {
    tab,
    asked,
    window: asWindow(tab),
    document: asWindow(tab).document,
    now: () => NOW,
    cart: { count: 0, total: 0 },
    firstVisit: true,
    authorised: false,
    spots: [],
    moment: undefined,
    again: (milliseconds) => void asked.push(milliseconds),
    listen: () => () => undefined,
    ...differs,
    session,
    page,
  };
}

/** Whether it holds; a throw is what the runner takes for no. */
export function holds(trigger: Trigger, spec: Spec, env: Env): boolean {
  try {
    return trigger.holds(spec, env);
  } catch {
    return false;
  }
}
