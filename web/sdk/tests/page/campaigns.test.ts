/** Which prompt is shown, and when: triggers, priority, exclusion, frequency. */

import assert from "node:assert/strict";
import test from "node:test";
import type { Campaign } from "../../src/page/campaigns";
import { campaign, clock, flush, HOUR, open, scene, SECOND, statusOf } from "../fakes/campaigns";
import { settled } from "../fakes/clock";
import { FakeElement } from "../fakes/window";

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
    scene.browser.localStorage.setItem("heliograph:prompts", torn);
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

test("Fifty campaigns are remembered, those seen longest ago forgotten first.", async () => {
  for (let i = 0; i < 55; i++) {
    await open([campaign(`c${i}`)]);
    clock.pass(SECOND);
  }
  const kept = Object.keys(JSON.parse(scene.browser.localStorage.getItem("heliograph:prompts")!));
  assert.equal(kept.length, 50);
  assert(!kept.includes("c0") && kept.includes("c54"));
});
