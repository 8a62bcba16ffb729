/** What becomes of a prompt: yes, no, commands of the page, and what is counted of it. */

import assert from "node:assert/strict";
import test from "node:test";
import { useful } from "../../src/page/campaigns";
import type { Host } from "../../src/widgets/prompt";
import { campaign, clock, flush, open, SECOND, statusOf } from "../fakes/campaigns";
import { settled } from "../fakes/clock";

const failing =
  (code: string, after = 0) =>
  async () => {
    clock.jump(after);
    throw Object.assign(new Error(code), { code });
  };

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
