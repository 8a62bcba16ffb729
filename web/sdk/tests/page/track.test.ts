import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import type { Identity } from "../../src/shared/api";
import type { HeliographError } from "../../src/shared/errors";
import { makeKeeper } from "../../src/page/keeper";
import { makeTracker } from "../../src/page/track";
import { forgetVisitor, visitor } from "../../src/page/visitor";
import { FakeClock, settled } from "../fakes/clock";
import { installNetwork } from "../fakes/network";
import { asWindow, FakeBrowser, FakeWindow } from "../fakes/window";

const clock = new FakeClock().install();
const server = installNetwork();
const ADA: Identity = { external_id: "ada", signature: "00" };
let browser = new FakeBrowser();
let subscription: { id: string; secret: string } | undefined;

beforeEach(async () => {
  // What the tabs of the test before still had in mind.
  server.trouble = () => [400, {}];
  clock.pass(3_600_000);
  await settled();
  server.reset();
  browser = new FakeBrowser();
  subscription = undefined;
});

function open() {
  const tab = new FakeWindow("https://shop.example/shoes", browser, "https://search.example/");
  const keeper = makeKeeper(asWindow(tab));
  keeper.allow(true);
  const failures: HeliographError[] = [];
  const site: { identity: Identity | undefined } = { identity: undefined };
  const tracker = makeTracker({
    window: asWindow(tab),
    address: { key: "hpk_1", api: "https://push.example" },
    keeper,
    visitor: () => visitor(keeper),
    identity: () => site.identity,
    subscription: async () => subscription,
    failed: (error) => void failures.push(error),
  });
  return { tab, keeper, tracker, failures, site, codes: () => failures.map(({ code }) => code) };
}

const waiting = () => JSON.parse(browser.localStorage.getItem("heliograph:queue") ?? '{"entries":[]}').entries.length;
/** What the server counts: each event once, however often it comes. */
const counted = () => {
  const all = server.batches.flatMap(({ events }) => events as { id: string; name: string }[]);
  return [...new Map(all.map((event) => [event.id, event.name])).values()];
};
async function soon(milliseconds = 2_000) {
  clock.pass(milliseconds);
  await settled();
}

test("Events gather for two seconds and go in one simple request, with who, when and where.", async () => {
  const { tracker, keeper } = open();
  tracker.track("item_view", { item: { id: "42" } });
  await soon(1_000);
  tracker.track("offer.seen", {});
  assert.deepEqual(server.log, []);
  await soon(1_000);
  assert.deepEqual(server.log, ["POST /events?key=hpk_1"]);
  const [{ headers, body }] = server.exchanges as [any];
  assert.deepEqual(headers, { "Content-Type": "text/plain" });
  assert.equal(body.visitor, visitor(keeper));
  assert.equal(body.sent_at, new Date(clock.now).toISOString());
  assert.deepEqual(body.context, {
    language: "en-GB",
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    url: "https://shop.example/shoes",
    referrer: "https://search.example/",
  });
  assert.equal("identity" in body, false);
  const [first, second] = body.events;
  assert.deepEqual(first.properties, { item: { id: "42" } });
  assert.equal(first.at, new Date(clock.now - 2_000).toISOString());
  assert.equal(second.at, new Date(clock.now - 1_000).toISOString());
  assert(/^[\w-]{16}$/.test(first.id) && first.id !== second.id);
  assert.equal(waiting(), 0);
});

test("Events of one moment have different times, in the order in which they were told; a clock that is set back is followed.", async () => {
  const { tracker } = open();
  for (let i = 0; i < 5; i++) tracker.track("x", { i });
  clock.jump(-3_600_000);
  tracker.track("x", {});
  clock.jump(3_600_000);
  await soon();
  const times = server.batches[0].events.map(({ at }: any) => Date.parse(at));
  assert.deepEqual(
    times,
    [0, 1, 2, 3, 4, -3_600_000].map((after) => times[0] + after),
  );
});

test("A hundred events are sent at once, and more in several requests.", async () => {
  const { tracker } = open();
  for (let i = 0; i < 250; i++) tracker.track("page_view", { i });
  await settled();
  await soon();
  assert.deepEqual(
    server.batches.map(({ events }) => events.length),
    [100, 100, 50],
  );
  assert.deepEqual(
    server.events.map(([, { i }]) => i),
    Array.from({ length: 250 }, (_, i) => i),
  );
});

test("A request stays small enough to survive its page.", async () => {
  const { tracker, codes } = open();
  for (let i = 0; i < 40; i++) tracker.track("page_view", { url: "é".repeat(900), i });
  await soon();
  for (const { body } of server.exchanges) assert(new TextEncoder().encode(JSON.stringify(body)).length < 64_000);
  assert.equal(server.events.length, 40);
  assert(server.batches.length > 1);
  assert.deepEqual(codes(), []);
});

test("What is too large is cut to what the server takes, and told.", async () => {
  const { tracker, codes } = open();
  tracker.track("huge", { text: "x".repeat(1e7) });
  tracker.track("wide", { items: Array(100).fill({ a: "я".repeat(900) }) });
  tracker.attributes({ list: Array(100).fill("я".repeat(900)) });
  await soon();
  assert.deepEqual(codes(), ["misconfigured", "misconfigured", "misconfigured"]);
  for (const { events, attributes } of server.batches)
    for (const one of [...events.map((event: any) => event.properties), attributes])
      assert(new TextEncoder().encode(JSON.stringify(one)).length <= 8_192);
});

test("Attributes go with the next batch, the last word counts, null removes, names and number are bounded.", async () => {
  const { tracker, codes } = open();
  tracker.attributes({ level: "silver", old: null });
  tracker.attributes({ level: "gold", skip: undefined, ["n".repeat(100)]: 1 });
  assert.deepEqual(server.log, []);
  await soon();
  assert.deepEqual(server.batches[0].attributes, { level: "gold", old: null, ["n".repeat(64)]: 1 });
  assert.deepEqual(server.batches[0].events, []);
  assert.deepEqual(codes(), ["misconfigured"]);
  tracker.track("x", {});
  await soon();
  assert.deepEqual(server.batches[1].attributes, {});
});

for (const trouble of ["offline", [503, {}], [429, {}], [401, {}]] as any[]) {
  test(`When the server says ${JSON.stringify(trouble)}, events wait, for longer each time.`, async () => {
    const { tracker } = open();
    server.trouble = () => trouble;
    tracker.track("page_view", {});
    await soon();
    assert.equal(server.exchanges.length, 1);
    await soon(4_999);
    assert.equal(server.exchanges.length, 1);
    await soon(1);
    assert.equal(server.exchanges.length, 2);
    await soon(5_000);
    assert.equal(server.exchanges.length, 2);
    server.trouble = undefined;
    await soon(5_000);
    assert.equal(server.events.length, 1);
    assert.equal(server.exchanges[0]!.body.events[0].id, server.batches[0].events[0].id);
    assert.equal(waiting(), 0);
  });
}

for (const status of [400, 403, 404, 413, 422]) {
  test(`What the server will never take (${status}) is told and dropped.`, async () => {
    const { tracker, failures } = open();
    server.trouble = () => [status, { code: "bad", detail: "no" }];
    tracker.track("page_view", {});
    await soon();
    assert.equal(failures[0]!.status, status);
    await soon(600_000);
    assert.equal(server.exchanges.length, 1);
    assert.equal(waiting(), 0);
  });
}

test("Attributes that the server refuses are told and dropped, and the events of the batch are taken.", async () => {
  const { tracker, failures } = open();
  const refuse = ({ body }: { body: any }) =>
    Object.keys(body.attributes).length ? ([422, { code: "invalid_request", detail: "too many" }] as const) : undefined;
  server.trouble = refuse;
  tracker.track("a", {});
  tracker.attributes({ level: "gold" });
  tracker.track("b", {});
  await soon();
  assert.deepEqual(
    failures.map(({ status }) => status),
    [422],
  );
  assert.deepEqual(counted().sort(), ["a", "b"]);
  assert.equal(waiting(), 0);
});

test("Single events that were refused are told, and the others are taken.", async () => {
  const { tracker, failures } = open();
  server.trouble = () => [202, { accepted: 1, refused: [{ index: 0, code: "name_invalid", detail: "no such name" }] }];
  tracker.track("x", {});
  tracker.track("y", {});
  await soon();
  assert.deepEqual(
    failures.map(({ problem }) => problem),
    ["name_invalid"],
  );
  assert.equal(waiting(), 0);
});

test("What was not sent goes with the next page, also after a crash.", async () => {
  server.trouble = () => "offline";
  open().tracker.track("item_view", { item: { id: "1" } });
  await soon();
  server.trouble = undefined;
  const next = open();
  next.tracker.track("page_view", {});
  await soon(10_000);
  assert.deepEqual(counted(), ["item_view", "page_view"]);
});

test("A page that is left sends by beacon, and the beacon's events are not sent again.", async () => {
  const { tracker, tab } = open();
  tracker.track("page_view", {});
  tracker.leave();
  assert.equal(tab.beacons.length, 1);
  assert.equal(tab.beacons[0]!.url, "https://push.example/v1/public/events?key=hpk_1");
  assert.equal(tab.beacons[0]!.body.events[0].name, "page_view");
  tracker.leave();
  await soon();
  assert.equal(tab.beacons.length, 1);
  assert.deepEqual(server.log, []);
});

test("Offline, or when the browser takes no beacon, events stay for the next page.", () => {
  const { tracker, tab } = open();
  tracker.track("page_view", {});
  tab.navigator.onLine = false;
  tracker.leave();
  tab.navigator.onLine = true;
  tab.beaconWorks = false;
  tracker.leave();
  assert.equal(waiting(), 1);
  tab.navigator.sendBeacon = undefined;
  tracker.leave();
  assert.equal(waiting(), 1);
});

test("Two tabs share what waits; what both send has the same ids.", async () => {
  const [one, two] = [open(), open()];
  one.tracker.track("a", {});
  two.tracker.track("b", {});
  clock.pass(2_000);
  await settled();
  assert.deepEqual(counted().sort(), ["a", "b"]);
  assert.equal(waiting(), 0);
});

test("What a tab has told of is sent, even when another tab's word took its place in the storage.", async () => {
  const { tracker } = open();
  tracker.track("a", {});
  browser.localStorage.removeItem("heliograph:queue");
  open().tracker.track("b", {});
  await soon();
  assert.deepEqual(counted().sort(), ["a", "b"]);
});

test("What one tab adds while another's request is under way is not lost.", async () => {
  const [one, two] = [open(), open()];
  one.tracker.track("a", {});
  const sent = one.tracker.flush();
  two.tracker.track("b", {});
  await sent;
  await soon();
  assert.deepEqual(counted().sort(), ["a", "b"]);
});

test("The proof of who this is goes along until the server has it, on its own if need be.", async () => {
  const { tracker, site } = open();
  site.identity = ADA;
  tracker.soon();
  await soon();
  tracker.track("a", {});
  await soon();
  assert.deepEqual(
    server.batches.map(({ identity }) => identity),
    [ADA, undefined],
  );
});

test("A proof that is refused costs the name and not the events, and is not tried again on this page.", async () => {
  const { tracker, site, failures } = open();
  site.identity = ADA;
  server.trouble = ({ body }) => (body.identity ? [403, { code: "identity_refused", detail: "expired" }] : undefined);
  tracker.track("a", {});
  await soon();
  assert.deepEqual(
    failures.map(({ problem }) => problem),
    ["identity_refused"],
  );
  assert.deepEqual(
    server.events.map(([name]) => name),
    ["a"],
  );
  tracker.track("b", {});
  await soon();
  assert.equal(server.exchanges.filter(({ body }) => body.identity).length, 1);
});

test("The subscription goes along once for each visitor, on its own if need be, so that the server knows whose it is.", async () => {
  const { tracker, keeper } = open();
  subscription = { id: "sub_1", secret: "hss_1" };
  tracker.soon();
  await soon();
  tracker.track("a", {});
  await soon();
  forgetVisitor(keeper);
  tracker.track("b", {});
  await soon();
  assert.deepEqual(
    server.batches.map(({ subscription, secret }) => [subscription, secret]),
    [
      ["sub_1", "hss_1"],
      [undefined, undefined],
      ["sub_1", "hss_1"],
    ],
  );
});

for (const status of [401, 404])
  test(`A subscription that the server does not know (${status}) costs the link and not the events.`, async () => {
    const { tracker } = open();
    subscription = { id: "sub_1", secret: "hss_1" };
    server.trouble = ({ body }) => (body.subscription ? [status, { code: "x", detail: "no" }] : undefined);
    tracker.track("a", {});
    await soon();
    assert.deepEqual(counted(), ["a"]);
    tracker.track("b", {});
    await soon();
    assert.equal(server.exchanges.filter(({ body }) => body.subscription).length, 1);
  });

test("What somebody did is never told of the next person at this browser.", async () => {
  const one = open();
  const two = open();
  const ada = visitor(one.keeper);
  one.tracker.track("of.ada", {});
  forgetVisitor(two.keeper);
  two.tracker.track("of.bob", {});
  const [beacon] = two.tab.beacons as [any];
  assert.equal(beacon.body.visitor, ada);
  assert.deepEqual(
    beacon.body.events.map(({ name }: any) => name),
    ["of.ada"],
  );
  await soon();
  for (const { visitor, events } of server.batches)
    for (const { name } of events) assert.equal(name, visitor === ada ? "of.ada" : "of.bob");
  assert(counted().includes("of.bob"));
});

test("What waits is bounded in number and size; the oldest go.", async () => {
  server.trouble = () => "offline";
  const { tracker } = open();
  for (let i = 0; i < 400; i++) tracker.track("x", { i, text: "t".repeat(900) });
  assert(waiting() < 300);
  assert(browser.localStorage.getItem("heliograph:queue")!.length < 350_000);
  server.trouble = undefined;
  await soon(10_000);
  assert.equal(server.events[server.events.length - 1]![1].i, 399);
});

test("Nothing that stands in the storage breaks the queue, or gets into a request.", async () => {
  const odd = [
    "",
    "{",
    "5",
    "[]",
    "null",
    '{"entries":5}',
    '{"entries":["{",5,null,{},"5","null","[]"]}',
    '{"visitor":{}}',
  ];
  for (const raw of odd) {
    browser.localStorage.setItem("heliograph:queue", raw);
    const { tracker } = open();
    tracker.track("a", {});
    await soon();
    assert.equal(server.events.length, 1, raw);
    server.reset();
  }
});

test("A storage that forgets nothing, or holds what is too large to send, keeps nobody from sending, and not for ever.", async () => {
  const { tracker } = open();
  const huge = `{"id":"x","name":"x","properties":{"text":"${"t".repeat(60_000)}"}}`;
  browser.localStorage.setItem("heliograph:queue", JSON.stringify({ entries: [huge, '{"attributes":{"a":1}}'] }));
  browser.localStorage.removeItem = () => undefined;
  const { setItem } = browser.localStorage;
  browser.localStorage.setItem = function (key, value) {
    if (key !== "heliograph:queue") setItem.call(this, key, value);
  };
  tracker.track("a", {});
  await soon();
  await soon(60_000);
  assert(counted().includes("a"));
  assert(server.exchanges.length <= 10);
});

test("Without storage for a token nobody is told of, and nothing is sent.", async () => {
  browser.localStorage.health = "blocked";
  const tab = new FakeWindow("https://shop.example/", browser);
  tab.sessionStorage.health = "blocked";
  const keeper = makeKeeper(asWindow(tab));
  keeper.allow(true);
  const address = { key: "hpk_1", api: "https://push.example" };
  const tracker = makeTracker({
    window: asWindow(tab),
    address,
    keeper,
    visitor: () => visitor(keeper),
    identity: () => ADA,
    subscription: async () => undefined,
    failed: assert.equal as never,
  });
  tracker.track("a", {});
  tracker.soon();
  tracker.leave();
  await soon();
  assert.deepEqual(server.log, []);
  assert.deepEqual(tab.beacons, []);
});
