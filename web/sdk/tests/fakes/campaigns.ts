/** Pages on which prompt campaigns have arrived. Prompts here have no screen but a list of titles. */

import { beforeEach } from "node:test";
import { makeRunner, type Campaign } from "../../src/page/campaigns";
import type { Status } from "../../src/page/client";
import { makeFacts, type Facts } from "../../src/page/facts";
import { makeKeeper } from "../../src/page/keeper";
import type { Around, Runner } from "../../src/page/prompting";
import type { Host } from "../../src/widgets/prompt";
import { FakeClock, settled } from "./clock";
import { asWindow, FakeBrowser, FakeWindow } from "./window";

export const SECOND = 1000;
export const HOUR = 3600 * SECOND;
export const clock = new FakeClock().install();
/** The browser of this test; its tabs share storage. */
export const scene = { browser: new FakeBrowser() };
let tabs: FakeWindow[] = [];

beforeEach(() => {
  for (const tab of tabs.splice(0)) tab.close();
  clock.pass(24 * HOUR);
  scene.browser = new FakeBrowser();
});

export function campaign(id: string, differs: Partial<Campaign> = {}): Campaign {
  return {
    id,
    prompt: "slide",
    texts: { title: id },
    variant: null,
    exclusion_group: null,
    priority: 1,
    frequency: { shows: null, per_seconds: null, later_seconds: 3600, close_seconds: 86_400 },
    triggers: [],
    groups: [],
    ...differs,
  };
}

export interface Page {
  readonly tab: FakeWindow;
  readonly facts: Facts;
  readonly runner: Runner;
  /** Titles of what is on the screen, and the hosts by title. */
  readonly screen: string[];
  readonly hosts: Record<string, Host>;
  readonly covered: boolean[];
  readonly asked: any[];
  readonly failures: unknown[];
  /** "campaign event" of all that was sent. */
  readonly sent: () => string[];
  readonly becomes: (status: Status["status"]) => void;
  subscribes: () => Promise<unknown>;
  loads: (kind: string) => Promise<unknown>;
  answers: () => Promise<unknown>;
}

export const statusOf = (status: Status["status"]) => ({ status, permission: null }) as unknown as Status;

/** A page on which these campaigns have arrived. */
export async function open(
  given: readonly Campaign[],
  status: Status["status"] = "default",
  url = "https://shop.example/",
): Promise<Page> {
  const tab = new FakeWindow(url, scene.browser);
  tabs.push(tab);
  const keeper = makeKeeper(asWindow(tab));
  keeper.allow(true);
  const failures: unknown[] = [];
  const facts = makeFacts(asWindow(tab), keeper, (error) => failures.push(error));
  const listeners: Record<string, ((now: never) => void)[]> = {};
  const emit = (event: string, now: unknown) => listeners[event]?.forEach((listener) => listener(now as never));
  const [screen, hosts, covered, asked]: [string[], Record<string, Host>, boolean[], any[]] = [[], {}, [], []];
  const groups: unknown[] = [];
  const prompt = () => ({
    show(host: Host) {
      const title = host.campaign.texts["title"] ?? host.campaign.prompt;
      screen.push(title);
      hosts[title] = host;
      return {
        hide: () => void screen.splice(screen.indexOf(title), 1),
        cover: (is: boolean) => void covered.push(is),
      };
    },
  });
  const page: Page = {
    ...{ tab, facts, screen, hosts, covered, asked, failures },
    runner: undefined as never,
    sent: () =>
      asked.flatMap(({ body }) => body?.events ?? []).map(({ campaign, event }: any) => `${campaign} ${event}`),
    becomes: (now) => emit("changed", statusOf(now)),
    subscribes: async () => statusOf("subscribed"),
    loads: async (kind) => (kind === "kit" ? {} : prompt),
    answers: async () => ({}),
  };
  const around: Around = {
    base: "https://push.example",
    key: "hpk_1",
    env: facts.env,
    keeper,
    visitor: () => "hvi_1",
    client: {
      subscribe: (options) => (groups.push(options?.groups), page.subscribes()),
      unsubscribe: async () => (emit("unsubscribed", statusOf("unsubscribed")), statusOf("unsubscribed")),
      join: async (group) => (groups.push(["join", group]), { joined: true }),
      leave: async (group) => (groups.push(["leave", group]), { joined: false }),
    } as Around["client"],
    state: async () => ({ id: "sub_1", secret: "hss_1" }) as never,
    attributes: (values) => groups.push(values),
    on: ((event: string, listener: (now: never) => void) => (
      (listeners[event] ??= []).push(listener),
      () => undefined
    )) as Around["on"],
    async ask(method, path, options) {
      asked.push({ method, path, body: options?.body, groups });
      return page.answers();
    },
    failed: (error) => failures.push(error),
    fault: (sentence) => new Error(sentence),
    load: ((kind: string) => page.loads(kind)) as Around["load"],
  };
  Object.assign(page, { runner: makeRunner(around) });
  page.runner.take(given, statusOf(status));
  await settled();
  return page;
}

export const flush = async () => {
  clock.pass(SECOND);
  await settled();
};
