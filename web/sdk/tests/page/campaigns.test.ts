/** Which prompt is shown, when, and what is counted and remembered of it. Prompts here are buttons without a screen. */

import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { makeRunner, useful, type Campaign } from "../../src/page/campaigns";
import { makeFacts, type Facts } from "../../src/page/facts";
import { makeKeeper } from "../../src/page/keeper";
import type { Around, Runner } from "../../src/page/prompting";
import type { Status } from "../../src/page/client";
import type { Host } from "../../src/widgets/prompt";
import { FakeClock, settled } from "../fakes/clock";
import { asWindow, FakeBrowser, FakeElement, FakeWindow } from "../fakes/window";

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const clock = new FakeClock().install();
let browser = new FakeBrowser();
let tabs: FakeWindow[] = [];

beforeEach(() => {
  for (const tab of tabs.splice(0)) tab.close();
  clock.pass(24 * HOUR);
  browser = new FakeBrowser();
});

function campaign(id: string, differs: Partial<Campaign> = {}): Campaign {
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

interface Page {
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

const statusOf = (status: Status["status"]) => ({ status, permission: null }) as unknown as Status;

/** A page on which these campaigns have arrived. */
async function open(
  given: readonly Campaign[],
  status: Status["status"] = "default",
  url = "https://shop.example/",
): Promise<Page> {
  const tab = new FakeWindow(url, browser);
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

const flush = async () => {
  clock.pass(SECOND);
  await settled();
};

test("A campaign without triggers is shown at once, counted once, with its variant as a test that was passed.", async () => {
  const page = await open([campaign("a", { variant: "b" })]);
  assert.deepEqual(page.screen, ["a"]);
  await flush();
  assert.deepEqual(page.sent(), ["a test-passed", "a show-widget"]);
  assert.deepEqual(
    page.asked[0].body.events.map(({ variant }: any) => variant),
    ["b", "b"],
  );
  page.facts.signal();
  await settled();
  assert.deepEqual(page.screen, ["a"]);
});

test("One group of triggers that all hold is enough, and is looked at again whenever something changes.", async () => {
  const triggers = [
    [
      { kind: "time_on_page", from: 5 },
      { kind: "spot", value: "footer" },
    ],
    [{ kind: "event", name: "now" }],
  ];
  const page = await open([campaign("a", { triggers })]);
  assert.deepEqual(page.screen, []);
  page.facts.spot("footer");
  await settled();
  assert.deepEqual(page.screen, []);
  clock.pass(5 * SECOND);
  await settled();
  assert.deepEqual(page.screen, ["a"]);
});

test("A moment shows what waits for it, and is not remembered.", async () => {
  const page = await open([campaign("a", { triggers: [[{ kind: "event", name: "now" }]] })]);
  page.facts.fire("other");
  page.facts.signal();
  await settled();
  assert.deepEqual(page.screen, []);
  page.facts.fire("now");
  await settled();
  assert.deepEqual(page.screen, ["a"]);
});

test("A trigger that this page does not know holds for nobody, and is told.", async () => {
  const page = await open([campaign("a", { triggers: [[{ kind: "from_the_future" }], [null]] })]);
  assert.deepEqual(page.screen, []);
  assert.equal(page.failures.length, 2);
});

test("What a newer server sends, or a broken one, keeps nothing else from being shown.", async () => {
  const odd = [
    null,
    7,
    {},
    campaign("x", { prompt: "hologram" as never }),
    campaign("y", { triggers: [null] as never }),
    { ...campaign("z"), frequency: null },
  ];
  const page = await open([...(odd as Campaign[]), campaign("a")]);
  assert.deepEqual(page.screen, ["a"]);
  assert.equal(page.failures.length, 1);
});

test("Of those whose triggers hold the highest priority goes first; after it there is peace, then the next.", async () => {
  const page = await open([
    campaign("low"),
    campaign("high", { priority: 9 }),
    campaign("none", { priority: 99, triggers: [[{ kind: "event", name: "x" }]] }),
  ]);
  assert.deepEqual(page.screen, ["high"]);
  page.hosts["high"]!.end("later");
  await settled();
  assert.deepEqual(page.screen, []);
  clock.pass(11 * SECOND);
  await settled();
  assert.deepEqual(page.screen, ["low"]);
});

test("Of an exclusion group one has its turn on a page, whatever became of it.", async () => {
  const grouped = { exclusion_group: "ask" };
  const page = await open([campaign("a", { ...grouped, priority: 2 }), campaign("b", grouped), campaign("c")]);
  page.hosts["a"]!.end("close");
  clock.pass(11 * SECOND);
  await settled();
  assert.deepEqual(page.screen, ["c"]);
  page.hosts["c"]!.end("later");
  clock.pass(11 * SECOND);
  await settled();
  assert.deepEqual(page.screen, []);
});

test("What has a place of its own may stand beside the others, one per place, and a bell steps back.", async () => {
  const bell = campaign("bell", { prompt: "bell" });
  const inline = campaign("inline", { prompt: "inline", spot: "hero" });
  const page = await open([]);
  page.tab.document.elements.push(new FakeElement("", { "data-hg-spot": "hero" }));
  page.runner.take(
    [campaign("slide"), bell, { ...bell, id: "second" }, inline, { ...inline, id: "no slot", spot: "nowhere" }],
    statusOf("default"),
  );
  await settled();
  assert.deepEqual([...page.screen].sort(), ["bell", "inline", "slide"]);
  assert.equal(page.covered[page.covered.length - 1], true);
  page.hosts["slide"]!.end("done");
  assert.equal(page.covered[page.covered.length - 1], false);
});

test("Who put it off or closed it is left alone for as long as the campaign says, in every tab.", async () => {
  const one = campaign("a");
  const first = await open([one]);
  const second = await open([one]);
  assert.deepEqual([first.screen, second.screen], [["a"], ["a"]]);
  first.hosts["a"]!.end("later");
  second.tab.happen("storage", { key: "heliograph:prompts" });
  assert.deepEqual([first.screen, second.screen], [[], []]);
  await flush();
  assert.deepEqual(first.sent(), ["a show-widget", "a click-later"]);
  assert.deepEqual((await open([one])).screen, []);
  clock.pass(HOUR);
  const later = await open([one]);
  assert.deepEqual(later.screen, ["a"]);
  later.hosts["a"]!.end("close");
  clock.pass(23 * HOUR);
  assert.deepEqual((await open([one])).screen, []);
  clock.pass(HOUR);
  assert.deepEqual((await open([one])).screen, ["a"]);
});

test("Who has closed a prompt is left alone by all of its exclusion group.", async () => {
  const grouped = { exclusion_group: "ask" };
  const both = [campaign("a", { ...grouped, priority: 2 }), campaign("b", grouped)];
  const page = await open(both);
  page.hosts["a"]!.end("close");
  clock.pass(HOUR);
  assert.deepEqual((await open(both)).screen, []);
  assert.deepEqual((await open([campaign("c", { exclusion_group: "other" })])).screen, ["c"]);
  clock.pass(24 * HOUR);
  assert.deepEqual((await open(both)).screen, ["a"]);
});

test("Somebody who is subscribed by other means, while a prompt asks, is asked no longer; thanks stay.", async () => {
  const page = await open([campaign("a")]);
  page.becomes("unsubscribed");
  assert.deepEqual(page.screen, ["a"]);
  page.becomes("subscribed");
  assert.deepEqual(page.screen, []);
  const own = await open([campaign("a")]);
  const asked = own.hosts["a"]!.subscribe();
  own.becomes("subscribed");
  await asked;
  assert.deepEqual(own.screen, ["a"]);
});

test("A prompt may say itself for how long it stays away.", async () => {
  const page = await open([campaign("a")]);
  page.hosts["a"]!.end("close", 10);
  clock.pass(11 * SECOND);
  assert.deepEqual((await open([campaign("a")])).screen, ["a"]);
});

test("A prompt is shown so many times in so long, or ever.", async () => {
  const frequency = { shows: 2, per_seconds: 3600, later_seconds: 0, close_seconds: 0 };
  const ever = { ...frequency, shows: 1, per_seconds: null };
  const shown = async () =>
    (await open([campaign("a", { frequency }), campaign("b", { frequency: ever, priority: 5 })])).screen.join();
  assert.equal(await shown(), "b");
  assert.equal(await shown(), "a");
  assert.equal(await shown(), "a");
  assert.equal(await shown(), "");
  clock.pass(HOUR);
  assert.equal(await shown(), "a");
});

test("A clock that was set back makes nobody wait for years.", async () => {
  const page = await open([campaign("a")]);
  page.hosts["a"]!.end("close");
  clock.jump(-48 * HOUR);
  assert.deepEqual((await open([campaign("a")])).screen, ["a"]);
  clock.jump(48 * HOUR);
});

test("What somebody else wrote into our memory is as if it were not there.", async () => {
  for (const torn of [
    "nonsense",
    "[]",
    "null",
    "7",
    '{"a":1}',
    '{"a":{"shown":"no"}}',
    '{"a":{"shown":[],"at":"x","wait":{}}}',
  ]) {
    browser.localStorage.setItem("heliograph:prompts", torn);
    assert.deepEqual((await open([campaign("a")])).screen, ["a"], torn);
  }
});

test("Somebody who has unsubscribed waits as if they had closed every prompt.", async () => {
  const page = await open([campaign("bell", { prompt: "bell" })], "subscribed");
  assert.equal(await page.hosts["bell"]!.unsubscribe(), true);
  assert.deepEqual((await open([campaign("a")], "unsubscribed")).screen, []);
  clock.pass(25 * HOUR);
  assert.deepEqual((await open([campaign("a")], "unsubscribed")).screen, ["a"]);
});

test("What a status makes of each kind of prompt.", () => {
  const rows = [
    "default",
    "unsubscribed",
    "subscribed",
    "pending",
    "denied",
    "unsupported",
    "insecure",
    "ios-needs-home-screen",
  ] as const;
  assert.deepEqual(
    rows.map((status) => [useful("slide", status), useful("home-screen", status)]),
    [
      [true, false],
      [true, false],
      ["push-already-subscribed", false],
      ["push-already-subscribed", false],
      ["push-already-denied", false],
      ["push-unsupported", false],
      ["push-unsupported", false],
      ["push-unsupported", true],
    ],
  );
});

test("Whoever cannot use it is counted once per page instead of asked; bells stay for those who blocked the site.", async () => {
  const page = await open([campaign("a"), campaign("bell", { prompt: "bell" })], "denied");
  page.facts.signal();
  await flush();
  assert.deepEqual(page.screen, ["bell"]);
  assert.deepEqual(page.sent(), ["a push-already-denied", "bell push-already-denied", "bell show-widget"]);
  const old = await open([campaign("a"), campaign("bell", { prompt: "bell" })], "unsupported");
  await flush();
  assert.deepEqual([old.screen, old.sent()], [[], ["a push-unsupported", "bell push-unsupported"]]);
});

test("A yes subscribes with the campaign's groups and the chosen ones, and what was chosen beside.", async () => {
  const page = await open([campaign("a", { groups: ["prompted", "news"] })]);
  const answer = await page.hosts["a"]!.subscribe({
    groups: { news: true, prices: true, orders: false },
    attributes: { vip: true },
  });
  assert.equal(answer, "subscribed");
  await flush();
  assert.deepEqual(page.asked[0].groups, [["prompted", "news", "prices"], { vip: true }]);
  assert.deepEqual(page.sent(), ["a show-widget", "a push-subscribed"]);
});

const failing =
  (code: string, after = 0) =>
  async () => {
    clock.jump(after);
    throw Object.assign(new Error(code), { code });
  };

test("A no is counted, and only a browser that said it by itself leads to the guide.", async () => {
  const page = await open([campaign("a")]);
  page.subscribes = failing("denied", 3 * SECOND);
  assert.equal(await page.hosts["a"]!.subscribe(), "denied");
  await settled();
  assert.deepEqual(page.screen, ["a"]);
  page.subscribes = failing("denied");
  await page.hosts["a"]!.subscribe();
  await settled();
  assert.deepEqual(page.screen, ["unblock"]);
  await flush();
  assert.deepEqual(page.sent(), ["a show-widget", "a push-denied", "a push-denied"]);
  assert.deepEqual(page.failures, []);
});

test("A question that was closed is no answer; what failed is told and may be tried again.", async () => {
  const page = await open([campaign("a")]);
  page.subscribes = failing("dismissed");
  assert.equal(await page.hosts["a"]!.subscribe(), "dismissed");
  page.subscribes = failing("network");
  assert.equal(await page.hosts["a"]!.subscribe(), "failed");
  assert.equal(page.failures.length, 1);
  page.subscribes = failing("ios-needs-home-screen");
  assert.equal(await page.hosts["a"]!.subscribe(), "denied");
  await settled();
  assert.deepEqual(page.screen, ["home-screen"]);
});

test("The groups of a subscription are the server's, and a choice changes those that differ.", async () => {
  const page = await open([campaign("bell", { prompt: "bell" })], "subscribed");
  page.answers = async () => ({ groups: [{ name: "news", identifier: null }] });
  const host = page.hosts["bell"]!;
  assert.deepEqual(await host.groups(), ["news"]);
  assert.equal(await host.choose({ groups: { news: false, prices: true }, attributes: {} }), true);
  assert.deepEqual(page.asked[0].groups, [
    ["leave", "news"],
    ["join", "prices"],
  ]);
  page.answers = failing("network");
  assert.equal(await host.groups(), null);
});

test("A page shows and hides prompts by command; neither is an answer, and triggers do not count.", async () => {
  const page = await open([
    campaign("a", { triggers: [[{ kind: "event", name: "never" }]] }),
    campaign("b", { priority: 0 }),
  ]);
  assert.deepEqual(page.screen, ["b"]);
  assert.deepEqual(await page.runner.showPrompt("a"), { shown: true });
  assert.deepEqual(page.screen, ["a"]);
  page.runner.hidePrompts();
  assert.deepEqual(page.screen, []);
  await assert.rejects(page.runner.showPrompt("c"), /no prompt campaign "c"/);
  await flush();
  assert.deepEqual(page.sent(), ["b show-widget", "a show-widget"]);
});

test("On a blocked site a page's command shows the guide.", async () => {
  const page = await open([campaign("a", { triggers: [[{ kind: "event", name: "never" }]] })], "denied");
  await page.runner.showPrompt("a");
  assert.deepEqual(page.screen, ["unblock"]);
  await flush();
  assert.deepEqual(page.sent(), ["a push-already-denied"]);
});

test("A preview is shown at once, and neither counted nor remembered.", async () => {
  const hidden = campaign("a", { triggers: [[{ kind: "event", name: "never" }]] });
  for (let i = 0; i < 2; i++) {
    const page = await open([hidden], "default", "https://shop.example/?heliograph_preview=a");
    assert.deepEqual(page.screen, ["a"]);
    page.hosts["a"]!.end("close");
    await flush();
    assert.deepEqual(page.asked, []);
  }
});

test("A file that does not come is told of once, and others are shown instead.", async () => {
  const page = await open([]);
  page.loads = async (kind) => {
    if (kind === "slide") throw new Error("offline");
    return kind === "kit"
      ? {}
      : () => ({ show: (host: Host) => (page.screen.push(host.campaign.id), { hide: () => undefined }) });
  };
  page.runner.take([campaign("a", { priority: 2 }), campaign("b", { prompt: "dialog" })], statusOf("default"));
  await settled();
  clock.pass(11 * SECOND);
  await settled();
  assert.deepEqual([page.screen, page.failures.length], [["b"], 1]);
});

test("Shown in another tab while its file was loading, it is not shown here as well.", async () => {
  const once = campaign("a", { frequency: { shows: 1, per_seconds: 3600, later_seconds: 1, close_seconds: 1 } });
  const slow = await open([]);
  let arrive: () => void = () => undefined;
  const { loads } = slow;
  slow.loads = async (kind) => (await new Promise<void>((resolve) => (arrive = resolve)), loads(kind));
  slow.runner.take([once], statusOf("default"));
  assert.deepEqual((await open([once])).screen, ["a"]);
  for (let i = 0; i < 4; i++) (arrive(), await settled());
  assert.deepEqual(slow.screen, []);
});

test("In a tab that nobody sees nothing is shown until it comes to the front.", async () => {
  const page = await open([]);
  page.tab.hide();
  page.runner.take([campaign("a")], statusOf("default"));
  await settled();
  assert.deepEqual(page.screen, []);
  page.tab.document.visibilityState = "visible";
  page.facts.signal();
  await settled();
  assert.deepEqual(page.screen, ["a"]);
});

test("A page of a single-page site keeps what is on the screen and looks at its own campaigns.", async () => {
  const page = await open([campaign("a"), campaign("b", { triggers: [[{ kind: "event", name: "old" }]] })]);
  page.runner.take(
    [campaign("a"), campaign("c", { triggers: [[{ kind: "event", name: "new" }]] })],
    statusOf("default"),
  );
  await settled();
  assert.deepEqual(page.screen, ["a"]);
  page.hosts["a"]!.end("done");
  clock.pass(11 * SECOND);
  page.facts.fire("old");
  page.facts.fire("new");
  await settled();
  assert.deepEqual(page.screen, ["c"]);
});

test("Statistics that could not be sent go with the next, as the same events; those refused do not.", async () => {
  const page = await open([campaign("a")]);
  page.answers = failing("network");
  await flush();
  page.answers = async () => ({});
  page.hosts["a"]!.end("later");
  await flush();
  const [first, second] = page.asked.map(({ body }) => body.events);
  assert.equal(second.length, 2);
  assert.deepEqual(second[0], first[0]);
  page.answers = async () => {
    throw Object.assign(new Error("refused"), { status: 422 });
  };
  page.hosts["a"]!.track("one");
  await flush();
  page.hosts["a"]!.track("two");
  await flush();
  assert.deepEqual(
    page.asked[3].body.events.map(({ event }: any) => event),
    ["two"],
  );
});

test("What is counted in a page's last moment is sent with it.", async () => {
  const page = await open([campaign("a")]);
  page.tab.close();
  await settled();
  assert.deepEqual(page.sent(), ["a show-widget"]);
});

test("Fifty campaigns are remembered, those seen longest ago forgotten first.", async () => {
  for (let i = 0; i < 55; i++) {
    await open([campaign(`c${i}`)]);
    clock.pass(SECOND);
  }
  const kept = Object.keys(JSON.parse(browser.localStorage.getItem("heliograph:prompts")!));
  assert.equal(kept.length, 50);
  assert(!kept.includes("c0") && kept.includes("c54"));
});
