/** A site's page at work, in one browser, with the server it tells of things. */

import { beforeEach } from "node:test";
import { makeSite, type Site } from "../../src/page/site";
import type { Identity } from "../../src/shared/api";
import type { HeliographError } from "../../src/shared/errors";
import { holds } from "../../src/triggers";
import { FakeClock, settled } from "./clock";
import { installNetwork } from "./network";
import { asWindow, FakeBrowser, FakeWindow } from "./window";

export const MINUTE = 60_000;
export const clock = new FakeClock().install();
export const server = installNetwork();
export const ADA: Identity = { external_id: "ada", signature: "00" };

/** The browser of this test: new for each. */
export const person: { browser: FakeBrowser; subscription: { id: string; secret: string } | undefined } = {
  browser: new FakeBrowser(),
  subscription: undefined,
};
let tabs: FakeWindow[] = [];

beforeEach(() => {
  for (const tab of tabs.splice(0)) tab.close();
  clock.pass(60 * MINUTE);
  server.reset();
  Object.assign(person, { browser: new FakeBrowser(), subscription: undefined });
});

export interface Opened {
  readonly tab: FakeWindow;
  readonly site: Site;
  readonly verbs: Record<string, (...about: any[]) => any>;
  readonly failures: HeliographError[];
  readonly identified: Identity[];
  readonly is: (spec: object) => boolean;
}

interface How {
  readonly referrer?: string;
  readonly track?: boolean;
  readonly gpc?: boolean;
  readonly begin?: boolean;
}

export function open(
  url = "https://shop.example/",
  { referrer = "", track = true, gpc = false, begin = true }: How = {},
): Opened {
  const tab = new FakeWindow(url, person.browser, referrer);
  tabs.push(tab);
  if (gpc) tab.navigator.globalPrivacyControl = true;
  const failures: HeliographError[] = [];
  const identified: Identity[] = [];
  const site = makeSite({
    window: asWindow(tab),
    address: { key: "hpk_1", api: "https://push.example" },
    track,
    identity: () => identified[identified.length - 1],
    async identify(proof) {
      identified.push(proof);
      site.known();
    },
    subscription: async () => person.subscription,
    failed: (error) => void failures.push(error),
  });
  const verbs = site.verbs as Opened["verbs"];
  if (begin) site.begin((name, about) => void verbs[name]!(about));
  return { tab, site, verbs, failures, identified, is: (spec) => holds(spec, site.env, () => undefined) };
}

/** Lets what waits be sent, and returns the events that the server has by then. */
export async function events(): Promise<[string, any][]> {
  clock.pass(2_000);
  await settled();
  return server.events;
}

export const names = async () => (await events()).map(([name]) => name);
