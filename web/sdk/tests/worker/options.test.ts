import assert from "node:assert/strict";
import test from "node:test";
import { sanitise, type Surroundings } from "../../src/worker/options";

const around: Surroundings = {
  base: "https://shop.example/push/worker.js?key=hpk_1",
  maxActions: 2,
  tag: "dlv_1",
  keepNavigate: false,
};
const clean = (content: Record<string, unknown>, more: Partial<Surroundings> = {}) =>
  sanitise({ title: "t", ...content }, { ...around, ...more }).options;

test("A notification without a tag gets its delivery as tag, so that a repetition replaces it.", () => {
  assert.equal(clean({}).tag, "dlv_1");
  assert.equal(clean({ tag: "" }).tag, "dlv_1");
  assert.equal(clean({ tag: "order-7" }).tag, "order-7");
});

test("renotify is kept only with a tag, which browsers require, and without silence, which it contradicts.", () => {
  assert.equal(clean({ renotify: true, tag: "a" }).renotify, true);
  assert.equal(clean({ renotify: true }, { tag: undefined }).renotify, undefined);
  assert.equal(clean({ renotify: true, tag: "a", silent: true }).renotify, undefined);
});

test("A silent notification does not vibrate, and a pattern must be whole milliseconds.", () => {
  assert.deepEqual(clean({ vibrate: [100, 50] }).vibrate, [100, 50]);
  assert.equal(clean({ vibrate: [100], silent: true }).vibrate, undefined);
  for (const vibrate of [100, ["a"], [-1], [1.5], [null]]) assert.equal(clean({ vibrate }).vibrate, undefined);
});

test("Relative addresses are taken as the site's, and what is no address is left out.", () => {
  assert.equal(clean({ icon: "/i.png" }).icon, "https://shop.example/i.png");
  assert.equal(clean({ image: "i.png" }).image, "https://shop.example/push/i.png");
  assert.equal(clean({ badge: "data:image/png;base64,AA" }).badge, "data:image/png;base64,AA");
  for (const icon of ["", "http://[", "javascript:1", "file:///etc/passwd", 5, null, {}])
    assert.equal(clean({ icon }).icon, undefined);
});

test("No more actions than the browser draws, none without name or title, each with its own address.", () => {
  const actions = [
    { action: "later", title: "Later", navigate: "/later", icon: "/l.png" },
    { action: "", title: "no name" },
    { title: "no name either" },
    null,
    "text",
    { action: "bad", title: "Bad", navigate: "javascript:alert(1)" },
    { action: "third", title: "Third" },
  ];
  const { actions: kept, data } = clean({ actions });
  assert.deepEqual(kept, [
    { action: "later", title: "Later", icon: "https://shop.example/l.png" },
    { action: "bad", title: "Bad" },
  ]);
  assert.deepEqual(data.heliograph.actions, { later: "https://shop.example/later" });
  assert.equal(clean({ actions }, { maxActions: 0 }).actions, undefined);
  assert.equal(clean({ actions: "text" }).actions, undefined);
});

test("A click leads to the site itself where the payload names no usable address.", () => {
  assert.equal(clean({}).data.heliograph.navigate, "https://shop.example/");
  assert.equal(clean({ navigate: "javascript:alert(1)" }).data.heliograph.navigate, "https://shop.example/");
  assert.equal(clean({ navigate: "/o/7" }).data.heliograph.navigate, "https://shop.example/o/7");
  assert.equal(clean({ navigate: "https://other.example/" }).data.heliograph.navigate, "https://other.example/");
});

test("navigate is passed to the browser only for a declarative push: elsewhere it would swallow the click event.", () => {
  assert.equal(clean({ navigate: "https://shop.example/o" }).navigate, undefined);
  assert.equal(
    clean({ navigate: "https://shop.example/o" }, { keepNavigate: true }).navigate,
    "https://shop.example/o",
  );
});

test("The sender's data is carried whole and apart from ours.", () => {
  const { data } = clean({ data: { heliograph: "mine", list: [1] } }, { delivery: "dlv_1.mac", notification: "ntf_1" });
  assert.deepEqual(data.data, { heliograph: "mine", list: [1] });
  assert.equal(data.heliograph.delivery, "dlv_1.mac");
  assert.equal(data.heliograph.notification, "ntf_1");
});

test("Members of a wrong type are left out one by one.", () => {
  const options = clean({
    body: 5,
    lang: {},
    silent: "yes",
    requireInteraction: 1,
    dir: "up",
    timestamp: "now",
    unknown: 1,
  });
  assert.deepEqual(Object.keys(options).sort(), ["data", "tag"]);
});
